//! Upper lip raised.

use serde::Deserialize;

use super::super::Card;
use super::action::{Action, Settings, as_it_is};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.disgust",
    section: "disgust",
    what: "The upper lip is raised without a smile.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU10; z 2, 0.4 s: DOMAIN B (judgement). AU9 is not measured: noseSneer never moves (MODELS.md 5).",
};

/// What only this action has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Smiles above this (`mouthSmile`, 0 to 1 above rest) raise the upper lip by themselves.
    max_smile: f32,
    /// So do mouths opened further than this (`jawOpen`, 0 to 1 above rest).
    max_jaw: f32,
}

/// 0 to 1: how far the upper lip is raised; 0 in a smile or an open mouth.
fn score(face: &Face<'_>, settings: &Settings<Own>) -> Option<Vec<f32>> {
    let raised = face.pair("mouthUpperUp", Part::Mouth)?;
    let above_rest = |values: Vec<f32>| -> Option<Vec<f32>> {
        let rest = face.rest(&values, settings.baseline.neutral_percentile, Some(0.0), &settings.baseline)?;
        Some(values.iter().map(|v| v - rest).collect())
    };
    let smile = above_rest(face.pair("mouthSmile", Part::Mouth)?)?;
    let jaw = above_rest(face.column("jawOpen", Part::Mouth)?)?;
    let alone = raised.iter().zip(smile.iter().zip(&jaw)).map(|(&raised, (&smile, &jaw))| {
        if smile.is_nan() || jaw.is_nan() {
            f32::NAN
        } else if smile > settings.own.max_smile || jaw > settings.own.max_jaw {
            0.0
        } else {
            raised
        }
    });
    Some(alone.collect())
}

/// ## What it sees
/// `mouthUpperUp` of both sides above the person's rest, with no smile and the jaw not dropped, while the person does not
/// speak.
///
/// ## What it does not see
/// A wrinkled nose (AU9), the surer half of disgust: the network's `noseSneer` never moves. Sniffing, chewing and showing
/// the teeth raise the lip too. It is an action, not a feeling.
pub static UPPER_LIP: Action<'static, Own> = Action { card: &CARD, score, also_speaking: false, told: as_it_is };

#[cfg(test)]
mod tests {
    use super::super::picture::{Made, check_listening};
    use super::*;

    const BOTH: [&str; 2] = ["mouthUpperUpLeft", "mouthUpperUpRight"];

    #[test]
    fn a_raised_lip_and_no_smile() {
        let mut made = Made::speechless();
        for side in BOTH {
            made.action(side, 0.02, &[(10.0, 11.0, 0.6), (20.0, 21.0, 0.6), (30.0, 31.0, 0.6)]);
        }
        made.action("mouthSmileLeft", 0.0, &[(20.0, 21.0, 0.8)]).action("mouthSmileRight", 0.0, &[(20.0, 21.0, 0.8)]);
        made.action("jawOpen", 0.0, &[(30.0, 31.0, 0.5)]);
        assert_eq!(made.found(&UPPER_LIP), [(10.0, 11.0)]);
    }

    #[test]
    fn not_while_speaking() {
        check_listening(&UPPER_LIP, &BOTH, &[]);
    }
}
