//! The words of the language, as a code file writes them.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::example::Example;
use crate::time::Secs;
use crate::track::Who;

/// How much of a code a machine can observe (DOMAIN 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observability {
    /// The definition itself is a signal fact.
    Direct,
    /// A signal fact that usually comes with it.
    Proxy,
    /// Better than nothing for ordering.
    Weak,
    /// Only a human coder: the engine lists the code but never flags it.
    CoderOnly,
}

impl Observability {
    /// As code files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Proxy => "proxy",
            Self::Weak => "weak",
            Self::CoderOnly => "coder_only",
        }
    }
}

/// One way in which a code can show. It holds once for each thing that fits the first step, if every further step
/// finds something that fits too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique within its code.
    pub id: String,
    /// Raised by one whenever the rule would pick other moments than before.
    pub version: u32,
    /// Set where this rule sees less than its code's observability promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observability: Option<Observability>,
    /// The steps. What is counted stands first; each further step says where it lies.
    pub sequence: Vec<Pattern>,
    /// What must not be there, each with the stretch in which it must not be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Pattern>,
    /// The rule does not look at all if one of these markers could not look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blind_if_missing: Vec<String>,
    /// The rule looks only if all of these markers could not: it stands in for a better one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_if_blind: Vec<String>,
    /// Tests that travel with the rule.
    #[serde(default, rename = "example", skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// What a step, an alternative, or a refusal looks for. Exactly one of `marker`, `code`, `any`, `all` is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Name by which later steps and refusals speak of this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Events of this marker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Hits of this other code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Any one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<Pattern>,
    /// All of these at the same moment; its time is the stretch they share.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Pattern>,

    /// Whom the event is about; anyone if left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "person")]
    pub who: Option<Who>,
    /// One of the marker's kinds, or a list of them; any if left out.
    #[serde(default, skip_serializing_if = "Kinds::is_empty")]
    pub kind: Kinds,
    /// Lasts at least this many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_secs: Option<Secs>,
    /// Lasts at most this many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_secs: Option<Secs>,
    /// At least this many words. What has no word count does not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_words: Option<u32>,
    /// At most this many words. What has no word count does not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_words: Option<u32>,
    /// The event's `value` is at least this, in the marker's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_value: Option<f32>,
    /// The event's `value` is at most this, in the marker's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_value: Option<f32>,
    /// Strength at least this, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_strength: Option<f32>,
    /// Quality of the measurement at least this, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_confidence: Option<f32>,

    /// Starts in the first so many seconds of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_first_secs: Option<Secs>,

    /// Belongs to the picture but does not count towards the hit's strength (a prompt, a turn).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scene: bool,

    /// Starts at most this many seconds after the step before ended. Cutting in, a start before that end, is no gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_secs: Option<Secs>,
    /// With `within_secs`: cuts in by at most this many seconds; any length if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_in_secs: Option<Secs>,
    /// Lies wholly inside this stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<Stretch>,
    /// Shares time with this stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlaps: Option<Stretch>,
    /// Starts inside this stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_in: Option<Stretch>,

    /// About the same person as this earlier step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_person_as: Option<String>,
    /// About another person than this earlier step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_person_than: Option<String>,

    /// Repeats: the step is a run of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<AtLeast>,
}

/// A stretch of time next to earlier steps: start included, end not. One that would end before it starts is empty, and
/// nothing lies in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// From this step's start to its end; instead of `from` and `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// `prompt.start` or `prompt.end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `reply.start` or `reply.end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Begin this many seconds earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_secs: Option<Secs>,
    /// End this many seconds later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_secs: Option<Secs>,
    /// Only with `overlaps`: share at least this many seconds; any moment if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_secs: Option<Secs>,
}

/// Repeats. What starts at the same moment counts once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    /// How many.
    pub count: u32,
    /// The last starts at most this many seconds after the first. Longer runs are joined from such windows.
    pub in_secs: Secs,
    /// A run ends where one of these starts between two repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_by: Vec<Pattern>,
}

/// Kinds of a marker: one word or a list in the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Kinds(pub Vec<String>);

impl Kinds {
    /// Whether any kind will do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Kinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Kinds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one kind or a list of kinds")
            }

            fn visit_str<E: de::Error>(self, kind: &str) -> Result<Kinds, E> {
                Ok(Kinds(vec![kind.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kinds, A::Error> {
                let mut kinds = Vec::new();
                while let Some(kind) = list.next_element()? {
                    kinds.push(kind);
                }
                Ok(Kinds(kinds))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

/// Reads a person in a way whose message names the choices like serde's own messages do.
fn person<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Who>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| {
        de::Error::custom(format_args!(
            "unknown person `{text}`, expected one of `client`, `therapist`, `room`, `speaker1`, `face1`"
        ))
    })
}

impl Pattern {
    /// This pattern and all inside it.
    fn walk<'p>(&'p self, found: &mut Vec<&'p Self>) {
        found.push(self);
        let inside = self.any.iter().chain(&self.all);
        for pattern in inside.chain(self.at_least.iter().flat_map(|repeats| &repeats.broken_by)) {
            pattern.walk(found);
        }
    }

    /// The steps with whose person this pattern's is compared, with whether it must be the same one.
    pub(super) fn persons(&self) -> impl Iterator<Item = (&str, bool)> {
        let same = self.same_person_as.iter().map(|step| (step.as_str(), true));
        same.chain(self.other_person_than.iter().map(|step| (step.as_str(), false)))
    }

    /// The stretches this pattern is held against.
    pub(super) fn stretches(&self) -> impl Iterator<Item = &Stretch> {
        [&self.during, &self.overlaps, &self.starts_in].into_iter().flatten()
    }
}

impl Rule {
    /// A rule of this one step, to look for it alone.
    pub fn of_one_step(id: &str, step: Pattern) -> Self {
        Self {
            id: id.to_owned(),
            version: 1,
            observability: None,
            sequence: vec![step],
            without: Vec::new(),
            blind_if_missing: Vec::new(),
            only_if_blind: Vec::new(),
            examples: Vec::new(),
        }
    }

    /// Every pattern of the rule, those inside others included.
    pub(super) fn patterns(&self) -> Vec<&Pattern> {
        let mut found = Vec::new();
        self.sequence.iter().chain(&self.without).for_each(|pattern| pattern.walk(&mut found));
        found
    }

    /// Markers the rule reads itself.
    pub fn markers(&self) -> BTreeSet<&str> {
        self.patterns().into_iter().filter_map(|pattern| pattern.marker.as_deref()).collect()
    }

    /// Codes whose hits the rule reads.
    pub fn codes(&self) -> BTreeSet<&str> {
        self.patterns().into_iter().filter_map(|pattern| pattern.code.as_deref()).collect()
    }
}
