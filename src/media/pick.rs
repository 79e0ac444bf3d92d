//! Which frames of a film the analysis wants: for each point of its grid the nearest one.

use std::collections::VecDeque;

use crate::time::{SessionTime, Step};

/// The points at which pictures are analysed: `first + i * step` for every whole `i`, negative ones too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureGrid {
    /// One of the points.
    pub first: SessionTime,
    /// Distance between neighbours, for instance 2/25 s.
    pub step: Step,
}

impl PictureGrid {
    fn point(&self, index: i64) -> SessionTime {
        self.first.shifted(SessionTime::from_nanos(self.step.nanos(index)))
    }

    /// The last point at or before `time`.
    fn index_up_to(&self, time: SessionTime) -> i64 {
        let mut index = (time.secs_after(self.first) / self.step.secs_f64()).floor() as i64;
        // The division may be off by one where a point and the time are the same.
        while self.point(index) > time {
            index -= 1;
        }
        while self.point(index + 1) <= time {
            index += 1;
        }
        index
    }

    /// Nanoseconds from `time` to the nearest point.
    #[cfg(feature = "video")]
    pub(super) fn nanos_to_point(&self, time: SessionTime) -> i64 {
        let index = self.index_up_to(time);
        let off = |index: i64| self.point(index).nanos().abs_diff(time.nanos());
        i64::try_from(off(index).min(off(index + 1))).unwrap_or(i64::MAX)
    }
}

/// Takes every frame in order of time, gives each wanted one once.
pub(super) struct Picker<F> {
    grid: Option<PictureGrid>,
    /// First point that has no frame yet.
    next: i64,
    last: Option<(SessionTime, Option<F>)>,
    wanted: VecDeque<(SessionTime, F)>,
}

impl<F> Picker<F> {
    /// `None`: every frame is wanted.
    pub(super) fn new(grid: Option<PictureGrid>) -> Self {
        Self { grid, next: i64::MIN, last: None, wanted: VecDeque::new() }
    }

    /// Frames must come in order of time; one that does not is dropped.
    pub(super) fn push(&mut self, time: SessionTime, frame: F) {
        if self.last.as_ref().is_some_and(|(last, _)| time <= *last) {
            return;
        }
        let Some(grid) = self.grid else {
            self.last = Some((time, None));
            return self.wanted.push_back((time, frame));
        };
        let up_to = grid.index_up_to(time);
        let mut frame = Some(frame);
        if up_to >= self.next {
            let mut take_this = true;
            if let Some((last_time, last)) = &mut self.last {
                let nearer_to_last =
                    |index| grid.point(index).secs_after(*last_time) <= time.secs_after(grid.point(index));
                if nearer_to_last(self.next)
                    && let Some(last) = last.take()
                {
                    self.wanted.push_back((*last_time, last));
                }
                take_this = !nearer_to_last(up_to);
            }
            if take_this && let Some(frame) = frame.take() {
                self.wanted.push_back((time, frame));
            }
            self.next = up_to + 1;
        }
        self.last = Some((time, frame));
    }

    /// No more frames: the last one also stands for a point up to half a step after it.
    pub(super) fn finish(&mut self) {
        if let (Some(grid), Some((time, Some(frame)))) = (self.grid, self.last.take())
            && grid.point(self.next).secs_after(time) <= grid.step.secs_f64() / 2.0
        {
            self.wanted.push_back((time, frame));
        }
    }

    /// The next wanted frame that is certain.
    pub(super) fn pop(&mut self) -> Option<(SessionTime, F)> {
        self.wanted.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frame times and expected picks in milliseconds; grid of 80 ms from 0.
    fn check(times: &[i64], expect: &[i64]) {
        let grid = PictureGrid { first: SessionTime::ZERO, step: Step::new(2, 25).unwrap() };
        let mut picker = Picker::new(Some(grid));
        let mut out = Vec::new();
        for &ms in times {
            picker.push(SessionTime::from_millis(ms), ms);
            while let Some((time, frame)) = picker.pop() {
                assert_eq!(time.millis(), frame);
                out.push(frame);
            }
        }
        picker.finish();
        out.extend(std::iter::from_fn(|| picker.pop()).map(|(_, frame)| frame));
        assert_eq!(out, expect);
    }

    #[test]
    fn every_second_of_25_a_second() {
        check(&[0, 40, 80, 120, 160, 200], &[0, 80, 160, 200]);
        check(&[20, 60, 100, 140, 180], &[20, 60, 140]);
    }

    #[test]
    fn the_nearest_of_30_a_second() {
        check(&[0, 33, 67, 100, 133, 167, 200, 233, 267], &[0, 67, 167, 233]);
    }

    #[test]
    fn a_slow_film_gives_each_frame_once() {
        check(&[0, 500, 1000, 1500], &[0, 500, 1000, 1500]);
    }

    #[test]
    fn a_late_start_a_hole_and_a_step_back() {
        check(&[500, 540, 580, 5000, 4000, 5040], &[500, 540, 580, 5000, 5040]);
    }

    #[test]
    fn without_grid_every_frame() {
        let mut picker = Picker::new(None);
        for ms in [0, 40, 40, 80] {
            picker.push(SessionTime::from_millis(ms), ms);
        }
        picker.finish();
        assert_eq!(std::iter::from_fn(|| picker.pop()).map(|(_, f)| f).collect::<Vec<_>>(), [0, 40, 80]);
    }

    #[test]
    fn no_point_is_lost_or_drifts_at_29_97() {
        let grid = PictureGrid { first: SessionTime::ZERO, step: Step::new(2, 25).unwrap() };
        let film = Step::new(1001, 30_000).unwrap();
        let mut picker = Picker::new(Some(grid));
        for index in 0..90_000 {
            picker.push(SessionTime::from_nanos(film.nanos(index)), index);
        }
        picker.finish();
        let times: Vec<_> = std::iter::from_fn(|| picker.pop()).map(|(time, _)| time).collect();
        for (index, time) in times.iter().enumerate() {
            let off = time.secs_after(grid.point(index as i64));
            assert!(off.abs() <= film.secs_f64() / 2.0 + 1e-9, "{index}: {off}");
        }
        assert_eq!(times.len(), 37_538);
    }
}
