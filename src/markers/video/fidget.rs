//! Small quick movements of hands and lap.

use serde::Deserialize;

use super::super::baseline::{percentile, sorted};
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::body::{Movement, joined};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// How much the movement of the lower part of the body (hands, lap) changes faster than `slower_than_secs`, in windows
/// in which the person does not speak (gestures go with speech). Windows that stand out from the person's own. `value`
/// is how many times the own median.
///
/// ## What it does not see
/// Feet, hands out of the picture, and why: a pen, a tissue, therapy putty.
pub struct Fidgeting;

const CARD: Card = Card {
    id: "vid.fidget",
    section: "fidget",
    what: "Hands or lap move quickly to and fro, without speaking.",
    unit: Unit::Count,
    kinds: &[],
    needs: &["motion"],
    after: &["aud.vad"],
    reads_text: false,
    source: "1 to 6 Hz in 10-s windows above the own P90: DOMAIN B (judgement); twice the median: own, since P90 is always exceeded.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// What exceeds so many standard deviations is left out.
    most_sd: f64,
    /// Slower changes, as a mean over this length, are taken off: a second leaves 1 Hz and more.
    slower_than_secs: Secs,
    /// Length of a window.
    window_secs: Secs,
    /// A window needs this part measured and without own speech, 0 to 1.
    min_known_share: f64,
    /// Percentile of the own windows, 0 to 100.
    percentile: f64,
    /// And so many times the own median at least.
    min_times_median: f32,
    /// With less to compare with, nothing is said.
    min_valid_secs: Secs,
    /// Times the median as a strength.
    strength: Ramp,
    /// Highest confidence, 0 to 1.
    most_confidence: f32,
}

impl Marker for Fidgeting {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let everybody = Movement::all(input, "lower", Secs(std::time::Duration::ZERO), settings.most_sd);
        let found = everybody.iter().map(|movement| of_person(movement, input, &settings));
        joined(&CARD, found.collect(), settings.min_valid_secs.0.as_secs_f64())
    }
}

fn of_person(movement: &Movement, input: &Input<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let step = movement.grid.step.secs_f64();
    let frames = |secs: Secs| ((secs.0.as_secs_f64() / step).round() as usize).max(1);
    let slow = Movement::running(&movement.values, frames(settings.slower_than_secs));
    let speaks = movement.speaks(input);
    let quick: Vec<f32> = (0..movement.values.len())
        .map(|at| if speaks[at] { f32::NAN } else { (movement.values[at] - slow[at]).abs() })
        .collect();
    let length = frames(settings.window_secs);
    let windows: Vec<(f32, f32)> = quick
        .chunks_exact(length)
        .map(|values| {
            let known: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            let share = known.len() as f64 / length as f64;
            let mean = known.iter().sum::<f32>() / known.len().max(1) as f32;
            (if share >= settings.min_known_share { mean } else { f32::NAN }, share as f32)
        })
        .collect();
    let values: Vec<f32> = windows.iter().map(|window| window.0).collect();
    let usual = sorted(&values, &vec![true; values.len()]);
    if ((usual.len() * length) as f64) * step < settings.min_valid_secs.0.as_secs_f64() {
        return None;
    }
    let middle = percentile(&usual, 50.0)? as f32;
    let above = percentile(&usual, settings.percentile)? as f32;
    let event = |(number, (value, share)): (usize, &(f32, f32))| {
        let times = value / middle;
        if !times.is_finite() || *value < above || times < settings.min_times_median {
            return None;
        }
        let span = movement.grid.span(number * length, (number + 1) * length)?;
        let event = Event::new(&CARD, movement.who, span, times);
        Some(event.rated(settings.strength.strength(times), share * settings.most_confidence))
    };
    Some(windows.iter().enumerate().filter_map(event).collect())
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    /// Ten minutes of slow movement, with quick movement for twenty seconds.
    fn figure(quick: bool) -> Figure {
        let mut figure = Figure::new(600.0);
        figure.motion(move |secs| {
            let slow = 0.05 + 0.04 * (secs * 0.9).sin() as f32;
            let shakes = (0.04 * (secs * 13.0).sin()) as f32;
            slow + if quick && (300.0..320.0).contains(&secs) { shakes } else { shakes / 10.0 }
        });
        figure
    }

    #[test]
    fn quick_movement_stands_out_and_slow_does_not() {
        let found = figure(true).found(&Fidgeting);
        assert_eq!(found, [(300.0, 310.0), (310.0, 320.0)]);
        assert_eq!(figure(false).found(&Fidgeting), []);
    }

    #[test]
    fn gestures_of_a_speaker_are_none() {
        let mut figure = figure(true);
        figure.speak(295.0, 325.0);
        assert_eq!(figure.found(&Fidgeting), []);
    }
}
