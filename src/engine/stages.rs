//! The long stages: listening and looking, at the same time where there are threads for both.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use crate::job::Job;
use crate::model::Shelf;
use crate::origin::{Hash, ModelFile};
use crate::session::Problem;
use crate::track::Tracks;
use crate::voice::VoiceError;

use super::hear::{self, Heard};
use super::prepared::Prepared;
use super::recordings::Opened;
use super::request::{EngineError, Request};
use super::store::Store;
use super::watch::{Stage, Watch};

/// What the stages gave, before people are told apart.
#[derive(Default)]
pub struct Measured {
    /// All tracks, with voices and faces numbered.
    pub tracks: Tracks,
    /// Voice `n` is microphone `n` of the recording.
    pub are_channels: bool,
    /// Networks that ran, by name.
    pub models: BTreeMap<String, ModelFile>,
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
    fn settings_hash(&self, file: &str) -> Hash {
        let hashes = [self.prepared.config.hash(file), self.prepared.config.hash("media.toml")];
        Hash::of_parts(hashes.iter().map(|hash| ("settings", hash.as_str().as_bytes())))
    }

    fn note(problems: &mut Vec<Problem>, stage: &str, messages: &[String]) {
        problems.extend(messages.iter().map(|message| Problem::note(stage, message)));
    }

    /// Listens to the recording that is best for it.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`]; all else is noted in `problems`.
    pub fn listen(
        &self,
        opened: &mut [Opened],
        measured: &mut Measured,
        problems: &mut Vec<Problem>,
    ) -> Result<(), EngineError> {
        let chosen = match hear::choose(opened) {
            Ok(chosen) => chosen,
            Err(error) => {
                problems.push(Problem::failure("voice", error));
                return Ok(());
            }
        };
        let recordings: Vec<&Opened> = chosen.iter().map(|&index| &opened[index]).collect();
        let secs = recordings.iter().filter_map(|recording| recording.probe.duration_secs).reduce(f64::max);
        self.watch.begins(Stage::Voice, secs);
        let report = |secs: f64| self.watch.done_to(Stage::Voice, secs);
        let settings_hash = self.settings_hash("voice.toml");
        let wish = hear::Wish {
            media: &self.prepared.media,
            voice: &self.prepared.voice,
            shelf: self.shelf,
            people: self.request.speakers,
            channels: self.request.channels,
            threads: self.request.threads,
            settings_hash: &settings_hash,
            fresh: self.request.fresh,
        };
        match hear::hear(&recordings, &wish, self.store, &Job::new(&report, self.stop), problems) {
            Ok((Heard { voices, models, problems: told, damage }, tracks, reused)) => {
                measured.are_channels = voices.iter().any(|voice| voice.channel.is_some());
                self.watch.ends(Stage::Voice, reused);
                Self::note(problems, "voice", &told);
                opened[chosen[0]].add_damage(&damage, "sound", problems);
                measured.models.extend(models.into_iter().map(|model| (model.name.clone(), model)));
                measured.tracks.extend(tracks);
            }
            Err(VoiceError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error) => {
                self.watch.ends(Stage::Voice, false);
                problems.push(Problem::failure("voice", error));
            }
        }
        Ok(())
    }

    /// Looks at every film.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`]; all else is noted in `problems`.
    #[cfg(feature = "video")]
    pub fn look(
        &self,
        opened: &mut [Opened],
        measured: &mut Measured,
        problems: &mut Vec<Problem>,
    ) -> Result<(), EngineError> {
        use super::look;
        use crate::face::FaceError;

        let films: Vec<usize> = (0..opened.len()).filter(|&index| opened[index].probe.has_picture()).collect();
        if films.is_empty() {
            let message = "there is no film: face, gaze and head were not looked at";
            problems.push(Problem::note("face", message));
        }
        let settings_hash = self.settings_hash("face.toml");
        let mut faces_before = 0;
        for (film, index) in films.into_iter().enumerate() {
            self.watch.begins(Stage::Face, opened[index].probe.duration_secs);
            let report = |secs: f64| self.watch.done_to(Stage::Face, secs);
            let wish = look::Wish {
                media: &self.prepared.media,
                face: &self.prepared.face,
                shelf: self.shelf,
                max_faces: self.prepared.engine.max_faces,
                max_width_px: self.prepared.engine.largest_picture_width_px,
                threads: self.request.threads,
                settings_hash: &settings_hash,
                fresh: self.request.fresh,
            };
            match look::look(&opened[index], film, &wish, self.store, &Job::new(&report, self.stop), problems) {
                Ok((mut seen, tracks, reused)) => {
                    self.watch.ends(Stage::Face, reused);
                    Self::note(problems, "face", &seen.problems);
                    opened[index].add_damage(&seen.damage, "picture", problems);
                    measured.models.extend(seen.models.iter().map(|model| (model.name.clone(), model.clone())));
                    let tracks = look::numbered_on(&mut seen, tracks, faces_before);
                    faces_before += u8::try_from(seen.faces.len()).unwrap_or(u8::MAX);
                    measured.tracks.extend(tracks);
                }
                Err(FaceError::Cancelled(cancelled)) => return Err(cancelled.into()),
                Err(error) => {
                    self.watch.ends(Stage::Face, false);
                    problems.push(Problem::failure("face", error));
                }
            }
        }
        Ok(())
    }
}
