//! Made bodies for tests: a seated person who does nothing, with things that happen on top.

use ndarray::{Array1, Array2};

use super::super::audio::picture::settings;
use super::super::audio::vad::Vad;
use super::super::{Event, Input, Marker, MarkerError, settings_of};
use crate::time::{FrameGrid, SessionTime, Span, Step};
use crate::track::columns::{MOTION, POSE};
use crate::track::{Track, Tracks, Unit, Who};

/// Where things are at rest: a face of 100 px, shoulders 200 px apart, hands in the lap.
const REST: [(&str, [f32; 2]); 11] = [
    ("face", [320.0, 100.0]),
    ("left_shoulder", [420.0, 220.0]),
    ("right_shoulder", [220.0, 220.0]),
    ("left_elbow", [450.0, 330.0]),
    ("right_elbow", [190.0, 330.0]),
    ("left_wrist", [380.0, 420.0]),
    ("right_wrist", [260.0, 420.0]),
    ("left_hand", [360.0, 440.0]),
    ("right_hand", [280.0, 440.0]),
    ("left_hip", [400.0, 440.0]),
    ("right_hip", [240.0, 440.0]),
];

/// One person's pose and motion.
pub(crate) struct Figure {
    pub(crate) tracks: Tracks,
    pub(crate) who: Who,
    secs: f64,
    voice: Vec<Event>,
}

impl Figure {
    /// A client who sits still for this many seconds.
    pub(crate) fn new(secs: f64) -> Self {
        Self::of(Who::Client, secs)
    }

    pub(crate) fn of(who: Who, secs: f64) -> Self {
        let mut figure = Self { tracks: Tracks::new(), who, secs, voice: Vec::new() };
        let rest = |column: &str| match column {
            "face_height" => 100.0,
            _ if column.ends_with("_visible") => 0.9,
            _ => {
                let (point, axis) = column.rsplit_once('_').unwrap();
                REST.iter().find(|(name, _)| *name == point).unwrap().1[usize::from(axis == "y")]
            }
        };
        figure.add("pose", Step::new(8, 25).unwrap(), &POSE, &|column, _| rest(POSE[column]), Some(0.9));
        figure.motion(|_| 0.05);
        figure
    }

    fn grid(&self, step: Step) -> FrameGrid {
        FrameGrid { first: SessionTime::ZERO, step, len: (self.secs / step.secs_f64()) as usize }
    }

    fn add(&mut self, name: &str, step: Step, columns: &[&str], value: &dyn Fn(usize, f64) -> f32, sure: Option<f32>) {
        let grid = self.grid(step);
        let values = Array2::from_shape_fn((grid.len, columns.len()), |(row, column)| {
            value(column, grid.time(row).unwrap().secs_f64())
        });
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        let confidence = sure.map(|sure| Array1::from_elem(grid.len, sure));
        self.tracks.insert(name, Track { who: self.who, unit: Unit::Mixed, grid, columns, values, confidence });
    }

    /// How much moves at each second, in all columns.
    pub(crate) fn motion(&mut self, value: impl Fn(f64) -> f32) -> &mut Self {
        self.add("motion", Step::new(2, 25).unwrap(), &MOTION, &|_, secs| value(secs), None);
        self
    }

    fn change(&mut self, column: &str, value: impl Fn(f64, f32) -> f32) -> &mut Self {
        let mut track = self.tracks.get("pose", self.who).unwrap().clone();
        let at = track.columns.iter().position(|c| c == column).unwrap();
        for row in 0..track.grid.len {
            track.values[[row, at]] = value(track.grid.time(row).unwrap().secs_f64(), track.values[[row, at]]);
        }
        self.tracks.insert("pose", track);
        self
    }

    /// A point somewhere else (start, end in seconds, place).
    pub(crate) fn point(&mut self, point: &str, places: &[(f64, f64, [f32; 2])]) -> &mut Self {
        for (axis, name) in ["x", "y"].iter().enumerate() {
            self.change(&format!("{point}_{name}"), |secs, rest| {
                let there = places.iter().find(|(start, end, _)| (*start..*end).contains(&secs));
                there.map_or(rest, |(.., place)| place[axis])
            });
        }
        self
    }

    /// Moves these points by so many pixels.
    pub(crate) fn shift(&mut self, points: &[&str], start: f64, end: f64, by: [f32; 2]) -> &mut Self {
        for point in points {
            for (axis, name) in ["x", "y"].iter().enumerate() {
                self.change(&format!("{point}_{name}"), |secs, rest| {
                    if (start..end).contains(&secs) { rest + by[axis] } else { rest }
                });
            }
        }
        self
    }

    /// The face's height in pixels.
    pub(crate) fn face_height(&mut self, start: f64, end: f64, height: f32) -> &mut Self {
        self.change("face_height", |secs, rest| if (start..end).contains(&secs) { height } else { rest })
    }

    /// The person's voice is measured and speaks here.
    pub(crate) fn speak(&mut self, start: f64, end: f64) -> &mut Self {
        let span = Span::new(SessionTime::from_secs_f64(start), SessionTime::from_secs_f64(end)).unwrap();
        self.voice.push(Event::new(Vad.card(), self.who, span, 1.0).kind("speech"));
        self
    }

    pub(crate) fn input<'a>(&'a self, earlier: &'a [Event]) -> Input<'a> {
        let session = Span::new(SessionTime::ZERO, SessionTime::from_secs_f64(self.secs)).unwrap();
        Input { tracks: &self.tracks, session, turns: None, language: None, meanings: None, earlier }
    }

    pub(crate) fn find(&self, marker: &dyn Marker) -> Result<Vec<Event>, MarkerError> {
        marker.find(&self.input(&self.voice), &settings_of(marker, &settings()).unwrap())
    }

    /// Start and end of each event in whole seconds.
    pub(crate) fn found(&self, marker: &dyn Marker) -> Vec<(f64, f64)> {
        let events = self.find(marker).unwrap();
        events.iter().map(|e| (e.span.start().secs_f64().round(), e.span.end().secs_f64().round())).collect()
    }
}
