//! Brows lowered.

use super::super::Card;
use super::action::{Action, Nothing, Settings, as_it_is};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.brow",
    section: "brow",
    what: "The brows are drawn down.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU4; DOMAIN B (judgement); 120 px: own measurement (JPEG q60).",
};

/// About -1 to 1: how far the brows are drawn down.
fn score(face: &Face<'_>, _: &Settings<Nothing>) -> Option<Vec<f32>> {
    let down = face.pair("browDown", Part::Brow)?;
    let up = face.column("browInnerUp", Part::Brow)?;
    Some(down.iter().zip(&up).map(|(d, u)| d - u).collect())
}

/// ## What it sees
/// Both brows drawn down, less the inner brows raised, above the person's rest; also while speaking.
///
/// ## What it does not see
/// Concentration and glare look alike. Small faces are not rated: below 120 px the measure falls apart.
pub static BROW_LOWER: Action<'static, Nothing> = Action { card: &CARD, score, also_speaking: true, told: as_it_is };

#[cfg(test)]
mod tests {
    use super::super::picture::{Made, check_listening};
    use super::*;

    #[test]
    fn relative_to_the_persons_own_rest() {
        let mut made = Made::speechless();
        made.action("browDownLeft", 0.6, &[(10.0, 11.0, 0.95)]).action("browDownRight", 0.6, &[(10.0, 11.0, 0.95)]);
        assert_eq!(made.found(&BROW_LOWER), [(10.0, 11.0)]);
        made.width(100.0);
        assert!(made.find_result(&BROW_LOWER).is_err());
    }

    #[test]
    fn raised_inner_brows_are_not_lowered_ones() {
        let mut made = Made::speechless();
        let raised = [(10.0, 11.0, 0.9)];
        made.action("browDownLeft", 0.1, &raised).action("browDownRight", 0.1, &raised).action(
            "browInnerUp",
            0.1,
            &raised,
        );
        assert_eq!(made.found(&BROW_LOWER), []);
    }

    #[test]
    fn also_while_speaking() {
        check_listening(&BROW_LOWER, &["browDownLeft", "browDownRight"], &[]);
    }
}
