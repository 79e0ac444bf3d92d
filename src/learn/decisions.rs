//! Coders' decisions as a table: one row per coder and clip (docs/learning.md names the columns).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::time::{SessionTime, Span};

/// What a coder said of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is what it is a candidate for.
    Confirm,
    /// It is not.
    Reject,
    /// The coder cannot tell: teaches nothing.
    Unsure,
    /// It is something, under another code: worth having been looked at.
    Recode,
}

impl Verdict {
    /// As tables and the coders' page write it.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "confirm" => Some(Self::Confirm),
            "reject" => Some(Self::Reject),
            "unsure" => Some(Self::Unsure),
            "recode" => Some(Self::Recode),
            _ => None,
        }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Session.
    pub session: String,
    /// Which two people; the session's own name if the table does not say.
    pub dyad: String,
    /// Who decided.
    pub coder: String,
    /// About what.
    pub span: Span,
    /// What was said.
    pub verdict: Verdict,
}

/// Why a table does not read. Rows that do not read are told apart, and the others count.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// Not there, not readable.
    #[error("cannot read the table ({message}): check that the file exists and may be read: {}", file.display())]
    Unreadable {
        /// What the system said.
        message: String,
        /// The file.
        file: PathBuf,
    },
    /// A column is not there.
    #[error(
        "the table has no column {column:?} (it needs session, start_s and end_s, and a table of decisions verdict; dyad and \
         coder are welcome): add it to the first line: {}", file.display()
    )]
    NoColumn {
        /// The first that is missing.
        column: &'static str,
        /// The file.
        file: PathBuf,
    },
}

/// A rupture that is known to be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Session.
    pub session: String,
    /// Which two people; the session's own name if the table does not say.
    pub dyad: String,
    /// When; `None` says only that the session was looked through and whose it is.
    pub span: Option<Span>,
}

#[derive(Deserialize)]
struct AsWritten {
    session: String,
    #[serde(default)]
    dyad: Option<String>,
    #[serde(default)]
    coder: Option<String>,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(default)]
    start_s: Option<f64>,
    #[serde(default)]
    end_s: Option<f64>,
}

/// Reads a table of decisions, separated by commas, semicolons or tabs. Gives what reads, and a sentence for each row
/// that does not.
///
/// # Errors
/// [`DecisionError`] if the file or a needed column is not there.
pub fn read(path: &Path) -> Result<(Vec<Decision>, Vec<String>), DecisionError> {
    rows(path, &["session", "verdict", "start_s", "end_s"], |row| {
        let verdict = row.verdict.ok_or("it has no verdict")?;
        let (session, dyad, span) = checked(&row)?;
        Ok(Decision { session, dyad, coder: row.coder.unwrap_or_default(), span, verdict })
    })
}

/// Reads a table of known ruptures in the same way. A row without times says that the session has none.
///
/// # Errors
/// [`DecisionError`] if the file or a needed column is not there.
pub fn read_truth(path: &Path) -> Result<(Vec<Known>, Vec<String>), DecisionError> {
    rows(path, &["session", "start_s", "end_s"], |row| {
        if row.start_s.is_none() && row.end_s.is_none() && !row.session.is_empty() {
            let dyad = dyad_of(&row);
            return Ok(Known { session: row.session, dyad, span: None });
        }
        let (session, dyad, span) = checked(&row)?;
        Ok(Known { session, dyad, span: Some(span) })
    })
}

fn rows<T>(
    path: &Path,
    needed: &[&'static str],
    read: impl Fn(AsWritten) -> Result<T, String>,
) -> Result<(Vec<T>, Vec<String>), DecisionError> {
    let text =
        std::fs::read(path).map_err(|e| DecisionError::Unreadable { message: e.to_string(), file: path.to_owned() })?;
    let text = String::from_utf8_lossy(&text);
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(|&s| first.bytes().filter(|&b| b == s).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    for &column in needed {
        if !headers.iter().any(|header| header == column) {
            return Err(DecisionError::NoColumn { column, file: path.to_owned() });
        }
    }
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for (place, row) in reader.deserialize::<AsWritten>().enumerate() {
        let line = place + 2;
        match row.map_err(|e| without_place(&e)).and_then(&read) {
            Ok(one) => found.push(one),
            Err(message) => problems.push(format!("line {line} of the table is left out: {message}")),
        }
    }
    Ok((found, problems))
}

fn without_place(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        _ => error.to_string(),
    }
}

/// Session, dyad and span.
fn checked(row: &AsWritten) -> Result<(String, String, Span), String> {
    if row.session.is_empty() {
        return Err("it names no session".into());
    }
    let (Some(start), Some(end)) = (row.start_s, row.end_s) else { return Err("it lacks a time".into()) };
    let span = Span::new(SessionTime::from_secs_f64(start), SessionTime::from_secs_f64(end));
    let Some(span) = span.filter(|_| start.is_finite() && end.is_finite()) else {
        return Err(format!("it goes from {start} to {end} s"));
    };
    Ok((row.session.clone(), dyad_of(row), span))
}

fn dyad_of(row: &AsWritten) -> String {
    row.dyad.clone().filter(|dyad| !dyad.is_empty()).unwrap_or_else(|| row.session.clone())
}

/// One verdict per clip: a coder's last word counts, then what most coders say. Ties and clips of which all are unsure
/// are left out. In order of session and time.
pub fn joined(decisions: &[Decision]) -> Vec<(String, String, Span, bool)> {
    let mut last: BTreeMap<(&str, Span, &str), &Decision> = BTreeMap::new();
    for decision in decisions {
        last.insert((&decision.session, decision.span, &decision.coder), decision);
    }
    let mut votes: BTreeMap<(&str, Span), (&str, i64)> = BTreeMap::new();
    for decision in last.into_values() {
        let vote = match decision.verdict {
            Verdict::Confirm | Verdict::Recode => 1,
            Verdict::Reject => -1,
            Verdict::Unsure => 0,
        };
        votes.entry((&decision.session, decision.span)).or_insert((&decision.dyad, 0)).1 += vote;
    }
    votes
        .into_iter()
        .filter(|(_, (_, sum))| *sum != 0)
        .map(|((session, span), (dyad, sum))| (session.to_owned(), dyad.to_owned(), span, sum > 0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<(Vec<Decision>, Vec<String>), DecisionError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("decisions.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn separators_and_further_columns_do_not_matter() {
        for separator in [",", ";", "\t"] {
            let text = "session,dyad,coder,pass,verdict,start_s,end_s,note\ns1,d1,anna,2,confirm,10.5,20,\n";
            let (decisions, problems) = read_text(&format!("\u{feff}{}", text.replace(',', separator))).unwrap();
            assert!(problems.is_empty(), "{problems:?}");
            assert_eq!(
                (decisions.len(), decisions[0].dyad.as_str(), decisions[0].verdict),
                (1, "d1", Verdict::Confirm)
            );
        }
    }

    #[test]
    fn bad_rows_are_told_and_the_others_count() {
        let text = "session,verdict,start_s,end_s\ns1,maybe,1,2\ns1,confirm,x,2\ns1,confirm,5,2\ns1,reject,1,2\n,reject,1,2\ns1,confirm\n";
        let (decisions, problems) = read_text(text).unwrap();
        assert_eq!((decisions.len(), problems.len()), (1, 5), "{problems:?}");
        assert!(problems[0].contains("line 2") && problems[0].contains("maybe"), "{}", problems[0]);
        assert!(problems[2].contains("from 5 to 2 s"), "{}", problems[2]);
    }

    #[test]
    fn missing_columns_and_files_are_named() {
        assert!(read_text("session,verdict,start_s\n").unwrap_err().to_string().contains("\"end_s\""));
        assert!(read_text("").unwrap_err().to_string().contains("\"session\""));
        assert!(read(Path::new("/nowhere.csv")).unwrap_err().to_string().contains("cannot read the table"));
    }

    #[test]
    fn the_last_word_of_each_coder_and_then_most_coders_decide() {
        let row = |coder: &str, verdict, start| Decision {
            session: "s".into(),
            dyad: "d".into(),
            coder: coder.into(),
            span: Span::from_millis(start, start + 10).unwrap(),
            verdict,
        };
        let said = [
            row("a", Verdict::Reject, 0),
            row("a", Verdict::Confirm, 0),
            row("b", Verdict::Confirm, 0),
            row("c", Verdict::Reject, 0),
            row("a", Verdict::Confirm, 100),
            row("b", Verdict::Reject, 100),
            row("a", Verdict::Unsure, 200),
            row("a", Verdict::Reject, 300),
        ];
        let joined: Vec<_> = joined(&said).into_iter().map(|(_, _, span, yes)| (span.start().millis(), yes)).collect();
        assert_eq!(joined, [(0, true), (300, false)]);
    }
}
