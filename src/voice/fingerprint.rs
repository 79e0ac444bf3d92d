//! A part of somebody's speech in, its fingerprint out: numbers that are close for one person and apart for two.

use std::ops::Range;

use crate::model::{Network, Tensor};

use super::VoiceError;
use super::fbank::{BANDS, FRAME, Fbank, HOP};
use super::grid::ROW;

/// Frames the network takes at once: 1.5 s.
const PIECE: usize = 150;

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
    parts
        .iter()
        .map(|part| {
            let from = (part.start - first_row) * ROW;
            let to = ((part.end - first_row) * ROW).min(samples.len());
            let bands = fbank.frames(samples.get(from.min(to)..to).unwrap_or_default());
            if bands.is_empty() {
                return Ok(None);
            }
            let input = Tensor { shape: vec![1, PIECE, BANDS], values: centred(&piece(bands.len()), &bands) };
            let output = network.run(&[("feats", &input)], &["embedding"])?;
            let numbers = output.into_iter().next().map(|output| output.values).unwrap_or_default();
            if numbers.is_empty() || numbers.iter().any(|v| !v.is_finite()) {
                return Ok(None);
            }
            let mut numbers = numbers;
            to_unit_length(&mut numbers);
            Ok(Some(numbers))
        })
        .collect()
}

/// [`PIECE`] frames from the middle of a part of so many; less than that is repeated.
fn piece(frames: usize) -> Vec<usize> {
    let start = frames.saturating_sub(PIECE) / 2;
    (start..frames).cycle().take(PIECE).collect()
}

/// The piece's frames with each band's mean removed: what the microphone and the room add.
fn centred(piece: &[usize], bands: &[[f32; BANDS]]) -> Vec<f32> {
    let mut mean = [0.0; BANDS];
    let rows: Vec<&[f32; BANDS]> = piece.iter().filter_map(|&frame| bands.get(frame)).collect();
    for row in &rows {
        mean.iter_mut().zip(*row).for_each(|(sum, x)| *sum += x / rows.len() as f32);
    }
    let mut values: Vec<f32> = rows.iter().flat_map(|row| row.iter().zip(&mean).map(|(x, mean)| x - mean)).collect();
    values.resize(PIECE * BANDS, 0.0);
    values
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
        let short = piece(100);
        assert_eq!((short.len(), short[0], short[99], short[100]), (150, 0, 99, 0));
    }

    #[test]
    fn bands_are_centred() {
        let bands = [[1.0; BANDS], [3.0; BANDS]];
        let values = centred(&piece(2), &bands);
        assert_eq!(values.len(), PIECE * BANDS);
        assert!((values[0] + 1.0).abs() < 1e-4 && (values[BANDS] - 1.0).abs() < 1e-4);
    }
}
