//! A window's voices in, the fingerprint of each out: numbers that are close for one person and apart for two.

use crate::media::SOUND_RATE;
use crate::model::{Network, Tensor};

use super::VoiceError;
use super::fbank::{BANDS, FRAME, Fbank, HOP};
use super::segmentation::{FRAME_HOP, FRAME_ZERO, FrameVoices, VOICES};
use super::settings::Fingerprint;

/// Frames the network takes at once: 1.5 s.
const PIECE: usize = 150;

/// One voice of one window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Print {
    /// Its number in that window.
    pub voice: usize,
    /// Seconds in which it speaks alone.
    pub solo_secs: f32,
    /// Of length 1.
    pub numbers: Vec<f32>,
}

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

/// Fingerprints every voice of a window that speaks alone for long enough.
pub(super) fn fingerprint(
    network: &mut Network,
    fbank: &Fbank,
    samples: &[f32],
    frames: &[FrameVoices],
    settings: &Fingerprint,
) -> Result<Vec<Print>, VoiceError> {
    let solo: Vec<Vec<usize>> = (0..VOICES).map(|voice| solo_frames(voice, samples.len(), frames)).collect();
    let min_frames = settings.min_secs.0.as_secs_f32() / secs(1);
    let enough = |frames: &[usize]| !frames.is_empty() && frames.len() as f32 >= min_frames;
    if !solo.iter().any(|frames| enough(frames)) {
        return Ok(Vec::new());
    }
    let bands = fbank.frames(samples);
    let mut prints = Vec::new();
    for (voice, solo) in solo.iter().enumerate().filter(|(_, frames)| enough(frames)) {
        let pieces = pieces(solo, settings.pieces_per_window);
        let values = pieces.iter().flat_map(|piece| centred(piece, &bands)).collect();
        let input = Tensor { shape: vec![pieces.len(), PIECE, BANDS], values };
        let output = network.run(&[("feats", &input)], &["embedding"])?;
        let Some(output) = output.into_iter().next() else { continue };
        let length = output.shape.last().copied().unwrap_or(0);
        if length == 0 || output.values.iter().any(|v| !v.is_finite()) {
            continue;
        }
        let mut numbers = vec![0.0; length];
        for piece in output.values.chunks_exact(length) {
            let mut piece = piece.to_vec();
            to_unit_length(&mut piece);
            numbers.iter_mut().zip(piece).for_each(|(sum, x)| *sum += x);
        }
        to_unit_length(&mut numbers);
        prints.push(Print { voice, solo_secs: secs(solo.len()), numbers });
    }
    Ok(prints)
}

fn secs(fbank_frames: usize) -> f32 {
    fbank_frames as f32 * HOP as f32 / SOUND_RATE as f32
}

/// The filter-bank frames in which this voice speaks and no other.
fn solo_frames(voice: usize, samples: usize, frames: &[FrameVoices]) -> Vec<usize> {
    let count = if samples < FRAME { 0 } else { 1 + (samples - FRAME) / HOP };
    (0..count)
        .filter(|frame| {
            let middle = frame * HOP + FRAME / 2;
            let nearest = (middle + FRAME_HOP / 2).saturating_sub(FRAME_ZERO) / FRAME_HOP;
            let Some(now) = frames.get(nearest.min(frames.len().saturating_sub(1))) else { return false };
            now.two < 128 && now.any >= 128 && now.voices.iter().all(|&other| other <= now.voices[voice])
        })
        .collect()
}

/// Up to `most` pieces of [`PIECE`] frames, spread evenly over the voice's frames; less than one piece is repeated.
fn pieces(solo: &[usize], most: usize) -> Vec<Vec<usize>> {
    if solo.len() < PIECE {
        return vec![solo.iter().copied().cycle().take(PIECE).collect()];
    }
    let count = (solo.len() / PIECE).clamp(1, most.max(1));
    let room = solo.len() - PIECE;
    (0..count)
        .map(|piece| {
            // A single piece comes from the middle, several from both ends inwards.
            let start = if count == 1 { room / 2 } else { room * piece / (count - 1) };
            solo[start..start + PIECE].to_vec()
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_and_spread() {
        let solo: Vec<usize> = (0..700).collect();
        let found = pieces(&solo, 3);
        assert_eq!(found.iter().map(|p| (p[0], p.len())).collect::<Vec<_>>(), [(0, 150), (275, 150), (550, 150)]);
        assert_eq!(pieces(&solo[..290], 3)[0][0], 70);
        let short = pieces(&solo[..100], 3);
        assert_eq!((short.len(), short[0].len(), short[0][100]), (1, 150, 0));
    }

    #[test]
    fn solo_frames_are_where_one_voice_speaks_alone() {
        let one = FrameVoices { voices: [255, 0, 0], any: 255, two: 0 };
        let both = FrameVoices { voices: [255, 255, 0], any: 255, two: 255 };
        let frames: Vec<_> = (0..60).map(|i| if i < 30 { one } else { both }).collect();
        let samples = 60 * FRAME_HOP;
        let found = solo_frames(0, samples, &frames);
        assert_eq!(found[0], 0);
        // Frame 29's stretch ends half a frame after its middle.
        let border = FRAME_ZERO + 29 * FRAME_HOP + FRAME_HOP / 2;
        let last = found.last().unwrap() * HOP + FRAME / 2;
        assert!(last <= border && last + HOP > border, "{last} {border}");
        assert!(solo_frames(1, samples, &frames).is_empty());
        assert!(solo_frames(0, samples, &[]).is_empty());
    }
}
