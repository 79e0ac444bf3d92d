//! Head down.

use serde::Deserialize;

use super::super::baseline::{self, percentile, sorted};
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::action::{joined, stretches};
use super::face::{self, Face};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// The head stays lowered below the person's own usual pitch (the median) for some seconds. Heads too far down for facial
/// actions still count, as long as a face is followed.
///
/// ## What it does not see
/// Why: reading, a phone, crying and listening with closed eyes look alike. A face that is bent out of sight is not
/// assessable, not down.
pub struct HeadDown;

const CARD: Card = Card {
    id: "vid.headdown",
    section: "headdown",
    what: "The head is lowered for some seconds.",
    unit: Unit::Degrees,
    kinds: &[],
    needs: &["head_pose"],
    after: &["aud.vad"],
    reads_text: false,
    source: "3RS visual list; 12 degrees below the own median for 3 s: DOMAIN B (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Below the person's usual pitch by so much, degrees.
    down_degrees: f32,
    /// Up again from here, degrees below usual.
    back_degrees: f32,
    /// Fewer valid seconds make no usual pitch.
    min_valid_secs: Secs,
    /// Shortest one.
    min_secs: Secs,
    /// Two closer than this are one.
    merge_secs: Secs,
    /// Most degrees below usual as a strength.
    strength: Ramp,
    /// What a face is.
    face: face::Settings,
    /// How sure the usual is from few seconds.
    baseline: baseline::Settings,
}

impl Marker for HeadDown {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        super::action::SHARED
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let faces = Face::all(input, "head_pose", &settings.face);
        joined(&CARD, faces.iter().map(|face| of_face(face, &settings)).collect(), settings.min_valid_secs)
    }
}

fn of_face(face: &Face<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let step = face.grid.step.secs_f64();
    let pitch = face.head("pitch")?;
    let known = sorted(&pitch, &vec![true; pitch.len()]);
    let secs = known.len() as f64 * step;
    if secs < settings.min_valid_secs.0.as_secs_f64() {
        return None;
    }
    let usual = percentile(&known, 50.0)? as f32;
    let down: Vec<f32> = pitch.iter().map(|pitch| usual - pitch).collect();
    let frames = |secs: Secs| secs.0.as_secs_f64() / step;
    let found = stretches(
        &down,
        |i| down[i] >= settings.down_degrees,
        |i| down[i] >= settings.back_degrees,
        frames(settings.merge_secs),
        frames(settings.min_secs),
    );
    let sure = settings.baseline.sure(secs);
    Some(found.into_iter().filter_map(|found| event(&CARD, face, found, &down, settings.strength, sure)).collect())
}

/// An event of the head: `value` is how far it was at most, in degrees. Confidence comes from the share of frames whose
/// pose is known and from `sure`, not from how well facial actions could be read.
pub(super) fn event(
    card: &Card,
    face: &Face<'_>,
    found: super::action::Found,
    off: &[f32],
    strength: Ramp,
    sure: f32,
) -> Option<Event> {
    let span = face.grid.span(found.from, found.to)?;
    let known = (found.from..found.to).filter(|&i| face.is_posed(i)).count();
    let share = known as f32 / (found.to - found.from).max(1) as f32;
    let most = off.get(found.apex).copied()?;
    let event = Event::new(card, face.who, span, most).rated(strength.strength(most), sure * share);
    Some(Event { apex: face.grid.time(found.apex), ..event })
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::*;

    #[test]
    fn three_seconds_below_the_usual() {
        let mut made = Made::speechless();
        made.turned(
            "pitch",
            -8.0,
            &[(10.0, 14.0, -25.0), (20.0, 22.0, -25.0), (30.0, 40.0, -15.0), (50.0, 54.0, 10.0)],
        );
        assert_eq!(made.found(&HeadDown), [(10.0, 14.0)]);
        let event = &made.find(&HeadDown)[0];
        assert!((event.value - 17.0).abs() < 0.1 && event.confidence > 0.9, "{event:?}");
    }

    #[test]
    fn a_head_too_low_for_facial_actions_still_is_down() {
        let mut made = Made::speechless();
        made.turned("pitch", 0.0, &[(10.0, 14.0, -40.0)]).presence(0.95).bad_quality(10.0, 14.0);
        assert_eq!(made.found(&HeadDown), [(10.0, 14.0)]);
        made.presence(0.2);
        assert_eq!(made.found(&HeadDown), []);
    }

    #[test]
    fn a_short_film_has_no_usual_pitch() {
        assert!(Made::new(crate::track::Who::Client, 100).find_result(&HeadDown).is_err());
    }
}
