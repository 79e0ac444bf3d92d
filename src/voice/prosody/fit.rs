//! Where the recording itself spoils voice quality: clipped samples, holes.

use super::settings::Fit;
use crate::voice::grid::ROW;

/// Marks spoiled rows while samples stream by.
pub(super) struct Spoils {
    clip_from: f32,
    clip_run: usize,
    hole_samples: usize,
    near_rows: usize,
    /// Samples so far.
    at: usize,
    last: f32,
    flat: usize,
    zeros: usize,
    heard: bool,
    /// First and last row of each spoiled stretch, in order of its end.
    stretches: Vec<(usize, usize)>,
}

impl Spoils {
    pub(super) fn new(settings: &Fit) -> Self {
        Self {
            clip_from: settings.clip_from,
            clip_run: settings.clip_run,
            hole_samples: (settings.hole_secs.0.as_secs_f64() * 16_000.0) as usize,
            near_rows: (settings.spoils_secs.0.as_secs_f64() * 100.0).ceil() as usize,
            at: 0,
            last: 0.0,
            flat: 0,
            zeros: 0,
            heard: false,
            stretches: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, samples: &[f32]) {
        for &sample in samples {
            let level = sample.abs();
            let flat = level >= self.clip_from && (sample - self.last).abs() < 1e-4;
            self.flat = if flat { self.flat + 1 } else { 0 };
            // A resampled clipped wave overshoots full scale instead of lying flat.
            if self.flat + 1 >= self.clip_run || level > 1.0 {
                self.note(self.at, self.at);
            }
            if sample == 0.0 {
                self.zeros += 1;
            } else {
                // A hole lies inside sound; silence before the first and after the last sample is none.
                if self.heard && self.zeros >= self.hole_samples.max(1) {
                    self.note(self.at - self.zeros, self.at);
                }
                (self.zeros, self.heard) = (0, true);
            }
            self.last = sample;
            self.at += 1;
        }
    }

    fn note(&mut self, from: usize, to: usize) {
        let (from, to) = ((from / ROW).saturating_sub(self.near_rows), to / ROW + self.near_rows);
        match self.stretches.last_mut() {
            Some(last) if from <= last.1 + 1 => {
                last.0 = last.0.min(from);
                last.1 = last.1.max(to);
            }
            _ => self.stretches.push((from, to)),
        }
    }

    /// For each row whether it is spoiled.
    pub(super) fn finish(self, rows: usize) -> Vec<bool> {
        let mut spoiled = vec![false; rows];
        for (from, to) in self.stretches {
            if let Some(rows) = spoiled.get_mut(from..(to + 1).min(rows)) {
                rows.fill(true);
            }
        }
        spoiled
    }
}
