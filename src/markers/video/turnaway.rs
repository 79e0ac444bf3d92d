//! Head turned away.

use serde::Deserialize;

use super::super::baseline;
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::action::{joined, stretches};
use super::face::{self, Face};
use super::gazeav::mode;
use super::headdown::event;
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// The head stays turned to a side, away from where it mostly points (the partner, as a rule), for some seconds. Heads
/// turned too far for facial actions still count, as long as a face is followed.
///
/// ## What it does not see
/// The trunk: shoulders are not measured here. A chair that swivels and a glance at the clock look alike; a head that is
/// turned out of sight is not assessable.
pub struct TurnAway;

const CARD: Card = Card {
    id: "vid.turnaway",
    section: "turnaway",
    what: "The head is turned away for some seconds.",
    unit: Unit::Degrees,
    kinds: &["left", "right"],
    needs: &["head_pose"],
    after: &["aud.vad"],
    reads_text: false,
    source: "3RS visual list; 25 degrees from the own usual direction for 4 s: DOMAIN B (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Off the usual direction by so much, degrees.
    away_degrees: f32,
    /// Back within this, degrees.
    back_degrees: f32,
    /// Side of the squares in which directions are counted, degrees.
    bin_degrees: f32,
    /// Fewer valid seconds make no usual direction.
    min_valid_secs: Secs,
    /// Shortest one.
    min_secs: Secs,
    /// Two closer than this are one.
    merge_secs: Secs,
    /// Most degrees off as a strength.
    strength: Ramp,
    /// What a face is.
    face: face::Settings,
    /// How sure the usual is from few seconds.
    baseline: baseline::Settings,
}

impl Marker for TurnAway {
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
    let (yaw, pitch) = (face.head("yaw")?, face.head("pitch")?);
    let both = yaw.iter().zip(&pitch).map(|(&yaw, &pitch)| (yaw, pitch));
    let known: Vec<_> = both.filter(|(yaw, pitch)| !yaw.is_nan() && !pitch.is_nan()).collect();
    let secs = known.len() as f64 * step;
    if secs < settings.min_valid_secs.0.as_secs_f64() {
        return None;
    }
    let (usual, _) = mode(&known, settings.bin_degrees)?;
    let off: Vec<f32> = yaw.iter().map(|yaw| (yaw - usual).abs()).collect();
    let frames = |secs: Secs| secs.0.as_secs_f64() / step;
    let found = stretches(
        &off,
        |i| off[i] >= settings.away_degrees,
        |i| off[i] >= settings.back_degrees,
        frames(settings.merge_secs),
        frames(settings.min_secs),
    );
    let sure = settings.baseline.sure(secs);
    let told = |found: super::action::Found| {
        let side = if yaw.get(found.apex)? > &usual { "left" } else { "right" };
        Some(event(&CARD, face, found, &off, settings.strength, sure)?.kind(side))
    };
    Some(found.into_iter().filter_map(told).collect())
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::*;

    #[test]
    fn four_seconds_off_the_usual_direction() {
        let mut made = Made::speechless();
        made.turned("yaw", 15.0, &[(10.0, 15.0, 45.0), (20.0, 23.0, 50.0), (30.0, 35.0, -15.0), (40.0, 50.0, 30.0)]);
        assert_eq!(made.found(&TurnAway), [(10.0, 15.0), (30.0, 35.0)]);
        let sides: Vec<_> = made.find(&TurnAway).iter().map(|e| e.kind.clone().unwrap()).collect();
        assert_eq!(sides, ["left", "right"]);
    }

    #[test]
    fn where_no_face_is_nobody_turns_away() {
        let mut made = Made::speechless();
        made.turned("yaw", 0.0, &[(10.0, 20.0, f32::NAN)]);
        assert_eq!(made.found(&TurnAway), []);
    }
}
