//! Where to look for a code that no rule finds: a list of moments for the coder, never a flag.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Codebook;
use crate::markers::{Event, EventId};
use crate::rules::{Pattern, Rule, RuleError, Seen, Vocabulary, in_words};
use crate::time::Span;

/// What a coder can be shown when they look for a code: moments that may hold it. Nothing of it is stored as a hit, scored
/// or ranked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aid {
    /// Markers (with who, kind and limits) whose events are worth a look; any one of them will do.
    pub look: Vec<Pattern>,
    /// What to keep in mind while looking.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A moment worth a look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// When.
    pub span: Span,
    /// The events that make it worth one.
    pub events: Vec<EventId>,
}

impl Aid {
    /// An aid finds as a rule with one step would.
    fn as_rule(&self) -> Rule {
        let step = match &self.look[..] {
            [one] => one.clone(),
            several => Pattern { any: several.to_vec(), ..Pattern::default() },
        };
        Rule::of_one_step("aid", step)
    }

    /// Everything that makes no sense in it.
    pub(super) fn check(&self, vocabulary: &Vocabulary) -> Vec<RuleError> {
        self.as_rule().check(vocabulary).err().unwrap_or_default()
    }

    /// In a sentence.
    pub(super) fn in_words(&self, vocabulary: &Vocabulary) -> String {
        let text = in_words(&self.as_rule(), vocabulary);
        text.trim().trim_start_matches("1. ").to_owned()
    }
}

/// The moments of a session that its aid would show for this code, in order of start; empty for a code without one.
pub fn places(codebook: &Codebook, code: &str, events: &[Event]) -> Vec<Place> {
    let Some(aid) = codebook.get(code).and_then(|code| code.aid.as_ref()) else { return Vec::new() };
    let hits = aid.as_rule().hits(code, &Seen::new(events), &BTreeMap::new(), &[]);
    hits.into_iter().map(|hit| Place { span: hit.span, events: hit.because }).collect()
}
