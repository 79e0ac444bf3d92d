//! Where a face can be judged.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, read, require};
use super::action::stretches;
use super::face::{self, Face, Part};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Stretches in which a face is there, large, sharp and frontal enough for its actions to be judged.
///
/// ## What it does not see
/// What happens outside them: that is not assessable, not absent.
pub struct Quality;

const CARD: Card = Card {
    id: "vid.quality",
    section: "quality",
    what: "The face can be judged.",
    unit: Unit::Share,
    kinds: &[],
    needs: &["face_actions"],
    after: &[],
    reads_text: false,
    source: "DOMAIN B: face height 80 px, yaw 35 degrees, pitch 25 degrees, blur; below quality 0.3 not assessable.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Shorter stretches are left out.
    min_secs: Secs,
    /// Stretches closer than this are one.
    merge_secs: Secs,
    /// What a face is.
    face: face::Settings,
}

impl Marker for Quality {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[face::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let mut events = Vec::new();
        for face in Face::all(input, "face_actions", &settings.face) {
            let step = face.grid.step.secs_f64();
            let good = |index| face.assessable(index, Part::Mouth);
            let frames = |secs: Secs| secs.0.as_secs_f64() / step;
            let (merge, min) = (frames(settings.merge_secs), frames(settings.min_secs));
            for found in stretches(&face.quality, good, good, merge, min) {
                let Some(span) = face.grid.span(found.from, found.to) else { continue };
                let mean = face.mean_quality(found.from, found.to);
                events.push(Event::new(&CARD, face.who, span, mean).rated(1.0, mean));
            }
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::*;

    #[test]
    fn stretches_of_a_face_that_can_be_judged() {
        let mut made = Made::speechless();
        made.bad_quality(20.0, 24.0).bad_quality(60.0, 60.2);
        assert_eq!(made.found(&Quality), [(0.0, 20.0), (24.0, 120.0)]);
    }

    #[test]
    fn a_small_face_cannot() {
        let mut made = Made::speechless();
        made.width(50.0);
        assert_eq!(made.found(&Quality), []);
    }
}
