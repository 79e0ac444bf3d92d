//! The recordings of a session: opened, hashed, put on one clock.

use std::path::{Path, PathBuf};

use crate::media::{self, Damage, MediaError, MediaSettings, Probe, SoundSource};
use crate::origin::Hash;
use crate::session::{Media, Problem};
use crate::time::{SessionTime, Span};

use super::request::{EngineError, Recording};

/// One recording that can be used.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub probe: Probe,
    /// Of the whole file.
    pub sha256: Hash,
    /// Session time of its zero.
    pub offset: SessionTime,
    /// How the offset came about.
    pub offset_from: String,
    /// Parts per million by which its clock runs fast; `None` if not measured.
    pub drift_ppm: Option<f64>,
    /// What could not be read, filled in by the stages.
    pub damage: Damage,
}

impl Opened {
    /// File name without its folder.
    pub fn file(&self) -> String {
        file_name(&self.path)
    }

    /// Where it lies on the session clock, if its length is known.
    pub fn span(&self) -> Option<Span> {
        let secs = self.probe.duration_secs?;
        Span::new(self.offset, self.offset.shifted(SessionTime::from_secs_f64(secs)))
    }

    /// Its sound from its place on the session clock.
    ///
    /// # Errors
    /// As [`media::open_sound`].
    pub fn sound(&self, settings: &MediaSettings) -> Result<Box<dyn SoundSource>, MediaError> {
        media::open_sound(&self.path, self.offset, settings)
    }

    /// As results tell it.
    pub fn told(&self) -> Media {
        Media {
            file: self.file(),
            sha256: self.sha256.clone(),
            what: self.probe.describe(),
            offset_s: self.offset,
            offset_from: self.offset_from.clone(),
            drift_ppm: self.drift_ppm,
            damage: self.damage.clone(),
        }
    }
}

/// File name without its folder, for results and messages.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Opens what can be opened; each recording that cannot becomes a problem.
///
/// # Errors
/// [`EngineError::Media`] if none can be opened: the first one's reason.
pub fn open_all(
    recordings: &[Recording],
    settings: &MediaSettings,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Opened>, EngineError> {
    let mut opened = Vec::new();
    let mut first_error = None;
    for (index, recording) in recordings.iter().enumerate() {
        match open(recording, index == 0, settings) {
            Ok(recording) => opened.push(recording),
            Err(error) => {
                problems.push(Problem { stage: "media".into(), message: error.to_string() });
                first_error.get_or_insert(error);
            }
        }
    }
    match (opened.is_empty(), first_error) {
        (true, Some(error)) => Err(error.into()),
        (true, None) => Err(EngineError::Request("no recording was given".into())),
        _ => Ok(opened),
    }
}

fn open(recording: &Recording, is_first: bool, settings: &MediaSettings) -> Result<Opened, MediaError> {
    let path = &recording.path;
    let probe = media::probe(path, settings)?;
    let sha256 = Hash::of_file(path)
        .map_err(|source| MediaError::Unreadable { file: path.display().to_string(), source })?;
    let (offset, offset_from) = match recording.offset_secs {
        Some(secs) => (SessionTime::from_secs_f64(secs), "given"),
        None if is_first => (SessionTime::ZERO, "first recording"),
        None => (SessionTime::ZERO, "not found"),
    };
    let offset_from = offset_from.to_owned();
    Ok(Opened { path: path.clone(), probe, sha256, offset, offset_from, drift_ppm: None, damage: Damage::default() })
}
