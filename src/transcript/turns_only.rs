//! NIST RTTM (who speaks when, no words) and CTM (words without speakers).
//! (NIST RT-09 evaluation plan, appendix A; NIST SCTK, `doc/infmts.htm`.)

use super::words::{Word, push_turns};
use super::{Draft, Settings, Turn, stamp, times};
use crate::time::SessionTime;

fn content(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(";;") && !line.starts_with('#'))
        .map(|(number, line)| (number, line.split_whitespace().collect()))
}

/// What an RTTM line may be about.
const TYPES: &[&str] =
    &["SPEAKER", "LEXEME", "NON-LEX", "NON-SPEECH", "SEGMENT", "NOSCORE", "NO_RT_METADATA", "FILLER", "SPKR-INFO"];

/// Lines that begin with a type and, for speakers, hold times where they belong.
pub(super) fn looks_like_rttm(text: &str) -> bool {
    let mut speakers = 0;
    for (_, fields) in content(text) {
        match fields.first() {
            Some(first) if TYPES.contains(first) => speakers += usize::from(*first == "SPEAKER" && fields.len() >= 8),
            _ => return false,
        }
    }
    speakers > 0
}

/// Turns without words.
pub(super) fn parse_rttm(text: &str, file: &str) -> Draft {
    let mut draft = Draft::new("RTTM");
    let names = content(text).filter_map(|(_, fields)| fields.get(1).copied());
    let wanted = draft.one_recording(names, file);
    for (number, fields) in content(text).filter(|(_, fields)| fields.first() == Some(&"SPEAKER")) {
        let [_, recording, _, start, length, _, _, speaker, ..] = fields[..] else {
            draft.warn(number, "not a line of `SPEAKER file channel start length <NA> <NA> name`; left out");
            continue;
        };
        if recording != wanted {
            continue;
        }
        let start = stamp::clock_or_secs(start);
        let end = start.zip(stamp::clock_or_secs(length)).map(|(start, length)| start.shifted(length));
        let (start, span, _) = times(start, end);
        match span {
            Some(_) => draft.turns.push(Turn {
                speaker: speaker.to_owned(),
                text: String::new(),
                span,
                start,
                ..Turn::default()
            }),
            None => draft.warn(number, "this turn has no readable time or no length; left out"),
        }
    }
    draft
}

struct CtmLine<'a> {
    recording: &'a str,
    channel: &'a str,
    start: SessionTime,
    end: SessionTime,
    word: &'a str,
    confidence: Option<f32>,
}

fn ctm_line<'a>(fields: &[&'a str]) -> Option<CtmLine<'a>> {
    let [recording, channel, start, length, word, rest @ ..] = fields else { return None };
    let secs = |field: &str| field.parse::<f64>().ok().filter(|secs| secs.is_finite() && secs.abs() < 1e9);
    let (start, length) = (secs(start)?, secs(length)?);
    // A confidence, and what some programs write behind it.
    let confident = rest.first().is_none_or(|field| field.parse::<f64>().is_ok() || *field == "NA");
    (rest.len() <= 3 && confident && length >= 0.0).then(|| CtmLine {
        recording,
        channel,
        start: SessionTime::from_secs_f64(start),
        end: SessionTime::from_secs_f64(start + length),
        word,
        confidence: rest.first().and_then(|field| field.parse().ok()).filter(|sure| (0.0..=1.0).contains(sure)),
    })
}

/// Every line has a time, a length and one word.
pub(super) fn looks_like_ctm(text: &str) -> bool {
    let mut lines = content(text).peekable();
    lines.peek().is_some() && lines.all(|(_, fields)| ctm_line(&fields).is_some())
}

/// Words joined to turns; several channels are several speakers.
pub(super) fn parse_ctm(text: &str, file: &str, settings: &Settings) -> Draft {
    let mut draft = Draft::new("CTM");
    let names = content(text).filter_map(|(_, fields)| fields.first().copied());
    let wanted = draft.one_recording(names, file);
    let lines: Vec<Vec<&str>> = content(text).map(|(_, fields)| fields).collect();
    let mut words: Vec<CtmLine<'_>> =
        lines.iter().filter_map(|fields| ctm_line(fields)).filter(|line| line.recording == wanted).collect();
    let channels = words.iter().map(|line| line.channel).collect::<std::collections::BTreeSet<_>>().len();
    words.sort_by_key(|line| line.start);
    let word = |line: CtmLine<'_>| Word {
        speaker: if channels > 1 { format!("channel {}", line.channel) } else { String::new() },
        start: Some(line.start),
        // Some programs write no lengths.
        end: Some(line.end),
        text: line.word.to_owned(),
        confidence: line.confidence,
        ..Word::default()
    };
    push_turns(&mut draft, words.into_iter().map(word), settings);
    draft
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, warned};

    #[test]
    fn rttm_gives_turns_without_words() {
        let text = ";; made\nSPKR-INFO call 1 <NA> <NA> <NA> unknown Ann <NA> <NA>\n\
            SPEAKER call 1 0.5 1.25 <NA> <NA> Ann <NA> <NA>\nSPEAKER call 1 2 0.5 <NA> <NA> Bob <NA> <NA>\n";
        let found = check(text, "RTTM", &["500-1750 Ann: ", "2000-2500 Bob: "]);
        assert!(!found.has_words());
        let damaged = "SPEAKER call 1 0.5 1.25 <NA> <NA> Ann <NA>\nSPEAKER call 1 x 1 <NA> <NA> Ann\nSPEAKER call 1\n";
        assert_eq!(warned(damaged), [2, 3]);
    }

    #[test]
    fn ctm_words_become_turns() {
        let text = "call A 0.0 0.3 so 0.9\ncall A 0.3 0.2 yes 0.8\ncall B 0.6 0.4 well\ncall A 9 0.2 end 1\n";
        check(text, "CTM", &["0-500 channel A: so yes", "600-1000 channel B: well", "9000-9200 channel A: end"]);
        check("call 1 0.0 0.3 so\ncall 1 0.3 0.2 yes\n", "CTM", &["0-500 : so yes"]);
    }
}
