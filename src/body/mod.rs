//! Bodies: how much each person moves, and where shoulders, elbows and wrists are.
//!
//! A [`Watcher`] stands between the film and the face stage and looks at the pictures that go by: how much changed where
//! ([`motion`]) and, twice a second, what the bodies do ([`pose`]). When the face stage is done and knows whose faces
//! these were, [`Watcher::finish`] tells whose movements they were. No picture is kept.
//!
//! What it does not do: follow hands and fingers, or say what a posture means.

mod grey;
pub mod motion;
pub mod pose;
pub mod posing;
pub mod region;
mod rest;
pub mod seams;
mod settings;

use crate::face::Search;
use crate::media::{Damage, Frame, FrameSource, MediaError};
use crate::model::{ModelError, Shelf};
use crate::origin::ModelFile;
use crate::time::Step;
use crate::track::Tracks;

use motion::Recorder;
use posing::Poser;
pub use settings::{Motion, Pose, Region, Settings};

/// Why bodies cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// A number in `body.toml` that cannot be worked with.
    #[error("settings file body.toml: {name} {why}")]
    Settings {
        /// Section and name.
        name: &'static str,
        /// What it must be.
        why: &'static str,
    },
    /// A network is missing, damaged or fails.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Looking for faces failed.
    #[error("{0}")]
    Face(String),
    /// The network gave too few numbers.
    #[error("the network \"pose\" gives another kind of output than expected: run scripts/setup.sh again")]
    Output,
    /// The system refuses a thread, or the one for bodies ended.
    #[error("the thread that looks at bodies could not run: try --threads 1")]
    Thread,
    /// What waited on the disk cannot be read back.
    #[error(
        "what was kept in a temporary file cannot be read back ({0}): check the disk that holds temporary files (TMPDIR)"
    )]
    Lost(#[from] std::io::Error),
    /// OpenCV failed.
    #[error("OpenCV failed while {doing}: {message}")]
    OpenCv {
        /// At what.
        doing: &'static str,
        /// Its words.
        message: String,
    },
}

/// Turns OpenCV's error into ours.
fn library(doing: &'static str) -> impl Fn(opencv::Error) -> BodyError {
    move |e| BodyError::OpenCv { doing, message: e.message }
}

/// Looks at the pictures of a film on their way to somebody else.
pub struct Watcher<'a> {
    film: &'a mut dyn FrameSource,
    settings: &'a Settings,
    recorder: Recorder,
    poser: Option<Poser>,
    problems: Vec<String>,
}

/// What the watcher found.
#[derive(Debug, Default)]
pub struct BodyResult {
    /// `motion` and `pose` of each person.
    pub tracks: Tracks,
    /// Networks that ran and that the face stage does not name.
    pub models: Vec<ModelFile>,
    /// What went wrong or was left out, in words.
    pub problems: Vec<String>,
}

impl<'a> Watcher<'a> {
    /// Watches `film`, whose pictures come `step` apart. Faces are searched for as `search` says. `beside`: bodies on a
    /// thread of their own; the result is the same.
    ///
    /// # Errors
    /// [`BodyError::Settings`].
    pub fn new(
        film: &'a mut dyn FrameSource,
        shelf: &Shelf,
        settings: &'a Settings,
        search: &Search,
        step: Step,
        beside: bool,
    ) -> Result<Self, BodyError> {
        settings.check()?;
        let mut problems = Vec::new();
        let mut poser = None;
        if Poser::is_possible(shelf) {
            match Poser::load(shelf, &settings.pose, search, beside) {
                Ok(loaded) => poser = Some(loaded),
                Err(error) => problems.push(format!("postures were not looked at: {error}")),
            }
        } else {
            problems.push("postures were not looked at: the network \"pose\" is not installed".into());
        }
        let recorder = Recorder::new(&settings.motion, step);
        Ok(Self { film, settings, recorder, poser, problems })
    }

    /// What was found of everybody whose face is in `faces`.
    pub fn finish(mut self, faces: &Tracks) -> BodyResult {
        let size = self.film.size();
        let tiles = self.recorder.tiles(&self.settings.region);
        let mut tracks = match self.recorder.tracks(faces, size, &tiles, &self.settings.region) {
            Ok(tracks) => tracks,
            Err(error) => {
                self.problems.push(format!("movement was not measured: {error}"));
                Tracks::new()
            }
        };
        let mut models = Vec::new();
        if let Some(poser) = self.poser {
            models = poser.models().to_vec();
            match poser.finish(faces, size, &tiles, &self.settings.pose) {
                Ok(poses) => tracks.extend(poses),
                Err(error) => self.problems.push(format!("postures were not looked at: {error}")),
            }
        }
        BodyResult { tracks, models, problems: self.problems }
    }

    /// Looks at one picture. What fails once is not tried again: the rest of the film goes on without.
    fn look(&mut self, frame: &Frame) {
        use opencv::prelude::MatTraitConst;
        let picture = &frame.image;
        if picture.typ() != opencv::core::CV_8UC3 || picture.rows() < 2 || picture.cols() < 2 {
            return;
        }
        if let Err(error) = self.recorder.take(frame.time, picture)
            && self.problems.len() < 2
        {
            self.problems.push(format!("movement was not measured in a picture: {error}"));
        }
        if let Some(Err(error)) = self.poser.as_mut().map(|poser| poser.take(frame.time, picture)) {
            self.problems.push(format!("postures were not looked at: {error}"));
            self.poser = None;
        }
    }
}

impl FrameSource for Watcher<'_> {
    fn size(&self) -> (u32, u32) {
        self.film.size()
    }

    fn expected_secs(&self) -> Option<f64> {
        self.film.expected_secs()
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
        let frame = self.film.next_frame()?;
        if let Some(frame) = &frame {
            self.look(frame);
        }
        Ok(frame)
    }

    fn damage(&self) -> &Damage {
        self.film.damage()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use opencv::core::{Mat, Scalar};

    use super::*;
    use crate::model::Runtime;
    use crate::time::{FrameGrid, SessionTime};
    use crate::track::{Track, Unit, Who, columns};

    /// Pictures of one colour each, 80 ms apart.
    struct Film {
        greys: Vec<f64>,
        next: usize,
        damage: Damage,
    }

    impl FrameSource for Film {
        fn size(&self) -> (u32, u32) {
            (64, 48)
        }

        fn expected_secs(&self) -> Option<f64> {
            None
        }

        fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
            let Some(grey) = self.greys.get(self.next) else { return Ok(None) };
            let time = SessionTime::from_millis(80 * self.next as i64);
            self.next += 1;
            let image = Mat::new_rows_cols_with_default(48, 64, opencv::core::CV_8UC3, Scalar::all(*grey)).unwrap();
            Ok(Some(Frame { time, image }))
        }

        fn damage(&self) -> &Damage {
            &self.damage
        }
    }

    #[test]
    fn a_black_film_goes_through_unchanged_and_nothing_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("models.toml"), "").unwrap();
        let shelf = Shelf::open(folder.path(), Runtime::Rten, None).unwrap();
        let search = toml::from_str::<crate::face::Settings>(include_str!("../../config/face.toml")).unwrap().search;
        let (settings, step) = (settings::tests::shipped(), Step::new(2, 25).unwrap());
        let mut film = Film { greys: vec![0.0, 0.0, 0.0, 255.0, 255.0], next: 0, damage: Damage::default() };
        let mut watched = Watcher::new(&mut film, &shelf, &settings, &search, step, true).unwrap();
        let mut times = Vec::new();
        while let Some(frame) = watched.next_frame().unwrap() {
            times.push(frame.time.millis());
        }
        assert_eq!(times, [0, 80, 160, 240, 320]);
        let grid = FrameGrid { first: SessionTime::ZERO, step, len: 5 };
        let values = Array2::from_shape_fn((5, 4), |(_, column)| [20.0, 10.0, 12.0, 14.0][column]);
        let columns = columns::FACE_BOX.iter().map(|column| (*column).to_owned()).collect();
        let mut faces = Tracks::new();
        let who = Who::Face(1);
        faces.insert("face_box", Track { who, unit: Unit::Pixels, grid, columns, values, confidence: None });
        let found = watched.finish(&faces);
        assert!(found.tracks.get("motion", who).unwrap().values.iter().all(|value| value.is_nan()));
        assert!(found.problems.len() == 1 && found.problems[0].contains("not installed"), "{:?}", found.problems);
    }
}
