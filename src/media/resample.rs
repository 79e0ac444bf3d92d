//! Any sample rate to [`SOUND_RATE`], with the filter's delay taken off exactly.
//!
//! `rubato`'s FFT resampler: linear phase, so that its delay is one number for all frequencies. It serves WAV and films
//! alike, with or without libav.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::media::{MediaError, SOUND_RATE};

/// Input samples per FFT block, at least: long enough for a filter that is flat to 7 kHz (tested below).
const SMALLEST_BLOCK: usize = 1024;

/// One stretch of sound at one rate.
pub(crate) struct Resampler {
    rate: u32,
    filter: Option<Filter>,
    taken: u64,
    given: u64,
}

struct Filter {
    fft: Fft<f32>,
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    filled: usize,
    /// Output samples still to drop: the delay.
    delay: usize,
}

impl Resampler {
    /// For `channels` channels at `rate` samples per second.
    pub(crate) fn new(rate: u32, channels: usize) -> Result<Self, MediaError> {
        if rate == SOUND_RATE {
            return Ok(Self { rate, filter: None, taken: 0, given: 0 });
        }
        // An even number of smallest blocks makes both block sizes even, so that half a block, the delay, is a whole
        // number of samples.
        let smallest = (rate / gcd(rate, SOUND_RATE)) as usize;
        let block = smallest.saturating_mul(2) * SMALLEST_BLOCK.div_ceil(smallest.saturating_mul(2));
        let fft = Fft::new(rate as usize, SOUND_RATE as usize, block, channels, FixedSync::Both).map_err(failed)?;
        let filter = Filter {
            input: vec![vec![0.0; fft.input_frames_max()]; channels],
            output: vec![vec![0.0; fft.output_frames_max()]; channels],
            filled: 0,
            delay: fft.output_delay(),
            fft,
        };
        Ok(Self { rate, filter: Some(filter), taken: 0, given: 0 })
    }

    /// Samples per second that go in.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes `count` samples of each channel, appends what is ready to `out`. `fill(channel, from, to)` copies the
    /// samples from index `from` on into `to`.
    pub(crate) fn push(
        &mut self,
        count: usize,
        fill: impl Fn(usize, usize, &mut [f32]),
        out: &mut [Vec<f32>],
    ) -> Result<(), MediaError> {
        self.taken += count as u64;
        let Some(filter) = &mut self.filter else {
            for (channel, to) in out.iter_mut().enumerate() {
                let start = to.len();
                to.resize(start + count, 0.0);
                fill(channel, 0, &mut to[start..]);
            }
            self.given += count as u64;
            return Ok(());
        };
        let mut done = 0;
        while done < count {
            let wanted = filter.fft.input_frames_next();
            let step = (wanted - filter.filled).min(count - done);
            for (channel, to) in filter.input.iter_mut().enumerate() {
                fill(channel, done, &mut to[filter.filled..filter.filled + step]);
            }
            filter.filled += step;
            done += step;
            if filter.filled == wanted {
                self.given += filter.run(out, usize::MAX)? as u64;
            }
        }
        Ok(())
    }

    /// Gives what is still inside, so that `out` got `taken * SOUND_RATE / rate` samples in all, rounded.
    pub(crate) fn finish(&mut self, out: &mut [Vec<f32>]) -> Result<(), MediaError> {
        let rate = u128::from(self.rate);
        let due = (u128::from(self.taken) * u128::from(SOUND_RATE) + rate / 2) / rate;
        let due = u64::try_from(due).unwrap_or(u64::MAX);
        let Some(filter) = &mut self.filter else { return Ok(()) };
        while self.given < due {
            let most = usize::try_from(due - self.given).unwrap_or(usize::MAX);
            self.given += filter.run(out, most)? as u64;
        }
        Ok(())
    }
}

impl Filter {
    /// One block, filled up with zeros; at most `most` samples are given.
    fn run(&mut self, out: &mut [Vec<f32>], most: usize) -> Result<usize, MediaError> {
        for channel in &mut self.input {
            channel[self.filled..].fill(0.0);
        }
        self.filled = 0;
        let channels = self.input.len();
        let (taken, room) = (self.fft.input_frames_next(), self.fft.output_frames_next());
        let input = SequentialSliceOfVecs::new(&self.input, channels, taken).map_err(failed)?;
        let mut output = SequentialSliceOfVecs::new_mut(&mut self.output, channels, room).map_err(failed)?;
        let (_, ready) = self.fft.process_into_buffer(&input, &mut output, None).map_err(failed)?;
        let dropped = ready.min(self.delay);
        self.delay -= dropped;
        let end = ready.min(dropped.saturating_add(most));
        for (from, to) in self.output.iter().zip(out) {
            to.extend_from_slice(&from[dropped..end]);
        }
        Ok(end - dropped)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn failed(error: impl std::fmt::Display) -> MediaError {
    MediaError::Library { library: "rubato", doing: "resampling", message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(rate: u32, input: &[f32], pieces: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate, 1).unwrap();
        let mut out = vec![Vec::new()];
        for piece in input.chunks(pieces) {
            resampler
                .push(piece.len(), |_, from, to| to.copy_from_slice(&piece[from..][..to.len()]), &mut out)
                .unwrap();
        }
        resampler.finish(&mut out).unwrap();
        out.remove(0)
    }

    /// A smooth bump in the middle of two seconds: its centre of mass is where it was, to a hundredth of a sample.
    #[test]
    fn the_delay_is_taken_off_exactly() {
        for rate in [8000, 11025, 16000, 22050, 32000, 44100, 47999, 48000, 96000, 192_000] {
            let centre = 0.777;
            let bump = |index: usize| {
                let distance = (index as f64 / f64::from(rate) - centre) / 0.004;
                (-0.5 * distance * distance).exp() as f32
            };
            let input: Vec<f32> = (0..2 * rate as usize).map(bump).collect();
            let out = resampled(rate, &input, 1000);
            assert_eq!(out.len(), 2 * SOUND_RATE as usize, "{rate}");
            let mass: f64 = out.iter().map(|&v| f64::from(v)).sum();
            let moment: f64 = out.iter().enumerate().map(|(i, &v)| i as f64 * f64::from(v)).sum();
            let error = moment / mass - centre * f64::from(SOUND_RATE);
            assert!(error.abs() < 0.01, "{rate} Hz: off by {error} samples");
        }
    }

    /// A ramp of time: away from the ends each sample says where it is.
    #[test]
    fn a_ramp_stays_a_ramp() {
        let input: Vec<f32> = (0..96_000).map(|index| index as f32 / 96_000.0).collect();
        let out = resampled(48_000, &input, 777);
        for (index, value) in out.iter().enumerate().take(31_000).skip(1000) {
            assert!((value - index as f32 / 32_000.0).abs() < 1e-4, "{index}: {value}");
        }
    }

    #[test]
    fn the_cut_into_pieces_does_not_matter() {
        let input: Vec<f32> = (0..30_000).map(|index| ((index * index) as f32 * 1e-5).sin()).collect();
        assert_eq!(resampled(44_100, &input, 30_000), resampled(44_100, &input, 1));
        assert_eq!(resampled(44_100, &input, 441), resampled(44_100, &input, 1_023));
    }

    #[test]
    fn what_is_above_the_new_band_is_gone_and_what_is_inside_stays() {
        let tone = |hz: f32| -> f32 {
            let input: Vec<f32> =
                (0..48_000).map(|i| (i as f32 / 48_000.0 * hz * std::f32::consts::TAU).sin()).collect();
            let out = resampled(48_000, &input, 4096);
            let middle = &out[2000..14_000];
            (middle.iter().map(|v| v * v).sum::<f32>() / middle.len() as f32 * 2.0).sqrt()
        };
        assert!((tone(1000.0) - 1.0).abs() < 1e-3);
        assert!((tone(7000.0) - 1.0).abs() < 1e-2, "{}", tone(7000.0));
        assert!(tone(9000.0) < 1e-3, "{}", tone(9000.0));
    }
}
