//! Smile.

use serde::Deserialize;

use super::super::{Card, Event};
use super::action::{Action, Settings};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.smile",
    section: "smile",
    what: "The mouth corners are drawn up.",
    unit: Unit::StandardScores,
    kinds: &["listening", "speaking"],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU12; DOMAIN B (judgement); Steppan 2023.",
};

/// What only this action has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Confidence of a smile while speaking, as a part of that of the picture, 0 to 1.
    speaking_confidence: f32,
}

/// 0 to 1: how far the corners are drawn up.
fn score(face: &Face<'_>, _: &Settings<Own>) -> Option<Vec<f32>> {
    face.pair("mouthSmile", Part::Mouth)
}

fn told(events: Vec<Event>, face: &Face<'_>, settings: &Settings<Own>) -> Vec<Event> {
    let tell = |event: Event| {
        let frames = face.grid.indices(event.span);
        let kind = face.manner(frames.start, frames.end);
        let sure = if kind == "speaking" { settings.own.speaking_confidence } else { 1.0 };
        Event { confidence: event.confidence * sure, ..event.kind(kind) }
    };
    events.into_iter().map(tell).collect()
}

/// ## What it sees
/// Both mouth corners drawn up above the person's rest. `speaking` ones were measured through moving lips: less sure,
/// and no rule should read a mood from them; a smile over one's own words about distress is one of them all the same.
///
/// ## What it does not see
/// Joy. Polite, nervous and contemptuous smiles are smiles.
pub static SMILE: Action<'static, Own> = Action { card: &CARD, score, also_speaking: true, told };

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::*;

    #[test]
    fn smiles_while_listening_and_while_speaking_are_told_apart() {
        let mut made = Made::speechless();
        for side in ["mouthSmileLeft", "mouthSmileRight"] {
            made.action(side, 0.05, &[(10.0, 11.0, 0.7), (32.0, 33.0, 0.7)]);
        }
        made.speak(30.0, 35.0);
        let found = made.find(&SMILE);
        assert_eq!(found.iter().map(|e| e.kind.as_deref().unwrap()).collect::<Vec<_>>(), ["listening", "speaking"]);
        assert!(found[1].confidence < found[0].confidence);
    }

    #[test]
    fn a_high_rest_is_no_smile() {
        let mut made = Made::speechless();
        made.action("mouthSmileLeft", 0.5, &[]).action("mouthSmileRight", 0.5, &[]);
        assert_eq!(made.found(&SMILE), []);
    }
}
