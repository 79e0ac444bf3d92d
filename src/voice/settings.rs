//! The settings of `config/voice.toml`.

use serde::{Deserialize, Serialize};

use crate::time::Secs;

use super::VoiceError;

/// `config/voice.toml`, as written. [`Settings::check`] says whether the numbers make sense.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The network that hears who speaks within ten seconds.
    pub segmentation: Segmentation,
    /// The network that says where nobody speaks.
    pub first_pass: FirstPass,
    /// How readily overlap is heard.
    pub overlap: Overlap,
    /// How speech is cut for the network that tells one voice from another.
    pub parts: Parts,
    /// Which voices are whose, over the whole recording.
    pub people: People,
    /// One microphone per person.
    pub channels: ChannelSettings,
    /// Telling two microphones from one room in stereo.
    pub layout: Layout,
    /// Recordings without sound in them.
    pub silence: Silence,
    /// Laughs and other sounds that are not words.
    pub sounds: Sounds,
    /// Pitch, perturbation, spectrum.
    pub prosody: super::prosody::Settings,
}

/// How the segmentation network is run and read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segmentation {
    /// Seconds between neighbouring windows, 0.1 to 10.
    pub step_secs: Secs,
    /// The same where each person has a microphone.
    pub channel_step_secs: Secs,
    /// Seconds in which two windows may hear different people in the time they share before the one between them is
    /// listened to as well, 0 to 10. Not looked at where each person has a microphone.
    pub agree_secs: Secs,
    /// Seconds at the ends of the shared time that do not count, 0 to 2.
    pub agree_edge_secs: Secs,
    /// Odds by which speech is preferred to silence, above 0; 1 = as the network says.
    pub speech_odds: f32,
    /// The same for a person's own microphone.
    pub microphone_speech_odds: f32,
    /// Weight of a window's edge against its middle, above 0, at most 1.
    pub edge_weight: f32,
}

/// The cheap network that says where nobody speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstPass {
    /// Probability of speech below which a whole window must stay not to be listened to, 0 to 1.
    pub quiet_below: f32,
    /// How much its log odds count beside those of the segmentation network, 0 or more.
    pub weight: f32,
}

/// How readily two are heard to speak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// Odds by which two voices are preferred to one, above 0.
    pub odds: f32,
    /// Share of overlap in speech from which on the odds grow with it, above 0, at most 1.
    pub usual_share: f32,
    /// The largest odds, at least `odds`.
    pub most_odds: f32,
    /// Probability that a second person must have to speak beside the first, 0 to 1.
    pub second_from: f32,
    /// Probability at most of everybody else while somebody speaks, 0 to below one half.
    pub somebody_else: f32,
}

/// How speech is cut into parts that are fingerprinted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// Longest part; longer speech is cut into equal ones.
    pub longest_secs: Secs,
    /// Shortest part; shorter ones are not fingerprinted.
    pub shortest_secs: Secs,
    /// Changes of voice that lie closer are one change.
    pub same_change_secs: Secs,
    /// Stretch at a window's ends in which its changes of voice do not count.
    pub edge_secs: Secs,
}

/// How parts become people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Speech a person needs in the whole recording.
    pub min_speech_secs: Secs,
    /// Speech from which on somebody more than expected is told ..
    pub more_people_from_secs: Secs,
    /// .. or, in a short recording, this share of all speech, 0 to 1.
    pub more_people_from_share: f32,
    /// Length of a part that shapes the picture of a person.
    pub train_secs: Secs,
    /// Groups at the start beyond the people expected.
    pub spare_groups: usize,
    /// Cosine by which parts must be more like their own group than like another one for the two to be two people.
    pub margin: f32,
    /// The same where one of them is small: has only one part, or little speech.
    pub few_margin: f32,
    /// Cosine with another group above which a small one is no person of its own.
    pub few_likeness: f32,
    /// Speech below which a group is small.
    pub few_secs: Secs,
    /// Share of all speech below which a group is small, 0 to 1.
    pub few_share: f32,
    /// Cosine of two parts of one person, where a group has none to compare.
    pub usual_likeness: f32,
    /// Cosine that it is worth if windows hear a part and a group as one voice, 0 or more.
    pub together_weight: f32,
    /// Cosine difference for odds of e to 1, above 0.
    pub margin_scale: f32,
    /// Cosine from which two parts are the same sound twice, up to 1.
    pub same_sound: f32,
    /// Windows more for than against that make a tie of full strength, above 0.
    pub tie_windows: f32,
}

impl People {
    /// Seconds from which on somebody more than expected is told, where so much is spoken.
    pub(super) fn told_secs(&self, spoken: f32) -> f32 {
        self.more_people_from_secs.0.as_secs_f32().min(self.more_people_from_share * spoken)
    }
}

/// How one microphone's speech is kept out of the other's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// Length over which levels are compared.
    pub level_secs: Secs,
    /// dB between the two values of the level difference, below which they are one; above 0.
    pub apart_db: f32,
    /// How far towards the other's value a person still counts as speaking, 0 to below 1.
    pub crosstalk_share: f32,
    /// dB below the loudest microphone at which a person still counts where the values are one, 0 or more.
    pub crosstalk_db: f32,
    /// dB, width of that border, above 0.
    pub crosstalk_soft_db: f32,
}

/// How the channels of a file are understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Sound looked at.
    pub look_secs: Secs,
    /// dB of the difference relative to the sum, below which channels are identical.
    pub identical_db: f32,
    /// dB full scale below which a channel is silent.
    pub silent_dbfs: f32,
    /// dB between the two values of the level difference, from which on channels are two people's; above 0.
    pub apart_db: f32,
    /// dB above the tenth percentile of the level where somebody speaks.
    pub active_db: f32,
}

/// When a recording counts as silent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// dB full scale of the loudest 10 ms.
    pub silent_dbfs: f32,
    /// Mean of all samples, full scale = 1, from which on a constant offset is told.
    pub offset_from: f64,
}

/// How sounds that are not words are looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sounds {
    /// Seconds between neighbouring patches, 0.16 to 0.96; taken as the nearest multiple of 0.16.
    pub step_secs: Secs,
    /// Probability of laughter or crying from which on patches lie 0.16 s apart, 0 to 1.
    pub look_closer_from: f32,
    /// The same for how much syllables repeat, 0 to 1.
    pub look_closer_rhythm: f32,
    /// dB full scale to which each patch is brought.
    pub level_dbfs: f32,
    /// Most dB by which a patch is raised, 0 or more.
    pub most_gain_db: f32,
    /// dB full scale at or below which a patch is silent and not looked at.
    pub silent_dbfs: f32,
}

impl Sounds {
    /// Every how many of the closest patches one is looked at in any case, 1 to 6.
    pub(super) fn every(&self) -> i64 {
        ((self.step_secs.0.as_secs_f64() / 0.16).round() as i64).clamp(1, 6)
    }
}

impl Settings {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// [`VoiceError::Settings`] with the first one that is not.
    pub fn check(&self) -> Result<(), VoiceError> {
        let Self { segmentation, first_pass, overlap, parts, people, channels, layout, silence, sounds, prosody } =
            self;
        let step = |secs: Secs| (0.1..=10.0).contains(&secs.0.as_secs_f64());
        let above_zero = |value: f32| value.is_finite() && value > 0.0;
        let not_negative = |value: f32| value.is_finite() && value >= 0.0;
        let checks = [
            ("segmentation.step_secs", step(segmentation.step_secs), "0.1 to 10"),
            ("segmentation.channel_step_secs", step(segmentation.channel_step_secs), "0.1 to 10"),
            ("segmentation.agree_secs", segmentation.agree_secs.0.as_secs_f64() <= 10.0, "0 to 10"),
            ("segmentation.agree_edge_secs", segmentation.agree_edge_secs.0.as_secs_f64() <= 2.0, "0 to 2"),
            ("segmentation.speech_odds", above_zero(segmentation.speech_odds), "above 0"),
            ("segmentation.microphone_speech_odds", above_zero(segmentation.microphone_speech_odds), "above 0"),
            (
                "segmentation.edge_weight",
                above_zero(segmentation.edge_weight) && segmentation.edge_weight <= 1.0,
                "above 0, at most 1",
            ),
            ("first_pass.quiet_below", (0.0..=1.0).contains(&first_pass.quiet_below), "0 to 1"),
            ("first_pass.weight", not_negative(first_pass.weight), "0 or more"),
            ("overlap.odds", above_zero(overlap.odds), "above 0"),
            (
                "overlap.usual_share",
                above_zero(overlap.usual_share) && overlap.usual_share <= 1.0,
                "above 0, at most 1",
            ),
            (
                "overlap.most_odds",
                overlap.most_odds.is_finite() && overlap.most_odds >= overlap.odds,
                "at least overlap.odds",
            ),
            ("parts.longest_secs", (0.5..=10.0).contains(&parts.longest_secs.0.as_secs_f64()), "0.5 to 10"),
            ("parts.shortest_secs", (0.1..=2.0).contains(&parts.shortest_secs.0.as_secs_f64()), "0.1 to 2"),
            ("parts.edge_secs", parts.edge_secs.0.as_secs_f64() <= 4.0, "0 to 4"),
            ("people.spare_groups", people.spare_groups <= 20, "0 to 20"),
            ("people.margin", (-1.0..=2.0).contains(&people.margin), "-1 to 2"),
            ("people.few_margin", (-1.0..=2.0).contains(&people.few_margin), "-1 to 2"),
            ("people.few_likeness", (-1.0..=1.0).contains(&people.few_likeness), "-1 to 1"),
            ("people.few_share", (0.0..=1.0).contains(&people.few_share), "0 to 1"),
            ("people.more_people_from_share", (0.0..=1.0).contains(&people.more_people_from_share), "0 to 1"),
            ("people.usual_likeness", (-1.0..=1.0).contains(&people.usual_likeness), "-1 to 1"),
            ("people.together_weight", not_negative(people.together_weight), "0 or more"),
            ("people.margin_scale", above_zero(people.margin_scale), "above 0"),
            ("channels.apart_db", above_zero(channels.apart_db), "above 0"),
            ("channels.crosstalk_share", (0.0..1.0).contains(&channels.crosstalk_share), "0 to below 1"),
            ("channels.crosstalk_db", not_negative(channels.crosstalk_db), "0 or more"),
            ("channels.crosstalk_soft_db", above_zero(channels.crosstalk_soft_db), "above 0"),
            ("layout.identical_db", layout.identical_db.is_finite(), "a number"),
            ("layout.silent_dbfs", layout.silent_dbfs.is_finite(), "a number"),
            ("layout.apart_db", above_zero(layout.apart_db), "above 0"),
            ("layout.active_db", not_negative(layout.active_db), "0 or more"),
            ("silence.offset_from", silence.offset_from > 0.0, "above 0"),
            ("silence.silent_dbfs", silence.silent_dbfs.is_finite(), "a number"),
            ("sounds.step_secs", (0.16..=0.96).contains(&sounds.step_secs.0.as_secs_f64()), "0.16 to 0.96"),
            ("sounds.look_closer_from", (0.0..=1.0).contains(&sounds.look_closer_from), "0 to 1"),
            ("sounds.look_closer_rhythm", (0.0..=1.0).contains(&sounds.look_closer_rhythm), "0 to 1"),
            ("sounds.level_dbfs", sounds.level_dbfs.is_finite(), "a number"),
            ("sounds.most_gain_db", not_negative(sounds.most_gain_db), "0 or more"),
            ("sounds.silent_dbfs", sounds.silent_dbfs.is_finite(), "a number"),
        ];
        let wrong = checks.into_iter().find(|(_, holds, _)| !holds).map(|(name, _, range)| (name, range));
        match wrong.or_else(|| prosody.wrong()) {
            Some((name, range)) => Err(VoiceError::Settings { name, range }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The settings inside the program.
    pub(in crate::voice) fn default_settings() -> Settings {
        toml::from_str(include_str!("../../config/voice.toml")).unwrap()
    }

    #[test]
    fn the_file_in_the_program_reads_and_makes_sense() {
        default_settings().check().unwrap();
    }

    #[test]
    fn a_misspelt_or_missing_setting_does_not_read() {
        let text = include_str!("../../config/voice.toml");
        assert!(toml::from_str::<Settings>(&text.replace("few_margin", "few_magrin")).is_err());
        assert!(toml::from_str::<Settings>(&text.replace("edge_weight", "# edge_weight")).is_err());
        assert!(toml::from_str::<Settings>(&text.replace("step_secs = 3.0", "step_secs = -3.0")).is_err());
    }

    #[test]
    fn a_number_out_of_range_is_named() {
        let mut settings = default_settings();
        settings.segmentation.step_secs = Secs(std::time::Duration::ZERO);
        assert!(settings.check().unwrap_err().to_string().contains("step_secs"));
        let mut settings = default_settings();
        settings.people.margin_scale = f32::NAN;
        assert!(settings.check().unwrap_err().to_string().contains("margin_scale"));
    }
}
