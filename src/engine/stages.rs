//! The long stages: listening and looking, at the same time where there are threads for both.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use crate::job::Job;
use crate::media::Damage;
use crate::model::Shelf;
use crate::origin::{Hash, ModelFile};
use crate::session::Problem;
use crate::track::Tracks;
use crate::voice::{VoiceError, VoiceInfo};

use super::hear::{self, Heard};
use super::prepared::Prepared;
use super::recordings::{self, Opened};
use super::request::{EngineError, Request};
use super::store::Store;
use super::watch::{Stage, Watch};

/// What a stage, or all of them, gave, before people are told apart.
#[derive(Default)]
pub struct Measured {
    /// All tracks, with voices and faces numbered.
    pub tracks: Tracks,
    /// Voice `n` is microphone `n` of the recording.
    pub are_channels: bool,
    /// Who was heard.
    pub voices: Vec<VoiceInfo>,
    /// Networks that ran, by name.
    pub models: BTreeMap<String, ModelFile>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// What could not be read: position of the recording, `sound` or `picture`, where.
    pub damage: Vec<(usize, &'static str, Damage)>,
}

impl Measured {
    /// Takes in what another stage gave.
    fn join(&mut self, other: Self) {
        self.tracks.extend(other.tracks);
        self.are_channels |= other.are_channels;
        self.voices.extend(other.voices);
        self.models.extend(other.models);
        self.problems.extend(other.problems);
        self.damage.extend(other.damage);
    }

    fn note(&mut self, stage: &str, messages: &[String]) {
        self.problems.extend(messages.iter().map(|message| Problem::note(stage, message)));
    }

    fn ran(&mut self, models: Vec<ModelFile>) {
        self.models.extend(models.into_iter().map(|model| (model.name.clone(), model)));
    }
}

/// All that the stages need besides the recordings.
pub struct Bench<'a> {
    /// What is asked for.
    pub request: &'a Request,
    /// The settings.
    pub prepared: &'a Prepared,
    /// The networks.
    pub shelf: &'a Shelf,
    /// Finished stages.
    pub store: &'a Store,
    /// Progress.
    pub watch: &'a dyn Watch,
    /// Raised when the user wants to stop.
    pub stop: &'a AtomicBool,
}

impl Bench<'_> {
    /// Hash of the settings of one stage and of the reader.
    fn settings_hash(&self, files: &[&str]) -> Hash {
        let hashes = files.iter().chain(&["media.toml"]).map(|file| self.prepared.config.hash(file));
        let hashes: Vec<Hash> = hashes.collect();
        Hash::of_parts(hashes.iter().map(|hash| ("settings", hash.as_str().as_bytes())))
    }

    /// Listens and looks, as asked: at the same time where there are threads for both.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`]; all else is noted in [`Measured::problems`].
    pub fn measure(&self, opened: &[Opened]) -> Result<Measured, EngineError> {
        let threads = self.request.threads;
        let films = self.request.look && opened.iter().any(|recording| recording.probe.has_picture());
        if threads < 2 || !self.request.listen || !films {
            let mut measured = self.listen(opened, threads)?;
            measured.join(self.look(opened, threads)?);
            return Ok(measured);
        }
        let (heard, seen) = std::thread::scope(|scope| {
            let listening = scope.spawn(|| self.listen(opened, 1));
            let seen = self.look(opened, threads);
            (listening.join().unwrap_or_else(|reason| std::panic::resume_unwind(reason)), seen)
        });
        let mut measured = heard?;
        measured.join(seen?);
        Ok(measured)
    }

    /// Listens to the recordings that are best for it.
    fn listen(&self, opened: &[Opened], threads: usize) -> Result<Measured, EngineError> {
        let mut measured = Measured::default();
        if !self.request.listen {
            return Ok(measured);
        }
        let chosen = match hear::choose(opened) {
            Ok(chosen) => chosen,
            Err(error) => {
                measured.problems.push(Problem::note("voice", error));
                return Ok(measured);
            }
        };
        let recordings: Vec<&Opened> = chosen.iter().map(|&index| &opened[index]).collect();
        let secs = recordings.iter().filter_map(|recording| recording.probe.duration_secs).reduce(f64::max);
        self.watch.begins(Stage::Voice, secs);
        let report = |secs: f64| self.watch.done_to(Stage::Voice, secs);
        let settings_hash = self.settings_hash(&["voice.toml"]);
        let wish = hear::Wish {
            media: &self.prepared.media,
            voice: &self.prepared.voice,
            shelf: self.shelf,
            people: self.request.speakers,
            channels: self.request.channels,
            threads,
            settings_hash: &settings_hash,
            fresh: self.request.fresh,
        };
        let job = Job::new(&report, self.stop);
        match hear::hear(&recordings, &wish, self.store, &job, &mut measured.problems) {
            Ok((Heard { voices, models, problems, damage }, tracks, reused)) => {
                self.watch.ends(Stage::Voice, reused);
                measured.are_channels = voices.iter().any(|voice| voice.channel.is_some());
                measured.voices = voices;
                measured.note("voice", &problems);
                measured
                    .damage
                    .extend(chosen.into_iter().zip(damage).map(|(index, damage)| (index, recordings::SOUND, damage)));
                measured.ran(models);
                measured.tracks.extend(tracks);
            }
            Err(VoiceError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error) => {
                self.watch.ends(Stage::Voice, false);
                measured.problems.push(Problem::failure("voice", error));
            }
        }
        Ok(measured)
    }

    #[cfg(not(feature = "video"))]
    fn look(&self, _: &[Opened], _: usize) -> Result<Measured, EngineError> {
        let mut measured = Measured::default();
        if self.request.look {
            measured.note("face", &["this program was built without films: faces were not looked at".to_owned()]);
        }
        Ok(measured)
    }

    /// Looks at every film.
    #[cfg(feature = "video")]
    fn look(&self, opened: &[Opened], threads: usize) -> Result<Measured, EngineError> {
        use super::look::{self, LookError};
        use crate::face::FaceError;

        let mut measured = Measured::default();
        if !self.request.look {
            return Ok(measured);
        }
        let films: Vec<usize> = (0..opened.len()).filter(|&index| opened[index].probe.has_picture()).collect();
        if films.is_empty() {
            measured.note("face", &["there is no film: face, gaze and head were not looked at".to_owned()]);
        }
        let settings_hash = self.settings_hash(&["face.toml", "body.toml"]);
        let mut faces_before = 0;
        for (film, index) in films.into_iter().enumerate() {
            self.watch.begins(Stage::Face, opened[index].probe.duration_secs);
            let report = |secs: f64| self.watch.done_to(Stage::Face, secs);
            let wish = look::Wish {
                media: &self.prepared.media,
                face: &self.prepared.face,
                body: &self.prepared.body,
                shelf: self.shelf,
                max_faces: self.prepared.engine.max_faces.max(self.request.speakers.unwrap_or(0)),
                max_width_px: self.prepared.engine.largest_picture_width_px,
                threads,
                settings_hash: &settings_hash,
                fresh: self.request.fresh,
            };
            let job = Job::new(&report, self.stop);
            match look::look(&opened[index], film, &wish, self.store, &job, &mut measured.problems) {
                Ok((mut seen, tracks, reused)) => {
                    self.watch.ends(Stage::Face, reused);
                    measured.note("face", &seen.problems);
                    measured.damage.push((index, recordings::PICTURE, seen.damage.clone()));
                    measured.ran(seen.models.clone());
                    measured.tracks.extend(look::numbered_on(&mut seen, tracks, faces_before));
                    faces_before = faces_before.saturating_add(u8::try_from(seen.faces.len()).unwrap_or(u8::MAX));
                }
                Err(LookError::Face(FaceError::Cancelled(cancelled))) => return Err(cancelled.into()),
                Err(error) => {
                    self.watch.ends(Stage::Face, false);
                    measured.problems.push(Problem::failure("face", error));
                }
            }
        }
        Ok(measured)
    }
}
