//! What a ranking is worth: recall per review minute, precision, areas, event F1, with intervals over dyads, beside
//! chance and "longest silence first" (DOMAIN C.8).

use std::collections::BTreeMap;

use super::clips::{Clip, anywhere, longest_silence_first, ranked, within};
use super::look::{Case, is_rupture};
use super::measures::average_precision;
use super::settings::EvaluationSettings;
use crate::episodes::Settings;
use crate::random::Random;
use crate::time::{SessionTime, Span};

/// A number with what it may be, by bootstrap over dyads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Of all sessions.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `recall at 10 min`, `precision at 10 min`, `event F1 (overlap)` ...
    pub measure: String,
    /// `ranking`, `longest silence first`, `random`, or two of them with a minus between.
    pub method: String,
    /// `None` where it cannot be computed.
    pub result: Option<Interval>,
}

/// The table.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Dyads.
    pub dyads: usize,
    /// Sessions.
    pub sessions: usize,
    /// Ruptures known to be there.
    pub ruptures: usize,
    /// In the order of printing.
    pub rows: Vec<Row>,
}

impl Evaluation {
    /// A line of the table.
    pub fn get(&self, measure: &str, method: &str) -> Option<Interval> {
        self.rows.iter().find(|row| row.measure == measure && row.method == method)?.result
    }
}

/// How clips at one budget did.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    found: f64,
    good: f64,
    clips: f64,
}

/// What one session adds to each sum.
struct Tally {
    truths: f64,
    /// By method, then budget.
    scores: [Vec<Score>; 3],
    minutes: Vec<(f64, bool)>,
    /// Matched by overlap, matched by onset, listed.
    events: [f64; 3],
}

/// Names of the methods, as in [`Row::method`].
pub const METHODS: [&str; 3] = ["ranking", "longest silence first", "random"];

/// Computes the table. Sessions without any known rupture count for precision, not for recall.
pub fn evaluate(cases: &[Case], episodes: &Settings, settings: &EvaluationSettings) -> Evaluation {
    let mut dyads: BTreeMap<&str, Vec<Tally>> = BTreeMap::new();
    for (place, case) in cases.iter().enumerate() {
        dyads.entry(&case.dyad).or_default().push(tally(case, place, episodes, settings));
    }
    let dyads: Vec<Vec<Tally>> = dyads.into_values().collect();
    let mut rows = Vec::new();
    let mut row = |measure: String, method: &str, of: &dyn Fn(&[&Tally]) -> Option<f64>| {
        rows.push(Row { measure, method: method.to_owned(), result: interval(&dyads, of, settings) });
    };
    let sum = |tallies: &[&Tally], of: &dyn Fn(&Tally) -> f64| tallies.iter().map(|tally| of(tally)).sum::<f64>();
    let ratio = |above: f64, below: f64| (below > 0.0).then(|| above / below);
    for (at, budget) in settings.budgets_minutes.iter().enumerate() {
        let recall = |tallies: &[&Tally], method: usize| {
            ratio(sum(tallies, &|t| t.scores[method][at].found), sum(tallies, &|t| t.truths))
        };
        for (method, name) in METHODS.iter().enumerate() {
            row(format!("recall at {budget} min"), name, &|tallies| recall(tallies, method));
        }
        row(format!("recall at {budget} min"), "ranking - longest silence first", &|tallies| {
            Some(recall(tallies, 0)? - recall(tallies, 1)?)
        });
        for (method, name) in METHODS.iter().enumerate() {
            row(format!("precision at {budget} min"), name, &|tallies| {
                ratio(sum(tallies, &|t| t.scores[method][at].good), sum(tallies, &|t| t.scores[method][at].clips))
            });
        }
    }
    row("average precision over minutes".into(), METHODS[0], &|tallies| {
        average_precision(&tallies.iter().flat_map(|tally| tally.minutes.iter().copied()).collect::<Vec<_>>())
    });
    row("average precision over minutes".into(), METHODS[2], &|tallies| {
        ratio(
            sum(tallies, &|t| t.minutes.iter().filter(|(_, positive)| *positive).count() as f64),
            sum(tallies, &|t| t.minutes.len() as f64),
        )
    });
    for (which, name) in ["event F1 (overlap)", "event F1 (onset)"].into_iter().enumerate() {
        row(name.into(), METHODS[0], &|tallies| {
            let listed = sum(tallies, &|t| t.events[2]);
            ratio(2.0 * sum(tallies, &|t| t.events[which]), listed + sum(tallies, &|t| t.truths))
        });
    }
    Evaluation {
        dyads: dyads.len(),
        sessions: cases.len(),
        ruptures: cases.iter().map(|case| case.truth.len()).sum(),
        rows,
    }
}

fn tally(case: &Case, place: usize, episodes: &Settings, settings: &EvaluationSettings) -> Tally {
    let clips = ranked(case);
    let watched = clips.iter().flat_map(|clip| &clip.watch).map(|span| span.secs_f64());
    let secs = median(watched.collect()).unwrap_or(settings.silence_clip_secs.0.as_secs_f64());
    let silences = longest_silence_first(case, secs, episodes);
    let mut random = Random::of_part(settings.seed, place as u64);
    let orders: Vec<_> = (0..settings.random_orders).map(|_| anywhere(case, secs, episodes, &mut random)).collect();
    let hours = case.span.secs_f64() / 3600.0;
    let at_budgets = |of: &dyn Fn(f64) -> Score| -> Vec<Score> {
        settings.budgets_minutes.iter().map(|budget| of(budget * 60.0 * hours)).collect()
    };
    let score = |clips: &[Clip], budget: f64| score(case, &within(clips, budget), settings);
    Tally {
        truths: case.truth.len() as f64,
        scores: [
            at_budgets(&|budget| score(&clips, budget)),
            at_budgets(&|budget| score(&silences, budget)),
            at_budgets(&|budget| mean(orders.iter().map(|clips| score(clips, budget)))),
        ],
        minutes: minutes(case, settings),
        events: events(case, settings),
    }
}

fn score(case: &Case, clips: &[&Clip], settings: &EvaluationSettings) -> Score {
    let watched: Vec<Span> = joined(clips.iter().flat_map(|clip| clip.watch.iter().copied()).collect());
    let seen = |truth: &Span| -> f64 {
        watched.iter().filter_map(|span| span.overlap(*truth)).map(Span::secs_f64).sum::<f64>()
    };
    let found = case.truth.iter().filter(|truth| seen(truth) >= settings.found_share * truth.secs_f64()).count();
    let good = |clip: &&&Clip| clip.watch.iter().any(|span| case.shows_truth(*span, settings.clip_share));
    Score { found: found as f64, good: clips.iter().filter(good).count() as f64, clips: clips.len() as f64 }
}

fn mean(scores: impl ExactSizeIterator<Item = Score>) -> Score {
    let count = scores.len().max(1) as f64;
    let sum = scores.fold(Score::default(), |sum, one| Score {
        found: sum.found + one.found,
        good: sum.good + one.good,
        clips: sum.clips + one.clips,
    });
    Score { found: sum.found / count, good: sum.good / count, clips: sum.clips / count }
}

/// Spans without the time they share.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut found: Vec<Span> = Vec::new();
    for span in spans {
        match found.last_mut() {
            Some(last) if span.start() <= last.end() => *last = last.hull(span),
            _ => found.push(span),
        }
    }
    found
}

/// Each minute with the strongest evidence in it.
fn minutes(case: &Case, settings: &EvaluationSettings) -> Vec<(f64, bool)> {
    let count = (case.span.secs_f64() / settings.minute_secs).floor() as usize;
    let start = case.span.start().secs_f64();
    let minute = |place: usize| {
        let from = start + place as f64 * settings.minute_secs;
        Span::new(SessionTime::from_secs_f64(from), SessionTime::from_secs_f64(from + settings.minute_secs))
    };
    (0..count)
        .filter_map(minute)
        .map(|minute| {
            let shared: f64 = case.truth.iter().filter_map(|truth| truth.overlap(minute)).map(Span::secs_f64).sum();
            let score = case.strongest_unit(minute).map_or(0.0, |unit| f64::from(unit.larger().1));
            (score, shared >= settings.minute_positive_secs)
        })
        .collect()
}

/// Listed rupture candidates against the truth, one to one, best overlap first.
fn events(case: &Case, settings: &EvaluationSettings) -> [f64; 3] {
    let listed: Vec<Span> = case
        .ranking
        .episodes
        .iter()
        .filter(|episode| episode.in_budget && is_rupture(episode.kind))
        .map(|episode| episode.span)
        .collect();
    let overlap = |a: Span, b: Span| {
        let both = a.overlap(b).map_or(0.0, Span::secs_f64);
        both / (a.secs_f64() + b.secs_f64() - both)
    };
    let by_overlap = matched(&listed, &case.truth, overlap, settings.least_iou);
    let apart = |a: Span, b: Span| -(a.start().secs_after(b.start()).abs());
    let by_onset = matched(&listed, &case.truth, apart, -settings.onset_secs);
    [by_overlap as f64, by_onset as f64, listed.len() as f64]
}

fn matched(listed: &[Span], truth: &[Span], likeness: impl Fn(Span, Span) -> f64, least: f64) -> usize {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, &one) in listed.iter().enumerate() {
        for (j, &other) in truth.iter().enumerate() {
            pairs.push((likeness(one, other), i, j));
        }
    }
    pairs.retain(|pair| pair.0 >= least);
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut used, mut met) = (vec![false; listed.len()], vec![false; truth.len()]);
    let mut count = 0;
    for (_, i, j) in pairs {
        if !used[i] && !met[j] {
            (used[i], met[j]) = (true, true);
            count += 1;
        }
    }
    count
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Percentile bootstrap over dyads (Efron and Tibshirani 1993): whole dyads are drawn, with all their sessions.
fn interval<T>(dyads: &[Vec<T>], of: &dyn Fn(&[&T]) -> Option<f64>, settings: &EvaluationSettings) -> Option<Interval> {
    let all: Vec<&T> = dyads.iter().flatten().collect();
    let value = of(&all)?;
    let mut random = Random::new(settings.seed);
    let mut samples: Vec<f64> = (0..settings.resamples)
        .filter_map(|_| {
            let drawn: Vec<&T> = (0..dyads.len()).flat_map(|_| &dyads[random.place(dyads.len())]).collect();
            of(&drawn)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    let at = |share: f64| samples.get((share * (samples.len().max(1) - 1) as f64).round() as usize).copied();
    let rest = (1.0 - settings.interval) / 2.0;
    Some(Interval { value, low: at(rest).unwrap_or(value), high: at(1.0 - rest).unwrap_or(value) })
}

/// Share of ones with its interval; the same bootstrap.
pub(super) fn share_interval(dyads: &[Vec<bool>], settings: &EvaluationSettings) -> Option<Interval> {
    let share = |drawn: &[&bool]| {
        (!drawn.is_empty()).then(|| drawn.iter().filter(|one| ***one).count() as f64 / drawn.len() as f64)
    };
    interval(dyads, &share, settings)
}
