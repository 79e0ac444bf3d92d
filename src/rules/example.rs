//! Examples: made-up stretches of session that travel with a rule and run as tests.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Hit;
use super::language::Rule;
use super::search::Seen;
use crate::markers::{Event, EventId};
use crate::time::Span;
use crate::track::{Unit, Who};

/// A made-up stretch of session and what the rule should find in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// What happens.
    pub events: Vec<ExampleEvent>,
    /// Markers that cannot look in this example.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blind: Vec<String>,
    /// `[start, end]` of each hit in milliseconds, in order; empty for a look-alike that must not be found.
    pub hits_ms: Vec<[i64; 2]>,
}

/// One event of an example, or one hit of another code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleEvent {
    /// Marker id; or else `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Code id: a place where that code was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whom it is about; the room if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// `[start, end]` in milliseconds.
    pub ms: [i64; 2],
    /// Its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Words said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<u32>,
    /// The measured value; its length in seconds if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f32>,
    /// Strength; 1 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f32>,
    /// Quality of the measurement; 1 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
}

/// An example in which a rule does not find what it should.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("rule {rule:?}, example {example:?}: should find {expected:?} (ms), but finds {found:?}")]
pub struct ExampleFailure {
    /// Id of the rule.
    pub rule: String,
    /// Name of the example.
    pub example: String,
    /// Hits as the example gives them.
    pub expected: Vec<[i64; 2]>,
    /// Hits as found.
    pub found: Vec<[i64; 2]>,
}

impl Example {
    /// What is wrong with the example itself.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let backwards = |[start, end]: &[i64; 2]| start >= end;
        let spans = self.events.iter().map(|event| &event.ms).chain(&self.hits_ms);
        let mut wrong: Vec<String> = spans
            .filter(|ms| backwards(ms))
            .map(|[start, end]| format!("[{start}, {end}] does not end after it starts"))
            .collect();
        if self.events.iter().any(|event| event.marker.is_some() == event.code.is_some()) {
            wrong.push("each event says either `marker` or `code`".into());
        }
        wrong
    }

    pub(super) fn made_events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (number, made) in (0..).zip(&self.events) {
            let (Some(marker), Some(span)) = (&made.marker, Span::from_millis(made.ms[0], made.ms[1])) else {
                continue;
            };
            events.push(Event {
                id: EventId(number),
                marker: marker.clone(),
                who: made.who.unwrap_or(Who::Room),
                span,
                apex: None,
                value: made.value.unwrap_or(span.secs_f64() as f32),
                unit: Unit::Mixed,
                strength: made.strength.unwrap_or(1.0),
                confidence: made.confidence.unwrap_or(1.0),
                kind: made.kind.clone(),
                words: made.words,
                seen_in: Vec::new(),
            });
        }
        events
    }

    fn hits(&self) -> BTreeMap<String, Vec<Hit>> {
        let mut hits: BTreeMap<String, Vec<Hit>> = BTreeMap::new();
        for (number, made) in (0..).zip(&self.events) {
            let (Some(code), Some(span)) = (&made.code, Span::from_millis(made.ms[0], made.ms[1])) else { continue };
            hits.entry(code.clone()).or_default().push(Hit {
                code: code.clone(),
                rule: "example".into(),
                rule_version: 1,
                span,
                because: vec![EventId(number)],
                strength: made.strength.unwrap_or(1.0),
                quality: made.confidence.unwrap_or(1.0),
                blind: Vec::new(),
            });
        }
        hits
    }
}

impl Rule {
    /// Runs the rule's examples.
    pub fn failing_examples(&self) -> Vec<ExampleFailure> {
        let run = |example: &Example| {
            let (events, hits) = (example.made_events(), example.hits());
            let blind: BTreeSet<String> = example.blind.iter().cloned().collect();
            let found: Vec<[i64; 2]> = match self.cannot_look(&blind, &BTreeMap::new()) {
                Some(_) => Vec::new(),
                None => self
                    .hits("example", &Seen::new(&events), &hits, &[])
                    .iter()
                    .map(|hit| [hit.span.start().millis(), hit.span.end().millis()])
                    .collect(),
            };
            (found != example.hits_ms).then(|| ExampleFailure {
                rule: self.id.clone(),
                example: example.name.clone(),
                expected: example.hits_ms.clone(),
                found,
            })
        };
        self.examples.iter().filter_map(run).collect()
    }
}
