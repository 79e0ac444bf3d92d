//! Smile with narrowed eyes.

use serde::Deserialize;

use super::super::baseline;
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::action::joined;
use super::face::{self, Face, Part};
use crate::track::Unit;

/// ## What it sees
/// Smiles (`vid.smile`) during at least half of which the eyes are narrowed above the person's rest (`eyeSquint`).
///
/// ## What it does not see
/// Raised cheeks (AU6): the network's `cheekSquint` never moves, so narrowed eyes stand in for them and the confidence is
/// held down. Nor joy: a strong smile narrows the eyes by itself. It is graded, and no lie detector.
pub struct Duchenne;

const CARD: Card = Card {
    id: "vid.duch",
    section: "duch",
    what: "A smile during which the eyes are narrowed.",
    unit: Unit::Share,
    kinds: &[],
    needs: &["face_actions"],
    after: &["aud.vad", "vid.smile"],
    reads_text: false,
    source: "FACS AU6 + AU12; Ekman, Davidson & Friesen 1990; eyeSquint for AU6, z 1.5 for half of the smile: DOMAIN B \
             (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The eyes are narrowed from this z on.
    squint_z: f32,
    /// Part of the smile, 0 to 1.
    min_share: f32,
    /// Confidence as a part of the smile's, 0 to 1: what is measured is not the cheek.
    confidence: f32,
    /// Part of the smile as a strength.
    strength: Ramp,
    /// What a face is.
    face: face::Settings,
    /// What rest is.
    baseline: baseline::Settings,
}

impl Marker for Duchenne {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        super::action::SHARED
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let faces = Face::all(input, "face_actions", &settings.face);
        let found = faces.iter().map(|face| of_face(face, input, &settings));
        joined(&CARD, found.collect(), settings.baseline.min_valid_secs)
    }
}

fn of_face(face: &Face<'_>, input: &Input<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let squint = face.pair("eyeSquint", Part::Brow)?;
    let base = face.baseline(&squint, None, &settings.baseline)?;
    let smiles = input.earlier.iter().filter(|e| e.marker == "vid.smile" && e.who == face.who);
    let with_eyes = smiles.filter_map(|smile| {
        let known: Vec<f32> =
            squint.get(face.grid.indices(smile.span))?.iter().copied().filter(|v| !v.is_nan()).collect();
        let narrowed = known.iter().filter(|v| base.z(**v) >= settings.squint_z).count();
        let share = narrowed as f32 / known.len().max(1) as f32;
        let event = Event::new(&CARD, face.who, smile.span, share);
        let event = event.rated(settings.strength.strength(share), smile.confidence * settings.confidence);
        (!known.is_empty() && share >= settings.min_share).then_some(Event { apex: smile.apex, ..event })
    });
    Some(with_eyes.collect())
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::super::smile::SMILE;
    use super::*;

    #[test]
    fn the_eyes_must_join_in_for_half_of_it() {
        let mut made = Made::speechless();
        for side in ["Left", "Right"] {
            made.action(&format!("mouthSmile{side}"), 0.0, &[(10.0, 12.0, 0.8), (20.0, 22.0, 0.8), (30.0, 32.0, 0.8)]);
            made.action(&format!("eyeSquint{side}"), 0.3, &[(10.3, 12.0, 0.7), (21.6, 22.0, 0.7), (40.0, 42.0, 0.7)]);
        }
        assert_eq!(made.found_after(&SMILE, &Duchenne), [(10.0, 12.0)]);
        made.width(100.0);
        assert!(made.find_after(&SMILE, &Duchenne).is_err(), "eyes of a small face are not rated");
    }
}
