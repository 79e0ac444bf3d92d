//! The loudest row near each row.

use std::collections::VecDeque;

/// The largest peak within so many rows before and after.
pub(super) struct Loudest {
    within: usize,
    /// Peaks that may be the largest of some window to come: falling, with their rows.
    falling: VecDeque<(usize, f32)>,
    /// Peaks of the rows that are still asked for, from `first` on.
    peaks: VecDeque<f32>,
    first: usize,
}

impl Loudest {
    pub(super) fn new(within: usize) -> Self {
        Self { within, falling: VecDeque::new(), peaks: VecDeque::new(), first: 0 }
    }

    /// The next row's peak.
    pub(super) fn add(&mut self, peak: f32) {
        let row = self.first + self.peaks.len();
        while self.falling.back().is_some_and(|&(_, last)| last <= peak) {
            self.falling.pop_back();
        }
        self.falling.push_back((row, peak));
        self.peaks.push_back(peak);
    }

    /// The largest peak of the rows before `row`, the next one; 0 if there are none.
    pub(super) fn before(&self, row: usize) -> f32 {
        let from = row.saturating_sub(self.within);
        let first = self.falling.partition_point(|&(at, _)| at < from);
        self.falling.get(first).map_or(0.0, |&(_, peak)| peak)
    }

    /// Whether all that lies near `row` is known.
    pub(super) fn is_ready(&self, row: usize) -> bool {
        self.first + self.peaks.len() > row + self.within
    }

    /// The peak of `row` and the largest near it; rows are asked for in order, each once.
    pub(super) fn around(&mut self, row: usize) -> (f32, f32) {
        while self.falling.front().is_some_and(|&(at, _)| at + self.within < row) {
            self.falling.pop_front();
        }
        let own = self.peaks.pop_front().unwrap_or(0.0);
        self.first = row + 1;
        (own, self.falling.front().map_or(own, |&(_, peak)| peak))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_largest_of_the_window() {
        let peaks: Vec<f32> = (0..500).map(|n| ((n * 7919) % 101) as f32).collect();
        let mut loudest = Loudest::new(20);
        for (row, &peak) in peaks.iter().enumerate() {
            let before = peaks[row.saturating_sub(20)..row].iter().copied().fold(0.0, f32::max);
            assert!((loudest.before(row) - before).abs() < 1e-6);
            loudest.add(peak);
            if row >= 20 {
                assert!(loudest.is_ready(row - 20));
                let (own, near) = loudest.around(row - 20);
                let expect = peaks[(row - 20).saturating_sub(20)..=row].iter().copied().fold(0.0, f32::max);
                assert!((near - expect).abs() < 1e-6 && (own - peaks[row - 20]).abs() < 1e-6);
            }
        }
    }
}
