//! Whether two windows say the same of the time they share, so that nobody need listen to it once more.

use super::grid::{frame_of_row, rows_inside};
use super::listening::Window;
use super::segmentation::VOICES;

/// Every way to take the second window's voices for the first one's: their numbers hold within one window only.
const WAYS: [[usize; VOICES]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// Rows of 10 ms that both windows cover and in which they hear different people, with the voices taken for one another
/// as suits best. `a` begins no later than `b`. Rows within `edge` rows of an end of the shared time do not count: there
/// one of the two lacks what comes before or after.
pub(super) fn rows_apart(a: &Window, b: &Window, edge: usize) -> usize {
    let end = rows_inside(a.start_sample, usize::MAX).end;
    let shared = rows_inside(b.start_sample, end);
    let heard = |window: &Window, row: usize| {
        let frame = window.frames.get(frame_of_row(window.start_sample, row)).copied().unwrap_or_default();
        frame.voices.map(|voice| voice >= 128)
    };
    let mut apart = [0; WAYS.len()];
    for row in shared.start + edge..shared.end.saturating_sub(edge) {
        let (a, b) = (heard(a, row), heard(b, row));
        for (apart, way) in apart.iter_mut().zip(WAYS) {
            *apart += usize::from(a != way.map(|voice| b[voice]));
        }
    }
    apart.into_iter().min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::segmentation::{FRAME_HOP, FRAMES, FrameVoices};
    use super::*;
    use crate::media::SOUND_RATE;

    /// A window from one character per second: `0`, `1`, `2` a voice alone, `+` voices 0 and 1, `.` nobody.
    fn window(start_secs: usize, picture: &str) -> Window {
        let picture: Vec<char> = picture.chars().collect();
        let of = |voices: [u8; VOICES]| FrameVoices { voices, ..FrameVoices::default() };
        let frames = (0..FRAMES)
            .map(|frame| match picture.get(frame * FRAME_HOP / SOUND_RATE as usize) {
                Some('0') => of([255, 0, 0]),
                Some('1') => of([0, 255, 0]),
                Some('2') => of([0, 0, 255]),
                Some('+') => of([255, 255, 0]),
                _ => FrameVoices::default(),
            })
            .collect();
        Window { start_sample: start_secs * SOUND_RATE as usize, frames }
    }

    /// Rows apart of two windows, the second 6 s later, to the nearest second.
    fn check(a: &str, b: &str, expect: usize) {
        assert_eq!((rows_apart(&window(0, a), &window(6, b), 0) as f64 / 100.0).round() as usize, expect, "{a} {b}");
    }

    #[test]
    fn voices_may_have_other_numbers() {
        check("......0011", "1122......", 0);
        check("222222.0..", ".1..222222", 0);
        check("......0+11", "22+1......", 2);
        check("......0+1.", "1+2.......", 1);
    }

    #[test]
    fn who_speaks_and_how_many_both_count() {
        check("......0000", "0011......", 2);
        check("......00++", "0000......", 2);
        check("......00..", "..........", 2);
        check("..........", "..........", 0);
    }

    #[test]
    fn edges_do_not_count() {
        let (a, b) = (window(0, "......0001"), window(6, "1000......"));
        assert_eq!(rows_apart(&a, &b, 110), 0);
        assert_eq!(rows_apart(&a, &b, 300), 0);
    }
}
