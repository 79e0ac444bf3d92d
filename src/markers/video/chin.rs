//! Chin raised.

use serde::Deserialize;

use super::super::Card;
use super::action::{Action, Settings, as_it_is};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.chin",
    section: "chin",
    what: "The chin is pushed up.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU17; DOMAIN B (judgement).",
};

/// What only this action has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Pursing above this (`mouthPucker`, 0 to 1 above rest) is a pout, not a chin raise.
    max_pucker: f32,
}

/// 0 to 1: how far the chin is raised; 0 where the lips are pursed.
fn score(face: &Face<'_>, settings: &Settings<Own>) -> Option<Vec<f32>> {
    let chin = face.column("mouthShrugLower", Part::Mouth)?;
    let pucker = face.column("mouthPucker", Part::Mouth)?;
    let rest = face.rest(&pucker, settings.baseline.neutral_percentile, None, &settings.baseline)?;
    let alone = chin.iter().zip(&pucker).map(|(&chin, &pucker)| match pucker - rest {
        p if p.is_nan() => f32::NAN,
        p if p > settings.own.max_pucker => 0.0,
        _ => chin,
    });
    Some(alone.collect())
}

/// ## What it sees
/// The chin boss pushed up (`mouthShrugLower`) above the person's rest without pursed lips, while the person does not
/// speak.
///
/// ## What it does not see
/// Anything under a beard.
pub static CHIN_RAISE: Action<'static, Own> = Action { card: &CARD, score, also_speaking: false, told: as_it_is };

#[cfg(test)]
mod tests {
    use super::super::picture::{Made, check_listening};
    use super::*;

    #[test]
    fn without_pursed_lips_only() {
        let mut made = Made::speechless();
        made.action("mouthShrugLower", 0.05, &[(10.0, 11.0, 0.6), (20.0, 21.0, 0.6)]).action(
            "mouthPucker",
            0.1,
            &[(20.0, 21.0, 0.8)],
        );
        assert_eq!(made.found(&CHIN_RAISE), [(10.0, 11.0)]);
    }

    #[test]
    fn not_while_speaking() {
        check_listening(&CHIN_RAISE, &["mouthShrugLower"], &[]);
    }
}
