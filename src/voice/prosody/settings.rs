//! The section `[prosody]` of `config/voice.toml`.

use serde::{Deserialize, Serialize};

use crate::time::Secs;

/// How pitch, perturbation and spectrum are measured. [`Settings::check`] says whether the numbers make sense.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Candidates and path of the fundamental frequency.
    pub pitch: Pitch,
    /// Marks of single glottal periods.
    pub periods: Periods,
    /// Where voice quality cannot be judged.
    pub fit: Fit,
}

/// Boersma (1993): names as in Praat's "To Pitch (ac)".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pitch {
    /// Lowest frequency looked for in Hz, 40 to 200; the window is three periods of it.
    pub floor_hz: f64,
    /// Highest frequency in Hz, above the floor, at most 1000.
    pub ceiling_hz: f64,
    /// Peak amplitude over the loudest one near, below which a row is silent; above 0.
    pub silence_threshold: f64,
    /// Strength of the unvoiced candidate in a loud row, 0 to 1.
    pub voicing_threshold: f64,
    /// Favours high candidates, per octave.
    pub octave_cost: f64,
    /// Disfavours jumps, per octave and 10 ms.
    pub octave_jump_cost: f64,
    /// Disfavours changes between voiced and unvoiced, per change.
    pub voiced_unvoiced_cost: f64,
    /// Length on both sides in which "the loudest one near" is looked for, 0.1 s to 60 s.
    pub loudest_within_secs: Secs,
    /// Peak amplitude below which nothing is looked for at all, full scale = 1.
    pub silent_peak: f32,
}

/// Praat's "To PointProcess (cc)", "Get jitter (local)" and "Get shimmer (local)".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Periods {
    /// Shorter periods are none.
    pub shortest_secs: Secs,
    /// Longer periods are none.
    pub longest_secs: Secs,
    /// Neighbouring periods further apart than this factor do not belong together; above 1.
    pub longest_factor: f64,
    /// The same for neighbouring amplitudes; above 1.
    pub loudest_factor: f64,
    /// Correlation of two neighbouring periods below which the second is none.
    pub least_correlation: f64,
    /// Peak of a period over the loudest row near, below which it is none.
    pub least_peak: f32,
    /// Correlation for one more period just outside the voiced stretch.
    pub edge_correlation: f64,
    /// Its peak over the loudest row near.
    pub edge_peak: f32,
    /// Longest voiced stretch that is marked in one piece, 0.1 s to 60 s.
    pub longest_run_secs: Secs,
}

/// When jitter, shimmer and HNR are *not assessable*.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// Amplitude from which on a sample may be clipped, full scale = 1.
    pub clip_from: f32,
    /// So many neighbouring samples of equal height there are clipped, at least 2.
    pub clip_run: usize,
    /// A stretch of exact zeros of this length inside sound is a hole.
    pub hole_secs: Secs,
    /// Rows so near a clipped or holed one are spoiled too.
    pub spoils_secs: Secs,
    /// The band that a narrowband recording lacks, Hz.
    pub band_from_hz: f64,
    /// Its upper end, Hz.
    pub band_to_hz: f64,
    /// dB of that band against the whole, averaged over loud rows, below which it is empty.
    pub band_empty_db: f64,
}

impl Settings {
    /// The first setting that is out of its range, and the range.
    pub(in crate::voice) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        let Self { pitch, periods, fit } = self;
        let length = |secs: Secs| (0.1..=60.0).contains(&secs.0.as_secs_f64());
        let cost = |value: f64| (0.0..=100.0).contains(&value);
        let checks = [
            ("prosody.pitch.floor_hz", (40.0..=200.0).contains(&pitch.floor_hz), "40 to 200"),
            (
                "prosody.pitch.ceiling_hz",
                pitch.ceiling_hz > pitch.floor_hz && pitch.ceiling_hz <= 1000.0,
                "above the floor, at most 1000",
            ),
            (
                "prosody.pitch.silence_threshold",
                pitch.silence_threshold > 0.0 && pitch.silence_threshold < 1.0,
                "between 0 and 1",
            ),
            ("prosody.pitch.voicing_threshold", (0.0..=1.0).contains(&pitch.voicing_threshold), "0 to 1"),
            ("prosody.pitch.octave_cost", cost(pitch.octave_cost), "0 to 100"),
            ("prosody.pitch.octave_jump_cost", cost(pitch.octave_jump_cost), "0 to 100"),
            ("prosody.pitch.voiced_unvoiced_cost", cost(pitch.voiced_unvoiced_cost), "0 to 100"),
            ("prosody.pitch.loudest_within_secs", length(pitch.loudest_within_secs), "0.1 to 60"),
            ("prosody.pitch.silent_peak", (0.0..1.0).contains(&pitch.silent_peak), "0 to below 1"),
            ("prosody.periods.longest_factor", (1.0..=10.0).contains(&periods.longest_factor), "1 to 10"),
            ("prosody.periods.loudest_factor", (1.0..=10.0).contains(&periods.loudest_factor), "1 to 10"),
            ("prosody.periods.longest_run_secs", length(periods.longest_run_secs), "0.1 to 60"),
            ("prosody.fit.clip_run", fit.clip_run >= 2, "2 or more"),
            (
                "prosody.fit.band_from_hz",
                fit.band_from_hz >= 0.0 && fit.band_from_hz < fit.band_to_hz,
                "0 or more, below band_to_hz",
            ),
            ("prosody.fit.band_to_hz", fit.band_to_hz <= 8000.0, "at most 8000"),
            ("prosody.fit.band_empty_db", fit.band_empty_db.is_finite(), "a number"),
        ];
        checks.into_iter().find(|(_, holds, _)| !holds).map(|(name, _, range)| (name, range))
    }
}
