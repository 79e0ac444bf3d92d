//! `config/episodes.toml`, read and checked. The reasons and sources of the numbers stand beside them in that file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::Deserialize;

use super::EpisodeKind;
use crate::time::Secs;

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

/// Where in an exchange a cue is looked for. In windows without an exchange all but `LookBack` are the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// RESP of DOMAIN 1.
    Answer,
    /// RESP widened by `face_before_secs` and `face_after_secs`.
    Reply,
    /// From `look_back_secs` before the prompt to the end of RESP.
    LookBack,
}

/// Whose events a pattern takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The client's, or anybody's without a role while roles are not known.
    Client,
    /// The therapist's.
    Therapist,
    /// Everybody's and the room's.
    Anyone,
}

/// A kind of events.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Any of these markers.
    pub markers: Vec<String>,
    /// Any of these kinds; empty = any.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// About whom.
    pub who: Role,
    /// Only with a value below this, in the marker's unit.
    pub below: Option<f32>,
    /// Only with a value above this, in the marker's unit.
    pub above: Option<f32>,
    /// Only if there are so many; not given = 1.
    pub times: Option<usize>,
}

/// One line of the table of weights.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cue {
    /// Name, referred to by other parts of the file.
    pub id: String,
    /// The line in words, as in docs/episodes.md.
    pub says: String,
    /// Evidence family: only its strongest cue counts.
    pub family: String,
    /// Weight for type W; negative = speaks against.
    pub withdrawal: f32,
    /// Weight for type K; negative = speaks against.
    pub confrontation: f32,
    /// Where it is looked for.
    pub window: Window,
    /// Only after prompts that invite the client to explore.
    #[serde(default)]
    pub exploring_only: bool,
    /// Only if the reply has so many words, where words are known.
    pub least_reply_words: Option<u32>,
    /// Hits of these codes are this cue.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Cues that do not count beside this one.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// Events that are this cue.
    #[serde(default)]
    pub events: Vec<Pattern>,
    /// How many lines of `events` have to be there; not given = 1.
    pub at_least: Option<usize>,
    /// Longest gap between these, in time; needed with `at_least` above 1 only if they belong together.
    pub together_secs: Option<Secs>,
}

/// The paper's cycle (DOMAIN C.6).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycle {
    /// Markers that have to come together to be one face action, one list per action.
    pub face_actions: Vec<Vec<String>>,
    /// Longest gap between the markers of one action.
    pub together_secs: Secs,
    /// Cues that say that exploration did not happen.
    pub without_exploration: Vec<String>,
    /// Codes that say so.
    pub without_exploration_codes: Vec<String>,
    /// Codes of a blocked exchange.
    pub blocked_codes: Vec<String>,
    /// Remarks that stand between two repeats only if they are no cycle.
    pub face_remarks: Vec<Pattern>,
    /// Remarks that break a cycle.
    pub break_remarks: Vec<Pattern>,
    /// What the therapist's moves are read from.
    pub move_markers: Vec<Pattern>,
    /// Least number of repeats.
    pub least_repeats: usize,
    /// So many neighbouring repeats lie within this.
    pub within_secs: Secs,
    /// The break comes so soon after the last repeat.
    pub break_within_secs: Secs,
    /// The therapist's move is looked for so long after the last repeat, and until the next one after the others.
    pub move_within_secs: Secs,
    /// Stretch after the break in which it shows whether it helped.
    pub after_secs: Secs,
    /// Rate of the face action after, over the rate before, at most.
    pub face_rate_at_most: f64,
    /// Words of replies after, over the median of the blocked ones, at least.
    pub words_at_least: f64,
}

/// What came after an episode (DOMAIN C.3).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// What follows may start so long before the other is over.
    pub early_secs: Secs,
    /// The remark comes so soon after the episode.
    pub remark_within_secs: Secs,
    /// Signs are looked for in this stretch.
    pub after_secs: Secs,
    /// With less of the session left nothing is said.
    pub least_after_secs: Secs,
    /// So many signs = re-engaged.
    pub least_signs: usize,
    /// Reply words over the own median, at least.
    pub words_at_least: f64,
    /// Rate of `negative_face` after, over the rate in the episode, at most.
    pub face_rate_at_most: f64,
    /// Last part of the stretch in which nothing of `averted` may be.
    pub averted_free_secs: Secs,
    /// What addresses the episode.
    pub remarks: Vec<Pattern>,
    /// NEGFACE of DOMAIN 1.
    pub negative_face: Vec<String>,
    /// Words of distress or of the mind.
    pub distress_words: Vec<Pattern>,
    /// AVERT of DOMAIN 1.
    pub averted: Vec<Pattern>,
    /// The therapist's words taken up.
    pub taken_up: Vec<Pattern>,
}

/// Attachment-pattern moments (DOMAIN C.3).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Weight of each sign in S.
    pub weight: f32,
    /// Longest stretch shown.
    pub value_cap_secs: Secs,
    /// The client's contribution shrinks.
    pub avoidant: Avoidant,
    /// The therapist's contribution shrinks.
    pub preoccupied: Preoccupied,
    /// Distress disclosed and looked at together.
    pub secure: Secure,
}

/// The client's contribution shrinks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Avoidant {
    /// Kinds of prompts that name distress.
    pub distress_prompts: Vec<String>,
    /// Distress words inside the prompt or so long before make it one, too.
    pub distress_before_secs: Secs,
    /// Row of so many distress exchanges ..
    pub of: usize,
    /// .. of which so many have short replies.
    pub least_short: usize,
    /// Short = below this quantile of the person's own replies, 0 to 1.
    pub short_quantile: f64,
    /// Least number of replies for that quantile.
    pub least_replies: usize,
    /// Longest row.
    pub within_secs: Secs,
    /// One of these has to be inside.
    pub with: Vec<Pattern>,
}

/// The therapist's contribution shrinks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preoccupied {
    /// Least length of one turn.
    pub turn_secs: Secs,
    /// Least share of all speaking, 0 to 1 ..
    pub share: f64,
    /// .. over this long.
    pub share_over_secs: Secs,
    /// Least share of that stretch in which the client speaks, 0 to 1.
    pub least_speaking: f64,
    /// One of these codes or of `with` has to be inside.
    pub with_codes: Vec<String>,
    /// One of these or of `with_codes` has to be inside.
    pub with: Vec<Pattern>,
}

/// Distress disclosed and looked at together.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secure {
    /// Codes that say so.
    pub codes: Vec<String>,
    /// Events that together say so.
    pub disclosed: Vec<Pattern>,
    /// What has to be there besides, all of it.
    pub with: Vec<Pattern>,
}

/// The order for the coder's time (DOMAIN C.4).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// Minutes of review per hour of session.
    pub budget_minutes_per_hour: f64,
    /// Least minutes of review.
    pub least_budget_minutes: f64,
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
    /// As in [`super::Usable::modality`].
    pub id: String,
    /// In words.
    pub says: String,
    /// Least usable share of a stretch for its events to count there, 0 to 1; none = they always count.
    pub least_usable: Option<f64>,
    /// Its markers.
    pub markers: Vec<String>,
}

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
        above_zero("ranking.playing_speed", self.ranking.playing_speed)?;
        above_zero("ranking.control_secs", f64::from(self.ranking.control_secs))?;
        share("ranking.family_share_at_most", self.ranking.family_share_at_most)?;
        share("ranking.control_share", self.ranking.control_share)?;
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
        let referred = self.cue.iter().flat_map(|cue| &cue.replaces).chain(&self.cycle.without_exploration);
        for name in referred {
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

    /// The modality of a marker, if it has one.
    pub fn modality_of(&self, marker: &str) -> Option<&Modality> {
        self.modality.iter().find(|modality| modality.markers.iter().any(|m| m == marker))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../config/episodes.toml");

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
        assert!(error("replaces = [\"short_strict\"", "replaces = [\"short\"").contains("no cue \"short\""));
        assert!(error("markers = [\"aud.lapse\"]", "markers = [\"aud.laps\"]").contains("\"aud.laps\""));
        assert!(error("[ranking.value]", "[ranking.worth]").contains("worth"));
        assert!(error("mixed = 1.1\n", "").contains("ranking.value lacks mixed"));
        assert!(error("at_least = 2", "at_least = 3").contains("at_least"));
        assert!(error("[\"words\", \"topic\"]", "[\"word\"]").contains("\"word\""));
    }
}
