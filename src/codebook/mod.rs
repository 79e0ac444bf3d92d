//! The codebook: what coders look for, in their words, with where each word comes from.
//!
//! One TOML file per code under `config/codebook/`. A code is data: no Rust is touched to add one. `read` checks the
//! files, `run` looks for codes in a session's events, `show` prints them.

mod aid;
mod compare;
mod pages;
mod read;
mod run;
mod settings;
mod show;
mod starter;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::rules::{ExampleFailure, Hit, Rule, Vocabulary};

pub use crate::rules::Observability;
pub use aid::{Aid, Place, places};
pub use compare::{Difference, DifferenceKind, differences};
pub use pages::pages;
pub use read::{CodebookError, read};
pub use run::{CannotLook, cannot_look, run};
pub use settings::{Base, Caps, Settings};
pub use show::{Paint, code_json, code_page, list_json, list_table, view_json};
pub use starter::starter;
pub use views::{Group, MappingField, NOT_MAPPED, View, ViewError, read_views};

/// How far a code's rules have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Written down; its rules, if any, do not run.
    Draft,
    /// Its rules run, and are shown as on trial.
    Trial,
    /// Checked against coders; the report is named in `source.checked`.
    Stable,
    /// No longer run; kept so that old results still read.
    Retired,
}

/// What the code says about the working alliance. Colours and sums go by this, never by the axial name: the codes
/// under "Engagement" are strain signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// Goes with a working alliance.
    Supporting,
    /// Goes with strain in it.
    Straining,
    /// Either, by context.
    ContextDependent,
}

/// Whose behaviour a code is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeSpeaker {
    /// The person who came for help.
    Client,
    /// The professional.
    Therapist,
    /// Either of them, or both.
    Both,
}

/// In what a code shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// The words.
    Verbal,
    /// When who speaks for how long.
    Timing,
    /// The sound of the voice.
    NonverbalAudio,
    /// Face, gaze, head, body.
    NonverbalVideo,
    /// Hits of other codes.
    Combination,
}

/// One code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Stable; never reused.
    pub id: String,
    /// The source's own words.
    pub label: String,
    /// Axial code.
    pub axial: String,
    /// Primary code.
    pub primary: String,
    /// Whose behaviour it is.
    pub speaker: CodeSpeaker,
    /// In what it shows.
    pub modality: Vec<Modality>,
    /// How much of it a machine can observe.
    pub observability: Observability,
    /// What it says about the alliance.
    pub polarity: Polarity,
    /// How far its rules have come.
    pub status: Status,
    /// Id of the code as which this one is counted, where the source prints a row twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// Markers that bear on it, also those no rule reads yet.
    pub markers: Vec<String>,
    /// What counts and what does not.
    pub definition: Definition,
    /// What it corresponds to elsewhere.
    pub mapping: Mapping,
    /// Where it comes from.
    pub source: Source,
    /// Where a coder can look for it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aid: Option<Aid>,
    /// How the engine looks for it. Empty where it does not (yet).
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// What counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// So that two people would pick the same moments.
    pub operational: String,
    /// Cases that count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Cases that look alike and do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// How one would look for it in signals and words.
    pub how: String,
    /// What a coder should be shown to decide.
    pub show: String,
}

/// What a code corresponds to elsewhere. Matches of wording and judgement, not validated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Scale of the Patient Attachment Coding System; `-` for none.
    pub pacs: String,
    /// Attachment pattern; `-` for none.
    pub attachment: String,
    /// Marker of the Rupture Resolution Rating System; `none` for none.
    pub rrs: String,
}

/// Where a code comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Which document.
    pub document: String,
    /// Where in it.
    pub place: String,
    /// What the definition and rule rest on besides: studies, measurements, judgement.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub basis: String,
    /// Doubts about the wording or its place.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Report of the check against coders; empty until there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub checked: String,
}

/// All codes, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Codebook {
    codes: BTreeMap<String, Code>,
    /// Ids in the order in which rules run: codes that read hits of others after those.
    order: Vec<String>,
    vocabulary: Vocabulary,
    caps: Caps,
    /// Name and version.
    title: String,
}

impl Codebook {
    /// Every code, in order of id.
    pub fn codes(&self) -> impl Iterator<Item = &Code> {
        self.codes.values()
    }

    /// The code of this id.
    pub fn get(&self, id: &str) -> Option<&Code> {
        self.codes.get(id)
    }

    /// Its name and version: `paper 2`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The names its rules may use.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The id under which this code is counted in sums and analyses.
    pub fn counted_as<'c>(&'c self, id: &'c str) -> &'c str {
        self.codes.get(id).and_then(|code| code.same_as.as_deref()).unwrap_or(id)
    }

    /// How much of this a machine can observe: what the rule says, else what its code says.
    pub fn observability(&self, code: &str, rule: &str) -> Option<Observability> {
        let code = self.codes.get(code)?;
        let own = code.rules.iter().find(|candidate| candidate.id == rule).and_then(|rule| rule.observability);
        Some(own.unwrap_or(code.observability))
    }

    /// The most confidence a coder is shown for this hit, 0 to 1; 0 for a code the codebook does not know.
    pub fn cap(&self, hit: &Hit) -> f32 {
        self.observability(&hit.code, &hit.rule).map_or(0.0, |class| self.caps.of(class))
    }

    /// The caps themselves.
    pub fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Every marker that some running rule reads, also through other codes.
    pub fn markers_read(&self) -> BTreeSet<&str> {
        self.codes().filter(|code| code.runs()).flat_map(|code| &code.rules).flat_map(Rule::markers).collect()
    }
}

impl Code {
    /// Whether its rules are run.
    pub fn runs(&self) -> bool {
        !self.rules.is_empty() && matches!(self.status, Status::Trial | Status::Stable)
    }
}

/// Runs the examples of every rule, also of codes that do not run. Returns what went wrong, with the code's id: examples
/// that find something else than they say, and rules without an example that hits or without a look-alike.
pub fn check_examples(codebook: &Codebook) -> Vec<(String, ExampleProblem)> {
    let mut problems = Vec::new();
    for code in codebook.codes() {
        for rule in &code.rules {
            let failures = rule.failing_examples().into_iter().map(ExampleProblem::Fails);
            problems.extend(failures.map(|failure| (code.id.clone(), failure)));
            let hits = |hit: bool| rule.examples.iter().any(|example| example.hits_ms.is_empty() != hit);
            if !(hits(true) && hits(false)) {
                problems.push((code.id.clone(), ExampleProblem::OneSided { rule: rule.id.clone() }));
            }
        }
    }
    problems
}

/// What can be wrong with a rule's examples.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExampleProblem {
    /// It finds something else than it says.
    #[error(transparent)]
    Fails(#[from] ExampleFailure),
    /// It shows only one side.
    #[error("rule {rule:?} needs at least one example that hits and one look-alike that does not")]
    OneSided {
        /// Id of the rule.
        rule: String,
    },
}
