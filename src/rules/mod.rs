//! The rule language: a short, closed list of ways to relate events in time.
//!
//! It has no arithmetic and no variables. What it cannot say belongs in a marker, in Rust.
//! `docs/rule-language.md` explains every word with an example; [`language`] holds the words as types, [`check`]
//! refuses what makes no sense, [`pool`] collects what fits one step and [`search`] joins the steps.

mod blind;
mod check;
mod example;
mod language;
mod plan;
mod pool;
mod search;
mod vocabulary;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::markers::EventId;
use crate::time::Span;

pub use check::RuleError;
pub use example::{Example, ExampleEvent, ExampleFailure};
pub use language::{AtLeast, Kinds, Observability, Pattern, Rule, Stretch};
pub use search::Seen;
pub use vocabulary::{Term, Vocabulary, VocabularyError};
pub use words::in_words;

/// One place where a rule holds, with the events that make it hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    /// Code id, e.g. `rs03`.
    pub code: String,
    /// Rule id, unique within its code.
    pub rule: String,
    /// Raised by one whenever the rule would pick other moments than before.
    pub rule_version: u32,
    /// From the first event's start to the last event's end.
    #[serde(flatten)]
    pub span: Span,
    /// The events that make it hold, in the order of the rule's steps.
    pub because: Vec<EventId>,
    /// Strength, 0 to 1: the mean strength of the rule's steps, without those that only set the scene (DOMAIN C.6).
    pub strength: f32,
    /// Quality, 0 to 1: the lowest confidence among these events.
    pub quality: f32,
    /// Markers the rule would have read but which could not look.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub blind: Vec<String>,
}
