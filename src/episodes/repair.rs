//! What came after an episode: was it addressed, and did the client come back (DOMAIN C.3).

use std::time::Duration;

use super::scene::Scene;
use super::settings::Pattern;
use super::statistics::{Usual, median};
use super::{Episode, Outcome, Repair};
use crate::markers::Event;
use crate::markers::exchange::Exchange;
use crate::time::{SessionTime, Span};
use crate::track::Who;

/// Looks for the remark and the signs of re-engagement after a rupture candidate.
pub(super) fn repair(scene: &Scene<'_>, usual: &Usual, episode: &Episode) -> Repair {
    let settings = &scene.settings.repair;
    let (first, last) = (episode.units.first(), episode.units.last());
    let ended = last.map_or(episode.span.end(), |unit| unit.end());
    let first_ended = first.map_or(ended, |unit| unit.end());
    let after_it =
        Span::new(ended.minus(scene.settings.repair.early_secs.0), ended.plus(settings.remark_within_secs.0));
    let inside_it = Span::new(
        first_ended.minus(scene.settings.repair.early_secs.0),
        ended.minus(scene.settings.repair.early_secs.0),
    );
    let remarks = |window: Option<Span>| window.map_or(Vec::new(), |w| scene.events.starting_in(&settings.remarks, w));
    let remark = remarks(after_it).first().copied().or_else(|| remarks(inside_it).last().copied());

    let from = remark.map_or(ended, |remark| remark.span.end());
    let signs =
        after(scene, from, settings.after_secs.0).map_or(Vec::new(), |after| signs(scene, usual, episode, after));
    let met = signs.iter().filter(|(_, met)| *met).count();
    let assessable = signs.len() >= settings.least_signs && can_see(scene, &settings.remarks);
    let outcome = match (assessable, remark, met >= settings.least_signs) {
        (false, ..) => Outcome::NotAssessable,
        (true, Some(_), true) => Outcome::Resolved,
        (true, Some(_), false) => Outcome::Unresolved,
        (true, None, true) => Outcome::SpontaneousRecovery,
        (true, None, false) => Outcome::NeverAddressed,
    };
    let score = (!signs.is_empty()).then(|| met as f32 / signs.len() as f32);
    Repair { outcome, remark: remark.map(|r| r.id), remark_span: remark.map(|r| r.span), score, signs }
}

/// Whether the markers of these patterns could look at this session.
pub(super) fn can_see(scene: &Scene<'_>, patterns: &[Pattern]) -> bool {
    let mut markers = patterns.iter().flat_map(|pattern| &pattern.markers);
    let blind = |marker: &String| scene.input.blind.iter().any(|(blind, _)| blind == marker);
    let unread = |marker: &String| marker.starts_with("txt.") && !scene.has_words;
    markers.all(|marker| !blind(marker) && !unread(marker))
}

/// Exchanges whose RESP starts in a stretch.
pub(super) fn exchanges_in<'s, 'a>(scene: &'s Scene<'a>, window: Span) -> &'s [&'a Exchange] {
    let position = |time: SessionTime| scene.by_reply.partition_point(|exchange| exchange.resp.start() < time);
    scene.by_reply.get(position(window.start())..position(window.end())).unwrap_or_default()
}

/// Median words of the replies that start in a stretch; `None` if no reply with known words does.
pub(super) fn reply_words(scene: &Scene<'_>, window: Span) -> Option<f64> {
    let early = Span::new(window.start().minus(scene.settings.repair.early_secs.0), window.end())?;
    median(exchanges_in(scene, early).iter().filter_map(|exchange| exchange.reply_words).map(f64::from).collect())
}

/// Events per minute, where enough of the stretch was usable for all of these markers.
pub(super) fn per_minute(scene: &Scene<'_>, markers: &[String], window: Span) -> Option<f64> {
    if !face_usable(scene, window) || markers.iter().all(|m| scene.input.blind.iter().any(|(blind, _)| blind == m)) {
        return None;
    }
    Some(scene.events.of_client(markers, window).len() as f64 * 60.0 / window.secs_f64())
}

/// Whether enough of the client's face was usable in a stretch.
pub(super) fn face_usable(scene: &Scene<'_>, window: Span) -> bool {
    let least =
        scene.settings.modality.iter().find(|modality| modality.id == "face").and_then(|face| face.least_usable);
    let share = scene.usable_share("face", Who::Client, window);
    least.is_none_or(|least| share.is_some_and(|share| share >= least))
}

/// The signs that could be assessed, each with whether it was met.
fn signs(scene: &Scene<'_>, usual: &Usual, episode: &Episode, after: Span) -> Vec<(String, bool)> {
    let settings = &scene.settings.repair;
    let mut signs = Vec::new();
    if let (Some(words), Some(own)) = (reply_words(scene, after), usual.words()) {
        let met = words >= (settings.words_at_least * own).max(1.0);
        signs.push((format!("replies of {words:.0} words (median; own median {own:.0})"), met));
    }
    if can_see(scene, &settings.distress_words) {
        let found = count(scene, &settings.distress_words, after);
        signs.push((format!("words of distress or of the mind in {found} places"), found > 0));
    }
    let rates =
        (per_minute(scene, &settings.negative_face, episode.clip), per_minute(scene, &settings.negative_face, after));
    if let (Some(before), Some(then)) = rates
        && before > 0.0
    {
        let met = then <= settings.face_rate_at_most * before;
        signs.push((format!("actions of mouth and brow {then:.1} per min (before {before:.1})"), met));
    }
    if let Some(met) = averted_ended(scene, episode, after) {
        signs.push(("looking away ended".into(), met));
    }
    if let (Some((secs, met)), Some((low, high))) =
        (latency_back(scene, usual, episode, after), usual.latency_quartiles())
    {
        signs.push((format!("{secs:.1} s until replies (median; own usual {low:.1} to {high:.1} s)"), met));
    }
    if can_see(scene, &settings.taken_up) {
        signs.push(("what the therapist said taken up".into(), count(scene, &settings.taken_up, after) > 0));
    }
    signs
}

fn count(scene: &Scene<'_>, patterns: &[Pattern], window: Span) -> usize {
    scene.events.starting_in(patterns, window).len()
}

/// Only where the client looked away in the episode, and the gaze could be seen in both.
fn averted_ended(scene: &Scene<'_>, episode: &Episode, after: Span) -> Option<bool> {
    let settings = &scene.settings.repair;
    let from = after.end().minus(settings.averted_free_secs.0).max(after.start());
    let last_part = Span::new(from, after.end())?;
    let averted = |window: Span| -> Vec<&Event> {
        let all = settings.averted.iter().flat_map(|pattern| scene.events.matching(pattern, window));
        all.filter(|event| scene.counts(event, window)).collect()
    };
    let least =
        scene.settings.modality.iter().find(|modality| modality.id == "gaze").and_then(|gaze| gaze.least_usable);
    let share = scene.usable_share("gaze", Who::Client, last_part);
    let seen = least.is_none_or(|least| share.is_some_and(|share| share >= least));
    let looked_away = !averted(episode.clip).is_empty();
    (seen && looked_away).then(|| averted(last_part).is_empty())
}

/// Only where replies in the episode came outside the person's usual range.
fn latency_back(scene: &Scene<'_>, usual: &Usual, episode: &Episode, after: Span) -> Option<(f64, bool)> {
    let (low, high) = usual.latency_quartiles()?;
    let usual_range = low..=high;
    let median_in = |window: Span| {
        median(exchanges_in(scene, window).iter().filter_map(|exchange| exchange.latency_secs).collect())
    };
    let during = median_in(episode.span)?;
    let then = median_in(Span::new(after.start().minus(scene.settings.repair.early_secs.0), after.end())?)?;
    (!usual_range.contains(&during)).then(|| (then, usual_range.contains(&then)))
}

/// The stretch after a moment, inside the session.
pub(super) fn after(scene: &Scene<'_>, from: SessionTime, length: Duration) -> Option<Span> {
    let after = scene.inside(Span::new(from, from.plus(length)))?;
    (after.length() >= scene.settings.repair.least_after_secs.0).then_some(after)
}
