//! Lower lip pushed out, chin raised, or mouth corners down.

use std::ops::Range;

use serde::Deserialize;

use super::super::{Card, Event, unit_range};
use super::action::{self, Action};
use super::face::{Face, Part};
use crate::track::Unit;

const CARD: Card = Card {
    id: "vid.pout",
    section: "pout",
    what: "The lower lip is pushed out, the chin is pushed up, or the mouth corners are drawn down.",
    unit: Unit::StandardScores,
    kinds: &["protruded", "corners_down", "chin_raised"],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "FACS AU17 + AU18/22, AU15; composite, its scales and forms: own measurement on posed clips (docs/validation.md).",
};

/// How much of a part there must be, and how much it then says.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    /// Percentile of the frames in which the person listens with closed lips and no smile that counts as rest, 0 to 100.
    rest_percentile: f64,
    /// What most faces measure at rest.
    usual_rest: f32,
    /// This far above the person's rest a part is fully there, in its own unit.
    full: f32,
    /// A part that is fully there alone makes this score, 0 to 1.
    weight: f32,
}

impl Sign {
    /// How far the part is there in each frame, 0 to 1; `NaN` where it was not measured.
    fn there(self, values: &[f32], still: &[bool], face: &Face<'_>, settings: &Settings) -> Option<Vec<f32>> {
        let rest = face.rest_among(values, still, self.rest_percentile, self.usual_rest, &settings.baseline)?;
        // `clamp` keeps NaN.
        Some(values.iter().map(|value| ((value - rest) / self.full).clamp(0.0, 1.0)).collect())
    }
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

/// Lips that are pursed make the mouth narrow.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Narrow {
    /// `mouth_width` of most faces at rest, eye distances.
    usual_rest: f32,
    /// Parts of the width at rest: from here down pursed lips count ..
    from: f32,
    /// .. and from here down fully.
    full: f32,
}

impl Narrow {
    /// How far the mouth's width bears out that the lips are pursed, in each frame, 0 to 1.
    fn borne_out(self, width: &[f32], still: &[bool], face: &Face<'_>, settings: &Settings) -> Option<Vec<f32>> {
        let rest = face.rest_among(width, still, 50.0, self.usual_rest, &settings.baseline)?.max(1e-3);
        // `clamp` keeps NaN.
        Some(width.iter().map(|width| ((self.from - width / rest) / (self.from - self.full)).clamp(0.0, 1.0)).collect())
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
    /// A lowered head raises `mouthPucker` by itself: only a mouth that is narrower than at rest is pursed.
    narrow: Narrow,
    /// Lips apart, eye distances: open lips are speech or laughter.
    lips_open: Gate,
    /// Mean of `mouthSmileLeft` and `mouthSmileRight`.
    smile: Gate,
    /// Hanging corners that are there by this much are the form, unless the lips are pursed more, 0 to 1.
    corners_from: f32,
}

/// How far each sign is there in each frame, 0 to 1.
struct Signs {
    pucker: Vec<f32>,
    /// `mouthPucker` alone, 0 where the mouth is as wide as ever: tells the form.
    pursed: Vec<f32>,
    chin: Vec<f32>,
    frown: Vec<f32>,
    /// Older results have no mouth geometry; the other signs are there all the same.
    corner_down: Option<Vec<f32>>,
}

impl Signs {
    fn of(face: &Face<'_>, settings: &Settings) -> Option<Self> {
        let own = &settings.own;
        let mouth = |name: &str| face.column(name, Part::Mouth);
        // A smile draws the corners up and an open mouth moves all of it: neither is rest.
        let smile = face.pair("mouthSmile", Part::Mouth)?;
        let mut still: Vec<bool> = smile.iter().map(|&smile| own.smile.open(smile) >= 1.0).collect();
        for (still, open) in still.iter_mut().zip(mouth("lips_open").iter().flatten()) {
            *still &= own.lips_open.open(*open) > 0.0;
        }
        let corner_down = match mouth("corner_down") {
            Some(values) => Some(own.corner_down.there(&values, &still, face, settings)?),
            None => None,
        };
        let mut pucker = own.pucker.there(&mouth("mouthPucker")?, &still, face, settings)?;
        let pursed = pucker.clone();
        if let Some(width) = mouth("mouth_width") {
            let borne_out = own.narrow.borne_out(&width, &still, face, settings)?;
            pucker.iter_mut().zip(borne_out).for_each(|(pucker, part)| *pucker *= part);
        }
        let pursed =
            pursed.iter().zip(&pucker).map(|(&pursed, &part)| if part > 0.0 { pursed } else { part }).collect();
        Some(Self {
            pucker,
            pursed,
            chin: own.chin.there(&mouth("mouthShrugLower")?, &still, face, settings)?,
            frown: own.frown.there(&face.pair("mouthFrown", Part::Mouth)?, &still, face, settings)?,
            corner_down,
        })
    }

    /// Noisy or of the signs in one frame.
    fn together(&self, index: usize, own: &Own) -> f32 {
        let absent = |sign: Sign, there: &[f32]| 1.0 - sign.weight * there.get(index).copied().unwrap_or(f32::NAN);
        let corners = self.corner_down.as_ref().map_or(1.0, |there| absent(own.corner_down, there));
        1.0 - absent(own.pucker, &self.pucker) * absent(own.chin, &self.chin) * absent(own.frown, &self.frown) * corners
    }

    /// The form: what is there most over these frames. Pushed-up chins raise `mouthPucker` and hanging corners raise
    /// `mouthShrugLower`, so the more particular sign goes first.
    fn form(&self, frames: Range<usize>, own: &Own) -> &'static str {
        let mean = |there: &[f32]| {
            let known = there.get(frames.clone()).unwrap_or_default().iter().filter(|v| !v.is_nan());
            let (sum, count) = known.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
            if count > 0.0 { sum / count } else { 0.0_f32 }
        };
        let (pucker, chin) = (mean(&self.pursed), mean(&self.chin));
        let corners = 1.0 - (1.0 - mean(&self.frown)) * (1.0 - self.corner_down.as_deref().map_or(0.0, mean));
        if pucker >= corners && pucker >= chin {
            "protruded"
        } else if corners >= own.corners_from || corners >= chin {
            "corners_down"
        } else {
            "chin_raised"
        }
    }
}

/// Score of each frame, 0 to 1, shape `[grid.len]`; `NaN` where it cannot be judged. `None` if the channels are not
/// there or there is too little for a baseline. Speech is not taken out here.
///
/// `1 - (1 - w1 e1)(1 - w2 e2)..` over the signs, `e` = distance to rest over `full`, cut to 0 to 1; times both gates.
pub fn score(face: &Face<'_>, settings: &Settings) -> Option<Vec<f32>> {
    let signs = Signs::of(face, settings)?;
    let smile = face.pair("mouthSmile", Part::Mouth)?;
    let open = face.column("lips_open", Part::Mouth);
    let of_frame = |(index, &smile): (usize, &f32)| {
        let lips = open.as_ref().map_or(1.0, |open| settings.own.lips_open.open(open[index]));
        signs.together(index, &settings.own) * settings.own.smile.open(smile) * lips
    };
    Some(smile.iter().enumerate().map(of_frame).collect())
}

/// How far the mouth corners hang in each frame, 0 to 1: by the shape of the mouth or by `mouthFrown`; `NaN` and `None` as
/// in [`score`].
pub fn corners(face: &Face<'_>, settings: &Settings) -> Option<Vec<f32>> {
    let signs = Signs::of(face, settings)?;
    let of_frame = |(frame, &frown): (usize, &f32)| {
        let shape = signs.corner_down.as_ref().map_or(0.0, |there| there[frame]);
        1.0 - (1.0 - frown) * (1.0 - shape)
    };
    Some(signs.frown.iter().enumerate().map(of_frame).collect())
}

fn told(events: Vec<Event>, face: &Face<'_>, settings: &Settings) -> Vec<Event> {
    let Some(signs) = Signs::of(face, settings) else { return Vec::new() };
    let tell = |event: Event| {
        let form = signs.form(face.grid.indices(event.span), &settings.own);
        event.kind(form)
    };
    events.into_iter().map(tell).collect()
}

/// ## What it sees
/// Lips pursed, chin raised, mouth corners down, each above the person's own rest, with the lips closed and no smile,
/// while the person does not speak. Any of them can make a pout, together they make it surer (noisy or). The kind is the
/// form: `protruded`, `corners_down` or `chin_raised`, whichever is there most; forms go into each other.
///
/// In a short recording what most faces do at rest counts too, so that a pout held throughout is still one; after a
/// minute the person's own face has the say.
///
/// ## Why coders care
/// The paper's vignette: the client pouts while the main problem is not explored, again and again, until the therapist
/// names it.
///
/// ## What it does not see
/// Displeasure. It is an action: thinking, drinking and rounded vowels push the lips out too (the last are why nothing
/// counts near own speech). Beards hide it.
pub static POUT: Action<'static, Own> = Action { card: &CARD, score, also_speaking: false, told };

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
        made.shape("corner_down", -0.09, &[(10.0, 11.0, -0.03)]);
        assert_eq!(made.found(&POUT), [(10.0, 11.0)]);
    }

    #[test]
    fn pursed_lips_make_the_mouth_narrow() {
        let found = |width: f32| {
            let mut made = Made::speechless();
            made.action("mouthPucker", 0.2, &[(10.0, 11.0, 0.9)]).shape("mouth_width", 0.56, &[(10.0, 11.0, width)]);
            made.find(&POUT).len()
        };
        assert_eq!([found(0.46), found(0.55)], [1, 0]);
    }

    #[test]
    fn between_smiles_the_corners_are_at_rest() {
        let mut made = Made::speechless();
        let smiles: Vec<_> = (0..10).map(|i| (12.0 * f64::from(i), 12.0 * f64::from(i) + 9.0, 0.8)).collect();
        let drawn: Vec<_> = smiles.iter().map(|(start, end, _)| (*start, *end, -0.18)).collect();
        made.action("mouthSmileLeft", 0.0, &smiles).action("mouthSmileRight", 0.0, &smiles);
        made.shape("corner_down", -0.09, &drawn);
        assert_eq!(made.found(&POUT), []);
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
    fn each_form_has_its_kind() {
        let check = |actions: &[(&str, f32, f32)], corner: f32, expect: &str| {
            let mut made = Made::speechless();
            for (column, rest, height) in actions {
                made.action(column, *rest, &[(10.0, 11.0, *height)]);
            }
            made.shape("corner_down", -0.09, &[(10.0, 11.0, corner)]);
            assert_eq!(made.find(&POUT)[0].kind.as_deref(), Some(expect), "{actions:?} {corner}");
        };
        check(&[("mouthPucker", 0.1, 0.9)], -0.09, "protruded");
        check(&[("mouthPucker", 0.1, 0.9)], -0.07, "protruded");
        check(&[("mouthShrugLower", 0.05, 0.5)], -0.09, "chin_raised");
        check(&[("mouthShrugLower", 0.05, 0.5), ("mouthPucker", 0.1, 0.2)], -0.08, "chin_raised");
        check(&[("mouthShrugLower", 0.05, 0.5)], -0.05, "corners_down");
        check(&[], -0.03, "corners_down");
        check(&[("mouthFrownLeft", 0.0, 0.1), ("mouthFrownRight", 0.0, 0.1)], -0.09, "corners_down");
    }

    #[test]
    fn a_pout_held_through_a_short_clip_is_seen_and_less_sure() {
        let held = |frames: usize| {
            let mut made = Made::new(crate::track::Who::Client, frames);
            made.action("mouthPucker", 0.6, &[]).shape("corner_down", -0.05, &[]);
            made.find(&POUT)
        };
        let short = held(70);
        assert!(short.len() == 1 && short[0].span.secs_f64() > 5.0 && short[0].confidence < 0.5, "{short:?}");
        assert_eq!(held(1500), [], "two minutes of it are this person's rest");
    }

    #[test]
    fn the_moment_that_a_coder_picks_is_rest() {
        let mut made = Made::speechless();
        made.action("mouthPucker", 0.7, &[(20.0, 25.0, 0.05)]);
        assert_eq!(made.found(&POUT), []);
        made.neutral_at(22.0);
        assert_eq!(made.found(&POUT), [(0.0, 20.0), (25.0, 120.0)]);
    }

    #[test]
    fn a_very_short_recording_has_no_baseline() {
        let mut made = Made::new(crate::track::Who::Client, 30);
        made.action("mouthPucker", 0.2, &[(1.0, 2.0, 0.9)]);
        let error = made.find_result(&POUT).unwrap_err().to_string();
        assert!(error.contains("vid.pout") && error.contains("3 s"), "{error}");
    }

    #[test]
    fn what_was_not_measured_is_not_a_pout() {
        let mut made = Made::speechless();
        made.action("mouthPucker", 0.2, &[(10.0, 11.0, 0.9), (20.0, 21.0, 0.9)]);
        made.bad_quality(19.0, 22.0);
        assert_eq!(made.found(&POUT), [(10.0, 11.0)]);
    }
}
