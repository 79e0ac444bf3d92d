//! Names for people to read. Neutral: what was measured and what it is a candidate for, never what a person is.

use std::collections::BTreeMap;

use crate::episodes::{EpisodeKind, Outcome};
use crate::track::Who;

/// How a moment or a code bears on the alliance, by the codebook's `polarity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Straining.
    Strain,
    /// Supporting.
    Support,
    /// It depends, or nothing is known.
    Open,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Strain => "strain",
            Self::Support => "support",
            Self::Open => "open",
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Strain => "straining",
            Self::Support => "supporting",
            Self::Open => "depends on context",
        }
    }
}

/// What a report says of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeWords {
    /// Group and primary code, e.g. `Resistance / Direct avoidance`.
    pub place: String,
    /// How it bears on the alliance.
    pub tone: Tone,
    /// The operational definition, one or two sentences.
    pub definition: String,
}

/// What a report says of each code, by code id. A code that is not in it is shown with its label alone.
pub type Codes = BTreeMap<String, CodeWords>;

pub(super) fn tone(kind: EpisodeKind) -> Tone {
    match kind {
        EpisodeKind::SecureLike => Tone::Support,
        EpisodeKind::AvoidantLike | EpisodeKind::PreoccupiedLike => Tone::Open,
        _ => Tone::Strain,
    }
}

pub(super) fn kind_name(kind: EpisodeKind) -> &'static str {
    match kind {
        EpisodeKind::Withdrawal => "withdrawal candidate",
        EpisodeKind::Confrontation => "confrontation candidate",
        EpisodeKind::Mixed => "mixed candidate",
        EpisodeKind::Cycle => "cycle candidate",
        EpisodeKind::AvoidantLike => "avoidant-like moment",
        EpisodeKind::PreoccupiedLike => "preoccupied-like moment",
        EpisodeKind::SecureLike => "secure-like moment",
    }
}

pub(super) fn outcome_sentence(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Resolved => "The therapist addressed it, and the client re-engaged.",
        Outcome::SpontaneousRecovery => "The client re-engaged without the therapist addressing it.",
        Outcome::Unresolved => "The therapist addressed it; the signs of re-engagement were not met.",
        Outcome::NeverAddressed => "Nobody spoke about it until the session ended.",
        Outcome::NotAssessable => "Not enough was measured to say what came after.",
    }
}

/// `Client`, `Speaker 2`.
pub(super) fn who_name(who: Who) -> String {
    match who {
        Who::Client => "Client".into(),
        Who::Therapist => "Therapist".into(),
        Who::Room => "Both".into(),
        Who::Speaker(number) => format!("Speaker {number}"),
        Who::Face(number) => format!("Face {number}"),
    }
}

/// `one candidate`, `14 candidates`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
