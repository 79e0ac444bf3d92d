//! Refuses numbers out of their range and names that do not exist.

use std::collections::BTreeSet;

use super::{AsWritten, Settings};
use crate::episodes::EpisodeKind;

impl TryFrom<AsWritten> for Settings {
    type Error = String;

    fn try_from(written: AsWritten) -> Result<Self, String> {
        written.check_numbers()?;
        written.check_names()?;
        Ok(Self(written))
    }
}

impl AsWritten {
    fn check_numbers(&self) -> Result<(), String> {
        let share = |name: &str, value: f64| match (0.0..=1.0).contains(&value) {
            true => Ok(()),
            false => Err(format!("{name} must lie between 0 and 1, but is {value}")),
        };
        let above_zero = |name: &str, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(format!("{name} must be greater than 0, but is {value}")),
        };
        above_zero("unit.window_secs", f64::from(self.unit.window_secs))?;
        above_zero("unit.step_secs", f64::from(self.unit.step_secs))?;
        share("unit.unknown_person_quality", f64::from(self.unit.unknown_person_quality))?;
        share("unit.without_words_most", f64::from(self.unit.without_words_most))?;
        share("candidate.direct_cap", f64::from(self.candidate.direct_cap))?;
        share("candidate.direct_from", f64::from(self.candidate.direct_from))?;
        above_zero("candidate.least_score", f64::from(self.candidate.least_score))?;
        above_zero("join.longest_secs", f64::from(self.join.longest_secs))?;
        share("join.exponent", self.join.exponent)?;
        share("moments.avoidant.short_quantile", self.moments.avoidant.short_quantile)?;
        share("moments.preoccupied.share", self.moments.preoccupied.share)?;
        share("moments.preoccupied.least_speaking", self.moments.preoccupied.least_speaking)?;
        above_zero("moments.preoccupied.share_over_secs", f64::from(self.moments.preoccupied.share_over_secs))?;
        above_zero("candidate.slope", f64::from(self.candidate.slope))?;
        above_zero("ranking.playing_speed", self.ranking.playing_speed)?;
        above_zero("ranking.control_secs", f64::from(self.ranking.control_secs))?;
        share("ranking.family_share_at_most", self.ranking.family_share_at_most)?;
        share("ranking.control_share", self.ranking.control_share)?;
        share("ranking.moment_share_at_most", self.ranking.moment_share_at_most)?;
        for modality in &self.modality {
            share(&format!("least_usable of modality {:?}", modality.id), modality.least_usable.unwrap_or(0.0))?;
        }
        let weights = self.cue.iter().flat_map(|cue| [cue.withdrawal, cue.confrontation]);
        let others = [self.candidate.prior, self.candidate.mixed_from, self.moments.weight];
        if weights.chain(others).any(|number| !number.is_finite()) {
            return Err("weights must be finite numbers".into());
        }
        let budget = [self.ranking.budget_minutes_per_hour, self.ranking.least_budget_minutes];
        if budget.iter().chain(self.ranking.value.values()).any(|number| !number.is_finite() || *number < 0.0) {
            return Err("the numbers of ranking must not be negative".into());
        }
        if self.cycle.least_repeats < 2 {
            return Err(format!("cycle.least_repeats must be 2 or more, but is {}", self.cycle.least_repeats));
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), String> {
        let mut cues = BTreeSet::new();
        for cue in &self.cue {
            if !cues.insert(cue.id.as_str()) {
                return Err(format!("the cue {:?} stands there twice", cue.id));
            }
            if cue.events.is_empty() && cue.codes.is_empty() {
                return Err(format!("the cue {:?} needs events or codes", cue.id));
            }
            if cue.at_least.is_some_and(|least| least == 0 || least > cue.events.len()) {
                return Err(format!("at_least of the cue {:?} must be 1 to its number of events", cue.id));
            }
            if cue.withdrawal * cue.confrontation < 0.0 {
                return Err(format!(
                    "the cue {:?} speaks for one type and against the other: make it two cues",
                    cue.id
                ));
            }
        }
        for name in self.cycle.without_exploration.iter().chain(&self.cycle.unseen_without_exploration) {
            if !cues.contains(name.as_str()) {
                return Err(format!("there is no cue {name:?}"));
            }
        }
        let families: BTreeSet<_> = self.cue.iter().map(|cue| cue.family.as_str()).collect();
        for family in self.candidate.never_alone.iter().flatten() {
            if !families.contains(family.as_str()) {
                return Err(format!("candidate.never_alone names the family {family:?}, which no cue has"));
            }
        }
        let mut markers = BTreeSet::new();
        for marker in self.modality.iter().flat_map(|modality| &modality.markers) {
            if !markers.insert(marker.as_str()) {
                return Err(format!("the marker {marker:?} stands in two modalities"));
            }
        }
        for marker in self.cue.iter().flat_map(|cue| &cue.events).flat_map(|pattern| &pattern.markers) {
            if !markers.contains(marker.as_str()) {
                return Err(format!("the marker {marker:?} of a cue stands in no modality"));
            }
        }
        for kind in EpisodeKind::ALL {
            if !self.ranking.value.contains_key(&kind) {
                return Err(format!("ranking.value lacks {}", kind.name()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../config/episodes.toml");

    fn error(from: &str, to: &str) -> String {
        assert!(FILE.contains(from), "{from:?} is not in the file");
        toml::from_str::<Settings>(&FILE.replacen(from, to, 1)).unwrap_err().to_string()
    }

    #[test]
    fn the_file_reads() {
        assert_eq!(toml::from_str::<Settings>(FILE).unwrap().cue.len(), 24);
    }

    #[test]
    fn wrong_numbers_and_names_are_named() {
        assert!(error("step_secs = 15.0", "step_secs = 0.0").contains("unit.step_secs must be greater than 0"));
        assert!(error("step_secs = 15.0", "step_secs = -1.0").contains("step_secs"));
        assert!(error("prior = -2.94", "prior = nan").contains("finite"));
        assert!(error("id = \"lapse\"", "id = \"no_answer\"").contains("\"no_answer\" stands there twice"));
        assert!(error("[\"short_then_silent\"]", "[\"short\"]").contains("no cue \"short\""));
        assert!(error("markers = [\"aud.lapse\"]", "markers = [\"aud.laps\"]").contains("\"aud.laps\""));
        assert!(error("[ranking.value]", "[ranking.worth]").contains("worth"));
        assert!(error("mixed = 1.1\n", "").contains("ranking.value lacks mixed"));
        assert!(error("at_least = 2", "at_least = 3").contains("at_least"));
        assert!(error("[\"words\", \"topic\"]", "[\"word\"]").contains("\"word\""));
    }
}
