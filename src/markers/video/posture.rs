//! Shifts of the whole posture.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::body::{self, Place, Pose, far, joined, median};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// The middle of the shoulders goes to another place within `within_secs` and stays there for `stable_secs`. `value` is
/// how far, in the person's shoulder widths.
///
/// ## What it does not see
/// Shifts of legs and hips out of the picture. They rise with lively talk.
pub struct Posture;

const CARD: Card = Card {
    id: "vid.posture",
    section: "posture",
    what: "The body shifts to another posture.",
    unit: Unit::Share,
    kinds: &[],
    needs: &["pose"],
    after: &[],
    reads_text: false,
    source: "Torso centre .15 shoulder widths within 2 s, then stable for 2 s: DOMAIN B (public catalogue; Scheflen).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// How far, shoulder widths.
    min_shift: f32,
    /// Within this length.
    within_secs: Secs,
    /// How long the new place, and the old one before, is kept.
    stable_secs: Secs,
    /// How far from the middle of a stay still counts as staying, shoulder widths.
    stable_within: f32,
    /// The shift as a strength.
    strength: Ramp,
    /// What a body is.
    body: body::Settings,
}

impl Marker for Posture {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[body::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let bodies = Pose::all(input, &settings.body);
        let found = bodies.iter().map(|pose| of_body(pose, &settings));
        let need = settings.stable_secs.0.as_secs_f64() * 2.0 + settings.within_secs.0.as_secs_f64();
        joined(&CARD, found.collect(), need)
    }
}

/// Middle of a stay of these rows; `None` if a row is unknown or too far from it.
fn stay(middles: &[Place], within: f32) -> Option<Place> {
    let axis = |axis: usize| median(&middles.iter().map(|place| place[axis]).collect::<Vec<_>>());
    let middle = [axis(0)?, axis(1)?];
    middles.iter().all(|place| far(*place, middle) <= within).then_some(middle)
}

fn of_body(pose: &Pose<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let (middles, widths) = pose.shoulders();
    let (stable, within) = (pose.rows(settings.stable_secs), pose.rows(settings.within_secs));
    if pose.known_secs(&widths) < pose.grid.step.secs_f64() * (2 * stable + within) as f64 {
        return None;
    }
    let width = median(&widths)?;
    let stay_at = |from: usize| stay(middles.get(from..from + stable)?, settings.stable_within * width);
    let mut events = Vec::new();
    let mut from = 0;
    while from + 2 * stable < middles.len() {
        // The first stay after this one that begins soon enough and lies elsewhere.
        let shift = stay_at(from).and_then(|before| {
            (1..=within).find_map(|gap| {
                let next = from + stable + gap;
                let by = far(before, stay_at(next)?) / width;
                (by >= settings.min_shift).then_some((next, by))
            })
        });
        match shift {
            Some((next, by)) => {
                let strength = settings.strength.strength(by);
                // The old place was kept up to the last stay that reaches it.
                let last = (from..=next - stable).rev().find(|&row| stay_at(row).is_some()).unwrap_or(from);
                events.extend(pose.event(&CARD, last + stable - 1, next + 1, by, strength));
                from = next;
            }
            None => from += 1,
        }
    }
    Some(events)
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    const SHOULDERS: [&str; 2] = ["left_shoulder", "right_shoulder"];

    #[test]
    fn another_place_is_a_shift_and_the_way_back_another() {
        let mut figure = Figure::new(60.0);
        figure.shift(&SHOULDERS, 20.0, 40.0, [40.0, 5.0]);
        let found = figure.find(&Posture).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!((found[0].value - 0.2).abs() < 0.01 && (found[0].span.start().secs_f64() - 19.7).abs() < 1.0);
    }

    #[test]
    fn a_sway_and_a_small_move_are_none() {
        let mut figure = Figure::new(60.0);
        figure.shift(&SHOULDERS, 20.0, 20.7, [40.0, 0.0]).shift(&SHOULDERS, 40.0, 50.0, [20.0, 0.0]);
        assert_eq!(figure.found(&Posture), []);
    }

    #[test]
    fn out_of_view_is_no_shift() {
        let mut figure = Figure::new(60.0);
        figure.shift(&SHOULDERS, 30.0, 60.0, [60.0, 0.0]).shift(&SHOULDERS, 20.0, 35.0, [f32::NAN, 0.0]);
        assert_eq!(figure.found(&Posture), []);
    }
}
