//! Marks of single periods in voiced stretches, and what jitter and shimmer are made of.
//!
//! From the strongest sample in the middle of a voiced stretch, period by period to both sides, where the sound is most
//! like the period before (Praat's manual, "Sound & Pitch: To PointProcess (cc)"). Sums per row make jitter and shimmer
//! of any stretch exact: sums of rows divided by each other.

use std::f64::consts::PI;

use super::between::{dot, parabola};
use super::settings::Periods;
use crate::media::SOUND_RATE;
use crate::voice::grid::ROW;

const RATE: f64 = SOUND_RATE as f64;
/// Rows begin between two samples, and a sample's place is its middle.
const HALF_SAMPLE: f64 = 0.5;
/// A period may be this much shorter than the one before ..
const SHORTER: f64 = 0.8;
/// .. or longer (Praat's manual).
const LONGER: f64 = 1.25;
/// Part of a period on each side of a mark over which its amplitude is taken ("Get shimmer (local)").
const AMPLITUDE_PART: f64 = 0.2;

/// Sums over the marks whose time lies in one row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Marks with a period on both sides that belong together.
    pub pairs: f32,
    /// Sum of the mean of the two periods, s.
    pub period: f32,
    /// Sum of the difference of the two periods, s.
    pub period_change: f32,
    /// Sum of the amplitudes of these marks, full scale = 1.
    pub peak: f32,
    /// Those of these marks whose amplitude belongs together with that of the mark before.
    pub peak_pairs: f32,
    /// Sum of the difference of the two amplitudes.
    pub peak_change: f32,
}

/// A voiced stretch with its sound.
pub(super) struct Voiced<'a> {
    /// First row.
    pub first_row: usize,
    /// Frequency of each row, Hz.
    pub hz: &'a [f32],
    /// Sound around it.
    pub samples: &'a [f32],
    /// Which sample of the recording `samples[0]` is; may lie before its start.
    pub first_sample: i64,
    /// Amplitude of the loudest row near.
    pub loudest: f32,
}

impl Voiced<'_> {
    /// Frequency at a place (sample `n` is at `n`): between two rows' middles it goes over evenly.
    fn hz_at(&self, place: f64) -> f64 {
        let row = (place + HALF_SAMPLE - ROW as f64 / 2.0) / ROW as f64 - self.first_row as f64;
        let last = self.hz.len().saturating_sub(1);
        let row = row.clamp(0.0, last as f64);
        let (before, part) = (row as usize, row.fract());
        let at = |index: usize| f64::from(self.hz.get(index.min(last)).copied().unwrap_or(100.0));
        at(before) * (1.0 - part) + at(before + 1) * part
    }

    fn stretch(&self, from: i64, length: usize) -> Option<&[f32]> {
        let from = usize::try_from(from - self.first_sample).ok()?;
        self.samples.get(from..from + length)
    }

    /// The marks, in samples of the recording, in order.
    pub(super) fn marks(&self, settings: &Periods) -> Vec<f64> {
        let left = (self.first_row * ROW) as f64 - HALF_SAMPLE;
        let right = left + (self.hz.len() * ROW) as f64;
        let middle = (left + right) / 2.0;
        let Some(first) = self.strongest(middle, RATE / self.hz_at(middle)) else { return Vec::new() };
        let mut marks = self.walk(first, -1.0, left, right, settings);
        marks.reverse();
        marks.push(first);
        marks.extend(self.walk(first, 1.0, left, right, settings));
        marks
    }

    /// The place of the largest amplitude within half a period of `middle`.
    fn strongest(&self, middle: f64, period: f64) -> Option<f64> {
        let from = (middle - period / 2.0).floor() as i64;
        let length = usize::try_from((middle + period / 2.0).ceil() as i64 - from + 1).ok()?;
        let near = self.stretch(from, length)?;
        let (at, _) = near.iter().enumerate().fold(
            (0, 0.0f32),
            |best, (at, s)| {
                if s.abs() > best.1 { (at, s.abs()) } else { best }
            },
        );
        let height = |at: Option<usize>| at.and_then(|at| near.get(at)).map_or(0.0, |s| s.abs());
        let (part, _) = parabola(height(at.checked_sub(1)), height(Some(at)), height(Some(at + 1)));
        let inside = if at > 0 && at + 1 < near.len() { f64::from(part) } else { 0.0 };
        Some(from as f64 + at as f64 + inside)
    }

    /// The marks from `start` on in one direction, nearest first.
    fn walk(&self, start: f64, direction: f64, left: f64, right: f64, settings: &Periods) -> Vec<f64> {
        let mut marks = Vec::new();
        let (mut place, mut last) = (start, start);
        loop {
            let period = RATE / self.hz_at(place);
            let Some((next, correlation, peak)) = self.most_alike(place, period, direction) else { break };
            place = next;
            let outside = place < left || place > right;
            let (least, least_peak) = if outside {
                (settings.edge_correlation, settings.edge_peak)
            } else {
                (settings.least_correlation, settings.least_peak)
            };
            let sounds = peak > least_peak * self.loudest;
            if correlation > least && sounds && (place - last).abs() > SHORTER * period {
                marks.push(place);
                last = place;
            }
            if outside {
                break;
            }
        }
        marks
    }

    /// Where, 0.8 to 1.25 periods on, the sound is most like that around `place`, the correlation and the peak there.
    fn most_alike(&self, place: f64, period: f64, direction: f64) -> Option<(f64, f64, f32)> {
        let here = (place - period / 2.0).round() as i64;
        let length = usize::try_from((place + period / 2.0).round() as i64 - here + 1).ok()?;
        let own = self.stretch(here, length)?;
        // Where the windows that are compared begin, from the first to the last.
        let (nearest, furthest) = (SHORTER * period * direction, LONGER * period * direction);
        let from = (place + nearest.min(furthest) - period / 2.0).floor() as i64;
        let to = (place + nearest.max(furthest) - period / 2.0).ceil() as i64;
        let lags = usize::try_from(to - from + 1).ok()?;
        let others = self.stretch(from, length + lags - 1)?;
        let power = |samples: &[f32]| dot(samples, samples);
        let own_power = power(own);
        if own_power <= 0.0 {
            return Some((place + direction * period, -1.0, 0.0));
        }
        let alike: Vec<f32> = (0..lags)
            .map(|lag| {
                let other = &others[lag..lag + length];
                let norm = (own_power * power(other)).sqrt();
                if norm > 0.0 { dot(own, other) / norm } else { 0.0 }
            })
            .collect();
        let mut best: Option<(usize, f32)> = None;
        for lag in 1..lags.saturating_sub(1) {
            let (before, at, after) = (alike[lag - 1], alike[lag], alike[lag + 1]);
            if at >= before && at >= after && best.is_none_or(|(_, most)| at > most) {
                best = Some((lag, at));
            }
        }
        Some(match best {
            Some((lag, _)) => {
                let (part, height) = parabola(alike[lag - 1], alike[lag], alike[lag + 1]);
                let peak = others[lag..lag + length].iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
                (place + (from - here) as f64 + lag as f64 + f64::from(part), f64::from(height), peak)
            }
            None => (place + direction * period, -1.0, 0.0),
        })
    }

    /// RMS around a mark under a raised cosine, over a fifth of the periods on both sides ("To AmplitudeTier (period)").
    fn amplitude(&self, mark: f64, before: f64, after: f64) -> f64 {
        let (from, to) =
            ((mark - AMPLITUDE_PART * before).ceil() as i64, (mark + AMPLITUDE_PART * after).floor() as i64);
        let length = usize::try_from(to - from + 1).unwrap_or(0);
        let (mut squares, mut weights) = (0.0, 0.0);
        for (place, &sample) in (from..).zip(self.stretch(from, length).unwrap_or_default()) {
            let away = place as f64 - mark;
            let width = AMPLITUDE_PART * if away < 0.0 { before } else { after };
            let weight = 0.5 + 0.5 * (PI * away / width).cos();
            squares += (weight * f64::from(sample)).powi(2);
            weights += weight * weight;
        }
        if weights > 0.0 { (squares / weights).sqrt() } else { 0.0 }
    }

    /// Hands over what each mark gives, with the row in which it lies.
    pub(super) fn sum(&self, marks: &[f64], settings: &Periods, add: &mut dyn FnMut(usize, Sums)) {
        let limits = settings.shortest_secs.0.as_secs_f64() * RATE..=settings.longest_secs.0.as_secs_f64() * RATE;
        let factor = |a: f64, b: f64| if a > b { a / b } else { b / a };
        let mut earlier: Option<(f64, f64)> = None;
        for three in marks.windows(3) {
            let (mark, before, after) = (three[1], three[1] - three[0], three[2] - three[1]);
            let together =
                limits.contains(&before) && limits.contains(&after) && factor(before, after) <= settings.longest_factor;
            if !together {
                continue;
            }
            let amplitude = self.amplitude(mark, before, after);
            let last = earlier.replace((mark, amplitude));
            let mut sums = Sums {
                pairs: 1.0,
                period: ((before + after) / 2.0 / RATE) as f32,
                period_change: ((before - after).abs() / RATE) as f32,
                peak: amplitude as f32,
                ..Sums::default()
            };
            if let Some((place, height)) = last
                && limits.contains(&(mark - place))
                && factor(height, amplitude) <= settings.loudest_factor
            {
                sums.peak_pairs = 1.0;
                sums.peak_change = (height - amplitude).abs() as f32;
            }
            add(((mark + HALF_SAMPLE).max(0.0) / ROW as f64) as usize, sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    /// Marks and sums of a train of short swings at these places, heights alternating by a factor.
    fn check(places: &[f64], heights: &[f64], hz: f32) -> (Vec<f64>, Sums) {
        let length = places.last().unwrap().ceil() as usize + 400;
        let samples: Vec<f32> = (0..length)
            .map(|n| {
                let each = places.iter().zip(heights.iter().cycle());
                each.map(|(p, h)| h * (-((n as f64 - p) / 6.0).powi(2)).exp()).sum::<f64>() as f32
            })
            .collect();
        let first_row = places[0] as usize / ROW + 1;
        let count = places.last().unwrap().floor() as usize / ROW - first_row;
        let voiced = Voiced { first_row, hz: &vec![hz; count], samples: &samples, first_sample: 0, loudest: 1.0 };
        let marks = voiced.marks(&settings().periods);
        let mut rows = Vec::new();
        voiced.sum(&marks, &settings().periods, &mut |_, sums| rows.push(sums));
        let total = rows.iter().fold(Sums::default(), |a, b| Sums {
            pairs: a.pairs + b.pairs,
            period: a.period + b.period,
            period_change: a.period_change + b.period_change,
            peak: a.peak + b.peak,
            peak_pairs: a.peak_pairs + b.peak_pairs,
            peak_change: a.peak_change + b.peak_change,
        });
        (marks, total)
    }

    #[test]
    fn even_periods_have_no_jitter_and_marks_lie_on_them() {
        let places: Vec<f64> = (0..40).map(|n| 500.3 + 121.7 * f64::from(n)).collect();
        let (marks, total) = check(&places, &[1.0], 16_000.0 / 121.7);
        assert!(marks.len() > 30);
        for mark in &marks {
            let nearest = places.iter().map(|p| (p - mark).abs()).fold(f64::MAX, f64::min);
            assert!(nearest < 0.05, "{mark} is {nearest} from a swing");
        }
        assert!(total.period_change / total.period < 2e-4, "{total:?}");
        assert!((total.period / total.pairs - 121.7 / 16_000.0).abs() < 1e-6);
        assert!(total.peak_change / total.peak < 2e-2, "{total:?}");
    }

    #[test]
    fn jitter_and_shimmer_are_what_was_put_in() {
        // Every other period 2 % longer, every other swing 5 % higher.
        let places: Vec<f64> =
            (0..60).map(|n| 500.0 + 120.0 * f64::from(n) + if n % 2 == 0 { 0.0 } else { 1.2 }).collect();
        let (_, total) = check(&places, &[1.0, 1.05], 16_000.0 / 120.0);
        let jitter = total.period_change / total.period;
        assert!((jitter - 0.02).abs() < 4e-4, "{jitter}");
        let shimmer = total.peak_change / total.peak;
        assert!((shimmer - 0.0488).abs() < 2e-3, "{shimmer}");
    }

    #[test]
    fn silence_and_a_stretch_without_its_sound_give_nothing() {
        let hz = [100.0; 10];
        for samples in [&[0.0f32; 3000][..], &[][..], &[0.5; 100][..]] {
            let voiced = Voiced { first_row: 2, hz: &hz, samples, first_sample: 0, loudest: 1.0 };
            let marks = voiced.marks(&settings().periods);
            let mut rows = Vec::new();
            voiced.sum(&marks, &settings().periods, &mut |_, sums| rows.push(sums));
            assert!(rows.iter().all(|row| row.peak.is_finite()));
        }
    }
}
