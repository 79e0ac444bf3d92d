//! Lips pressed together.

use serde::Deserialize;

use super::super::Card;
use super::action::{Action, Settings, as_it_is};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.press",
    section: "press",
    what: "The lips are pressed together.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU23/24; z, length and .85: DOMAIN B (judgement).",
};

/// What only this action has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Lips further apart than this above rest are open, eye distances.
    max_open: f32,
    /// Red part of the lips over the person's median, above which nothing is pressed.
    max_thickness: f32,
}

/// 0 to 1: how much the lips are pressed; 0 where they are open or as thick as usual.
fn score(face: &Face<'_>, settings: &Settings<Own>) -> Option<Vec<f32>> {
    let press = face.pair("mouthPress", Part::Mouth)?;
    let Some((open, thick)) = face.column("lips_open", Part::Mouth).zip(face.column("lip_thickness", Part::Mouth))
    else {
        return Some(press);
    };
    let rest_open = face.rest(&open, settings.baseline.neutral_percentile, None, &settings.baseline)?;
    let usual_thick = face.rest(&thick, 50.0, None, &settings.baseline)?;
    let pressed = press.iter().zip(open.iter().zip(&thick)).map(|(&press, (&open, &thick))| {
        let closed = open - rest_open <= settings.own.max_open && thick <= settings.own.max_thickness * usual_thick;
        if press.is_nan() || open.is_nan() || thick.is_nan() {
            f32::NAN
        } else if closed {
            press
        } else {
            0.0
        }
    });
    Some(pressed.collect())
}

/// ## What it sees
/// `mouthPress` of both sides above the person's rest, while the lips are closed (`max_open` above rest) and their red
/// part is at most `max_thickness` of the person's usual, and the person does not speak.
///
/// ## What it does not see
/// Pressing, tightening and rolling in are confused by most trackers (AU23, 24, 28). It is an action, not a feeling.
pub static LIP_PRESS: Action<'static, Own> = Action { card: &CARD, score, also_speaking: false, told: as_it_is };

#[cfg(test)]
mod tests {
    use super::super::picture::{Made, check_listening};
    use super::*;

    #[test]
    fn pressed_lips_are_thin_and_closed() {
        let pressed = |thickness: f32, open: f32| {
            let mut made = Made::speechless();
            made.action("mouthPressLeft", 0.05, &[(10.0, 11.0, 0.6)]).action(
                "mouthPressRight",
                0.05,
                &[(10.0, 11.0, 0.6)],
            );
            made.shape("lip_thickness", 0.3, &[(10.0, 11.0, thickness)]).shape(
                "lips_open",
                0.01,
                &[(10.0, 11.0, open)],
            );
            made.find(&LIP_PRESS).len()
        };
        assert_eq!(pressed(0.22, 0.01), 1);
        assert_eq!(pressed(0.30, 0.01), 0);
        assert_eq!(pressed(0.22, 0.20), 0);
    }

    #[test]
    fn not_while_speaking() {
        check_listening(&LIP_PRESS, &["mouthPressLeft", "mouthPressRight"], &[("lip_thickness", 0.3, 0.2)]);
    }
}
