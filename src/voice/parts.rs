//! Where one person speaks alone, cut where another takes over.
//!
//! The segmentation network hears who of up to three local voices speaks, but a window often gives two people one local
//! voice. Windows overlap, and a change that one of them missed another one heard: speech is therefore cut wherever any
//! window changes voices, and what is long is cut into equal parts. A part is short enough to be one person's and long
//! enough to be fingerprinted by itself.

use std::ops::Range;

use super::grid::{Blend, frame_of_row, rows_inside};
use super::listening::Window;
use super::odds::Rows;
use super::segmentation::{FrameVoices, VOICES, WINDOW};
use super::settings::{Parts, Settings};
use crate::media::SOUND_RATE;

/// Rows of one second.
const ROWS_PER_SEC: f64 = 100.0;
/// A change of voices is at the middle of the rows in which neither is heard, if they are fewer than this.
const MOST_BETWEEN: usize = 30;

fn rows_of_secs(secs: crate::time::Secs) -> usize {
    (secs.0.as_secs_f64() * ROWS_PER_SEC).round() as usize
}

/// The local voice that a window hears most in a row, if it hears one.
pub(super) fn loudest_voice(window: &Window, row: usize) -> Option<usize> {
    let now: &FrameVoices = window.frames.get(frame_of_row(window.start_sample, row))?;
    let loudest = (0..VOICES).max_by_key(|&voice| (now.voices[voice], std::cmp::Reverse(voice)))?;
    (now.voices[loudest] >= 128).then_some(loudest)
}

/// Rows of a window that lie inside `rows` and not within `edge` rows of an end of the window that is none of the
/// recording's: there the network lacks what comes before or after.
fn trusted(window: &Window, rows: &Range<usize>, edge: usize, last_sample: usize) -> Range<usize> {
    let inside = rows_inside(window.start_sample, rows.end);
    let from = if window.start_sample == 0 { inside.start } else { inside.start + edge };
    let cut = if window.start_sample + WINDOW < last_sample { edge } else { 0 };
    from.max(rows.start)..inside.end.saturating_sub(cut).max(from.max(rows.start))
}

/// Rows at which some window changes from one voice to another while nobody else speaks.
fn changes(windows: &[&Window], rows: &Range<usize>, alone: &[bool], settings: &Parts, samples: usize) -> Vec<usize> {
    let edge = rows_of_secs(settings.edge_secs);
    let mut changes = Vec::new();
    for window in windows {
        let mut last: Option<(usize, usize)> = None;
        for row in trusted(window, rows, edge, samples) {
            if !alone[row - rows.start] {
                continue;
            }
            let Some(voice) = loudest_voice(window, row) else { continue };
            if let Some((before, at)) = last
                && before != voice
            {
                changes.push(if row - at < MOST_BETWEEN { (at + row).div_ceil(2) } else { row });
            }
            last = Some((voice, row));
        }
    }
    changes.sort_unstable();
    // What several windows say of one change differs by some frames.
    let merge = rows_of_secs(settings.same_change_secs);
    let near = changes.chunk_by(|a, b| b - a < merge);
    near.map(|near| (near.iter().sum::<usize>() as f64 / near.len() as f64).round() as usize).collect()
}

/// The parts in these rows of a recording of so many samples, in order: spans of rows in which one person speaks alone.
/// `windows` are all that reach into the rows; `first` is what the first pass says of the rows, or empty.
pub(super) fn parts(
    windows: &[&Window],
    rows: Range<usize>,
    samples: usize,
    first: &[f32],
    settings: &Settings,
) -> Vec<Range<usize>> {
    let edge_weight = settings.segmentation.edge_weight;
    let Some(from) = windows.iter().map(|w| w.start_sample).min() else { return Vec::new() };
    // Rows are blended from the first window's start on; those before the asked ones are thrown away.
    let first_row = (from / super::grid::ROW).min(rows.start);
    let blended = |value: &dyn Fn(&FrameVoices) -> u8| {
        let mut blend = Blend::new(rows.end - first_row, edge_weight);
        for window in windows {
            let start = window.start_sample - first_row * super::grid::ROW;
            blend.add(start, window.frames.len(), |frame| f32::from(value(&window.frames[frame])) / 255.0);
        }
        blend.into_means().split_off(rows.start - first_row)
    };
    // How much overlap the recording holds is not known before its end, so its odds are the usual ones.
    let said = Rows { any: blended(&|frame| frame.any), two: blended(&|frame| frame.two) }.weighed(
        settings.segmentation.speech_odds,
        settings.overlap.odds,
        first,
        &settings.first_pass,
    );
    let settings = &settings.parts;
    let alone: Vec<bool> = said.any.iter().zip(&said.two).map(|(&any, &two)| any >= 0.5 && two < 0.5).collect();
    let cuts = changes(windows, &rows, &alone, settings, samples);
    let longest = rows_of_secs(settings.longest_secs).max(1);
    let shortest = rows_of_secs(settings.shortest_secs).max(1);
    let mut parts = Vec::new();
    let mut at = 0;
    for run in alone.chunk_by(|a, b| a == b) {
        let (start, end) = (rows.start + at, rows.start + at + run.len());
        at += run.len();
        if !run[0] {
            continue;
        }
        let inner = cuts.iter().copied().filter(|&cut| cut > start && cut < end);
        let borders: Vec<usize> = std::iter::once(start).chain(inner).chain([end]).collect();
        for pair in borders.windows(2) {
            let (start, length) = (pair[0], pair[1] - pair[0]);
            let count = length.div_ceil(longest);
            parts.extend((0..count).map(|n| start + length * n / count..start + length * (n + 1) / count));
        }
    }
    parts.retain(|part| part.len() >= shortest);
    parts
}

/// Seconds of a part.
pub(super) fn part_secs(part: &Range<usize>) -> f32 {
    (part.len() as f64 / ROWS_PER_SEC) as f32
}

/// Samples of a stretch of whole seconds.
pub(super) const fn samples_of(secs: usize) -> usize {
    secs * SOUND_RATE as usize
}

#[cfg(test)]
mod tests {
    use super::super::segmentation::{FRAME_HOP, FRAMES};
    use super::super::settings::tests::default_settings;
    use super::*;

    /// A window from one character per half second: `0`, `1`, `2` a voice alone, `+` voices 0 and 1, `.` nobody.
    fn window(start_secs: usize, picture: &str) -> Window {
        let picture: Vec<char> = picture.chars().collect();
        let frames = (0..FRAMES)
            .map(|frame| match picture.get(frame * FRAME_HOP * 2 / SOUND_RATE as usize) {
                Some('+') => FrameVoices { voices: [255, 255, 0], any: 255, two: 255 },
                Some(c) if c.is_ascii_digit() => {
                    let mut now = FrameVoices { any: 255, ..FrameVoices::default() };
                    now.voices[*c as usize - '0' as usize] = 255;
                    now
                }
                _ => FrameVoices::default(),
            })
            .collect();
        Window { start_sample: samples_of(start_secs), frames }
    }

    /// Parts in tenths of a second, rounded.
    fn check(windows: &[Window], secs: usize, expect: &[(usize, usize)]) {
        let windows: Vec<&Window> = windows.iter().collect();
        let parts = parts(&windows, 0..secs * 100, samples_of(secs), &[], &default_settings());
        let tenths = |row: usize| (row as f64 / 10.0).round() as usize;
        let found: Vec<_> = parts.iter().map(|part| (tenths(part.start), tenths(part.end))).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn speech_is_cut_where_the_voice_changes_and_where_it_is_long() {
        check(&[window(0, "..0011......0000....")], 10, &[(10, 20), (20, 30), (60, 70), (70, 80)]);
        check(&[window(0, "000000..............")], 10, &[(0, 15), (15, 30)]);
    }

    #[test]
    fn a_change_that_one_window_missed_another_one_tells() {
        let windows = [window(0, "......0000......"), window(1, "....0011....")];
        check(&windows, 11, &[(30, 40), (40, 50)]);
    }

    #[test]
    fn overlap_and_silence_are_no_part() {
        check(&[window(0, "..00++11..")], 10, &[(10, 20), (30, 40)]);
        check(&[window(0, "")], 10, &[]);
        check(&[], 10, &[]);
    }
}
