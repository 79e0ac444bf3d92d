//! What differs between two codebooks.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::{Code, Codebook};
use crate::rules::Rule;

/// A code that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Code id.
    pub code: String,
    /// How it differs.
    #[serde(flatten)]
    pub kind: DifferenceKind,
}

/// How a code differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "difference", content = "what")]
pub enum DifferenceKind {
    /// Only the second codebook has it; its label.
    Added(String),
    /// Only the first has it; its label.
    Removed(String),
    /// Both have it, and these parts differ, each in words.
    Changed(Vec<String>),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = &self.code;
        match &self.kind {
            DifferenceKind::Added(label) => write!(f, "+ {code}  {label}"),
            DifferenceKind::Removed(label) => write!(f, "- {code}  {label}"),
            DifferenceKind::Changed(what) => write!(f, "~ {code}  {}", what.join("; ")),
        }
    }
}

/// Every code that is not the same in both, in order of id.
pub fn differences(one: &Codebook, other: &Codebook) -> Vec<Difference> {
    let ids: BTreeSet<&str> = one.codes().chain(other.codes()).map(|code| code.id.as_str()).collect();
    let kind = |id: &str| match (one.get(id), other.get(id)) {
        (None, Some(new)) => Some(DifferenceKind::Added(new.label.clone())),
        (Some(old), None) => Some(DifferenceKind::Removed(old.label.clone())),
        (Some(old), Some(new)) if old != new => Some(DifferenceKind::Changed(changes(old, new))),
        _ => None,
    };
    ids.into_iter().filter_map(|id| Some(Difference { code: id.to_owned(), kind: kind(id)? })).collect()
}

fn changes(old: &Code, new: &Code) -> Vec<String> {
    let parts = [
        ("wording", old.label != new.label),
        ("axial code", old.axial != new.axial),
        ("primary code", old.primary != new.primary),
        ("speaker", old.speaker != new.speaker),
        ("modality", old.modality != new.modality),
        ("observability", old.observability != new.observability),
        ("polarity", old.polarity != new.polarity),
        ("status", old.status != new.status),
        ("same_as", old.same_as != new.same_as),
        ("markers", old.markers != new.markers),
        ("definition", old.definition != new.definition),
        ("mapping", old.mapping != new.mapping),
        ("source", old.source != new.source),
        ("aid", old.aid != new.aid),
    ];
    let mut said: Vec<String> =
        parts.iter().filter(|(_, differs)| *differs).map(|(part, _)| format!("{part} changed")).collect();
    let find = |rules: &[Rule], id: &str| rules.iter().find(|rule| rule.id == id).cloned();
    let ids: BTreeSet<&str> = old.rules.iter().chain(&new.rules).map(|rule| rule.id.as_str()).collect();
    for id in ids {
        match (find(&old.rules, id), find(&new.rules, id)) {
            (None, Some(rule)) => said.push(format!("rule {id} added (version {})", rule.version)),
            (Some(_), None) => said.push(format!("rule {id} removed")),
            (Some(old), Some(new)) => said.extend(rule_changes(&old, &new)),
            (None, None) => {}
        }
    }
    if said.is_empty() {
        said.push("the order of its rules changed".to_owned());
    }
    said
}

fn rule_changes(old: &Rule, new: &Rule) -> Option<String> {
    let bare = |rule: &Rule| Rule { version: 0, examples: Vec::new(), ..rule.clone() };
    let (id, differs) = (&old.id, bare(old) != bare(new));
    match (old.version == new.version, differs) {
        (true, true) => Some(format!("rule {id} changed, and is still version {}: raise it", old.version)),
        (false, true) => Some(format!("rule {id} changed, version {} to {}", old.version, new.version)),
        (false, false) => Some(format!("rule {id} is the same, version {} to {}", old.version, new.version)),
        (true, false) => (old.examples != new.examples).then(|| format!("rule {id}: examples changed")),
    }
}
