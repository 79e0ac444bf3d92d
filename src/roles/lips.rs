//! Faces with voices: whose lips move when which voice speaks.
//!
//! A face's lips are said to follow a voice when they move with its speech far more than with the same speech laid
//! anywhere else in the recording. Turns are long and faces move in spells, so that two things that have nothing to do
//! with each other may well correlate over a minute; how well by chance is seen by moving the speech around the
//! recording, as if it were a ring (surrogates by circular shifts: Theiler et al. 1992, Physica D 58, 77-94, has the
//! idea). What is left over is a standard score, which means the same for a minute and an hour.
//!
//! All faces and voices are then paired at once. A voice that nobody's lips follow stays off-screen, a face whose lips
//! follow no voice stays silent: neither is given to whoever is left.

use super::Settings;
use super::links::{Face, Link, Voice};
use crate::time::Span;
use crate::track::{Track, Tracks};

/// Surrogates at most; more only cost time.
const MOST_SHIFTS: usize = 400;

/// How well a face's lips follow a voice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Follows {
    /// Pearson's correlation of lip movement with speaking, -1 to 1.
    correlation: f64,
    /// By how many standard deviations it is above what moved speech gives; 0 where that is not known.
    score: f64,
}

/// The pairs of the best assignment of faces (rows) to voices (columns), with a confidence.
pub(super) fn links(tracks: &Tracks, faces: &[Face], voices: &[Voice], settings: &Settings) -> Vec<Link> {
    let gains: Vec<Vec<f64>> = faces
        .iter()
        .map(|face| {
            let lips = tracks.get("mouth_shape", face.who).and_then(|track| Movement::of(track, settings));
            voices
                .iter()
                .map(|voice| {
                    let follows = lips.as_ref().map_or_else(Follows::default, |lips| lips.follow(&voice.speech));
                    let is_weak = follows.correlation < settings.min_lip_correlation;
                    if is_weak { f64::NEG_INFINITY } else { follows.score - settings.min_lip_score }
                })
                .collect()
        })
        .collect();
    assign(&gains, settings.full_lip_lead)
}

/// Movement of one face's lips, ready to be laid against speech.
struct Movement<'a> {
    track: &'a Track,
    /// Sum of the movement above its mean over the rows before this one, and the number of rows that have one.
    sums: Vec<(f64, usize)>,
    deviation: f64,
    /// Least shift of a surrogate, rows.
    far: usize,
}

impl<'a> Movement<'a> {
    /// `None` if the lips were seen for too short a time, or never moved.
    fn of(track: &'a Track, settings: &Settings) -> Option<Self> {
        let open = track.column("lips_open")?;
        let step_secs = track.grid.step.secs_f64();
        let moved: Vec<f64> = std::iter::once(f64::NAN)
            .chain((1..open.len()).map(|at| f64::from((open[at] - open[at - 1]).abs())))
            .collect();
        let half = (settings.lip_window_secs.0.as_secs_f64() / step_secs / 2.0).round() as usize;
        let smooth = |at: usize| {
            let near = &moved[at.saturating_sub(half)..(at + half + 1).min(moved.len())];
            let known = || near.iter().filter(|value| value.is_finite());
            moved[at].is_finite().then(|| known().sum::<f64>() / known().count().max(1) as f64)
        };
        let moved: Vec<Option<f64>> = (0..moved.len()).map(smooth).collect();
        let count = moved.iter().flatten().count();
        if (count as f64) * step_secs < settings.min_lip_secs.0.as_secs_f64() {
            return None;
        }
        let mean = moved.iter().flatten().sum::<f64>() / count as f64;
        let square = moved.iter().flatten().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
        let mut sums = vec![(0.0, 0)];
        let (mut sum, mut known) = (0.0, 0);
        for value in &moved {
            if let Some(value) = value {
                sum += value - mean;
                known += 1;
            }
            sums.push((sum, known));
        }
        let far = (settings.lip_shift_secs.0.as_secs_f64() / step_secs).ceil() as usize;
        (square > 1e-18).then(|| Self { track, sums, deviation: square.sqrt(), far })
    }

    /// How well these lips follow speech.
    fn follow(&self, speech: &[Span]) -> Follows {
        let grid = self.track.grid;
        let rows: Vec<(usize, usize)> = speech
            .iter()
            .map(|span| grid.indices(*span))
            .filter(|rows| !rows.is_empty())
            .map(|rows| (rows.start, rows.end))
            .collect();
        let correlation = self.correlation(&rows, 0);
        let far = self.far;
        let range = grid.len.saturating_sub(2 * far);
        let count = range.min(MOST_SHIFTS);
        if count < 20 {
            return Follows { correlation, score: 0.0 };
        }
        let chance: Vec<f64> = (0..count).map(|number| self.correlation(&rows, far + number * range / count)).collect();
        let mean = chance.iter().sum::<f64>() / count as f64;
        let square = chance.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
        let score = if square > 1e-12 { (correlation - mean) / square.sqrt() } else { 0.0 };
        Follows { correlation, score }
    }

    /// With the speech moved on by so many rows, around the end to the beginning; 0 where it never or always speaks.
    fn correlation(&self, rows: &[(usize, usize)], shift: usize) -> f64 {
        let length = self.sums.len() - 1;
        let between = |from: usize, to: usize| {
            let (low, high) = (self.sums[from.min(length)], self.sums[to.min(length)]);
            (high.0 - low.0, high.1 - low.1)
        };
        let (mut sum, mut speaks) = (0.0, 0);
        for &(start, end) in rows {
            let (start, end) = (start + shift, end + shift);
            let parts = match (start >= length, end > length) {
                (true, _) => [(start - length, end - length), (0, 0)],
                (false, true) => [(start, length), (0, end - length)],
                (false, false) => [(start, end), (0, 0)],
            };
            for (from, to) in parts {
                let (part, count) = between(from, to);
                sum += part;
                speaks += count;
            }
        }
        let known = self.sums.last().map_or(0, |last| last.1);
        let share = speaks as f64 / known.max(1) as f64;
        let spread = (share * (1.0 - share)).sqrt() * self.deviation;
        if spread > 1e-12 { sum / known as f64 / spread } else { 0.0 }
    }
}

/// Gives rows columns of their own so that the sum of the gains is largest; a row or column whose gain would be
/// negative goes without. A pair is as sure as it leads over the best assignment without it, fully from `full` on.
fn assign(gains: &[Vec<f64>], full: f64) -> Vec<Link> {
    let columns = gains.first().map_or(0, Vec::len);
    let (_, best) = best(gains, columns, None);
    let sum_of = |without| best_sum(gains, columns, without);
    let whole = sum_of(None);
    best.iter()
        .enumerate()
        .filter_map(|(row, column)| {
            let column = (*column)?;
            let lead = whole - sum_of(Some((row, column)));
            (lead > 0.0).then(|| Link { row, column, confidence: (lead / full.max(1e-9)).clamp(0.0, 1.0) as f32 })
        })
        .collect()
}

fn best_sum(gains: &[Vec<f64>], columns: usize, without: Option<(usize, usize)>) -> f64 {
    best(gains, columns, without).0
}

/// The largest sum and the assignment that has it, without one pair; all are tried, for there are at most four of each.
fn best(gains: &[Vec<f64>], columns: usize, without: Option<(usize, usize)>) -> (f64, Vec<Option<usize>>) {
    fn go(
        gains: &[Vec<f64>],
        columns: usize,
        without: Option<(usize, usize)>,
        made: &mut Vec<Option<usize>>,
        sum: f64,
        best: &mut (f64, Vec<Option<usize>>),
    ) {
        let row = made.len();
        if row == gains.len() {
            if sum > best.0 || best.1.len() < row {
                *best = (sum, made.clone());
            }
            return;
        }
        made.push(None);
        go(gains, columns, without, made, sum, best);
        made.pop();
        for column in 0..columns {
            let gain = gains[row][column];
            if gain > 0.0 && without != Some((row, column)) && !made.contains(&Some(column)) {
                made.push(Some(column));
                go(gains, columns, without, made, sum + gain, best);
                made.pop();
            }
        }
    }
    let mut found = (0.0, Vec::new());
    go(gains, columns, without, &mut Vec::new(), 0.0, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gains of faces (rows) and voices; expected: face, voice, confidence in tenths.
    fn check(gains: &[&[f64]], expect: &[(usize, usize, i32)]) {
        let gains: Vec<Vec<f64>> = gains.iter().map(|row| row.to_vec()).collect();
        let found: Vec<(usize, usize, i32)> = assign(&gains, 2.0)
            .iter()
            .map(|link| (link.row, link.column, (link.confidence * 10.0).round() as i32))
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn the_best_pairs_of_all_win() {
        check(&[&[3.0, 1.0], &[2.5, 2.0]], &[(0, 0, 8), (1, 1, 8)]);
        check(&[&[3.0, -1.0], &[-1.0, 2.0]], &[(0, 0, 10), (1, 1, 10)]);
        check(&[&[0.4]], &[(0, 0, 2)]);
    }

    #[test]
    fn nobody_is_given_to_whoever_is_left() {
        check(&[&[-0.5, -2.0]], &[]);
        check(&[&[3.0, -1.0], &[-1.0, -2.0]], &[(0, 0, 10)]);
        check(&[&[f64::NEG_INFINITY, 1.0], &[f64::NEG_INFINITY, 3.0]], &[(1, 1, 10)]);
        check(&[], &[]);
        check(&[&[]], &[]);
    }
}
