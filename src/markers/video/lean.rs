//! Leaning back.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::action::stretches;
use super::body::{self, Movement, Pose, joined, median};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Shoulders narrower than the person's usual and the face smaller as well, for some time: further from the camera.
/// Shoulders that only turn become narrower while the face keeps its size.
///
/// ## What it does not see
/// Depth: a camera from the side sees leaning as a shift, and a chair that rolls back looks the same.
pub struct Lean;

const CARD: Card = Card {
    id: "vid.lean",
    section: "lean",
    what: "The body is further from the camera than usual.",
    unit: Unit::Share,
    kinds: &[],
    needs: &["pose"],
    after: &[],
    reads_text: false,
    source: "Shoulder width at most .94 of the own median for 5 s: DOMAIN B (judgement); the face as a check: own.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Shoulder width over its median, at and below which the body leans back.
    most_shoulders: f32,
    /// Height of the face over its median that goes with it.
    most_face: f32,
    /// Both are means over this length.
    smooth_secs: Secs,
    /// Shorter ones are left out.
    min_secs: Secs,
    /// Closer ones are one.
    merge_secs: Secs,
    /// The part of the shoulder width as a strength.
    strength: Ramp,
    /// What a body is.
    body: body::Settings,
}

impl Marker for Lean {
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
        joined(&CARD, found.collect(), settings.body.min_valid_secs.0.as_secs_f64())
    }
}

fn of_body(pose: &Pose<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let (_, widths) = pose.shoulders();
    if pose.known_secs(&widths) < settings.body.min_valid_secs.0.as_secs_f64() {
        return None;
    }
    let heights = pose.column("face_height");
    let (usual_width, usual_height) = (median(&widths)?, median(&heights)?);
    let window = pose.rows(settings.smooth_secs);
    let (widths, heights) = (Movement::running(&widths, window), Movement::running(&heights, window));
    let narrower: Vec<f32> = widths.iter().map(|width| -width / usual_width).collect();
    let leans =
        |row: usize| -narrower[row] <= settings.most_shoulders && heights[row] / usual_height <= settings.most_face;
    let rows = |secs: Secs| secs.0.as_secs_f64() / pose.grid.step.secs_f64();
    let found = stretches(&narrower, leans, leans, rows(settings.merge_secs), rows(settings.min_secs));
    let event = |found: &super::action::Found| {
        let least = -narrower[found.apex];
        let event = pose.event(&CARD, found.from, found.to, least, settings.strength.strength(least))?;
        Some(Event { apex: pose.grid.time(found.apex), ..event })
    };
    Some(found.iter().filter_map(event).collect())
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    #[test]
    fn smaller_shoulders_and_face_lean_back() {
        let mut figure = Figure::new(120.0);
        figure.shift(&["left_shoulder"], 30.0, 40.0, [-10.0, 0.0]).shift(&["right_shoulder"], 30.0, 40.0, [10.0, 0.0]);
        assert_eq!(figure.found(&Lean), [], "turned shoulders, the face as large as ever");
        figure.face_height(30.0, 40.0, 91.0);
        let found = figure.found(&Lean);
        assert!(found.len() == 1 && (found[0].0 - 30.0).abs() <= 1.0 && (found[0].1 - 40.0).abs() <= 1.0, "{found:?}");
    }

    #[test]
    fn a_short_recording_has_no_usual() {
        assert!(matches!(Figure::new(30.0).find(&Lean), Err(MarkerError::TooLittleBody { .. })));
    }
}
