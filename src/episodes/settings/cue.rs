//! The table of weights: what is looked for, where, and what it says.

use serde::Deserialize;

use crate::time::Secs;

/// Where in an exchange a cue is looked for. In windows without an exchange all but `LookBack` are the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// RESP of DOMAIN 1.
    Answer,
    /// RESP widened by `face_before_secs` and `face_after_secs`.
    Reply,
    /// From `look_back_secs` before the prompt to the end of RESP.
    LookBack,
}

/// Whose events a pattern takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The client's, or anybody's without a role while roles are not known.
    Client,
    /// The therapist's.
    Therapist,
    /// Everybody's and the room's.
    Anyone,
}

/// A kind of events.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Any of these markers.
    pub markers: Vec<String>,
    /// Any of these kinds; empty = any.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// About whom.
    pub who: Role,
    /// Only with a value below this, in the marker's unit.
    pub below: Option<f32>,
    /// Only with a value above this, in the marker's unit.
    pub above: Option<f32>,
    /// Only if there are so many; not given = 1.
    pub times: Option<usize>,
}

/// One line of the table of weights.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cue {
    /// Name, referred to by other parts of the file.
    pub id: String,
    /// The line in words, as in docs/episodes.md.
    pub says: String,
    /// Evidence family: only its strongest cue counts.
    pub family: String,
    /// Weight for type W; negative = speaks against.
    pub withdrawal: f32,
    /// Weight for type K; negative = speaks against.
    pub confrontation: f32,
    /// Where it is looked for.
    pub window: Window,
    /// Only after prompts that invite the client to explore.
    #[serde(default)]
    pub exploring_only: bool,
    /// Only if the reply has so many words, where words are known.
    pub least_reply_words: Option<u32>,
    /// Hits of these codes are this cue.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Events that are this cue.
    #[serde(default)]
    pub events: Vec<Pattern>,
    /// How many lines of `events` have to be there; not given = 1.
    pub at_least: Option<usize>,
    /// Longest gap between these, in time; needed with `at_least` above 1 only if they belong together.
    pub together_secs: Option<Secs>,
}
