//! What prosody hands over: numbers for each row, and as tracks.

use ndarray::{Array1, Array2};

use super::frame::Candidate;
use super::periods::Sums;
use crate::time::FrameGrid;
use crate::track::{Track, Unit, Who};

/// All rows of one lane.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    hz: Vec<f32>,
    voicing: Vec<f32>,
    a_weighted_dbfs: Vec<f32>,
    high_share: Vec<f32>,
    pub(super) sums: Vec<Sums>,
    pub(super) spoiled: Vec<bool>,
    pub(super) narrow: bool,
}

impl Measured {
    /// A row that was looked at and is not decided yet.
    pub(super) fn add(&mut self, a_weighted_dbfs: f32, high_share: f32, strongest: f32) {
        self.hz.push(f32::NAN);
        self.voicing.push(strongest);
        self.a_weighted_dbfs.push(a_weighted_dbfs);
        self.high_share.push(high_share);
        self.sums.push(Sums::default());
    }

    pub(super) fn decide(&mut self, row: usize, found: Option<Candidate>) {
        if let (Some(candidate), Some(hz), Some(voicing)) = (found, self.hz.get_mut(row), self.voicing.get_mut(row)) {
            (*hz, *voicing) = (candidate.hz, candidate.strength);
        }
    }

    /// Fundamental frequency of each row in Hz; `NaN` = unvoiced.
    pub fn hz(&self) -> &[f32] {
        &self.hz
    }

    /// Height of the normalised autocorrelation of each row, 0 to 1: at the period, or where there is none the largest.
    pub fn voicing(&self) -> &[f32] {
        &self.voicing
    }

    /// Harmonics-to-noise ratio of a row in dB, 10 log10(r / (1 - r)) (Boersma 1993); at most 60, `NaN` = unvoiced.
    pub fn hnr_db(&self, row: usize) -> f32 {
        match (self.hz.get(row), self.voicing.get(row)) {
            (Some(hz), Some(r)) if !hz.is_nan() => {
                let r = r.clamp(1e-6, 1.0 - 1e-6);
                10.0 * (r / (1.0 - r)).log10()
            }
            _ => f32::NAN,
        }
    }

    /// Number of voiced rows and of those that the recording spoils.
    pub fn voiced_and_spoiled(&self) -> (usize, usize) {
        let voiced = self.hz.iter().zip(&self.spoiled).filter(|(hz, _)| !hz.is_nan());
        voiced.fold((0, 0), |(all, spoiled), (_, s)| (all + 1, spoiled + usize::from(*s)))
    }

    /// Whether the recording lacks the upper band, as a telephone does.
    pub fn is_narrow(&self) -> bool {
        self.narrow
    }

    /// The tracks `pitch`, `spectrum` and `voice_quality` of `who`; `lacking` marks rows without sound.
    pub fn into_tracks(self, who: Who, grid: FrameGrid, lacking: &[bool]) -> [(&'static str, Track); 3] {
        let lacks = |row: usize| lacking.get(row).copied().unwrap_or(false) || row >= self.hz.len();
        let sure = |row: usize| if lacks(row) { 0.0 } else { 1.0 };
        let quality = |row: usize| {
            let spoiled = self.narrow || self.spoiled.get(row).copied().unwrap_or(false);
            if spoiled { 0.0 } else { sure(row) }
        };
        let track = |columns: &[&str], confidence: &dyn Fn(usize) -> f32, value: &dyn Fn(usize, usize) -> f32| Track {
            who,
            unit: Unit::Mixed,
            grid,
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            values: Array2::from_shape_fn((grid.len, columns.len()), |(row, column)| {
                if lacks(row) { f32::NAN } else { value(row, column) }
            }),
            confidence: Some(Array1::from_shape_fn(grid.len, confidence)),
        };
        let pitch = track(&["hz", "voicing"], &sure, &|row, column| [&self.hz, &self.voicing][column][row]);
        let spectrum = track(&["a_weighted_dbfs", "above_500_hz"], &sure, &|row, column| {
            [&self.a_weighted_dbfs, &self.high_share][column][row]
        });
        let names = ["hnr_db", "pairs", "period_s", "period_change_s", "peak", "peak_pairs", "peak_change"];
        let voice_quality = track(&names, &quality, &|row, column| {
            let sums = &self.sums[row];
            match column {
                0 => self.hnr_db(row),
                1 => sums.pairs,
                2 => sums.period,
                3 => sums.period_change,
                4 => sums.peak,
                5 => sums.peak_pairs,
                _ => sums.peak_change,
            }
        });
        [("pitch", pitch), ("spectrum", spectrum), ("voice_quality", voice_quality)]
    }
}

/// What the user must know of a recording that spoils voice quality; `None` if it does not.
pub(in crate::voice) fn limits(measured: &Measured, name: &str) -> Option<String> {
    let (voiced, spoiled) = measured.voiced_and_spoiled();
    let percent = 100 * spoiled / voiced.max(1);
    if voiced > 0 && measured.narrow {
        Some(format!(
            "voice quality (jitter, shimmer, HNR) is not assessable: {name} holds nothing in its highest band, as a \
             telephone or strong compression leaves it; pitch and loudness are not affected"
        ))
    } else if percent >= 1 {
        Some(format!(
            "voice quality (jitter, shimmer, HNR) is not assessable in {percent} % of the voiced sound: {name} is \
             clipped or has holes there"
        ))
    } else {
        None
    }
}
