//! Several coders' codes laid side by side: what they agree on, what a meeting has to settle, and what is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::records::{Coding, Outcome};
use crate::agreement::align::iou;
use crate::agreement::continuum::Unit as Stretch;

/// When a code is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// All coders gave it: the paper's rule.
    #[default]
    Unanimous,
    /// More than half gave it.
    Majority,
    /// Anybody gave it.
    Union,
}

/// What counts as the same code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// The same code anywhere in the session.
    Session,
    /// The same code on the same turn.
    #[default]
    Turn,
    /// The same code on stretches that share at least half of what they cover together.
    Span,
}

/// Least intersection over union of stretches that are the same one (DOMAIN D).
pub const SAME: f64 = 0.5;

/// A code somewhere, and who gave it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unit {
    /// Names it within its session: `turn:12|rs03`.
    pub key: String,
    /// Session id.
    pub session: String,
    /// Code id.
    pub code: String,
    /// Turn, where it is one.
    pub turn: Option<u32>,
    /// Milliseconds on the session clock.
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    pub end_ms: i64,
    /// Who gave it, each once.
    pub given_by: BTreeSet<String>,
    /// Their notes, with names.
    pub notes: Vec<(String, String)>,
}

impl Unit {
    /// Whether all or none of so many coders gave it.
    pub fn is_disputed(&self, coders: usize) -> bool {
        self.given_by.len() < coders
    }

    /// Whether the rule keeps it.
    pub fn is_kept_by(&self, rule: Rule, coders: usize) -> bool {
        match rule {
            Rule::Unanimous => self.given_by.len() >= coders && coders > 0,
            Rule::Majority => self.given_by.len() * 2 > coders,
            Rule::Union => !self.given_by.is_empty(),
        }
    }
}

/// Turns that a coding covers: its own, or those of which it covers half, or else the one it covers most of.
pub fn turns_of(coding: &Coding, turns: &[(i64, i64)]) -> Vec<u32> {
    if let Some(turn) = coding.turn {
        return vec![turn];
    }
    let shared = |turn: &(i64, i64)| (coding.end_ms.min(turn.1) - coding.start_ms.max(turn.0)).max(0);
    let half: Vec<u32> =
        (0_u32..).zip(turns).filter(|(_, turn)| shared(turn) * 2 >= turn.1 - turn.0).map(|(at, _)| at).collect();
    if !half.is_empty() {
        return half;
    }
    let most = (0_u32..).zip(turns).filter(|(_, turn)| shared(turn) > 0).max_by_key(|(_, turn)| shared(turn));
    most.map(|(at, _)| at).into_iter().collect()
}

/// Units of one session from all its coders' codes, in order of start.
pub fn units(session: &str, codings: &[Coding], turns: &[(i64, i64)], on: On) -> Vec<Unit> {
    // Without a transcript there are no turns to compare on.
    let on = if on == On::Turn && turns.is_empty() { On::Span } else { on };
    let mut found = match on {
        On::Session => by_key(session, codings, |coding| vec![(format!("session|{}", coding.code), None)]),
        On::Turn => by_key(session, codings, |coding| {
            let key = |turn: u32| (format!("turn:{turn}|{}", coding.code), Some(turn));
            turns_of(coding, turns).into_iter().map(key).collect()
        }),
        On::Span => by_overlap(session, codings),
    };
    for unit in &mut found {
        if let Some(&(start, end)) = unit.turn.and_then(|turn| turns.get(turn as usize)) {
            (unit.start_ms, unit.end_ms) = (start, end);
        }
    }
    found.sort_by(|a, b| (a.start_ms, a.end_ms, &a.key).cmp(&(b.start_ms, b.end_ms, &b.key)));
    found
}

fn new_unit(session: &str, coding: &Coding, key: String, turn: Option<u32>) -> Unit {
    Unit {
        key,
        session: session.to_owned(),
        code: coding.code.clone(),
        turn,
        start_ms: coding.start_ms,
        end_ms: coding.end_ms,
        given_by: BTreeSet::new(),
        notes: Vec::new(),
    }
}

fn add(unit: &mut Unit, coding: &Coding) {
    unit.start_ms = unit.start_ms.min(coding.start_ms);
    unit.end_ms = unit.end_ms.max(coding.end_ms);
    unit.given_by.insert(coding.coder.clone());
    if !coding.note.is_empty() {
        unit.notes.push((coding.coder.clone(), coding.note.clone()));
    }
}

fn by_key(session: &str, codings: &[Coding], keys: impl Fn(&Coding) -> Vec<(String, Option<u32>)>) -> Vec<Unit> {
    let mut found: BTreeMap<String, Unit> = BTreeMap::new();
    for coding in codings {
        for (key, turn) in keys(coding) {
            let unit = found.entry(key.clone()).or_insert_with(|| new_unit(session, coding, key, turn));
            add(unit, coding);
        }
    }
    found.into_values().collect()
}

/// Groups stretches of one code by their best overlap with a group's first; each coder once per group.
fn by_overlap(session: &str, codings: &[Coding]) -> Vec<Unit> {
    let stretch = |coding: &Coding| Stretch::new(coding.start_ms as f64, coding.end_ms as f64, "");
    let mut sorted: Vec<&Coding> = codings.iter().collect();
    sorted.sort_by(|a, b| (&a.code, a.start_ms, a.end_ms, &a.coder).cmp(&(&b.code, b.start_ms, b.end_ms, &b.coder)));
    let mut groups: Vec<(Stretch, Unit)> = Vec::new();
    for coding in sorted {
        let own = stretch(coding);
        let best = groups
            .iter_mut()
            .filter(|(_, unit)| unit.code == coding.code && !unit.given_by.contains(&coding.coder))
            .map(|group| (iou(&group.0, &own), group))
            .filter(|(overlap, _)| *overlap >= SAME)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        match best {
            Some((_, group)) => add(&mut group.1, coding),
            None => {
                let key = format!("span:{}-{}|{}", coding.start_ms, coding.end_ms, coding.code);
                let mut unit = new_unit(session, coding, key, None);
                add(&mut unit, coding);
                groups.push((own, unit));
            }
        }
    }
    groups.into_iter().map(|(_, unit)| unit).collect()
}

/// How much of what coders gave the rule and the meeting keep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retention {
    /// Units that anybody gave.
    pub given: usize,
    /// Units kept by the rule alone.
    pub kept_by_rule: usize,
    /// Units kept after the meeting's outcomes.
    pub kept: usize,
    /// Units on which the coders differ.
    pub disputed: usize,
    /// Of these, how many the meeting has settled.
    pub settled: usize,
}

/// What stays: by the meeting where it has spoken, by the rule elsewhere. `coders`: how many people's work counts in a
/// session, see [`super::flow::coders_of`].
pub fn kept(
    units: &[Unit],
    outcomes: &[(String, Outcome)],
    rule: Rule,
    coders: &dyn Fn(&str) -> usize,
) -> (Vec<Unit>, Retention) {
    let spoken: BTreeMap<(&str, &str), &Outcome> =
        outcomes.iter().map(|(session, outcome)| ((session.as_str(), outcome.unit.as_str()), outcome)).collect();
    let outcome = |unit: &Unit| spoken.get(&(unit.session.as_str(), unit.key.as_str())).copied();
    let mut kept = Vec::new();
    let mut sums = Retention { given: units.len(), kept_by_rule: 0, kept: 0, disputed: 0, settled: 0 };
    for unit in units {
        let coders = coders(&unit.session);
        let by_rule = unit.is_kept_by(rule, coders);
        sums.kept_by_rule += usize::from(by_rule);
        let met = outcome(unit);
        if unit.is_disputed(coders) {
            sums.disputed += 1;
            sums.settled += usize::from(met.is_some());
        }
        if met.map_or(by_rule, |outcome| outcome.keep) {
            let mut unit = unit.clone();
            if let Some(code) = met.map(|outcome| &outcome.code).filter(|code| !code.is_empty()) {
                unit.code.clone_from(code);
            }
            kept.push(unit);
            sums.kept += 1;
        }
    }
    (kept, sums)
}
