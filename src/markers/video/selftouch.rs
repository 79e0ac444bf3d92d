//! A hand on the own face, neck or arm.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::action::stretches;
use super::body::{self, Place, Pose, far, joined};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// A hand near the face or neck (kind `face`), or on the other forearm (kind `arm`), for some time.
///
/// ## What it does not see
/// Whether it touches: one picture has no depth. Tissues, glasses and an itch look the same; in close-ups of the face no
/// hand is found at all.
pub struct SelfTouch;

const CARD: Card = Card {
    id: "vid.selftouch",
    section: "selftouch",
    what: "A hand is at the own face, neck or arm.",
    unit: Unit::Seconds,
    kinds: &["face", "arm"],
    needs: &["pose"],
    after: &[],
    reads_text: false,
    source: "Self-adaptors; .35 face heights, 1 s: DOMAIN B (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Nearer than this is touching, heights of the face.
    near_faces: f32,
    /// How far the neck goes below the face, heights of the face.
    neck_faces: f32,
    /// Shorter ones are left out.
    min_secs: Secs,
    /// Closer ones are one.
    merge_secs: Secs,
    /// Seconds as a strength.
    strength: Ramp,
    /// What a body is.
    body: body::Settings,
}

impl Marker for SelfTouch {
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
        joined(&CARD, found.collect(), settings.min_secs.0.as_secs_f64())
    }
}

fn of_body(pose: &Pose<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let [left, right] = ["left_hand", "right_hand"].map(|hand| pose.places(hand));
    let seen = |hand: &[Place]| pose.known_secs(&hand.iter().map(|place| place[0]).collect::<Vec<_>>());
    if seen(&left).max(seen(&right)) < settings.min_secs.0.as_secs_f64() {
        return None;
    }
    let (face, height) = (pose.places("face"), pose.column("face_height"));
    let arms = [("right_elbow", "right_wrist"), ("left_elbow", "left_wrist")];
    let [of_left, of_right] = arms.map(|(elbow, wrist)| (pose.places(elbow), pose.places(wrist)));
    // How near a hand is, face heights; the smaller of both hands.
    let nearest = |row: usize, distance: &dyn Fn(Place, usize) -> f32| {
        let both = [distance(left[row], 0), distance(right[row], 1)];
        both.into_iter().filter(|d| !d.is_nan()).reduce(f32::min).map_or(f32::NAN, |d| d / height[row])
    };
    let at_face = |row: usize| {
        nearest(row, &|hand, _| {
            // To the face's box with the neck below it.
            let (x, y, h) = (face[row][0], face[row][1], height[row]);
            let beside = ((hand[0] - x).abs() - 0.4 * h).max(0.0);
            let below = (hand[1] - y - (0.5 + settings.neck_faces) * h).max(y - 0.5 * h - hand[1]).max(0.0);
            if hand[0].is_nan() || x.is_nan() { f32::NAN } else { beside.hypot(below) }
        })
    };
    let at_arm = |row: usize| {
        nearest(row, &|hand, side| {
            let (elbow, wrist) = if side == 0 { (&of_left.0, &of_left.1) } else { (&of_right.0, &of_right.1) };
            to_line(hand, elbow[row], wrist[row])
        })
    };
    let mut events = Vec::new();
    let kinds: [(&str, &dyn Fn(usize) -> f32); 2] = [("face", &at_face), ("arm", &at_arm)];
    for (kind, distance) in kinds {
        let nearness: Vec<f32> = (0..pose.grid.len).map(|row| -distance(row)).collect();
        let touches = |row: usize| nearness[row] >= -settings.near_faces;
        let rows = |secs: Secs| secs.0.as_secs_f64() / pose.grid.step.secs_f64();
        for found in stretches(&nearness, touches, touches, rows(settings.merge_secs), rows(settings.min_secs)) {
            let secs = ((found.to - found.from) as f64 * pose.grid.step.secs_f64()) as f32;
            let event = pose.event(&CARD, found.from, found.to, secs, settings.strength.strength(secs));
            events.extend(event.map(|event| event.kind(kind)));
        }
    }
    Some(events)
}

/// Distance of a place to the line from `a` to `b`, pixels; `NaN` if any is unknown.
fn to_line(place: Place, a: Place, b: Place) -> f32 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length = along[0].powi(2) + along[1].powi(2);
    let part = ((place[0] - a[0]) * along[0] + (place[1] - a[1]) * along[1]) / length;
    if !part.is_finite() {
        return f32::NAN;
    }
    let part = part.clamp(0.0, 1.0);
    far(place, [a[0] + part * along[0], a[1] + part * along[1]])
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    const GONE: [f32; 2] = [f32::NAN; 2];

    #[test]
    fn a_hand_at_the_cheek_for_seconds() {
        let mut figure = Figure::new(60.0);
        figure.point("right_hand", &[(10.0, 14.0, [265.0, 120.0]), (30.0, 30.5, [300.0, 130.0])]);
        assert_eq!(figure.found(&SelfTouch), [(10.0, 14.0)], "a wave past the face is none");
        assert!(
            figure.find(&SelfTouch).unwrap().iter().all(|e| e.kind.as_deref() == Some("face") && e.confidence <= 0.35)
        );
    }

    #[test]
    fn a_hand_on_the_other_forearm_and_one_above_the_head() {
        let mut figure = Figure::new(60.0);
        figure.point("left_hand", &[(20.0, 25.0, [215.0, 370.0]), (40.0, 45.0, [320.0, -10.0])]);
        let found = figure.find(&SelfTouch).unwrap();
        assert_eq!((found.len(), found[0].kind.as_deref()), (1, Some("arm")));
    }

    #[test]
    fn hands_out_of_the_picture_cannot_be_judged() {
        let mut figure = Figure::new(60.0);
        figure.point("left_hand", &[(0.0, 60.0, GONE)]).point("right_hand", &[(0.0, 60.0, GONE)]);
        assert!(matches!(figure.find(&SelfTouch), Err(MarkerError::TooLittleBody { .. })));
    }
}
