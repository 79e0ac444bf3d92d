//! Voices of neighbouring anchors that the windows between them hear as one.
//!
//! A window that lies across the border of two anchors hears the end of the one and the start of the other. Where one
//! of its voices goes with one voice on either side, those two are very likely one person, and their fingerprints may
//! be averaged: a fingerprint of six seconds is steadier than one of three.

use super::fingerprint::to_unit_length;
use super::listening::Window;
use super::segmentation::{FRAME_HOP, VOICES};
use crate::media::SOUND_RATE;

/// Speech in common on either side that makes a link, and a link of full strength, in seconds.
const LINK_SECS: f32 = 1.0;
const FULL_LINK_SECS: f32 = 2.0;
/// Share of the speech in common that must be with this one voice.
const CLEAR_SHARE: f32 = 0.8;

/// Seconds in which voice `[a]` of one window speaks while voice `[b]` of another does.
fn together_secs(a: &Window, b: &Window) -> [[f32; VOICES]; VOICES] {
    let mut secs = [[0.0; VOICES]; VOICES];
    let shift = b.start_sample as i64 - a.start_sample as i64;
    for (at, now) in a.frames.iter().enumerate() {
        let sample = (at * FRAME_HOP) as i64 - shift;
        let Ok(nearest) = usize::try_from((sample + FRAME_HOP as i64 / 2).div_euclid(FRAME_HOP as i64)) else {
            continue;
        };
        let Some(then) = b.frames.get(nearest) else { continue };
        for (row, &p) in secs.iter_mut().zip(&now.voices) {
            for (sum, &q) in row.iter_mut().zip(&then.voices) {
                *sum += f32::from(p) * f32::from(q) / (255.0 * 255.0) * FRAME_HOP as f32 / SOUND_RATE as f32;
            }
        }
    }
    secs
}

/// For each voice of the window between, the voice of the anchor it clearly goes with, and for how many seconds.
fn partners(between: &Window, anchor: &Window) -> [Option<(usize, f32)>; VOICES] {
    let secs = together_secs(between, anchor);
    std::array::from_fn(|voice| {
        let row = secs[voice];
        let best = (0..VOICES).max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a)))?;
        let of_voice: f32 = row.iter().sum();
        let of_partner: f32 = secs.iter().map(|row| row[best]).sum();
        let clear = row[best] >= LINK_SECS && row[best] >= CLEAR_SHARE * of_voice.max(of_partner);
        clear.then_some((best, row[best]))
    })
}

/// The fingerprints of every window, each averaged with those it is linked to; in the same order and of length 1.
pub(super) fn linked_prints(windows: &[Window]) -> Vec<Vec<Vec<f32>>> {
    let anchors: Vec<usize> = (0..windows.len()).filter(|&at| windows[at].anchor).collect();
    let mut linked: Vec<Vec<Vec<f32>>> = windows
        .iter()
        .map(|window| {
            let weighted = |print: &super::fingerprint::Print| {
                print.numbers.iter().map(|x| x * print.solo_secs.min(FULL_LINK_SECS)).collect()
            };
            window.prints.iter().map(weighted).collect()
        })
        .collect();
    let position = |window: usize, voice: usize| windows[window].prints.iter().position(|print| print.voice == voice);
    for pair in anchors.windows(2) {
        let (left, right) = (pair[0], pair[1]);
        // Strength of each link, from the window that shows it best.
        let mut strength = [[0.0f32; VOICES]; VOICES];
        for between in &windows[left + 1..right] {
            let (to_left, to_right) = (partners(between, &windows[left]), partners(between, &windows[right]));
            for (a, b) in to_left.into_iter().zip(to_right) {
                if let (Some((a, secs_a)), Some((b, secs_b))) = (a, b) {
                    strength[a][b] = strength[a][b].max((secs_a.min(secs_b) / FULL_LINK_SECS).min(1.0));
                }
            }
        }
        for (a, row) in strength.iter().enumerate() {
            for (b, &strength) in row.iter().enumerate().filter(|(_, strength)| **strength > 0.0) {
                let (Some(at_left), Some(at_right)) = (position(left, a), position(right, b)) else { continue };
                let mut take = |to: (usize, usize), from: (usize, usize)| {
                    let print = &windows[from.0].prints[from.1];
                    let weight = strength * print.solo_secs.min(FULL_LINK_SECS);
                    linked[to.0][to.1].iter_mut().zip(&print.numbers).for_each(|(sum, x)| *sum += x * weight);
                };
                take((left, at_left), (right, at_right));
                take((right, at_right), (left, at_left));
            }
        }
    }
    linked.iter_mut().flatten().for_each(|numbers| to_unit_length(numbers));
    linked
}

#[cfg(test)]
mod tests {
    use super::super::fingerprint::Print;
    use super::super::segmentation::{FRAMES, FrameVoices, WINDOW};
    use super::*;

    /// A window of 10 s in which `speaks(second of the recording)` gives the voice.
    fn window(start_secs: f32, anchor: bool, speaks: impl Fn(f32) -> Option<usize>) -> Window {
        let frames = (0..FRAMES)
            .map(|frame| {
                let secs = start_secs + (frame * FRAME_HOP) as f32 / SOUND_RATE as f32;
                let mut now = FrameVoices::default();
                if let Some(voice) = speaks(secs) {
                    now.voices[voice] = 255;
                    now.any = 255;
                }
                now
            })
            .collect();
        let print = |voice: usize, numbers: [f32; 2]| Print { voice, solo_secs: 3.0, numbers: numbers.to_vec() };
        let prints = if anchor { vec![print(0, [1.0, 0.0]), print(1, [0.0, 1.0])] } else { Vec::new() };
        Window { start_sample: (start_secs * SOUND_RATE as f32) as usize, anchor, frames, prints }
    }

    #[test]
    fn a_voice_across_the_border_links_both_sides() {
        // One person speaks from 6 to 14 s: voice 0 before the border, voice 1 after it, voice 2 of the window between.
        let person = |voice: usize| move |secs: f32| (6.0..14.0).contains(&secs).then_some(voice);
        let windows = [window(0.0, true, person(0)), window(5.0, false, person(2)), window(10.0, true, person(1))];
        let linked = linked_prints(&windows);
        let same = std::f32::consts::FRAC_1_SQRT_2;
        assert!((linked[0][0][0] - same).abs() < 1e-4 && (linked[2][1][0] - same).abs() < 1e-4, "{linked:?}");
        assert_eq!((&linked[0][1][..], &linked[2][0][..]), (&[0.0, 1.0][..], &[1.0, 0.0][..]));
        assert!(linked[1].is_empty() && WINDOW == 160_000);
    }

    #[test]
    fn a_window_that_mixes_two_links_nothing() {
        let two = |secs: f32| Some(if (secs as usize).is_multiple_of(2) { 0 } else { 1 });
        let windows = [window(0.0, true, two), window(5.0, false, |_| Some(0)), window(10.0, true, two)];
        assert_eq!(linked_prints(&windows)[0][0], [1.0, 0.0]);
    }
}
