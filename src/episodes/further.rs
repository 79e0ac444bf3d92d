//! What else is worth a look when the candidates do not fill the review budget.
//!
//! Most ruptures show too little to reach the candidates' mark: at the best published accuracy eleven of fifty minutes have
//! to be watched to see four fifths of them (DOMAIN C.8). The stretches next below the mark fill the minutes that are left.
//! They are no candidates, and no count of candidates holds them.

use super::scene::Scene;
use super::score::Unit;
use super::{Episode, EpisodeKind, join};
use crate::time::Span;

/// A run of neighbouring units, some of them with evidence.
struct Stretch {
    /// Probability that something is there, times its value, per second of a coder's time.
    worth: f64,
    first: usize,
    last: usize,
}

/// Stretches below the mark, best per second first, as long as they fit into `left_secs`. None of them lies mostly in what
/// is watched anyway.
pub(super) fn further(scene: &Scene<'_>, units: &[Unit<'_>], episodes: &[Episode], left_secs: f64) -> Vec<Episode> {
    let mut stretches: Vec<Stretch> = (0..units.len()).filter_map(|first| best_from(scene, units, first)).collect();
    stretches.sort_by(|a, b| b.worth.total_cmp(&a.worth).then(a.first.cmp(&b.first)));

    let mut watched: Vec<Span> = episodes.iter().flat_map(|episode| episode.watch.iter().copied()).collect();
    let mut left = left_secs;
    let mut found: Vec<Episode> = Vec::new();
    for Stretch { first, last, .. } in stretches {
        let span = units[first].span.hull(units[last].span);
        let cost = join::review_secs(scene, &[join::padded(scene, span)]);
        let seen: f64 = watched.iter().filter_map(|other| other.overlap(span)).map(Span::secs_f64).sum();
        if cost > left || seen >= span.secs_f64() / 2.0 {
            continue;
        }
        left -= cost;
        let members: Vec<usize> = (first..=last).collect();
        let strongest = members.iter().copied().reduce(|a, b| if score(&units[b]) > score(&units[a]) { b } else { a });
        let mut episode = join::episode(scene, units, kind(&units[strongest.unwrap_or(first)]), &members);
        episode.in_budget = true;
        watched.extend(episode.watch.iter().copied());
        found.push(episode);
    }
    found
}

/// The best run that starts here with evidence and ends with evidence. A rupture lasts for some exchanges, so that weak
/// evidence in neighbours counts together, as in DOMAIN C.2.
fn best_from(scene: &Scene<'_>, units: &[Unit<'_>], first: usize) -> Option<Stretch> {
    let settings = &scene.settings.ranking;
    let has_evidence = |unit: &Unit<'_>| unit.kind.is_none() && score(unit) >= settings.further_from;
    if !has_evidence(&units[first]) {
        return None;
    }
    let mut best: Option<Stretch> = None;
    let mut none = 1.0;
    for (last, unit) in units.iter().enumerate().skip(first) {
        let span = units[first].span.hull(unit.span);
        if unit.kind.is_some() || (last > first && span.length() > settings.further_secs_at_most.0) {
            break;
        }
        none *= (1.0 - unit.probability(scene, kind(unit))).powf(scene.settings.join.exponent);
        let cost = join::review_secs(scene, &[join::padded(scene, span)]).max(1.0);
        let value = settings.value.get(&kind(unit)).copied().unwrap_or_default();
        let worth = (1.0 - none) * value / cost;
        if has_evidence(unit) && best.as_ref().is_none_or(|best| worth > best.worth) {
            best = Some(Stretch { worth, first, last });
        }
    }
    best
}

/// The type for which more speaks.
fn kind(unit: &Unit<'_>) -> EpisodeKind {
    match unit.confrontation.score > unit.withdrawal.score {
        true => EpisodeKind::Confrontation,
        false => EpisodeKind::Withdrawal,
    }
}

fn score(unit: &Unit<'_>) -> f32 {
    unit.score(kind(unit))
}
