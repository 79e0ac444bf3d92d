//! Which of a track's time stamps to believe.
//!
//! A damaged packet may carry any number as its time, and a clock may start anew in the middle of a file. Both would
//! fill hours with silence or move everything after them, so a jump counts only when the next stamp agrees with it.

use std::collections::VecDeque;

use crate::media::settings::{PictureSettings, TimeSettings};

/// Puts a track's pieces (of type `T`) on the file's clock. All times in nanoseconds from the file's zero.
pub(super) struct Timeline<T> {
    doubtful: i64,
    largest: i64,
    /// Added to stamps since the clock started anew.
    shift: i64,
    /// Where the next piece should be; `None` before the first.
    expected: Option<i64>,
    held: Option<Piece<T>>,
    ready: VecDeque<(i64, T)>,
}

struct Piece<T> {
    stamp: i64,
    length: i64,
    item: T,
}

impl<T> Timeline<T> {
    pub(super) fn new(settings: &TimeSettings) -> Self {
        let nanos = |secs: crate::time::Secs| i64::try_from(secs.0.as_nanos()).unwrap_or(i64::MAX);
        Self {
            doubtful: nanos(settings.doubtful_jump_secs),
            largest: nanos(settings.largest_hole_secs),
            shift: 0,
            expected: None,
            held: None,
            ready: VecDeque::new(),
        }
    }

    /// Takes a piece with its stamp (`None`: it follows the one before) and its length.
    pub(super) fn push(&mut self, stamp: Option<i64>, length: i64, item: T) {
        let length = length.max(0);
        let Some(expected) = self.expected else {
            let at = stamp.unwrap_or(0);
            self.expected = Some(at.saturating_add(length));
            return self.ready.push_back((at, item));
        };
        let at = stamp.map_or(expected, |stamp| stamp.saturating_add(self.shift));
        match self.held.take() {
            None if self.plausible(at, expected) => self.release(Piece { stamp: at, length, item }, at),
            None => self.held = Some(Piece { stamp: at, length, item }),
            Some(held) => {
                let after_held = held.stamp.saturating_add(held.length);
                if at.abs_diff(after_held) < at.abs_diff(expected) {
                    let held_at = self.believe(&held, expected);
                    let moved = held_at.saturating_sub(held.stamp);
                    self.release(held, held_at);
                    self.release(Piece { stamp: at, length, item }, at.saturating_add(moved));
                } else {
                    self.release(held, expected);
                    let expected = self.expected.unwrap_or(expected);
                    if self.plausible(at, expected) {
                        self.release(Piece { stamp: at, length, item }, at);
                    } else {
                        self.held = Some(Piece { stamp: at, length, item });
                    }
                }
            }
        }
    }

    /// The next piece whose time is certain, in order.
    pub(super) fn pop(&mut self) -> Option<(i64, T)> {
        self.ready.pop_front()
    }

    /// No more pieces: the one that waits for the next to agree is certain as well.
    pub(super) fn finish(&mut self) {
        if let (Some(held), Some(expected)) = (self.held.take(), self.expected) {
            let ahead = held.stamp.saturating_sub(expected);
            let at = if (0..=self.largest).contains(&ahead) { held.stamp } else { expected };
            self.release(held, at);
        }
    }

    fn plausible(&self, at: i64, expected: i64) -> bool {
        let ahead = at.saturating_sub(expected);
        ahead <= self.doubtful && ahead >= -self.doubtful / 2
    }

    /// A confirmed jump: a hole if it is not too long, else a clock that started anew.
    fn believe(&mut self, held: &Piece<T>, expected: i64) -> i64 {
        let ahead = held.stamp.saturating_sub(expected);
        if (0..=self.largest).contains(&ahead) {
            return held.stamp;
        }
        self.shift = self.shift.saturating_sub(ahead);
        expected
    }

    fn release(&mut self, piece: Piece<T>, at: i64) {
        let end = at.saturating_add(piece.length);
        self.expected = Some(self.expected.map_or(end, |expected| expected.max(end)));
        self.ready.push_back((at, piece.item));
    }
}

/// Corrects the stamps of MPEG program streams, which carry one only now and then; libav may give it to the picture
/// after the one it belongs to, and everything up to the next stamp is then one picture late.
pub(super) struct Steady {
    /// Nanoseconds for which a deviation of one picture is not believed.
    patience: i64,
    expected: Option<i64>,
    deviating_for: i64,
}

impl Steady {
    pub(super) fn new(settings: &PictureSettings) -> Self {
        let patience = i64::try_from(settings.steady_over_secs.0.as_nanos()).unwrap_or(i64::MAX);
        Self { patience, expected: None, deviating_for: 0 }
    }

    /// The believed stamp of the next picture, given its own stamp and the usual length; nanoseconds.
    pub(super) fn correct(&mut self, stamp: i64, length: i64) -> i64 {
        let believed = match self.expected {
            Some(expected) => {
                let off = stamp.abs_diff(expected);
                let one_picture =
                    off > length.unsigned_abs() / 2 && off <= length.unsigned_abs().saturating_mul(11) / 10;
                self.deviating_for = if one_picture { self.deviating_for.saturating_add(length) } else { 0 };
                if one_picture && self.deviating_for <= self.patience { expected } else { stamp }
            }
            None => stamp,
        };
        self.expected = Some(believed.saturating_add(length));
        believed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stamps in seconds, each piece 1 s long; what comes out, in order.
    fn check(stamps: &[Option<i64>], expect: &[i64]) {
        let mut timeline = Timeline::new(&crate::media::settings::for_tests().time);
        for (index, stamp) in stamps.iter().enumerate() {
            timeline.push(stamp.map(|secs| secs * 1_000_000_000), 1_000_000_000, index);
        }
        timeline.finish();
        let out: Vec<_> =
            std::iter::from_fn(|| timeline.pop()).map(|(at, index)| (at / 1_000_000_000, index)).collect();
        let expect: Vec<_> = expect.iter().copied().zip(0..).collect();
        assert_eq!(out, expect);
    }

    fn stamps(secs: &[i64]) -> Vec<Option<i64>> {
        secs.iter().copied().map(Some).collect()
    }

    #[test]
    fn good_stamps_pass() {
        check(&stamps(&[5, 6, 7, 8]), &[5, 6, 7, 8]);
    }

    #[test]
    fn a_piece_without_stamp_follows_the_one_before() {
        check(&[Some(5), None, None, Some(8)], &[5, 6, 7, 8]);
    }

    #[test]
    fn a_hole_is_kept_when_the_next_stamp_agrees() {
        check(&stamps(&[0, 1, 100, 101, 102]), &[0, 1, 100, 101, 102]);
    }

    #[test]
    fn a_single_false_stamp_is_not_believed() {
        check(&stamps(&[0, 1, 300, 3, 4]), &[0, 1, 2, 3, 4]);
        check(&stamps(&[10, 11, 2, 13, 14]), &[10, 11, 12, 13, 14]);
        check(&stamps(&[0, 1, i64::MAX / 1_000_000_000, 3, i64::MIN / 1_000_000_000, 5]), &[0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_clock_that_starts_anew_goes_on_without_a_hole() {
        check(&stamps(&[100, 101, 0, 1, 2, 3]), &[100, 101, 102, 103, 104, 105]);
        check(&stamps(&[0, 1, 90_000, 90_001, 90_002]), &[0, 1, 2, 3, 4]);
    }

    #[test]
    fn slides_far_apart_keep_their_times() {
        check(&stamps(&[0, 5, 10, 15, 20]), &[0, 5, 10, 15, 20]);
    }

    #[test]
    fn a_program_stream_is_not_one_picture_late_for_a_while() {
        let frame = 40;
        let mut steady = Steady { patience: 50 * frame, expected: None, deviating_for: 0 };
        let late = |index: i64| index * frame + if (25..39).contains(&index) { frame } else { 0 };
        for index in 0..100 {
            assert_eq!(steady.correct(late(index), frame), index * frame);
        }
        // A picture that is really missing is believed after a while, a larger hole at once.
        for index in 101..200 {
            let off = steady.correct(index * frame, frame) - index * frame;
            assert_eq!(off, if index < 151 { -frame } else { 0 }, "{index}");
        }
        assert_eq!(steady.correct(300 * frame, frame), 300 * frame);
    }
}
