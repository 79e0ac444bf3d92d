//! Action units of the Facial Action Coding System, as far as the network's facial actions stand for them.
//!
//! A view for readers who think in action units, not a second measurement: each is one of `face_actions` or a joining of
//! some (the map is MODELS.md 5), 0 to 1, which is not the A to E of FACS. Those that mean something only against the
//! person's own rest are given above it. AU6, AU9 and AU14 have no column: `cheekSquint` and `noseSneer` never move, and
//! `mouthDimple` misfires on open mouths.

use ndarray::Array2;

use super::video::face::{self, Face, Part};
use super::video::pout;
use super::{Input, MarkerError, Settings};
use crate::time::Span;
use crate::track::{Track, Tracks, Unit};

/// Name of the track.
pub const TRACK: &str = "action_units";

/// How one action unit comes about.
struct ActionUnit {
    /// Column.
    name: &'static str,
    /// Facial actions of which it is the mean.
    of: &'static [&'static str],
    part: Part,
    /// Whether only what lies above the person's rest is given.
    above_rest: bool,
}

const fn unit(name: &'static str, of: &'static [&'static str], part: Part) -> ActionUnit {
    ActionUnit { name, of, part, above_rest: false }
}

const fn above_rest(name: &'static str, of: &'static [&'static str], part: Part) -> ActionUnit {
    ActionUnit { name, of, part, above_rest: true }
}

/// Hanging corners come from the shape of the mouth as well.
const CORNERS: &str = "AU15";

const UNITS: [ActionUnit; 16] = [
    unit("AU1", &["browInnerUp"], Part::Brow),
    unit("AU2", &["browOuterUpLeft", "browOuterUpRight"], Part::Brow),
    above_rest("AU4", &["browDownLeft", "browDownRight"], Part::Brow),
    unit("AU5", &["eyeWideLeft", "eyeWideRight"], Part::Brow),
    unit("AU7", &["eyeSquintLeft", "eyeSquintRight"], Part::Brow),
    unit("AU10", &["mouthUpperUpLeft", "mouthUpperUpRight"], Part::Mouth),
    unit("AU12", &["mouthSmileLeft", "mouthSmileRight"], Part::Mouth),
    above_rest(CORNERS, &[], Part::Mouth),
    above_rest("AU17", &["mouthShrugLower"], Part::Mouth),
    above_rest("AU18", &["mouthPucker"], Part::Mouth),
    unit("AU20", &["mouthStretchLeft", "mouthStretchRight"], Part::Mouth),
    unit("AU22", &["mouthFunnel"], Part::Mouth),
    above_rest("AU23_24", &["mouthPressLeft", "mouthPressRight", "mouthRollLower", "mouthRollUpper"], Part::Mouth),
    unit("AU25_26", &["jawOpen"], Part::Mouth),
    unit("AU28", &["mouthRollLower", "mouthRollUpper"], Part::Mouth),
    unit("AU43_45", &["eyeBlinkLeft", "eyeBlinkRight"], Part::Mouth),
];

/// Names of the columns, in order.
pub fn columns() -> impl Iterator<Item = &'static str> {
    UNITS.iter().map(|unit| unit.name)
}

/// The track [`TRACK`] of each face. `NaN` where the face could not be rated, where it is too small for that unit, and in
/// whole columns where there is too little to say what is rest. `earlier`: who speaks when.
///
/// # Errors
/// [`MarkerError::Settings`] if the section `[pout]` does not read.
pub fn action_units(
    tracks: &Tracks,
    session: Span,
    earlier: &[super::Event],
    settings: &Settings,
) -> Result<Tracks, MarkerError> {
    let own = super::settings_of(&pout::POUT, settings)?;
    let settings: pout::Settings = super::read(super::Marker::card(&pout::POUT), &own)?;
    let input = Input { tracks, session, turns: None, language: None, meanings: None, earlier };
    let mut found = Tracks::new();
    for face in Face::all(&input, "face_actions", &settings.face) {
        let mut values = Array2::from_elem((face.grid.len, UNITS.len()), f32::NAN);
        for (unit, mut column) in UNITS.iter().zip(values.columns_mut()) {
            let Some(strength) = strength(unit, &face, &settings) else { continue };
            column.iter_mut().zip(strength).for_each(|(to, from)| *to = from);
        }
        let confidence = tracks.get("face_actions", face.who).and_then(|track| track.confidence.clone());
        let columns = columns().map(str::to_owned).collect();
        let track = Track { who: face.who, unit: Unit::Probability, grid: face.grid, columns, values, confidence };
        found.insert(TRACK, track);
    }
    Ok(found)
}

fn strength(unit: &ActionUnit, face: &face::Face<'_>, settings: &pout::Settings) -> Option<Vec<f32>> {
    if unit.name == CORNERS {
        return pout::corners(face, settings);
    }
    let parts: Option<Vec<Vec<f32>>> = unit.of.iter().map(|name| face.raw_column(name, unit.part)).collect();
    let parts = parts.filter(|parts| !parts.is_empty())?;
    let count = parts.len() as f32;
    let mean: Vec<f32> =
        (0..face.grid.len).map(|frame| parts.iter().map(|part| part[frame]).sum::<f32>() / count).collect();
    if !unit.above_rest {
        return Some(mean);
    }
    let rest = face.rest(&mean, settings.baseline.neutral_percentile, None, &settings.baseline)?;
    // `clamp` keeps NaN.
    Some(mean.iter().map(|value| (value - rest).clamp(0.0, 1.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::audio::picture::settings;
    use super::super::video::picture::Made;
    use super::*;
    use crate::track::{Who, columns};

    fn units_of(made: &Made) -> Track {
        let session = made.input(&[]).session;
        action_units(&made.tracks, session, &[], &settings()).unwrap().get(TRACK, Who::Client).unwrap().clone()
    }

    #[test]
    fn what_needs_a_rest_is_given_above_it_and_the_rest_as_it_is() {
        let mut made = Made::speechless();
        made.action("browDownLeft", 0.6, &[(10.0, 20.0, 0.9)]).action("browDownRight", 0.6, &[(10.0, 20.0, 0.9)]);
        made.action("mouthSmileLeft", 0.2, &[(10.0, 20.0, 0.4)]).action("mouthSmileRight", 0.2, &[(10.0, 20.0, 0.6)]);
        made.shape("corner_down", -0.09, &[(10.0, 20.0, -0.065)]);
        let units = units_of(&made);
        for (name, rest, height) in [("AU4", 0.0, 0.3), ("AU12", 0.2, 0.5), ("AU15", 0.0, 0.5), ("AU45", f32::NAN, 0.0)]
        {
            let Some(column) = units.column(name) else {
                assert!(rest.is_nan(), "{name}");
                continue;
            };
            assert!((column[30] - rest).abs() < 0.02 && (column[180] - height).abs() < 0.02, "{name} {}", column[180]);
        }
        assert!(units.column("AU43_45").is_some() && units.column("AU6").is_none() && units.column("AU9").is_none());
    }

    #[test]
    fn small_and_unseen_faces_have_none() {
        let mut made = Made::speechless();
        made.width(100.0).bad_quality(50.0, 60.0);
        let units = units_of(&made);
        assert!(units.column("AU1").unwrap().iter().all(|v| v.is_nan()), "brows of a small face");
        let smile = units.column("AU12").unwrap();
        assert!(smile[10].is_finite() && smile[690].is_nan());
        let short = units_of(&Made::new(Who::Client, 20));
        assert!(short.column("AU17").unwrap().iter().all(|v| v.is_nan()), "no rest");
        assert!(short.column("AU12").unwrap().iter().all(|v| v.is_finite()));
    }

    #[test]
    fn every_unit_reads_actions_that_are_measured() {
        for name in UNITS.iter().flat_map(|unit| unit.of) {
            assert!(columns::FACE_ACTIONS.contains(name), "{name}");
        }
    }
}
