//! Times for turns that have none: the sequence of turns is laid on the sequence of voice stretches, in order, so that
//! each turn gets about as much speech of its own voice as its words would take (dynamic programming).

use std::collections::BTreeMap;

use super::onto_clock::ClockSettings;
use super::{Turn, count_words};
use crate::time::{SessionTime, Span};
use crate::track::Who;

/// Turns of one speaker that follow each other.
struct Block<'a> {
    speaker: &'a str,
    /// Positions of its turns.
    turns: std::ops::Range<usize>,
    words: f64,
}

/// When each turn was, and how sure; in order, inside `window`.
pub(super) fn distribute(
    turns: &[Turn],
    window: Span,
    speech: &[(Who, Span)],
    settings: &ClockSettings,
) -> Vec<Option<(Span, f32)>> {
    let stretches = stretches(speech, window, settings);
    let mut placed = vec![None; turns.len()];
    let blocks = blocks(turns);
    let is_too_large = blocks.len().saturating_mul(stretches.len()) > settings.max_cells;
    let best = if is_too_large { None } else { best_fit(&blocks, &stretches, settings) };
    let Some((fits, voices)) = best else {
        // No voice, or nobody named: by words over all speech, or over the whole window.
        let all: Vec<Span> =
            if stretches.is_empty() { vec![window] } else { stretches.iter().map(|(_, span)| *span).collect() };
        let sure = if stretches.is_empty() { settings.confidence_guessed } else { settings.confidence_no_times / 2.0 };
        share(turns, 0..turns.len(), &all, sure, &mut placed);
        return placed;
    };
    let mut last_end = window.start();
    for (at, (block, fit)) in blocks.iter().zip(&fits).enumerate() {
        let own: Vec<Span> = stretches[fit.clone()]
            .iter()
            .filter(|(who, _)| voices.get(block.speaker) == Some(who))
            .map(|(_, span)| *span)
            .collect();
        if own.is_empty() {
            // No voice was left for it: it lies between its neighbours.
            let next = fits[at + 1..].iter().find(|fit| !fit.is_empty()).map(|fit| stretches[fit.start].1.start());
            let gap = Span::new(last_end, next.unwrap_or(window.end()));
            let short = SessionTime::from_secs_f64(block.words / settings.words_per_sec.max(0.1));
            let span = gap.and_then(|gap| Span::new(gap.start(), gap.end().min(gap.start().shifted(short))));
            if let Some(span) = span {
                share(turns, block.turns.clone(), &[span], settings.confidence_guessed, &mut placed);
            }
            continue;
        }
        let long: f64 = own.iter().map(|span| span.secs_f64()).sum();
        let expected = block.words / settings.words_per_sec.max(0.1);
        let fitting = (long.min(expected) / long.max(expected).max(1e-9)) as f32;
        let sure = settings.confidence_no_times * (0.5 + 0.5 * fitting);
        share(turns, block.turns.clone(), &own, sure, &mut placed);
        last_end = own.last().map_or(last_end, |span| span.end());
    }
    placed
}

/// Stretches of one voice inside the window, short gaps closed, in order of start; without short ones that lie inside
/// another voice's stretch.
fn stretches(speech: &[(Who, Span)], window: Span, settings: &ClockSettings) -> Vec<(Who, Span)> {
    let mut kept: Vec<(Who, Span)> = Vec::new();
    // The stretch that reaches furthest so far: speech is in order of start.
    let mut reach: Option<(Who, Span)> = None;
    for (who, span) in speech.iter().filter_map(|(who, span)| Some((*who, span.overlap(window)?))) {
        let is_short = span.secs_f64() <= settings.listener_secs.0.as_secs_f64();
        let is_inside = reach.is_some_and(|(other, wide)| other != who && span.end() <= wide.end());
        if !(is_short && is_inside) {
            kept.push((who, span));
        }
        if reach.is_none_or(|(_, wide)| span.end() > wide.end()) {
            reach = Some((who, span));
        }
    }
    let mut open: BTreeMap<Who, Span> = BTreeMap::new();
    let mut joined = Vec::new();
    let mut last: Option<Who> = None;
    for (who, span) in kept {
        let gap = settings.join_gap_secs.0.as_secs_f64();
        match open.get_mut(&who) {
            // Another voice in between keeps them apart.
            Some(before) if last == Some(who) && span.start().secs_after(before.end()) < gap => {
                *before = before.hull(span);
            }
            _ => {
                if let Some(before) = open.insert(who, span) {
                    joined.push((who, before));
                }
            }
        }
        last = Some(who);
    }
    joined.extend(open);
    joined.sort_by_key(|(who, span)| (*span, *who));
    joined
}

fn blocks(turns: &[Turn]) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let words = f64::from(count_words(&turn.text));
        match blocks.last_mut() {
            Some(last) if last.speaker == turn.speaker => {
                last.turns.end = at + 1;
                last.words += words;
            }
            _ => blocks.push(Block { speaker: &turn.speaker, turns: at..at + 1, words }),
        }
    }
    blocks
}

type Fit<'a> = (Vec<std::ops::Range<usize>>, BTreeMap<&'a str, Who>);

/// For each block its stretches, under the cheapest way to take speakers for voices; `None` where fewer than two
/// speakers or voices leave nothing to tell apart.
fn best_fit<'a>(blocks: &[Block<'a>], stretches: &[(Who, Span)], settings: &ClockSettings) -> Option<Fit<'a>> {
    let mut words: BTreeMap<&str, f64> = BTreeMap::new();
    blocks.iter().for_each(|block| *words.entry(block.speaker).or_default() += block.words);
    let mut heard: BTreeMap<Who, f64> = BTreeMap::new();
    stretches.iter().for_each(|(who, span)| *heard.entry(*who).or_default() += span.secs_f64());
    if words.len() < 2 || heard.len() < 2 || words.len() > 4 || heard.len() > 8 {
        return None;
    }
    let speakers: Vec<&str> = words.keys().copied().collect();
    let voices: Vec<Who> = heard.keys().copied().collect();
    let mut best: Option<(f64, Fit<'a>)> = None;
    for choice in choices(speakers.len(), voices.len()) {
        let map: BTreeMap<&str, Who> = speakers.iter().copied().zip(choice.iter().map(|at| voices[*at])).collect();
        let expected: Vec<f64> = blocks
            .iter()
            .map(|block| {
                let secs = map.get(block.speaker).and_then(|who| heard.get(who)).copied().unwrap_or(0.0);
                block.words * secs / words.get(block.speaker).copied().unwrap_or(1.0).max(1.0)
            })
            .collect();
        let (cost, fits) = fit(blocks, &expected, &map, stretches, settings);
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, (fits, map)));
        }
    }
    best.map(|(_, fit)| fit)
}

/// All ways to give each of `people` another of `places`, in a fixed order; with too few places some share.
fn choices(people: usize, places: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..people {
        all = all
            .iter()
            .flat_map(|made| {
                let crowded = made.len() >= places;
                (0..places)
                    .filter(move |at| crowded || !made.contains(at))
                    .map(move |at| [made.as_slice(), &[at]].concat())
            })
            .collect();
    }
    all
}

/// The cheapest way to lay blocks on stretches in order. Row by row: `cost[j]` = blocks so far on the first `j`
/// stretches; a block takes 0 to `max_stretches_per_turn` stretches, and stretches before it may be left out.
fn fit(
    blocks: &[Block<'_>],
    expected: &[f64],
    voices: &BTreeMap<&str, Who>,
    stretches: &[(Who, Span)],
    settings: &ClockSettings,
) -> (f64, Vec<std::ops::Range<usize>>) {
    let long: Vec<f64> = stretches.iter().map(|(_, span)| span.secs_f64()).collect();
    let count = stretches.len();
    let skip = |j: usize| long[j] * settings.cost_skipped_voice;
    let mut cost = vec![0.0; count + 1];
    for j in 0..count {
        cost[j + 1] = cost[j] + skip(j);
    }
    // How many stretches the block took to end at j; `LEFT_OUT` = stretch j-1 was left out after it.
    const LEFT_OUT: u8 = u8::MAX;
    let most = settings.max_stretches_per_turn.clamp(1, usize::from(LEFT_OUT) - 1);
    let mut taken: Vec<Vec<u8>> = Vec::with_capacity(blocks.len());
    for (block, expected) in blocks.iter().zip(expected) {
        let own = voices.get(block.speaker);
        let mut next = vec![f64::INFINITY; count + 1];
        let mut how = vec![0_u8; count + 1];
        for j in 0..=count {
            // Nothing of the voice is left for it.
            let mut least = cost[j] + expected;
            let mut best = 0;
            let (mut same, mut other) = (0.0, 0.0);
            for taking in 1..=most.min(j) {
                let at = j - taking;
                if own == Some(&stretches[at].0) {
                    same += long[at]
                } else {
                    other += long[at]
                }
                // A block begins and ends with its own voice.
                let is_framed = own == Some(&stretches[at].0) && own == Some(&stretches[j - 1].0);
                let here = cost[at] + (same - expected).abs() + other * settings.cost_other_voice;
                if is_framed && here < least {
                    least = here;
                    best = taking as u8;
                }
            }
            if j > 0 && next[j - 1] + skip(j - 1) < least {
                least = next[j - 1] + skip(j - 1);
                best = LEFT_OUT;
            }
            next[j] = least;
            how[j] = best;
        }
        cost = next;
        taken.push(how);
    }
    let mut fits = vec![0..0; blocks.len()];
    let mut j = count;
    for (at, how) in taken.iter().enumerate().rev() {
        while how[j] == LEFT_OUT {
            j -= 1;
        }
        let from = j - usize::from(how[j]);
        fits[at] = from..j;
        j = from;
    }
    (cost[count], fits)
}

/// Divides the speech of some stretches among turns by their words.
fn share(
    turns: &[Turn],
    which: std::ops::Range<usize>,
    stretches: &[Span],
    sure: f32,
    placed: &mut [Option<(Span, f32)>],
) {
    let words = |turn: &Turn| f64::from(count_words(&turn.text).max(1));
    let all_words: f64 = turns[which.clone()].iter().map(words).sum();
    let all_secs: f64 = stretches.iter().map(|span| span.secs_f64()).sum();
    // The time at which this much speech has passed; at a border, the end of one stretch or the start of the next.
    let at = |secs: f64, is_end: bool| {
        let mut left = secs;
        for span in stretches {
            let long = span.secs_f64();
            if left < long - 1e-9 || (is_end && left <= long + 1e-9) {
                return span.start().shifted(SessionTime::from_secs_f64(left.clamp(0.0, long)));
            }
            left -= long;
        }
        stretches.last().map_or(SessionTime::ZERO, |span| span.end())
    };
    let mut before = 0.0;
    for at_turn in which {
        let after = before + words(&turns[at_turn]);
        let span = Span::new(at(all_secs * before / all_words, false), at(all_secs * after / all_words, true));
        placed[at_turn] = span.map(|span| (span, sure));
        before = after;
    }
}
