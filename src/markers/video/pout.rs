//! Lower lip pushed out.

use serde::Deserialize;

use super::super::baseline;
use super::super::{Card, unit_range};
use super::action::{self, Action, as_it_is};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.pout",
    section: "pout",
    what: "The lower lip is pushed out, or the mouth corners are drawn down.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU17 + AU18/22, AU15; composite and its scales: own measurement on posed clips (docs/validation.md).",
};

/// How much of a part there must be, and how much it then says.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    /// Percentile of the frames in which the person listens that counts as rest, 0 to 100.
    rest_percentile: f64,
    /// This far above the person's rest a part is fully there, in its own unit.
    full: f32,
    /// A part that is fully there alone makes this score, 0 to 1.
    weight: f32,
}

/// A gate that is open up to `from` and closed `width` further on.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gate {
    /// Open up to here.
    from: f32,
    /// Closed this much further on.
    width: f32,
}

impl Gate {
    fn open(self, value: f32) -> f32 {
        unit_range((self.from + self.width - value) / self.width)
    }
}

/// Section `[pout]`.
pub type Settings = action::Settings<Own>;

/// What only this action has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// `mouthPucker`.
    pucker: Sign,
    /// `mouthShrugLower`.
    chin: Sign,
    /// Mean of `mouthFrownLeft` and `mouthFrownRight`: almost dead in absolute terms, telling relative to rest.
    frown: Sign,
    /// `corner_down`, eye distances.
    corner_down: Sign,
    /// Lips apart, eye distances: open lips are speech or laughter.
    lips_open: Gate,
    /// Mean of `mouthSmileLeft` and `mouthSmileRight`.
    smile: Gate,
}

/// Score of each frame, 0 to 1, shape `[grid.len]`; `NaN` where it cannot be judged. `None` if the channels are not
/// there or there is too little for a baseline. Speech is not taken out here.
///
/// `1 - (1 - w1 e1)(1 - w2 e2)..` over the signs, `e` = distance to rest over `full`, cut to 0 to 1; times both gates.
pub fn score(face: &Face<'_>, settings: &Settings) -> Option<Vec<f32>> {
    let listening = face.listening();
    let step = face.grid.step.secs_f64();
    let mouth = |name: &str| face.column(name, Part::Mouth);
    let mut signs = vec![
        (settings.own.pucker, mouth("mouthPucker")?),
        (settings.own.chin, mouth("mouthShrugLower")?),
        (settings.own.frown, face.pair("mouthFrown", Part::Mouth)?),
    ];
    // Older results have no mouth geometry; the other signs are there all the same.
    signs.extend(mouth("corner_down").map(|corner| (settings.own.corner_down, corner)));
    let smile = face.pair("mouthSmile", Part::Mouth)?;
    let open = mouth("lips_open");
    let mut score: Vec<f32> = smile.iter().map(|_| 1.0).collect();
    for (sign, values) in &signs {
        let known = baseline::sorted(values, &listening);
        if (known.len() as f64) * step < settings.baseline.min_valid_secs.0.as_secs_f64() {
            return None;
        }
        let rest = baseline::percentile(&known, sign.rest_percentile)? as f32;
        for (score, value) in score.iter_mut().zip(values) {
            // `clamp` keeps NaN: one part that was not measured makes the frame unknown.
            *score *= 1.0 - sign.weight * ((value - rest) / sign.full).clamp(0.0, 1.0);
        }
    }
    for (index, score) in score.iter_mut().enumerate() {
        let lips = open.as_ref().map_or(1.0, |open| settings.own.lips_open.open(open[index]));
        *score = (1.0 - *score) * settings.own.smile.open(smile[index]) * lips;
    }
    Some(score)
}

/// ## What it sees
/// Lips pursed, chin raised, mouth corners down, each above the person's own rest, with the lips closed and no smile,
/// while the person does not speak. Any of them can make a pout, together they make it surer (noisy or).
///
/// ## Why coders care
/// The paper's vignette: the client pouts while the main problem is not explored, again and again, until the therapist
/// names it.
///
/// ## What it does not see
/// Displeasure. It is an action: thinking, drinking and rounded vowels push the lips out too (the last are why nothing
/// counts near own speech). Beards hide it.
pub static POUT: Action<'static, Own> = Action { card: &CARD, score, also_speaking: false, told: as_it_is };

#[cfg(test)]
mod tests {
    use super::super::picture::{Made, check_listening};
    use super::*;

    #[test]
    fn pursed_lips_and_a_raised_chin() {
        let mut made = Made::speechless();
        made.action("mouthPucker", 0.2, &[(10.0, 11.4, 0.9)]).action("mouthShrugLower", 0.1, &[(10.0, 11.4, 0.4)]);
        assert_eq!(made.found(&POUT), [(10.0, 11.4)]);
        let event = &made.find(&POUT)[0];
        assert!(event.strength > 0.8 && event.value > 2.0 && event.confidence > 0.8, "{event:?}");
    }

    #[test]
    fn corners_down_alone() {
        let mut made = Made::speechless();
        made.shape("corner_down", -0.05, &[(10.0, 11.0, 0.01)]);
        assert_eq!(made.found(&POUT), [(10.0, 11.0)]);
    }

    #[test]
    fn open_lips_and_smiles_are_none() {
        let mut made = Made::speechless();
        made.action("mouthPucker", 0.2, &[(10.0, 11.0, 0.9), (20.0, 21.0, 0.9)]);
        made.shape("lips_open", 0.01, &[(10.0, 11.0, 0.1)]);
        made.action("mouthSmileLeft", 0.0, &[(20.0, 21.0, 0.6)]).action("mouthSmileRight", 0.0, &[(20.0, 21.0, 0.6)]);
        assert_eq!(made.found(&POUT), []);
    }

    #[test]
    fn a_short_one_is_none() {
        let mut made = Made::speechless();
        made.action("mouthPucker", 0.2, &[(10.0, 10.3, 0.9)]);
        assert_eq!(made.found(&POUT), []);
    }

    #[test]
    fn lips_that_always_look_so_are_at_rest() {
        let mut made = Made::speechless();
        made.action("mouthPucker", 0.85, &[(10.0, 11.0, 0.9)]);
        assert_eq!(made.found(&POUT), []);
    }

    #[test]
    fn not_while_speaking() {
        check_listening(&POUT, &["mouthPucker"], &[]);
    }

    #[test]
    fn a_short_recording_has_no_baseline() {
        let mut made = Made::new(crate::track::Who::Client, 500);
        made.action("mouthPucker", 0.2, &[(10.0, 11.0, 0.9)]);
        let error = made.find_result(&POUT).unwrap_err().to_string();
        assert!(error.contains("vid.pout") && error.contains("60 s"), "{error}");
    }

    #[test]
    fn what_was_not_measured_is_not_a_pout() {
        let mut made = Made::speechless();
        made.action("mouthPucker", 0.2, &[(10.0, 11.0, 0.9), (20.0, 21.0, 0.9)]);
        made.bad_quality(19.0, 22.0);
        assert_eq!(made.found(&POUT), [(10.0, 11.0)]);
    }
}
