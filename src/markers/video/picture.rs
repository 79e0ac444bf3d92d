//! Made faces for tests: channels at rest with plateaus on top.

use ndarray::{Array1, Array2};

use super::super::audio::picture::settings;
use super::super::{Event, Input, Marker, MarkerError, settings_of};
use super::face;
use crate::time::{FrameGrid, SessionTime, Span, Step};
use crate::track::{Track, Tracks, Unit, Who, columns};

/// One face, 12.5 frames a second, and events of its voice.
pub(crate) struct Made {
    pub(crate) tracks: Tracks,
    who: Who,
    grid: FrameGrid,
    voice: Vec<Event>,
    neutral_at: Option<f64>,
}

impl Made {
    /// A face with everything at 0, 300 px wide, of full quality.
    pub(crate) fn new(who: Who, frames: usize) -> Self {
        Self::with_step(who, frames, Step::new(2, 25).unwrap())
    }

    /// The same with so many frames a second.
    pub(crate) fn at_rate(who: Who, frames: usize, per_sec: u32) -> Self {
        Self::with_step(who, frames, Step::new(1, per_sec).unwrap())
    }

    fn with_step(who: Who, frames: usize, step: Step) -> Self {
        let first = SessionTime::from_secs_f64(step.secs_f64() / 2.0);
        let grid = FrameGrid { first, step, len: frames };
        let mut made = Self { tracks: Tracks::new(), who, grid, voice: Vec::new(), neutral_at: None };
        made.add("face_actions", Unit::Probability, &columns::FACE_ACTIONS);
        made.add("mouth_shape", Unit::EyeDistances, &columns::MOUTH_SHAPE);
        made.add("head_pose", Unit::Degrees, &columns::HEAD_POSE);
        made.add("gaze", Unit::Degrees, &columns::GAZE);
        made.add("face_quality", Unit::Mixed, &columns::FACE_QUALITY);
        made.width(300.0);
        made
    }

    /// Two minutes of a client who does not speak unless told to, and no voice measured.
    pub(crate) fn speechless() -> Self {
        Self::new(Who::Client, 1500)
    }

    fn add(&mut self, name: &str, unit: Unit, columns: &[&str]) {
        let track = Track {
            who: self.who,
            unit,
            grid: self.grid,
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            values: Array2::zeros((self.grid.len, columns.len())),
            confidence: Some(Array1::from_elem(self.grid.len, 0.9)),
        };
        self.tracks.insert(name, track);
    }

    fn change(&mut self, track: &str, column: &str, value: impl Fn(f64) -> f32) -> &mut Self {
        let mut changed = self.tracks.get(track, self.who).unwrap().clone();
        let at = changed.columns.iter().position(|c| c == column).unwrap();
        for frame in 0..self.grid.len {
            changed.values[[frame, at]] = value(self.grid.time(frame).unwrap().secs_f64());
        }
        self.tracks.insert(track, changed);
        self
    }

    fn plateaus(&mut self, track: &str, column: &str, rest: f32, plateaus: &[(f64, f64, f32)]) -> &mut Self {
        self.change(track, column, |secs| {
            plateaus.iter().find(|(start, end, _)| (*start..*end).contains(&secs)).map_or(rest, |p| p.2)
        })
    }

    /// A facial action at rest with plateaus (start, end in seconds, height).
    pub(crate) fn action(&mut self, column: &str, rest: f32, plateaus: &[(f64, f64, f32)]) -> &mut Self {
        self.plateaus("face_actions", column, rest, plateaus)
    }

    /// A measure of the mouth's shape, in the same way.
    pub(crate) fn shape(&mut self, column: &str, rest: f32, plateaus: &[(f64, f64, f32)]) -> &mut Self {
        self.plateaus("mouth_shape", column, rest, plateaus)
    }

    /// A measure of the mouth's shape, frame by frame.
    pub(crate) fn mouth(&mut self, column: &str, values: &[f32]) {
        let grid = self.grid;
        self.change("mouth_shape", column, |secs| values[grid.index(SessionTime::from_secs_f64(secs)).unwrap()]);
    }

    /// Gaze in one direction, with other yaws for a while.
    pub(crate) fn gaze(&mut self, yaw: f32, pitch: f32, other: &[(f64, f64, f32)]) -> &mut Self {
        self.plateaus("gaze", "yaw", yaw, other).plateaus("gaze", "pitch", pitch, &[])
    }

    /// Sine movements of the head (start, end, cycles per second, degrees to each side).
    pub(crate) fn head(&mut self, angle: &str, moves: &[(f64, f64, f64, f32)]) -> &mut Self {
        self.change("head_pose", angle, |secs| {
            let running = moves.iter().find(|(start, end, ..)| (*start..*end).contains(&secs));
            running
                .map_or(0.0, |(start, _, hertz, by)| by * (std::f64::consts::TAU * hertz * (secs - start)).sin() as f32)
        })
    }

    /// The head's angle, with others for a while.
    pub(crate) fn turned(&mut self, angle: &str, usual: f32, other: &[(f64, f64, f32)]) -> &mut Self {
        self.plateaus("head_pose", angle, usual, other)
    }

    /// How sure the landmarks are that there is a face.
    pub(crate) fn presence(&mut self, presence: f32) -> &mut Self {
        self.plateaus("face_quality", "presence", presence, &[])
    }

    /// The face's width in pixels.
    pub(crate) fn width(&mut self, px: f32) -> &mut Self {
        self.plateaus("face_quality", "width_px", px, &[])
    }

    /// Frames that cannot be judged.
    pub(crate) fn bad_quality(&mut self, start: f64, end: f64) -> &mut Self {
        let frames = self.grid.indices(Self::span(start, end));
        let names: Vec<String> = self.tracks.iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let mut track = self.tracks.get(&name, self.who).unwrap().clone();
            for frame in frames.clone() {
                track.confidence.as_mut().unwrap()[frame] = 0.1;
            }
            self.tracks.insert(&name, track);
        }
        self
    }

    fn span(start: f64, end: f64) -> Span {
        Span::new(SessionTime::from_secs_f64(start), SessionTime::from_secs_f64(end)).unwrap()
    }

    /// The person's voice is measured and speaks here.
    pub(crate) fn speak(&mut self, start: f64, end: f64) -> &mut Self {
        let card = super::super::Marker::card(&super::super::audio::vad::Vad);
        self.voice.push(Event::new(card, self.who, Self::span(start, end), 1.0).kind("speech"));
        self
    }

    /// A coder says that the face is at rest then.
    pub(crate) fn neutral_at(&mut self, secs: f64) -> &mut Self {
        self.neutral_at = Some(secs);
        self
    }

    /// When the person speaks.
    pub(crate) fn voice(&self) -> Vec<Event> {
        self.voice.clone()
    }

    pub(crate) fn input<'a>(&'a self, earlier: &'a [Event]) -> Input<'a> {
        let session = self.grid.span(0, self.grid.len).unwrap();
        Input { tracks: &self.tracks, session, turns: None, language: None, meanings: None, earlier }
    }

    pub(crate) fn find_result(&self, marker: &dyn Marker) -> Result<Vec<Event>, MarkerError> {
        self.find_seeing(marker, &self.voice)
    }

    /// What a marker finds that reads the events of another one.
    pub(crate) fn find_after(&self, earlier: &dyn Marker, marker: &dyn Marker) -> Result<Vec<Event>, MarkerError> {
        self.find_seeing(marker, &[self.voice(), self.find(earlier)].concat())
    }

    /// What a marker finds after these events.
    pub(crate) fn find_seeing(&self, marker: &dyn Marker, earlier: &[Event]) -> Result<Vec<Event>, MarkerError> {
        let mut settings = settings_of(marker, &settings()).unwrap();
        if let Some(secs) = self.neutral_at {
            let at = toml::Table::from_iter([(self.who.to_string(), secs.into())]);
            settings[face::SECTION].as_table_mut().unwrap().insert("neutral_at".into(), at.into());
        }
        marker.find(&self.input(earlier), &settings)
    }

    pub(crate) fn find(&self, marker: &dyn Marker) -> Vec<Event> {
        self.find_result(marker).unwrap()
    }

    /// Start and end of each event in seconds, to a tenth: frames lie 0.08 s apart.
    pub(crate) fn found(&self, marker: &dyn Marker) -> Vec<(f64, f64)> {
        tenths(&self.find(marker))
    }

    /// The same of a marker that reads the events of another one.
    pub(crate) fn found_after(&self, earlier: &dyn Marker, marker: &dyn Marker) -> Vec<(f64, f64)> {
        tenths(&self.find_after(earlier, marker).unwrap())
    }
}

fn tenths(events: &[Event]) -> Vec<(f64, f64)> {
    let tenth = |time: SessionTime| (time.secs_f64() * 10.0).round() / 10.0;
    events.iter().map(|e| (tenth(e.span.start()), tenth(e.span.end()))).collect()
}

/// These actions at 0.9 for a second from 10 s on, and from 32 s on inside own speech (30 to 35 s), with the mouth's
/// shape changed from one value to another: only the first counts, unless it is a marker of the brows.
pub(crate) fn check_listening(marker: &dyn Marker, actions: &[&str], shape: &[(&str, f32, f32)]) {
    let mut made = Made::speechless();
    for action in actions {
        made.action(action, 0.05, &[(10.0, 11.0, 0.9), (32.0, 33.0, 0.9)]);
    }
    for (column, rest, height) in shape {
        made.shape(column, *rest, &[(10.0, 11.0, *height), (32.0, 33.0, *height)]);
    }
    made.speak(30.0, 35.0);
    let brow = marker.card().section == "brow";
    assert_eq!(made.found(marker).len(), if brow { 2 } else { 1 });
}

/// Section `[face]` as it is shipped.
pub(crate) fn settings_face() -> face::Settings {
    settings()[face::SECTION].clone().try_into().unwrap()
}
