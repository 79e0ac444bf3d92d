//! One exchange, or one window where there is none, with the cues found in it and their sums (DOMAIN C.1).

use super::EpisodeKind;
use super::scene::{Scene, unit_interval};
use super::settings::{Cue, Window};
use crate::codebook::Polarity;
use crate::markers::Event;
use crate::markers::exchange::Exchange;
use crate::rules::Hit;
use crate::time::Span;
use crate::track::Who;

/// A cue that is there.
#[derive(Clone, Debug)]
pub(super) struct Match<'a> {
    pub(super) cue: &'a Cue,
    pub(super) who: Who,
    pub(super) span: Span,
    /// g, 0 to 1: of several events their mean.
    pub(super) strength: f32,
    /// r, 0 to 1: of several events the lowest.
    pub(super) quality: f32,
    /// In order of start.
    pub(super) events: Vec<&'a Event>,
}

/// S of one type with the matches that make it up, the strongest of each family.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub(super) score: f32,
    /// In the order in which the families appear in the table.
    pub(super) parts: Vec<Part>,
}

/// What one family gives to a sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Position in [`Unit::matches`].
    pub(super) place: usize,
    /// Of the cue, for the sum's type.
    pub(super) weight: f32,
    /// `weight * g * r`.
    pub(super) value: f32,
}

/// What is scored.
#[derive(Clone, Debug)]
pub(super) struct Unit<'a> {
    /// From the prompt's start to the end of RESP.
    pub(super) span: Span,
    /// RESP widened for face and gaze.
    pub(super) reply: Span,
    pub(super) exchange: Option<&'a Exchange>,
    /// Every cue that is there, in the order of the table.
    pub(super) matches: Vec<Match<'a>>,
    /// Hits that belong to it.
    pub(super) hits: Vec<&'a Hit>,
    pub(super) withdrawal: Sum,
    pub(super) confrontation: Sum,
    /// The directly observable code that makes it a candidate alone.
    pub(super) direct: Option<&'a Hit>,
    /// What it is a candidate for, if for anything.
    pub(super) kind: Option<EpisodeKind>,
}

impl<'a> Unit<'a> {
    fn new(scene: &Scene<'a>, exchange: Option<&'a Exchange>, span: Span) -> Self {
        let settings = &scene.settings.unit;
        let answer = exchange.map_or(span, |exchange| exchange.resp);
        let reply = match exchange {
            Some(_) => answer.widened(settings.face_before_secs.0, settings.face_after_secs.0),
            None => span,
        };
        let look_back = span.widened(settings.look_back_secs.0, std::time::Duration::ZERO);
        // A rule may rest on a face that was hardly seen: such a hit does not count either.
        let mut hits = scene.hits_in(span.hull(reply));
        hits.retain(|hit| {
            hit.because.iter().filter_map(|&id| scene.events.get(id)).all(|one| scene.counts(one, reply))
        });
        let mut unit = Self {
            span,
            reply,
            exchange,
            matches: Vec::new(),
            hits,
            withdrawal: Sum::default(),
            confrontation: Sum::default(),
            direct: None,
            kind: None,
        };
        unit.matches = scene
            .settings
            .cue
            .iter()
            .filter_map(|cue| {
                let window = match cue.window {
                    Window::Answer => answer,
                    Window::Reply => reply,
                    Window::LookBack => look_back,
                };
                unit.look_for(scene, cue, window)
            })
            .collect();
        unit.withdrawal = unit.sum(|cue| cue.withdrawal);
        unit.confrontation = unit.sum(|cue| cue.confrontation);
        unit.direct = unit.direct_code(scene);
        unit.kind = unit.decide(scene);
        unit
    }

    fn look_for(&self, scene: &Scene<'a>, cue: &'a Cue, window: Span) -> Option<Match<'a>> {
        if cue.exploring_only && !self.exchange.is_some_and(|exchange| exchange.exploring) {
            return None;
        }
        let words = self.exchange.and_then(|exchange| exchange.reply_words);
        if words.zip(cue.least_reply_words).is_some_and(|(words, least)| words < least) {
            return None;
        }
        let mut found = self.by_code(scene, cue).or_else(|| by_events(scene, cue, window))?;
        if let (true, Some(exchange)) = (cue.exploring_only, self.exchange) {
            found.quality = found.quality.min(unit_interval(exchange.quality));
        }
        Some(found)
    }

    fn by_code(&self, scene: &Scene<'a>, cue: &'a Cue) -> Option<Match<'a>> {
        let hit = strongest(self.hits.iter().filter(|hit| cue.codes.contains(&hit.code)).copied())?;
        let mut events: Vec<_> = hit.because.iter().filter_map(|&id| scene.events.get(id)).collect();
        events.sort_by_key(|event| (event.span, event.id));
        Some(Match {
            cue,
            who: Who::Client,
            span: hit.span,
            strength: unit_interval(hit.strength),
            quality: unit_interval(hit.quality),
            events,
        })
    }

    /// Per family only the strongest cue counts.
    fn sum(&self, weight: impl Fn(&Cue) -> f32) -> Sum {
        let mut parts: Vec<Part> = Vec::new();
        for (place, found) in self.matches.iter().enumerate() {
            let weight = weight(found.cue);
            let part = Part { place, weight, value: weight * found.strength * found.quality };
            if part.value.abs() <= 0.0 {
                continue;
            }
            match parts.iter_mut().find(|other| self.matches[other.place].cue.family == found.cue.family) {
                Some(best) if part.value.abs() > best.value.abs() => *best = part,
                Some(_) => {}
                None => parts.push(part),
            }
        }
        Sum { score: parts.iter().map(|part| part.value).sum(), parts }
    }

    fn direct_code(&self, scene: &Scene<'a>) -> Option<&'a Hit> {
        let settings = &scene.settings.candidate;
        strongest(self.hits.iter().copied().filter(|hit| {
            let direct = scene.card(&hit.code).is_some_and(|card| {
                card.cap_of(&hit.rule) >= settings.direct_cap && card.polarity == Polarity::Straining
            });
            direct && weight_of(hit) >= settings.direct_from
        }))
    }

    fn decide(&self, scene: &Scene<'a>) -> Option<EpisodeKind> {
        let settings = &scene.settings.candidate;
        let (w, k) = (self.withdrawal.score, self.confrontation.score);
        let (is_w, is_k) = (self.is_candidate(scene, &self.withdrawal), self.is_candidate(scene, &self.confrontation));
        match (is_w || self.direct.is_some(), is_k) {
            (false, false) => None,
            _ if w >= settings.mixed_from && k >= settings.mixed_from => Some(EpisodeKind::Mixed),
            (true, true) if k > w => Some(EpisodeKind::Confrontation),
            (true, _) => Some(EpisodeKind::Withdrawal),
            (false, true) => Some(EpisodeKind::Confrontation),
        }
    }

    fn is_candidate(&self, scene: &Scene<'a>, sum: &Sum) -> bool {
        let settings = &scene.settings.candidate;
        let families: Vec<&String> = sum
            .parts
            .iter()
            .filter(|part| part.value >= settings.family_counts_from)
            .map(|part| &self.matches[part.place].cue.family)
            .collect();
        let one_group = settings.never_alone.iter().any(|group| families.iter().all(|family| group.contains(family)));
        sum.score >= settings.least_score && families.len() >= settings.least_families && !one_group
    }

    /// S for this type: of the two for mixed ones the larger.
    pub(super) fn score(&self, kind: EpisodeKind) -> f32 {
        self.sum_for(kind).score
    }

    fn sum_for(&self, kind: EpisodeKind) -> &Sum {
        let confronting = match kind {
            EpisodeKind::Confrontation => true,
            EpisodeKind::Mixed => self.confrontation.score > self.withdrawal.score,
            _ => false,
        };
        if confronting { &self.confrontation } else { &self.withdrawal }
    }

    /// What makes it this type, in the order of the table; for mixed ones what makes it either.
    pub(super) fn parts(&self, kind: EpisodeKind) -> Vec<Part> {
        let mut parts = self.sum_for(kind).parts.clone();
        if kind == EpisodeKind::Mixed {
            let both = self.withdrawal.parts.iter().chain(&self.confrontation.parts);
            for part in both {
                match parts.iter_mut().find(|old| old.place == part.place) {
                    Some(old) if part.value.abs() > old.value.abs() => *old = *part,
                    Some(_) => {}
                    None => parts.push(*part),
                }
            }
        }
        parts.sort_by_key(|part| part.place);
        parts
    }

    /// p of DOMAIN C.1: `1 / (1 + exp(-(b + S)))`, capped without a transcript. For ranking only.
    pub(super) fn probability(&self, scene: &Scene<'a>, kind: EpisodeKind) -> f64 {
        probability(scene, self.score(kind))
    }
}

/// p of DOMAIN C.1 for this S, 0 to 1.
pub(super) fn probability(scene: &Scene<'_>, score: f32) -> f64 {
    let candidate = &scene.settings.candidate;
    let p = 1.0 / (1.0 + (-f64::from(candidate.prior + candidate.slope * score)).exp());
    if scene.has_words { p } else { p.min(f64::from(scene.settings.unit.without_words_most)) }
}

/// Strength x quality of a hit, 0 to 1.
pub(super) fn weight_of(hit: &Hit) -> f32 {
    unit_interval(hit.strength) * unit_interval(hit.quality)
}

fn strongest<'a>(hits: impl Iterator<Item = &'a Hit>) -> Option<&'a Hit> {
    hits.fold(None, |best: Option<&Hit>, hit| match best {
        Some(best) if weight_of(best) >= weight_of(hit) => Some(best),
        _ => Some(hit),
    })
}

/// The strongest events that make up a cue in a window, if they are there.
fn by_events<'a>(scene: &Scene<'a>, cue: &'a Cue, window: Span) -> Option<Match<'a>> {
    let least = cue.at_least.unwrap_or(1);
    let lines: Vec<Vec<&Event>> = cue
        .events
        .iter()
        .map(|pattern| {
            let mut events = scene.events.matching(pattern, window);
            events.retain(|event| scene.counts(event, window));
            if events.len() < pattern.times.unwrap_or(1) { Vec::new() } else { events }
        })
        .collect();
    if lines.iter().filter(|line| !line.is_empty()).count() < least {
        return None;
    }
    let weight = |event: &Event| scene.strength(event) * scene.quality(event);
    let best_near = |line: &[&'a Event], anchor: Option<&Event>| -> Option<&'a Event> {
        line.iter()
            .copied()
            .filter(|event| match (anchor, cue.together_secs) {
                (Some(anchor), Some(apart)) => anchor.span.widened(apart.0, apart.0).overlap(event.span).is_some(),
                _ => true,
            })
            .fold(None, |best: Option<&Event>, event| match best {
                Some(best) if weight(best) >= weight(event) => Some(best),
                _ => Some(event),
            })
    };
    let group = |anchor: Option<&'a Event>, of: usize| -> Vec<&'a Event> {
        let mut found: Vec<_> = (0..lines.len())
            .filter_map(|line| if line == of { anchor } else { best_near(&lines[line], anchor) })
            .collect();
        found.sort_by_key(|event| (event.span, event.id));
        found
    };
    let mut chosen: Option<Vec<&Event>> = None;
    if least == 1 {
        // One line is enough: the strongest event of all lines, or all of a line that asks for several.
        let line = (0..lines.len())
            .filter_map(|line| Some((line, weight(best_near(&lines[line], None)?))))
            .fold(None, |best: Option<(usize, f32)>, next| match best {
                Some(best) if best.1 >= next.1 => Some(best),
                _ => Some(next),
            })?
            .0;
        let several = cue.events[line].times.unwrap_or(1) > 1;
        chosen =
            if several { Some(lines[line].clone()) } else { best_near(&lines[line], None).map(|event| vec![event]) };
    } else if cue.together_secs.is_none() {
        chosen = Some(group(None, usize::MAX));
    } else {
        for (line, anchor) in lines.iter().enumerate().flat_map(|(line, events)| events.iter().map(move |e| (line, *e)))
        {
            let found = group(Some(anchor), line);
            let better = |old: &Vec<&Event>| mean(scene, &found) > mean(scene, old);
            if found.len() >= least && chosen.as_ref().is_none_or(better) {
                chosen = Some(found);
            }
        }
    }
    let events = chosen?;
    let span = events.iter().map(|event| event.span).reduce(Span::hull)?;
    Some(Match {
        cue,
        who: events.first()?.who,
        span,
        strength: mean(scene, &events),
        quality: events.iter().map(|event| scene.quality(event)).fold(1.0, f32::min),
        events,
    })
}

fn mean(scene: &Scene<'_>, events: &[&Event]) -> f32 {
    events.iter().map(|event| scene.strength(event)).sum::<f32>() / events.len().max(1) as f32
}

/// A recording whose times are damaged can claim to last for years: windows end after a month of them.
const MOST_WINDOWS: usize = 200_000;

/// All units in order of start: each exchange, and windows over every stretch without one that is long enough.
pub(super) fn units<'a>(scene: &Scene<'a>) -> Vec<Unit<'a>> {
    let settings = &scene.settings.unit;
    let mut spans: Vec<(Span, Option<&Exchange>)> = Vec::new();
    let mut covered = scene.session.start();
    for exchange in &scene.exchanges {
        let span = exchange.prompt.hull(exchange.resp);
        windows(covered, span.start(), settings.window_secs.0, settings.step_secs.0, &mut spans);
        spans.push((span, Some(exchange)));
        covered = covered.max(span.end());
    }
    let first_window_may_be_short = scene.exchanges.is_empty();
    windows(covered, scene.session.end(), settings.window_secs.0, settings.step_secs.0, &mut spans);
    if first_window_may_be_short && spans.is_empty() {
        spans.push((scene.session, None));
    }
    spans.into_iter().map(|(span, exchange)| Unit::new(scene, exchange, span)).collect()
}

fn windows(
    from: crate::time::SessionTime,
    to: crate::time::SessionTime,
    length: std::time::Duration,
    step: std::time::Duration,
    spans: &mut Vec<(Span, Option<&Exchange>)>,
) {
    let mut start = from;
    let before = spans.len();
    while let Some(window) = Span::new(start, start.plus(length)).filter(|window| window.end() <= to) {
        if spans.len() - before >= MOST_WINDOWS {
            return;
        }
        spans.push((window, None));
        start = start.plus(step);
    }
    // What a whole step would have left over at the end.
    let last =
        spans.last().filter(|(last, exchange)| exchange.is_none() && last.start() >= from).map(|(last, _)| *last);
    if let Some(rest) = last.and_then(|last| Span::new(to.minus(length), to).filter(|rest| rest.end() > last.end())) {
        spans.push((rest, None));
    }
}
