//! Logistic regression with a belief about each weight (maximum a posteriori), by Newton's method.

use nalgebra::{DMatrix, DVector};

/// One decision: what the families gave, and what a coder said.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// One number per weight.
    pub values: Vec<f64>,
    /// Confirmed.
    pub positive: bool,
}

/// Weights that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Log odds where all values are 0.
    pub intercept: f64,
    /// One per value.
    pub weights: Vec<f64>,
}

impl Fit {
    /// Log odds of a confirmation.
    pub fn log_odds(&self, values: &[f64]) -> f64 {
        self.intercept + self.weights.iter().zip(values).map(|(weight, value)| weight * value).sum::<f64>()
    }
}

/// What is believed before the first example: normal around `mean` with standard deviation `sd`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// Before any example.
    pub mean: f64,
    /// Above 0.
    pub sd: f64,
}

/// Steps after which Newton's method has long converged; it roughly doubles the right digits with each.
const STEPS: usize = 100;

/// The weights that make the examples and the beliefs most likely together (penalised logistic regression; Hastie,
/// Tibshirani and Friedman 2009, 4.4.1 and 4.4.4). Every list of values must be as long as `weights`; missing ones count
/// as 0. Without examples the beliefs come back.
pub fn logistic(examples: &[Example], intercept: Belief, weights: &[Belief]) -> Fit {
    let beliefs: Vec<Belief> = std::iter::once(intercept).chain(weights.iter().copied()).collect();
    let size = beliefs.len();
    let value = |example: &Example, place: usize| match place {
        0 => 1.0,
        _ => example.values.get(place - 1).copied().filter(|value| value.is_finite()).unwrap_or(0.0),
    };
    // [examples, weights]; the matrix products are where the time goes.
    let table = DMatrix::from_fn(examples.len(), size, |row, column| value(&examples[row], column));
    let labels = DVector::from_iterator(examples.len(), examples.iter().map(|e| f64::from(u8::from(e.positive))));
    let cost = |at: &DVector<f64>| -> f64 {
        // -log p of what was said, without overflow.
        let misfit: f64 = (&table * at)
            .iter()
            .zip(labels.iter())
            .map(|(z, label)| z.max(0.0) - z * label + (-z.abs()).exp().ln_1p())
            .sum();
        let surprise: f64 = beliefs.iter().zip(at.iter()).map(|(b, w)| ((w - b.mean) / b.sd).powi(2) / 2.0).sum();
        misfit + surprise
    };
    let mut at = DVector::from_iterator(size, beliefs.iter().map(|belief| belief.mean));
    let mut now = cost(&at);
    for _ in 0..STEPS {
        let said = (&table * &at).map(probability);
        let beliefs_pull =
            DVector::from_iterator(size, beliefs.iter().zip(at.iter()).map(|(b, w)| (w - b.mean) / b.sd.powi(2)));
        let gradient = table.transpose() * (&said - &labels) + beliefs_pull;
        let mut weighted = table.clone();
        for (mut row, p) in weighted.row_iter_mut().zip(said.iter()) {
            row *= p * (1.0 - p);
        }
        let mut curvature = table.transpose() * weighted;
        for (place, belief) in beliefs.iter().enumerate() {
            curvature[(place, place)] += 1.0 / belief.sd.powi(2);
        }
        // Positive definite by the beliefs; nothing else is ever asked for.
        let Some(solved) = curvature.cholesky().map(|factors| factors.solve(&gradient)) else { break };
        let mut share = 1.0;
        let (mut next, mut then) = (&at - &solved, f64::INFINITY);
        while share > 1e-6 {
            next = &at - &solved * share;
            then = cost(&next);
            if then <= now {
                break;
            }
            share /= 2.0;
        }
        if then > now {
            break;
        }
        let moved = (&next - &at).amax();
        (at, now) = (next, then);
        if moved < 1e-10 {
            break;
        }
    }
    Fit { intercept: at[0], weights: at.iter().skip(1).copied().collect() }
}

/// From log odds.
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const WIDE: Belief = Belief { mean: 0.0, sd: 1e4 };

    /// The maximum is where the score equations hold; the points lie symmetrically around 3, where P must be one half.
    #[test]
    fn wide_beliefs_give_the_maximum_likelihood() {
        let said = [
            (0.0, false),
            (1.0, false),
            (2.0, true),
            (3.0, false),
            (3.0, true),
            (4.0, false),
            (5.0, true),
            (6.0, true),
        ];
        let examples: Vec<Example> =
            said.iter().map(|&(value, positive)| Example { values: vec![value], positive }).collect();
        let fit = logistic(&examples, WIDE, &[WIDE]);
        // The score equations: residuals sum to 0, and so do residuals times values.
        let residual = |e: &Example| f64::from(u8::from(e.positive)) - probability(fit.log_odds(&e.values));
        assert!(examples.iter().map(residual).sum::<f64>().abs() < 1e-5);
        assert!(examples.iter().map(|e| residual(e) * e.values[0]).sum::<f64>().abs() < 1e-5);
        assert!((probability(fit.log_odds(&[3.0])) - 0.5).abs() < 1e-5, "{fit:?}");
    }

    #[test]
    fn without_examples_the_beliefs_come_back() {
        let beliefs = [Belief { mean: 1.0, sd: 0.5 }, Belief { mean: 0.3, sd: 2.0 }];
        let fit = logistic(&[], Belief { mean: -2.94, sd: 2.0 }, &beliefs);
        assert!((fit.intercept + 2.94).abs() < 1e-9 && (fit.weights[0] - 1.0).abs() < 1e-9, "{fit:?}");
    }

    #[test]
    fn separable_examples_stay_finite() {
        let examples: Vec<Example> =
            (0..40).map(|n| Example { values: vec![f64::from(n) - 19.5], positive: n >= 20 }).collect();
        let fit = logistic(&examples, Belief { mean: 0.0, sd: 2.0 }, &[Belief { mean: 1.0, sd: 0.5 }]);
        assert!(fit.weights[0].is_finite() && fit.weights[0] > 1.0 && fit.weights[0] < 4.0, "{fit:?}");
    }

    #[test]
    fn known_weights_are_found_again() {
        let mut random = Random::new(3);
        let truth = Fit { intercept: -1.0, weights: vec![1.5, -0.8] };
        let examples: Vec<Example> = (0..4000)
            .map(|_| {
                let values = vec![random.normal(), random.normal()];
                let positive = random.happens(probability(truth.log_odds(&values)));
                Example { values, positive }
            })
            .collect();
        let fit = logistic(&examples, WIDE, &[WIDE, WIDE]);
        let near = |a: f64, b: f64| (a - b).abs() < 0.15;
        assert!(near(fit.intercept, -1.0) && near(fit.weights[0], 1.5) && near(fit.weights[1], -0.8), "{fit:?}");
    }
}
