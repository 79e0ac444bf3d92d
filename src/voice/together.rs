//! Parts of speech that windows hear as one local voice, or as two.

use std::collections::BTreeMap;

use super::grid::rows_inside;
use super::listening::{Part, Window};
use super::parts::loudest_voice;
use super::segmentation::VOICES;

/// Share of a part that must lie inside a window, and share of its heard rows that must have one voice, for the window
/// to say anything about it.
const CLEAR_SHARE: f32 = 0.8;
/// Share of a part's rows in which the window must hear a voice.
const HEARD_SHARE: f32 = 0.5;

/// For each part, the others it shares a window with: 1 where windows hear one voice in both, -1 where they hear two,
/// between if they disagree. In order of part. `sure_windows` more for than against make a tie of full strength.
pub(super) fn ties(windows: &[Window], parts: &[Part], sure_windows: f32) -> Vec<Vec<(usize, f32)>> {
    let mut counts: Vec<BTreeMap<usize, i32>> = vec![BTreeMap::new(); parts.len()];
    let end = parts.last().map_or(0, |part| part.rows.end);
    for window in windows {
        let inside = rows_inside(window.start_sample, end);
        let first = parts.partition_point(|part| part.rows.end <= inside.start);
        let voices: Vec<(usize, usize)> = parts[first..]
            .iter()
            .enumerate()
            .take_while(|(_, part)| part.rows.start < inside.end)
            .filter_map(|(at, part)| Some((first + at, voice_of(window, part, &inside)?)))
            .collect();
        for &(a, voice_a) in &voices {
            for &(b, voice_b) in voices.iter().filter(|(b, _)| *b != a) {
                *counts[a].entry(b).or_default() += if voice_a == voice_b { 1 } else { -1 };
            }
        }
    }
    let strength = |count: i32| (count as f32 / sure_windows).clamp(-1.0, 1.0);
    counts
        .into_iter()
        .map(|of_part| {
            of_part.into_iter().filter(|(_, count)| *count != 0).map(|(part, n)| (part, strength(n))).collect()
        })
        .collect()
}

/// The local voice that a window clearly hears in a part.
fn voice_of(window: &Window, part: &Part, inside: &std::ops::Range<usize>) -> Option<usize> {
    let common = part.rows.start.max(inside.start)..part.rows.end.min(inside.end);
    if (common.len() as f32) < CLEAR_SHARE * part.rows.len() as f32 {
        return None;
    }
    let mut counts = [0usize; VOICES];
    common.clone().filter_map(|row| loudest_voice(window, row)).for_each(|voice| counts[voice] += 1);
    let heard: usize = counts.iter().sum();
    let best = (0..VOICES).max_by_key(|&voice| (counts[voice], std::cmp::Reverse(voice)))?;
    let clear = heard as f32 >= HEARD_SHARE * common.len() as f32 && counts[best] as f32 >= CLEAR_SHARE * heard as f32;
    clear.then_some(best)
}

#[cfg(test)]
mod tests {
    use super::super::segmentation::{FRAME_HOP, FRAMES, FrameVoices};
    use super::*;
    use crate::media::SOUND_RATE;

    fn window(start_secs: usize, picture: &str) -> Window {
        let picture: Vec<char> = picture.chars().collect();
        let frames = (0..FRAMES)
            .map(|frame| {
                let mut now = FrameVoices::default();
                let second = frame * FRAME_HOP / SOUND_RATE as usize;
                if let Some(voice) = picture.get(second).and_then(|c| c.to_digit(10)) {
                    now.voices[voice as usize] = 255;
                    now.any = 255;
                }
                now
            })
            .collect();
        Window { start_sample: start_secs * SOUND_RATE as usize, frames }
    }

    #[test]
    fn one_voice_ties_two_voices_part_and_no_common_window_says_nothing() {
        let part = |from: usize, to: usize| Part { rows: from * 100..to * 100, print: None };
        let parts = [part(1, 2), part(3, 4), part(5, 6), part(14, 15)];
        let windows = [window(0, ".0.0.1...."), window(5, "2.........")];
        let ties = ties(&windows, &parts, 2.0);
        assert_eq!(ties[0], [(1, 0.5), (2, -0.5)]);
        assert_eq!(ties[2], [(0, -0.5), (1, -0.5)]);
        assert!(ties[3].is_empty());
        let twice = [windows[0].clone(), windows[0].clone(), windows[0].clone()];
        assert_eq!(super::ties(&twice, &parts, 2.0)[0], [(1, 1.0), (2, -1.0)]);
    }
}
