//! Arms crossed before the body.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::action::stretches;
use super::body::{self, Pose, far, joined};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Both wrists beyond the body's midline and near the other arm's elbow, for some time.
///
/// ## What it does not see
/// Why: crossed arms by themselves are not withdrawal (a rule of a published visual protocol), and the room may be cold.
pub struct Arms;

const CARD: Card = Card {
    id: "vid.arms",
    section: "arms",
    what: "Both arms are crossed before the body.",
    unit: Unit::Seconds,
    kinds: &[],
    needs: &["pose"],
    after: &[],
    reads_text: false,
    source: "Wrists across the midline near the opposite elbows, 10 s: DOMAIN B (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Wrist and opposite elbow nearer than this, shoulder widths.
    near_shoulders: f32,
    /// Shorter ones are left out.
    min_secs: Secs,
    /// Closer ones are one.
    merge_secs: Secs,
    /// Seconds as a strength.
    strength: Ramp,
    /// What a body is.
    body: body::Settings,
}

impl Marker for Arms {
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
    let [left, right] = ["left_shoulder", "right_shoulder"].map(|point| pose.places(point));
    let [left_wrist, right_wrist] = ["left_wrist", "right_wrist"].map(|point| pose.places(point));
    let [left_elbow, right_elbow] = ["left_elbow", "right_elbow"].map(|point| pose.places(point));
    // 1 where crossed, 0 where not, NaN where a joint cannot be seen.
    let crossed = |row: usize| {
        let width = far(left[row], right[row]);
        let middle = (left[row][0] + right[row][0]) / 2.0;
        let side = (left[row][0] - right[row][0]).signum();
        let far_side = [(left_wrist[row][0] - middle) * side, (middle - right_wrist[row][0]) * side];
        let apart = [far(left_wrist[row], right_elbow[row]), far(right_wrist[row], left_elbow[row])];
        if far_side.iter().chain(&apart).any(|value| value.is_nan()) || width.is_nan() {
            return f32::NAN;
        }
        let holds =
            far_side.iter().all(|value| *value < 0.0) && apart.iter().all(|d| *d <= settings.near_shoulders * width);
        f32::from(u8::from(holds))
    };
    let crossed: Vec<f32> = (0..pose.grid.len).map(crossed).collect();
    if pose.known_secs(&crossed) < settings.min_secs.0.as_secs_f64() {
        return None;
    }
    let is_crossed = |row: usize| crossed[row] > 0.5;
    let rows = |secs: Secs| secs.0.as_secs_f64() / pose.grid.step.secs_f64();
    let found = stretches(&crossed, is_crossed, is_crossed, rows(settings.merge_secs), rows(settings.min_secs));
    let event = |found: &super::action::Found| {
        let secs = ((found.to - found.from) as f64 * pose.grid.step.secs_f64()) as f32;
        pose.event(&CARD, found.from, found.to, secs, settings.strength.strength(secs))
    };
    Some(found.iter().filter_map(event).collect())
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    fn figure(left: [f32; 2], right: [f32; 2], end: f64) -> Figure {
        let mut figure = Figure::new(60.0);
        figure.point("left_wrist", &[(10.0, end, left)]).point("right_wrist", &[(10.0, end, right)]);
        figure
    }

    #[test]
    fn crossed_for_long_counts_and_briefly_does_not() {
        assert_eq!(figure([230.0, 320.0], [410.0, 310.0], 25.0).found(&Arms), [(10.0, 25.0)]);
        assert_eq!(figure([230.0, 320.0], [410.0, 310.0], 17.0).found(&Arms), []);
    }

    #[test]
    fn folded_hands_and_one_arm_are_not_crossed() {
        assert_eq!(figure([300.0, 430.0], [340.0, 430.0], 40.0).found(&Arms), []);
        assert_eq!(figure([230.0, 320.0], [260.0, 420.0], 40.0).found(&Arms), []);
    }

    #[test]
    fn wrists_out_of_the_picture_cannot_be_judged() {
        let mut figure = Figure::new(60.0);
        figure.point("left_wrist", &[(0.0, 60.0, [f32::NAN; 2])]);
        assert!(matches!(figure.find(&Arms), Err(MarkerError::TooLittleBody { .. })));
    }
}
