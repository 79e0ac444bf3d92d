//! How much sound is missing, from when blocks arrive.
//!
//! A block arrives late or very late, never early: the least distance between arrival and sample count over some seconds
//! is the device's clock. After a loss the distance is larger by what was lost.

use super::Shape;

/// Follows one device's clock against the computer's.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    shape: Shape,
    over_nanos: i64,
    /// When the younger of the two stretches began, its least distance, and that of the stretch before.
    since: i64,
    least: Option<i64>,
    before: Option<i64>,
    /// The least distance of the first whole stretch.
    first: Option<i64>,
}

impl Clock {
    pub(super) fn new(shape: Shape, over_secs: f64) -> Self {
        Self { shape, over_nanos: (over_secs * 1e9) as i64, since: 0, least: None, before: None, first: None }
    }

    /// Nanoseconds from where the sample count says the time is to when the sample arrived.
    fn distance(&self, arrived: u64, frames: u64) -> i64 {
        let counted = i128::from(frames) * 1_000_000_000 / i128::from(self.shape.rate.max(1));
        i64::try_from(i128::from(arrived) - counted).unwrap_or(i64::MAX)
    }

    /// A block arrived, with which the recording holds `frames` samples per channel.
    pub(super) fn follow(&mut self, arrived: u64, frames: u64) {
        let distance = self.distance(arrived, frames);
        let arrived = i64::try_from(arrived).unwrap_or(i64::MAX);
        if self.least.is_some() && arrived - self.since >= self.over_nanos {
            self.first = self.first.or(self.least);
            (self.before, self.least) = (self.least, None);
        }
        if self.least.is_none() {
            self.since = arrived;
        }
        self.least = Some(self.least.map_or(distance, |least| least.min(distance)));
    }

    /// Samples per channel that are missing before a block, with which the recording would hold `frames`.
    pub(super) fn missing(&self, arrived: u64, frames: u64) -> u64 {
        let Some(usual) = self.least.into_iter().chain(self.before).min() else { return 0 };
        let late = i128::from(self.distance(arrived, frames)) - i128::from(usual);
        u64::try_from(late.max(0) * i128::from(self.shape.rate) / 1_000_000_000).unwrap_or(u64::MAX)
    }

    /// Seconds that passed beyond what the samples count, from the first stretch to the last: sound that was lost without
    /// a word (above 0), or two clocks that differ.
    pub(super) fn apart_secs(&self) -> f64 {
        let last = self.before.or(self.least);
        self.first.zip(last).map_or(0.0, |(first, last)| (i128::from(last) - i128::from(first)) as f64 / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 10 ms whose arrival is 0 to 8 ms late; after `at`, `lost_ms` are missing.
    fn found(lost_ms: u64, at: usize) -> (u64, f64) {
        let shape = Shape { rate: 48_000, channels: 1 };
        let mut clock = Clock::new(shape, 1.0);
        let mut frames = 0;
        let mut found = 0;
        for block in 0..1000u64 {
            let lost = if block as usize >= at { lost_ms } else { 0 };
            let arrived = (block * 10 + 20 + lost) * 1_000_000 + block * 7 % 9 * 1_000_000;
            if block as usize == at {
                found = clock.missing(arrived, frames + 480);
                frames += found;
            }
            frames += 480;
            clock.follow(arrived, frames);
        }
        (found, clock.apart_secs())
    }

    #[test]
    fn what_was_lost_is_found_up_to_the_unevenness() {
        for lost_ms in [0, 30, 500, 12_345] {
            let (frames, apart) = found(lost_ms, 500);
            let expected = lost_ms * 48;
            assert!((expected..=expected + 8 * 48).contains(&frames), "{lost_ms}: {frames}");
            assert!(apart.abs() < 0.009, "{apart}");
        }
    }

    #[test]
    fn an_unpaced_source_and_nothing_at_all_give_no_gap() {
        let mut clock = Clock::new(Shape { rate: 48_000, channels: 1 }, 1.0);
        assert_eq!((clock.missing(5, 5), clock.apart_secs()), (0, 0.0));
        for block in 1..10_000u64 {
            assert_eq!(clock.missing(block, block * 480), 0);
            clock.follow(block, block * 480);
        }
        _ = clock.missing(u64::MAX, 0);
        clock.follow(u64::MAX, u64::MAX);
    }
}
