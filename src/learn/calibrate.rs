//! From log odds to probabilities that mean what they say.

use serde::{Deserialize, Serialize};

use super::fit::{Belief, Example, logistic, probability};
use super::settings::CalibrationSettings;

/// How log odds become a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Calibration {
    /// Platt 1999: the logistic curve of `slope * log_odds + intercept`.
    Logistic {
        /// Never negative.
        slope: f64,
        /// Log odds.
        intercept: f64,
    },
    /// Pool adjacent violators (Ayer et al. 1955): straight between knots, level beyond.
    Isotonic {
        /// Log odds, rising.
        log_odds: Vec<f64>,
        /// Probability at each, never falling.
        probability: Vec<f64>,
    },
}

/// Before any decision the log odds are taken as they are.
const AS_THEY_ARE: Belief = Belief { mean: 1.0, sd: 1.0 };
const NO_SHIFT: Belief = Belief { mean: 0.0, sd: 3.0 };

impl Calibration {
    /// From log odds of held-out decisions and what was decided.
    pub fn learn(held_out: &[(f64, bool)], settings: &CalibrationSettings) -> Self {
        if held_out.len() >= settings.isotonic_from { isotonic(held_out) } else { platt(held_out) }
    }

    /// Probability of a confirmation, 0 to 1.
    pub fn probability(&self, at: f64) -> f64 {
        match self {
            Self::Logistic { slope, intercept } => probability(slope * at + intercept),
            Self::Isotonic { log_odds, probability } => between(log_odds, probability, at),
        }
    }

    /// What is wrong with it, if it was read from a file.
    pub(super) fn wrong(&self) -> Option<&'static str> {
        match self {
            Self::Logistic { slope, intercept } => (!slope.is_finite() || *slope < 0.0 || !intercept.is_finite())
                .then_some("calibration: slope and intercept must be numbers, and slope not negative"),
            Self::Isotonic { log_odds, probability } => {
                let rising = |list: &[f64]| list.windows(2).all(|pair| pair[0] <= pair[1]);
                let good = log_odds.len() == probability.len()
                    && !log_odds.is_empty()
                    && rising(log_odds)
                    && rising(probability)
                    && probability.iter().all(|p| (0.0..=1.0).contains(p));
                (!good).then_some("calibration: as many rising log_odds as rising probabilities from 0 to 1 are needed")
            }
        }
    }
}

fn platt(held_out: &[(f64, bool)]) -> Calibration {
    let examples: Vec<Example> =
        held_out.iter().map(|&(value, positive)| Example { values: vec![value], positive }).collect();
    let fit = logistic(&examples, NO_SHIFT, &[AS_THEY_ARE]);
    // Scores that say the opposite of what coders say are no reason to trust their opposite.
    Calibration::Logistic { slope: fit.weights.first().copied().unwrap_or(0.0).max(0.0), intercept: fit.intercept }
}

/// Blocks of equal probability, each by the mean of its log odds.
fn isotonic(held_out: &[(f64, bool)]) -> Calibration {
    let mut sorted = held_out.to_vec();
    sorted.retain(|(value, _)| value.is_finite());
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Sum of log odds, confirmed, number.
    let mut blocks: Vec<(f64, f64, f64)> = Vec::new();
    for (value, positive) in sorted {
        blocks.push((value, f64::from(u8::from(positive)), 1.0));
        while let [.., (_, less, of_less), (_, more, of_more)] = blocks[..] {
            if less / of_less < more / of_more {
                break;
            }
            if let (Some(last), Some(before)) = (blocks.pop(), blocks.last_mut()) {
                *before = (before.0 + last.0, before.1 + last.1, before.2 + last.2);
            }
        }
    }
    Calibration::Isotonic {
        log_odds: blocks.iter().map(|(sum, _, number)| sum / number).collect(),
        // One more of each kind than was seen, so that no block says "never" or "always" (Laplace).
        probability: rising(blocks.iter().map(|(_, confirmed, number)| (confirmed + 1.0) / (number + 2.0)).collect()),
    }
}

/// Never falling: the smoothing above can turn two neighbours of very different size around.
fn rising(mut values: Vec<f64>) -> Vec<f64> {
    for place in 1..values.len() {
        values[place] = values[place].max(values[place - 1]);
    }
    values
}

fn between(xs: &[f64], ys: &[f64], at: f64) -> f64 {
    let right = xs.partition_point(|x| *x <= at);
    match (right.checked_sub(1).and_then(|left| Some((xs.get(left)?, ys.get(left)?))), xs.get(right).zip(ys.get(right)))
    {
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (at - x0) / (x1 - x0),
        (Some((_, y)), None) | (None, Some((_, y))) => *y,
        (None, None) => 0.5,
    }
}

/// How well probabilities mean what they say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Slope of a logistic regression of what was decided on the log odds of the probabilities: 1 is perfect, below 1 they
    /// are too extreme (Cox 1958). `None` if it cannot be computed.
    pub slope: Option<f64>,
    /// Expected calibration error: mean distance of said and seen share over bins of equal size, 0 to 1.
    pub error: f64,
    /// Mean squared distance of probability and outcome (Brier 1950).
    pub brier: f64,
    /// Of each bin: mean probability, share confirmed, number.
    pub table: Vec<(f64, f64, usize)>,
}

impl Reliability {
    /// Of probabilities and what was decided, in so many bins of equal size.
    pub fn of(said: &[(f64, bool)], bins: usize) -> Self {
        let mut sorted = said.to_vec();
        sorted.retain(|(p, _)| p.is_finite());
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let bins = bins.clamp(1, sorted.len().max(1));
        let number = |positive: bool| f64::from(u8::from(positive));
        let mut table = Vec::new();
        for bin in 0..bins {
            let part = &sorted[bin * sorted.len() / bins..(bin + 1) * sorted.len() / bins];
            if !part.is_empty() {
                let mean = |of: &dyn Fn(&(f64, bool)) -> f64| part.iter().map(of).sum::<f64>() / part.len() as f64;
                table.push((mean(&|one| one.0), mean(&|one| number(one.1)), part.len()));
            }
        }
        let total = sorted.len().max(1) as f64;
        let logit = |p: f64| (p.clamp(1e-6, 1.0 - 1e-6) / (1.0 - p.clamp(1e-6, 1.0 - 1e-6))).ln();
        let examples: Vec<Example> =
            sorted.iter().map(|&(p, positive)| Example { values: vec![logit(p)], positive }).collect();
        let both = examples.iter().any(|e| e.positive) && examples.iter().any(|e| !e.positive);
        let free = Belief { mean: 0.0, sd: 1e3 };
        Self {
            slope: both.then(|| logistic(&examples, free, &[free]).weights.first().copied()).flatten(),
            error: table.iter().map(|(said, seen, n)| (said - seen).abs() * *n as f64).sum::<f64>() / total,
            brier: sorted.iter().map(|(p, positive)| (p - number(*positive)).powi(2)).sum::<f64>() / total,
            table,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn overconfident(count: usize) -> Vec<(f64, bool)> {
        let mut random = Random::new(9);
        (0..count)
            .map(|_| {
                let truth = random.normal() * 1.5 - 0.5;
                (truth * 3.0 + 1.0, random.happens(probability(truth)))
            })
            .collect()
    }

    const SETTINGS: CalibrationSettings = CalibrationSettings { isotonic_from: 1000, low_below: 0.2, high_from: 0.5 };

    #[test]
    fn scores_that_are_too_extreme_are_brought_back() {
        for count in [200, 3000] {
            let calibration = Calibration::learn(&overconfident(count), &SETTINGS);
            assert_eq!(matches!(calibration, Calibration::Isotonic { .. }), count >= 1000);
            let mut fresh = overconfident(6000);
            fresh.drain(..3000);
            let said: Vec<_> = fresh.iter().map(|&(z, positive)| (calibration.probability(z), positive)).collect();
            let reliability = Reliability::of(&said, 10);
            assert!(reliability.error < 0.06, "{count}: {reliability:?}");
            assert!((0.7..1.3).contains(&reliability.slope.unwrap()), "{count}: {reliability:?}");
            let raw: Vec<_> = fresh.iter().map(|&(z, positive)| (probability(z), positive)).collect();
            assert!(Reliability::of(&raw, 10).error > 0.1);
        }
    }

    /// sklearn.isotonic.IsotonicRegression on 0 1 0 1 gives 0, .5, .5, 1.
    #[test]
    fn violators_are_pooled() {
        let curve = isotonic(&[(1.0, false), (2.0, true), (3.0, false), (4.0, true)]);
        // With one more of each kind in every block.
        for (at, p) in [(0.0, 1.0 / 3.0), (1.0, 1.0 / 3.0), (2.5, 0.5), (4.0, 2.0 / 3.0), (9.0, 2.0 / 3.0)] {
            assert!((curve.probability(at) - p).abs() < 1e-12, "{at}: {curve:?}");
        }
    }

    #[test]
    fn scores_that_say_the_opposite_are_not_turned_around() {
        let said: Vec<_> = (0..100).map(|n| (f64::from(n) / 10.0 - 5.0, n < 50)).collect();
        let curve = platt(&said);
        assert!((curve.probability(-4.0) - curve.probability(4.0)).abs() < 1e-12, "{curve:?}");
    }
}
