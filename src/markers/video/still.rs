//! Stretches in which a person hardly moves.

use serde::Deserialize;

use super::super::baseline::{percentile, sorted};
use super::super::{Card, Event, Input, Marker, MarkerError, read, require};
use super::action::stretches;
use super::body::{Movement, joined};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// The person moves less than in nine tenths of the own session, for long, while they do not speak.
///
/// ## What it does not see
/// Why: stillness alone is not withdrawal (a rule of a published visual protocol); who listens well sits still.
pub struct Stillness;

const CARD: Card = Card {
    id: "vid.still",
    section: "still",
    what: "The person hardly moves for a while, without speaking.",
    unit: Unit::Seconds,
    kinds: &[],
    needs: &["motion"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Motion energy below the own P10 for 20 s while the other speaks or nobody: DOMAIN B (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The mean over this length.
    smooth_secs: Secs,
    /// What exceeds so many standard deviations is left out.
    most_sd: f64,
    /// Percentile of the own movement while not speaking, 0 to 100.
    percentile: f64,
    /// Movement over the own median from which on nothing is still: who always sits still is not frozen.
    most_of_median: f32,
    /// Shorter ones are left out.
    min_secs: Secs,
    /// Closer ones are one.
    merge_secs: Secs,
    /// With less to compare with, nothing is said.
    min_valid_secs: Secs,
    /// Highest confidence, 0 to 1.
    most_confidence: f32,
}

impl Marker for Stillness {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let one = Secs(std::time::Duration::ZERO);
        let everybody = Movement::all(input, "energy", one, settings.most_sd);
        let found = everybody.iter().map(|movement| of_person(movement, input, &settings));
        joined(&CARD, found.collect(), settings.min_valid_secs.0.as_secs_f64())
    }
}

fn of_person(movement: &Movement, input: &Input<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let step = movement.grid.step.secs_f64();
    let frames = |secs: Secs| secs.0.as_secs_f64() / step;
    let length = (frames(settings.smooth_secs).round() as usize).max(1);
    let mut values = Movement::running(&movement.values, length);
    for (value, speaks) in values.iter_mut().zip(movement.speaks(input)) {
        if speaks {
            *value = f32::NAN;
        }
    }
    let usual = sorted(&values, &vec![true; values.len()]);
    if (usual.len() as f64) < frames(settings.min_valid_secs) {
        return None;
    }
    let middle = percentile(&usual, 50.0)? as f32;
    let below = (percentile(&usual, settings.percentile)? as f32).min(settings.most_of_median * middle);
    // How much less than usual, 0 to 1.
    let less: Vec<f32> = values.iter().map(|value| 1.0 - value / middle.max(f32::MIN_POSITIVE)).collect();
    let is_still = |frame: usize| values[frame] <= below && middle > 0.0;
    let found = stretches(&less, is_still, is_still, frames(settings.merge_secs), frames(settings.min_secs));
    let event = |found: &super::action::Found| {
        let secs = ((found.to - found.from) as f64 * step) as f32;
        let known = less[found.from..found.to].iter().filter(|value| !value.is_nan());
        let (sum, count) = known.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
        let sure = settings.most_confidence * count as f32 / (found.to - found.from) as f32;
        let span = movement.grid.span(found.from, found.to)?;
        Some(Event::new(&CARD, movement.who, span, secs).rated(sum / count.max(1) as f32, sure))
    };
    Some(found.iter().filter_map(event).collect())
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    /// Ten minutes of a lively person who freezes for half a minute.
    fn figure(start: f64, still: f32) -> Figure {
        let mut figure = Figure::new(600.0);
        figure.motion(move |secs| {
            let lively = 0.04 + 0.03 * ((secs * 1.7).sin() * (secs * 0.23).cos()) as f32;
            if (start..start + 30.0).contains(&secs) { still } else { lively }
        });
        figure
    }

    #[test]
    fn who_stops_moving_is_still() {
        let found = figure(300.0, 0.002).found(&Stillness);
        assert!(
            found.len() == 1 && (found[0].0 - 301.0).abs() <= 3.0 && (found[0].1 - 329.0).abs() <= 3.0,
            "{found:?}"
        );
    }

    #[test]
    fn not_while_speaking_frozen_or_only_a_little_calmer() {
        let mut speaks = figure(300.0, 0.002);
        speaks.speak(290.0, 340.0);
        assert_eq!(speaks.found(&Stillness), []);
        assert_eq!(figure(300.0, f32::NAN).found(&Stillness), []);
        assert_eq!(figure(300.0, 0.038).found(&Stillness), []);
    }

    #[test]
    fn a_short_session_has_no_usual() {
        assert!(matches!(Figure::new(60.0).find(&Stillness), Err(MarkerError::TooLittleBody { .. })));
    }
}
