//! Whose the local voices of each window are, by what they share in time with what is known.
//!
//! A window's voices are numbered within it only. Where parts of speech are known to be somebody's, the voice that speaks
//! in them is theirs, which tells who joins in where two speak. Without fingerprints nothing is known, and people are
//! followed from one window to the next.

use super::grid::row_of_frame;
use super::listening::{Part, Window};
use super::people::Whose;
use super::segmentation::{FRAME_HOP, VOICES};
use crate::media::SOUND_RATE;

/// Seconds in common below which two voices share nothing.
const LEAST_IN_COMMON: f32 = 0.1;

/// Whose a window's voice is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seat {
    /// Number of the person, from 0.
    pub person: usize,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
}

/// The seats of each window's voices; `None` for a voice that never speaks.
pub(super) type Seats = [Option<Seat>; VOICES];

/// Whether each voice of a window speaks at all.
fn speaks(window: &Window) -> [bool; VOICES] {
    std::array::from_fn(|voice| window.frames.iter().any(|frame| frame.voices[voice] >= 128))
}

/// Seats every voice of every window at one of `people` people, over `rows` rows of 10 ms. `whose` says whose each part
/// is; if none is anybody's, people are followed.
pub(super) fn seats(
    windows: &[Window],
    parts: &[Part],
    whose: &[Option<Whose>],
    people: usize,
    rows: usize,
) -> Vec<Seats> {
    let mut activity = Activity::new(people, rows);
    let mut follows = true;
    for (part, whose) in parts.iter().zip(whose) {
        if let Some(whose) = whose {
            activity.speaks_alone(&part.rows, whose.person);
            follows = false;
        }
    }
    windows.iter().map(|window| seats_of(window, &mut activity, follows)).collect()
}

/// Seats one window. `follows`: what it says is the only thing that the next one can go by.
fn seats_of(window: &Window, activity: &mut Activity, follows: bool) -> Seats {
    let people = activity.rows.len();
    let mut seats = [None; VOICES];
    let speaks = speaks(window);
    let voices: Vec<usize> = (0..VOICES).filter(|&voice| speaks[voice]).collect();
    let agreements: Vec<Vec<f32>> = voices.iter().map(|&voice| activity.agreement(window, voice)).collect();
    let best_of = |voice: usize| agreements[voice].iter().copied().fold(0.0, f32::max);
    let chosen = best_seats(&agreements, |a, b| 0.5 * best_of(a).min(best_of(b)));
    let mut open = Vec::new();
    for ((&voice, agreement), person) in voices.iter().zip(&agreements).zip(chosen) {
        let sum: f32 = agreement.iter().sum();
        if sum * FRAME_HOP as f32 / SOUND_RATE as f32 >= LEAST_IN_COMMON {
            seats[voice] = Some(Seat { person, confidence: agreement[person] / sum });
        } else {
            open.push((voice, person));
        }
    }
    for (voice, person) in open {
        let taken = |person: usize| seats.iter().flatten().any(|seat| seat.person == person);
        let free = (0..people).filter(|&person| !taken(person));
        // Another voice than those seated; somebody new rather than somebody known.
        let person = free.min_by_key(|&person| (activity.known[person], person)).unwrap_or(person);
        seats[voice] = Some(Seat { person, confidence: 1.0 / people.max(1) as f32 });
    }
    for (voice, seat) in seats.iter().enumerate().filter(|_| follows) {
        if let Some(seat) = seat {
            activity.add(window, voice, seat.person);
        }
    }
    seats
}

/// Tries every way to seat up to three voices. `gains[voice][person]` is what a seat is worth, `share(a, b)` what it
/// costs if two voices sit on one. The first of equal ways wins.
fn best_seats(gains: &[Vec<f32>], share: impl Fn(usize, usize) -> f32) -> Vec<usize> {
    let people = gains.first().map_or(0, Vec::len);
    let ways = people.pow(gains.len() as u32);
    let seats_of =
        |way: usize| -> Vec<usize> { (0..gains.len()).map(|voice| way / people.pow(voice as u32) % people).collect() };
    let worth = |seats: &[usize]| -> f32 {
        let gain: f32 = seats.iter().zip(gains).map(|(&person, row)| row[person]).sum();
        let pairs = (0..seats.len()).flat_map(|a| (a + 1..seats.len()).map(move |b| (a, b)));
        gain - pairs.filter(|&(a, b)| seats[a] == seats[b]).map(|(a, b)| share(a, b)).sum::<f32>()
    };
    let mut best = vec![0; gains.len()];
    let mut best_worth = f32::NEG_INFINITY;
    for way in 0..ways {
        let seats = seats_of(way);
        let worth = worth(&seats);
        if worth > best_worth {
            (best, best_worth) = (seats, worth);
        }
    }
    best
}

/// How much each person speaks in each row, as far as it is known.
struct Activity {
    rows: Vec<Vec<f32>>,
    /// Whether this person was heard at all up to now.
    known: Vec<bool>,
}

impl Activity {
    fn new(people: usize, rows: usize) -> Self {
        Self { rows: vec![vec![0.0; rows]; people], known: vec![false; people] }
    }

    fn speaks_alone(&mut self, rows: &std::ops::Range<usize>, person: usize) {
        self.known[person] = true;
        let end = rows.end.min(self.rows[person].len());
        self.rows[person][rows.start.min(end)..end].fill(1.0);
    }

    fn add(&mut self, window: &Window, voice: usize, person: usize) {
        self.known[person] = true;
        for (frame, now) in window.frames.iter().enumerate() {
            let row = row_of_frame(window.start_sample, frame);
            if let Some(sum) = self.rows[person].get_mut(row) {
                *sum += f32::from(now.voices[voice]) / 255.0;
            }
        }
    }

    /// How much a voice of a window speaks when each person does, in frames.
    fn agreement(&self, window: &Window, voice: usize) -> Vec<f32> {
        let rows = |person: &Vec<f32>| {
            let frames = window.frames.iter().enumerate();
            frames
                .map(|(frame, now)| {
                    let row = row_of_frame(window.start_sample, frame);
                    f32::from(now.voices[voice]) / 255.0 * person.get(row).copied().unwrap_or(0.0)
                })
                .sum()
        };
        self.rows.iter().map(rows).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::segmentation::{FRAMES, FrameVoices};
    use super::*;

    /// A window from one character per second: `0`, `1`, `2` a voice alone, `.` nobody.
    fn window(start_secs: usize, picture: &str) -> Window {
        let picture: Vec<char> = picture.chars().collect();
        let frames: Vec<FrameVoices> = (0..FRAMES)
            .map(|frame| {
                let second = frame * FRAME_HOP / SOUND_RATE as usize;
                let mut now = FrameVoices::default();
                if let Some(voice) = picture.get(second).and_then(|c| c.to_digit(10)) {
                    now.voices[voice as usize] = 255;
                    now.any = 255;
                }
                now
            })
            .collect();
        Window { start_sample: start_secs * SOUND_RATE as usize, frames }
    }

    /// The person in each seat, as `window:voice=person`. Parts: from and to second, person.
    fn check(windows: &[Window], parts: &[(usize, usize, usize)], people: usize, expect: &str) {
        let list: Vec<Part> =
            parts.iter().map(|&(from, to, _)| Part { rows: from * 100..to * 100, print: None }).collect();
        let whose: Vec<_> = parts.iter().map(|&(.., person)| Some(Whose { person, confidence: 1.0 })).collect();
        let seats = seats(windows, &list, &whose, people, 6000);
        let mut found = Vec::new();
        for (at, seats) in seats.iter().enumerate() {
            for (voice, seat) in seats.iter().enumerate() {
                if let Some(seat) = seat {
                    assert!((0.0..=1.0).contains(&seat.confidence), "{seat:?}");
                    found.push(format!("{at}:{voice}={}", seat.person));
                }
            }
        }
        assert_eq!(found.join(" "), expect);
    }

    #[test]
    fn voices_are_theirs_in_whose_parts_they_speak() {
        let windows = [window(0, "000..11111"), window(5, "00000111.."), window(10, "000.......")];
        check(&windows, &[(0, 3, 1), (5, 10, 0), (10, 12, 1)], 2, "0:0=1 0:1=0 1:0=0 1:1=1 2:0=1");
    }

    #[test]
    fn a_voice_of_which_nothing_is_known_is_somebody_else() {
        check(&[window(0, "000..1....")], &[(0, 3, 1)], 2, "0:0=1 0:1=0");
    }

    #[test]
    fn without_fingerprints_people_are_followed_through_what_windows_share() {
        let windows = [window(0, "000..111.."), window(2, "1..222...."), window(4, ".000..11.."), window(6, "")];
        check(&windows, &[], 2, "0:0=0 0:1=1 1:1=0 1:2=1 2:0=1 2:1=0");
        check(&[], &[], 2, "");
    }
}
