//! From the frames of overlapping windows to one row of numbers every 10 ms.

use crate::media::SOUND_RATE;

use super::segmentation::{FRAME_HOP, FRAME_ZERO, FRAMES, WINDOW};

/// Samples of one row: 10 ms.
pub(super) const ROW: usize = SOUND_RATE as usize / 100;

/// Rows needed so that every sample lies in one.
pub(super) fn rows_of(samples: usize) -> usize {
    samples.div_ceil(ROW)
}

/// Weighted mean of what overlapping windows say about each row. A window counts most in its middle and little at its
/// edges, so that neither its start nor its end leaves a step.
#[derive(Clone, Debug)]
pub(super) struct Blend {
    sum: Vec<f32>,
    weight: Vec<f32>,
    edge_weight: f32,
}

impl Blend {
    pub(super) fn new(rows: usize, edge_weight: f32) -> Self {
        Self { sum: vec![0.0; rows], weight: vec![0.0; rows], edge_weight }
    }

    /// Adds one window that begins at this sample; `value` gives the number of each of its `frames` frames. Between
    /// two frames' middles the number goes over evenly.
    pub(super) fn add(&mut self, start_sample: usize, frames: usize, value: impl Fn(usize) -> f32) {
        let Some(last) = frames.checked_sub(1) else { return };
        for row in rows_inside(start_sample, self.sum.len()) {
            let (before, after, part) = between(row_middle(row), start_sample, last);
            let number = value(before) * (1.0 - part) + value(after) * part;
            let weight = self.weight_at(row_middle(row) - start_sample);
            self.sum[row] += number * weight;
            self.weight[row] += weight;
        }
    }

    /// 1 in the middle of a window, falling evenly to the edge weight.
    fn weight_at(&self, sample_inside: usize) -> f32 {
        let half = WINDOW as f32 / 2.0;
        let from_middle = (sample_inside as f32 - half).abs() / half;
        1.0 - (1.0 - self.edge_weight) * from_middle.min(1.0)
    }

    /// The mean of each row; rows no window reached are 0.
    pub(super) fn into_means(self) -> Vec<f32> {
        self.sum
            .into_iter()
            .zip(self.weight)
            .map(|(sum, weight)| if weight > 0.0 { sum / weight } else { 0.0 })
            .collect()
    }
}

/// The sample in the middle of a row.
fn row_middle(row: usize) -> usize {
    row * ROW + ROW / 2
}

/// The rows whose middles lie inside the window that begins at this sample.
pub(super) fn rows_inside(start_sample: usize, rows: usize) -> std::ops::Range<usize> {
    let row_from = |sample: usize| (sample + ROW / 2 - 1) / ROW;
    row_from(start_sample).min(rows)..row_from(start_sample + WINDOW).min(rows)
}

/// The frames before and after a sample, and how far between them it lies, 0 to 1.
fn between(sample: usize, start_sample: usize, last_frame: usize) -> (usize, usize, f32) {
    let after_zero = (sample - start_sample).saturating_sub(FRAME_ZERO);
    let before = (after_zero / FRAME_HOP).min(last_frame);
    let part = (after_zero - before * FRAME_HOP).min(FRAME_HOP) as f32 / FRAME_HOP as f32;
    (before, (before + 1).min(last_frame), part)
}

/// The row in whose stretch a frame's middle lies, not cut at the end of the recording.
pub(super) fn row_of_frame(start_sample: usize, frame: usize) -> usize {
    (start_sample + FRAME_ZERO + frame * FRAME_HOP) / ROW
}

/// The frame of a window whose middle is nearest to that of a row.
pub(super) fn frame_of_row(start_sample: usize, row: usize) -> usize {
    ((row_middle(row) + FRAME_HOP / 2).saturating_sub(start_sample + FRAME_ZERO) / FRAME_HOP).min(FRAMES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ramp: each frame's number is its own middle, in samples of the recording. Every row must then hold its own
    /// middle, from whichever windows.
    #[test]
    fn a_ramp_comes_out_where_it_went_in() {
        let rows = rows_of(2 * WINDOW);
        let mut blend = Blend::new(rows, 0.1);
        for start in [0, 40_000, 80_000, 120_000, 160_000] {
            blend.add(start, FRAMES, |frame| (start + FRAME_ZERO + frame * FRAME_HOP) as f32);
        }
        // Before a window's first frame and after its last its number stands still: look between.
        for (row, mean) in blend.into_means().into_iter().enumerate().skip(10).take(rows - 20) {
            let middle = row_middle(row) as f32;
            let edge = [0, 40_000, 80_000, 120_000, 160_000].iter().any(|&start| {
                let inside = row_middle(row) as i64 - start;
                (-(ROW as i64)..FRAME_ZERO as i64).contains(&inside)
                    || (WINDOW as i64 - 800..WINDOW as i64 + 1).contains(&inside)
            });
            // 415 samples at most, at the weight of an edge.
            let allowed = if edge { 150.0 } else { 0.5 };
            assert!((mean - middle).abs() <= allowed, "row {row}: {mean}, not {middle}");
        }
    }

    #[test]
    fn windows_that_agree_leave_no_seam() {
        let mut blend = Blend::new(3000, 0.1);
        for start in (0..=20).map(|n| n * 16_000) {
            blend.add(start, FRAMES, |_| 0.7);
        }
        assert!(blend.into_means().iter().all(|mean| (mean - 0.7).abs() < 1e-6));
    }

    #[test]
    fn a_window_past_the_end_and_one_without_frames_do_no_harm() {
        let mut blend = Blend::new(10, 0.1);
        blend.add(0, FRAMES, |_| 1.0);
        blend.add(1600, FRAMES, |_| 1.0);
        blend.add(0, 0, |_| 1.0);
        assert!(blend.into_means().iter().all(|mean| (mean - 1.0).abs() < 1e-6));
        assert_eq!(rows_inside(0, 5000), 0..1000);
        assert_eq!(rows_inside(80, 5000), 0..1000);
        assert_eq!(rows_inside(81, 5000), 1..1001);
    }
}
