//! The first pass: how likely is speech, every 32 ms, at a tenth of the cost of hearing who speaks.
//!
//! Where this network (Silero VAD 6.2, sequence form) is sure that nobody speaks for a whole window, that window is not
//! listened to at all, so that long silences cost next to nothing. Elsewhere its word is one more voice in whether
//! anybody speaks. It is recurrent: frames must come in order.

use std::ops::Range;

use crate::model::{ModelError, Network, Tensor};

use super::grid::ROW;

/// Samples of one frame: 32 ms.
pub(super) const FRAME: usize = 512;
/// Samples before a frame that the network hears again.
const CONTEXT: usize = 64;
/// Numbers of the network's memory.
const MEMORY: usize = 128;
/// Frames that go through the network at once: about a second.
const BATCH: usize = 32;

/// Listens to one lane.
pub(super) struct Detector {
    network: Network,
    hidden: Tensor,
    cell: Tensor,
    /// The context of the next frame, then samples that no frame holds yet.
    kept: Vec<f32>,
    /// Probability of speech of each frame, 0 to 1.
    frames: Vec<f32>,
}

impl Detector {
    pub(super) fn new(network: Network) -> Self {
        let memory = || Tensor { shape: vec![1, 1, MEMORY], values: vec![0.0; MEMORY] };
        Self { network, hidden: memory(), cell: memory(), kept: vec![0.0; CONTEXT], frames: Vec::new() }
    }

    /// Takes in the next samples of the lane.
    ///
    /// # Errors
    /// The network does not run.
    pub(super) fn add(&mut self, samples: &[f32]) -> Result<(), ModelError> {
        self.kept.extend_from_slice(samples);
        while self.kept.len() >= CONTEXT + BATCH * FRAME {
            self.run(BATCH)?;
        }
        Ok(())
    }

    /// Takes in what is left at the end of the lane, filled up with silence. Nothing may be added afterwards.
    ///
    /// # Errors
    /// The network does not run.
    pub(super) fn end(&mut self) -> Result<(), ModelError> {
        let frames = (self.kept.len() - CONTEXT).div_ceil(FRAME);
        self.kept.resize(CONTEXT + frames * FRAME, 0.0);
        if frames > 0 { self.run(frames) } else { Ok(()) }
    }

    /// The probability of speech in these rows of 10 ms, 0 to 1; 0 where nothing was heard yet.
    pub(super) fn on_rows(&self, rows: Range<usize>) -> Vec<f32> {
        on_rows(&self.frames, rows)
    }

    /// The probability of speech of each frame, 0 to 1.
    pub(super) fn into_frames(self) -> Vec<f32> {
        self.frames
    }

    /// How many of the last samples taken in may not have been heard yet.
    pub(super) const LAG: usize = BATCH * FRAME;

    /// Whether nobody speaks in these samples of the lane: every frame that holds one of them stays below `below`.
    /// `false` if one of them was not heard yet.
    pub(super) fn is_quiet(&self, samples: Range<usize>, below: f32) -> bool {
        let frames = self.frames.get(samples.start / FRAME..samples.end.div_ceil(FRAME));
        frames.is_some_and(|frames| frames.iter().all(|&p| p < below))
    }

    fn run(&mut self, count: usize) -> Result<(), ModelError> {
        let starts = (0..count).map(|frame| frame * FRAME);
        let values = starts.flat_map(|from| self.kept[from..from + CONTEXT + FRAME].iter().copied()).collect();
        let input = Tensor { shape: vec![count, CONTEXT + FRAME], values };
        let inputs = [("input", &input), ("h", &self.hidden), ("c", &self.cell)];
        let mut output = self.network.run(&inputs, &["speech_probs", "hn", "cn"])?.into_iter();
        let (Some(speech), Some(hidden), Some(cell)) = (output.next(), output.next(), output.next()) else {
            return Ok(());
        };
        // What is no number counts as speech: it must not silence a window.
        self.frames.extend(speech.values.into_iter().map(|p| if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) }));
        self.hidden.values = hidden.values;
        self.cell.values = cell.values;
        self.kept.drain(..count * FRAME);
        Ok(())
    }
}

/// The frames' probabilities on rows of 10 ms: each row takes that of the frame its middle lies in.
pub(super) fn on_rows(frames: &[f32], rows: Range<usize>) -> Vec<f32> {
    rows.map(|row| frames.get((row * ROW + ROW / 2) / FRAME).copied().unwrap_or(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_take_the_frame_they_lie_in() {
        let rows = on_rows(&[0.1, 0.9], 0..8);
        assert_eq!(rows, [0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.0, 0.0]);
    }
}
