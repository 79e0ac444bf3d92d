//! All settings, read and checked once, before any work begins.

use serde::Deserialize;

use crate::codebook::{self, Codebook};
use crate::config::{Config, ConfigError};
use crate::learn::{Learned, LearnedError};
use crate::media::MediaSettings;
use crate::origin::Hash;
use crate::rules::Vocabulary;
use crate::track::Who;
use crate::{episodes, export, markers, roles, transcript, voice};

use super::language::{LanguageSettings, Languages};
use super::request::EngineError;

/// What is common to all stages: `config/engine.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSettings {
    /// Most people in one film.
    pub max_faces: u8,
    /// Wider pictures are scaled down to this width.
    pub largest_picture_width_px: u32,
    /// Quality, 0 to 1, below which a frame is not assessable.
    pub assessable_from: f32,
    /// Share of a recording's announced length, 0 to 1, up to which missing sound or pictures are only noted.
    pub most_missing_share: f64,
    /// Language of transcripts.
    pub language: LanguageSettings,
}

/// Where [`EngineSettings`] stand.
const ENGINE_FILE: &str = "engine.toml";

impl EngineSettings {
    fn read(config: &Config) -> Result<Self, ConfigError> {
        let read: Self = config.read(ENGINE_FILE)?;
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let wrong = [
            (read.max_faces == 0, "max_faces must be 1 to 255"),
            (read.largest_picture_width_px < 64, "largest_picture_width_px must be at least 64"),
            (!share(read.assessable_from.into()), "assessable_from must be 0 to 1"),
            (!share(read.most_missing_share), "most_missing_share must be 0 to 1"),
        ];
        match wrong.iter().find(|(wrong, _)| *wrong) {
            Some((_, message)) => Err(ConfigError::Wrong { file: ENGINE_FILE.into(), message: (*message).into() }),
            None => Ok(read),
        }
    }
}

/// Everything that the settings folder says, ready to use.
pub struct Prepared {
    /// The files themselves, for their hashes.
    pub config: Config,
    /// `engine.toml`.
    pub engine: EngineSettings,
    /// `media.toml`.
    pub media: MediaSettings,
    /// `voice.toml`.
    pub voice: voice::Settings,
    /// `face.toml`.
    #[cfg(feature = "video")]
    pub face: crate::face::Settings,
    /// `body.toml`.
    #[cfg(feature = "video")]
    pub body: crate::body::Settings,
    /// `align.toml`.
    pub align: crate::align::Settings,
    /// `meaning.toml`.
    pub meaning: crate::meaning::Settings,
    /// `transcript.toml`.
    pub transcript: transcript::Settings,
    /// `roles.toml`.
    pub roles: roles::Settings,
    /// `markers/*.toml`.
    pub markers: markers::Settings,
    /// Moments at which a coder says that a face is at rest: whose, and seconds on the session clock. They stand in
    /// `markers` as well.
    pub neutral: Vec<(Who, f64)>,
    /// Whether every picture is looked at.
    pub full_rate: bool,
    /// The section on exchanges of `markers/audio.toml`.
    pub exchange: markers::exchange::Settings,
    /// `language/`.
    pub languages: Languages,
    /// `codebook/`.
    pub codebook: Codebook,
    /// `episodes.toml`.
    pub episodes: episodes::Settings,
    /// `report.toml`.
    pub report: export::Settings,
    /// Weights learned from coders' decisions, which stand in `episodes` already, and the hash of their file.
    pub learned: Option<(Learned, Hash)>,
}

impl Prepared {
    /// Reads everything.
    ///
    /// # Errors
    /// [`EngineError`] names the file and what is wrong in it.
    pub fn read(config: Config) -> Result<Self, EngineError> {
        let markers = markers::read_settings(config.under("markers"))?;
        let section = markers::exchange::SECTION;
        let exchange = markers.get(section).cloned().unwrap_or_default().try_into().map_err(|e: toml::de::Error| {
            markers::MarkerError::SettingsFile { file: format!("[{section}] in markers"), message: e.to_string() }
        })?;
        let engine = EngineSettings::read(&config)?;
        Ok(Self {
            languages: Languages::read(&config, engine.language.clone())?,
            engine,
            media: config.read("media.toml")?,
            voice: config.read("voice.toml")?,
            #[cfg(feature = "video")]
            face: config.read("face.toml")?,
            #[cfg(feature = "video")]
            body: config.read("body.toml")?,
            align: config.read("align.toml")?,
            meaning: config.read("meaning.toml")?,
            transcript: config.read("transcript.toml")?,
            codebook: read_codebook(&config)?,
            episodes: config.read("episodes.toml")?,
            report: config.read("report.toml")?,
            roles: config.read("roles.toml")?,
            markers,
            neutral: Vec::new(),
            full_rate: false,
            learned: None,
            exchange,
            config,
        })
    }

    /// With weights learned from coders' decisions in place of the starting ones.
    ///
    /// # Errors
    /// [`LearnedError`] if the file does not read, or multiplies other weights than those of `episodes.toml`.
    pub fn with_learned(mut self, file: &std::path::Path) -> Result<Self, LearnedError> {
        let learned = Learned::read(file, &self.starting_weights())?;
        let hash = Hash::of_file(file)
            .map_err(|e| LearnedError::Unreadable { message: e.to_string(), file: file.to_owned() })?;
        self.episodes = learned.settings(self.episodes);
        self.learned = Some((learned, hash));
        Ok(self)
    }

    /// Hash of `episodes.toml`, to which learned weights belong.
    pub fn starting_weights(&self) -> Hash {
        Hash::of_bytes(self.config.text("episodes.toml").unwrap_or_default().as_bytes())
    }

    /// The same, looking at `full_step` of `face.toml` where asked: short movements count then.
    #[must_use]
    pub fn at_full_rate(mut self, full_rate: bool) -> Self {
        self.full_rate = full_rate;
        #[cfg(feature = "video")]
        if full_rate {
            self.face.step = self.face.full_step;
        }
        self
    }

    /// With the moments at which a coder says that a face is at rest.
    pub fn with_neutral(mut self, picked: &[(Who, f64)]) -> Self {
        let moments: toml::Table = picked.iter().map(|(who, secs)| (who.to_string(), (*secs).into())).collect();
        if let Some(section) = self.markers.get_mut(markers::video::face::SECTION).filter(|_| !moments.is_empty()) {
            section.insert("neutral_at".into(), moments.into());
        }
        self.neutral = picked.to_vec();
        self
    }

    /// Hash of all settings, of the moments that a coder has picked and the rate too.
    pub fn hash(&self) -> Hash {
        let files = self.config.hash("");
        if self.neutral.is_empty() && !self.full_rate {
            return files;
        }
        let picked: Vec<String> = self.neutral.iter().map(|(who, secs)| format!("{who}={secs}")).collect();
        Hash::of_parts([
            ("settings", files.as_str().as_bytes()),
            ("neutral", picked.join(" ").as_bytes()),
            ("full rate", &[u8::from(self.full_rate)]),
        ])
    }

    /// What the report says of each code.
    pub fn code_words(&self) -> export::Codes {
        code_words(&self.codebook)
    }
}

/// What the report says of each code.
pub fn code_words(codebook: &Codebook) -> export::Codes {
    let words = |code: &codebook::Code| export::CodeWords {
        place: format!("{} / {}", code.axial, code.primary),
        tone: match code.polarity {
            codebook::Polarity::Supporting => export::Tone::Support,
            codebook::Polarity::Straining => export::Tone::Strain,
            codebook::Polarity::ContextDependent => export::Tone::Open,
        },
        definition: code.definition.operational.clone(),
    };
    codebook.codes().map(|code| (code.id.clone(), words(code))).collect()
}

/// Reads the codes alone, for the commands about them.
///
/// # Errors
/// [`EngineError::Codebook`] with everything that is wrong, a line each.
pub fn read_codebook(config: &Config) -> Result<Codebook, EngineError> {
    let told = |message: String| EngineError::Codebook(message);
    let vocabulary = Vocabulary::from_dictionary(config.text("dictionary.toml")?)
        .map_err(|e| told(e.to_string()))?
        .with_cards(markers::ALL.iter().map(|marker| marker.card()));
    let settings = config.read("codebook.toml")?;
    codebook::read(config.under("codebook"), &vocabulary, &settings).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(|error| format!("  {error}")).collect();
        told(lines.join("\n"))
    })
}
