//! The oldest container for files there is (POSIX.1-1988 ustar), so that a sealed study opens without Attune as well:
//! `age -d study.sealed | tar x`.

use std::io::{self, Read, Write};

const BLOCK: usize = 512;

/// One file of an archive: its path with `/` between the parts, and its length in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) bytes: u64,
}

/// Writes one file.
pub(super) fn write(to: &mut impl Write, path: &str, bytes: u64, from: &mut impl Read) -> io::Result<()> {
    let header =
        header(path, bytes).ok_or_else(|| io::Error::other(format!("the path is too long for an archive: {path}")))?;
    to.write_all(&header)?;
    let copied = io::copy(&mut from.take(bytes), to)?;
    if copied != bytes {
        return Err(io::Error::other(format!("a file became shorter while it was read: {path}")));
    }
    let rest = (BLOCK as u64 - bytes % BLOCK as u64) % BLOCK as u64;
    to.write_all(&[0; BLOCK][..usize::try_from(rest).unwrap_or(0)])
}

/// Ends the archive.
pub(super) fn end(to: &mut impl Write) -> io::Result<()> {
    to.write_all(&[0; 2 * BLOCK])
}

fn header(path: &str, bytes: u64) -> Option<[u8; BLOCK]> {
    let mut header = [0; BLOCK];
    let (prefix, name) = split(path)?;
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    // Eleven octal digits: up to 8 GB.
    let length = format!("{bytes:011o}\0");
    if length.len() != 12 {
        return None;
    }
    put(124, length.as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(345, prefix.as_bytes());
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Some(header)
}

/// Up to 100 bytes of name, and up to 155 before a slash.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= 100 {
        return Some(("", path));
    }
    path.match_indices('/')
        .map(|(at, _)| (&path[..at], &path[at + 1..]))
        .find(|(prefix, name)| prefix.len() <= 155 && name.len() <= 100)
}

/// Reads the next file's header; `None` at the end.
///
/// # Errors
/// Those of `from`, or what is wrong with the archive: a sum that does not fit, a path that leads out of the folder.
pub(super) fn next(from: &mut impl Read) -> io::Result<Option<Entry>> {
    let mut header = [0; BLOCK];
    from.read_exact(&mut header)?;
    if header.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let text = |at: usize, length: usize| {
        let field = &header[at..at + length];
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(length);
        std::str::from_utf8(&field[..end]).map(str::trim).ok()
    };
    let octal = |at, length| u64::from_str_radix(text(at, length)?, 8).ok();
    let sum = octal(148, 8).ok_or_else(|| wrong("a header has no sum"))?;
    let own: u64 =
        header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    if sum != own {
        return Err(wrong("a header's sum does not fit"));
    }
    let bytes = octal(124, 12).ok_or_else(|| wrong("a header has no length"))?;
    let name = text(0, 100).filter(|name| !name.is_empty()).ok_or_else(|| wrong("a header has no name"))?;
    let path = match text(345, 155) {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}/{name}"),
        _ => name.to_owned(),
    };
    let leads_out =
        path.split(['/', '\\']).any(|part| part.is_empty() || part == "." || part == "..") || path.contains(':');
    if leads_out {
        return Err(wrong("a path leads out of the folder"));
    }
    Ok(Some(Entry { path, bytes }))
}

/// Reads what fills a file's last block.
pub(super) fn skip_rest(from: &mut impl Read, bytes: u64) -> io::Result<()> {
    let rest = (BLOCK as u64 - bytes % BLOCK as u64) % BLOCK as u64;
    let mut filling = vec![0; usize::try_from(rest).unwrap_or(0)];
    from.read_exact(&mut filling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let long = format!("sessions/{}/file", "x".repeat(120));
        let mut archive = Vec::new();
        for (path, text) in [("study.toml", "a"), (long.as_str(), &"b".repeat(1024)), ("empty", "")] {
            write(&mut archive, path, text.len() as u64, &mut text.as_bytes()).unwrap();
        }
        end(&mut archive).unwrap();
        assert_eq!(archive.len() % BLOCK, 0);
        let mut from = archive.as_slice();
        let mut found = Vec::new();
        while let Some(entry) = next(&mut from).unwrap() {
            let mut text = String::new();
            (&mut from).take(entry.bytes).read_to_string(&mut text).unwrap();
            skip_rest(&mut from, entry.bytes).unwrap();
            found.push((entry.path, text.len()));
        }
        assert_eq!(found, [("study.toml".to_owned(), 1), (long, 1024), ("empty".to_owned(), 0)]);
        assert!(write(&mut Vec::new(), &"x".repeat(300), 0, &mut io::empty()).is_err());
    }

    #[test]
    fn paths_that_lead_out_and_damaged_headers_are_refused() {
        for path in ["../x", "/etc/x", "a/../../x", "a//b", "c:x"] {
            let mut archive = Vec::new();
            write(&mut archive, path, 0, &mut io::empty()).unwrap();
            assert!(next(&mut archive.as_slice()).is_err(), "{path}");
        }
        let mut archive = Vec::new();
        write(&mut archive, "x", 0, &mut io::empty()).unwrap();
        archive[0] ^= 1;
        assert!(next(&mut archive.as_slice()).is_err());
        assert!(next(&mut &archive[..100]).is_err());
    }
}
