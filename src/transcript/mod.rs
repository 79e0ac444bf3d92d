//! Transcripts in, turns with speaker and time out. One file per format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Span;

/// One turn of the transcript as its author divided it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// The speaker's name as written, without a trailing colon; empty if the transcript names nobody.
    pub speaker: String,
    /// What was said, without mark-up; nonverbal notes such as `((laughs))` are taken out and kept in `notes`.
    pub text: String,
    /// When, on the transcript's own clock (zero = start of the recording unless an offset is given);
    /// `None` if the transcript has no times.
    pub span: Option<Span>,
    /// Nonverbal notes of the transcriber, in order, without their brackets.
    pub notes: Vec<String>,
}

impl Turn {
    /// Number of words: runs of letters, digits, apostrophes and hyphens with at least one letter or digit.
    pub fn words(&self) -> u32 {
        let is_word = |word: &&str| word.chars().any(char::is_alphanumeric);
        u32::try_from(self.text.split_whitespace().filter(is_word).count()).unwrap_or(u32::MAX)
    }
}

/// A whole transcript, in the order of the file (which is the order of start where there are times).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Transcript {
    /// Which reader read it, e.g. `WebVTT`.
    pub format: String,
    /// Turns in order.
    pub turns: Vec<Turn>,
    /// What was wrong with the file while the rest could be read: line number (from 1) and a sentence.
    pub warnings: Vec<(usize, String)>,
}

/// Why a transcript could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TranscriptError {
    /// Not there, not readable.
    #[error("cannot read the transcript ({source}): check that the file exists and may be read: {file}")]
    Unreadable {
        /// File name.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing in it looks like a known format.
    #[error("{what}: {advice}: {file}")]
    Unusable {
        /// What is wrong.
        what: String,
        /// What to do.
        advice: &'static str,
        /// File name.
        file: String,
    },
}
