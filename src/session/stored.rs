//! `session.json`: written, read back, and described by a schema.
//!
//! Times are seconds on the session clock. Every event, turn, hit and episode stands on a line of its own, so that
//! text tools can compare two results; the order of keys is that of the types.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::ser::Formatter;

use super::{Problem, SCHEMA, Session};
use crate::track::Tracks;

/// Name of the file inside a results folder.
pub const FILE: &str = "session.json";

/// Why a stored session could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not there, not readable.
    #[error("cannot read the session ({source}): check that it exists and may be read: {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// JSON perhaps, but no session of this engine.
    #[error(
        "this is not a session of Attune (it has no schema number and no origin): choose the {FILE} of a results \
         folder: {}",
        file.display()
    )]
    NotASession {
        /// The file.
        file: PathBuf,
    },
    /// Written by a newer engine.
    #[error(
        "the session has schema {found}, and this version reads up to {SCHEMA}: update Attune, or scan the recording \
         again with this version into another folder: {}",
        file.display()
    )]
    Newer {
        /// Its schema.
        found: u64,
        /// The file.
        file: PathBuf,
    },
    /// Cut off or changed.
    #[error(
        "the session is damaged at line {line}, column {column}: restore it from a copy or scan the recording again: \
         {} ({message})",
        file.display()
    )]
    Damaged {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        message: String,
        /// The file.
        file: PathBuf,
    },
}

/// What tells a session of ours from other JSON, whatever its version.
#[derive(Deserialize)]
struct Mark {
    schema: u64,
    origin: OriginMark,
}

#[derive(Deserialize)]
struct OriginMark {
    #[serde(rename = "engine")]
    _engine: String,
}

/// Reads a session back, without its tracks (those are in `tracks.parquet`). `path` is the file or its folder.
///
/// # Errors
/// [`ReadError`].
pub fn read(path: &Path) -> Result<Session, ReadError> {
    let file = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
    let bytes = fs::read(&file).map_err(|source| ReadError::Unreadable { file: file.clone(), source })?;
    let damaged = |e: serde_json::Error| ReadError::Damaged {
        line: e.line(),
        column: e.column(),
        message: e.to_string(),
        file: file.clone(),
    };
    let mark: Mark = match serde_json::from_slice(&bytes) {
        Ok(mark) => mark,
        // Whole JSON without our marks is somebody else's; JSON that breaks off is a damaged file.
        Err(e) if e.is_data() => return Err(ReadError::NotASession { file: file.clone() }),
        Err(e) => return Err(damaged(e)),
    };
    let OriginMark { .. } = mark.origin;
    if mark.schema > u64::from(SCHEMA) {
        return Err(ReadError::Newer { found: mark.schema, file });
    }
    serde_json::from_slice(&bytes).map_err(damaged)
}

/// Writes the session without its tracks. The same session gives the same bytes.
///
/// A number that is none (`NaN`, infinite) is written as `null` where the type allows "not measured", and as 0 with an
/// entry in `problems` elsewhere.
///
/// # Errors
/// Those of `to`.
pub fn write(session: &Session, mut to: impl Write) -> io::Result<()> {
    let session = storable(session);
    let mut serializer = serde_json::Serializer::with_formatter(&mut to, OneLineEach::default());
    session.serialize(&mut serializer)?;
    to.write_all(b"\n")
}

/// The schema of `session.json` (JSON Schema 2020-12), as it stands in `docs/session.schema.json`.
pub fn schema() -> String {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Session>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// A copy without tracks in which every number that must be one is one.
fn storable(session: &Session) -> Session {
    let mut copy = Session {
        schema: session.schema,
        name: session.name.clone(),
        span: session.span,
        media: session.media.clone(),
        transcript: session.transcript.clone(),
        people: session.people.clone(),
        turns: session.turns.clone(),
        notes: session.notes.clone(),
        words: session.words.clone(),
        events: session.events.clone(),
        hits: session.hits.clone(),
        episodes: session.episodes.clone(),
        further: session.further.clone(),
        review: session.review.clone(),
        controls: session.controls.clone(),
        moment_secs: session.moment_secs.clone(),
        synchrony: session.synchrony.clone(),
        coverage: session.coverage.clone(),
        problems: session.problems.clone(),
        origin: session.origin.clone(),
        tracks: Tracks::new(),
    };
    let mut replaced = 0_u32;
    let mut single = |number: &mut f32| {
        if !number.is_finite() {
            *number = 0.0;
            replaced += 1;
        }
    };
    for event in &mut copy.events {
        single(&mut event.strength);
        single(&mut event.confidence);
    }
    copy.turns.iter_mut().for_each(|turn| single(&mut turn.confidence));
    copy.words.iter_mut().for_each(|word| single(&mut word.confidence));
    copy.people.iter_mut().for_each(|person| single(&mut person.confidence));
    for hit in &mut copy.hits {
        single(&mut hit.strength);
        single(&mut hit.quality);
    }
    for episode in copy.episodes.iter_mut().chain(&mut copy.further) {
        single(&mut episode.score);
        single(&mut episode.ranking_weight);
        for evidence in episode.evidence_for.iter_mut().chain(&mut episode.evidence_against) {
            single(&mut evidence.weight);
            single(&mut evidence.strength);
            single(&mut evidence.quality);
        }
        episode.codes.iter_mut().for_each(|code| single(&mut code.weight));
        if let Some(likelihood) = &mut episode.likelihood {
            single(&mut likelihood.probability);
        }
    }
    let mut double = |number: &mut f64| {
        if !number.is_finite() {
            *number = 0.0;
            replaced += 1;
        }
    };
    for episode in copy.episodes.iter_mut().chain(&mut copy.further) {
        double(&mut episode.review_secs);
        episode.cycle.iter_mut().flat_map(|cycle| &mut cycle.spacing_secs).for_each(&mut double);
    }
    copy.moment_secs.values_mut().for_each(&mut double);
    if let Some(plan) = &mut copy.review {
        double(&mut plan.minutes);
        double(&mut plan.budget_minutes);
        double(&mut plan.further_minutes);
    }
    for coverage in &mut copy.coverage {
        double(&mut coverage.assessable_s);
        double(&mut coverage.total_s);
    }
    if replaced > 0 {
        let message = format!("{replaced} strengths or qualities were no numbers and count as 0.");
        copy.problems.push(Problem::note("session", message));
    }
    copy
}

/// Line breaks down to the entries of the lists of the session; each entry on one line.
#[derive(Default)]
struct OneLineEach {
    depth: usize,
    filled: bool,
}

impl OneLineEach {
    fn open<W: ?Sized + Write>(&mut self, to: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        to.write_all(bracket)
    }

    fn entry<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        if !first {
            to.write_all(b",")?;
        }
        match self.depth {
            1 => to.write_all(b"\n"),
            2 => to.write_all(b"\n "),
            _ if first => Ok(()),
            _ => to.write_all(b" "),
        }
    }

    fn close<W: ?Sized + Write>(&mut self, to: &mut W, bracket: &[u8]) -> io::Result<()> {
        if self.filled && self.depth <= 2 {
            to.write_all(b"\n")?;
        }
        self.depth -= 1;
        self.filled = true;
        to.write_all(bracket)
    }
}

impl Formatter for OneLineEach {
    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.open(to, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.close(to, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.entry(to, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.open(to, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.close(to, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.entry(to, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        fs::write(&file, text).unwrap();
        let message = read(&file).unwrap_err().to_string();
        assert!(message.contains(FILE), "{message}");
        message
    }

    #[test]
    fn each_entry_has_its_line() {
        let value = serde_json::json!({"a": [{"b": [1, 2]}, {"b": []}], "c": [], "d": {"e": 1, "f": {}}});
        let mut text = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, OneLineEach::default());
        value.serialize(&mut serializer).unwrap();
        let lines = [
            "{",
            r#""a": ["#,
            r#" {"b": [1, 2]},"#,
            r#" {"b": []}"#,
            "],",
            r#""c": [],"#,
            r#""d": {"#,
            r#" "e": 1,"#,
            r#" "f": {}"#,
            "}",
            "}",
        ];
        assert_eq!(String::from_utf8(text).unwrap(), lines.join("\n"));
    }

    #[test]
    fn what_is_no_session_says_so() {
        assert!(error_of("{}").contains("not a session of Attune"));
        assert!(error_of("[1, 2]").contains("not a session of Attune"));
        assert!(error_of(r#"{"schema": "draft-07", "origin": {"engine": "x"}}"#).contains("not a session"));
        assert!(error_of("").contains("damaged at line 1"));
        assert!(error_of("RIFF\0\0").contains("damaged"));
        assert!(error_of(r#"{"schema": 99, "origin": {"engine": "9.0"}}"#).contains("schema 99"));
        assert!(error_of("{\"schema\": 1, \"origin\": {\"engine\": \"0.1.0\"}}").contains("damaged"));
        assert!(read(Path::new("no/such.json")).unwrap_err().to_string().contains("no/such.json"));
    }
}
