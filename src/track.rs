//! What the feature extractors hand over: named numbers on the session clock, and labelled stretches.

pub mod columns;

use std::collections::BTreeMap;
use std::fmt;

use ndarray::{Array1, Array2, ArrayView1};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{FrameGrid, Span};

/// Who a number, a turn or an event is about.
///
/// Written as `client`, `therapist`, `room`, `speaker1`, `face1` (numbers from 1, in order of first appearance).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Who {
    /// The person who came for help.
    Client,
    /// The professional.
    Therapist,
    /// Both, or the room.
    Room,
    /// A voice that nothing ties to a role yet.
    Speaker(#[schemars(with = "String")] u8),
    /// A face that nothing ties to a role yet.
    Face(#[schemars(with = "String")] u8),
}

impl Who {
    /// The other one of client and therapist; `None` for anyone else.
    pub fn partner(self) -> Option<Self> {
        match self {
            Self::Client => Some(Self::Therapist),
            Self::Therapist => Some(Self::Client),
            _ => None,
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => f.write_str("client"),
            Self::Therapist => f.write_str("therapist"),
            Self::Room => f.write_str("room"),
            Self::Speaker(n) => write!(f, "speaker{n}"),
            Self::Face(n) => write!(f, "face{n}"),
        }
    }
}

impl From<Who> for String {
    fn from(who: Who) -> Self {
        who.to_string()
    }
}

impl TryFrom<String> for Who {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbered = |prefix: &str| text.strip_prefix(prefix)?.parse::<u8>().ok().filter(|n| *n > 0);
        match text {
            "client" => Ok(Self::Client),
            "therapist" => Ok(Self::Therapist),
            "room" | "both" => Ok(Self::Room),
            _ => numbered("speaker")
                .map(Self::Speaker)
                .or_else(|| numbered("face").map(Self::Face))
                .ok_or_else(|| format!("{text:?} is nobody: say client, therapist, room, speaker1 .. or face1 ..")),
        }
    }
}

/// What the numbers of a track or event count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 0 to 1.
    Probability,
    /// dB relative to full scale; 0 is the loudest a file can hold.
    DecibelsFullScale,
    /// dB between two levels.
    Decibels,
    /// Cycles per second.
    Hertz,
    /// Degrees; positive yaw turns to the person's own left, positive pitch looks up, positive roll tilts the head
    /// towards the person's own right shoulder.
    Degrees,
    /// Multiples of the distance between the outer eye corners of the same face.
    EyeDistances,
    /// Picture pixels.
    Pixels,
    /// Seconds.
    Seconds,
    /// Within-person z (DOMAIN: baseline of the same person and session).
    StandardScores,
    /// A part of a whole, 0 to 1.
    Share,
    /// Number of things.
    Count,
    /// Things per minute.
    PerMinute,
    /// Things per hundred words.
    PerHundredWords,
    /// Change per second of a probability.
    PerSecond,
    /// The columns count different things: the column names say what.
    Mixed,
}

/// Regular measurements: `values[[frame, column]]` was measured around `grid.time(frame)`.
///
/// A frame without a measurement holds `NaN`, never 0: "no face seen" and "no smile" are different findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Whom it is about.
    pub who: Who,
    /// What it counts.
    pub unit: Unit,
    /// When each row was.
    pub grid: FrameGrid,
    /// One name per column, in order; never empty.
    pub columns: Vec<String>,
    /// Shape `[grid.len, columns.len()]`; `NaN` = not measured.
    pub values: Array2<f32>,
    /// Quality of each frame, 0 to 1, shape `[grid.len]`; below 0.3 means *not assessable* (DOMAIN 1). `None`: the
    /// extractor has no opinion and the values count as they are.
    pub confidence: Option<Array1<f32>>,
}

impl Track {
    /// The values of one column, shape `[grid.len]`; `None` if there is no such column.
    pub fn column(&self, name: &str) -> Option<ArrayView1<'_, f32>> {
        let index = self.columns.iter().position(|column| column == name)?;
        Some(self.values.column(index))
    }

    /// Every maximal run of frames in which `holds` is true for this column's value. Frames without a measurement
    /// end a run. Empty if there is no such column.
    pub fn runs(&self, column: &str, holds: impl Fn(f32) -> bool) -> Vec<Span> {
        let Some(values) = self.column(column) else { return Vec::new() };
        runs(values.iter().map(|&value| !value.is_nan() && holds(value)))
            .into_iter()
            .filter_map(|(from, to)| self.grid.span(from, to))
            .collect()
    }
}

/// Maximal runs of `true` as `[from, to)` index pairs, in order.
pub fn runs(holds: impl IntoIterator<Item = bool>) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut from = None;
    let mut len = 0;
    for (index, held) in holds.into_iter().enumerate() {
        len = index + 1;
        match (from, held) {
            (None, true) => from = Some(index),
            (Some(start), false) => {
                runs.push((start, index));
                from = None;
            }
            _ => {}
        }
    }
    runs.extend(from.map(|start| (start, len)));
    runs
}

/// The tracks of one session by name and person, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    by_name: BTreeMap<(String, Who), Track>,
}

impl Tracks {
    /// No tracks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a track under its name and person, replacing what was there.
    pub fn insert(&mut self, name: &str, track: Track) {
        self.by_name.insert((name.to_owned(), track.who), track);
    }

    /// The track of this name about this person.
    pub fn get(&self, name: &str, who: Who) -> Option<&Track> {
        self.by_name.get(&(name.to_owned(), who))
    }

    /// All tracks of this name, in order of person.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Track> {
        let from = (name.to_owned(), Who::Client);
        let name = name.to_owned();
        self.by_name.range(from..).take_while(move |((n, _), _)| *n == name).map(|(_, track)| track)
    }

    /// Every track with its name, in order of name, then person.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Track)> {
        self.by_name.iter().map(|((name, _), track)| (name.as_str(), track))
    }

    /// Keeps the tracks for whose name and person `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(&str, Who) -> bool) {
        self.by_name.retain(|(name, who), _| keep(name, *who));
    }

    /// Takes in all tracks of `other`; where both have one, `other` wins.
    pub fn extend(&mut self, other: Self) {
        self.by_name.extend(other.by_name);
    }

    /// The same tracks with each person renamed by `rename`; where two become one, the later in order wins.
    pub fn renamed(self, rename: impl Fn(Who) -> Who) -> Self {
        let by_name = self
            .by_name
            .into_iter()
            .map(|((name, who), mut track)| {
                track.who = rename(who);
                ((name, track.who), track)
            })
            .collect();
        Self { by_name }
    }
}

/// Labelled stretches of one kind (turns, words, a coder's notes), sorted by start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tier<L> {
    /// Whom it is about; `room` if the labels name people themselves.
    pub who: Who,
    /// In order of start.
    pub items: Vec<(Span, L)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{SessionTime, Step};

    fn track(values: &[f32]) -> Track {
        Track {
            who: Who::Room,
            unit: Unit::Probability,
            grid: FrameGrid { first: SessionTime::from_millis(50), step: Step::new(1, 10).unwrap(), len: values.len() },
            columns: vec!["p".into()],
            values: Array2::from_shape_vec((values.len(), 1), values.to_vec()).unwrap(),
            confidence: None,
        }
    }

    #[test]
    fn what_was_not_measured_ends_a_run() {
        let nan = f32::NAN;
        let found = track(&[1.0, 1.0, nan, 1.0, 0.0, 1.0]).runs("p", |p| p > 0.5);
        let ms: Vec<_> = found.iter().map(|s| (s.start().millis(), s.end().millis())).collect();
        assert_eq!(ms, [(0, 200), (300, 400), (500, 600)]);
    }

    #[test]
    fn names_of_people_read_back() {
        for who in [Who::Client, Who::Therapist, Who::Room, Who::Speaker(3), Who::Face(1)] {
            assert_eq!(who.to_string().parse(), Ok(who));
        }
        assert!("speaker0".parse::<Who>().is_err());
        assert!("".parse::<Who>().is_err());
    }

    #[test]
    fn tracks_of_one_name_come_in_order_of_person() {
        let mut tracks = Tracks::new();
        for who in [Who::Speaker(2), Who::Client, Who::Speaker(1)] {
            tracks.insert("speech", Track { who, ..track(&[0.0]) });
        }
        tracks.insert("speech_more", track(&[0.0]));
        let whos: Vec<_> = tracks.all("speech").map(|t| t.who).collect();
        assert_eq!(whos, [Who::Client, Who::Speaker(1), Who::Speaker(2)]);
    }
}
