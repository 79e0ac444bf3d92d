//! Faces that were seen for too short to say what is usual for them, or to be sure of it.

use super::super::baseline;
use super::super::{Event, Input, MarkerError, Settings};
use super::face::{self, Face, Part};
use crate::time::{Secs, Span};
use crate::track::{Tracks, Who};

/// One face, in one respect.
#[derive(Clone, Debug, PartialEq)]
pub struct WithoutRest {
    /// Whose.
    pub who: Who,
    /// `face_actions` (compared with the face at rest, while its owner listens) or `gaze` (compared with where the
    /// person mostly looks).
    pub track: &'static str,
    /// Seconds that there were.
    pub secs: f64,
    /// Seconds that are needed.
    pub need_secs: f64,
}

impl WithoutRest {
    /// Why nothing could be looked for.
    pub fn why(&self) -> String {
        let Self { secs, need_secs, .. } = self;
        match self.track {
            "gaze" => {
                format!("in view for {secs:.0} s: to tell where the person usually looks, {need_secs:.0} s are needed")
            }
            _ => format!(
                "in view and listening for {secs:.0} s: to tell what this face does at rest, {need_secs:.0} s are needed"
            ),
        }
    }
}

/// All faces without a baseline, each with what is lacking. `events` hold who speaks when.
///
/// # Errors
/// [`MarkerError::Settings`] if the sections `[face]` and `[baseline]` do not read.
pub fn faces_without(
    tracks: &Tracks,
    session: Span,
    events: &[Event],
    settings: &Settings,
) -> Result<Vec<WithoutRest>, MarkerError> {
    let face: face::Settings = section(settings, face::SECTION)?;
    let baseline: baseline::Settings = section(settings, baseline::SECTION)?;
    let input = Input { tracks, session, turns: None, language: None, meanings: None, earlier: events };
    let mut without = Vec::new();
    let gaze: Gaze = section(settings, "gazeav")?;
    let respects = [("face_actions", Part::Mouth, baseline.min_valid_secs), ("gaze", Part::Head, gaze.min_valid_secs)];
    for (track, part, need) in respects {
        let need_secs = need.0.as_secs_f64();
        for face in Face::all(&input, track, &face) {
            let secs = judged_secs(&face, part);
            if secs < need_secs && !(part == Part::Mouth && face.is_picked()) {
                without.push(WithoutRest { who: face.who, track, secs, need_secs });
            }
        }
    }
    Ok(without)
}

/// Faces whose rest is known from a short look only, with its seconds and those that would do; not those for which a coder
/// has picked a moment. `events` hold who speaks when.
///
/// # Errors
/// As [`faces_without`].
pub fn faces_unsure(
    tracks: &Tracks,
    session: Span,
    events: &[Event],
    settings: &Settings,
) -> Result<Vec<(Who, f64, f64)>, MarkerError> {
    let face: face::Settings = section(settings, face::SECTION)?;
    let baseline: baseline::Settings = section(settings, baseline::SECTION)?;
    let (least, enough) = (baseline.min_valid_secs.0.as_secs_f64(), baseline.sure_secs.0.as_secs_f64());
    let input = Input { tracks, session, turns: None, language: None, meanings: None, earlier: events };
    let unsure = |face: &Face<'_>| {
        let secs = judged_secs(face, Part::Mouth);
        (secs >= least && secs < enough && !face.is_picked()).then_some((face.who, secs, enough))
    };
    Ok(Face::all(&input, "face_actions", &face).iter().filter_map(unsure).collect())
}

/// Seconds in which a part of the face could be judged; of the mouth, while the person listens.
fn judged_secs(face: &Face<'_>, part: Part) -> f64 {
    let listening = face.listening();
    let counts = |&index: &usize| face.assessable(index, part) && (part == Part::Head || listening[index]);
    (0..face.grid.len).filter(counts).count() as f64 * face.grid.step.secs_f64()
}

/// What is needed here of the section `[gazeav]`.
#[derive(serde::Deserialize)]
struct Gaze {
    min_valid_secs: Secs,
}

fn section<T: serde::de::DeserializeOwned>(settings: &Settings, name: &str) -> Result<T, MarkerError> {
    let wrong = |message: String| MarkerError::SettingsFile { file: format!("[{name}] in markers"), message };
    let table = settings.get(name).cloned().ok_or_else(|| wrong("the section is not there".into()))?;
    table.try_into().map_err(|e: toml::de::Error| wrong(e.message().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::picture::settings;
    use super::super::picture::Made;
    use super::*;

    #[test]
    fn a_short_recording_and_a_face_that_always_speaks_have_no_rest() {
        let check = |made: &Made, expect: &[(&str, f64)]| {
            let events = made.voice();
            let session = made.input(&events).session;
            let found = faces_without(&made.tracks, session, &events, &settings()).unwrap();
            let found: Vec<_> = found.iter().map(|f| (f.track, f.secs.round())).collect();
            assert_eq!(found, expect);
        };
        check(&Made::new(Who::Client, 2000), &[]);
        check(&Made::new(Who::Client, 363), &[]);
        check(&Made::new(Who::Client, 125), &[("gaze", 10.0)]);
        check(&Made::new(Who::Client, 25), &[("face_actions", 2.0), ("gaze", 2.0)]);
        let unsure = |made: &Made| {
            let events = made.voice();
            let session = made.input(&events).session;
            let found = faces_unsure(&made.tracks, session, &events, &settings()).unwrap();
            found.into_iter().map(|(_, secs, enough)| (secs.round(), enough)).collect::<Vec<_>>()
        };
        assert_eq!(unsure(&Made::new(Who::Client, 2000)), []);
        assert_eq!(unsure(&Made::new(Who::Client, 125)), [(10.0, 60.0)]);
        assert_eq!(unsure(&Made::new(Who::Client, 25)), []);
        let mut talker = Made::new(Who::Client, 2000);
        talker.speak(2.0, 160.0);
        check(&talker, &[("face_actions", 2.0)]);
    }
}
