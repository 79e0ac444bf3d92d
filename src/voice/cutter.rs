//! Sound as it arrives in, windows to listen to out.

use super::segmentation::WINDOW;

/// One window to listen to.
pub(super) struct Work {
    pub lane: usize,
    pub index: usize,
    pub start_sample: usize,
    pub samples: Vec<f32>,
}

/// Cuts one lane into windows as its samples arrive.
pub(super) struct Cutter {
    lane: usize,
    step: usize,
    /// Samples that must follow a window before it is cut: how far behind the first pass may be.
    lag: usize,
    /// Samples from `kept_from` on.
    kept: Vec<f32>,
    kept_from: usize,
    next: usize,
    /// The recording is over, and its last window was not given out.
    ended: bool,
}

impl Cutter {
    pub(super) fn new(lane: usize, step: usize, lag: usize) -> Self {
        Self { lane, step, lag, kept: Vec::new(), kept_from: 0, next: 0, ended: false }
    }

    /// Takes in the next samples of the lane.
    pub(super) fn add(&mut self, samples: &[f32]) {
        self.kept.extend_from_slice(samples);
    }

    /// No more samples come: the windows that waited for those behind them may be cut.
    pub(super) fn end(&mut self) {
        self.lag = 0;
        self.ended = true;
    }

    /// The next window, if its samples are there; after the end also the one that ends with the recording.
    pub(super) fn next_window(&mut self) -> Option<Work> {
        self.whole_window().or_else(|| if self.ended { self.last_window() } else { None })
    }

    /// The next whole window, if its samples are there. Keeps what the last window may still need.
    fn whole_window(&mut self) -> Option<Work> {
        let start_sample = self.next * self.step;
        let inside = start_sample - self.kept_from;
        let samples = self.kept.get(inside..inside + WINDOW + self.lag)?[..WINDOW].to_vec();
        self.kept.drain(..inside);
        self.kept_from = start_sample;
        let index = self.next;
        self.next += 1;
        Some(Work { lane: self.lane, index, start_sample, samples })
    }

    /// The window that ends with the recording, if the windows so far leave something out.
    fn last_window(&mut self) -> Option<Work> {
        let end = self.kept_from + self.kept.len();
        let covered = self.next.checked_sub(1).map_or(0, |last| last * self.step + WINDOW);
        if end <= covered {
            return None;
        }
        let start_sample = end.saturating_sub(WINDOW);
        let samples = self.kept.get(start_sample.saturating_sub(self.kept_from)..)?.to_vec();
        self.ended = false;
        Some(Work { lane: self.lane, index: self.next, start_sample, samples })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second.
    const LAG: usize = 16_000;

    /// Starts of the windows of a recording, in seconds.
    fn check(secs: f64, step_secs: f64, expect: &str) {
        let mut cutter = Cutter::new(0, (step_secs * 16_000.0) as usize, LAG);
        let mut starts = Vec::new();
        let mut note = |work: Work| {
            assert_eq!(work.samples[0] as usize, work.start_sample, "a ramp must begin where the window does");
            starts.push(format!("{}", work.start_sample as f64 / 16_000.0));
        };
        let samples: Vec<f32> = (0..(secs * 16_000.0) as usize).map(|n| n as f32).collect();
        for block in samples.chunks(7001) {
            cutter.add(block);
            while let Some(work) = cutter.next_window() {
                note(work);
            }
            assert!(cutter.kept.len() <= WINDOW + cutter.step + LAG + 7001);
        }
        cutter.end();
        while let Some(work) = cutter.next_window() {
            note(work);
        }
        assert_eq!(starts.join(" "), expect);
    }

    #[test]
    fn windows_cover_everything() {
        check(10.0, 2.5, "0");
        check(4.0, 2.5, "0");
        check(0.001, 2.5, "0");
        check(12.5, 2.5, "0 2.5");
        check(24.0, 5.0, "0 5 10 14");
        check(13.0, 2.5, "0 2.5 3");
        check(20.0, 10.0, "0 10");
        check(0.0, 2.5, "");
    }
}
