//! `config/record.toml`.

use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigError};
use crate::media::capture::{CaptureSettings, DeviceSettings, FileSettings, LevelSettings};
use crate::time::Secs;

/// All settings of recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is said before.
    pub consent: Consent,
    /// Writing.
    pub file: FileSettings,
    /// Devices and their faults.
    pub device: DeviceSettings,
    /// Meter, clipping, silence.
    pub levels: LevelSettings,
    /// The terminal.
    pub screen: Screen,
    /// The live view.
    pub live: LiveSettings,
}

/// What is said before a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// What is recorded, where it goes, who must have agreed.
    pub notice: String,
    /// The question that Enter answers.
    pub question: String,
}

/// The terminal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// Between two redraws.
    pub redraw_secs: Secs,
}

/// The live view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveSettings {
    /// How much of the recent past is shown.
    pub shown_secs: Secs,
    /// Between two times at which the last ten seconds are listened to.
    pub every_secs: Secs,
    /// At the end of what was heard: what may still change.
    pub settle_secs: Secs,
    /// Silence from which on its length stands out.
    pub long_silence_secs: Secs,
    /// Sound that may wait to be analysed.
    pub waiting_secs: Secs,
    /// dB above the quiet tenth from which on a level is speech, without the network.
    pub level_db: f32,
    /// dB full scale of the lowest level that is speech, without the network.
    pub level_dbfs: f32,
    /// dB full scale above which the quiet tenth is taken for speech, without the network.
    pub noisiest_dbfs: f32,
}

/// Why `record.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It does not read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A number is out of its range.
    #[error("settings file record.toml: {name} must be {range}")]
    Range {
        /// Its name in the file.
        name: &'static str,
        /// What it may be.
        range: &'static str,
    },
}

impl Settings {
    /// Reads and checks `record.toml`.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(config: &Config) -> Result<Self, SettingsError> {
        let settings: Self = config.read("record.toml")?;
        settings.capture().check().map_err(|(name, range)| SettingsError::Range { name, range })?;
        let within = |secs: Secs, from: f64, to: f64| (from..=to).contains(&secs.0.as_secs_f64());
        let Self { screen, live, .. } = &settings;
        let checks = [
            ("screen.redraw_secs", within(screen.redraw_secs, 0.02, 10.0), "0.02 to 10"),
            ("live.shown_secs", within(live.shown_secs, 5.0, 600.0), "5 to 600"),
            ("live.every_secs", within(live.every_secs, 0.1, 10.0), "0.1 to 10"),
            ("live.settle_secs", within(live.settle_secs, 0.0, 5.0), "0 to 5"),
            ("live.waiting_secs", within(live.waiting_secs, 0.1, 60.0), "0.1 to 60"),
            ("live.level_db", live.level_db.is_finite(), "a number"),
            ("live.noisiest_dbfs", live.noisiest_dbfs.is_finite(), "a number"),
            ("live.level_dbfs", live.level_dbfs.is_finite(), "a number"),
        ];
        match checks.into_iter().find(|(_, holds, _)| !holds) {
            Some((name, _, range)) => Err(SettingsError::Range { name, range }),
            None => Ok(settings),
        }
    }

    /// The part that recording itself needs.
    pub fn capture(&self) -> CaptureSettings {
        CaptureSettings { file: self.file.clone(), device: self.device.clone(), levels: self.levels.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_in_the_program_reads_and_says_who_must_agree() {
        let settings = Settings::read(&Config::embedded()).unwrap();
        assert!(settings.consent.notice.contains("Everyone in the room must have agreed"));
    }
}
