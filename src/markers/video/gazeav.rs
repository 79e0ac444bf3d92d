//! Looking away from the other.

use serde::Deserialize;

use super::super::baseline;
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::action::{joined, stretches};
use super::face::{self, Face, Part};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// The direction in which a person mostly looks is taken for the partner's; looking more than `away_degrees` off it for
/// at least `min_secs` is looking away. `value` is the length.
///
/// ## What it does not see
/// Where the partner really sits: who mostly reads notes looks at the notes. Looking away while speaking is normal.
/// The gaze's own error in degrees was not measured.
pub struct GazeAversion;

const CARD: Card = Card {
    id: "vid.gazeav",
    section: "gazeav",
    what: "The person looks away from where they mostly look.",
    unit: Unit::Seconds,
    kinds: &["listening", "speaking"],
    needs: &["gaze"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Kendon 1967, Argyle & Dean 1965; 15 degrees, 2 s: DOMAIN B (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Off the partner's direction by more than this, degrees.
    away_degrees: f32,
    /// Back within this, degrees.
    back_degrees: f32,
    /// Heads turned to any side by more than this are too far round for the eyes to be read well, and count all the same,
    /// degrees.
    turned_degrees: f32,
    /// Side of the squares in which gaze directions are counted, degrees.
    bin_degrees: f32,
    /// Shortest one.
    min_secs: Secs,
    /// Two closer than this are one.
    merge_secs: Secs,
    /// Length in seconds as a strength.
    strength: Ramp,
    /// What a face is.
    face: face::Settings,
    /// Fewer valid seconds make no direction.
    min_valid_secs: Secs,
    /// How sure it is from few.
    baseline: baseline::Settings,
}

/// The direction looked at most: the mean of all frames in the fullest block of 3 x 3 squares; the first one in order
/// of yaw, then pitch, if several are as full. `None` if there are no frames.
pub(super) fn mode(directions: &[(f32, f32)], bin_degrees: f32) -> Option<(f32, f32)> {
    let square = |value: f32| (value / bin_degrees).floor() as i32;
    let mut counts: std::collections::BTreeMap<(i32, i32), usize> = std::collections::BTreeMap::new();
    for &(yaw, pitch) in directions {
        *counts.entry((square(yaw), square(pitch))).or_default() += 1;
    }
    let around = |&(x, y): &(i32, i32)| -> usize {
        let block = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x.saturating_add(dx), y.saturating_add(dy))));
        block.filter_map(|square| counts.get(&square)).sum()
    };
    let mut best: Option<((i32, i32), usize)> = None;
    for key in counts.keys() {
        let count = around(key);
        if best.is_none_or(|(_, most)| count > most) {
            best = Some((*key, count));
        }
    }
    let ((x, y), _) = best?;
    let near = |&&(yaw, pitch): &&(f32, f32)| {
        (square(yaw).saturating_sub(x)).abs() <= 1 && (square(pitch).saturating_sub(y)).abs() <= 1
    };
    let (mut sum, mut count) = ((0.0, 0.0), 0.0);
    for &(yaw, pitch) in directions.iter().filter(near) {
        sum = (sum.0 + f64::from(yaw), sum.1 + f64::from(pitch));
        count += 1.0;
    }
    Some(((sum.0 / count) as f32, (sum.1 / count) as f32))
}

impl Marker for GazeAversion {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[face::SECTION, baseline::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let faces = Face::all(input, "gaze", &settings.face);
        let found = faces.iter().map(|face| of_face(face, input, &settings));
        joined(&CARD, found.collect(), settings.min_valid_secs)
    }
}

fn of_face(face: &Face<'_>, input: &Input<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let step = face.grid.step.secs_f64();
    // The head's yaw and pitch have the same column names: read the gaze track itself.
    let gaze = input.tracks.get("gaze", face.who)?;
    let (yaw, pitch) = (gaze.column("yaw")?, gaze.column("pitch")?);
    // A head that is turned away looks away, however badly its eyes are seen.
    let head = face.head("yaw").zip(face.head("pitch"));
    let turned = |i: usize| {
        let beyond = |angle: &[f32]| angle.get(i).is_some_and(|angle| angle.abs() >= settings.turned_degrees);
        head.as_ref().is_some_and(|(yaw, pitch)| beyond(yaw) || beyond(pitch))
    };
    let direction = |i: usize| match (yaw.get(i), pitch.get(i)) {
        (Some(&y), Some(&p)) if !y.is_nan() && !p.is_nan() && (face.assessable(i, Part::Head) || turned(i)) => {
            Some((y, p))
        }
        _ => None,
    };
    let known: Vec<(f32, f32)> = (0..face.grid.len).filter_map(direction).collect();
    let secs = known.len() as f64 * step;
    if secs < settings.min_valid_secs.0.as_secs_f64() {
        return None;
    }
    let sure = settings.baseline.sure(secs);
    let partner = mode(&known, settings.bin_degrees)?;
    // Small angles: the plain distance of two directions is right to within a tenth up to 40 degrees.
    let off = |i: usize| direction(i).map_or(f32::NAN, |(y, p)| (y - partner.0).hypot(p - partner.1));
    let off: Vec<f32> = (0..face.grid.len).map(off).collect();
    let frames = |secs: Secs| secs.0.as_secs_f64() / step;
    let found = stretches(
        &off,
        |i| off[i] > settings.away_degrees,
        |i| off[i] > settings.back_degrees,
        frames(settings.merge_secs),
        frames(settings.min_secs),
    );
    let event = |found: super::action::Found| {
        let span = face.grid.span(found.from, found.to)?;
        let secs = span.secs_f64() as f32;
        let quality = sure * face.mean_quality(found.from, found.to);
        let event = Event::new(&CARD, face.who, span, secs).kind(face.manner(found.from, found.to));
        Some(Event { apex: face.grid.time(found.apex), ..event.rated(settings.strength.strength(secs), quality) })
    };
    Some(found.into_iter().filter_map(event).collect())
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::*;

    #[test]
    fn the_fullest_direction_is_the_partners() {
        let looks = [vec![(12.0, -3.0); 50], vec![(-20.0, 0.0); 30], vec![(14.0, -4.0); 10]].concat();
        let (yaw, pitch) = mode(&looks, 5.0).unwrap();
        assert!((yaw - 12.33).abs() < 0.01 && (pitch + 3.17).abs() < 0.01, "{yaw} {pitch}");
        assert_eq!(mode(&[], 5.0), None);
    }

    #[test]
    fn two_seconds_away_count_and_their_manner_is_told() {
        let mut made = Made::speechless();
        made.gaze(12.0, -3.0, &[(10.0, 13.0, -15.0), (20.0, 21.0, -15.0), (41.0, 44.0, 30.0)]).speak(40.0, 45.0);
        assert_eq!(made.found(&GazeAversion), [(10.0, 13.0), (41.0, 44.0)]);
        let kinds: Vec<_> = made.find(&GazeAversion).iter().map(|e| e.kind.clone().unwrap()).collect();
        assert_eq!(kinds, ["listening", "speaking"]);
    }

    #[test]
    fn a_head_turned_too_far_for_facial_actions_looks_away() {
        let mut made = Made::speechless();
        made.gaze(0.0, 0.0, &[(10.0, 13.0, 45.0), (20.0, 23.0, 45.0)]).turned("yaw", 0.0, &[(10.0, 13.0, 40.0)]);
        made.presence(0.9).bad_quality(10.0, 13.0).bad_quality(20.0, 23.0);
        assert_eq!(made.found(&GazeAversion), [(10.0, 13.0)]);
    }

    #[test]
    fn a_look_nearby_is_none() {
        let mut made = Made::speechless();
        made.gaze(0.0, 0.0, &[(10.0, 20.0, 14.0)]);
        assert_eq!(made.found(&GazeAversion), []);
    }
}
