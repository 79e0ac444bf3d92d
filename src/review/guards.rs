//! How far coders follow the program: shown to themselves and to the lead, with a quiet alarm.
//!
//! A randomised trial with 2784 annotators found that suggestions raise the acceptance of wrong ones (Beck et al. 2025);
//! DOMAIN E asks for the two numbers here and for the thresholds of the alarm.

use std::collections::BTreeMap;

use serde::Serialize;

use super::clips::ClipKind;
use super::records::Decision;

/// Alarm: more of the candidates confirmed than this (DOMAIN E).
const ACCEPT_MOST: f64 = 0.9;
/// Alarm: decided in less than this part of the clip's length, in the middle (DOMAIN E).
const TIME_LEAST: f64 = 1.0 / 3.0;
/// Fewer decisions say nothing.
const ENOUGH: usize = 8;

/// One coder's habits in the second pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Habits {
    /// Who.
    pub coder: String,
    /// Decisions on candidates.
    pub candidates: usize,
    /// Decisions on stretches below the candidates' mark.
    pub further: usize,
    /// Decisions on controls.
    pub controls: usize,
    /// Share of the candidates confirmed, also with another code; `None` without any.
    pub accept_rate: Option<f64>,
    /// Share of the further stretches confirmed; `None` without any.
    pub further_rate: Option<f64>,
    /// Share of the controls confirmed; `None` without any.
    pub control_hit_rate: Option<f64>,
    /// Middle of the time to the decision over the clip's length; `None` without any.
    pub time_over_clip: Option<f64>,
    /// In words, when it is worth a thought.
    pub alarm: Option<String>,
}

/// Habits by coder.
pub fn habits(decisions: &[(String, Decision)]) -> Vec<Habits> {
    let mut by_coder: BTreeMap<&str, Vec<&Decision>> = BTreeMap::new();
    for (_, decision) in decisions {
        by_coder.entry(&decision.coder).or_default().push(decision);
    }
    by_coder.into_iter().map(|(coder, own)| of_one(coder, &own)).collect()
}

fn of_one(coder: &str, own: &[&Decision]) -> Habits {
    let is_yes = |decision: &&&Decision| ["confirm", "recode"].contains(&decision.verdict.as_str());
    let rate = |kind: ClipKind| {
        let all = own.iter().filter(|decision| decision.kind == kind).count();
        let yes = own.iter().filter(|decision| decision.kind == kind).filter(is_yes).count();
        (all, (all > 0).then(|| yes as f64 / all as f64))
    };
    let (candidates, accept_rate) = rate(ClipKind::Candidate);
    let (further, further_rate) = rate(ClipKind::Further);
    let (controls, control_hit_rate) = rate(ClipKind::Control);
    let mut paces: Vec<f64> = own
        .iter()
        .filter(|decision| decision.end_ms > decision.start_ms)
        .map(|decision| decision.seconds * 1000.0 / (decision.end_ms - decision.start_ms) as f64)
        .collect();
    paces.sort_by(f64::total_cmp);
    let time_over_clip = paces.get(paces.len() / 2).copied();
    let fast = time_over_clip.is_some_and(|pace| pace < TIME_LEAST) && own.len() >= ENOUGH;
    let trusting = accept_rate.is_some_and(|rate| rate > ACCEPT_MOST) && candidates >= ENOUGH;
    let alarm = match (trusting, fast) {
        (true, true) => Some("nearly every clip confirmed, most in less than a third of their length"),
        (true, false) => Some("nearly every clip confirmed"),
        (false, true) => Some("most clips decided in less than a third of their length"),
        (false, false) => None,
    };
    Habits {
        coder: coder.to_owned(),
        candidates,
        further,
        controls,
        accept_rate,
        further_rate,
        control_hit_rate,
        time_over_clip,
        alarm: alarm.map(str::to_owned),
    }
}
