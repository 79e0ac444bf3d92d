//! `config/episodes.toml`, read and checked. The reasons and sources of the numbers stand beside them in that file.

mod check;
mod cue;
mod shapes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::Deserialize;

use super::EpisodeKind;
use crate::time::Secs;
pub use cue::{Cue, Pattern, Role, Window};
pub use shapes::{Cycle, Moments, Repair};

/// The settings of `config/episodes.toml`, checked: every number is in its range, every name that is referred to exists.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "AsWritten")]
pub struct Settings(AsWritten);

impl Deref for Settings {
    type Target = AsWritten;

    fn deref(&self) -> &AsWritten {
        &self.0
    }
}

impl Settings {
    /// The same with another budget, in minutes of review per hour of session; `Err` with the reason if it is none.
    ///
    /// # Errors
    /// A sentence, if the number is negative or not finite.
    pub fn with_budget(mut self, minutes_per_hour: f64) -> Result<Self, String> {
        if !minutes_per_hour.is_finite() || minutes_per_hour < 0.0 {
            return Err(format!("a budget of {minutes_per_hour} minutes is none: say a number from 0"));
        }
        self.0.ranking.budget_minutes_per_hour = minutes_per_hour;
        Ok(self)
    }
}

impl Settings {
    /// Every family of the table of weights, in order of name.
    pub fn families(&self) -> BTreeSet<&str> {
        self.0.cue.iter().map(|cue| cue.family.as_str()).collect()
    }

    /// The same with each family's weights times its factor, and other log odds: a prior, and a slope of 1. The marks for
    /// candidates stay where they are in log odds, so that what was just likely enough to be shown still is.
    #[must_use]
    pub fn reweighted(mut self, factor: impl Fn(&str) -> f32, prior: f32) -> Self {
        for cue in &mut self.0.cue {
            let factor = factor(&cue.family);
            cue.withdrawal *= factor;
            cue.confrontation *= factor;
        }
        let (before, slope) = (self.0.candidate.prior, self.0.candidate.slope);
        let moved = |mark: f32| before + slope * mark - prior;
        self.0.candidate.least_score = moved(self.0.candidate.least_score);
        self.0.candidate.mixed_from = moved(self.0.candidate.mixed_from);
        self.0.ranking.further_from = moved(self.0.ranking.further_from);
        (self.0.candidate.prior, self.0.candidate.slope) = (prior, 1.0);
        self
    }
}

/// The file as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsWritten {
    /// What is scored.
    pub unit: Unit,
    /// From when on a score is a candidate.
    pub candidate: Candidate,
    /// How candidates become episodes.
    pub join: Join,
    /// The table of weights, in the order of sentences.
    pub cue: Vec<Cue>,
    /// The paper's cycle.
    pub cycle: Cycle,
    /// What came after.
    pub repair: Repair,
    /// Attachment-pattern moments.
    pub moments: Moments,
    /// The order for the coder's time.
    pub ranking: Ranking,
    /// Markers by what has to be visible or audible for them.
    pub modality: Vec<Modality>,
}

/// What is scored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Length of a window where there is no exchange.
    pub window_secs: Secs,
    /// Distance of neighbouring windows' starts.
    pub step_secs: Secs,
    /// The reply window starts so long before the prompt's end.
    pub face_before_secs: Secs,
    /// The reply window ends so long after the reply's end.
    pub face_after_secs: Secs,
    /// How far before the prompt a repetition still counts.
    pub look_back_secs: Secs,
    /// Factor on the quality of events of a person without a role, 0 to 1.
    pub unknown_person_quality: f32,
    /// Highest ranking weight without a transcript, 0 to 1.
    pub without_words_most: f32,
}

/// From when on a score is a candidate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// b of DOMAIN C.1, log odds.
    pub prior: f32,
    /// Log odds per S.
    pub slope: f32,
    /// Least S.
    pub least_score: f32,
    /// Least number of families with a part in S.
    pub least_families: usize,
    /// Least contribution with which a family has a part in S.
    pub family_counts_from: f32,
    /// Both types from here on: mixed.
    pub mixed_from: f32,
    /// Codes with this cap or more are directly observable, 0 to 1.
    pub direct_cap: f32,
    /// Strength x quality from which a direct code is a candidate alone, 0 to 1.
    pub direct_from: f32,
    /// Groups of families that make no candidate without another family.
    pub never_alone: Vec<Vec<String>>,
}

/// How candidates become episodes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Most other units between two that are joined.
    pub others_between: usize,
    /// Longest gap between two that are joined across other units.
    pub others_gap_secs: Secs,
    /// Longest gap between two that are joined, however many units lie in it.
    pub gap_secs: Secs,
    /// Longest episode.
    pub longest_secs: Secs,
    /// Clip before the episode.
    pub clip_before_secs: Secs,
    /// Clip after the episode.
    pub clip_after_secs: Secs,
    /// Exponent of the joint probability that none is real, 0 to 1.
    pub exponent: f64,
    /// Most codes listed per episode.
    pub codes_at_most: usize,
}

/// The order for the coder's time (DOMAIN C.4).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// Minutes of review per hour of session.
    pub budget_minutes_per_hour: f64,
    /// Least minutes of review.
    pub least_budget_minutes: f64,
    /// S from which on a stretch below the candidates' mark may fill what is left of the budget.
    pub further_from: f32,
    /// Longest run of exchanges of such a stretch.
    pub further_secs_at_most: Secs,
    /// Most of the budget for attachment-pattern moments, 0 to 1.
    pub moment_share_at_most: f64,
    /// Seconds per clip besides watching.
    pub overhead_secs: Secs,
    /// How fast a coder plays a clip, 1 = as recorded.
    pub playing_speed: f64,
    /// Most of the list from one family while there are others, 0 to 1.
    pub family_share_at_most: f64,
    /// Control windows as a share of the clips, 0 to 1.
    pub control_share: f64,
    /// Least number of control windows.
    pub least_controls: usize,
    /// Length of a control window where there is no clip.
    pub control_secs: Secs,
    /// What finding one is worth.
    pub value: BTreeMap<EpisodeKind, f64>,
}

/// Markers that need the same thing to be visible or audible.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modality {
    /// As in [`crate::episodes::Usable::modality`].
    pub id: String,
    /// In words.
    pub says: String,
    /// Least usable share of a stretch for its events to count there, 0 to 1; none = they always count.
    pub least_usable: Option<f64>,
    /// Its markers.
    pub markers: Vec<String>,
}

impl AsWritten {
    /// The modality of a marker, if it has one.
    pub fn modality_of(&self, marker: &str) -> Option<&Modality> {
        self.modality.iter().find(|modality| modality.markers.iter().any(|m| m == marker))
    }
}
