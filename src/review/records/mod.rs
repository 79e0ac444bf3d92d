//! What coders give: codes, ratings, decisions, memos, outcomes. Everything is a new row; the latest revision counts.

mod put;
mod read;

use serde::{Deserialize, Serialize};

pub use put::{put_coding, put_decision, put_memo, put_outcome, put_salience, undo_coding};
pub use read::{codings, counted, counted_decisions, decisions, memos, outcomes, salience};

use super::chain::Note;
use super::clips::ClipKind;

/// Longest note or memo, in bytes.
pub const LONGEST_TEXT: usize = 20_000;

/// Who does something where and when.
#[derive(Clone, Debug)]
pub struct By {
    /// Coder's name.
    pub coder: String,
    /// Session id.
    pub session: String,
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
}

impl By {
    fn note<'a>(&'a self, action: &'a str, detail: &'a str) -> Note<'a> {
        Note { at_ms: self.at_ms, who: &self.coder, action, session: &self.session, detail }
    }
}

/// A code given to a turn or to a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coding {
    /// The unit that revisions belong to; left out for a new one.
    #[serde(default)]
    pub unit: Option<i64>,
    /// From 1.
    #[serde(default)]
    pub revision: i64,
    /// Coder's name.
    #[serde(default)]
    pub coder: String,
    /// Session id.
    #[serde(default)]
    pub session: String,
    /// `blind` before the lock, `flag` after it.
    #[serde(default)]
    pub pass: String,
    /// Number of the turn, from 0; `None` for a free stretch.
    #[serde(default)]
    pub turn: Option<u32>,
    /// Milliseconds on the session clock.
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    pub end_ms: i64,
    /// Code id.
    pub code: String,
    /// Free text.
    #[serde(default)]
    pub note: String,
    /// Taken back.
    #[serde(default)]
    pub removed: bool,
}

/// A decision on a clip of the second pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The clip's id for this coder.
    pub clip: String,
    /// From 1.
    #[serde(default)]
    pub revision: i64,
    /// Coder's name.
    #[serde(default)]
    pub coder: String,
    /// Milliseconds on the session clock.
    #[serde(default)]
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    #[serde(default)]
    pub end_ms: i64,
    /// What was asked: the kind of moment.
    #[serde(default)]
    pub asked: String,
    /// Why the clip was shown. Neither sent to the page nor taken from it.
    #[serde(skip)]
    pub kind: ClipKind,
    /// `confirm`, `reject`, `unsure`, `recode`, or `open` after an undo.
    pub verdict: String,
    /// The code chosen instead, for `recode`.
    #[serde(default)]
    pub code: Option<String>,
    /// Seconds from the clip's appearance to the decision.
    #[serde(default)]
    pub seconds: f64,
    /// Free text.
    #[serde(default)]
    pub note: String,
    /// When it was decided: ISO 8601, UTC, whole seconds; empty before it is kept.
    #[serde(skip)]
    pub made_at: String,
}

/// A memo, linked to a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memo {
    /// The unit that revisions belong to; left out for a new one.
    #[serde(default)]
    pub unit: Option<i64>,
    /// Coder's name.
    #[serde(default)]
    pub coder: String,
    /// Session id.
    #[serde(default)]
    pub session: String,
    /// Milliseconds on the session clock.
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    pub end_ms: i64,
    /// Free text.
    pub text: String,
    /// Taken back.
    #[serde(default)]
    pub removed: bool,
}

/// What the consensus meeting made of a unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The unit's key, from [`super::consensus`].
    pub unit: String,
    /// Code id.
    #[serde(default)]
    pub code: String,
    /// Milliseconds on the session clock.
    #[serde(default)]
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    #[serde(default)]
    pub end_ms: i64,
    /// `agreed`, `majority`, `unresolved`.
    pub outcome: String,
    /// Whether the code stays.
    pub keep: bool,
    /// Coders who changed their mind.
    #[serde(default)]
    pub moved: Vec<String>,
    /// Free text.
    #[serde(default)]
    pub note: String,
}
