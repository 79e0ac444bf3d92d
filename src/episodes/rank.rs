//! The order for a coder's time, the review budget and the unmarked control windows (DOMAIN C.4).

use std::collections::{BTreeMap, VecDeque};

use super::further::further;
use super::scene::Scene;
use super::score::Unit;
use super::{Episode, ReviewPlan};
use crate::random::Random;
use crate::time::{SessionTime, Span};

/// Sets `rank` and `in_budget` of each episode and lays out the review.
pub(super) fn plan(
    scene: &Scene<'_>,
    units: &[Unit<'_>],
    episodes: &mut [Episode],
) -> (ReviewPlan, Vec<Episode>, Vec<Span>) {
    let settings = &scene.settings.ranking;
    let hours = scene.session.secs_f64() / 3600.0;
    let budget_secs = (settings.budget_minutes_per_hour * hours).max(settings.least_budget_minutes) * 60.0;

    let worth = |episode: &Episode| {
        let value = settings.value.get(&episode.kind).copied().unwrap_or_default();
        f64::from(episode.ranking_weight) * value / episode.review_secs.max(1.0)
    };
    let mut order: Vec<usize> = (0..episodes.len()).collect();
    order.sort_by(|&a, &b| worth(&episodes[b]).total_cmp(&worth(&episodes[a])).then(a.cmp(&b)));

    let for_clips = budget_secs * (1.0 - settings.control_share);
    let mut chosen =
        choose(episodes, &order, (for_clips, for_clips * settings.moment_share_at_most), settings.family_share_at_most);
    let (length_secs, wanted) = loop {
        let watched = chosen.iter().flat_map(|&place| &episodes[place].watch).map(|clip| clip.secs_f64()).collect();
        let length_secs = super::statistics::median(watched).unwrap_or(f64::from(settings.control_secs));
        let wanted = ((settings.control_share * chosen.len() as f64).round() as usize).max(settings.least_controls);
        let clips_secs: f64 = chosen.iter().map(|&place| episodes[place].review_secs).sum();
        let control_secs = length_secs / settings.playing_speed + f64::from(settings.overhead_secs);
        if chosen.len() <= 1 || clips_secs + control_secs * wanted as f64 <= budget_secs {
            break (length_secs, wanted);
        }
        chosen.pop();
    };
    let mut rank = 0;
    for &place in &chosen {
        rank += 1;
        (episodes[place].rank, episodes[place].in_budget) = (rank, true);
    }
    for &place in &order {
        if !episodes[place].in_budget {
            rank += 1;
            episodes[place].rank = rank;
        }
    }

    let clips_secs: f64 = chosen.iter().map(|&place| episodes[place].review_secs).sum::<f64>() + 0.0; // a sum of nothing is -0
    // Not of the least budget, which is there so that a short recording's candidates fit.
    let control_secs = length_secs / settings.playing_speed + f64::from(settings.overhead_secs);
    let left = settings.budget_minutes_per_hour * hours * 60.0 - clips_secs - control_secs * wanted as f64;
    let mut further = further(scene, units, episodes, left);
    for (place, one) in further.iter_mut().enumerate() {
        one.rank = u32::try_from(order.len() + place + 1).unwrap_or(u32::MAX);
    }
    further.sort_by_key(|one| (one.span, one.kind));
    for (place, one) in further.iter_mut().enumerate() {
        one.id = format!("f{:03}", place + 1);
    }
    let further_secs = further.iter().map(|one| one.review_secs).sum::<f64>() + 0.0;
    let controls = controls(scene, units, episodes.iter().chain(&further), length_secs, wanted);
    let controls_secs: f64 =
        controls.iter().map(|&window| super::join::review_secs(scene, &[window])).sum::<f64>() + 0.0;
    let plan = ReviewPlan {
        clips: u32::try_from(chosen.len()).unwrap_or(u32::MAX),
        minutes: (clips_secs + controls_secs) / 60.0,
        further: u32::try_from(further.len()).unwrap_or(u32::MAX),
        further_minutes: further_secs / 60.0,
        budget_minutes: budget_secs / 60.0,
        expected_confirmed: (!chosen.is_empty())
            .then(|| chosen.iter().map(|&place| episodes[place].ranking_weight).sum::<f32>()),
        note: super::words::UNCALIBRATED.to_owned(),
    };
    (plan, further, controls)
}

/// Greedy by worth, as long as it fits. While another family has something that fits, no family takes more than its share
/// of the list; when only one family is left, the minutes are used for it.
///
/// Two budgets in seconds: of everything, and of the moments in it; where there are only moments, the best one is listed
/// if it fits at all.
fn choose(episodes: &[Episode], order: &[usize], (budget_secs, moments_secs): (f64, f64), share: f64) -> Vec<usize> {
    let mut queues: BTreeMap<&str, VecDeque<(usize, usize)>> = BTreeMap::new();
    for (position, &place) in order.iter().enumerate() {
        queues.entry(family(&episodes[place])).or_default().push_back((position, place));
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut chosen: Vec<usize> = Vec::new();
    let (mut left, mut left_for_moments) = (budget_secs, moments_secs);
    let ruptures = episodes.iter().any(|episode| !episode.kind.is_moment());
    loop {
        let fits = |place: usize| {
            let one = &episodes[place];
            let first_of_moments = !ruptures && chosen.is_empty();
            one.review_secs <= left
                && (!one.kind.is_moment() || first_of_moments || one.review_secs <= left_for_moments)
        };
        for queue in queues.values_mut() {
            // What does not fit now never will: the budgets only shrink.
            while queue.front().is_some_and(|&(_, place)| !fits(place)) {
                queue.pop_front();
            }
        }
        let most = (share * (chosen.len() + 1) as f64).ceil().max(1.0) as usize;
        let best = |within_share: bool| {
            queues
                .iter()
                .filter(|(family, _)| !within_share || counts.get(*family).copied().unwrap_or(0) < most)
                .filter_map(|(&family, queue)| Some((*queue.front()?, family)))
                .min()
        };
        let Some(((_, place), family)) = best(true).or_else(|| best(false)) else { return chosen };
        if let Some(queue) = queues.get_mut(family) {
            queue.pop_front();
        }
        *counts.entry(family).or_default() += 1;
        left -= episodes[place].review_secs;
        if episodes[place].kind.is_moment() {
            left_for_moments -= episodes[place].review_secs;
        }
        chosen.push(place);
    }
}

/// Family of the strongest evidence.
fn family(episode: &Episode) -> &str {
    episode.evidence_for.first().map_or("code", |evidence| evidence.family.as_str())
}

/// Windows of `length_secs` outside every clip and every candidate unit, in order of start; fewer where there is no room.
fn controls<'e>(
    scene: &Scene<'_>,
    units: &[Unit<'_>],
    episodes: impl Iterator<Item = &'e Episode>,
    length_secs: f64,
    wanted: usize,
) -> Vec<Span> {
    let length = SessionTime::from_secs_f64(length_secs).nanos();
    let marked = episodes.flat_map(|episode| episode.watch.iter().copied());
    let candidates = units.iter().filter(|unit| unit.kind.is_some()).map(|unit| unit.span);
    let mut taken: Vec<Span> = marked.chain(candidates).collect();
    let mut random = Random::new(scene.input.seed);
    let mut found = Vec::new();
    while found.len() < wanted {
        let gaps: Vec<Span> = free(scene.session, &mut taken)
            .into_iter()
            .filter(|gap| gap.end().secs_after(gap.start()) >= length_secs)
            .collect();
        let room = |gap: &Span| (gap.end().nanos().saturating_sub(gap.start().nanos()) - length).max(0) as u64 + 1;
        let total = gaps.iter().map(room).fold(0_u64, u64::saturating_add);
        if total == 0 {
            break;
        }
        let mut at = random.below(total);
        for gap in &gaps {
            if at >= room(gap) {
                at -= room(gap);
                continue;
            }
            // Whole tenths of a second, as a person would cut it.
            let offset = i64::try_from(at - at % 100_000_000).unwrap_or(0);
            let start = gap.start().shifted(SessionTime::from_nanos(offset));
            if let Some(window) = Span::new(start, start.shifted(SessionTime::from_nanos(length))) {
                taken.push(window);
                found.push(window);
            }
            break;
        }
    }
    found.sort();
    found
}

/// What of the session lies in none of the spans, in order.
fn free(session: Span, taken: &mut [Span]) -> Vec<Span> {
    taken.sort();
    let mut free = Vec::new();
    let mut from = session.start();
    for span in taken.iter() {
        free.extend(Span::new(from, span.start().min(session.end())));
        from = from.max(span.end());
    }
    free.extend(Span::new(from, session.end()));
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_stretches_are_what_is_left() {
        let span = |from, to| Span::from_millis(from, to).unwrap();
        let mut taken = [span(50, 60), span(-5, 10), span(20, 30), span(25, 40), span(90, 200)];
        assert_eq!(free(span(0, 100), &mut taken), [span(10, 20), span(40, 50), span(60, 90)]);
    }
}
