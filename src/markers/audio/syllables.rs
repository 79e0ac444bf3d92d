//! Syllable nuclei: peaks of loudness in voiced speech with dips between them (de Jong & Wempe 2009).

use serde::Deserialize;

use super::super::baseline::percentile;
use super::voices::{Piece, Voice};
use crate::time::{Secs, SessionTime};

/// Table `[rate.syllables]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Loudness is averaged (as a bell) with this standard deviation.
    pub smooth_secs: Secs,
    /// dB by which loudness falls between two nuclei.
    pub dip_db: f32,
    /// dB below the voice's loud rows under which nothing is a nucleus.
    pub below_loud_db: f64,
    /// Percentile that counts as the voice's loud rows.
    pub loud_percentile: f64,
}

/// The times of a voice's syllable nuclei; `None` without loudness and pitch.
pub fn nuclei(voice: &Voice<'_>, settings: &Settings) -> Option<Vec<SessionTime>> {
    let (loudness, pitch) = (voice.track("loudness")?, voice.track("pitch")?);
    let (levels, hz) = (loudness.column("dbfs")?, pitch.column("hz")?);
    let all: Vec<_> = voice.pieces.iter().flat_map(|piece| piece.alone.iter().copied()).collect();
    let mut sorted: Vec<f64> = voice.values("loudness", "dbfs", &all).into_iter().map(f64::from).collect();
    sorted.sort_by(f64::total_cmp);
    let least = percentile(&sorted, settings.loud_percentile)? - settings.below_loud_db;
    let bell = bell(settings.smooth_secs.0.as_secs_f64() * 100.0);
    let mut found = Vec::new();
    for span in all {
        let rows = loudness.grid.indices(span);
        let smooth: Vec<f32> = rows
            .clone()
            .map(|row| {
                let (mut sum, mut weights) = (0.0, 0.0);
                for (weight, at) in bell.iter().zip((row + bell.len() / 2 + 1).saturating_sub(bell.len())..) {
                    let level = levels.get(at).copied().unwrap_or(f32::NAN);
                    if !level.is_nan() {
                        sum += weight * level;
                        weights += weight;
                    }
                }
                if weights > 0.0 { sum / weights } else { f32::NAN }
            })
            .collect();
        for peak in peaks(&smooth, settings.dip_db) {
            let row = rows.start + peak;
            let voiced = hz.get(row).is_some_and(|hz| !hz.is_nan());
            if voiced && smooth.get(peak).is_some_and(|level| f64::from(*level) >= least) {
                found.extend(loudness.grid.time(row));
            }
        }
    }
    found.sort();
    Some(found)
}

/// Weights of a normal curve with this standard deviation, out to three of it; an odd number.
fn bell(deviation: f64) -> Vec<f32> {
    let half = (3.0 * deviation).ceil().clamp(0.0, 1000.0) as i32;
    let weight = |n: i32| (-0.5 * (f64::from(n) / deviation.max(1e-3)).powi(2)).exp() as f32;
    (-half..=half).map(weight).collect()
}

/// Places of the peaks that stand at least `dip_db` above the dip on each side; the edges count as dips.
fn peaks(levels: &[f32], dip_db: f32) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut high, mut low) = ((0, f32::NEG_INFINITY), f32::NEG_INFINITY);
    let mut rising = true;
    for (at, &level) in levels.iter().enumerate().filter(|(_, level)| !level.is_nan()) {
        if rising {
            if level > high.1 {
                high = (at, level);
            } else if level <= high.1 - dip_db {
                found.push(high.0);
                (rising, low) = (false, level);
            }
        } else if level < low {
            low = level;
        } else if level >= low + dip_db {
            (rising, high) = (true, (at, level));
        }
    }
    if rising && high.1.is_finite() {
        found.push(high.0);
    }
    found
}

/// Syllables per second of a piece, pauses of `pause_secs` and more left out.
pub fn articulation_rate(piece: &Piece, nuclei: &[SessionTime], pause_secs: f64) -> Option<f64> {
    let inside = |from: SessionTime, to: SessionTime| {
        nuclei.partition_point(|time| *time < to) - nuclei.partition_point(|time| *time < from)
    };
    let count: usize = piece.alone.iter().map(|span| inside(span.start(), span.end())).sum();
    let pauses = piece.alone.windows(2).map(|two| two[1].start().secs_after(two[0].end()));
    let short: f64 = pauses.filter(|secs| *secs < pause_secs).sum();
    let secs = piece.secs() + short;
    (secs > 0.0).then(|| count as f64 / secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_need_a_dip_between_them() {
        assert_eq!(peaks(&[0.0, 5.0, 4.0, 5.5, 0.0, 3.0, 0.0], 2.0), [3, 5]);
        assert_eq!(peaks(&[0.0, 5.0, 2.9, 5.5, 0.0], 2.0), [1, 3]);
        assert_eq!(peaks(&[1.0, 2.0, 3.0], 2.0), [2]);
        assert_eq!(peaks(&[], 2.0), [] as [usize; 0]);
        assert_eq!(peaks(&[f32::NAN; 3], 2.0), [] as [usize; 0]);
    }
}
