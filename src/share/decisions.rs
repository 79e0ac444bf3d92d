//! What coders decided, as a table that any tool can write: `decisions.csv`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ShareError;
use crate::export::number::plain;

/// Largest file of decisions, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// One decision of one coder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decision {
    /// Session, such as `S001`.
    pub session: String,
    /// Pair of people; may be empty.
    pub dyad: String,
    /// Candidate it is about; empty for a stretch that the coder found.
    pub episode: String,
    /// Who decided.
    pub coder: String,
    /// `blind` (without having seen candidates) or `flag` (with).
    pub pass: String,
    /// `confirm`, `reject` or `unsure`.
    pub verdict: String,
    /// Code id; may be empty.
    pub code: String,
    /// Start on the session clock, seconds.
    pub start_s: f64,
    /// End on the session clock, seconds.
    pub end_s: f64,
    /// When it was decided, as ISO 8601; may be empty.
    pub made_at: String,
    /// The coder's note; may be empty. Free text: it may hold what was said.
    pub note: String,
    /// What the page asked: the kind of moment; empty in tables of decisions.
    #[serde(skip)]
    pub asked: String,
}

/// Reads a table of decisions.
///
/// # Errors
/// [`ShareError::Unreadable`] names the line.
pub fn read(file: &Path) -> Result<Vec<Decision>, ShareError> {
    let fail = |message: String| ShareError::Unreadable { message, file: file.to_owned() };
    let size = std::fs::metadata(file).map_err(|e| fail(format!("cannot read the decisions ({e})")))?.len();
    if size > MAX_BYTES {
        return Err(fail(format!("{size} bytes are too many for decisions")));
    }
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .from_path(file)
        .map_err(|e| fail(format!("cannot read the decisions ({e})")))?;
    let headers = reader.headers().map_err(|e| fail(e.to_string()))?.clone();
    if let Some(lacking) =
        ["session", "coder", "start_s", "end_s"].iter().find(|name| !headers.iter().any(|h| h == **name))
    {
        return Err(fail(format!("a table of decisions needs the column {lacking}")));
    }
    let mut decisions = Vec::new();
    for row in reader.deserialize::<Decision>() {
        let decision = row.map_err(|e| fail(format!("this table does not read: {e}")))?;
        if !(decision.start_s < decision.end_s && decision.end_s.is_finite()) {
            return Err(fail(format!("decision {}: it must end after it starts", decisions.len() + 1)));
        }
        decisions.push(decision);
    }
    Ok(decisions)
}

/// Writes a table of decisions in the order given.
///
/// # Errors
/// [`ShareError::Unwritable`].
pub fn write(file: &Path, decisions: &[Decision]) -> Result<(), ShareError> {
    let fail = |e: csv::Error| ShareError::writing(file, std::io::Error::other(e));
    let mut bytes =
        csv::WriterBuilder::new().has_headers(false).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    bytes.write_record(COLUMNS).map_err(fail)?;
    for decision in decisions {
        let (start_s, end_s) = (plain(decision.start_s), plain(decision.end_s));
        bytes.serialize(Decision { start_s, end_s, ..decision.clone() }).map_err(fail)?;
    }
    let bytes = bytes.into_inner().map_err(|e| ShareError::writing(file, std::io::Error::other(e.to_string())))?;
    std::fs::write(file, bytes).map_err(|e| ShareError::writing(file, e))
}

/// Names of the columns, in order.
pub const COLUMNS: [&str; 11] =
    ["session", "dyad", "episode", "coder", "pass", "verdict", "code", "start_s", "end_s", "made_at", "note"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_wrong_tables_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("d.csv");
        let one = Decision {
            session: "S001".into(),
            coder: "anna".into(),
            note: "so, \"well\"".into(),
            start_s: 1.25,
            end_s: 3.5,
            ..Decision::default()
        };
        write(&file, std::slice::from_ref(&one)).unwrap();
        assert_eq!(read(&file).unwrap(), [one]);
        for (text, expect) in [
            ("a,b\n1,2\n", "needs the column session"),
            ("session,coder,start_s,end_s\nS001,a,2,1\n", "decision 1"),
            ("session,coder,start_s,end_s\nS001,a,x,1\n", "does not read"),
            ("session,coder,start_s,end_s\nS001,a,0,nan\n", "decision 1"),
        ] {
            std::fs::write(&file, text).unwrap();
            assert!(read(&file).unwrap_err().to_string().contains(expect), "{text}");
        }
    }
}
