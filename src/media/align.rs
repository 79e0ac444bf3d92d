//! Two recordings of one session on one clock, found by their sound.
//!
//! First the places: rises of loudness in two bands, 100 times a second, of which stretches of one recording are looked
//! for in the whole of the other. Then, at each place, the sample, by GCC-PHAT, which does not care how loud and how
//! coloured the two microphones are. Places must agree on one line (offset and drift), or there is no answer.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use crate::media::settings::AlignSettings;
use crate::media::{MediaError, SOUND_RATE, SoundSource};
use crate::time::{Secs, SessionTime};

/// Opens a recording from its start, as often as asked (twice).
pub type OpenSound<'a> = dyn FnMut() -> Result<Box<dyn SoundSource>, MediaError> + 'a;

/// How one recording lies on the clock of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// Add this to a time of the other recording to get the reference's time. Where the clocks drift, this holds at
    /// `at`, the middle of what was compared, and [`Self::offset_at`] elsewhere.
    pub offset: SessionTime,
    /// Time of the other recording at which `offset` holds.
    pub at: SessionTime,
    /// By how many parts per million the offset grows with the other recording's time; `None` where the places that
    /// could be compared lie too near together to tell.
    pub drift_ppm: Option<f64>,
    /// Share of the places that agree, 0 to 1.
    pub confidence: f32,
}

impl Alignment {
    /// The offset at a time of the other recording, drift included.
    pub fn offset_at(&self, time: SessionTime) -> SessionTime {
        let drift = self.drift_ppm.unwrap_or(0.0) * 1e-6 * time.secs_after(self.at);
        self.offset.shifted(SessionTime::from_secs_f64(drift))
    }
}

/// Samples per step of the envelope: 10 ms.
const HOP: usize = SOUND_RATE as usize / 100;

/// Finds how `other` lies on the clock of `reference`, both opened with the offsets at which they would be read; `None`
/// if they have no sound in common. Both are read twice from start to end.
///
/// Memory: 8 bytes per 10 ms of each recording (12 MB for 4 hours) and a few transforms of that length.
///
/// # Errors
/// What reading the recordings gives.
pub fn find_offset(
    reference: &mut OpenSound<'_>,
    other: &mut OpenSound<'_>,
    settings: &AlignSettings,
) -> Result<Option<Alignment>, MediaError> {
    let reference_rises = Rises::of(&mut *reference()?)?;
    let other_rises = Rises::of(&mut *other()?)?;
    let mut places = coarse(&reference_rises, &other_rises, settings);
    let fine = samples(settings.fine_secs).max(HOP);
    let range = samples(settings.fine_range_secs);
    let other_windows: Vec<_> = places.iter().map(|place| (place.at as i64, fine)).collect();
    let reference_windows: Vec<_> =
        places.iter().map(|place| (place.at as i64 + place.lag - range as i64, fine + 2 * range)).collect();
    let other_sound = stretches(&mut *other()?, &other_windows)?;
    let reference_sound = stretches(&mut *reference()?, &reference_windows)?;
    let mut planner = RealFftPlanner::new();
    let starts = reference_rises.start.secs_after(other_rises.start);
    let mut points = Vec::new();
    for (place, (near, far)) in places.iter_mut().zip(other_sound.iter().zip(&reference_sound)) {
        let Some((shift, prominence)) = phat(&mut planner, far, near, 2 * range, settings)? else { continue };
        if prominence >= settings.least_prominence {
            let lag = (place.lag - range as i64) as f64 + shift;
            let rate = f64::from(SOUND_RATE);
            let middle = (place.at + fine / 2) as f64 / rate + other_rises.start.secs_f64();
            points.push((middle, lag / rate + starts));
        }
    }
    Ok(line(&points, places.len(), settings))
}

fn samples(secs: Secs) -> usize {
    (secs.0.as_secs_f64() * f64::from(SOUND_RATE)).round() as usize
}

/// How much louder it became, in two bands, every 10 ms.
struct Rises {
    start: SessionTime,
    bands: [Vec<f32>; 2],
}

impl Rises {
    fn of(sound: &mut dyn SoundSource) -> Result<Self, MediaError> {
        let mut levels = [Vec::new(), Vec::new()];
        let (mut energy, mut count, mut last) = ([0.0_f32; 2], 0, 0.0_f32);
        let mut start = None;
        while let Some(block) = sound.next_block()? {
            start.get_or_insert(block.start);
            for column in block.samples.columns() {
                let value = column.sum();
                // The difference of neighbours weighs high frequencies, their sum low ones.
                energy[0] += (value + last) * (value + last);
                energy[1] += (value - last) * (value - last);
                last = value;
                count += 1;
                if count == HOP {
                    for (levels, energy) in levels.iter_mut().zip(&mut energy) {
                        levels.push((*energy / HOP as f32 + 1e-9).ln());
                        *energy = 0.0;
                    }
                    count = 0;
                }
            }
        }
        // A rise over 30 ms; more than about 13 dB says no more than that something began.
        let bands = levels.map(|levels| {
            let mut rises: Vec<f32> = (0..levels.len())
                .map(|index| (levels[index] - levels[index.saturating_sub(3)]).clamp(0.0, 3.0))
                .collect();
            let mean = rises.iter().sum::<f32>() / rises.len().max(1) as f32;
            rises.iter_mut().for_each(|rise| *rise -= mean);
            rises
        });
        Ok(Self { start: start.unwrap_or(SessionTime::ZERO), bands })
    }

    fn len(&self) -> usize {
        self.bands[0].len()
    }
}

/// Where to look closely: sample of the other recording, and the reference's sample less that one.
struct Place {
    at: usize,
    lag: i64,
}

/// Looks for stretches of `other` in the whole of `reference`.
fn coarse(reference: &Rises, other: &Rises, settings: &AlignSettings) -> Vec<Place> {
    let steps = |secs: Secs| samples(secs) / HOP;
    let fine = steps(settings.fine_secs);
    let shortest = steps(settings.shortest_place_secs).max(1);
    let count = (other.len() / shortest).clamp(1, settings.most_places.max(1));
    let length = (other.len() / count).min(steps(settings.longest_place_secs).max(shortest));
    if other.len() < fine || reference.len() < fine || length < fine {
        return Vec::new();
    }
    let size = (reference.len() + length).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let spectrum = |values: &[f32]| {
        let mut padded = values.to_vec();
        padded.resize(size, 0.0);
        let mut out = forward.make_output_vec();
        // Lengths are the plan's own, so this cannot fail; were it to, the place finds nothing.
        let _ = forward.process(&mut padded, &mut out);
        out
    };
    let whole = [spectrum(&reference.bands[0]), spectrum(&reference.bands[1])];
    let mut places = Vec::new();
    for index in 0..count {
        let from = (other.len() - length) * index / (count - 1).max(1);
        let mut product = forward.make_output_vec();
        for (whole, band) in whole.iter().zip(&other.bands) {
            let part = spectrum(&band[from..from + length]);
            for (to, (a, b)) in product.iter_mut().zip(whole.iter().zip(&part)) {
                *to += a * b.conj();
            }
        }
        clean_ends(&mut product);
        let mut correlation = back.make_output_vec();
        let _ = back.process(&mut product, &mut correlation);
        let Some((peak, _)) = correlation.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)) else { continue };
        let peak = if peak >= reference.len() { peak as i64 - size as i64 } else { peak as i64 };
        // The fine step takes the liveliest part of the stretch that the reference has as well.
        let inside = |start: usize| {
            let there = start as i64 + peak - from as i64;
            there >= 0 && there as usize + fine <= reference.len()
        };
        let rises = |start: usize| other.bands[0][start..start + fine].iter().map(|v| v.max(0.0)).sum::<f32>();
        let starts = (from..=from + length - fine).step_by((fine / 4).max(1)).filter(|&start| inside(start));
        if let Some(start) = starts.max_by(|&a, &b| rises(a).total_cmp(&rises(b))) {
            places.push(Place { at: start * HOP, lag: (peak - from as i64) * HOP as i64 });
        }
    }
    places
}

/// The first and last values of a real signal's spectrum are real.
fn clean_ends(spectrum: &mut [Complex<f32>]) {
    if let Some(first) = spectrum.first_mut() {
        first.im = 0.0;
    }
    if let Some(last) = spectrum.last_mut() {
        last.im = 0.0;
    }
}

/// Copies stretches `(first sample, length)` out of a recording, all channels added; zeros where it has none.
fn stretches(sound: &mut dyn SoundSource, wanted: &[(i64, usize)]) -> Result<Vec<Vec<f32>>, MediaError> {
    let mut out: Vec<Vec<f32>> = wanted.iter().map(|&(_, length)| vec![0.0; length]).collect();
    let last = wanted.iter().map(|&(from, length)| from + length as i64).max().unwrap_or(0);
    let mut at = 0_i64;
    while at < last
        && let Some(block) = sound.next_block()?
    {
        let end = at + block.samples.ncols() as i64;
        for (to, &(from, length)) in out.iter_mut().zip(wanted) {
            for index in from.max(at)..(from + length as i64).min(end) {
                to[(index - from) as usize] = block.samples.column((index - at) as usize).sum();
            }
        }
        at = end;
    }
    Ok(out)
}

/// By how many samples `near` must be shifted right to lie on `far` (0 to `most`), and by how many standard deviations
/// that stands out. `None` for silence.
fn phat(
    planner: &mut RealFftPlanner<f32>,
    far: &[f32],
    near: &[f32],
    most: usize,
    settings: &AlignSettings,
) -> Result<Option<(f64, f32)>, MediaError> {
    let size = (far.len() + near.len()).next_power_of_two();
    let forward = planner.plan_fft_forward(size);
    let failed = |e: realfft::FftError| MediaError::Library {
        library: "realfft",
        doing: "comparing two recordings",
        message: e.to_string(),
    };
    let spectrum = |values: &[f32]| {
        let mut padded = values.to_vec();
        padded.resize(size, 0.0);
        let mut out = forward.make_output_vec();
        forward.process(&mut padded, &mut out).map(|()| out)
    };
    let (far, near) = (spectrum(far).map_err(failed)?, spectrum(near).map_err(failed)?);
    let hz_of_bin = f64::from(SOUND_RATE) / size as f64;
    let band = f64::from(settings.lowest_hz)..f64::from(settings.highest_hz);
    let mut cross: Vec<_> = far.iter().zip(&near).map(|(a, b)| a * b.conj()).collect();
    for (bin, value) in cross.iter_mut().enumerate() {
        let size = value.norm();
        *value = if band.contains(&(bin as f64 * hz_of_bin)) && size > 1e-12 { *value / size } else { Complex::ZERO };
    }
    clean_ends(&mut cross);
    let back = planner.plan_fft_inverse(size);
    let mut correlation = back.make_output_vec();
    back.process(&mut cross, &mut correlation).map_err(failed)?;
    let window = &correlation[..(most + 1).min(correlation.len())];
    let Some((peak, &height)) = window.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)) else { return Ok(None) };
    let spread = (window.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>() / window.len() as f64).sqrt();
    if spread <= 0.0 {
        return Ok(None);
    }
    // The top of the parabola through the peak and its neighbours.
    let (left, right) = (window.get(peak.wrapping_sub(1)), window.get(peak + 1));
    let nudge = match (left, right) {
        (Some(left), Some(right)) if left + right < 2.0 * height => {
            0.5 * (left - right) / (left + right - 2.0 * height)
        }
        _ => 0.0,
    };
    Ok(Some((peak as f64 + f64::from(nudge), height / spread as f32)))
}

/// The line `(time, offset)` that most points agree on.
fn line(points: &[(f64, f64)], places: usize, settings: &AlignSettings) -> Option<Alignment> {
    let within = settings.agree_within_secs.0.as_secs_f64();
    let largest = settings.largest_drift_ppm * 1e-6;
    let agreeing = |time: f64, offset: f64, slope: f64| -> Vec<(f64, f64)> {
        points.iter().copied().filter(|(t, d)| (d - offset - slope * (t - time)).abs() <= within).collect()
    };
    let mut best: Vec<(f64, f64)> = Vec::new();
    for (index, first) in points.iter().enumerate() {
        let flat = agreeing(first.0, first.1, 0.0);
        if flat.len() > best.len() {
            best = flat;
        }
        for second in &points[index + 1..] {
            let slope = (second.1 - first.1) / (second.0 - first.0);
            if slope.is_finite() && slope.abs() <= largest {
                let sloped = agreeing(first.0, first.1, slope);
                if sloped.len() > best.len() {
                    best = sloped;
                }
            }
        }
    }
    let share = best.len() as f32 / places.max(1) as f32;
    // One place alone is believed only if there could not be a second.
    if best.is_empty() || share < settings.least_agreement || (best.len() == 1 && places > 1) {
        return None;
    }
    let count = best.len() as f64;
    let middle = best.iter().map(|(t, _)| t).sum::<f64>() / count;
    let offset = best.iter().map(|(_, d)| d).sum::<f64>() / count;
    let spread: f64 = best.iter().map(|(t, _)| (t - middle) * (t - middle)).sum();
    let product: f64 = best.iter().map(|(t, d)| (t - middle) * (d - offset)).sum();
    let times = best.iter().map(|(t, _)| *t);
    let reach = times.clone().fold(f64::MIN, f64::max) - times.fold(f64::MAX, f64::min);
    let drift = (best.len() >= 3 && reach >= settings.drift_from_secs.0.as_secs_f64()).then(|| product / spread * 1e6);
    Some(Alignment {
        offset: SessionTime::from_secs_f64(offset),
        at: SessionTime::from_secs_f64(middle),
        drift_ppm: drift,
        confidence: share.min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::media::testing::MadeSound;

    /// Babble: bursts of noise of many lengths, in samples of 16 kHz; a function of time, so that it can be read at
    /// any rate. `seed` makes another conversation.
    fn babble(seed: u64, len: usize) -> Vec<f32> {
        let mut state = seed;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) as f32 / (1_u64 << 31) as f32) * 2.0 - 1.0
        };
        let (mut loud, mut left, mut smooth) = (0.0, 0, 0.0);
        (0..len)
            .map(|_| {
                if left == 0 {
                    left = 1000 + (random().abs() * 5000.0) as usize;
                    loud = if random() > 0.0 { random().abs() * 0.3 } else { 0.0 };
                }
                left -= 1;
                smooth += (random() * loud - smooth) * 0.4;
                smooth
            })
            .collect()
    }

    /// `sound` heard by another microphone: from `shift` seconds on, `ppm` fast, with another gain, colour and noise.
    fn other_microphone(sound: &[f32], shift: f64, ppm: f64, len: usize, noise: f32) -> Vec<f32> {
        let hiss = babble(99, len);
        let at = |position: f64| {
            let index = position.floor();
            let get = |i: f64| if i >= 0.0 { sound.get(i as usize).copied().unwrap_or(0.0) } else { 0.0 };
            let part = (position - index) as f32;
            get(index) * (1.0 - part) + get(index + 1.0) * part
        };
        let mut last = 0.0;
        (0..len)
            .map(|index| {
                let value = at((index as f64 * (1.0 + ppm * 1e-6)) + shift * 16_000.0);
                let out = 0.2 * (value - 0.5 * last) + noise * hiss[index];
                last = value;
                out
            })
            .collect()
    }

    fn align(reference: &[f32], other: &[f32]) -> Option<Alignment> {
        let open = |sound: &[f32]| -> Result<Box<dyn SoundSource>, MediaError> {
            let sound = Array2::from_shape_vec((1, sound.len()), sound.to_vec()).unwrap();
            Ok(Box::new(MadeSound::new(sound, SessionTime::ZERO)))
        };
        let settings = crate::media::settings::for_tests().align;
        find_offset(&mut || open(reference), &mut || open(other), &settings).unwrap()
    }

    #[test]
    fn a_known_shift_is_found_to_the_sample() {
        let sound = babble(1, 16_000 * 60);
        for shift in [0.0, 7.123_45, -3.5, 30.0] {
            let other = other_microphone(&sound, shift, 0.0, 16_000 * 40, 0.05);
            let found = align(&sound, &other).unwrap();
            let error = found.offset.secs_f64() - shift;
            assert!(error.abs() < 0.000_2, "{shift}: {error}, {found:?}");
            assert!(found.confidence > 0.5);
        }
    }

    #[test]
    fn drift_is_measured() {
        let sound = babble(2, 16_000 * 320);
        for ppm in [50.0, -120.0] {
            let other = other_microphone(&sound, 4.2, ppm, 16_000 * 300, 0.03);
            let found = align(&sound, &other).unwrap();
            assert!((found.drift_ppm.unwrap() - ppm).abs() < 2.0, "{found:?}");
            assert!((found.offset_at(SessionTime::ZERO).secs_f64() - 4.2).abs() < 0.001, "{found:?}");
        }
    }

    #[test]
    fn unrelated_sound_gives_no_answer() {
        for seed in 10..16 {
            assert_eq!(align(&babble(seed, 16_000 * 60), &babble(seed + 100, 16_000 * 60)), None);
        }
        assert_eq!(align(&babble(1, 16_000 * 60), &vec![0.0; 16_000 * 60]), None);
        assert_eq!(align(&babble(1, 16_000 * 60), &[]), None);
        assert_eq!(align(&[], &babble(1, 16_000 * 60)), None);
    }
}
