//! How much a person moves.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, read, require};
use super::body::{Movement, joined};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Which share of the person's part of the picture moves from one picture to the next, smoothed: over windows one after
/// the other (kind `window`) and over the whole session (`session`). It describes and is never scored: its strength is
/// always 0.
///
/// ## What it does not see
/// Who moved in that part, and how far: a person near the camera moves more of the picture. Compare a person only with
/// the same person in the same picture.
pub struct MotionEnergy;

const CARD: Card = Card {
    id: "vid.mea",
    section: "mea",
    what: "How much of a person's part of the picture moves.",
    unit: Unit::Share,
    kinds: &["session", "window"],
    needs: &["motion"],
    after: &[],
    reads_text: false,
    source: "Ramseyer & Tschacher 2011; smoothing over 0.5 s, 10 SD: rMEA (DOMAIN B).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The mean over this length.
    smooth_secs: Secs,
    /// What exceeds so many standard deviations is left out.
    most_sd: f64,
    /// Length of a window.
    window_secs: Secs,
    /// A window needs this part of its pictures measured, 0 to 1.
    min_known_share: f64,
    /// Measured seconds below which nothing is said of the session.
    min_valid_secs: Secs,
}

impl Marker for MotionEnergy {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let everybody = Movement::all(input, "energy", settings.smooth_secs, settings.most_sd);
        let found = everybody.iter().map(|movement| of_person(movement, input, &settings));
        joined(&CARD, found.collect(), settings.min_valid_secs.0.as_secs_f64())
    }
}

/// Mean of what is known, and its share.
fn mean(values: &[f32]) -> (f32, f64) {
    let known = values.iter().filter(|value| !value.is_nan());
    let (sum, count) = known.fold((0.0_f64, 0_usize), |(sum, count), value| (sum + f64::from(*value), count + 1));
    ((sum / count as f64) as f32, count as f64 / values.len().max(1) as f64)
}

fn of_person(movement: &Movement, input: &Input<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let step = movement.grid.step.secs_f64();
    let (whole, share) = mean(&movement.values);
    if share * movement.values.len() as f64 * step < settings.min_valid_secs.0.as_secs_f64() {
        return None;
    }
    let mut events =
        vec![Event::new(&CARD, movement.who, input.session, whole).kind("session").rated(0.0, share as f32)];
    let length = ((settings.window_secs.0.as_secs_f64() / step).round() as usize).max(1);
    for (number, values) in movement.values.chunks_exact(length).enumerate() {
        let (value, share) = mean(values);
        if share < settings.min_known_share || value.is_nan() {
            continue;
        }
        let Some(span) = movement.grid.span(number * length, (number + 1) * length) else { continue };
        events.push(Event::new(&CARD, movement.who, span, value).kind("window").rated(0.0, share as f32));
    }
    Some(events)
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    #[test]
    fn means_leave_out_what_was_not_measured() {
        let mut figure = Figure::new(200.0);
        figure.motion(|secs| if (60.0..100.0).contains(&secs) { f32::NAN } else { 0.04 });
        let found = figure.find(&MotionEnergy).unwrap();
        assert!(found.iter().all(|e| e.strength == 0.0));
        let session = found.iter().find(|e| e.kind.as_deref() == Some("session")).unwrap();
        assert!((session.value - 0.04).abs() < 1e-3 && (session.confidence - 0.8).abs() < 0.02, "{session:?}");
        let windows = found.iter().filter(|e| e.kind.as_deref() == Some("window")).count();
        assert_eq!(windows, 2, "the second minute was measured for a third");
    }

    #[test]
    fn a_frozen_film_says_nothing() {
        let mut figure = Figure::new(200.0);
        figure.motion(|_| f32::NAN);
        assert!(matches!(figure.find(&MotionEnergy), Err(MarkerError::TooLittleBody { .. })));
    }
}
