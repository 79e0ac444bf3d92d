//! Pictures in, face tracks out: find, follow, landmarks, facial actions, head pose, gaze.
//!
//! [`analyse`] is the stage. A face is found by a detector ([`find`]), then followed by its landmarks ([`landmarks`],
//! `follow`), and everything that is measured of it goes into one row per picture ([`reader`], [`rows`]). At the end
//! stretches of following are joined into people ([`identity`]) and rows into tracks. No picture is kept.
//!
//! What it does not do: say what a facial action means, or who of the faces is the client.

pub mod actions;
mod ahead;
pub mod appearance;
pub mod canonical;
pub mod find;
mod follow;
pub mod gaze;
pub mod identity;
pub mod landmarks;
pub mod mouth;
mod nobody;
mod pictures;
pub mod pose;
pub mod quality;
pub mod reader;
pub mod rows;
mod settings;

use std::sync::mpsc::sync_channel;

use opencv::core::CV_8UC3;
use opencv::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{Cancelled, Job};
use crate::media::{Frame, FrameSource, MediaError};
use crate::model::{self, ModelError, Shelf};
use crate::origin::ModelFile;
use crate::time::{FrameGrid, SessionTime, Step};
use crate::track::{Tracks, Who};

use follow::Follower;
use identity::Person;
use pictures::{Placed, Placer};
pub use settings::{Follow, Gaze, Identity, Nobody, Pose, Quality, Ramp, Search, Settings};

/// Most pictures through which each face runs ahead of the others; as many wait between the decoder and the networks.
const AHEAD: usize = 16;

/// Most bytes of these pictures, once for those at work and once for those that wait: fewer large ones are held.
const AHEAD_BYTES: usize = 64 << 20;

/// What to do for one recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Threads to use, at least 1; the result does not depend on it. More than two for each face do not help.
    pub threads: usize,
    /// How many people to follow at once and to report at most, 1 to 255.
    pub max_faces: u8,
    /// Distance of the film's pictures where they come more slowly than [`Settings::step`] asks for, 1 ms to 1 s. They
    /// then have a grid of this step that starts at the first of them, so that no place stays empty.
    pub film_step: Option<Step>,
}

/// One person's face over the recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FaceInfo {
    /// `face1` .. from left to right.
    pub who: Who,
    /// Seconds in view.
    pub seen_secs: f64,
    /// Seconds in view and assessable (quality at least 0.3).
    pub usable_secs: f64,
    /// Mean of the face's box: x, y, width, height in picture pixels.
    pub mean_box: [f32; 4],
    /// Mean width of the face in picture pixels.
    pub mean_width_px: f32,
}

/// What the stage found.
#[derive(Clone, Debug)]
pub struct FaceResult {
    /// `face_actions`, `mouth_shape`, `head_pose`, `gaze`, `face_box`, `face_quality` of each person.
    pub tracks: Tracks,
    /// The people, in the order of their numbers.
    pub faces: Vec<FaceInfo>,
    /// Networks that ran, in order of name.
    pub models: Vec<ModelFile>,
    /// Pictures that were analysed.
    pub pictures: u64,
    /// What went wrong or was left out, in words; empty if nothing.
    pub problems: Vec<String>,
}

/// Why the stage ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// The recording cannot be read on.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// A network is missing, damaged or fails.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A number in `face.toml` that cannot be worked with.
    #[error("settings file face.toml: {name} {why}")]
    Settings {
        /// Section and name.
        name: &'static str,
        /// What it must be.
        why: &'static str,
    },
    /// The canonical face is not what it should be.
    #[error("the file of \"face_geometry\" holds no canonical face mesh: run scripts/setup.sh again")]
    Geometry,
    /// A network gave another number of values than it should.
    #[error("the network {network:?} gives another kind of output than expected: run scripts/setup.sh again")]
    Output {
        /// Name in `models.toml`.
        network: &'static str,
    },
    /// OpenCV failed.
    #[error("OpenCV failed while {doing}: {message}")]
    OpenCv {
        /// At what.
        doing: &'static str,
        /// Its words.
        message: String,
    },
    /// What waited on the disk cannot be read back.
    #[error(
        "what was seen and kept in a temporary file cannot be read back ({0}): check the disk that holds temporary files \
         (TMPDIR), and run the same command again"
    )]
    Lost(#[from] std::io::Error),
    /// The system refuses threads.
    #[error("cannot start threads for the faces ({message}): try --threads 1")]
    Threads {
        /// What the system said.
        message: String,
    },
}

/// Turns OpenCV's error into ours.
fn library(doing: &'static str) -> impl Fn(opencv::Error) -> FaceError {
    move |e| FaceError::OpenCv { doing, message: e.message }
}

/// Finds, follows and measures the faces of a recording.
///
/// Each picture of `source` goes to the nearest place of a grid of `settings.step`, whose first place is the first
/// multiple of the step at or after the first picture (slow films: see [`Request::film_step`]); places without a picture, and pictures without the person, are
/// `NaN`. The same pictures give the same numbers whatever `request.threads` says. The rows, some 290 bytes per
/// picture and face, wait in a temporary file until the networks are gone.
///
/// # Errors
/// [`FaceError`]: the recording cannot be read on, a network is missing or fails, the settings do not hold, or the
/// user asked to stop.
pub fn analyse(
    source: &mut dyn FrameSource,
    shelf: &Shelf,
    settings: &Settings,
    request: &Request,
    job: &Job,
) -> Result<FaceResult, FaceError> {
    let of_film = request.film_step.map(|step| Settings { step, ..settings.clone() });
    let settings = of_film.as_ref().unwrap_or(settings);
    settings.check()?;
    // OpenCV's own threads would take the time of ours; faces and stages already run beside each other.
    opencv::core::set_num_threads(1).map_err(library("setting its number of threads"))?;
    let max_faces = usize::from(request.max_faces.max(1));
    let follower = Follower::new(shelf, settings, request.threads.max(1), max_faces)?;
    let (width, height) = source.size();
    let picture_bytes = (3 * width as usize).saturating_mul(height as usize).max(1);
    let ahead = if request.threads > 1 { (AHEAD_BYTES / picture_bytes).clamp(1, AHEAD) } else { 1 };
    let placer = if of_film.is_some() { Placer::from_first(settings.step) } else { Placer::new(settings.step) };
    let mut stage = Stage { follower, placer, ahead, waiting: Vec::new(), start: None, pictures: 0, refused: 0, job };
    if request.threads > 1 {
        read_ahead(source, ahead, |frame| stage.take(frame))?;
    } else {
        while let Some(frame) = source.next_frame()? {
            stage.take(frame)?;
        }
    }
    stage.finish(settings, max_faces)
}

/// Reads up to `ahead` pictures on a thread of their own, so that decoding and measuring overlap.
fn read_ahead(
    source: &mut dyn FrameSource,
    ahead: usize,
    mut take: impl FnMut(Frame) -> Result<(), FaceError>,
) -> Result<(), FaceError> {
    let (send, receive) = sync_channel(ahead);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            loop {
                let next = source.next_frame();
                let last = !matches!(next, Ok(Some(_)));
                if send.send(next).is_err() || last {
                    return;
                }
            }
        });
        // Dropping `receive` at the end of this block ends the reading thread, also after an error.
        for next in receive {
            match next? {
                Some(frame) => take(frame)?,
                None => break,
            }
        }
        Ok(())
    })
}

struct Stage<'a> {
    follower: Follower<'a>,
    placer: Placer,
    /// How many pictures are measured at once.
    ahead: usize,
    /// Fewer than `ahead` pictures.
    waiting: Vec<Placed>,
    start: Option<SessionTime>,
    pictures: u64,
    refused: u64,
    job: &'a Job<'a>,
}

impl Stage<'_> {
    fn take(&mut self, frame: Frame) -> Result<(), FaceError> {
        let start = *self.start.get_or_insert(frame.time);
        self.job.done_to(frame.time.secs_after(start).max(0.0))?;
        if frame.image.typ() != CV_8UC3 || frame.image.rows() < 2 || frame.image.cols() < 2 {
            self.refused += 1;
            return Ok(());
        }
        match self.placer.push(frame) {
            Some(placed) => self.measure(placed),
            None => Ok(()),
        }
    }

    fn measure(&mut self, (place, mut frame): Placed) -> Result<(), FaceError> {
        self.pictures += 1;
        if !frame.image.is_continuous() {
            frame.image = frame.image.try_clone().map_err(library("copying a picture"))?;
        }
        self.waiting.push((place, frame));
        if self.waiting.len() < self.ahead {
            return Ok(());
        }
        let pictures = std::mem::take(&mut self.waiting);
        self.follower.take(&pictures)
    }

    fn finish(mut self, settings: &Settings, max_faces: usize) -> Result<FaceResult, FaceError> {
        if let Some(placed) = self.placer.finish() {
            self.measure(placed)?;
        }
        self.follower.take(&std::mem::take(&mut self.waiting))?;
        let grid = self.placer.grid();
        let models = self.follower.files();
        let mut problems = Vec::new();
        if self.refused > 0 {
            problems.push(format!("{} pictures were empty or not 8-bit colour and were left out", self.refused));
        }
        if self.placer.misplaced > 0 {
            problems.push(format!("{} pictures had impossible times and were left out", self.placer.misplaced));
        }
        let stretches = self.follower.finish();
        model::give_back();
        let people = identity::people(stretches, settings.step, &settings.identity);
        let people = main_people(people, grid, settings, max_faces, &mut problems)?;
        match (self.pictures, people.len()) {
            (0, _) => problems.push("there was no picture to look for faces in".into()),
            (pictures, 0) => problems.push(format!(
                "no face was followed in {pictures} pictures: does the film stand upright, and is a face in it {} pixels \
                 wide and not cut off?",
                settings.search.min_width_px
            )),
            _ => {}
        }
        let mut tracks = Tracks::new();
        let mut faces = Vec::new();
        for (number, person) in (1_u8..).zip(people) {
            let who = Who::Face(number);
            faces.push(info(who, &person, settings));
            rows::insert_tracks(&mut tracks, who, grid, person.stretches.iter().map(|s| &s.rows))?;
        }
        Ok(FaceResult { tracks, faces, models, pictures: self.pictures, problems })
    }
}

/// The people worth reporting, from left to right.
fn main_people(
    mut people: Vec<Person>,
    grid: FrameGrid,
    settings: &Settings,
    max_faces: usize,
    problems: &mut Vec<String>,
) -> std::io::Result<Vec<Person>> {
    let step_secs = settings.step.secs_f64();
    let whole_secs = grid.len as f64 * step_secs;
    let identity = &settings.identity;
    // A recording shorter than the least time counts as a whole: a one-second clip may show a face.
    let least_secs =
        identity.min_secs.0.as_secs_f64().max(f64::from(identity.min_share) * whole_secs).min(0.5 * whole_secs);
    let before = people.len();
    people.retain(|person| person.pictures() as f64 * step_secs >= least_secs);
    if people.len() < before {
        let count = before - people.len();
        problems.push(format!("{count} faces in view for less than {least_secs:.1} s each were left out"));
    }
    nobody::leave_out(&mut people, settings.step, &settings.nobody, problems)?;
    if people.len() > max_faces {
        let count = people.len() - max_faces;
        problems.push(format!("{count} faces seen less than the {max_faces} wanted were left out: ask for more faces"));
        let weight = |person: &Person| person.pictures() as f64 * f64::from(mean_box(person)[2]);
        people.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        people.truncate(max_faces);
    }
    let middle = |person: &Person| {
        let face = mean_box(person);
        face[0] + face[2] / 2.0
    };
    people.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
    Ok(people)
}

fn mean_box(person: &Person) -> [f32; 4] {
    let mut sum = [0.0_f64; 4];
    for stretch in &person.stretches {
        sum.iter_mut().zip(stretch.rows.box_sums()).for_each(|(sum, more)| *sum += more);
    }
    sum.map(|value| (value / person.pictures().max(1) as f64) as f32)
}

fn info(who: Who, person: &Person, settings: &Settings) -> FaceInfo {
    let usable: usize = person.stretches.iter().map(|stretch| stretch.rows.usable()).sum();
    let step_secs = settings.step.secs_f64();
    let mean_box = mean_box(person);
    FaceInfo {
        who,
        seen_secs: person.pictures() as f64 * step_secs,
        usable_secs: usable as f64 * step_secs,
        mean_box,
        mean_width_px: mean_box[2],
    }
}
