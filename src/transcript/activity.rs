//! How far a transcript's clock is off the sound's, and by how much it runs faster or slower: where the pattern of who speaks
//! when fits best.

use super::onto_clock::ClockSettings;
use super::{Transcript, Turn, count_words};
use crate::time::{Secs, SessionTime, Span};
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
    fit(transcript, speech, session, settings).map(|fit| fit.secs)
}

/// An offset that stands out.
#[derive(Clone, Copy)]
struct Fit {
    /// Seconds to add to the transcript's times.
    secs: f64,
    /// How alike transcript and sound are then, 0 to 1.
    likeness: f64,
}

fn fit(transcript: &Transcript, speech: &[(Who, Span)], session: Span, settings: &ClockSettings) -> Option<Fit> {
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
    let product = |a: &[f64], b: &[f64]| norm(a) * norm(b);
    let (of_anybody, of_which) = (product(&text.anybody, &sound.anybody), product(&text.which, &sound.which));
    let lags = (reach / step).round() as i64;
    let scores: Vec<f64> = (-lags..=lags)
        .map(|lag| {
            let anybody = likeness(&text.anybody, &sound.anybody, of_anybody, lag);
            // Which voice is which speaker is not known yet.
            let which = likeness(&text.which, &sound.which, of_which, lag).abs();
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
    Some(Fit { secs: (best as f64 - lags as f64 + fine) * step, likeness: scores[best] })
}

/// A transcript's clock that runs faster or slower than the recording's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Drift {
    /// Seconds to add to the transcript's times at the session's start.
    pub at_start_s: f64,
    /// Seconds to add to that for each second after it.
    pub per_sec: f64,
}

/// How the offset changes over the session: it is looked for in one window after the other. Where no line goes through what is
/// found, rates that films are played at are tried, and some between. `None` if it does not change by as much as is put
/// right, or not steadily, or in too few windows.
pub(super) fn drift(
    transcript: &Transcript,
    speech: &[(Who, Span)],
    session: Span,
    settings: &ClockSettings,
) -> Option<Drift> {
    let windows = (session.secs_f64() / window_secs(settings)).floor() as usize;
    if windows < settings.drift_min_windows {
        return short(transcript, speech, session, settings);
    }
    let found = match line(transcript, speech, session, settings) {
        Some(line) => line.drift,
        None => {
            // On a grid three times as coarse, which is nine times as fast and still tells one rate from another.
            let coarse = ClockSettings { grid_secs: Secs(settings.grid_secs.0 * 3), ..settings.clone() };
            let tried = settings.drift_tries_percent.iter().filter_map(|percent| {
                let line = line(&at_rate(transcript, session, percent / 100.0), speech, session, &coarse)?;
                (2 * line.windows >= windows).then_some((percent / 100.0, line))
            });
            let key = |line: &Line| line.windows as f64 * line.likeness;
            let (rate, _) = tried.max_by(|a, b| key(&a.1).total_cmp(&key(&b.1)))?;
            let rest = line(&at_rate(transcript, session, rate), speech, session, settings)?.drift;
            Drift { per_sec: (1.0 + rate) * (1.0 + rest.per_sec) - 1.0, ..rest }
        }
    };
    let change = (found.per_sec * session.secs_f64()).abs();
    (change >= settings.apply_from_secs.0.as_secs_f64()).then_some(found)
}

/// In a recording too short for windows: a rate at which the whole fits clearly better than as it is written.
fn short(transcript: &Transcript, speech: &[(Who, Span)], session: Span, settings: &ClockSettings) -> Option<Drift> {
    if session.length() < settings.drift_short_from_secs.0 {
        return None;
    }
    let as_written = fit(transcript, speech, session, settings).map_or(0.0, |fit| fit.likeness);
    if as_written + settings.drift_short_lead > 1.0 {
        return None;
    }
    let tried = settings.drift_tries_percent.iter().filter_map(|percent| {
        let rate = percent / 100.0;
        Some((rate, fit(&at_rate(transcript, session, rate), speech, session, settings)?))
    });
    let (rate, fit) = tried.max_by(|a, b| a.1.likeness.total_cmp(&b.1.likeness))?;
    let is_clear =
        fit.likeness >= settings.drift_short_likeness && fit.likeness >= as_written + settings.drift_short_lead;
    is_clear.then_some(Drift { at_start_s: fit.secs, per_sec: rate })
}

/// The transcript's times as they would be if its clock ran so much slower; words without what is not needed here.
fn at_rate(transcript: &Transcript, session: Span, rate: f64) -> Transcript {
    let moved = |time: SessionTime| time.shifted(SessionTime::from_secs_f64(rate * time.secs_after(session.start())));
    let turns = transcript.turns.iter().map(|turn| Turn {
        speaker: turn.speaker.clone(),
        text: turn.text.clone(),
        span: turn.span.and_then(|span| Span::new(moved(span.start()), moved(span.end()))),
        start: turn.start.map(moved),
        ..Turn::default()
    });
    Transcript { turns: turns.collect(), ..Transcript::default() }
}

/// A steady change of the offset.
struct Line {
    drift: Drift,
    /// Windows in which an offset was found.
    windows: usize,
    /// How alike transcript and sound are in these, on average, 0 to 1.
    likeness: f64,
}

fn window_secs(settings: &ClockSettings) -> f64 {
    settings.drift_window_secs.0.as_secs_f64().max(1.0)
}

/// The line through what the windows say; `None` if too few say anything, or they lie on none.
fn line(transcript: &Transcript, speech: &[(Who, Span)], session: Span, settings: &ClockSettings) -> Option<Line> {
    let long = window_secs(settings);
    let windows = (session.secs_f64() / long).floor() as usize;
    let at = |secs: f64| session.start().shifted(SessionTime::from_secs_f64(secs));
    let mut found: Vec<(f64, Fit)> = Vec::new();
    for window in 0..windows {
        let (from, to) = (window as f64 * long, (window + 1) as f64 * long);
        let span = Span::new(at(from), at(to))?;
        let turns = transcript.turns.iter().filter(|turn| turn.start.is_some_and(|start| span.contains(start)));
        let own = Transcript { turns: turns.cloned().collect(), ..Transcript::default() };
        let reach = settings.max_offset_secs.0.as_secs_f64();
        let wide = Span::new(at(from - reach), at(to + reach))?;
        let near: Vec<_> = speech.iter().filter_map(|(who, heard)| Some((*who, heard.overlap(wide)?))).collect();
        found.extend(fit(&own, &near, span, settings).map(|fit| (f64::midpoint(from, to), fit)));
    }
    if found.len() < settings.drift_min_windows {
        return None;
    }
    // Theil and Sen: one window that fits a wrong place does not bend the line.
    let pairs = found.iter().enumerate().flat_map(|(at, one)| found[at + 1..].iter().map(move |other| (one, other)));
    let per_sec = median(pairs.map(|(one, other)| (other.1.secs - one.1.secs) / (other.0 - one.0)).collect())?;
    let at_start_s = median(found.iter().map(|(at, fit)| fit.secs - per_sec * at).collect())?;
    let off = median(found.iter().map(|(at, fit)| (fit.secs - at_start_s - per_sec * at).abs()).collect())?;
    let likeness = found.iter().map(|(_, fit)| fit.likeness).sum::<f64>() / found.len() as f64;
    let is_steady = off <= settings.drift_steady_secs.0.as_secs_f64();
    is_steady.then_some(Line { drift: Drift { at_start_s, per_sec }, windows: found.len(), likeness })
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

fn norm(curve: &[f64]) -> f64 {
    curve.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Correlation of `a` moved right by `lag` with `b`, whose norms have this product; 0 where one of them is constant.
fn likeness(a: &[f64], b: &[f64], product: f64, lag: i64) -> f64 {
    if product <= f64::EPSILON {
        return 0.0;
    }
    let by = usize::try_from(lag.unsigned_abs()).unwrap_or(usize::MAX);
    let (from, to) = if lag >= 0 { (a, b.get(by..)) } else { (a.get(by..).unwrap_or(&[]), Some(b)) };
    from.iter().zip(to.unwrap_or(&[])).map(|(x, y)| x * y).sum::<f64>() / product
}
