//! A part of somebody's speech in, its fingerprint out: numbers that are close for one person and apart for two.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::{Network, Tensor};

use super::VoiceError;
use super::fbank::{BANDS, FRAME, Fbank, HOP};
use super::grid::ROW;

/// Most frames of a part that the network is given: 1.5 s.
const MOST: usize = 150;
/// Fewest: a quarter of a second.
const LEAST: usize = 25;
/// Parts of one length that go through the network at once.
const TOGETHER: usize = 2;

/// Cosine of the angle between two fingerprints of length 1.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Brings a sum of fingerprints to length 1; zeros stay.
pub(super) fn to_unit_length(numbers: &mut [f32]) {
    let length = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        numbers.iter_mut().for_each(|x| *x /= length);
    }
}

/// Fingerprints parts of a piece of sound whose first sample is the first one of row `first_row`. `None` for a part that
/// is too short for a frame, or of which the network says nothing that is a number.
pub(super) fn fingerprints(
    network: &mut Network,
    fbank: &Fbank,
    samples: &[f32],
    first_row: usize,
    parts: &[Range<usize>],
) -> Result<Vec<Option<Vec<f32>>>, VoiceError> {
    let mut prints = vec![None; parts.len()];
    // Parts of one length go through the network together.
    let mut by_length: BTreeMap<usize, Vec<(usize, Vec<f32>)>> = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        let from = (part.start - first_row) * ROW;
        let to = ((part.end - first_row) * ROW).min(samples.len());
        let bands = fbank.frames(samples.get(from.min(to)..to).unwrap_or_default());
        if !bands.is_empty() {
            let piece = piece(bands.len());
            by_length.entry(piece.len()).or_default().push((at, centred(&piece, &bands)));
        }
    }
    for (frames, inputs) in by_length {
        for batch in inputs.chunks(TOGETHER) {
            let values = batch.iter().flat_map(|(_, values)| values.iter().copied()).collect();
            let input = Tensor { shape: vec![batch.len(), frames, BANDS], values };
            let output = network.run(&[("feats", &input)], &["embedding"])?;
            let numbers = output.into_iter().next().map(|output| output.values).unwrap_or_default();
            for ((at, _), print) in batch.iter().zip(numbers.chunks_exact((numbers.len() / batch.len()).max(1))) {
                if print.iter().all(|v| v.is_finite()) {
                    let mut print = print.to_vec();
                    to_unit_length(&mut print);
                    prints[*at] = Some(print);
                }
            }
        }
    }
    Ok(prints)
}

/// At most [`MOST`] frames from the middle of a part of so many; less than [`LEAST`] is repeated.
fn piece(frames: usize) -> Vec<usize> {
    let start = frames.saturating_sub(MOST) / 2;
    (start..frames).cycle().take(frames.clamp(LEAST, MOST)).collect()
}

/// The piece's frames with each band's mean removed: what the microphone and the room add.
fn centred(piece: &[usize], bands: &[[f32; BANDS]]) -> Vec<f32> {
    let mut mean = [0.0; BANDS];
    let rows: Vec<&[f32; BANDS]> = piece.iter().filter_map(|&frame| bands.get(frame)).collect();
    for row in &rows {
        mean.iter_mut().zip(*row).for_each(|(sum, x)| *sum += x / rows.len() as f32);
    }
    rows.iter().flat_map(|row| row.iter().zip(&mean).map(|(x, mean)| x - mean)).collect()
}

// A row and a frame step are one length, so that a part's rows are its frames.
const _: () = assert!(HOP == ROW && FRAME > ROW);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_and_from_the_middle() {
        let frames = piece(290);
        assert_eq!((frames[0], frames[149], frames.len()), (70, 219, 150));
        assert_eq!(piece(100), (0..100).collect::<Vec<_>>());
        let short = piece(20);
        assert_eq!((short.len(), short[0], short[19], short[20]), (25, 0, 19, 0));
    }

    #[test]
    fn bands_are_centred() {
        let bands = [[1.0; BANDS], [3.0; BANDS]];
        let values = centred(&piece(2), &bands);
        assert_eq!(values.len(), LEAST * BANDS);
        // 13 frames of the one, 12 of the other.
        assert!((values[0] + 0.96).abs() < 1e-4 && (values[BANDS] - 1.04).abs() < 1e-4);
    }
}
