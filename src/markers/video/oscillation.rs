//! Heads that go to and fro.

use serde::Deserialize;

use super::super::{Card, Event, Input, MarkerError, Ramp, read, require};
use super::face::{self, Face, Part};
use super::swing::{Swing, swings};

/// Sections `[nod]` and `[shake]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Degrees from one turning point to the next: twice the amplitude.
    min_swing_degrees: f32,
    /// Slowest, cycles per second.
    min_hertz: f64,
    /// Fastest, cycles per second.
    max_hertz: f64,
    /// Fewest cycles; half a cycle is one movement to one side.
    min_cycles: f64,
    /// Mean swing in degrees as a strength.
    strength: Ramp,
    /// What a face is.
    pub face: face::Settings,
}

/// Sections that both markers read besides their own.
pub const SHARED: &[&str] = &[face::SECTION];

/// The events of one angle while the other moves less, in all faces, in order of start.
///
/// # Errors
/// [`MarkerError`]: the settings do not read, or there is no face.
pub fn find(
    card: &Card,
    angles: (&str, &str),
    input: &Input<'_>,
    settings: &toml::Table,
) -> Result<Vec<Event>, MarkerError> {
    let settings: Settings = read(card, settings)?;
    require(card, input.tracks)?;
    let faces = Face::all(input, "head_pose", &settings.face);
    let mut events: Vec<Event> = faces.iter().flat_map(|face| of_face(card, face, input, angles, &settings)).collect();
    events.sort_by_key(|e| (e.span, e.who));
    Ok(events)
}

/// Runs of movements of one angle that are large and quick enough, while the other angle moves less. `value` is the
/// mean swing in degrees.
fn of_face(
    card: &Card,
    face: &Face<'_>,
    input: &Input<'_>,
    (own, other): (&str, &str),
    settings: &Settings,
) -> Vec<Event> {
    let Some(pose) = input.tracks.get("head_pose", face.who) else { return Vec::new() };
    let angle = |name: &str| {
        let values = pose.column(name)?;
        let known = |(i, &v): (usize, &f32)| if face.assessable(i, Part::Head) { v } else { f32::NAN };
        Some(values.iter().enumerate().map(known).collect::<Vec<f32>>())
    };
    let (Some(own), Some(other)) = (angle(own), angle(other)) else { return Vec::new() };
    let step = face.grid.step.secs_f64();
    let quick = |swing: &Swing| {
        let half_secs = (swing.to - swing.from) as f64 * step;
        half_secs * 2.0 * settings.min_hertz <= 1.0 && half_secs * 2.0 * settings.max_hertz >= 1.0
    };
    let mut runs: Vec<Vec<Swing>> = Vec::new();
    for swing in swings(&own, settings.min_swing_degrees).into_iter().filter(quick) {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| last.to == swing.from) => run.push(swing),
            _ => runs.push(vec![swing]),
        }
    }
    let event = |run: &Vec<Swing>| {
        let (from, to) = (run.first()?.from, run.last()?.to + 1);
        let mean = run.iter().map(|s| s.by.abs()).sum::<f32>() / run.len() as f32;
        let (low, high) = other
            .get(from..to)?
            .iter()
            .filter(|v| !v.is_nan())
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        let enough = run.len() as f64 / 2.0 >= settings.min_cycles && (high - low) < mean;
        let event = Event::new(card, face.who, face.grid.span(from, to)?, mean).kind(face.manner(from, to));
        enough.then(|| event.rated(settings.strength.strength(mean), face.mean_quality(from, to)))
    };
    runs.iter().filter_map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::Marker;
    use super::super::picture::Made;
    use super::super::{nod::Nod, shake::Shake};

    /// Head movements as (start, end, cycles per second, degrees from the middle to each side), in the own angle and in
    /// the other one: how many nods and how many shakes.
    fn check(own: &[(f64, f64, f64, f32)], other: &[(f64, f64, f64, f32)], expect: usize) {
        let markers: [(&dyn Marker, &str, &str); 2] = [(&Nod, "pitch", "yaw"), (&Shake, "yaw", "pitch")];
        for (marker, own_angle, other_angle) in markers {
            let mut made = Made::speechless();
            made.head(own_angle, own).head(other_angle, other);
            assert_eq!(made.find(marker).len(), expect, "{own_angle}: {own:?}, {other:?}");
        }
    }

    #[test]
    fn to_and_fro_twice_in_a_second() {
        check(&[(10.0, 11.0, 2.0, 5.0)], &[], 1);
    }

    #[test]
    fn once_is_too_little_and_a_slow_sway_too_slow() {
        check(&[(10.0, 10.5, 1.0, 5.0)], &[], 0);
        check(&[(10.0, 20.0, 0.3, 8.0)], &[], 0);
    }

    #[test]
    fn a_tremble_is_too_small() {
        check(&[(10.0, 12.0, 2.0, 0.8)], &[], 0);
    }

    #[test]
    fn the_other_axis_moving_more_is_another_gesture() {
        check(&[(10.0, 11.0, 2.0, 5.0)], &[(10.0, 11.0, 2.0, 9.0)], 0);
    }
}
