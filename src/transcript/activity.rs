//! The constant offset between a transcript and the sound: where the pattern of who speaks when fits best.

use super::onto_clock::ClockSettings;
use super::{Transcript, count_words};
use crate::time::{SessionTime, Span};
use crate::track::Who;

/// Two curves on one grid: 1 where anybody speaks; +1 where the first of two people speaks and -1 where the second does.
struct Curves {
    anybody: Vec<f64>,
    which: Vec<f64>,
}

impl Curves {
    /// `stretches`: 0 and 1 = the two people who speak most, anything else = others; in seconds from the grid's start.
    fn new(stretches: &[(usize, f64, f64)], step: f64, len: usize) -> Self {
        let mut curves = Self { anybody: vec![0.0; len], which: vec![0.0; len] };
        for &(who, from, to) in stretches {
            let edge = |secs: f64| (secs / step).round().clamp(0.0, len as f64) as usize;
            for at in edge(from)..edge(to).max(edge(from)) {
                curves.anybody[at] = 1.0;
                curves.which[at] += [1.0, -1.0].get(who).copied().unwrap_or(0.0);
            }
        }
        for curve in [&mut curves.anybody, &mut curves.which] {
            let mean = curve.iter().sum::<f64>() / len.max(1) as f64;
            curve.iter_mut().for_each(|value| *value -= mean);
        }
        curves
    }
}

/// Seconds to add to the transcript's times; `None` if no offset stands out.
pub(super) fn offset(
    transcript: &Transcript,
    speech: &[(Who, Span)],
    session: Span,
    settings: &ClockSettings,
) -> Option<f64> {
    let step = settings.grid_secs.0.as_secs_f64().max(0.01);
    let reach = settings.max_offset_secs.0.as_secs_f64();
    let turns = turn_stretches(transcript, session, settings);
    if turns.len() < 2 || speech.is_empty() {
        return None;
    }
    let voices = two_loudest(speech.iter().map(|(who, span)| (who.to_string(), span.secs_f64())));
    let heard: Vec<(usize, f64, f64)> = speech
        .iter()
        .map(|(who, span)| {
            let from = span.start().secs_after(session.start()) + reach;
            (place_of(&voices, &who.to_string()), from, from + span.secs_f64())
        })
        .collect();
    // Room at both ends, so that a shifted transcript does not fall off.
    let len = ((session.secs_f64() + 2.0 * reach) / step).ceil() as usize;
    let written: Vec<_> = turns.iter().map(|(who, from, to)| (*who, from + reach, to + reach)).collect();
    let (sound, text) = (Curves::new(&heard, step, len), Curves::new(&written, step, len));
    let lags = (reach / step).round() as i64;
    let scores: Vec<f64> = (-lags..=lags)
        .map(|lag| {
            let anybody = likeness(&text.anybody, &sound.anybody, lag);
            // Which voice is which speaker is not known yet.
            let which = likeness(&text.which, &sound.which, lag).abs();
            (anybody.max(0.0) + which) / 2.0
        })
        .collect();
    let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)))?;
    let far = (settings.rival_from_secs.0.as_secs_f64() / step).round() as usize;
    let rival =
        scores.iter().enumerate().filter(|(at, _)| at.abs_diff(best) > far).map(|(_, s)| *s).fold(0.0, f64::max);
    if scores[best] < settings.min_likeness || scores[best] - rival < settings.min_lead {
        return None;
    }
    // The peak lies between grid points: top of the parabola through three of them.
    let fine = match (best.checked_sub(1).and_then(|at| scores.get(at)), scores.get(best + 1)) {
        (Some(left), Some(right)) => {
            let bend = left - 2.0 * scores[best] + right;
            if bend < 0.0 { (0.5 * (left - right) / bend).clamp(-0.5, 0.5) } else { 0.0 }
        }
        _ => 0.0,
    };
    Some((best as f64 - lags as f64 + fine) * step)
}

/// A transcript's clock that runs faster or slower than the recording's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Drift {
    /// Seconds to add to the transcript's times at the session's start.
    pub at_start_s: f64,
    /// Seconds to add to that for each second after it.
    pub per_sec: f64,
}

/// How the offset changes over the session: it is looked for in one window after the other. `None` if it does not change by as
/// much as is put right, or not steadily, or in too few windows.
pub(super) fn drift(
    transcript: &Transcript,
    speech: &[(Who, Span)],
    session: Span,
    settings: &ClockSettings,
) -> Option<Drift> {
    let long = settings.drift_window_secs.0.as_secs_f64().max(1.0);
    let windows = (session.secs_f64() / long).floor() as usize;
    if windows < settings.drift_min_windows {
        return None;
    }
    let at = |secs: f64| session.start().shifted(SessionTime::from_secs_f64(secs));
    let mut found: Vec<(f64, f64)> = Vec::new();
    for window in 0..windows {
        let (from, to) = (window as f64 * long, (window + 1) as f64 * long);
        let span = Span::new(at(from), at(to))?;
        let turns = transcript.turns.iter().filter(|turn| turn.start.is_some_and(|start| span.contains(start)));
        let own = Transcript { turns: turns.cloned().collect(), ..Transcript::default() };
        let reach = settings.max_offset_secs.0.as_secs_f64();
        let wide = Span::new(at(from - reach), at(to + reach))?;
        let near: Vec<_> = speech.iter().filter_map(|(who, heard)| Some((*who, heard.overlap(wide)?))).collect();
        found.extend(offset(&own, &near, span, settings).map(|secs| (f64::midpoint(from, to), secs)));
    }
    if found.len() < settings.drift_min_windows {
        return None;
    }
    // Theil and Sen: one window that fits a wrong place does not bend the line.
    let pairs = found.iter().enumerate().flat_map(|(at, one)| found[at + 1..].iter().map(move |other| (one, other)));
    let per_sec = median(pairs.map(|(one, other)| (other.1 - one.1) / (other.0 - one.0)).collect())?;
    let at_start_s = median(found.iter().map(|(at, secs)| secs - per_sec * at).collect())?;
    let off = median(found.iter().map(|(at, secs)| (secs - at_start_s - per_sec * at).abs()).collect())?;
    let is_steady = off <= settings.drift_steady_secs.0.as_secs_f64();
    let change = (per_sec * session.secs_f64()).abs();
    (is_steady && change >= settings.apply_from_secs.0.as_secs_f64()).then_some(Drift { at_start_s, per_sec })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Speaker (0, 1 = the two who say most), start and end in seconds after the session's start.
fn turn_stretches(transcript: &Transcript, session: Span, settings: &ClockSettings) -> Vec<(usize, f64, f64)> {
    let spoken: Vec<_> = transcript.turns.iter().filter(|turn| !turn.text.is_empty()).collect();
    let words = |text: &str| f64::from(count_words(text));
    let speakers = two_loudest(spoken.iter().map(|turn| (turn.speaker.clone(), words(&turn.text))));
    let mut stretches = Vec::new();
    for (at, turn) in spoken.iter().enumerate() {
        let Some(start) = turn.start else { continue };
        let by_words = words(&turn.text) / settings.words_per_sec.max(0.1);
        let next = spoken.get(at + 1).and_then(|next| next.start).map_or(f64::INFINITY, |next| next.secs_after(start));
        let length = turn.span.map_or(by_words.min(next.max(0.0)), Span::secs_f64);
        let from = start.secs_after(session.start());
        stretches.push((place_of(&speakers, &turn.speaker), from, from + length));
    }
    stretches
}

/// The two names with most weight, heaviest first, ties by name.
fn two_loudest(weights: impl Iterator<Item = (String, f64)>) -> Vec<String> {
    let mut sums = std::collections::BTreeMap::<String, f64>::new();
    for (name, weight) in weights {
        *sums.entry(name).or_default() += weight;
    }
    let mut names: Vec<(String, f64)> = sums.into_iter().collect();
    names.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    names.into_iter().take(2).map(|(name, _)| name).collect()
}

fn place_of(names: &[String], name: &str) -> usize {
    names.iter().position(|known| known == name).unwrap_or(usize::MAX)
}

/// Correlation of `a` moved right by `lag` with `b`; 0 where one of them is constant.
fn likeness(a: &[f64], b: &[f64], lag: i64) -> f64 {
    let norm = |curve: &[f64]| curve.iter().map(|v| v * v).sum::<f64>().sqrt();
    let product = norm(a) * norm(b);
    if product <= f64::EPSILON {
        return 0.0;
    }
    let by = usize::try_from(lag.unsigned_abs()).unwrap_or(usize::MAX);
    let (from, to) = if lag >= 0 { (a, b.get(by..)) } else { (a.get(by..).unwrap_or(&[]), Some(b)) };
    from.iter().zip(to.unwrap_or(&[])).map(|(x, y)| x * y).sum::<f64>() / product
}
