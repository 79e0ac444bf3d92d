//! Ten seconds of sound in, what up to three voices do in it out.
//!
//! The network (pyannote segmentation 3.0) names, every 16.875 ms, one of seven classes: nobody, voice 1, 2, 3, or two
//! of them together. Which voice is number 1 holds within one window only. The network divides by the window's own
//! level; raising faint recordings before it was tried and gained nothing (30 dB fainter: speech F1 .960 raised, .961
//! not).

use crate::media::SOUND_RATE;
use crate::model::{Network, Tensor};

use super::VoiceError;

/// Samples of one window: 10 s.
pub(super) const WINDOW: usize = 10 * SOUND_RATE as usize;
/// Voices the network tells apart within one window.
pub(super) const VOICES: usize = 3;
/// Samples between neighbouring frames: the product of the network's strides (10 * 3 * 3 * 3).
pub(super) const FRAME_HOP: usize = 270;
/// Frames of one window, each with a field of 991 samples.
pub(super) const FRAMES: usize = 1 + (WINDOW - 991) / FRAME_HOP;
/// Sample in the middle of frame 0: half the network's field of 991 samples.
pub(super) const FRAME_ZERO: usize = 495;

/// The voices of each class (Plaquet and Bredin, Interspeech 2023, "powerset").
const CLASSES: [&[usize]; 7] = [&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2]];

/// Probabilities of one frame, each 0 to 255 for 0 to 1: small, because hours of them are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FrameVoices {
    /// That this voice speaks.
    pub voices: [u8; VOICES],
    /// That anybody speaks.
    pub any: u8,
    /// That two speak.
    pub two: u8,
}

/// 0 to 1 as 0 to 255.
fn byte(probability: f32) -> u8 {
    // `as` saturates and takes NaN as 0.
    (probability * 255.0).round() as u8
}

/// The probabilities of one frame from the network's seven log-probabilities.
fn frame_voices(scores: &[f32]) -> FrameVoices {
    let mut weights = [0.0; CLASSES.len()];
    weights.iter_mut().zip(scores).for_each(|(weight, &score)| *weight = score.exp());
    let sum: f32 = weights.iter().sum();
    let share = |wanted: &dyn Fn(&[usize]) -> bool| {
        let part: f32 = weights.iter().zip(CLASSES).filter(|(_, class)| wanted(class)).map(|(weight, _)| weight).sum();
        byte(part / sum)
    };
    FrameVoices {
        voices: std::array::from_fn(|voice| share(&|class| class.contains(&voice))),
        any: share(&|class| !class.is_empty()),
        two: share(&|class| class.len() == 2),
    }
}

/// Runs the network on windows of [`WINDOW`] samples (fewer are filled up with silence), all at once. The frames of each.
pub(super) fn listen(network: &mut Network, windows: &[&[f32]]) -> Result<Vec<Vec<FrameVoices>>, VoiceError> {
    let mut values = Vec::with_capacity(windows.len() * WINDOW);
    for (at, samples) in windows.iter().enumerate() {
        values.extend_from_slice(samples);
        values.resize((at + 1) * WINDOW, 0.0);
    }
    let input = Tensor { shape: vec![windows.len(), 1, WINDOW], values };
    let output = network.run(&[("waveform", &input)], &["scores"])?;
    let scores = output.first().map(|tensor| tensor.values.as_slice()).unwrap_or_default();
    let each = scores.chunks_exact((scores.len() / windows.len().max(1)).max(1));
    Ok(each.map(|scores| scores.chunks_exact(CLASSES.len()).map(frame_voices).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(shares: [f32; 7]) -> FrameVoices {
        frame_voices(&shares.map(f32::ln))
    }

    #[test]
    fn classes_become_voices() {
        let frame = decode([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(frame, FrameVoices { voices: [255, 0, 255], any: 255, two: 255 });
        let frame = decode([0.8, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(frame, FrameVoices { voices: [51, 0, 0], any: 51, two: 0 });
    }

    #[test]
    fn nonsense_from_the_network_is_nobody() {
        assert_eq!(decode([f32::NAN; 7]), FrameVoices::default());
    }
}
