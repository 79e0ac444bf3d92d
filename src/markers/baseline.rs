//! What is usual for one person in one session (DOMAIN 1): raw numbers of two people cannot be compared, a brow at rest
//! measures 0.68 in one person and 0.003 in another.
//!
//! A few seconds say little about what is usual, and less if the person pouts in most of them. So where most people's
//! faces are known to be alike at rest, that counts as `usual_secs` seconds of this person's, and what rests on a short
//! look is less sure. After a minute the person's own face has the say.

use serde::Deserialize;

use super::unit_range;
use crate::time::Secs;

/// Name of the section that holds [`Settings`] in `config/markers/video.toml`.
pub const SECTION: &str = "baseline";

/// Section `[baseline]` of `config/markers/video.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Percentile of a channel's values that counts as the face at rest, 0 to 100.
    pub neutral_percentile: f64,
    /// Percentile that counts as its usual height.
    pub high_percentile: f64,
    /// Smallest distance between the two, in the channel's unit: below it is noise.
    pub min_scale: f64,
    /// Largest distance between the two: who shows an action often must not hide it by that.
    pub max_scale: f64,
    /// Fewer seconds of valid frames make no baseline.
    pub min_valid_secs: Secs,
    /// From so many on a baseline is as sure as it gets.
    pub sure_secs: Secs,
    /// How sure one is at most that rests on next to nothing, 0 to 1; straight between.
    pub short_confidence: f32,
    /// What most faces do at rest counts as so many seconds of this one.
    pub usual_secs: Secs,
}

impl Settings {
    /// How sure a baseline from this many seconds can be, 0 to 1.
    pub fn sure(&self, secs: f64) -> f32 {
        let share = (secs / self.sure_secs.0.as_secs_f64().max(1e-9)).clamp(0.0, 1.0) as f32;
        unit_range(self.short_confidence + (1.0 - self.short_confidence) * share)
    }

    /// The percentile of sorted values that are `step_secs` apart, `share` in percent, drawn towards what is usual;
    /// `None` if they last less than `min_valid_secs`.
    pub fn rest(&self, sorted: &[f64], share: f64, step_secs: f64, usual: Option<f32>) -> Option<f64> {
        if !self.is_enough(sorted, step_secs) {
            return None;
        }
        let own = percentile(sorted, share)?;
        Some(usual.map_or(own, |usual| self.drawn(sorted, share, step_secs, usual)))
    }

    /// Whether so many values make a baseline.
    pub fn is_enough(&self, values: &[f64], step_secs: f64) -> bool {
        values.len() as f64 * step_secs >= self.min_valid_secs.0.as_secs_f64()
    }

    /// As [`Settings::rest`], however few values there are; without any, what is usual.
    pub fn drawn(&self, sorted: &[f64], share: f64, step_secs: f64, usual: f32) -> f64 {
        let usual = f64::from(usual);
        let Some(own) = percentile(sorted, share) else { return usual };
        let (secs, others_secs) = (sorted.len() as f64 * step_secs, self.usual_secs.0.as_secs_f64());
        (secs * own + others_secs * usual) / (secs + others_secs).max(1e-9)
    }
}

/// One channel of one person at rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// The value at rest.
    pub neutral: f32,
    /// From rest to the usual height.
    pub scale: f32,
    /// How sure that is, 0 to 1.
    pub sure: f32,
}

impl Baseline {
    /// From the values of the frames marked `valid`, `NaN` left out, `step_secs` apart. `usual`: what most people's faces
    /// measure at rest, if they are alike in that. `None` if the frames last less than [`Settings::min_valid_secs`].
    pub fn of(values: &[f32], valid: &[bool], step_secs: f64, usual: Option<f32>, settings: &Settings) -> Option<Self> {
        let sorted = sorted(values, valid);
        let neutral = settings.rest(&sorted, settings.neutral_percentile, step_secs, usual)?;
        Some(Self { sure: settings.sure(sorted.len() as f64 * step_secs), ..Self::above(neutral, &sorted, settings) })
    }

    /// With this rest, which somebody is sure of; `sorted`: all values there are.
    pub fn above(neutral: f64, sorted: &[f64], settings: &Settings) -> Self {
        let high = percentile(sorted, settings.high_percentile).unwrap_or(neutral);
        // Not `clamp`, which panics where a settings file has the two the wrong way round.
        let scale = (high - neutral).min(settings.max_scale).max(settings.min_scale);
        Self { neutral: neutral as f32, scale: scale as f32, sure: 1.0 }
    }

    /// Within-person z of DOMAIN 1: 0 at rest, 2 at the usual height. `NaN` stays `NaN`.
    pub fn z(&self, value: f32) -> f32 {
        (value - self.neutral) / (self.scale / 2.0)
    }
}

/// The values of the frames marked `valid`, sorted, `NaN` left out.
pub fn sorted(values: &[f32], valid: &[bool]) -> Vec<f64> {
    let chosen = values.iter().zip(valid).filter(|(value, valid)| **valid && !value.is_nan());
    let mut sorted: Vec<f64> = chosen.map(|(&value, _)| f64::from(value)).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The percentile of sorted values, `share` in percent, with linear interpolation between neighbours (numpy's default).
/// `None` if there are no values.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = (share / 100.0).clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let (low, high) = (*sorted.get(below)?, *sorted.get((below + 1).min(last))?);
    Some(low + (high - low) * (position - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        toml::from_str(
            "neutral_percentile = 20.0\nhigh_percentile = 95.0\nmin_scale = 0.15\nmax_scale = 0.5\nmin_valid_secs = 1.0\n\
             sure_secs = 10.0\nshort_confidence = 0.5\nusual_secs = 2.0",
        )
        .unwrap()
    }

    #[test]
    fn percentiles_are_numpys() {
        // numpy.percentile([1, 2, 3, 4], [0, 20, 50, 95, 100])
        let values = [1.0, 2.0, 3.0, 4.0];
        for (share, expect) in [(0.0, 1.0), (20.0, 1.6), (50.0, 2.5), (95.0, 3.85), (100.0, 4.0)] {
            assert!((percentile(&values, share).unwrap() - expect).abs() < 1e-12, "{share}");
        }
        assert_eq!(percentile(&[], 50.0), None);
        assert_eq!(percentile(&[7.0], 95.0), Some(7.0));
    }

    #[test]
    fn rest_is_zero_and_the_usual_height_is_two() {
        let values: Vec<f32> = (0..=100).map(|i| i as f32 / 250.0).collect();
        let base = Baseline::of(&values, &[true; 101], 0.08, None, &settings()).unwrap();
        assert!((base.neutral - 0.08).abs() < 1e-6 && (base.scale - 0.3).abs() < 1e-6, "{base:?}");
        assert!((base.z(0.38) - 2.0).abs() < 1e-5);
        assert!(base.z(f32::NAN).is_nan());
    }

    #[test]
    fn a_still_face_and_a_busy_one_keep_within_the_limits() {
        let still = Baseline::of(&[0.3; 50], &[true; 50], 0.08, None, &settings()).unwrap();
        assert!((still.scale - 0.15).abs() < 1e-6);
        let busy: Vec<f32> = (0..50).map(|i| if i % 2 == 0 { 0.0 } else { 1.0 }).collect();
        let busy = Baseline::of(&busy, &[true; 50], 0.08, None, &settings()).unwrap();
        assert!((busy.scale - 0.5).abs() < 1e-6);
    }

    #[test]
    fn the_shorter_the_look_the_more_other_faces_count() {
        // Two seconds count as much as other faces do, twenty ten times as much.
        for (frames, neutral, sure) in [(25, 0.3, 0.6), (250, 0.54545, 1.0)] {
            let base = Baseline::of(&vec![0.6; frames], &vec![true; frames], 0.08, Some(0.0), &settings()).unwrap();
            assert!((base.neutral - neutral).abs() < 1e-4 && (base.sure - sure).abs() < 1e-6, "{base:?}");
        }
    }

    #[test]
    fn too_little_makes_none() {
        assert_eq!(Baseline::of(&[0.1; 12], &[true; 12], 0.08, None, &settings()), None);
        let mut valid = [true; 30];
        valid[10..].fill(false);
        assert_eq!(Baseline::of(&[0.1; 30], &valid, 0.08, None, &settings()), None);
        assert_eq!(Baseline::of(&[f32::NAN; 30], &[true; 30], 0.08, None, &settings()), None);
    }
}
