//! Inner brows raised and mouth corners down.

use serde::Deserialize;

use super::super::Card;
use super::action::{Action, Settings, as_it_is};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.sad",
    section: "sad",
    what: "The inner brows are raised and the mouth corners are down.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU1 + AU15 (EMFACS); z 1.5, 0.5 s: DOMAIN B (judgement); corners by geometry as in vid.pout.",
};

/// What only this action has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Smiles above this (`mouthSmile`, 0 to 1) are no sad set, and their corners no rest.
    max_smile: f32,
    /// `browInnerUp` above rest at which the brows are fully up.
    brow_full: f32,
    /// `mouthFrown` above rest at which it is fully there.
    frown_full: f32,
    /// `corner_down` above rest at which the corners are fully down, eye distances.
    corner_full: f32,
    /// Percentile of the frames with no smile in which the corners are at rest, 0 to 100.
    corner_rest_percentile: f64,
    /// `corner_down` of most faces at rest, eye distances.
    corner_usual_rest: f32,
}

/// 0 to 1: the less of the two, raised inner brows and lowered corners, each as a part of what is full.
fn score(face: &Face<'_>, settings: &Settings<Own>) -> Option<Vec<f32>> {
    let (own, base) = (&settings.own, &settings.baseline);
    let part = |values: Vec<f32>, percentile: f64, full: f32| -> Option<Vec<f32>> {
        let rest = face.rest(&values, percentile, None, base)?;
        Some(values.iter().map(|v| ((v - rest) / full).clamp(0.0, 1.0)).collect())
    };
    let smile = face.pair("mouthSmile", Part::Mouth)?;
    let no_smile: Vec<bool> = smile.iter().map(|smile| *smile <= own.max_smile).collect();
    let brow = part(face.column("browInnerUp", Part::Brow)?, base.neutral_percentile, own.brow_full)?;
    let frown = part(face.pair("mouthFrown", Part::Mouth)?, base.neutral_percentile, own.frown_full)?;
    let corner = match face.column("corner_down", Part::Mouth) {
        Some(values) => {
            let (share, usual) = (own.corner_rest_percentile, own.corner_usual_rest);
            let rest = face.rest_among(&values, &no_smile, share, usual, base)?;
            values.iter().map(|v| ((v - rest) / own.corner_full).clamp(0.0, 1.0)).collect()
        }
        None => vec![0.0; frown.len()],
    };
    let both = brow.iter().zip(frown.iter().zip(&corner)).enumerate().map(|(i, (&brow, (&frown, &corner)))| {
        let mouth = if no_smile[i] { 1.0 - (1.0 - frown) * (1.0 - corner) } else { 0.0 * smile[i] };
        // `min` would hide what was not measured.
        if brow.is_nan() || mouth.is_nan() { f32::NAN } else { brow.min(mouth) }
    });
    Some(both.collect())
}

/// ## What it sees
/// `browInnerUp` above the person's rest together with lowered mouth corners (`corner_down` of the mouth's shape or
/// `mouthFrown`), with no smile, while the person does not speak. Both must be there: the score is the less of the two.
///
/// ## What it does not see
/// Sadness. Worry and pain raise the inner brows as well, and wholly raised
/// brows over lowered corners count too. Lowered brows (AU4) hide raised ones from the network, so a sad
/// face with both is often missed.
pub static SAD_SET: Action<'static, Own> = Action { card: &CARD, score, also_speaking: false, told: as_it_is };

#[cfg(test)]
mod tests {
    use super::super::picture::{Made, check_listening};
    use super::*;

    #[test]
    fn brows_and_corners_together() {
        let mut made = Made::speechless();
        made.action("browInnerUp", 0.05, &[(10.0, 11.0, 0.4), (20.0, 21.0, 0.4)]);
        made.shape("corner_down", -0.09, &[(10.0, 11.0, -0.03), (30.0, 31.0, -0.03)]);
        assert_eq!(made.found(&SAD_SET), [(10.0, 11.0)]);
    }

    #[test]
    fn a_small_face_is_not_rated() {
        let mut made = Made::speechless();
        made.width(100.0);
        assert!(made.find_result(&SAD_SET).is_err());
    }

    #[test]
    fn not_while_speaking() {
        check_listening(&SAD_SET, &["browInnerUp"], &[("corner_down", -0.09, -0.03)]);
    }
}
