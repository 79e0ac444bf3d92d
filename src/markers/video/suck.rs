//! Lips rolled in.

use super::super::Card;
use super::action::{Action, Nothing, Settings, as_it_is};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.suck",
    section: "suck",
    what: "The lips are rolled or sucked in.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU28; DOMAIN B (judgement).",
};

/// 0 to 1: how far the lips are rolled in.
fn score(face: &Face<'_>, _: &Settings<Nothing>) -> Option<Vec<f32>> {
    let lower = face.column("mouthRollLower", Part::Mouth)?;
    let upper = face.column("mouthRollUpper", Part::Mouth)?;
    Some(lower.iter().zip(&upper).map(|(l, u)| (l + u) / 2.0).collect())
}

/// ## What it sees
/// Both lips rolled in above the person's rest while the person does not speak.
///
/// ## What it does not see
/// Licking and eating look alike.
pub static LIP_SUCK: Action<'static, Nothing> = Action { card: &CARD, score, also_speaking: false, told: as_it_is };

#[cfg(test)]
mod tests {
    use super::super::picture::{Made, check_listening};
    use super::*;

    #[test]
    fn both_lips_rolled_in() {
        let mut made = Made::speechless();
        made.action("mouthRollLower", 0.05, &[(10.0, 11.0, 0.6), (20.0, 21.0, 0.2)]).action(
            "mouthRollUpper",
            0.02,
            &[(10.0, 11.0, 0.5)],
        );
        assert_eq!(made.found(&LIP_SUCK), [(10.0, 11.0)]);
    }

    #[test]
    fn not_while_speaking() {
        check_listening(&LIP_SUCK, &["mouthRollLower", "mouthRollUpper"], &[]);
    }
}
