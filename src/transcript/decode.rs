//! Bytes to text: byte order marks, UTF-8, UTF-16, and older encodings by guess.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Text with `\n` line ends and without byte order mark.
pub(super) struct Decoded {
    pub text: String,
    /// Set where the encoding had to be guessed or some bytes could not be read.
    pub warning: Option<String>,
}

/// Files that people hand over by mistake, by their first bytes.
const STRANGERS: &[(&[u8], &str, &str)] = &[
    (b"PK\x03\x04", "this is a zip or office document", "save it as plain text or WebVTT first"),
    (b"%PDF", "this is a PDF document", "save it as plain text first"),
    (b"{\\rtf", "this is a rich text document", "save it as plain text first"),
    (b"\xD0\xCF\x11\xE0", "this is an old office document", "save it as plain text first"),
    (b"RIFF", "this is a sound or film file", "give it as the recording and the transcript apart"),
];

const BINARY: (&str, &str) = ("this file holds no readable text", "check that it is the transcript");

/// The text of the file, or what it is instead and what to do.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, (String, &'static str)> {
    if let Some((_, what, advice)) = STRANGERS.iter().find(|(first, ..)| bytes.starts_with(first)) {
        return Err(((*what).to_owned(), advice));
    }
    let (encoding, guessed) = encoding(bytes);
    let (text, used, damaged) = encoding.decode(bytes);
    if is_binary(&text) {
        return Err((BINARY.0.to_owned(), BINARY.1));
    }
    let warning = match (guessed, damaged) {
        (true, _) => Some(format!(
            "the text is not UTF-8; it was read as {}: if letters look wrong, save it as UTF-8",
            used.name()
        )),
        (false, true) => Some(format!("some bytes are no valid {} and were replaced by \u{FFFD}", used.name())),
        (false, false) => None,
    };
    Ok(Decoded { text: text.replace("\r\n", "\n").replace('\r', "\n"), warning })
}

fn encoding(bytes: &[u8]) -> (&'static Encoding, bool) {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return (encoding, false);
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return (encoding, true);
    }
    if std::str::from_utf8(bytes).is_ok() {
        return (UTF_8, false);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    (detector.guess(None, Utf8Detection::Deny), true)
}

/// In mostly Latin text every second byte of UTF-16 is zero.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.len() < 8 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let half = bytes.len() / 2;
    match (zeros(0), zeros(1)) {
        (even, odd) if odd * 10 > half * 4 && even * 20 < half => Some(UTF_16LE),
        (even, odd) if even * 10 > half * 4 && odd * 20 < half => Some(UTF_16BE),
        _ => None,
    }
}

/// Text has no NUL and hardly any control characters or replaced bytes.
fn is_binary(text: &str) -> bool {
    let odd = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{b}') || *c == '\u{FFFD}';
    let strange = text.chars().filter(odd).count();
    text.contains('\0') || strange * 20 > text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: &str, warned: bool) {
        let decoded = decode(bytes).unwrap();
        assert_eq!(decoded.text, expect);
        assert_eq!(decoded.warning.is_some(), warned, "{:?}", decoded.warning);
    }

    #[test]
    fn byte_order_marks_and_utf8() {
        check(b"\xEF\xBB\xBFT: h\xC3\xA9\r\n", "T: hé\n", false);
        check(b"\xFF\xFET\0:\0 \0\xE9\0", "T: é", false);
        check(b"\xFE\xFF\0T\0:\0 \0\xE9", "T: é", false);
    }

    #[test]
    fn other_encodings_are_guessed_with_a_warning() {
        check(
            "Therapeut: Übermüdet, schön".chars().map(|c| c as u8).collect::<Vec<_>>().as_slice(),
            "Therapeut: Übermüdet, schön",
            true,
        );
        let wide: Vec<u8> = "T: hello\nC: yes".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&wide, "T: hello\nC: yes", true);
    }

    #[test]
    fn what_is_no_text_is_said() {
        let noise: Vec<u8> = (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert!(decode(&noise).is_err());
        assert!(decode(b"PK\x03\x04rest").err().unwrap().0.contains("office"));
        assert!(decode(b"abc\0def").is_err());
    }
}
