//! The file of learned weights: what was learned, from how much, and how well it did. Nothing uses it unless it is named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::calibrate::Calibration;
use super::settings::CalibrationSettings;
use super::teach::{Taught, level};
use crate::episodes::{Episode, Level, Likelihood, Ranking, Settings};
use crate::origin::Hash;

/// Version of the file's shape.
const SCHEMA: u32 = 1;

/// What taught it, so that a result can say so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnedFrom {
    /// Version of the engine.
    pub engine: String,
    /// Of the codebook whose hits were decided on.
    pub codebook: Hash,
    /// Of `config/episodes.toml`, whose weights the factors multiply.
    pub episodes: Hash,
    /// Of the table of decisions.
    pub decisions_sha256: Hash,
    /// Clips.
    pub decisions: usize,
    /// Of these.
    pub confirmed: usize,
    /// Dyads.
    pub dyads: usize,
}

/// How it did on dyads that were left out, one at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// Area under the curve with the starting weights.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub auc_starting_weights: Option<f64>,
    /// The same with the learned weights.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub auc_learned_weights: Option<f64>,
    /// Calibration slope; 1 is perfect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calibration_slope: Option<f64>,
    /// Expected calibration error, 0 to 1.
    pub calibration_error: f64,
    /// Brier score.
    pub brier: f64,
}

/// One step of likelihood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepInFile {
    /// Which.
    pub level: Level,
    /// Decided clips in it.
    pub clips: usize,
    /// Share confirmed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirmed: Option<f64>,
    /// Lower end of the interval over dyads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirmed_low: Option<f64>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirmed_high: Option<f64>,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learned {
    schema: u32,
    /// Log odds where nothing was seen.
    pub prior: f64,
    /// A candidate is "low" below this probability.
    pub low_below: f64,
    /// .. and "high" from this one on.
    pub high_from: f64,
    /// What taught it.
    pub from: LearnedFrom,
    /// Log odds per unit of each family's starting weights.
    pub families: BTreeMap<String, f64>,
    /// From log odds to probability.
    pub calibration: Calibration,
    /// How it did.
    pub held_out: HeldOut,
    /// What each step was worth.
    pub step: Vec<StepInFile>,
}

/// Why a file of learned weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LearnedError {
    /// Not there, not readable.
    #[error("cannot read the learned weights ({message}): check that the file exists and may be read: {}", file.display())]
    Unreadable {
        /// What the system said.
        message: String,
        /// The file.
        file: PathBuf,
    },
    /// Not such a file, or a changed one.
    #[error("these are no learned weights of Attune ({message}): make them with attune learn: {}", file.display())]
    Wrong {
        /// What is wrong.
        message: String,
        /// The file.
        file: PathBuf,
    },
    /// Its factors belong to other starting weights.
    #[error(
        "the learned weights multiply the weights of another episodes.toml ({theirs}, now {ours}): learn again with the \
         present settings, or go back to those: {}", file.display()
    )]
    OtherWeights {
        /// Hash, shortened.
        theirs: String,
        /// Hash, shortened.
        ours: String,
        /// The file.
        file: PathBuf,
    },
}

impl Learned {
    /// What was taught, ready to be written.
    pub fn new(taught: &Taught, from: LearnedFrom, calibration: &CalibrationSettings) -> Self {
        let step = taught.steps.iter().map(|step| StepInFile {
            level: step.level,
            clips: step.clips,
            confirmed: step.confirmed.map(|share| share.value),
            confirmed_low: step.confirmed.map(|share| share.low),
            confirmed_high: step.confirmed.map(|share| share.high),
        });
        Self {
            schema: SCHEMA,
            prior: taught.prior,
            low_below: calibration.low_below,
            high_from: calibration.high_from,
            from,
            families: taught.families.clone(),
            calibration: taught.calibration.clone(),
            held_out: HeldOut {
                auc_starting_weights: taught.auc.0,
                auc_learned_weights: taught.auc.1,
                calibration_slope: taught.reliability.slope,
                calibration_error: taught.reliability.error,
                brier: taught.reliability.brier,
            },
            step: step.collect(),
        }
    }

    /// As it is written, with a word to the reader on top.
    ///
    /// # Errors
    /// Those of the TOML writer, in words.
    pub fn to_toml(&self) -> Result<String, String> {
        let body = toml::to_string(self).map_err(|e| e.to_string())?;
        Ok(format!(
            "# Weights learned from coders' decisions: log odds per unit of each family in episodes.toml, and how\n\
             # log odds become probabilities. Use with: attune scan --learned THIS_FILE. Without that option nothing changes.\n\n{body}"
        ))
    }

    /// Reads a file and checks that it belongs to these starting weights (`episodes` is the hash of `episodes.toml`).
    ///
    /// # Errors
    /// [`LearnedError`].
    pub fn read(path: &Path, episodes: &Hash) -> Result<Self, LearnedError> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| LearnedError::Unreadable { message: e.to_string(), file: path.to_owned() })?;
        let wrong = |message: String| LearnedError::Wrong { message, file: path.to_owned() };
        let learned: Self = toml::from_str(&text).map_err(|e| wrong(e.message().to_owned()))?;
        if learned.schema > SCHEMA {
            return Err(wrong(format!("schema {} is newer than {SCHEMA}: update Attune", learned.schema)));
        }
        let good = |factor: &f64| factor.is_finite() && *factor >= 0.0;
        if !learned.prior.is_finite() || !learned.families.values().all(good) {
            return Err(wrong("prior and factors must be numbers, and factors not negative".into()));
        }
        if let Some(message) = learned.calibration.wrong() {
            return Err(wrong(message.into()));
        }
        if learned.from.episodes != *episodes {
            return Err(LearnedError::OtherWeights {
                theirs: learned.from.episodes.short().to_owned(),
                ours: episodes.short().to_owned(),
                file: path.to_owned(),
            });
        }
        Ok(learned)
    }

    /// The starting weights, multiplied.
    pub fn settings(&self, starting: Settings) -> Settings {
        let slope = starting.candidate.slope;
        let factor = |family: &str| self.families.get(family).map_or(slope, |factor| *factor as f32);
        starting.reweighted(factor, self.prior as f32)
    }

    /// Sets the likelihood of each rupture candidate that has a sum of its own, and what the review may yield.
    pub fn mark(&self, ranking: &mut Ranking) {
        for episode in &mut ranking.episodes {
            if !episode.kind.is_moment() {
                episode.likelihood = Some(self.likelihood(episode));
            }
        }
        let in_budget: Vec<f32> = ranking
            .episodes
            .iter()
            .filter(|episode| episode.in_budget)
            .filter_map(|episode| Some(episode.likelihood?.probability))
            .collect();
        if !in_budget.is_empty() {
            ranking.expected.expected_confirmed = Some(in_budget.iter().sum());
            ranking.expected.note = format!(
                "calibrated on {} decisions of {} dyads (each checked on dyads that were left out)",
                self.from.decisions, self.from.dyads
            );
        }
    }

    fn likelihood(&self, episode: &Episode) -> Likelihood {
        let probability = self.calibration.probability(self.prior + f64::from(episode.score));
        let level = level(probability, self.low_below, self.high_from);
        let step = self.step.iter().find(|step| step.level == level);
        Likelihood {
            probability: probability as f32,
            level,
            confirmed_low: step.and_then(|step| step.confirmed_low).map(|share| share as f32),
            confirmed_high: step.and_then(|step| step.confirmed_high).map(|share| share as f32),
        }
    }
}
