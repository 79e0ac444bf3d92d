//! Hits and events joined into candidate episodes, in an order worth a coder's time (DOMAIN C.1 to C.6).
//!
//! Everything here is a candidate. Nothing here labels a person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::markers::EventId;
use crate::time::Span;
use crate::track::Who;

/// What a candidate is a candidate for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeKind {
    /// Withdrawal rupture candidate (type W).
    Withdrawal,
    /// Confrontation rupture candidate (type K).
    Confrontation,
    /// Both W and K reach their mark.
    Mixed,
    /// The same blocked exchange three times or more (DOMAIN C.6).
    Cycle,
    /// A moment, never a person: the client's contribution shrinks.
    AvoidantLike,
    /// A moment, never a person: the therapist's contribution shrinks.
    PreoccupiedLike,
    /// A moment, never a person: distress disclosed and looked at together.
    SecureLike,
}

/// One thing that speaks for or against a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Evidence family (DOMAIN C.1): silence, brevity, topic, words, face, affect_split, gaze_body, voice, floor,
    /// counter.
    pub family: String,
    /// Neutral words with the measured numbers: "4.2 s silence", "lips pushed out 1.4 s".
    pub sentence: String,
    /// Whom it is about.
    pub who: Who,
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// Weight of its cue from `config/episodes.toml`; negative = speaks against.
    pub weight: f32,
    /// Strength g, 0 to 1.
    pub strength: f32,
    /// Quality r, 0 to 1.
    pub quality: f32,
    /// The events behind it.
    pub events: Vec<EventId>,
}

/// A code whose rule holds inside an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EpisodeCode {
    /// Code id.
    pub code: String,
    /// The paper's wording.
    pub label: String,
    /// Strength x quality x the cap of its observability, 0 to 1; not a probability.
    pub weight: f32,
}

/// What came after an episode (DOMAIN C.3, C.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The therapist addressed it and the client re-engaged.
    Resolved,
    /// The client re-engaged without the therapist addressing it.
    SpontaneousRecovery,
    /// Addressed, but the client did not re-engage.
    Unresolved,
    /// Nobody spoke about it.
    NeverAddressed,
    /// Not enough was measured to say.
    NotAssessable,
}

/// Repair after an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Repair {
    /// What came of it.
    pub outcome: Outcome,
    /// The therapist's remark that addressed it, if any.
    pub remark: Option<EventId>,
    /// When that remark was.
    pub remark_span: Option<Span>,
    /// Share of the re-engagement signs that were assessable and met, 0 to 1; `None` if none was assessable.
    pub score: Option<f32>,
    /// The signs in words, each with whether it was met: "reply 12 words (own median 6)".
    pub signs: Vec<(String, bool)>,
}

/// The paper's cycle (DOMAIN C.6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cycle {
    /// Each blocked exchange.
    pub repeats: Vec<Span>,
    /// Seconds from each repeat's start to the next one's, one fewer than repeats.
    pub spacing_secs: Vec<f64>,
    /// The therapist's move after each repeat: re-prompt, new topic, advice, silence, names the face, other.
    pub moves: Vec<String>,
}

/// A candidate for a coder to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Episode {
    /// `e001` ... in order of start.
    pub id: String,
    /// What it is a candidate for.
    pub kind: EpisodeKind,
    /// From the first prompt's start to the last reply's end.
    #[serde(flatten)]
    pub span: Span,
    /// What a coder should watch: the span with its padding.
    pub clip: Span,
    /// 1 = look here first.
    pub rank: u32,
    /// S of DOMAIN C.1; not a probability.
    pub score: f32,
    /// Uncalibrated P of DOMAIN C.2, for ranking only; never shown as a percentage before decisions calibrate it.
    pub ranking_weight: f32,
    /// One sentence in neutral words, built from the evidence.
    pub sentence: String,
    /// What speaks for it, strongest first.
    pub evidence_for: Vec<Evidence>,
    /// What speaks against it, strongest first.
    pub evidence_against: Vec<Evidence>,
    /// Evidence that could not be looked at, and why, in words.
    pub missing: Vec<String>,
    /// At most 5 codes whose rules hold inside, heaviest first.
    pub codes: Vec<EpisodeCode>,
    /// What came after; `None` for moments and where it does not apply.
    pub repair: Option<Repair>,
    /// Set for [`EpisodeKind::Cycle`].
    pub cycle: Option<Cycle>,
    /// Seconds of a coder's time: clip length plus overhead (DOMAIN C.4).
    pub review_secs: f64,
}
