//! From voices that hold for ten seconds to people who hold for the whole recording.
//!
//! Anchors (windows side by side) are told apart by fingerprints: Ward clustering into the expected number of people,
//! then every anchor is seated anew against the people's mean fingerprints, where sharing a seat costs something:
//! voices that the segmentation tells apart within a window are rarely one person. The windows between are seated by
//! what they share with the anchors in time.

use kodama::{Method, linkage};

use super::fingerprint::{cosine, to_unit_length};
use super::grid::row_of_frame;
use super::links::linked_prints;
use super::listening::Window;
use super::segmentation::{FRAME_HOP, VOICES};
use super::settings::People;
use crate::media::SOUND_RATE;

/// Speech from which on more of it does not make a fingerprint count more, in seconds.
const FULL_WEIGHT_SECS: f32 = 2.0;
/// Rounds of seating and averaging; it usually stands still after three.
const MOST_ROUNDS: usize = 10;

/// Whose a window's voice is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seat {
    /// Number of the person, from 0.
    pub person: usize,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
}

/// Who sits where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seating {
    /// Number of people.
    pub people: usize,
    /// For each window, the seat of each of its voices; `None` if that voice never speaks.
    pub windows: Vec<[Option<Seat>; VOICES]>,
}

/// One fingerprint and where it is from.
struct Item<'a> {
    window: usize,
    voice: usize,
    solo_secs: f32,
    numbers: &'a [f32],
}

/// Seconds in which each voice of a window speaks.
fn spoken_secs(window: &Window) -> [f32; VOICES] {
    std::array::from_fn(|voice| {
        let frames = window.frames.iter().filter(|frame| frame.voices[voice] >= 128).count();
        (frames * FRAME_HOP) as f32 / SOUND_RATE as f32
    })
}

/// Seats every voice of every window at one of at most `expected` people, over `rows` rows of 10 ms.
pub(super) fn seat_everyone(
    windows: &[Window],
    rows: usize,
    expected: usize,
    train_secs: f32,
    settings: &People,
) -> Seating {
    let spoken: Vec<_> = windows.iter().map(spoken_secs).collect();
    let mut seats: Vec<[Option<Seat>; VOICES]> = vec![[None; VOICES]; windows.len()];
    let linked = linked_prints(windows);
    let items: Vec<Item<'_>> = windows
        .iter()
        .zip(&linked)
        .enumerate()
        .flat_map(|(at, (window, linked))| {
            window.prints.iter().zip(linked).map(move |(print, numbers)| Item {
                window: at,
                voice: print.voice,
                solo_secs: print.solo_secs,
                numbers,
            })
        })
        .collect();
    let means = if items.is_empty() { Vec::new() } else { people_of(&items, &spoken, expected, train_secs, settings) };
    let people = if means.is_empty() { expected } else { means.len() };
    let mut activity = Activity::new(people, rows);

    for (window, group) in by_window(&items) {
        let likeness: Vec<Vec<f32>> = group.iter().map(|item| likeness(item, &means)).collect();
        for ((item, person), likeness) in group.iter().zip(seat_group(group, &likeness, settings)).zip(&likeness) {
            let others = likeness.iter().enumerate().filter(|(other, _)| *other != person).map(|(_, &l)| l);
            let margin = likeness[person] - others.fold(f32::NEG_INFINITY, f32::max);
            let confidence = 1.0 / (1.0 + (-margin / settings.margin_scale).exp());
            seats[window][item.voice] = Some(Seat { person, confidence });
            activity.add(&windows[window], item.voice, person);
        }
    }
    // Windows between anchors first, so that what an anchor could not fingerprint finds support in them.
    for anchors in [false, true] {
        for (at, window) in windows.iter().enumerate().filter(|(_, window)| window.anchor == anchors) {
            if means.is_empty() {
                continue;
            }
            seat_by_time(window, &spoken[at], &mut seats[at], &mut activity);
        }
    }
    if means.is_empty() {
        // Nothing to tell people apart by: from one window to the next.
        for (at, window) in windows.iter().enumerate() {
            seat_by_time(window, &spoken[at], &mut seats[at], &mut activity);
        }
    }
    Seating { people, windows: seats }
}

/// Items of each window, in order.
fn by_window<'a, 'b>(items: &'a [Item<'b>]) -> impl Iterator<Item = (usize, &'a [Item<'b>])> {
    items.chunk_by(|a, b| a.window == b.window).filter_map(|group| Some((group.first()?.window, group)))
}

fn likeness(item: &Item<'_>, means: &[Vec<f32>]) -> Vec<f32> {
    means.iter().map(|mean| cosine(item.numbers, mean)).collect()
}

fn weight(item: &Item<'_>) -> f32 {
    (item.solo_secs / FULL_WEIGHT_SECS).min(1.0)
}

/// The best seats for the voices of one window: as like as possible, and apart unless that costs too much likeness.
fn seat_group(group: &[Item<'_>], likeness: &[Vec<f32>], settings: &People) -> Vec<usize> {
    let gains: Vec<Vec<f32>> =
        group.iter().zip(likeness).map(|(item, row)| row.iter().map(|l| l * weight(item)).collect()).collect();
    best_seats(&gains, |a, b| settings.same_window_cost * weight(&group[a]).min(weight(&group[b])))
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

/// The mean fingerprint of each person, at most `expected`; fewer where voices are too alike or speak too little.
fn people_of(
    items: &[Item<'_>],
    spoken: &[[f32; VOICES]],
    expected: usize,
    train_secs: f32,
    settings: &People,
) -> Vec<Vec<f32>> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|&a, &b| items[b].solo_secs.total_cmp(&items[a].solo_secs).then(a.cmp(&b)));
    let long = order.iter().take_while(|&&item| items[item].solo_secs >= train_secs).count();
    let mut training: Vec<usize> = order[..long.max(expected.min(order.len()))].to_vec();
    training.sort_unstable();

    let labels = ward(&training.iter().map(|&item| items[item].numbers).collect::<Vec<_>>(), expected);
    let mut of_person: Vec<Option<usize>> = vec![None; items.len()];
    for (&item, label) in training.iter().zip(labels) {
        of_person[item] = Some(label);
    }
    let mut means = mean_prints(items, &of_person, expected);
    loop {
        for _ in 0..MOST_ROUNDS {
            let mut seated: Vec<Option<usize>> = Vec::with_capacity(items.len());
            for (_, group) in by_window(items) {
                let likeness: Vec<Vec<f32>> = group.iter().map(|item| likeness(item, &means)).collect();
                seated.extend(seat_group(group, &likeness, settings).into_iter().map(Some));
            }
            let stands = seated == of_person;
            of_person = seated;
            if stands {
                break;
            }
            let mut shaping = vec![None; items.len()];
            training.iter().for_each(|&item| shaping[item] = of_person[item]);
            let next = mean_prints(items, &shaping, means.len());
            if next.len() < means.len() {
                // A person nobody is seated at any more.
                means = next;
                of_person = vec![None; items.len()];
                continue;
            }
            means = next;
        }
        let Some(next) = without_one(items, &of_person, spoken, &means, settings) else { return means };
        means = next;
        of_person = vec![None; items.len()];
    }
}

/// The people with one fewer, if two are too alike (they become one) or one speaks too little (it goes); `None` if all
/// may stay.
fn without_one(
    items: &[Item<'_>],
    of_person: &[Option<usize>],
    spoken: &[[f32; VOICES]],
    means: &[Vec<f32>],
    settings: &People,
) -> Option<Vec<Vec<f32>>> {
    if means.len() < 2 {
        return None;
    }
    let mut secs = vec![0.0; means.len()];
    for (item, person) in items.iter().zip(of_person) {
        if let Some(person) = person {
            secs[*person] += spoken[item.window][item.voice];
        }
    }
    let pairs = (0..means.len()).flat_map(|a| (a + 1..means.len()).map(move |b| (a, b)));
    let alike = pairs
        .map(|(a, b)| (cosine(&means[a], &means[b]), a, b))
        .max_by(|x, y| x.0.total_cmp(&y.0))
        .filter(|(likeness, ..)| *likeness > settings.same_voice);
    let min_secs = settings.min_speech_secs.0.as_secs_f32();
    let short = (0..means.len()).filter(|&p| secs[p] < min_secs).min_by(|&a, &b| secs[a].total_cmp(&secs[b]));
    let mut rest = means.to_vec();
    if let Some((_, a, b)) = alike {
        let gone = rest.remove(b);
        let (weight_a, weight_b) = (secs[a], secs[b]);
        rest[a].iter_mut().zip(gone).for_each(|(x, y)| *x = *x * weight_a + y * weight_b);
        to_unit_length(&mut rest[a]);
    } else {
        rest.remove(short?);
    }
    Some(rest)
}

/// Ward clustering of fingerprints into at most `count` groups, numbered in order of their first member.
fn ward(prints: &[&[f32]], count: usize) -> Vec<usize> {
    let mut distances = Vec::with_capacity(prints.len() * prints.len().saturating_sub(1) / 2);
    for (at, a) in prints.iter().enumerate() {
        distances.extend(prints[at + 1..].iter().map(|b| (2.0 - 2.0 * cosine(a, b)).max(0.0).sqrt()));
    }
    // A group is a tree in which each member knows another; merging all but the last steps leaves `count` of them.
    let mut parent: Vec<usize> = (0..2 * prints.len()).collect();
    if prints.len() > 1 {
        let tree = linkage(&mut distances, prints.len(), Method::Ward);
        let merged = prints.len() - count.clamp(1, prints.len());
        for (step, merge) in tree.steps().iter().enumerate().take(merged) {
            parent[merge.cluster1] = prints.len() + step;
            parent[merge.cluster2] = prints.len() + step;
        }
    }
    let root = |mut at: usize| {
        while parent[at] != at {
            at = parent[at];
        }
        at
    };
    let mut roots = Vec::new();
    (0..prints.len())
        .map(|at| {
            let root = root(at);
            roots.iter().position(|&known| known == root).unwrap_or_else(|| {
                roots.push(root);
                roots.len() - 1
            })
        })
        .collect()
}

/// The mean of each person's fingerprints, weighted by speech; people without any are left out.
fn mean_prints(items: &[Item<'_>], of_person: &[Option<usize>], people: usize) -> Vec<Vec<f32>> {
    let length = items.first().map_or(0, |item| item.numbers.len());
    let mut sums = vec![(0.0, vec![0.0; length]); people];
    for (item, person) in items.iter().zip(of_person) {
        let Some((total, sum)) = person.and_then(|person| sums.get_mut(person)) else { continue };
        *total += weight(item);
        sum.iter_mut().zip(item.numbers).for_each(|(sum, x)| *sum += x * weight(item));
    }
    let spoke = sums.into_iter().filter(|(total, _)| *total > 0.0);
    spoke
        .map(|(_, mut mean)| {
            to_unit_length(&mut mean);
            mean
        })
        .collect()
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

    fn add(&mut self, window: &Window, voice: usize, person: usize) {
        self.known[person] = true;
        for (frame, now) in window.frames.iter().enumerate() {
            let row = row_of_frame(window.start_sample, frame);
            if let Some(sum) = self.rows[person].get_mut(row) {
                *sum += f32::from(now.voices[voice]) / 255.0;
            }
        }
    }

    /// How much a voice of a window speaks when each person does.
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

/// Seats the voices of a window that have no seat yet, by what is known of the same moments.
fn seat_by_time(window: &Window, spoken: &[f32; VOICES], seats: &mut [Option<Seat>; VOICES], activity: &mut Activity) {
    let people = activity.rows.len();
    let open: Vec<usize> = (0..VOICES).filter(|&voice| seats[voice].is_none() && spoken[voice] > 0.0).collect();
    let agreements: Vec<Vec<f32>> = open.iter().map(|&voice| activity.agreement(window, voice)).collect();
    let best_of = |voice: usize| agreements[voice].iter().copied().fold(0.0, f32::max);
    let chosen = best_seats(&agreements, |a, b| 0.5 * best_of(a).min(best_of(b)));
    for ((&voice, agreement), person) in open.iter().zip(&agreements).zip(chosen) {
        let sum: f32 = agreement.iter().sum();
        // Less than a tenth of a second in common says nothing.
        let seat = if sum * FRAME_HOP as f32 / SOUND_RATE as f32 >= 0.1 {
            Seat { person, confidence: agreement[person] / sum }
        } else {
            let taken = |person: usize| seats.iter().flatten().any(|seat| seat.person == person);
            let free = (0..people).filter(|&person| !taken(person));
            // Another voice than those seated; somebody new rather than somebody known.
            let person = free.min_by_key(|&person| (activity.known[person], person)).unwrap_or(person);
            Seat { person, confidence: 1.0 / people.max(1) as f32 }
        };
        seats[voice] = Some(seat);
        activity.add(window, voice, seat.person);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fingerprint::Print;
    use super::super::segmentation::{FRAMES, FrameVoices};
    use super::super::settings::tests::default_settings;
    use super::*;

    /// A fingerprint in a plane, at this angle.
    fn print_at(degrees: f32) -> Vec<f32> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        vec![cos, sin]
    }

    /// A window from one character per second: `0`, `1`, `2` a voice alone, `.` nobody. `prints` gives voices and
    /// angles.
    fn window(start_secs: usize, picture: &str, prints: &[(usize, f32)]) -> Window {
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
        let print = |&(voice, degrees): &(usize, f32)| {
            let solo = frames.iter().filter(|f| f.voices[voice] == 255).count() * FRAME_HOP;
            Print { voice, solo_secs: solo as f32 / SOUND_RATE as f32, numbers: print_at(degrees) }
        };
        let prints: Vec<Print> = prints.iter().map(print).collect();
        Window { start_sample: start_secs * SOUND_RATE as usize, anchor: !prints.is_empty(), frames, prints }
    }

    /// The person in each seat, as `window:voice=person`, and how many there are.
    fn check(windows: &[Window], expected: usize, expect: &str) {
        let seating = seat_everyone(windows, 6000, expected, 0.8, &default_settings().people);
        let mut found = format!("{} people", seating.people);
        for (at, seats) in seating.windows.iter().enumerate() {
            for (voice, seat) in seats.iter().enumerate() {
                if let Some(seat) = seat {
                    assert!((0.0..=1.0).contains(&seat.confidence), "{seat:?}");
                    found += &format!(" {at}:{voice}={}", seat.person);
                }
            }
        }
        assert_eq!(found, expect);
    }

    #[test]
    fn fingerprints_find_their_people_whatever_their_number() {
        let windows = [
            window(0, "000..111..", &[(0, 0.0), (1, 90.0)]),
            window(10, "111..222..", &[(1, 5.0), (2, 85.0)]),
            window(20, "..00000...", &[(0, 95.0)]),
        ];
        check(&windows, 2, "2 people 0:0=0 0:1=1 1:1=0 1:2=1 2:0=1");
    }

    #[test]
    fn one_voice_is_not_cut_in_two_to_please_the_expectation() {
        let windows = [
            window(0, "00000.....", &[(0, 0.0)]),
            window(10, "00000.....", &[(0, 20.0)]),
            window(20, "11111", &[(1, 9.0)]),
        ];
        check(&windows, 2, "1 people 0:0=0 1:0=0 2:1=0");
    }

    #[test]
    fn noise_that_speaks_for_a_moment_is_no_person() {
        let mut short = window(10, "1.........", &[(1, 90.0)]);
        // 0.5 s.
        short.frames.iter_mut().take(FRAMES / 20).for_each(|f| f.any = 255);
        short.frames.iter_mut().skip(FRAMES / 20).for_each(|f| *f = FrameVoices::default());
        short.prints[0].solo_secs = 0.5;
        let windows = [window(0, "00000.....", &[(0, 0.0)]), short, window(20, "00000.....", &[(0, 3.0)])];
        check(&windows, 2, "1 people 0:0=0 1:1=0 2:0=0");
    }

    #[test]
    fn two_voices_of_a_window_sit_apart_unless_they_are_clearly_one() {
        let others = [window(10, "00000.....", &[(0, 0.0)]), window(20, "00000.....", &[(0, 90.0)])];
        // Both nearer to the first person, one only just.
        let [a, b] = others.clone();
        check(&[window(0, "000..111..", &[(0, 0.0), (1, 40.0)]), a, b], 2, "2 people 0:0=0 0:1=1 1:0=0 2:0=1");
        let [a, b] = others;
        check(&[window(0, "000..111..", &[(0, 0.0), (1, 2.0)]), a, b], 2, "2 people 0:0=0 0:1=0 1:0=0 2:0=1");
    }

    #[test]
    fn windows_between_follow_the_anchors() {
        let windows = [
            window(0, "000..11111", &[(0, 0.0), (1, 90.0)]),
            window(5, "00000111..", &[]),
            window(10, "000.......", &[(0, 0.0)]),
        ];
        check(&windows, 2, "2 people 0:0=0 0:1=1 1:0=1 1:1=0 2:0=0");
    }

    #[test]
    fn without_fingerprints_people_are_followed_through_what_windows_share() {
        let windows = [
            window(0, "000..111..", &[]),
            window(2, "1..222....", &[]),
            window(4, ".000..11..", &[]),
            window(6, "", &[]),
        ];
        check(&windows, 2, "2 people 0:0=0 0:1=1 1:1=0 1:2=1 2:0=1 2:1=0");
        check(&[], 2, "2 people");
    }
}
