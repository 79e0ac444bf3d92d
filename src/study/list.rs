//! A table of sessions: one line each, columns found by their names, whatever the separator and the encoding.

use std::path::{Path, PathBuf};

use super::StudyError;
use super::add::{NewMedium, NewPerson, NewSession};
use super::date::Date;
use super::manifest::{Channels, EVERYBODY};
use crate::spelling::nearest;
use crate::transcript::text_of_bytes;

/// Largest list, in bytes.
const MAX_BYTES: u64 = 64 << 20;
/// Recordings of one session at most.
const MOST_MEDIA: usize = 8;

/// What a list holds.
#[derive(Debug, Default)]
pub struct Listed {
    /// Line number, from 1, and the session of each line that reads.
    pub sessions: Vec<(usize, NewSession)>,
    /// Line number (0: the whole file) and what is wrong.
    pub errors: Vec<(usize, String)>,
    /// What was guessed about the file.
    pub notes: Vec<String>,
}

/// What a column can mean, and the names it can have.
const COLUMNS: &[(&str, &[&str])] = &[
    ("id", &["id", "session_id"]),
    (
        "media",
        &[
            "media",
            "recording",
            "recordings",
            "file",
            "files",
            "path",
            "video",
            "film",
            "media1",
            "media_1",
            "recording1",
            "recording_1",
        ],
    ),
    ("offset", &["offset", "offsets", "offset_s", "offset1", "offset_1"]),
    ("transcript", &["transcript", "transcription", "text", "text_file", "transcript_file"]),
    ("columns", &["columns", "transcript_columns"]),
    ("dyad", &["dyad", "pair", "case", "couple"]),
    ("day", &["day", "day_offset", "days"]),
    ("retain_until", &["retain_until", "keep_until", "retention", "delete_after"]),
    ("client", &["client", "client_pseudonym", "patient"]),
    ("therapist", &["therapist", "therapist_pseudonym", "clinician"]),
    ("client_is", &["client_is", "client_known_as", "client_in_transcript", "client_speaker"]),
    ("therapist_is", &["therapist_is", "therapist_known_as", "therapist_in_transcript", "therapist_speaker"]),
    ("consent", &["consent"]),
    ("client_consent", &["client_consent", "consent_client"]),
    ("therapist_consent", &["therapist_consent", "consent_therapist"]),
    ("channels", &["channels"]),
    ("speakers", &["speakers"]),
];

/// Reads a list. Paths in it are relative to its own folder.
///
/// # Errors
/// [`StudyError::Wrong`] if it is no table, or has no column that names recordings or transcripts. Lines that do not read
/// are in [`Listed::errors`].
pub fn read(file: &Path, copy: bool) -> Result<Listed, StudyError> {
    let size = std::fs::metadata(file).map_err(|e| StudyError::reading(file, e))?.len();
    if size > MAX_BYTES {
        return Err(StudyError::Wrong(format!("{size} bytes are too many for a list of sessions: {}", file.display())));
    }
    let bytes = std::fs::read(file).map_err(|e| StudyError::reading(file, e))?;
    let base = file.parent().unwrap_or(Path::new(""));
    parse(&bytes, base, copy).map_err(|message| StudyError::Wrong(format!("{message}: {}", file.display())))
}

fn parse(bytes: &[u8], base: &Path, copy: bool) -> Result<Listed, String> {
    let (text, note) = text_of_bytes(bytes)?;
    let mut listed = Listed { notes: note.into_iter().collect(), ..Listed::default() };
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or("the list is empty")?;
    let delimiter = delimiter_of(first);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    let places = places(&header, &mut listed)?;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
                listed.errors.push((line, "this line cannot be read as part of a table".into()));
                continue;
            }
        };
        let line = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
        if record.iter().all(str::is_empty) || record.get(0).is_some_and(|cell| cell.starts_with('#')) {
            continue;
        }
        if record.len() > header.len() {
            let message = format!(
                "{} cells, and the header has {}: a path with a separator in it needs quotes",
                record.len(),
                header.len()
            );
            listed.errors.push((line, message));
            continue;
        }
        match session_of(&Row { record: &record, places: &places, base }, copy) {
            Ok(session) => listed.sessions.push((line, session)),
            Err(message) => listed.errors.push((line, message)),
        }
    }
    if listed.sessions.is_empty() && listed.errors.is_empty() {
        return Err("the list has a header and no lines below it".into());
    }
    Ok(listed)
}

/// The separator of which the header has most; a comma where it has none.
fn delimiter_of(header: &str) -> u8 {
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    let most = [b'|', b';', b'\t', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',');
    if count(most) == 0 { b',' } else { most }
}

/// Where each meaning stands: `media` may stand several times, as `media1`, `media2` ...
fn places(header: &csv::StringRecord, listed: &mut Listed) -> Result<Vec<(&'static str, usize)>, String> {
    let mut places: Vec<(&'static str, usize)> = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let name = normal(name);
        let numbered = ["media", "recording", "offset"].iter().find_map(|stem| {
            let number: usize = name.strip_prefix(stem)?.trim_start_matches('_').parse().ok()?;
            (2..=MOST_MEDIA).contains(&number).then_some(if *stem == "offset" { "offset" } else { "media" })
        });
        let known = COLUMNS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(meaning, _)| *meaning);
        match known.or(numbered) {
            Some(meaning) if numbered.is_none() && places.iter().any(|(other, _)| *other == meaning) => {
                return Err(format!("two columns of the list mean the same ({meaning})"));
            }
            Some(meaning) => places.push((meaning, index)),
            None if name.is_empty() => {}
            None => {
                let names = COLUMNS.iter().flat_map(|(_, names)| names.iter().copied());
                let meant = nearest(&name, names).map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default();
                listed.notes.push(format!("nothing reads the column {name:?}{meant}"));
            }
        }
    }
    if !places.iter().any(|(meaning, _)| ["media", "transcript"].contains(meaning)) {
        return Err(
            "the list has no column that names recordings: call one media (and others transcript, dyad, day ..)".into(),
        );
    }
    Ok(places)
}

/// A column's name in lower case with `_` between words.
fn normal(name: &str) -> String {
    let words = name.trim().to_lowercase();
    words.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

/// One line of the list.
struct Row<'a> {
    record: &'a csv::StringRecord,
    places: &'a [(&'static str, usize)],
    base: &'a Path,
}

impl Row<'_> {
    /// All cells of a meaning that are not empty, several recordings of one cell apart.
    fn all(&self, meaning: &str) -> Vec<&str> {
        let cells = self.places.iter().filter(|(other, _)| *other == meaning);
        let cells = cells.filter_map(|(_, index)| self.record.get(*index)).filter(|cell| !cell.is_empty());
        match meaning {
            "media" | "offset" | "client_is" | "therapist_is" => {
                cells.flat_map(|cell| cell.split(['|', ';'])).map(str::trim).filter(|part| !part.is_empty()).collect()
            }
            _ => cells.collect(),
        }
    }

    fn one(&self, meaning: &str) -> Option<String> {
        self.all(meaning).first().map(|cell| (*cell).to_owned())
    }

    fn path(&self, cell: &str) -> PathBuf {
        self.base.join(cell)
    }

    fn parsed<T: std::str::FromStr>(&self, meaning: &str, what: &str) -> Result<Option<T>, String> {
        self.one(meaning).map(|cell| cell.parse().map_err(|_| format!("{meaning}: {cell:?} is no {what}"))).transpose()
    }

    fn person(&self, role: &str) -> NewPerson {
        NewPerson {
            pseudonym: self.one(role),
            known_as: self.all(&format!("{role}_is")).into_iter().map(str::to_owned).collect(),
            consent: self.one(&format!("{role}_consent")).or_else(|| self.one("consent")),
        }
    }
}

fn session_of(row: &Row<'_>, copy: bool) -> Result<NewSession, String> {
    let media = row.all("media");
    if media.len() > MOST_MEDIA {
        return Err(format!("{} recordings are more than the {MOST_MEDIA} that one session can have", media.len()));
    }
    let offsets: Vec<f64> = row
        .all("offset")
        .into_iter()
        .map(|cell| cell.replace(',', ".").parse().map_err(|_| format!("offset: {cell:?} is no number of seconds")))
        .collect::<Result<_, _>>()?;
    // As many offsets as recordings, or as many as those after the first.
    let skipped = match (offsets.len(), media.len()) {
        (0, _) => 0,
        (given, there) if given == there => 0,
        (given, there) if given + 1 == there => 1,
        (given, there) => return Err(format!("{given} offsets for {there} recordings")),
    };
    let offset = |index: usize| index.checked_sub(skipped).and_then(|at| offsets.get(at).copied());
    let transcript = row.one("transcript").map(|cell| row.path(&cell));
    if media.is_empty() && transcript.is_none() {
        return Err("neither a recording nor a transcript".into());
    }
    let channels = match row.one("channels").as_deref() {
        None => None,
        Some("auto") => Some(Channels::Auto),
        Some("mixed") => Some(Channels::Mixed),
        Some("per-person") => Some(Channels::PerPerson),
        Some(other) => return Err(format!("channels: {other:?} is none of auto, mixed, per-person")),
    };
    Ok(NewSession {
        id: row.one("id"),
        media: media
            .iter()
            .enumerate()
            .map(|(index, cell)| NewMedium { path: row.path(cell), of: EVERYBODY.into(), offset_s: offset(index) })
            .collect(),
        transcript,
        columns: row.one("columns"),
        dyad: row.one("dyad"),
        day: row.parsed("day", "whole number of days: write days after the first session, not a date")?,
        retain_until: row.parsed::<Date>("retain_until", "date such as 2031-12-31")?,
        client: row.person("client"),
        therapist: row.person("therapist"),
        channels,
        speakers: row.parsed("speakers", "number from 1 to 8")?,
        copy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8]) -> Listed {
        parse(bytes, Path::new("/data"), false).unwrap()
    }

    #[test]
    fn separators_and_encodings_are_found() {
        let list = "Media;Dyad;Day;Transcript\nfür.mp4;D1;7;für.vtt\n";
        let latin: Vec<u8> = list.chars().map(|c| c as u8).collect();
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(list.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let tabs = list.replace(';', "\t");
        let marked = format!("\u{FEFF}{}", list.replace(';', ",").replace('\n', "\r\n"));
        for bytes in [list.as_bytes(), &latin, &wide, tabs.as_bytes(), marked.as_bytes()] {
            let listed = check(bytes);
            let (line, session) = &listed.sessions[0];
            assert_eq!((*line, session.media[0].path.as_path()), (2, Path::new("/data/für.mp4")), "{listed:?}");
            assert_eq!((session.dyad.as_deref(), session.day), (Some("D1"), Some(7)));
            assert_eq!(session.transcript.as_deref(), Some(Path::new("/data/für.vtt")));
        }
    }

    #[test]
    fn bad_lines_are_told_and_good_ones_stay() {
        let listed = check(
            b"media,offset,day,consent\na.mp4,,0,all\n\"b.mp4;c.wav\",1.5,14,\n,,,\nd.mp4,x,1,\ne.mp4,,2020-01-01,\n,,3,\nf.mp4,,1,all,more\n",
        );
        let lines: Vec<_> = listed.sessions.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3]);
        assert_eq!(listed.sessions[1].1.media[1].offset_s, Some(1.5));
        assert_eq!(listed.sessions[1].1.media[0].offset_s, None);
        let errors: Vec<_> = listed.errors.iter().map(|(line, _)| *line).collect();
        assert_eq!(errors, [5, 6, 7, 8], "{:?}", listed.errors);
    }

    #[test]
    fn what_is_no_list_is_said() {
        for (bytes, expect) in [
            (&b""[..], "empty"),
            (b"\n\n", "empty"),
            (b"PK\x03\x04", "zip"),
            (b"name,age\nx,1\n", "no column that names"),
            (b"media\n", "no lines"),
            (b"media,recording\na,b\n", "mean the same"),
        ] {
            let error = parse(bytes, Path::new(""), false).unwrap_err();
            assert!(error.contains(expect), "{error}");
        }
        assert!(check(b"media,dyed\na,b\n").notes[0].contains("dyad"));
    }
}
