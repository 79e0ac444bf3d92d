//! Attachment-pattern moments (DOMAIN C.3): a moment, never a person and never a class.

use std::collections::VecDeque;

use super::join::{codes, joint, padded, review_secs};
use super::scene::{Scene, unit_interval};
use super::score::{Unit, probability};
use super::settings::{Pattern, Role};
use super::statistics::Usual;
use super::{Episode, EpisodeKind, Evidence, missing, words};
use crate::markers::Event;
use crate::markers::exchange::Exchange;
use crate::rules::Hit;
use crate::time::Span;
use crate::track::Who;

/// All moments, in order of kind, then start; those of one kind that overlap are one.
pub(super) fn moments(scene: &Scene<'_>, units: &[Unit<'_>], usual: &Usual) -> Vec<Episode> {
    let mut found = Vec::new();
    for (kind, all) in [
        (EpisodeKind::AvoidantLike, avoidant(scene, usual)),
        (EpisodeKind::PreoccupiedLike, preoccupied(scene)),
        (EpisodeKind::SecureLike, secure(scene, units)),
    ] {
        for draft in joined(all) {
            found.push(episode(scene, kind, draft));
        }
    }
    found
}

/// A moment before it is written down.
struct Draft {
    span: Span,
    signs: Vec<Evidence>,
}

fn joined(mut drafts: Vec<Draft>) -> Vec<Draft> {
    drafts.sort_by_key(|draft| draft.span);
    let mut joined: Vec<Draft> = Vec::new();
    for draft in drafts {
        match joined.last_mut() {
            Some(last) if draft.span.start() < last.span.end() => {
                last.span = last.span.hull(draft.span);
                for sign in draft.signs {
                    if !last
                        .signs
                        .iter()
                        .rev()
                        .take(64)
                        .any(|old| old.span == sign.span && old.sentence == sign.sentence)
                    {
                        last.signs.push(sign);
                    }
                }
            }
            _ => joined.push(draft),
        }
    }
    joined
}

/// Short replies in most of a row of exchanges about distress, with words that make it small or turn away from it.
fn avoidant(scene: &Scene<'_>, usual: &Usual) -> Vec<Draft> {
    let settings = &scene.settings.moments.avoidant;
    let Some(short) = usual.words_quantile(settings.short_quantile, settings.least_replies) else { return Vec::new() };
    let about: Vec<&Exchange> =
        scene.exchanges.iter().copied().filter(|exchange| is_about_distress(scene, exchange)).collect();
    let is_short = |exchange: &&&Exchange| exchange.reply_words.is_some_and(|words| f64::from(words) < short);
    let mut found = Vec::new();
    for row in about.windows(settings.of.max(1)) {
        let Some(span) = row.iter().map(|exchange| exchange.prompt.hull(exchange.resp)).reduce(Span::hull) else {
            continue;
        };
        let shorts: Vec<&&Exchange> = row.iter().filter(is_short).collect();
        if span.length() > settings.within_secs.0 || shorts.len() < settings.least_short {
            continue;
        }
        let mut signs: Vec<Evidence> = row
            .iter()
            .flat_map(|exchange| settings.with.iter().flat_map(|pattern| scene.events.matching(pattern, exchange.resp)))
            .map(|event| sign(scene, "words", &[event]))
            .collect();
        if signs.is_empty() {
            continue;
        }
        signs.extend(shorts.iter().map(|exchange| short_reply(scene, exchange, short)));
        found.push(Draft { span, signs });
    }
    found
}

fn is_about_distress(scene: &Scene<'_>, exchange: &Exchange) -> bool {
    let settings = &scene.settings.moments.avoidant;
    let named = exchange.prompt_kind.as_ref().is_some_and(|kind| settings.distress_prompts.contains(kind));
    let before = exchange.prompt.widened(settings.distress_before_secs.0, std::time::Duration::ZERO);
    let words = Pattern {
        markers: vec!["txt.distress".into()],
        kinds: vec![],
        who: Role::Anyone,
        below: None,
        above: None,
        times: None,
    };
    named || !scene.events.starting_in(std::slice::from_ref(&words), before).is_empty()
}

fn short_reply(scene: &Scene<'_>, exchange: &Exchange, short: f64) -> Evidence {
    Evidence {
        family: "brevity".into(),
        sentence: words::short_reply(exchange.reply_words.unwrap_or_default(), short),
        who: Who::Client,
        span: exchange.reply.unwrap_or(exchange.resp),
        weight: scene.settings.moments.weight,
        strength: 1.0,
        quality: unit_interval(exchange.quality),
        events: exchange.prompt_event.into_iter().collect(),
    }
}

/// The client speaks nearly alone for long, and what the therapist says is spoken over or passed by.
fn preoccupied(scene: &Scene<'_>) -> Vec<Draft> {
    let settings = &scene.settings.moments.preoccupied;
    let mut found = Vec::new();
    for (span, sentence) in long_turns(scene).into_iter().chain(high_shares(scene)) {
        let hits = scene.hits_in(span).into_iter().filter(|hit| settings.with_codes.contains(&hit.code));
        let mut signs: Vec<Evidence> = hits.map(|hit| by_code(scene, hit)).collect();
        let events = settings.with.iter().flat_map(|pattern| scene.events.matching(pattern, span));
        signs.extend(events.map(|event| sign(scene, "floor", &[event])));
        if signs.is_empty() {
            continue;
        }
        let floor = Evidence {
            family: "turn".into(),
            sentence,
            who: Who::Client,
            span,
            weight: scene.settings.moments.weight,
            strength: 1.0,
            quality: 1.0,
            events: Vec::new(),
        };
        signs.push(floor);
        found.push(Draft { span, signs });
    }
    found
}

/// Turns of the client, by voice where it was measured, else from the transcript.
fn long_turns(scene: &Scene<'_>) -> Vec<(Span, String)> {
    let least = scene.settings.moments.preoccupied.turn_secs.0;
    let is_turn = |event: &&Event| event.marker == "aud.turnlen" && event.who == Who::Client;
    let mut turns: Vec<Span> = scene.input.events.iter().filter(is_turn).map(|event| event.span).collect();
    if turns.is_empty() {
        turns = scene.input.turns.iter().filter(|turn| turn.who == Who::Client).map(|turn| turn.span).collect();
    }
    turns.retain(|turn| turn.length() >= least);
    turns.sort();
    turns.into_iter().map(|turn| (turn, words::long_turn(turn.secs_f64()))).collect()
}

/// Stretches of `share_over_secs` that end with a turn and in which the client has nearly all of the speaking. None of
/// them overlap.
fn high_shares(scene: &Scene<'_>) -> Vec<(Span, String)> {
    let settings = &scene.settings.moments.preoccupied;
    let length = settings.share_over_secs.0;
    let mut turns: Vec<(Span, bool)> = scene
        .input
        .turns
        .iter()
        .filter(|turn| matches!(turn.who, Who::Client | Who::Therapist))
        .map(|turn| (turn.span, turn.who == Who::Client))
        .collect();
    turns.sort_by_key(|(span, client)| (span.end(), span.start(), *client));
    let mut inside: VecDeque<(Span, bool)> = VecDeque::new();
    let mut secs = [0.0_f64; 2];
    let mut found = Vec::new();
    for (turn, client) in turns {
        inside.push_back((turn, client));
        secs[usize::from(client)] += turn.secs_f64();
        let Some(window) = Span::new(turn.end().minus(length), turn.end()) else { continue };
        while let Some(&(old, of_client)) = inside.front().filter(|(old, _)| old.end() <= window.start()) {
            inside.pop_front();
            secs[usize::from(of_client)] -= old.secs_f64();
        }
        let Some(window) = window.overlap(scene.session).filter(|inside| inside.length() >= length) else { continue };
        // What of the first turn lies before the window does not count.
        let cut = inside
            .front()
            .map_or((0.0, false), |&(old, of_client)| (window.start().secs_after(old.start()).max(0.0), of_client));
        let told = found.last().is_some_and(|(last, _): &(Span, String)| window.start() < last.end());
        if told {
            continue;
        }
        let of = |who: bool| (secs[usize::from(who)] - if cut.1 == who { cut.0 } else { 0.0 }).max(0.0);
        let (own, other) = (of(true), of(false));
        // Without a word of the therapist's there is nothing to pass by.
        if other > 0.0 && own >= settings.least_speaking * window.secs_f64() && own / (own + other) >= settings.share {
            found.push((window, words::high_share(own / (own + other), window.secs_f64())));
        }
    }
    found
}

/// Distress disclosed, looked at, and what the therapist said taken up, all in one exchange.
fn secure(scene: &Scene<'_>, units: &[Unit<'_>]) -> Vec<Draft> {
    let settings = &scene.settings.moments.secure;
    let mut found = Vec::new();
    for unit in units {
        let Some(exchange) = unit.exchange else { continue };
        let all_of = |patterns: &[Pattern]| -> Option<Vec<Evidence>> {
            patterns
                .iter()
                .map(|pattern| {
                    let event = scene.events.matching(pattern, exchange.resp).into_iter().next()?;
                    Some(sign(scene, "words", &[event]))
                })
                .collect()
        };
        let by_rule =
            unit.hits.iter().find(|hit| settings.codes.contains(&hit.code)).map(|hit| vec![by_code(scene, hit)]);
        let Some(disclosed) = by_rule.or_else(|| all_of(&settings.disclosed)) else { continue };
        let Some(taken_up) = all_of(&settings.with) else { continue };
        // The same text patterns in a reply that would be a candidate of another kind say the opposite.
        if unit.kind.is_none() {
            found.push(Draft { span: unit.span, signs: disclosed.into_iter().chain(taken_up).collect() });
        }
    }
    found
}

fn sign(scene: &Scene<'_>, family: &str, events: &[&Event]) -> Evidence {
    let first = events.first();
    Evidence {
        family: family.into(),
        sentence: words::evidence(events),
        who: first.map_or(Who::Room, |event| event.who),
        span: first.map_or(scene.session, |event| event.span),
        weight: scene.settings.moments.weight,
        strength: first.map_or(0.0, |event| scene.strength(event)),
        quality: first.map_or(0.0, |event| scene.quality(event)),
        events: events.iter().map(|event| event.id).collect(),
    }
}

fn by_code(scene: &Scene<'_>, hit: &Hit) -> Evidence {
    Evidence {
        family: "code".into(),
        sentence: super::join::direct_sentence(scene, hit),
        who: Who::Client,
        span: hit.span,
        weight: scene.settings.moments.weight,
        strength: unit_interval(hit.strength),
        quality: unit_interval(hit.quality),
        events: hit.because.clone(),
    }
}

fn episode(scene: &Scene<'_>, kind: EpisodeKind, draft: Draft) -> Episode {
    let longest = scene.settings.moments.value_cap_secs.0;
    let span = match Span::new(draft.span.start(), draft.span.start().plus(longest)) {
        Some(shown) if draft.span.length() > longest => shown,
        _ => draft.span,
    };
    let mut signs = draft.signs;
    let weight = |one: &Evidence| one.weight * one.strength * one.quality;
    signs.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.span.cmp(&b.span)).then(a.sentence.cmp(&b.sentence)));
    let mut families: Vec<&str> = Vec::new();
    let mut score = 0.0;
    let mut said: Vec<&str> = Vec::new();
    for one in &signs {
        if !families.contains(&one.family.as_str()) {
            families.push(&one.family);
            score += weight(one);
        }
        if said.len() < SAID_AT_MOST && !one.sentence.is_empty() && !said.contains(&one.sentence.as_str()) {
            said.push(&one.sentence);
        }
    }
    let clip = padded(scene, span);
    Episode {
        id: String::new(),
        kind,
        span,
        clip,
        rank: 0,
        in_budget: false,
        score,
        likelihood: None,
        ranking_weight: joint(scene, std::iter::once(probability(scene, score))),
        sentence: said.join("; "),
        codes: codes(scene, scene.hits_in(span).into_iter(), &[]),
        evidence_for: signs,
        evidence_against: Vec::new(),
        missing: missing::lines(scene, span, &[]),
        repair: None,
        cycle: None,
        also: Vec::new(),
        units: vec![span],
        watch: vec![clip],
        review_secs: review_secs(scene, &[clip]),
    }
}

/// Pieces of evidence in the sentence of a moment; the list has all of them.
const SAID_AT_MOST: usize = 4;
