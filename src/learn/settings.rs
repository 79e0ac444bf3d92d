//! `config/learn.toml`, read and checked. Reasons and sources stand beside the numbers in that file.

use serde::Deserialize;

use crate::config::{Config, ConfigError};
use crate::time::Secs;

const FILE: &str = "learn.toml";

/// When and how weights are learned.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitSettings {
    /// Confirmed or rejected, at least.
    pub least_decisions: usize,
    /// Confirmed, and rejected, at least.
    pub least_of_each: usize,
    /// From so many dyads, at least.
    pub least_dyads: usize,
    /// Standard deviation of a family's factor around 1.
    pub prior_sd: f64,
    /// Standard deviation of the intercept around its starting value, log odds.
    pub prior_sd_intercept: f64,
    /// Largest factor; the smallest is 0.
    pub largest_factor: f64,
}

/// From scores to probabilities.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationSettings {
    /// Decisions from which on the curve is isotonic.
    pub isotonic_from: usize,
    /// Probability below which a candidate is "low".
    pub low_below: f64,
    /// Probability from which on a candidate is "high".
    pub high_from: f64,
}

/// What is measured, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSettings {
    /// Minutes of review per hour of session.
    pub budgets_minutes: Vec<f64>,
    /// Share of a rupture that must have been watched, 0 to 1.
    pub found_share: f64,
    /// Share of the shorter of clip and rupture that must be common, 0 to 1.
    pub clip_share: f64,
    /// Overlap divided by union, 0 to 1.
    pub least_iou: f64,
    /// Seconds between onsets.
    pub onset_secs: f64,
    /// Length of a unit.
    pub minute_secs: f64,
    /// Seconds of rupture that make a unit positive.
    pub minute_positive_secs: f64,
    /// Bins of the expected calibration error.
    pub bins: usize,
    /// Bootstrap samples.
    pub resamples: usize,
    /// Share of samples inside the interval, 0 to 1.
    pub interval: f64,
    /// Random orders that the baseline is the mean of.
    pub random_orders: usize,
    /// Length of baselines' clips where the ranking has none.
    pub silence_clip_secs: Secs,
    /// Of all chance here.
    pub seed: u64,
}

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnSettings {
    /// When and how weights are learned.
    pub fit: FitSettings,
    /// From scores to probabilities.
    pub calibration: CalibrationSettings,
    /// What is measured.
    pub evaluation: EvaluationSettings,
}

impl LearnSettings {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// [`ConfigError`] names the file and what is wrong in it.
    pub fn read(config: &Config) -> Result<Self, ConfigError> {
        let read: Self = config.read(FILE)?;
        match read.wrong() {
            Some(message) => Err(ConfigError::Wrong { file: FILE.into(), message: message.into() }),
            None => Ok(read),
        }
    }

    fn wrong(&self) -> Option<&'static str> {
        let Self { fit, calibration, evaluation } = self;
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let budgets = &evaluation.budgets_minutes;
        let tests = [
            (positive(fit.prior_sd) && positive(fit.prior_sd_intercept), "fit: prior deviations must be above 0"),
            (fit.largest_factor.is_finite() && fit.largest_factor >= 1.0, "fit.largest_factor must be at least 1"),
            (fit.least_dyads >= 2, "fit.least_dyads must be at least 2: one is left out at a time"),
            (fit.least_of_each >= 1, "fit.least_of_each must be at least 1"),
            (
                share(calibration.low_below)
                    && share(calibration.high_from)
                    && calibration.low_below <= calibration.high_from,
                "calibration: low_below and high_from must be 0 to 1, in this order",
            ),
            (!budgets.is_empty() && budgets.iter().all(|b| positive(*b)), "evaluation.budgets_minutes must be above 0"),
            (
                share(evaluation.found_share) && share(evaluation.clip_share) && share(evaluation.least_iou),
                "evaluation: shares must be 0 to 1",
            ),
            (
                positive(evaluation.minute_secs) && positive(evaluation.minute_positive_secs),
                "evaluation: lengths of units must be above 0",
            ),
            (evaluation.bins > 0 && evaluation.resamples > 0, "evaluation.bins and resamples must be at least 1"),
            (evaluation.random_orders > 0, "evaluation.random_orders must be at least 1"),
            (evaluation.interval > 0.0 && evaluation.interval < 1.0, "evaluation.interval must be between 0 and 1"),
        ];
        tests.iter().find(|(good, _)| !good).map(|(_, message)| *message)
    }
}
