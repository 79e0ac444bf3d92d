//! Prosody: pitch, harmonicity, perturbation of periods and the spectrum's tilt, every 10 ms, while the sound streams by.
//!
//! Measured of a whole lane (the room, or one microphone), whoever speaks: which rows are whose is for the markers.
//! Definitions are Praat's, so that numbers can be compared with the literature: pitch by Boersma (1993), harmonicity
//! from the same autocorrelation, jitter and shimmer "(local)" from sums per row.

mod between;
mod fit;
mod frame;
mod lane;
mod loudest;
mod measured;
mod path;
mod periods;
mod settings;

use std::collections::VecDeque;

use super::grid::{ROW, rows_of};
use fit::Spoils;
use frame::{Band, Candidate, Frame, Looker};
use loudest::Loudest;
use path::Path;
use periods::Voiced;

pub(super) use lane::Lane;
pub use measured::Measured;
pub(super) use measured::limits;
pub use settings::{Fit, Periods, Pitch, Settings};

/// Sound kept on each side of a voiced stretch: its outermost periods are compared with what lies beyond.
const MARGIN: usize = 2000;
/// Sound is dropped in pieces of this length, so that dropping costs little.
const DROP: usize = 32_000;

/// Listens to one lane. What it says does not depend on how the samples are cut into blocks.
pub struct Prosody {
    settings: Settings,
    looker: Looker,
    /// Samples from `kept_from` on.
    kept: Vec<f32>,
    kept_from: usize,
    /// All samples so far.
    samples: usize,
    /// Rows looked at; those from `released` on wait for the loudest one near.
    pending: VecDeque<Vec<Candidate>>,
    released: usize,
    loudest: Loudest,
    /// Peak against the loudest one near, from which on a row can be voiced at all.
    surely_silent: f32,
    path: Option<Path>,
    /// The voiced stretch that is being decided.
    run: Run,
    /// The loudest row near each row that is released and not decided.
    near: VecDeque<f32>,
    spoils: Spoils,
    band: Band,
    rows: Measured,
    decided: usize,
}

/// A voiced stretch in the making.
#[derive(Default)]
struct Run {
    first_row: usize,
    hz: Vec<f32>,
    loudest: f32,
}

impl Prosody {
    /// Ready for the first sample.
    pub fn new(settings: &Settings) -> Self {
        let pitch = &settings.pitch;
        // Where the unvoiced candidate beats the strongest voiced one there can be, at the cost of two changes.
        let margin = 1.0 + pitch.voicing_threshold - 2.0 * pitch.voiced_unvoiced_cost;
        let surely_silent = (margin * pitch.silence_threshold / (1.0 + pitch.voicing_threshold)).max(0.0) as f32;
        Self {
            looker: Looker::new(pitch, &settings.fit),
            kept: Vec::new(),
            kept_from: 0,
            samples: 0,
            pending: VecDeque::new(),
            released: 0,
            loudest: Loudest::new((pitch.loudest_within_secs.0.as_secs_f64() * 100.0) as usize),
            surely_silent,
            path: Some(Path::new(pitch)),
            run: Run::default(),
            near: VecDeque::new(),
            spoils: Spoils::new(&settings.fit),
            band: Band::default(),
            rows: Measured::new(),
            decided: 0,
            settings: settings.clone(),
        }
    }

    /// Takes the next samples in, 16 kHz; what is no sound (not a number, a million times full scale) counts as silence.
    pub fn add(&mut self, samples: &[f32]) {
        // In pieces, so that what is kept does not depend on the caller's blocks.
        for piece in samples.chunks(DROP) {
            self.kept.extend(piece.iter().map(|s| if s.abs() < 1e6 { *s } else { 0.0 }));
            let from = self.kept.len() - piece.len();
            self.spoils.add(self.kept.get(from..).unwrap_or_default());
            self.samples += piece.len();
            while self.look_at_next() {}
            self.forget();
        }
    }

    /// All rows: one for each 10 ms begun.
    pub fn finish(mut self) -> Measured {
        let rows = rows_of(self.samples);
        while self.released + self.pending.len() < rows {
            self.keep(Frame { a_weighted_dbfs: f32::NAN, high_share: f32::NAN, ..Frame::default() });
        }
        while !self.pending.is_empty() {
            self.release();
        }
        if let Some(path) = self.path.take() {
            let mut found = Vec::new();
            path.finish(&mut |one| found.push(one));
            found.into_iter().for_each(|one| self.settle(one));
        }
        self.end_run();
        let mut measured = self.rows;
        measured.spoiled = self.spoils.finish(rows);
        let share = self.band.band / self.band.all;
        measured.narrow = self.band.all > 0.0 && 10.0 * share.max(1e-30).log10() < self.settings.fit.band_empty_db;
        measured
    }

    /// Looks at the next row if its sound is there.
    fn look_at_next(&mut self) -> bool {
        let row = self.released + self.pending.len();
        let (middle, reach) = (row * ROW + ROW / 2, self.looker.reach());
        if middle + reach > self.samples {
            return false;
        }
        let window = middle.checked_sub(reach).and_then(|from| {
            let from = from.checked_sub(self.kept_from)?;
            self.kept.get(from..from + 2 * reach)
        });
        let frame = match window {
            Some(window) => {
                let silent = (self.loudest.before(row) * self.surely_silent).max(self.settings.pitch.silent_peak);
                let (frame, band) = self.looker.look(window, silent);
                self.band.all += band.all;
                self.band.band += band.band;
                frame
            }
            // The window reaches over the recording's start.
            None => Frame { a_weighted_dbfs: f32::NAN, high_share: f32::NAN, ..Frame::default() },
        };
        self.keep(frame);
        if self.loudest.is_ready(self.released) {
            self.release();
        }
        true
    }

    fn keep(&mut self, frame: Frame) {
        let strongest = frame.candidates.iter().map(|c| c.strength).fold(0.0, f32::max);
        self.rows.add(frame.a_weighted_dbfs, frame.high_share, strongest);
        self.loudest.add(frame.peak);
        self.pending.push_back(frame.candidates);
    }

    /// Hands the oldest row to the path.
    fn release(&mut self) {
        let Some(candidates) = self.pending.pop_front() else { return };
        let (own, near) = self.loudest.around(self.released);
        let intensity = if near > 0.0 { f64::from(own / near) } else { 0.0 };
        self.released += 1;
        self.near.push_back(near);
        let mut found = Vec::new();
        if let Some(path) = &mut self.path {
            path.add(candidates, intensity, &mut |one| found.push(one));
        }
        found.into_iter().for_each(|one| self.settle(one));
    }

    /// The next row is decided.
    fn settle(&mut self, found: Option<Candidate>) {
        let row = self.decided;
        self.decided += 1;
        self.rows.decide(row, found);
        let near = self.near.pop_front().unwrap_or(0.0);
        let longest = (self.settings.periods.longest_run_secs.0.as_secs_f64() * 100.0) as usize;
        match found {
            Some(candidate) => {
                if self.run.hz.is_empty() {
                    self.run.first_row = row;
                }
                self.run.hz.push(candidate.hz);
                self.run.loudest = self.run.loudest.max(near);
                if self.run.hz.len() >= longest {
                    self.end_run();
                }
            }
            None => self.end_run(),
        }
    }

    /// Marks the periods of the voiced stretch that has ended.
    fn end_run(&mut self) {
        let Run { first_row, hz, loudest } = std::mem::take(&mut self.run);
        if hz.is_empty() {
            return;
        }
        let from = (first_row * ROW).saturating_sub(MARGIN).max(self.kept_from);
        let to = ((first_row + hz.len()) * ROW + MARGIN).min(self.samples);
        let Some(sound) = self.kept.get(from - self.kept_from..to.saturating_sub(self.kept_from)) else { return };
        let mean = (sound.iter().map(|s| f64::from(*s)).sum::<f64>() / sound.len().max(1) as f64) as f32;
        let sound: Vec<f32> = sound.iter().map(|s| s - mean).collect();
        let voiced = Voiced { first_row, hz: &hz, samples: &sound, first_sample: from as i64, loudest };
        let marks = voiced.marks(&self.settings.periods);
        let rows = &mut self.rows;
        voiced.sum(&marks, &self.settings.periods, &mut |row, sums| rows.add_sums(row, sums));
    }

    /// Drops sound that nothing will ask for any more.
    fn forget(&mut self) {
        let next = ((self.released + self.pending.len()) * ROW).saturating_sub(self.looker.reach());
        let oldest_run = if self.run.hz.is_empty() { self.decided } else { self.run.first_row };
        // A stretch's marks may lie in the margin before it.
        self.rows.settled_before(oldest_run.saturating_sub(MARGIN.div_ceil(ROW) + 1));
        let needed = next.min((oldest_run * ROW).saturating_sub(MARGIN));
        if needed >= self.kept_from + DROP {
            self.kept.drain(..needed - self.kept_from);
            self.kept_from = needed;
        }
    }
}

#[cfg(test)]
mod tests;
