//! How two people's movements go together: windowed lagged cross-correlation of two series, and what chance would give.
//!
//! Pure arithmetic on two series of one rate; it opens nothing and knows nothing of pictures. The measure is that of
//! Ramseyer & Tschacher (2011, 2014) as the package rMEA computes it (Kleinbub & Ramseyer 2020; DOMAIN B.2), and its
//! numbers for rMEA's sample are reproduced in `tests/synchrony.rs`.
//!
//! It describes two people together. It is no sign of strain: in 118 sessions it went neither with the frequency nor
//! with the intensity of ruptures (DOMAIN 0.6).

mod chance;
mod window;

pub use chance::{Chance, Shuffle, against_chance};
pub use window::{Lags, Window, windows};

use serde::Deserialize;

/// How the two series are compared, in samples of their common rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Shape {
    /// Length of a window, at least 2.
    pub window: usize,
    /// From one window's start to the next one's, at least 1.
    pub step: usize,
    /// Longest lag to either side.
    pub max_lag: usize,
    /// Whether moving against each other counts as moving together: `|z|` and not `z`.
    pub absolute: bool,
}

impl Shape {
    /// How many windows `n` samples hold: `ceil((n - W - L + 1) / I)`, DOMAIN B.2.
    pub fn count(&self, n: usize) -> usize {
        (n + 1).saturating_sub(self.window + self.max_lag).div_ceil(self.step.max(1))
    }
}

/// The whole recording in a few numbers: each is the mean over the windows that could be computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Windows that could be computed.
    pub windows: usize,
    /// Mean of all lags (rMEA's "grand mean" of `|Fisher's z|`).
    pub mean: f64,
    /// Mean at lag 0.
    pub lag0: f64,
    /// Mean of the positive lags: the first series leads.
    pub first_leads: f64,
    /// Mean of the negative lags: the second series leads.
    pub second_leads: f64,
}

impl Summary {
    /// Of windows; `None` if none could be computed.
    pub fn of(windows: &[Option<Window>]) -> Option<Self> {
        let known = windows.iter().flatten().count();
        let mean = |value: fn(&Lags) -> f64| {
            windows.iter().flatten().map(|window| value(&window.lags)).sum::<f64>() / known as f64
        };
        (known > 0).then(|| Self {
            windows: known,
            mean: mean(|lags| lags.mean),
            lag0: mean(|lags| lags.lag0),
            first_leads: mean(|lags| lags.first_leads),
            second_leads: mean(|lags| lags.second_leads),
        })
    }
}

/// The mean over `length` samples around each: from `length / 2` before to one less than that after for an even length,
/// as rMEA smooths. What lies before the first and after the last sample counts as rest (0), a `NaN` among others is
/// left out, and a sample that is `NaN` itself stays so.
pub fn smoothed(values: &[f64], length: usize) -> Vec<f64> {
    let length = length.max(1);
    let before = length / 2;
    let at = |index: usize| {
        if values[index].is_nan() {
            return f64::NAN;
        }
        let end = (index + length - before).min(values.len());
        let around = &values[index.saturating_sub(before)..end];
        let missing = around.iter().filter(|value| value.is_nan()).count();
        let sum: f64 = around.iter().filter(|value| !value.is_nan()).sum();
        sum / (length - missing).max(1) as f64
    };
    (0..values.len()).map(at).collect()
}

/// The series without what exceeds its mean by more than `most` standard deviations: a jump of the camera or of the
/// light. rMEA counts the 10 from rest; for a person who mostly rests this is the same, and one who moves evenly is no
/// outlier.
pub fn without_jumps(values: &[f64], most: f64) -> Vec<f64> {
    let known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let count = known.len() as f64;
    let mean = known.iter().sum::<f64>() / count;
    let spread = (known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
    let keep = |value: &f64| if *value - mean > most * spread { f64::NAN } else { *value };
    values.iter().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_counted_as_in_the_definition() {
        let shape = |window, step, max_lag| Shape { window, step, max_lag, absolute: true };
        assert_eq!(shape(750, 250, 125).count(15_000), 57);
        assert_eq!(shape(1500, 750, 125).count(15_000), 18);
        assert_eq!(shape(100, 50, 10).count(110), 1);
        assert_eq!(shape(100, 50, 10).count(109), 0);
        assert_eq!(shape(100, 50, 10).count(0), 0);
        assert_eq!(shape(100, 0, 10).count(112), 3, "a step of 0 is one of 1");
    }

    #[test]
    fn an_even_mean_looks_one_sample_further_back() {
        assert_eq!(smoothed(&[0.0, 0.0, 4.0, 0.0, 0.0], 4), [0.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(smoothed(&[3.0, 3.0, 3.0], 3), [2.0, 3.0, 2.0], "rest lies outside");
        let found = smoothed(&[1.0, f64::NAN, 3.0], 3);
        assert!((found[0] - 0.5).abs() < 1e-12 && found[1].is_nan() && (found[2] - 1.5).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn jumps_are_left_out_and_nothing_else() {
        let mut values: Vec<f64> = (0..400).map(|index| f64::from(index % 7)).collect();
        values[100] = 1000.0;
        let found = without_jumps(&values, 10.0);
        assert!(found[100].is_nan() && found.iter().filter(|value| value.is_nan()).count() == 1);
        assert_eq!(without_jumps(&[2.0; 50], 10.0), [2.0; 50]);
        assert!(without_jumps(&[], 10.0).is_empty() && without_jumps(&[f64::NAN], 10.0)[0].is_nan());
    }
}
