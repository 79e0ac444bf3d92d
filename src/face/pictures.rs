//! Pictures on the grid of the tracks, and where the camera cuts.

use opencv::core::{Mat, Size};
use opencv::imgproc::{COLOR_BGR2GRAY, INTER_LINEAR, cvt_color, resize};
use opencv::prelude::*;

use super::settings::Follow;
use super::{FaceError, library};
use crate::media::Frame;
use crate::time::{FrameGrid, SessionTime, Step};

/// Longest recording whose rows are kept, hours: a time stamp beyond is a damaged one.
const MAX_HOURS: f64 = 48.0;

/// Gives each place of the grid the picture nearest to it.
pub struct Placer {
    step: Step,
    /// Whether the grid starts at the first picture itself.
    from_first: bool,
    first: Option<SessionTime>,
    /// The best picture of the latest place, how far from the place in steps, and the place.
    waiting: Option<(usize, f64, Frame)>,
    len: usize,
    /// Pictures whose time was before the one before, or too far away.
    pub misplaced: u64,
}

/// A picture and its place on the grid.
pub type Placed = (usize, Frame);

impl Placer {
    /// No picture yet; the grid will be of the multiples of `step`.
    pub fn new(step: Step) -> Self {
        Self { step, from_first: false, first: None, waiting: None, len: 0, misplaced: 0 }
    }

    /// No picture yet; the grid will start at the first one. For pictures that come in this step: none can then lie in
    /// the middle between two places and leave one of them empty.
    pub fn from_first(step: Step) -> Self {
        Self { from_first: true, ..Self::new(step) }
    }

    /// Takes the next picture; hands out the one before as soon as no better one can come for its place.
    pub fn push(&mut self, frame: Frame) -> Option<Placed> {
        let first = *self.first.get_or_insert_with(|| match self.from_first {
            true => frame.time,
            false => grid_time_at_or_after(frame.time, self.step),
        });
        let steps = frame.time.secs_after(first) / self.step.secs_f64();
        let place = (steps + 0.5).floor();
        let off = (steps - place).abs();
        if place < 0.0 {
            // Before the first place of the grid: the first picture itself may lie there.
            self.misplaced += u64::from(place < -1.0);
            return None;
        }
        if place * self.step.secs_f64() > MAX_HOURS * 3600.0 || (place as usize) + 1 < self.len {
            self.misplaced += 1;
            return None;
        }
        let place = place as usize;
        match &self.waiting {
            Some((held, held_off, _)) if *held == place => {
                if off < *held_off {
                    self.waiting = Some((place, off, frame));
                }
                None
            }
            _ => {
                self.len = place + 1;
                let ready = self.waiting.replace((place, off, frame));
                ready.map(|(place, _, frame)| (place, frame))
            }
        }
    }

    /// The last picture.
    pub fn finish(&mut self) -> Option<Placed> {
        self.waiting.take().map(|(place, _, frame)| (place, frame))
    }

    /// The grid of all pictures so far; empty before the first.
    pub fn grid(&self) -> FrameGrid {
        FrameGrid { first: self.first.unwrap_or(SessionTime::ZERO), step: self.step, len: self.len }
    }
}

/// The first multiple of `step` from the session's zero that is not before `time`.
fn grid_time_at_or_after(time: SessionTime, step: Step) -> SessionTime {
    let mut count = (time.secs_f64() / step.secs_f64()).ceil() as i64;
    while step.nanos(count.saturating_sub(1)) >= time.nanos() && count > i64::MIN + 1 {
        count -= 1;
    }
    while step.nanos(count) < time.nanos() && count < i64::MAX {
        count += 1;
    }
    SessionTime::from_nanos(step.nanos(count))
}

/// Sees camera cuts by comparing small grey versions of two pictures.
#[derive(Default)]
pub struct CutWatch {
    small: Mat,
    grey: Mat,
    before: Vec<f32>,
}

impl CutWatch {
    /// Whether the camera cut between the picture before and this one; `false` for the first.
    ///
    /// # Errors
    /// [`FaceError::OpenCv`].
    pub fn is_cut(&mut self, picture: &Mat, settings: &Follow) -> Result<bool, FaceError> {
        resize(picture, &mut self.small, Size::new(64, 36), 0.0, 0.0, INTER_LINEAR)
            .and_then(|()| cvt_color(&self.small, &mut self.grey, COLOR_BGR2GRAY, 0))
            .map_err(library("scaling a picture"))?;
        let pixels = self.grey.data_bytes().map_err(library("reading a picture"))?;
        let now: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
        let before = std::mem::replace(&mut self.before, now);
        if before.len() != self.before.len() {
            return Ok(false);
        }
        let (difference, correlation) = compare(&before, &self.before);
        Ok(difference > settings.cut_difference && correlation < settings.cut_correlation)
    }
}

/// Mean difference and correlation; the correlation with an even picture is 0.
fn compare(a: &[f32], b: &[f32]) -> (f32, f32) {
    let count = a.len().max(1) as f32;
    let mean = |values: &[f32]| values.iter().sum::<f32>() / count;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut difference, mut both, mut square_a, mut square_b) = (0.0, 0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        difference += (x - y).abs();
        both += (x - mean_a) * (y - mean_b);
        square_a += (x - mean_a).powi(2);
        square_b += (y - mean_b).powi(2);
    }
    let spread = (square_a * square_b).sqrt();
    (difference / count, if spread > 1.0 { both / spread } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_pictures_fill_each_place() {
        // 8 a second, stamps to the ms with some jitter, the first in the middle between two multiples.
        let mut placer = Placer::from_first(Step::new(1, 8).unwrap());
        let times = (0..50).map(|i| 1062 + i * 125 + [0, 9, -7][i as usize % 3]);
        let mut places: Vec<usize> = Vec::new();
        for ms in times {
            let placed = placer.push(Frame { time: SessionTime::from_millis(ms), image: Mat::default() });
            places.extend(placed.map(|(place, _)| place));
        }
        places.extend(placer.finish().map(|(place, _)| place));
        assert_eq!(places, (0..50).collect::<Vec<_>>());
        assert_eq!(placer.grid().first, SessionTime::from_millis(1062));
    }

    /// Times of pictures in ms; expected: place on the grid and time of the picture it got.
    fn check(times_ms: &[i64], first_ms: i64, expect: &[(usize, i64)]) {
        let mut placer = Placer::new(Step::new(2, 25).unwrap());
        let mut placed = Vec::new();
        for &ms in times_ms {
            placed.extend(placer.push(Frame { time: SessionTime::from_millis(ms), image: Mat::default() }));
        }
        placed.extend(placer.finish());
        let found: Vec<_> = placed.iter().map(|(place, frame)| (*place, frame.time.millis())).collect();
        assert_eq!(found, expect);
        assert_eq!(placer.grid().first, SessionTime::from_millis(first_ms));
        assert_eq!(placer.grid().len, expect.last().map_or(0, |(place, _)| place + 1));
    }

    #[test]
    fn each_place_gets_its_nearest_picture() {
        check(&[0, 40, 80, 120, 160], 0, &[(0, 0), (1, 80), (2, 160)]);
        check(&[0, 33, 67, 100, 133, 167], 0, &[(0, 0), (1, 67), (2, 167)]);
    }

    #[test]
    fn the_grid_starts_at_or_after_the_first_picture() {
        check(&[540, 580, 620, 660], 560, &[(0, 540), (1, 620)]);
        check(&[-100, -20, 60], -80, &[(0, -100), (1, -20), (2, 60)]);
    }

    #[test]
    fn a_hole_stays_a_hole() {
        check(&[0, 80, 400, 480], 0, &[(0, 0), (1, 80), (5, 400), (6, 480)]);
    }

    #[test]
    fn times_that_jump_back_or_far_away_are_left_out() {
        check(&[0, 80, 160, 0, 80, 9_000_000_000_000, 240], 0, &[(0, 0), (1, 80), (2, 160), (3, 240)]);
        check(&[], 0, &[]);
    }

    #[test]
    fn a_cut_is_another_picture_and_a_flash_is_not() {
        let settings = crate::face::settings::tests::shipped().follow;
        let picture = |f: &dyn Fn(usize) -> u8| {
            let bytes: Vec<u8> = (0..64 * 36).flat_map(|i| [f(i); 3]).collect();
            Mat::from_bytes::<opencv::core::Vec3b>(&bytes).unwrap().reshape(3, 36).unwrap().clone_pointee()
        };
        let one = picture(&|i| (i % 64 * 3) as u8);
        let brighter = picture(&|i| (i % 64 * 3 + 50) as u8);
        let other = picture(&|i| 255 - (i / 64 * 7) as u8);
        let mut watch = CutWatch::default();
        assert!(!watch.is_cut(&one, &settings).unwrap(), "the first");
        assert!(!watch.is_cut(&brighter, &settings).unwrap(), "a flash");
        assert!(watch.is_cut(&other, &settings).unwrap(), "a cut");
        assert!(!watch.is_cut(&other, &settings).unwrap(), "nothing");
    }
}
