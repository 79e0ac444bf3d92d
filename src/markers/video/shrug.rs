//! Shoulders up and down again.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::body::{self, Pose, joined, median};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Both shoulders go up, in the picture and towards the face, and come down again soon. `value` is how far the lower one
/// went, in shoulder widths. Who sits up lifts the face as well; who nods lowers the face only.
///
/// ## What it does not see
/// Shrugs shorter than the distance of the pictures (a third of a second), and those of a face or a hand.
pub struct Shrug;

const CARD: Card = Card {
    id: "vid.shrug",
    section: "shrug",
    what: "Both shoulders go up and down again.",
    unit: Unit::Share,
    kinds: &[],
    needs: &["pose"],
    after: &[],
    reads_text: false,
    source: "Both shoulders .05 shoulder widths up within 0.8 s, back within 1.5 s: DOMAIN B (3RS visual list).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// How far each shoulder goes up, shoulder widths.
    min_rise: f32,
    /// From rest to the top at most.
    up_secs: Secs,
    /// From the top back at most.
    back_secs: Secs,
    /// Part of the rise, 0 to 1, that must be undone to be back.
    back_share: f32,
    /// Before and after it the shoulders rest for this long ..
    rest_secs: Secs,
    /// .. no further from where they began than this, shoulder widths.
    rest_within: f32,
    /// The rise as a strength.
    strength: Ramp,
    /// What a body is.
    body: body::Settings,
}

impl Marker for Shrug {
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
        joined(&CARD, found.collect(), settings.up_secs.0.as_secs_f64() + settings.back_secs.0.as_secs_f64())
    }
}

fn of_body(pose: &Pose<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let (_, widths) = pose.shoulders();
    let (up, back) = (pose.rows(settings.up_secs), pose.rows(settings.back_secs));
    if pose.known_secs(&widths) < pose.grid.step.secs_f64() * (up + back) as f64 {
        return None;
    }
    let width = median(&widths)?;
    let face = pose.column("face_y");
    let heights = ["left_shoulder_y", "right_shoulder_y"].map(|name| pose.column(name));
    // How far row `b` lies above row `a`: the least of both shoulders, in the picture and against the face.
    let rise = |a: usize, b: usize| {
        let each = heights.iter().flat_map(|y| [y[a] - y[b], (y[a] - face[a]) - (y[b] - face[b])]);
        let known = each.map(|value| if value.is_nan() { f32::NEG_INFINITY } else { value / width });
        known.reduce(f32::min).unwrap_or(f32::NEG_INFINITY)
    };
    // Whether the shoulders rest before row `from` and after row `to`, where they were at `from`.
    let rest = pose.rows(settings.rest_secs);
    let rests = |from: usize, to: usize| {
        let near = |row: usize| {
            heights.iter().all(|y| y.get(row).is_some_and(|at| (at - y[from]).abs() <= settings.rest_within * width))
        };
        from >= rest && (from - rest..from).all(near) && (to + 1..=to + rest).all(near)
    };
    let (mut events, mut earliest) = (Vec::new(), 0);
    let mut top = 1;
    while top < pose.grid.len {
        let foot = (top.saturating_sub(up).max(earliest)..top)
            .map(|row| (row, rise(row, top)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let end = foot.filter(|(_, by)| *by >= settings.min_rise).and_then(|(_, by)| {
            let ends = top + 1..(top + back + 1).min(pose.grid.len);
            let end = ends.into_iter().find(|&row| rise(row, top) >= settings.back_share * by)?;
            foot.filter(|(from, _)| rests(*from, end)).map(|_| end)
        });
        match foot.zip(end) {
            Some(((from, by), end)) => {
                let event = pose.event(&CARD, from, end + 1, by, settings.strength.strength(by));
                events.extend(event.map(|event| Event { apex: pose.grid.time(top), ..event }));
                (earliest, top) = (end, end + 1);
            }
            None => top += 1,
        }
    }
    Some(events)
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    const SHOULDERS: [&str; 2] = ["left_shoulder", "right_shoulder"];

    fn count(points: &[&str], start: f64, end: f64, by: [f32; 2]) -> usize {
        let mut figure = Figure::new(60.0);
        figure.shift(points, start, end, by);
        figure.find(&Shrug).unwrap().len()
    }

    #[test]
    fn up_and_back_is_a_shrug() {
        assert_eq!(count(&SHOULDERS, 20.0, 20.9, [0.0, -16.0]), 1);
    }

    #[test]
    fn who_moves_all_the_time_does_not_shrug() {
        let mut figure = Figure::new(60.0);
        for at in 0..20 {
            let start = 20.0 + 1.3 * f64::from(at);
            figure.shift(&SHOULDERS, start, start + 0.7, [0.0, -16.0]);
        }
        assert_eq!(figure.find(&Shrug).unwrap().len(), 0);
    }

    #[test]
    fn what_only_looks_like_one() {
        assert_eq!(count(&SHOULDERS, 20.0, 30.0, [0.0, -16.0]), 0, "up for good");
        assert_eq!(count(&SHOULDERS[..1], 20.0, 20.9, [0.0, -16.0]), 0, "one shoulder");
        assert_eq!(count(&["left_shoulder", "right_shoulder", "face"], 20.0, 20.9, [0.0, -16.0]), 0, "sitting up");
        assert_eq!(count(&["face"], 20.0, 20.9, [0.0, 16.0]), 0, "a nod");
        assert_eq!(count(&SHOULDERS, 20.0, 20.9, [0.0, -6.0]), 0, "breathing");
    }
}
