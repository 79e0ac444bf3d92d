//! What prosody hands over: numbers for each row, and as tracks.

use std::io;

use ndarray::{Array1, Array2};

use super::frame::Candidate;
use super::periods::Sums;
use crate::spool::{Records, Spool};
use crate::time::FrameGrid;
use crate::track::{Track, Unit, Who};

/// Numbers of one row: pitch and voicing, level and tilt, and what [`Sums`] holds.
type Row = [f32; 10];
const HZ: usize = 0;
const VOICING: usize = 1;
const LEVEL: usize = 2;
const SUMS: usize = 4;

/// All rows of one lane. Rows that nothing changes any more wait on the disk.
#[derive(Clone, Debug)]
pub struct Measured {
    rows: Records<10>,
    pub(super) spoiled: Vec<bool>,
    pub(super) narrow: bool,
}

impl Measured {
    pub(super) fn new() -> Self {
        Self { rows: Records::new(&Spool::new()), spoiled: Vec::new(), narrow: false }
    }

    /// A row that was looked at and is not decided yet.
    pub(super) fn add(&mut self, a_weighted_dbfs: f32, high_share: f32, strongest: f32) {
        self.rows.push([f32::NAN, strongest, a_weighted_dbfs, high_share, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    pub(super) fn decide(&mut self, row: usize, found: Option<Candidate>) {
        if let (Some(candidate), Some(row)) = (found, self.rows.recent_mut(row)) {
            (row[HZ], row[VOICING]) = (candidate.hz, candidate.strength);
        }
    }

    /// Adds what one period gives to the row in which its mark lies.
    pub(super) fn add_sums(&mut self, row: usize, sums: Sums) {
        if let Some(row) = self.rows.recent_mut(row) {
            let Sums { pairs, period, period_change, peak, peak_pairs, peak_change } = sums;
            let sums = [pairs, period, period_change, peak, peak_pairs, peak_change];
            row[SUMS..].iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
        }
    }

    /// Nothing will change the rows before this one.
    pub(super) fn settled_before(&mut self, row: usize) {
        self.rows.put_away_before(row);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every row.
    #[cfg(test)]
    pub(super) fn all(&self) -> Vec<Row> {
        let mut all = Vec::new();
        self.rows.each(|_, row| all.push(*row)).unwrap();
        all
    }

    /// Number of voiced rows and of those that the recording spoils.
    ///
    /// # Errors
    /// The rows cannot be read back from the disk.
    pub fn voiced_and_spoiled(&self) -> io::Result<(usize, usize)> {
        let (mut voiced, mut spoiled) = (0, 0);
        self.rows.each(|index, row| {
            let counts = !row[HZ].is_nan() && index < self.spoiled.len();
            voiced += usize::from(counts);
            spoiled += usize::from(counts && self.spoiled[index]);
        })?;
        Ok((voiced, spoiled))
    }

    /// Whether the recording lacks the upper band, as a telephone does.
    pub fn is_narrow(&self) -> bool {
        self.narrow
    }

    /// The tracks `pitch`, `spectrum` and `voice_quality` of `who`; `lacking` marks rows without sound.
    ///
    /// # Errors
    /// The rows cannot be read back from the disk.
    pub fn into_tracks(self, who: Who, grid: FrameGrid, lacking: &[bool]) -> io::Result<[(&'static str, Track); 3]> {
        let lacks = |row: usize| lacking.get(row).copied().unwrap_or(false) || row >= self.rows.len();
        let sure = Array1::from_shape_fn(grid.len, |row| if lacks(row) { 0.0 } else { 1.0 });
        let quality = Array1::from_shape_fn(grid.len, |row| {
            let spoiled = self.narrow || self.spoiled.get(row).copied().unwrap_or(false);
            if spoiled { 0.0 } else { sure[row] }
        });
        let track = |columns: &[&str], confidence: Array1<f32>| Track {
            who,
            unit: Unit::Mixed,
            grid,
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            values: Array2::from_elem((grid.len, columns.len()), f32::NAN),
            confidence: Some(confidence),
        };
        let mut pitch = track(&["hz", "voicing"], sure.clone());
        let mut spectrum = track(&["a_weighted_dbfs", "above_500_hz"], sure.clone());
        let names = ["hnr_db", "pairs", "period_s", "period_change_s", "peak", "peak_pairs", "peak_change"];
        let mut voice_quality = track(&names, quality);
        let put = |track: &mut Track, index: usize, from: usize, numbers: &[f32]| {
            track.values.row_mut(index).iter_mut().skip(from).zip(numbers).for_each(|(to, from)| *to = *from);
        };
        self.rows.each(|index, row| {
            if index < grid.len && !lacks(index) {
                put(&mut pitch, index, 0, &row[HZ..LEVEL]);
                put(&mut spectrum, index, 0, &row[LEVEL..SUMS]);
                put(&mut voice_quality, index, 0, &[hnr_db(row)]);
                put(&mut voice_quality, index, 1, &row[SUMS..]);
            }
        })?;
        Ok([("pitch", pitch), ("spectrum", spectrum), ("voice_quality", voice_quality)])
    }
}

/// Harmonics-to-noise ratio of a row in dB, 10 log10(r / (1 - r)) (Boersma 1993); at most 60, `NaN` = unvoiced.
pub(super) fn hnr_db(row: &Row) -> f32 {
    if row[HZ].is_nan() {
        return f32::NAN;
    }
    let r = row[VOICING].clamp(1e-6, 1.0 - 1e-6);
    10.0 * (r / (1.0 - r)).log10()
}

/// What the user must know of a recording that spoils voice quality; `None` if it does not.
///
/// # Errors
/// The rows cannot be read back from the disk.
pub(in crate::voice) fn limits(measured: &Measured, name: &str) -> io::Result<Option<String>> {
    let (voiced, spoiled) = measured.voiced_and_spoiled()?;
    let percent = 100 * spoiled / voiced.max(1);
    Ok(if voiced > 0 && measured.narrow {
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
    })
}
