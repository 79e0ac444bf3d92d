//! Which stretches are one person: by place while the camera stays, by what they look like otherwise.

use super::appearance::{Appearance, difference};
use super::follow::Stretch;
use super::settings::Identity;
use crate::time::Step;

/// One person of the recording.
#[derive(Clone, Debug)]
pub struct Person {
    /// In order of time, never two at once.
    pub stretches: Vec<Stretch>,
    /// Over all stretches.
    pub appearance: Appearance,
}

impl Person {
    fn new(stretch: Stretch) -> Self {
        Self { appearance: stretch.appearance.clone(), stretches: vec![stretch] }
    }

    fn take(&mut self, stretch: Stretch) {
        self.appearance.add(&stretch.appearance, 1.0);
        self.stretches.push(stretch);
    }

    /// Number of pictures this person is in.
    pub fn pictures(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.rows.count()).sum()
    }

    fn overlaps(&self, other: &Self) -> bool {
        let (mut mine, mut theirs) = (self.stretches.iter().peekable(), other.stretches.iter().peekable());
        while let (Some(a), Some(b)) = (mine.peek(), theirs.peek()) {
            if a.ends[1] < b.ends[0] {
                mine.next();
            } else if b.ends[1] < a.ends[0] {
                theirs.next();
            } else {
                return true;
            }
        }
        false
    }
}

/// Joins stretches, given in order of their start, into people; who is seen longest comes first.
pub fn people(stretches: Vec<Stretch>, step: Step, settings: &Identity) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for stretch in stretches {
        let mut best: Option<(f64, usize)> = None;
        for (number, person) in people.iter().enumerate() {
            let Some(cost) = cost(person, &stretch, step, settings) else { continue };
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, number));
            }
        }
        match best.and_then(|(_, number)| people.get_mut(number)) {
            Some(person) => person.take(stretch),
            None => people.push(Person::new(stretch)),
        }
    }
    merge_alike(people, settings)
}

/// What it costs to take this stretch for this person: below 1; `None` if it cannot be.
fn cost(person: &Person, stretch: &Stretch, step: Step, settings: &Identity) -> Option<f64> {
    let last = person.stretches.last()?;
    if last.ends[1] >= stretch.ends[0] {
        return None;
    }
    let looks = difference(&person.appearance, &stretch.appearance);
    let same_place = last.cuts_before == stretch.cuts_before && is_same_place(last, stretch, settings);
    let gap_secs = (stretch.ends[0] - last.ends[1]) as f64 * step.secs_f64();
    let cost = if same_place && gap_secs <= settings.short_gap_secs.0.as_secs_f64() {
        // Whatever it looks like; the looks still decide between two who both were there.
        (0.5 * looks / f64::from(settings.same_place_difference)).min(0.9)
    } else if same_place {
        looks / f64::from(settings.same_place_difference)
    } else {
        looks / f64::from(settings.elsewhere_difference)
    };
    (cost < 1.0).then_some(cost)
}

fn is_same_place(before: &Stretch, after: &Stretch, settings: &Identity) -> bool {
    let (old, new) = (before.boxes[1], after.boxes[0]);
    let ([x, y], [new_x, new_y]) = (old.centre(), new.centre());
    let (small, large) = (old.width.min(new.width), old.width.max(new.width));
    (x - new_x).hypot(y - new_y) <= settings.same_place_widths * large && large <= settings.same_size_factor * small
}

/// Joins people who look alike and are never seen at once: a stretch that begins badly lit or turned away is taken for
/// somebody new, and turns out to be the same over its length. Who is seen longest is settled first.
fn merge_alike(mut people: Vec<Person>, settings: &Identity) -> Vec<Person> {
    people.sort_by_key(|person| std::cmp::Reverse(person.pictures()));
    let mut kept: Vec<Person> = Vec::new();
    for person in people {
        let mut best: Option<(f64, usize)> = None;
        for (number, other) in kept.iter().enumerate() {
            let looks = difference(&other.appearance, &person.appearance) / f64::from(settings.elsewhere_difference);
            if looks < 1.0 && best.is_none_or(|(least, _)| looks < least) && !other.overlaps(&person) {
                best = Some((looks, number));
            }
        }
        match best.and_then(|(_, number)| kept.get_mut(number)) {
            Some(other) => {
                other.appearance.add(&person.appearance, 1.0);
                other.stretches.extend(person.stretches);
                other.stretches.sort_by_key(|stretch| stretch.ends[0]);
            }
            None => kept.push(person),
        }
    }
    kept
}
