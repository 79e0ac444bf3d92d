//! Made conversations with prosody, for tests: two people in turn, each row with its numbers.

use ndarray::{Array1, Array2};

use super::super::{Event, Input, Marker, MarkerError, SpokenTurn, in_order, read_settings, settings_of};
use super::backch::Backchannel;
use super::turnlen::TurnLength;
use super::vad::Vad;
use crate::time::{FrameGrid, SessionTime, Span, Step};
use crate::track::{Track, Tracks, Unit, Who};

/// One row of 10 ms.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Seconds since its turn's start.
    pub secs: f32,
    pub hz: f32,
    pub dbfs: f32,
    pub high_share: f32,
    /// Share.
    pub jitter: f32,
    pub hnr_db: f32,
    speaks: [bool; 2],
}

/// Even turns are the client's, odd ones the therapist's, with 0.4 s between them.
pub(crate) struct Talk {
    rows: Vec<Row>,
    turn_rows: usize,
    turns: usize,
    confidence: f32,
    has_tracks: bool,
}

const GAP: usize = 40;

/// Between -1 and 1, the same everywhere.
fn chance(row: usize) -> f32 {
    let mut x = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

impl Talk {
    /// This many turns of each person, each of this length, with lively but even prosody: four syllables a second.
    pub fn of_turns(each: usize, secs: f32) -> Self {
        let turn_rows = (secs * 100.0) as usize;
        let turns = 2 * each;
        let silent = Row {
            secs: 0.0,
            hz: f32::NAN,
            dbfs: -70.0,
            high_share: 0.5,
            jitter: 0.0,
            hnr_db: f32::NAN,
            speaks: [false; 2],
        };
        let mut talk = Self {
            rows: vec![silent; turns * (turn_rows + GAP) + GAP],
            turn_rows,
            turns,
            confidence: 1.0,
            has_tracks: true,
        };
        for turn in 0..turns {
            let from = talk.from(turn);
            for at in 0..turn_rows {
                let (row, secs) = (from + at, at as f32 / 100.0);
                // A tune over the turn and jumps from syllable to syllable, so that nothing holds still.
                let syllable = chance(turn * 1000 + at / 12);
                let tune = 0.08 * (std::f32::consts::TAU * 0.5 * secs).sin() + 0.07 * syllable;
                talk.rows[row] = Row {
                    secs,
                    hz: if turn % 2 == 0 { 200.0 } else { 120.0 } * tune.exp2() * (1.0 + 0.01 * chance(turn)),
                    dbfs: -28.0 + 0.5 * chance(turn + 77),
                    high_share: 0.4 + 0.02 * chance(turn + 99) + 0.1 * syllable,
                    jitter: 0.01 * (1.0 + 0.1 * chance(turn + 5)),
                    hnr_db: 15.0 + chance(turn + 13),
                    speaks: [turn % 2 == 0, turn % 2 == 1],
                };
            }
            talk.syllables_of(turn, 4.0);
        }
        talk
    }

    fn from(&self, turn: usize) -> usize {
        GAP + turn * (self.turn_rows + GAP)
    }

    /// Start of the client's turn `number`.
    pub fn start_ms(&self, number: usize) -> i64 {
        10 * self.from(number) as i64
    }

    /// Changes each row of turn `number`, counted over both people.
    pub fn turn(&mut self, number: usize, change: impl Fn(&mut Row)) {
        let from = self.from(number);
        self.rows[from..from + self.turn_rows].iter_mut().for_each(change);
    }

    fn syllables_of(&mut self, turn: usize, per_sec: f32) {
        self.turn(turn, |row| {
            row.dbfs = -28.0 + 6.0 * (std::f32::consts::TAU * per_sec * row.secs).cos().min(0.6);
        });
    }

    /// Turn `number` with so many syllables a second.
    pub fn syllables(&mut self, number: usize, per_sec: f32) {
        self.syllables_of(number, per_sec);
    }

    /// The other person speaks along in the first seconds of turn `number`.
    pub fn overlapped(&mut self, number: usize, secs: f32) {
        self.overlap_rows(number, secs, |row| row.speaks = [true; 2]);
    }

    pub fn overlap_rows(&mut self, number: usize, secs: f32, change: impl Fn(&mut Row)) {
        self.turn(number, |row| {
            if row.secs < secs {
                change(row);
            }
        });
    }

    /// Voice quality cannot be assessed anywhere.
    pub fn spoiled(&mut self) {
        self.confidence = 0.0;
    }

    /// No prosody at all.
    pub fn without_tracks(&mut self) {
        self.has_tracks = false;
    }

    fn track(&self, who: Who, unit: Unit, columns: &[&str], sure: f32, value: impl Fn(&Row) -> Vec<f32>) -> Track {
        let len = self.rows.len();
        Track {
            who,
            unit,
            grid: FrameGrid { first: SessionTime::from_millis(5), step: Step::new(1, 100).unwrap(), len },
            columns: columns.iter().map(|&c| c.to_owned()).collect(),
            values: Array2::from_shape_vec((len, columns.len()), self.rows.iter().flat_map(value).collect()).unwrap(),
            confidence: Some(Array1::from_elem(len, sure)),
        }
    }

    fn tracks(&self) -> Tracks {
        let mut tracks = Tracks::new();
        for (at, who) in [Who::Client, Who::Therapist].into_iter().enumerate() {
            let p = |row: &Row| vec![if row.speaks[at] { 0.9 } else { 0.1 }];
            tracks.insert("speech", self.track(who, Unit::Probability, &["p"], 1.0, p));
        }
        if !self.has_tracks {
            return tracks;
        }
        let room = Who::Room;
        tracks.insert("loudness", self.track(room, Unit::DecibelsFullScale, &["dbfs"], 1.0, |r| vec![r.dbfs]));
        tracks.insert("pitch", self.track(room, Unit::Mixed, &["hz", "voicing"], 1.0, |r| vec![r.hz, 0.9]));
        let spectrum = |r: &Row| vec![r.dbfs, r.high_share];
        tracks.insert("spectrum", self.track(room, Unit::Mixed, &["a_weighted_dbfs", "above_500_hz"], 1.0, spectrum));
        let names = ["hnr_db", "pairs", "period_s", "period_change_s", "peak", "peak_pairs", "peak_change"];
        let quality = |r: &Row| {
            let voiced = if r.hz.is_nan() { 0.0 } else { 1.0 };
            vec![r.hnr_db, voiced, voiced / 100.0, voiced * r.jitter / 100.0, voiced * 0.1, voiced, voiced * 0.005]
        };
        tracks.insert("voice_quality", self.track(room, Unit::Mixed, &names, self.confidence, quality));
        tracks
    }

    pub fn find(&self, marker: &dyn Marker) -> Result<Vec<Event>, MarkerError> {
        self.run(marker, None, None)
    }

    pub fn find_with_text(
        &self,
        marker: &dyn Marker,
        turns: &[SpokenTurn],
        language: &toml::Table,
    ) -> Result<Vec<Event>, MarkerError> {
        self.run(marker, Some(turns), Some(language))
    }

    fn run(
        &self,
        marker: &dyn Marker,
        turns: Option<&[SpokenTurn]>,
        language: Option<&toml::Table>,
    ) -> Result<Vec<Event>, MarkerError> {
        let settings = read_settings([
            ("markers/audio.toml", include_str!("../../../config/markers/audio.toml")),
            ("markers/prosody.toml", include_str!("../../../config/markers/prosody.toml")),
        ])
        .unwrap();
        let tracks = self.tracks();
        let session = Span::from_millis(0, 10 * self.rows.len() as i64).unwrap();
        let mut earlier = Vec::new();
        for first in [&Vad as &dyn Marker, &Backchannel, &TurnLength] {
            let input =
                Input { tracks: &tracks, session, turns: None, language: None, meanings: None, earlier: &earlier };
            let found = first.find(&input, &settings_of(first, &settings).unwrap()).unwrap();
            earlier.extend(found);
            earlier.sort_by(in_order);
        }
        let input = Input { tracks: &tracks, session, turns, language, meanings: None, earlier: &earlier };
        marker.find(&input, &settings_of(marker, &settings).unwrap())
    }

    /// Each event as `person turn kind`.
    pub fn turns_of(&self, events: &[Event]) -> Vec<String> {
        let turn = |e: &Event| {
            let row = (e.span.middle().millis() / 10) as usize;
            (0..self.turns)
                .find(|&turn| (self.from(turn)..self.from(turn) + self.turn_rows).contains(&row))
                .unwrap_or(0)
        };
        let kind = |e: &Event| e.kind.as_ref().map_or(String::new(), |kind| format!(" {kind}"));
        events.iter().map(|e| format!("{} {}{}", e.who, turn(e), kind(e))).collect()
    }
}
