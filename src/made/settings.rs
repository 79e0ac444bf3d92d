//! `config/made.toml`, read and checked. Sources of the numbers stand beside them in that file.

use serde::Deserialize;

use crate::config::{Config, ConfigError};
use crate::time::Secs;

/// Where the settings stand.
const FILE: &str = "made.toml";

/// Why the settings do not read.
pub type SettingsError = ConfigError;

/// Mean and standard deviation, in seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bell {
    pub(super) mean: f64,
    pub(super) sd: f64,
}

/// A range, both ends included.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range<T> {
    pub(super) least: T,
    pub(super) most: T,
}

/// A session as a whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) minutes: f64,
    pub(super) words_per_sec: f64,
    pub(super) exchange_secs: f64,
    pub(super) gap_secs: Bell,
    pub(super) person_spread: f64,
    pub(super) backchannel_share: f64,
}

/// How often and how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ruptures {
    pub(super) per_session: f64,
    pub(super) confrontation_share: f64,
    pub(super) exchanges: Range<u32>,
    pub(super) apart_secs: Secs,
}

/// Silences of 3 s and more.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Silences {
    pub(super) median_secs: f64,
    pub(super) spread: f64,
    pub(super) in_withdrawal: f64,
    pub(super) in_confrontation: f64,
    pub(super) after_short_reply: f64,
    pub(super) elsewhere: f64,
    pub(super) productive_per_session: f64,
    pub(super) productive_inside_turn: f64,
}

/// One kind of prompt and the replies to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prompt {
    pub(super) kind: String,
    pub(super) share: f64,
    pub(super) in_rupture: f64,
    pub(super) words: f64,
    pub(super) reply_words: f64,
    pub(super) short_3: f64,
    pub(super) short_5: f64,
}

/// Replies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replies {
    pub(super) spread: f64,
    pub(super) longest_words: u32,
    pub(super) long_from_words: u32,
    pub(super) short_in_withdrawal: f64,
    pub(super) none_in_withdrawal: f64,
    pub(super) short_in_confrontation: f64,
}

/// Where in an exchange a cue's event lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum At {
    /// In the last part of the therapist's prompt.
    Prompt,
    /// In the reply.
    Reply,
    /// From the reply's end on.
    After,
}

/// The type of rupture that a cue's `auc` is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Type {
    #[default]
    Withdrawal,
    Confrontation,
}

/// A marker's events about the client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cue {
    pub(super) marker: String,
    pub(super) kind: Option<String>,
    pub(super) at: At,
    pub(super) value: Option<f32>,
    #[serde(default)]
    pub(super) long_replies_only: bool,
    pub(super) calm: f64,
    pub(super) withdrawal: f64,
    pub(super) confrontation: f64,
    #[serde(default, rename = "type")]
    pub(super) about: Type,
    pub(super) auc: f64,
}

impl Cue {
    /// Area under the curve of a cue that is there or not.
    fn auc_of_rates(&self) -> f64 {
        let hits = match self.about {
            Type::Withdrawal => self.withdrawal,
            Type::Confrontation => self.confrontation,
        };
        (1.0 + hits - self.calm) / 2.0
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AsWritten {
    session: Shape,
    rupture: Ruptures,
    silence: Silences,
    prompt: Vec<Prompt>,
    reply: Replies,
    cue: Vec<Cue>,
    strength: Range<f64>,
    confidence: Range<f64>,
}

/// `config/made.toml`, with what made events need of the markers' own thresholds.
#[derive(Clone, Debug)]
pub struct MadeSettings {
    pub(super) session: Shape,
    pub(super) rupture: Ruptures,
    pub(super) silence: Silences,
    pub(super) prompt: Vec<Prompt>,
    pub(super) reply: Replies,
    pub(super) cue: Vec<Cue>,
    pub(super) strength: Range<f64>,
    pub(super) confidence: Range<f64>,
    pub(super) timing: Timing,
}

/// From 0 at `zero` to 1 at `full`, straight between.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ramp {
    zero: f64,
    full: f64,
}

impl Ramp {
    pub(super) fn at(self, value: f64) -> f32 {
        ((value - self.zero) / (self.full - self.zero)).clamp(0.0, 1.0) as f32
    }
}

/// The markers' thresholds for silences and short replies, from `config/markers/audio.toml`: made events are what those
/// markers would have seen.
#[derive(Clone, Debug)]
pub(super) struct Timing {
    pub(super) silence_secs: f64,
    pub(super) silence: Ramp,
    pub(super) lapse_secs: f64,
    pub(super) lapse: Ramp,
    pub(super) short_kinds: Vec<String>,
    pub(super) strict_words: u32,
    pub(super) loose_words: u32,
    pub(super) short: Ramp,
}

#[derive(Deserialize)]
struct AudioFile {
    silence3: Quiet,
    lapse: Quiet,
    minresp: Short,
}

#[derive(Deserialize)]
struct Quiet {
    min_secs: Secs,
    strength: Ramp,
}

#[derive(Deserialize)]
struct Short {
    prompt_kinds: Vec<String>,
    strict_words: u32,
    loose_words: u32,
    strength: Ramp,
}

impl MadeSettings {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// [`SettingsError`] names the file and what is wrong in it.
    pub fn read(config: &Config) -> Result<Self, SettingsError> {
        let read: AsWritten = config.read(FILE)?;
        let audio: AudioFile = config.read("markers/audio.toml")?;
        if let Some(message) = wrong(&read) {
            return Err(ConfigError::Wrong { file: FILE.into(), message });
        }
        let AsWritten { session, rupture, silence, prompt, reply, cue, strength, confidence } = read;
        let timing = Timing {
            silence_secs: audio.silence3.min_secs.0.as_secs_f64(),
            silence: audio.silence3.strength,
            lapse_secs: audio.lapse.min_secs.0.as_secs_f64(),
            lapse: audio.lapse.strength,
            short_kinds: audio.minresp.prompt_kinds,
            strict_words: audio.minresp.strict_words,
            loose_words: audio.minresp.loose_words,
            short: audio.minresp.strength,
        };
        Ok(Self { session, rupture, silence, prompt, reply, cue, strength, confidence, timing })
    }

    /// The same with sessions of this length, in minutes (kept between 1 and 600).
    #[must_use]
    pub fn with_minutes(mut self, minutes: f64) -> Self {
        self.session.minutes = if minutes.is_finite() { minutes.clamp(1.0, 600.0) } else { self.session.minutes };
        self
    }
}

/// What is wrong, if anything is.
fn wrong(read: &AsWritten) -> Option<String> {
    let share = |value: f64| (0.0..=1.0).contains(&value);
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let silence = &read.silence;
    let shares = [
        ("session.backchannel_share", read.session.backchannel_share),
        ("rupture.confrontation_share", read.rupture.confrontation_share),
        ("silence.in_withdrawal", silence.in_withdrawal),
        ("silence.in_confrontation", silence.in_confrontation),
        ("silence.after_short_reply", silence.after_short_reply),
        ("silence.elsewhere", silence.elsewhere),
        ("silence.productive_inside_turn", silence.productive_inside_turn),
        ("reply.short_in_withdrawal", read.reply.short_in_withdrawal),
        ("reply.none_in_withdrawal", read.reply.none_in_withdrawal),
        ("reply.short_in_confrontation", read.reply.short_in_confrontation),
        ("strength.least", read.strength.least),
        ("strength.most", read.strength.most),
        ("confidence.least", read.confidence.least),
        ("confidence.most", read.confidence.most),
    ];
    if let Some((name, _)) = shares.iter().find(|(_, value)| !share(*value)) {
        return Some(format!("{name} must be 0 to 1"));
    }
    let lengths = [
        ("session.minutes", read.session.minutes),
        ("session.words_per_sec", read.session.words_per_sec),
        ("session.exchange_secs", read.session.exchange_secs),
        ("silence.median_secs", silence.median_secs),
    ];
    if let Some((name, _)) = lengths.iter().find(|(_, value)| !positive(*value)) {
        return Some(format!("{name} must be above 0"));
    }
    if read.session.minutes > 600.0 {
        return Some("session.minutes must be at most 600".into());
    }
    if read.rupture.exchanges.least == 0 || read.rupture.exchanges.least > read.rupture.exchanges.most {
        return Some("rupture.exchanges must go from at least 1 to at least as many".into());
    }
    if read.prompt.is_empty() {
        return Some("at least one [[prompt]] is needed".into());
    }
    for prompt in &read.prompt {
        let good = share(prompt.share) && share(prompt.in_rupture) && share(prompt.short_3) && share(prompt.short_5);
        if !good || prompt.short_5 < prompt.short_3 || !positive(prompt.words) || !positive(prompt.reply_words) {
            return Some(format!(
                "prompt {:?}: shares must be 0 to 1, short_5 at least short_3, and words above 0",
                prompt.kind
            ));
        }
    }
    for cue in &read.cue {
        if ![cue.calm, cue.withdrawal, cue.confrontation].into_iter().all(share) {
            return Some(format!("cue {}: rates must be 0 to 1", cue.marker));
        }
        if (cue.auc_of_rates() - cue.auc).abs() > 0.01 {
            return Some(format!(
                "cue {}: its rates give an AUC of {:.3}, and auc says {}: change one of them",
                cue.marker,
                cue.auc_of_rates(),
                cue.auc
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: &str, to: &str) -> String {
        let text = Config::embedded().text(FILE).unwrap().replacen(from, to, 1);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        MadeSettings::read(&Config::with_folder(folder.path()).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn wrong_settings_say_what_is_wrong() {
        assert!(message("minutes = 50.0", "minutes = 0.0").contains("session.minutes must be above 0"));
        assert!(message("share = 0.24", "share = 1.24").contains("open_question"));
        assert!(message("auc = 0.60 ", "auc = 0.90 ").contains("its rates give an AUC of 0.600"));
        assert!(message("least = 2, most = 4", "least = 5, most = 4").contains("rupture.exchanges"));
        assert!(message("minutes = 50.0", "minuets = 50.0").contains("made.toml"));
    }
}
