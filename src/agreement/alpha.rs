//! Krippendorff's alpha for any number of coders and missing values.
//!
//! Krippendorff, *Content Analysis* (2004), chapter 11; the coincidence matrix form of "Computing Krippendorff's
//! alpha-reliability" (2011).

use super::{Ratings, of_unit, units};

/// What differences between ratings mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Same or not.
    Nominal,
    /// Ranks.
    Ordinal,
    /// Equal steps.
    Interval,
    /// Equal steps from a true zero.
    Ratio,
}

/// Alpha, at most 1; 0 = what chance gives. `None` if fewer than two values can be paired or none of them differs.
pub fn krippendorff(ratings: &Ratings, level: Level) -> Option<f64> {
    let mut values: Vec<f64> = Vec::new();
    let paired: Vec<Vec<f64>> =
        (0..units(ratings)).map(|unit| of_unit(ratings, unit)).filter(|unit| unit.len() >= 2).collect();
    for value in paired.iter().flatten() {
        if values.iter().all(|known| known.total_cmp(value).is_ne()) {
            values.push(*value);
        }
    }
    values.sort_by(f64::total_cmp);
    let place = |value: f64| values.iter().position(|known| known.total_cmp(&value).is_eq()).unwrap_or(0);
    let size = values.len();
    let mut together = vec![vec![0.0_f64; size]; size];
    for unit in &paired {
        let share = 1.0 / (unit.len() - 1) as f64;
        for (i, a) in unit.iter().enumerate() {
            for (j, b) in unit.iter().enumerate() {
                if i != j {
                    together[place(*a)][place(*b)] += share;
                }
            }
        }
    }
    let sums: Vec<f64> = together.iter().map(|row| row.iter().sum()).collect();
    let total: f64 = sums.iter().sum();
    let distance = |c: usize, k: usize| -> f64 {
        let (low, high) = (c.min(k), c.max(k));
        match level {
            _ if low == high => 0.0,
            Level::Nominal => 1.0,
            Level::Interval => (values[low] - values[high]).powi(2),
            Level::Ratio if values[low] + values[high] == 0.0 => 0.0,
            Level::Ratio => ((values[low] - values[high]) / (values[low] + values[high])).powi(2),
            Level::Ordinal => {
                let between: f64 = sums[low..=high].iter().sum();
                (between - (sums[low] + sums[high]) / 2.0).powi(2)
            }
        }
    };
    let (mut observed, mut expected) = (0.0, 0.0);
    for c in 0..size {
        for k in 0..size {
            observed += together[c][k] * distance(c, k);
            expected += sums[c] * sums[k] * distance(c, k);
        }
    }
    (expected > 0.0).then(|| 1.0 - (total - 1.0) * observed / expected)
}
