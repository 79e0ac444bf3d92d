//! Cuts one lane of sound into pieces that can be looked at by themselves, as its samples arrive.

/// Samples of one row of the track: 80 ms, eight rows of the other voice tracks.
pub(in crate::voice) const ROW: usize = 8 * super::mel::HOP;
/// Rows of one piece: 9.6 s.
pub(super) const PIECE_ROWS: usize = 120;
/// Samples before a piece's first row that belong to it: what its first patches reach back to.
pub(super) const BEFORE: usize = 76 * super::mel::HOP;
/// Samples after the start of its first row: its rows, and half a patch more.
const AFTER: usize = PIECE_ROWS * ROW + 60 * super::mel::HOP;

/// Some seconds of one lane with what lies before and after them; beyond the recording's ends there is silence.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::voice) struct Piece {
    /// Position in the lane, from 0; its first row is `index * PIECE_ROWS`.
    pub index: usize,
    /// From [`BEFORE`] samples before its first row on.
    pub samples: Vec<f32>,
}

/// One lane; holds some 12 s of sound.
#[derive(Clone, Debug)]
pub(in crate::voice) struct Lane {
    kept: Vec<f32>,
    next: usize,
    taken: usize,
}

impl Lane {
    pub(in crate::voice) fn new() -> Self {
        Self { kept: vec![0.0; BEFORE], next: 0, taken: 0 }
    }

    pub(in crate::voice) fn take(&mut self, samples: &[f32]) {
        self.kept.extend_from_slice(samples);
        self.taken += samples.len();
    }

    /// The next piece, if all its samples are there.
    pub(in crate::voice) fn whole(&mut self) -> Option<Piece> {
        let samples = self.kept.get(..BEFORE + AFTER)?.to_vec();
        self.kept.drain(..PIECE_ROWS * ROW);
        let index = self.next;
        self.next += 1;
        Some(Piece { index, samples })
    }

    /// After the last sample: the next piece that still has a row of the recording, filled up with silence.
    pub(in crate::voice) fn rest(&mut self) -> Option<Piece> {
        let has_row = self.next * PIECE_ROWS * ROW < self.taken;
        self.kept.resize(self.kept.len().max(BEFORE + AFTER), 0.0);
        if has_row { self.whole() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ramp: each sample is its own position plus 1, from which every piece must begin where it belongs.
    #[test]
    fn pieces_cover_everything_whatever_the_blocks() {
        for (length, block, pieces) in [(1, 1, 1), (153_600, 999, 1), (153_601, 160_000, 2), (500_000, 7_001, 4)] {
            let samples: Vec<f32> = (1..=length).map(|n| n as f32).collect();
            let mut lane = Lane::new();
            let mut found = Vec::new();
            for block in samples.chunks(block) {
                lane.take(block);
                found.extend(std::iter::from_fn(|| lane.whole()));
            }
            found.extend(std::iter::from_fn(|| lane.rest()));
            assert_eq!(found.len(), pieces, "{length}");
            for (index, piece) in found.iter().enumerate() {
                assert_eq!((piece.index, piece.samples.len()), (index, BEFORE + AFTER));
                for at in [0, BEFORE, BEFORE + AFTER - 1] {
                    let sample = (index * PIECE_ROWS * ROW + at) as i64 - BEFORE as i64;
                    let expect = if (0..length as i64).contains(&sample) { sample as f32 + 1.0 } else { 0.0 };
                    assert!((piece.samples[at] - expect).abs() < 0.5, "{length}, piece {index}, {at}");
                }
            }
        }
    }

    #[test]
    fn a_lane_without_samples_has_no_piece() {
        assert_eq!(Lane::new().rest(), None);
    }
}
