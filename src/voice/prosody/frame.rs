//! One row: candidates of its pitch by autocorrelation (Boersma 1993), and what its spectrum tells.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::between::{Between, dot};
use super::settings::{Fit, Pitch};
use crate::media::SOUND_RATE;

/// Candidates kept per row besides "unvoiced", as Praat does.
const MOST_CANDIDATES: usize = 14;
/// Samples that interpolation needs beyond the longest lag.
const MARGIN: usize = 32;
const RATE: f64 = SOUND_RATE as f64;
/// From here on, energy counts as high (DOMAIN: share of energy above 500 Hz; Bone et al. 2014).
const HIGH_HZ: f64 = 500.0;

/// A frequency that the row may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Frequency.
    pub hz: f32,
    /// Height of the normalised autocorrelation there, 0 to 1.
    pub strength: f32,
}

/// What one row gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Frame {
    /// Largest amplitude within a period of the floor around the middle, the local mean taken out, under the window.
    pub peak: f32,
    /// In order of lag; empty in a row that is surely unvoiced.
    pub candidates: Vec<Candidate>,
    /// A-weighted level in dB full scale over the window; `NaN` if not looked at.
    pub a_weighted_dbfs: f32,
    /// Share of the energy above 500 Hz, 0 to 1; `NaN` if not looked at.
    pub high_share: f32,
}

/// Energy of a row in all and in the band that narrowband recordings lack.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Band {
    pub all: f64,
    pub band: f64,
}

/// Looks at rows one by one.
pub(super) struct Looker {
    window: Vec<f32>,
    /// Of the window itself, normalised, by lag.
    window_correlation: Vec<f32>,
    lags: std::ops::Range<usize>,
    /// Samples around the middle in which the local mean is taken.
    mean_half: usize,
    peak_half: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    time: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    power: Vec<f32>,
    scratch: Vec<Complex<f32>>,
    a_weights: Vec<f32>,
    first_high_bin: usize,
    band_bins: std::ops::Range<usize>,
    between: Between,
    settings: Pitch,
}

/// IEC 61672-1, annex E: A-weighting as a factor of power, 1 at 1 kHz.
fn a_weight(hz: f64) -> f64 {
    let square = hz * hz;
    let ratio = 12194.0f64.powi(2) * square * square
        / ((square + 20.6f64.powi(2))
            * ((square + 107.7f64.powi(2)) * (square + 737.9f64.powi(2))).sqrt()
            * (square + 12194.0f64.powi(2)));
    (ratio * 10f64.powf(2.0 / 20.0)).powi(2)
}

impl Looker {
    pub(super) fn new(settings: &Pitch, fit: &Fit) -> Self {
        let period = RATE / settings.floor_hz;
        // Even, and a little less than three periods, as Praat has it.
        let length = ((3.0 * period) as usize / 2 - 1) * 2;
        let longest = (length / 3 + 2).min(length - 1);
        let shortest = ((RATE / settings.ceiling_hz) as usize).max(2);
        let fft = fft_length(length + longest + MARGIN);
        let mut planner = RealFftPlanner::<f32>::new();
        let (forward, back) = (planner.plan_fft_forward(fft), planner.plan_fft_inverse(fft));
        let window: Vec<f32> = (0..length)
            .map(|n| {
                let phase = std::f64::consts::TAU * (n as f64 + 1.0) / (length as f64 + 1.0);
                (0.5 - 0.5 * phase.cos()) as f32
            })
            .collect();
        let mut window_correlation: Vec<f32> = (0..(longest + MARGIN).min(length))
            .map(|lag| {
                window.iter().zip(&window[lag..]).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32
            })
            .collect();
        let whole = window_correlation.first().copied().unwrap_or(1.0);
        window_correlation.iter_mut().for_each(|r| *r /= whole);
        let bin_hz = RATE / fft as f64;
        let bins = fft / 2 + 1;
        let bin = |hz: f64| ((hz / bin_hz).round() as usize).min(bins);
        // Power of one bin to mean square of the signal: both halves of the spectrum, the window's energy.
        let scale = 2.0 / (fft as f64 * f64::from(whole));
        let a_weights = (0..bins).map(|b| (a_weight(b as f64 * bin_hz) * scale) as f32).collect();
        Self {
            lags: shortest..longest,
            mean_half: period as usize,
            peak_half: period as usize / 2 + 1,
            time: vec![0.0; fft],
            spectrum: forward.make_output_vec(),
            power: vec![0.0; bins],
            scratch: vec![Complex::default(); forward.get_scratch_len().max(back.get_scratch_len())],
            first_high_bin: bin(HIGH_HZ),
            band_bins: bin(fit.band_from_hz)..bin(fit.band_to_hz),
            a_weights,
            between: Between::new(),
            settings: settings.clone(),
            window,
            window_correlation,
            forward,
            back,
        }
    }

    /// Samples that must be there on each side of a row's middle.
    pub(super) fn reach(&self) -> usize {
        (self.window.len() / 2).max(self.mean_half)
    }

    /// Looks at the row whose middle is `samples[reach]`; `samples` holds twice the reach. A row whose peak is below
    /// `surely_silent` is not looked at further.
    pub(super) fn look(&mut self, samples: &[f32], surely_silent: f32) -> (Frame, Band) {
        let nothing = |peak| Frame { peak, candidates: Vec::new(), a_weighted_dbfs: f32::NAN, high_share: f32::NAN };
        let middle = samples.len() / 2;
        let around = |half: usize| samples.get(middle.saturating_sub(half)..middle + half).unwrap_or_default();
        let near = around(self.mean_half);
        let mean = (near.iter().map(|s| f64::from(*s)).sum::<f64>() / near.len().max(1) as f64) as f32;
        let half = self.window.len() / 2;
        let under_window = around(half).iter().zip(&self.window).map(|(sample, weight)| (sample - mean) * weight);
        let inside = half.saturating_sub(self.peak_half)..half + self.peak_half;
        let peak = under_window.clone().skip(inside.start).take(inside.len()).fold(0.0f32, |peak, s| peak.max(s.abs()));
        if peak <= surely_silent {
            return (nothing(peak), Band::default());
        }
        self.time.fill(0.0);
        self.time.iter_mut().zip(under_window).for_each(|(out, sample)| *out = sample);
        // Cannot fail: all lengths are the planner's own.
        if self.forward.process_with_scratch(&mut self.time, &mut self.spectrum, &mut self.scratch).is_err() {
            return (nothing(peak), Band::default());
        }
        for (bin, power) in self.spectrum.iter_mut().zip(&mut self.power) {
            *power = bin.norm_sqr();
            *bin = Complex::new(*power, 0.0);
        }
        if self.back.process_with_scratch(&mut self.spectrum, &mut self.time, &mut self.scratch).is_err() {
            return (nothing(peak), Band::default());
        }
        let sum = |bins: &[f32]| bins.iter().sum::<f32>();
        let (low, high) = self.power.split_at(self.first_high_bin.min(self.power.len()));
        let (low, high) = (sum(low), sum(high));
        let all = low + high;
        let band = sum(self.power.get(self.band_bins.clone()).unwrap_or_default());
        let frame = Frame {
            peak,
            candidates: self.candidates(),
            a_weighted_dbfs: crate::voice::levels::dbfs(f64::from(dot(&self.power, &self.a_weights))),
            high_share: if all > 0.0 { high / all } else { f32::NAN },
        };
        (frame, Band { all: f64::from(all), band: f64::from(band) })
    }

    /// The peaks of the autocorrelation in `time`, the window's own taken out.
    fn candidates(&mut self) -> Vec<Candidate> {
        let whole = self.time.first().copied().unwrap_or(0.0);
        if whole <= 0.0 {
            return Vec::new();
        }
        for (value, window) in self.time.iter_mut().zip(&self.window_correlation) {
            *value /= whole * window;
        }
        let series = &self.time[..self.window_correlation.len()];
        let least = 0.5 * self.settings.voicing_threshold as f32;
        let mut found = Vec::with_capacity(MOST_CANDIDATES);
        for lag in self.lags.clone() {
            let Some(&[before, here, after]) = series.get(lag - 1..lag + 2).and_then(|three| three.first_chunk())
            else {
                break;
            };
            if here <= least || here <= before || here < after {
                continue;
            }
            let (place, height) = self.between.peak(series, lag);
            let hz = RATE / place;
            if place > 0.0 && hz <= self.settings.ceiling_hz && hz >= self.settings.floor_hz {
                // A correlation above 1 can only come from the window's correction (Boersma 1993).
                let strength = if height > 1.0 { 1.0 / height } else { height };
                found.push(Candidate { hz: hz as f32, strength });
            }
        }
        if found.len() > MOST_CANDIDATES {
            let cost = self.settings.octave_cost as f32;
            let worth = |c: &Candidate| c.strength + cost * c.hz.log2();
            found.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
            found.truncate(MOST_CANDIDATES);
            found.sort_by(|a, b| b.hz.total_cmp(&a.hz));
        }
        found
    }
}

/// The next even length that has only small factors.
fn fft_length(least: usize) -> usize {
    (least..)
        .find(|&n| {
            let mut left = n;
            for factor in [2, 3] {
                while left.is_multiple_of(factor) {
                    left /= factor;
                }
            }
            n.is_multiple_of(64) && left == 1
        })
        .unwrap_or(least)
}
