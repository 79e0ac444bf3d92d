//! Kaldi's log mel filter bank, as the speaker network was trained on it.
//!
//! 25 ms frames every 10 ms, mean removed, pre-emphasis 0.97, Povey window, 512-point power spectrum, 80 triangles on
//! the mel scale from 20 Hz to 8 kHz, natural logarithm (Kaldi, `feat/feature-window.cc`, `feat/mel-computations.cc`;
//! no dither, no energy). The made-up signal of the test and its numbers come from a NumPy version of the same.

use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};

use crate::media::SOUND_RATE;

/// Bands of one frame.
pub(super) const BANDS: usize = 80;
/// Samples of one frame: 25 ms.
pub(super) const FRAME: usize = 400;
/// Samples between neighbouring frames: 10 ms.
pub(super) const HOP: usize = 160;
const FFT: usize = 512;
const PRE_EMPHASIS: f32 = 0.97;
const LOWEST_HZ: f32 = 20.0;
const HIGHEST_HZ: f32 = 8000.0;
/// Kaldi's floor before the logarithm: the smallest step of a 32-bit float at 1.
const FLOOR: f32 = f32::EPSILON;

/// Everything that does not depend on the sound.
pub(super) struct Fbank {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// Per band: first bin and the weights from there on.
    bands: Vec<(usize, Vec<f32>)>,
}

fn mel(hz: f32) -> f32 {
    1127.0 * (1.0 + hz / 700.0).ln()
}

impl Fbank {
    pub(super) fn new() -> Self {
        let turn = std::f32::consts::TAU / (FRAME - 1) as f32;
        let window = (0..FRAME).map(|i| (0.5 - 0.5 * (turn * i as f32).cos()).powf(0.85)).collect();
        let (low, high) = (mel(LOWEST_HZ), mel(HIGHEST_HZ));
        let width = (high - low) / (BANDS + 1) as f32;
        let bin_mel: Vec<f32> = (0..FFT / 2).map(|bin| mel(bin as f32 * SOUND_RATE as f32 / FFT as f32)).collect();
        let bands = (0..BANDS)
            .map(|band| {
                let left = low + band as f32 * width;
                let weight = |m: f32| ((m - left) / width).min((left + 2.0 * width - m) / width).max(0.0);
                let first = bin_mel.iter().position(|&m| weight(m) > 0.0).unwrap_or(0);
                let weights = bin_mel[first..].iter().map(|&m| weight(m)).take_while(|&w| w > 0.0).collect();
                (first, weights)
            })
            .collect();
        Self { fft: RealFftPlanner::new().plan_fft_forward(FFT), window, bands }
    }

    /// Frames of these samples, [`BANDS`] numbers each; frame `i` covers samples `i * HOP .. i * HOP + FRAME`. Empty
    /// if there are fewer than [`FRAME`] samples.
    pub(super) fn frames(&self, samples: &[f32]) -> Vec<[f32; BANDS]> {
        let count = if samples.len() < FRAME { 0 } else { 1 + (samples.len() - FRAME) / HOP };
        let mut input = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut frames = Vec::with_capacity(count);
        for frame in samples.windows(FRAME).step_by(HOP) {
            let mean = frame.iter().sum::<f32>() / FRAME as f32;
            input.fill(0.0);
            let mut before = frame[0] - mean;
            for ((out, &sample), weight) in input.iter_mut().zip(frame).zip(&self.window) {
                let sample = sample - mean;
                *out = (sample - PRE_EMPHASIS * before) * weight;
                before = sample;
            }
            // The lengths are the plan's own, so this cannot fail; a silent spectrum would be the honest answer.
            if self.fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch).is_err() {
                spectrum.fill(Default::default());
            }
            let mut bands = [0.0; BANDS];
            for (out, (first, weights)) in bands.iter_mut().zip(&self.bands) {
                let energy: f32 = spectrum[*first..].iter().zip(weights).map(|(bin, w)| bin.norm_sqr() * w).sum();
                *out = energy.max(FLOOR).ln();
            }
            frames.push(bands);
        }
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_numpy_version() {
        let samples: Vec<f32> = (0..1200)
            .map(|n| {
                let n = f64::from(n);
                let tone = |hz: f64| (std::f64::consts::TAU * hz * n / 16000.0).sin();
                (0.3 * tone(440.0) + 0.1 * tone(3100.0) + 0.05 * (n * n * 0.001).sin()) as f32
            })
            .collect();
        let frames = Fbank::new().frames(&samples);
        assert_eq!(frames.len(), 6);
        let expected =
            [(0, 0, -9.826), (0, 15, 2.4068), (0, 40, -3.2713), (2, 60, -9.885), (5, 79, -15.9424), (4, 5, -10.1423)];
        for (frame, band, value) in expected {
            let found: f32 = frames[frame][band];
            assert!((found - value).abs() < 0.01, "frame {frame} band {band}: {found}, not {value}");
        }
    }

    #[test]
    fn silence_is_the_floor_and_too_little_is_nothing() {
        let fbank = Fbank::new();
        assert_eq!(fbank.frames(&[0.0; FRAME - 1]).len(), 0);
        assert!(fbank.frames(&[0.0; FRAME])[0].iter().all(|v| (v - FLOOR.ln()).abs() < 1e-5));
    }
}
