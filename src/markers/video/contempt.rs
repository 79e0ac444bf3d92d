//! One lip corner drawn up or in.

use serde::Deserialize;

use super::super::{Card, Event};
use super::action::{Action, Settings};
use super::face::{Face, Part};
use crate::time::Secs;
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.contempt",
    section: "contempt",
    what: "One mouth corner is drawn up or in, the other stays.",
    unit: Unit::StandardScores,
    kinds: &["left", "right"],
    needs: &["face_actions", "head_pose"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU12/14 on one side; .25, z, yaw 12 degrees, 0.3 to 4 s: DOMAIN B (judgement); Merten 2005, Datz 2019.",
};

/// What only this action has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// The weaker side stays below this z.
    weaker_z: f32,
    /// A head turned to the side by more makes any face look uneven, degrees.
    max_yaw_degrees: f32,
    /// Lips further apart than this above rest are open, eye distances: `mouthDimple` misfires on open mouths.
    max_open: f32,
    /// Longer ones are a habit or a crooked face.
    max_secs: Secs,
}

/// How far the person's left and right corner are drawn up or in, above rest; `NaN` where not measured.
fn sides(face: &Face<'_>, settings: &Settings<Own>) -> Option<[(Vec<f32>, f32); 2]> {
    let side = |side: &str| {
        let smile = face.column(&format!("mouthSmile{side}"), Part::Mouth)?;
        let dimple = face.column(&format!("mouthDimple{side}"), Part::Mouth)?;
        let drawn: Vec<f32> = smile.iter().zip(&dimple).map(|(s, d)| s + d).collect();
        let base = face.baseline(&drawn, settings.rule.usual_rest, &settings.baseline)?;
        Some((drawn.iter().map(|v| v - base.neutral).collect(), base.scale / 2.0))
    };
    Some([side("Left")?, side("Right")?])
}

/// 0 to 2: how much further one corner is drawn than the other; 0 where both are, or where the lips are open.
fn score(face: &Face<'_>, settings: &Settings<Own>) -> Option<Vec<f32>> {
    let [(left, left_z), (right, right_z)] = sides(face, settings)?;
    let yaw = face.head("yaw")?;
    let own = &settings.own;
    let open = match face.column("lips_open", Part::Mouth) {
        Some(open) => {
            let rest = face.rest(&open, settings.baseline.neutral_percentile, None, &settings.baseline)?;
            open.iter().map(|v| *v - rest > own.max_open).collect()
        }
        None => vec![false; left.len()],
    };
    let uneven = left.iter().zip(&right).enumerate().map(|(i, (&left, &right))| {
        let weaker = if left < right { left / left_z } else { right / right_z };
        // A head whose pose is not known, or that is turned: cannot be judged.
        if left.is_nan() || right.is_nan() || yaw[i].is_nan() || yaw[i].abs() > own.max_yaw_degrees {
            f32::NAN
        } else if weaker < own.weaker_z && !open[i] {
            (left - right).abs()
        } else {
            0.0
        }
    });
    Some(uneven.collect())
}

fn told(events: Vec<Event>, face: &Face<'_>, settings: &Settings<Own>) -> Vec<Event> {
    let Some([(left, _), (right, _)]) = sides(face, settings) else { return Vec::new() };
    let short = events.into_iter().filter(|e| e.span.length() <= settings.own.max_secs.0);
    let tell = |event: Event| {
        let at = event.apex.and_then(|apex| face.grid.index(apex)).unwrap_or_default();
        let is_left = left.get(at) > right.get(at);
        event.kind(if is_left { "left" } else { "right" })
    };
    short.map(tell).collect()
}

/// ## What it sees
/// `mouthSmile` and `mouthDimple` of one side above the person's rest by more than the other, while that other side stays
/// at rest, the lips are closed, the person does not speak and looks nearly into the camera. The kind is the person's own
/// side.
///
/// ## What it does not see
/// Contempt. It went with *higher* alliance in one study; crooked mouths and half smiles look the same, and the dimple
/// itself (AU14) cannot be measured. The sign of its meaning is not known.
pub static ONE_SIDED: Action<'static, Own> = Action { card: &CARD, score, also_speaking: false, told };

#[cfg(test)]
mod tests {
    use super::super::picture::{Made, check_listening};
    use super::*;

    fn corners(left: f32, right: f32) -> Made {
        let mut made = Made::speechless();
        made.action("mouthSmileLeft", 0.02, &[(10.0, 11.0, left)]).action(
            "mouthSmileRight",
            0.02,
            &[(10.0, 11.0, right)],
        );
        made
    }

    #[test]
    fn one_corner_alone() {
        let made = corners(0.6, 0.05);
        assert_eq!(made.found(&ONE_SIDED), [(10.0, 11.0)]);
        assert_eq!(made.find(&ONE_SIDED)[0].kind.as_deref(), Some("left"));
        assert_eq!(corners(0.05, 0.6).find(&ONE_SIDED)[0].kind.as_deref(), Some("right"));
    }

    #[test]
    fn a_smile_a_turned_head_and_open_lips_are_none() {
        assert_eq!(corners(0.8, 0.45).found(&ONE_SIDED), []);
        let mut turned = corners(0.6, 0.05);
        turned.turned("yaw", 0.0, &[(9.0, 12.0, 20.0)]);
        assert_eq!(turned.found(&ONE_SIDED), []);
        let mut open = corners(0.6, 0.05);
        open.shape("lips_open", 0.01, &[(9.0, 12.0, 0.2)]);
        assert_eq!(open.found(&ONE_SIDED), []);
    }

    #[test]
    fn what_lasts_is_none() {
        let mut made = Made::speechless();
        made.action("mouthSmileLeft", 0.02, &[(10.0, 18.0, 0.6)]);
        assert_eq!(made.found(&ONE_SIDED), []);
    }

    #[test]
    fn not_while_speaking() {
        check_listening(&ONE_SIDED, &["mouthSmileLeft"], &[]);
    }
}
