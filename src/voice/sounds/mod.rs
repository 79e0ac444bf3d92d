//! Sounds that are not words: laughs, crying, sighs.
//!
//! A network that knows 521 kinds of sound (YAMNet, trained on AudioSet) looks at patches of 0.96 s, each brought to the
//! same level: every 0.48 s of what is not silent, and every 0.16 s where something might be a laugh or crying. Beside it
//! stands a measure of its own, how much syllables repeat ([`rhythm`]), for the network takes laughs with a full voice for
//! speech. Both come out as one track; what counts as a laugh is for the markers to say.
//!
//! It takes pieces of some ten seconds, each complete in itself, so that threads and block sizes have no influence.

mod lane;
mod mel;
mod rhythm;
mod tagger;

use ndarray::{Array1, Array2};

use crate::time::{FrameGrid, SessionTime, Span, Step};
use crate::track::{Track, Unit, Who};

pub(super) use lane::{Lane, Piece};
pub(super) use tagger::{Tagged, Tagger};

/// Classes that the network tells apart.
const NETWORK_CLASSES: usize = 521;
/// Kinds that are kept.
const CLASSES: usize = 10;
/// Name of each kind's column, and the network's classes it is made of (positions in its class map,
/// `yamnet_class_map.csv`): the likeliest of them counts.
const KINDS: [(&str, &[usize]); CLASSES] = [
    ("laughter", &[13, 14, 15, 16, 17, 18]),
    ("crying", &[19, 20, 21, 22]),
    ("sigh", &[23]),
    ("breath", &[36, 37, 39, 40]),
    ("cough", &[42, 43]),
    ("whisper", &[12]),
    ("speech", &[0, 1, 2, 3, 4]),
    ("vocal", &[5, 6, 7, 8, 9, 10, 11, 33, 34]),
    ("music", &[132]),
    ("noise", &[507, 508, 509, 510, 514, 515]),
];
/// Name of the column that says how much syllables repeat.
const RHYTHM: &str = "rhythm";

/// Puts the pieces of one lane, in order, onto one grid: rows of 80 ms, the first centred 40 ms after `start`. Between the
/// middles of patches the numbers go over evenly; `NaN` with confidence 0 where the recording lacks sound.
pub(super) fn track(
    who: Who,
    start: SessionTime,
    samples: usize,
    pieces: &[Tagged],
    missing: &[Span],
    sure: f32,
) -> Track {
    let rows = samples.div_ceil(lane::ROW);
    let step = Step {
        numer: std::num::NonZeroU32::MIN.saturating_add(1),
        denom: std::num::NonZeroU32::MIN.saturating_add(24),
    };
    let grid = FrameGrid { first: start.shifted(SessionTime::from_millis(40)), step, len: rows };
    // A patch may have been looked at from both sides of a border: the first one counts.
    let mut patches: Vec<&tagger::Patch> = pieces.iter().flat_map(|piece| &piece.patches).collect();
    patches.sort_by_key(|patch| patch.number);
    patches.dedup_by_key(|patch| patch.number);
    let rhythm: Vec<f32> = pieces.iter().flat_map(|piece| piece.rhythm.iter().copied()).collect();

    let mut values = Array2::from_elem((rows, CLASSES + 1), f32::NAN);
    let mut confidence = Array1::from_elem(rows, sure);
    for (row, mut out) in values.rows_mut().into_iter().enumerate() {
        let after = patches.partition_point(|patch| patch.number * tagger::PATCH_ROWS < row);
        let (before, after) = (patches.get(after.saturating_sub(1)), patches.get(after));
        let (Some(before), Some(after)) = (before.or(after), after.or(before)) else { continue };
        let at = |patch: &tagger::Patch| (patch.number * tagger::PATCH_ROWS) as f32;
        let between = at(after) - at(before);
        let part = if between > 0.0 { ((row as f32 - at(before)) / between).clamp(0.0, 1.0) } else { 0.0 };
        for kind in 0..CLASSES {
            out[kind] = before.kinds[kind] * (1.0 - part) + after.kinds[kind] * part;
        }
        out[CLASSES] = rhythm.get(row).copied().unwrap_or(0.0);
    }
    for row in missing.iter().flat_map(|span| grid.indices(*span)) {
        values.row_mut(row).fill(f32::NAN);
        confidence[row] = 0.0;
    }
    let columns = KINDS.iter().map(|(name, _)| *name).chain([RHYTHM]).map(str::to_owned).collect();
    Track { who, unit: Unit::Share, grid, columns, values, confidence: Some(confidence) }
}

#[cfg(test)]
mod tests {
    use super::tagger::Patch;
    use super::*;

    fn patch(number: usize, p: f32) -> Patch {
        Patch { number, kinds: [p; CLASSES] }
    }

    fn of(pieces: &[Tagged], rows: usize, missing: &[Span]) -> Vec<f32> {
        let track = track(Who::Room, SessionTime::from_millis(1000), rows * lane::ROW, pieces, missing, 1.0);
        assert_eq!(track.grid.time(0), Some(SessionTime::from_millis(1040)));
        assert_eq!(track.grid.time(2), Some(SessionTime::from_millis(1200)));
        track.column("laughter").unwrap().to_vec()
    }

    #[test]
    fn between_patches_the_numbers_go_over_evenly() {
        let piece = Tagged { patches: vec![patch(0, 0.0), patch(3, 0.6), patch(4, 0.2)], rhythm: vec![0.5; 120] };
        let found = of(&[piece], 11, &[]);
        let expect = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.4, 0.2, 0.2, 0.2];
        assert!(found.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn the_first_of_two_looks_counts() {
        let first = Tagged { patches: vec![patch(0, 0.5), patch(1, 0.5)], rhythm: Vec::new() };
        let second = Tagged { patches: vec![patch(1, 0.9), patch(2, 0.5)], rhythm: Vec::new() };
        assert_eq!(of(&[first, second], 4, &[]), [0.5; 4]);
    }

    #[test]
    fn where_sound_lacks_nothing_was_measured() {
        let piece = Tagged { patches: vec![patch(0, 0.5)], rhythm: vec![0.0; 120] };
        let found = of(&[piece], 20, &[Span::from_millis(1800, 2100).unwrap()]);
        let lacking: Vec<usize> = (0..20).filter(|&row| found[row].is_nan()).collect();
        assert_eq!(lacking, [10, 11, 12, 13]);
        assert!(of(&[], 3, &[]).iter().all(|p| p.is_nan()));
    }
}
