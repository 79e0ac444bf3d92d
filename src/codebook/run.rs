//! Looking for codes in a session's events.

use std::collections::{BTreeMap, BTreeSet};

use super::Codebook;
use crate::markers::Event;
use crate::rules::{Hit, Rule, Seen};

/// A rule that could not look in this session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannotLook {
    /// Code id.
    pub code: String,
    /// Rule id.
    pub rule: String,
    /// The markers it lacks, in order.
    pub markers: Vec<String>,
}

/// What each code is blind for, and which of its rules run.
struct Sight<'c> {
    codebook: &'c Codebook,
    blind: BTreeSet<String>,
    /// Markers each code would read, also through other codes, but which could not look.
    blind_by_code: BTreeMap<&'c str, BTreeSet<String>>,
    /// Codes none of whose rules can look, with the markers they lack.
    lost: BTreeMap<&'c str, BTreeSet<String>>,
}

impl<'c> Sight<'c> {
    fn new(codebook: &'c Codebook, blind: &BTreeSet<String>) -> Self {
        let blind = blind.union(&codebook.vocabulary.not_measured()).cloned().collect();
        Self { codebook, blind, blind_by_code: BTreeMap::new(), lost: BTreeMap::new() }
    }

    /// Markers that the rule would read but which could not look, in order.
    fn blind_of(&self, rule: &Rule) -> Vec<String> {
        let own = rule.markers().into_iter().filter(|marker| self.blind.contains(*marker)).map(str::to_owned);
        let others = rule.codes().into_iter().flat_map(|code| self.blind_by_code.get(code).into_iter().flatten());
        own.chain(others.cloned()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Goes through the codes that run, in running order; `look` gets each rule that can.
    fn walk(mut self, mut look: impl FnMut(&'c str, &'c Rule, Vec<String>)) -> Vec<CannotLook> {
        let mut unable = Vec::new();
        let codes = self.codebook.order.iter().filter_map(|id| self.codebook.codes.get(id));
        for code in codes.filter(|code| code.runs()) {
            let mut lacking_of_all = Some(BTreeSet::new());
            let mut blind = BTreeSet::new();
            for rule in &code.rules {
                match rule.cannot_look(&self.blind, &self.lost) {
                    None => {
                        lacking_of_all = None;
                        let blind_of_rule = self.blind_of(rule);
                        blind.extend(blind_of_rule.iter().cloned());
                        look(&code.id, rule, blind_of_rule);
                    }
                    Some(lacking) => {
                        blind.extend(lacking.iter().cloned());
                        if let Some(all) = &mut lacking_of_all {
                            all.extend(lacking.iter().cloned());
                        }
                        if !lacking.is_empty() {
                            let markers = lacking.into_iter().collect();
                            unable.push(CannotLook { code: code.id.clone(), rule: rule.id.clone(), markers });
                        }
                    }
                }
            }
            self.blind_by_code.insert(&code.id, blind);
            if let Some(lacking) = lacking_of_all {
                self.lost.insert(&code.id, lacking);
            }
        }
        unable.sort_by(|a, b| (&a.code, &a.rule).cmp(&(&b.code, &b.rule)));
        unable
    }
}

/// Every place where a rule of a code on trial or stable holds, in order of start, then end, code, rule.
///
/// `events` may come in any order; their ids are what [`Hit::because`] names. `blind` = ids of the markers that could
/// not look in this session (no video, no transcript); markers of the dictionary that the engine does not have are added
/// to them. An empty session gives an empty list.
pub fn run(codebook: &Codebook, events: &[Event], blind: &BTreeSet<String>) -> Vec<Hit> {
    let mut by_code: BTreeMap<String, Vec<Hit>> = BTreeMap::new();
    let seen = Seen::new(events);
    Sight::new(codebook, blind).walk(|code, rule, blind| {
        let hits = rule.hits(code, &seen, &by_code, &blind);
        by_code.entry(code.to_owned()).or_default().extend(hits);
    });
    let mut hits: Vec<Hit> = by_code.into_values().flatten().collect();
    hits.sort_by(|a, b| (a.span, &a.code, &a.rule, &a.because).cmp(&(b.span, &b.code, &b.rule, &b.because)));
    hits
}

/// The rules that cannot look when these markers could not, in order of code and rule. Rules that need not look because
/// they only stand in for another are not among them.
pub fn cannot_look(codebook: &Codebook, blind: &BTreeSet<String>) -> Vec<CannotLook> {
    Sight::new(codebook, blind).walk(|_, _, _| {})
}
