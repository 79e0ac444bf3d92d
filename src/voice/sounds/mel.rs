//! Mel bands as the sound network was trained on them.
//!
//! 25 ms frames every 10 ms, periodic Hann window, magnitudes of a 512-point spectrum, 64 triangles on the mel scale from
//! 125 Hz to 7.5 kHz whose heights are straight lines in mel (YAMNet, `params.py` and `features.py`: HTK mel scale, as
//! `tf.signal.linear_to_mel_weight_matrix`). The logarithm is taken later, for it depends on the patch's own level.

use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};

use crate::media::SOUND_RATE;

/// Bands of one frame.
pub(super) const BANDS: usize = 64;
/// Samples of one frame: 25 ms.
pub(super) const FRAME: usize = 400;
/// Samples between neighbouring frames: 10 ms.
pub(super) const HOP: usize = 160;
const FFT: usize = 512;
const LOWEST_HZ: f32 = 125.0;
const HIGHEST_HZ: f32 = 7500.0;

/// One frame: magnitudes of the bands, linear, 0 or more.
pub(super) type Bands = [f32; BANDS];

/// Everything that does not depend on the sound.
pub(super) struct Mel {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// Per band: first bin and the weights from there on.
    bands: Vec<(usize, Vec<f32>)>,
}

fn mel(hz: f32) -> f32 {
    1127.0 * (1.0 + hz / 700.0).ln()
}

impl Mel {
    pub(super) fn new() -> Self {
        let turn = std::f32::consts::TAU / FRAME as f32;
        let window = (0..FRAME).map(|i| 0.5 - 0.5 * (turn * i as f32).cos()).collect();
        let (low, high) = (mel(LOWEST_HZ), mel(HIGHEST_HZ));
        let width = (high - low) / (BANDS + 1) as f32;
        let bin_mel: Vec<f32> = (0..=FFT / 2).map(|bin| mel(bin as f32 * SOUND_RATE as f32 / FFT as f32)).collect();
        let bands = (0..BANDS)
            .map(|band| {
                let left = low + band as f32 * width;
                let weight = |m: f32| ((m - left) / width).min((left + 2.0 * width - m) / width).max(0.0);
                // The constant part (bin 0) is never counted.
                let first = (1..bin_mel.len()).find(|&bin| weight(bin_mel[bin]) > 0.0).unwrap_or(1);
                let weights = bin_mel[first..].iter().map(|&m| weight(m)).take_while(|&w| w > 0.0).collect();
                (first, weights)
            })
            .collect();
        Self { fft: RealFftPlanner::new().plan_fft_forward(FFT), window, bands }
    }

    /// Frames of these samples; frame `i` covers samples `i * HOP .. i * HOP + FRAME`. Empty if there are fewer than
    /// [`FRAME`] samples.
    pub(super) fn frames(&self, samples: &[f32]) -> Vec<Bands> {
        let mut input = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut magnitudes = vec![0.0; spectrum.len()];
        let mut frames = Vec::with_capacity(samples.len() / HOP);
        for frame in samples.windows(FRAME).step_by(HOP) {
            input.fill(0.0);
            for ((out, &sample), weight) in input.iter_mut().zip(frame).zip(&self.window) {
                *out = sample * weight;
            }
            // The lengths are the plan's own, so this cannot fail; a silent spectrum would be the honest answer.
            if self.fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch).is_err() {
                spectrum.fill(Default::default());
            }
            magnitudes.iter_mut().zip(&spectrum).for_each(|(out, bin)| *out = bin.norm());
            let mut bands = [0.0; BANDS];
            for (out, (first, weights)) in bands.iter_mut().zip(&self.bands) {
                *out = magnitudes[*first..].iter().zip(weights).map(|(magnitude, weight)| magnitude * weight).sum();
            }
            frames.push(bands);
        }
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same signal as in the test of the speaker network's bands; the numbers come from a NumPy version of the above.
    #[test]
    fn the_numbers_are_those_of_the_numpy_version() {
        let samples: Vec<f32> = (0..1200)
            .map(|n| {
                let n = f64::from(n);
                let tone = |hz: f64| (std::f64::consts::TAU * hz * n / 16000.0).sin();
                (0.3 * tone(440.0) + 0.1 * tone(3100.0) + 0.05 * (n * n * 0.001).sin()) as f32
            })
            .collect();
        let frames = Mel::new().frames(&samples);
        assert_eq!(frames.len(), 6);
        let expected =
            [(0, 0, 0.0848), (0, 12, 1.2324), (0, 13, 1.6183), (2, 30, 0.2325), (5, 45, 0.0118), (3, 63, 0.0000)];
        for (frame, band, value) in expected {
            let found: f32 = frames[frame][band];
            assert!((found - value).abs() < 0.002 * value.max(1.0), "frame {frame} band {band}: {found}, not {value}");
        }
    }

    #[test]
    fn silence_is_nothing_and_too_little_is_no_frame() {
        let mel = Mel::new();
        assert_eq!(mel.frames(&[0.0; FRAME - 1]).len(), 0);
        assert_eq!(mel.frames(&[0.0; FRAME]), [[0.0; BANDS]]);
    }
}
