//! The paper's cycle: the same blocked exchange three times or more, its break, and what came of it (DOMAIN C.6).
//!
//! Where the client's face was not seen, the voice alone can tell that the exchange recurs; the cycle says so.

use super::join::{codes, evidence, joint, padded, review_secs, sentence};
use super::repair::{after, can_see, face_usable, per_minute, reply_words};
use super::scene::{Scene, unit_interval};
use super::score::Unit;
use super::statistics::median;
use super::{Cycle, Episode, EpisodeKind, Outcome, Repair, missing, words};
use crate::markers::Event;
use crate::markers::exchange::Exchange;
use crate::time::Span;

/// An exchange in which exploration was asked for, did not happen, and the face moved or was not seen.
struct Blocked<'a> {
    /// Position of its unit.
    place: usize,
    exchange: &'a Exchange,
    /// Which of the settings' face actions were there; all of them may have been where the face was not seen.
    actions: Actions,
}

enum Actions {
    Seen(Vec<usize>),
    NotSeen,
}

impl Actions {
    fn may_hold(&self, action: usize) -> bool {
        match self {
            Self::Seen(actions) => actions.contains(&action),
            Self::NotSeen => true,
        }
    }
}

/// All cycles. Their units are marked in `taken`, so that they do not stand in the list a second time.
pub(super) fn cycles(scene: &Scene<'_>, units: &[Unit<'_>], taken: &mut [bool]) -> Vec<Episode> {
    let all: Vec<Blocked<'_>> = (0..units.len()).filter_map(|place| blocked(scene, &units[place], place)).collect();
    let least = scene.settings.cycle.least_repeats;
    let mut found = Vec::new();
    let mut from = 0;
    while from + least <= all.len() {
        let mut to = from + least;
        if !is_row(scene, &all[from..to]) {
            from += 1;
            continue;
        }
        while to < all.len() && is_row(scene, &all[to + 1 - least..=to]) {
            to += 1;
        }
        for repeat in &all[from..to] {
            taken[repeat.place] = true;
        }
        found.push(episode(scene, units, &all[from..to]));
        from = to;
    }
    found
}

fn blocked<'a>(scene: &Scene<'a>, unit: &Unit<'a>, place: usize) -> Option<Blocked<'a>> {
    let settings = &scene.settings.cycle;
    let exchange = unit.exchange.filter(|exchange| exchange.exploring)?;
    if !face_usable(scene, unit.reply) {
        // What was not seen is not taken for absent; the voice has to say more then.
        let told = unit.matches.iter().any(|found| settings.unseen_without_exploration.contains(&found.cue.id));
        return told.then_some(Blocked { place, exchange, actions: Actions::NotSeen });
    }
    let by_rule = unit.hits.iter().find(|hit| settings.blocked_codes.contains(&hit.code));
    let no_exploration = unit.matches.iter().any(|found| settings.without_exploration.contains(&found.cue.id))
        || unit.hits.iter().any(|hit| settings.without_exploration_codes.contains(&hit.code));
    if by_rule.is_none() && !no_exploration {
        return None;
    }
    let actions: Vec<usize> = (0..settings.face_actions.len())
        .filter(|&action| has_action(scene, &settings.face_actions[action], unit.reply))
        .collect();
    (!actions.is_empty()).then_some(Blocked { place, exchange, actions: Actions::Seen(actions) })
}

/// Whether an event of each of these markers is there, all of them near the first one's.
fn has_action(scene: &Scene<'_>, markers: &[String], window: Span) -> bool {
    let apart = scene.settings.cycle.together_secs.0;
    let events = |marker: &String| -> Vec<&Event> { scene.events.of_client(std::slice::from_ref(marker), window) };
    let Some((first, others)) = markers.split_first() else { return false };
    events(first).iter().any(|anchor| {
        let near = anchor.span.widened(apart, apart);
        others.iter().all(|other| events(other).iter().any(|event| event.span.overlap(near).is_some()))
    })
}

/// Near enough in time, the same face action, and no remark on the face between.
fn is_row(scene: &Scene<'_>, row: &[Blocked<'_>]) -> bool {
    let settings = &scene.settings.cycle;
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return false };
    let near = last.exchange.prompt.start() <= first.exchange.prompt.start().plus(settings.within_secs.0);
    let same_action =
        (0..settings.face_actions.len()).any(|action| row.iter().all(|repeat| repeat.actions.may_hold(action)));
    near && same_action && row.windows(2).all(|pair| !is_remarked(scene, &pair[0], &pair[1]))
}

fn is_remarked(scene: &Scene<'_>, left: &Blocked<'_>, right: &Blocked<'_>) -> bool {
    Span::new(left.exchange.resp.start(), right.exchange.prompt.end())
        .is_some_and(|between| !scene.events.starting_in(&scene.settings.cycle.face_remarks, between).is_empty())
}

fn episode(scene: &Scene<'_>, units: &[Unit<'_>], repeats: &[Blocked<'_>]) -> Episode {
    let kind = EpisodeKind::Cycle;
    let members: Vec<&Unit<'_>> = repeats.iter().map(|repeat| &units[repeat.place]).collect();
    let spans: Vec<Span> = members.iter().map(|unit| unit.span).collect();
    let span = spans.iter().copied().reduce(Span::hull).unwrap_or(scene.session);
    let strongest = members.iter().copied().reduce(|a, b| if b.score(kind) > a.score(kind) { b } else { a });
    let (evidence_for, evidence_against) = evidence(scene, &members, kind);
    let remark = broken_by(scene, repeats);
    let watch = merged(spans.iter().copied().chain(remark.map(|remark| remark.span)).map(|one| padded(scene, one)));
    let clip = watch.iter().copied().reduce(Span::hull).unwrap_or(span);
    let starts = spans.windows(2).map(|pair| pair[1].start().secs_after(pair[0].start()));
    let cycle = Cycle { repeats: spans.clone(), spacing_secs: starts.collect(), moves: moves(scene, repeats) };
    let said = strongest.map(|unit| sentence(scene, unit, kind)).unwrap_or_default();
    let around = remark.map_or(span, |remark| span.hull(remark.span));
    let inside = scene.hits_in(around);
    let hits = inside.into_iter().chain(members.iter().flat_map(|unit| unit.hits.iter().copied()));
    Episode {
        id: String::new(),
        kind,
        span,
        clip,
        rank: 0,
        in_budget: false,
        score: strongest.map_or(0.0, |unit| unit.score(kind)),
        likelihood: None,
        ranking_weight: joint(scene, members.iter().map(|unit| unit.probability(scene, kind))),
        sentence: words::cycle(repeats.len(), unseen(repeats), span.secs_f64()) + &said + &words::moves(&cycle.moves),
        evidence_for,
        evidence_against,
        missing: missing::lines(scene, members.iter().map(|unit| unit.reply).fold(span, Span::hull), &members),
        codes: codes(scene, hits, &scene.settings.cycle.own_codes),
        repair: Some(resolution(scene, repeats, span, remark)),
        cycle: Some(cycle),
        also: Vec::new(),
        units: spans,
        review_secs: review_secs(scene, &watch),
        watch,
    }
}

/// How many repeats' faces were not seen.
fn unseen(repeats: &[Blocked<'_>]) -> usize {
    repeats.iter().filter(|repeat| matches!(repeat.actions, Actions::NotSeen)).count()
}

/// The first remark on the face or the moment soon after the last repeat.
fn broken_by<'a>(scene: &Scene<'a>, repeats: &[Blocked<'_>]) -> Option<&'a Event> {
    let settings = &scene.settings.cycle;
    let ended = repeats.last()?.exchange.resp.end();
    let window = Span::new(ended.minus(scene.settings.repair.early_secs.0), ended.plus(settings.break_within_secs.0))?;
    scene.events.starting_in(&settings.break_remarks, window).first().copied()
}

/// What the therapist did after each repeat.
fn moves(scene: &Scene<'_>, repeats: &[Blocked<'_>]) -> Vec<String> {
    let settings = &scene.settings.cycle;
    let next_ends = repeats.iter().skip(1).map(|next| Some(next.exchange.prompt.end())).chain([None]);
    repeats
        .iter()
        .zip(next_ends)
        .map(|(repeat, next)| {
            let ended = repeat.exchange.resp.end();
            let window = Span::new(
                ended.minus(scene.settings.repair.early_secs.0),
                next.unwrap_or(ended.plus(settings.move_within_secs.0)),
            );
            let acts = window.map_or(Vec::new(), |window| scene.events.starting_in(&settings.move_markers, window));
            let Some(first) = acts.first() else {
                return if can_see(scene, &settings.move_markers) { words::SILENT } else { words::UNKNOWN_MOVE };
            };
            let lapsed = Span::new(repeat.exchange.resp.start(), first.span.end())
                .is_some_and(|until| scene.events.anybody("aud.lapse", until));
            if lapsed {
                return words::SILENT;
            }
            // A remark inside the same turn says more than the turn's kind.
            let turn = acts.iter().filter(|act| act.span.overlap(first.span).is_some());
            let remark = turn.clone().find(|act| act.marker == "txt.meta");
            let told = remark.unwrap_or(first);
            let new_topic = remark.is_none() && scene.events.therapist_topic(first.span);
            if new_topic { words::NEW_TOPIC } else { words::therapist_move(told) }
        })
        .map(str::to_owned)
        .collect()
}

/// Whether the break helped: in the stretch after it the face action is at most half as frequent, and replies are at least
/// twice as long as the blocked ones.
fn resolution(scene: &Scene<'_>, repeats: &[Blocked<'_>], span: Span, remark: Option<&Event>) -> Repair {
    let settings = &scene.settings.cycle;
    let nothing = |outcome| Repair { outcome, remark: None, remark_span: None, score: None, signs: Vec::new() };
    let Some(remark) = remark else {
        let seen = can_see(scene, &settings.break_remarks);
        return nothing(if seen { Outcome::NeverAddressed } else { Outcome::NotAssessable });
    };
    let mut signs = Vec::new();
    if let Some(after) = after(scene, remark.span.end(), settings.after_secs.0) {
        let markers = action_markers(scene, repeats);
        let rates = (per_minute(scene, &markers, span), per_minute(scene, &markers, after));
        if let (false, (Some(before), Some(then))) = (markers.is_empty(), rates) {
            let names: Vec<&str> = markers.iter().map(|marker| words::of_every_kind(marker)).collect();
            let met = then <= settings.face_rate_at_most * before;
            signs.push((format!("{} {then:.1} per min (in the cycle {before:.1})", names.join(" and ")), met));
        }
        let blocked = repeats.iter().filter_map(|repeat| repeat.exchange.reply_words).map(f64::from).collect();
        if let (Some(then), Some(blocked)) = (reply_words(scene, after), median(blocked)) {
            let met = then >= (settings.words_at_least * blocked).max(1.0);
            signs.push((format!("replies of {then:.0} words (median; in the cycle {blocked:.0})"), met));
        }
    }
    let met = signs.iter().filter(|(_, met)| *met).count();
    let outcome = match (signs.len(), met) {
        (2, 2) => Outcome::Resolved,
        (2, _) => Outcome::Unresolved,
        // One sign that was not met is enough to say that it did not help; one that was met is not enough.
        (1, 0) => Outcome::Unresolved,
        _ => Outcome::NotAssessable,
    };
    let score = (!signs.is_empty()).then(|| unit_interval(met as f32 / signs.len() as f32));
    Repair { outcome, remark: Some(remark.id), remark_span: Some(remark.span), score, signs }
}

/// Markers of the first face action that all repeats share; none where no repeat's face was seen.
fn action_markers(scene: &Scene<'_>, repeats: &[Blocked<'_>]) -> Vec<String> {
    let actions = &scene.settings.cycle.face_actions;
    let shared = |&action: &usize| repeats.iter().all(|repeat| repeat.actions.may_hold(action));
    let seen = |repeat: &Blocked<'_>| match &repeat.actions {
        Actions::Seen(actions) => actions.first().copied(),
        Actions::NotSeen => None,
    };
    let any_seen = repeats.iter().find_map(seen);
    let first = any_seen.and_then(|seen| (0..actions.len()).find(shared).or(Some(seen)));
    first.and_then(|action| actions.get(action)).cloned().unwrap_or_default()
}

/// Spans in order of start; those that touch become one.
fn merged(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.collect();
    sorted.sort();
    let mut merged: Vec<Span> = Vec::new();
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.start() <= last.end() => *last = last.hull(span),
            _ => merged.push(span),
        }
    }
    merged
}
