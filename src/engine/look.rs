//! The face stage: every film is looked at, and its faces are numbered on. Bodies are looked at on the way.

use serde::{Deserialize, Serialize};

use crate::body::{self, Watcher};
use crate::face::{self, FaceError, FaceInfo, Request, Settings};
use crate::job::Job;
use crate::media::{self, Damage, MediaSettings, PictureGrid, PictureWish, Probe, StreamKind};
use crate::model::Shelf;
use crate::origin::{Hash, ModelFile};
use crate::session::Problem;
use crate::time::{SessionTime, Step};
use crate::track::{Tracks, Who};

use super::recordings::Opened;
use super::store::Store;

/// What looking gave, besides tracks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Who is in the picture.
    pub faces: Vec<FaceInfo>,
    /// Networks that ran.
    pub models: Vec<ModelFile>,
    /// Pictures looked at.
    pub pictures: u64,
    /// In words.
    pub problems: Vec<String>,
    /// What could not be read of the pictures.
    pub damage: Damage,
}

/// Why a film was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The face stage.
    #[error(transparent)]
    Face(#[from] FaceError),
    /// Bodies: settings that cannot be worked with. All else about them is told in [`Seen::problems`].
    #[error(transparent)]
    Body(#[from] body::BodyError),
    /// The film does not open.
    #[error(transparent)]
    Media(#[from] media::MediaError),
}

/// How to look.
pub struct Wish<'a> {
    /// Settings of the reader.
    pub media: &'a MediaSettings,
    /// Settings of the stage.
    pub face: &'a Settings,
    /// Settings of bodies.
    pub body: &'a body::Settings,
    /// Networks.
    pub shelf: &'a Shelf,
    /// Most people in one film.
    pub max_faces: u8,
    /// Wider pictures are scaled down to this.
    pub max_width_px: u32,
    /// Threads; no influence on the result.
    pub threads: usize,
    /// Hash of the settings.
    pub settings_hash: &'a Hash,
    /// Do not use what is stored.
    pub fresh: bool,
}

/// Looks at one film, or takes what was stored for the same inputs; the flag says which. `film` counts from 0.
///
/// # Errors
/// [`LookError`].
pub fn look(
    recording: &Opened,
    film: usize,
    wish: &Wish<'_>,
    store: &Store,
    job: &Job,
    problems: &mut Vec<Problem>,
) -> Result<(Seen, Tracks, bool), LookError> {
    let stage = format!("face{}", film + 1);
    let key = Hash::of_parts([
        ("stage", b"face 2".as_slice()),
        ("recording", recording.sha256.as_str().as_bytes()),
        ("offset", &recording.offset.nanos().to_le_bytes()),
        ("settings", wish.settings_hash.as_str().as_bytes()),
        ("request", format!("{} {} {:?}", wish.max_faces, wish.max_width_px, wish.face.step).as_bytes()),
        (
            "networks",
            wish.shelf
                .fingerprint(&["yunet", "face_landmarks", "face_blendshapes", "face_geometry", "pose"])
                .as_bytes(),
        ),
    ]);
    if !wish.fresh
        && let Some((seen, tracks)) = store.load::<Seen>(&stage, &key)
    {
        return Ok((seen, tracks, true));
    }
    let rate = pictures_per_sec(&recording.probe);
    let film_step = rate.and_then(|rate| slow_step(rate, wish.face.step));
    let grid = PictureGrid { first: SessionTime::ZERO, step: wish.face.step };
    let wanted = PictureWish { grid: film_step.is_none().then_some(grid), max_width: Some(wish.max_width_px) };
    let mut settings = wish.media.clone();
    settings.picture.threads = settings.picture.threads.min(wish.threads.max(1));
    let mut pictures = media::open_pictures(&recording.path, recording.offset, wanted, &settings)?;
    let request = Request { threads: wish.threads, max_faces: wish.max_faces, film_step };
    let step = film_step.unwrap_or(wish.face.step);
    let beside = wish.threads > 1;
    let mut watched = Watcher::new(pictures.as_mut(), wish.shelf, wish.body, &wish.face.search, step, beside)?;
    let result = face::analyse(&mut watched, wish.shelf, wish.face, &request, job)?;
    let bodies = watched.finish(&result.tracks);
    let mut told = result.problems;
    told.extend(bodies.problems);
    if let Some(rate) = rate.filter(|rate| *rate < wish.face.enough_per_sec) {
        let enough = wish.face.enough_per_sec;
        told.push(format!(
            "the film has {rate:.1} pictures per second: nods, head shakes and short facial actions need {enough} and \
             may be missed"
        ));
    }
    let seen = Seen {
        faces: result.faces,
        models: [result.models, bodies.models].concat(),
        pictures: result.pictures,
        problems: told,
        damage: pictures.damage().clone(),
    };
    let mut tracks = result.tracks;
    tracks.extend(bodies.tracks);
    if let Err(e) = store.save(&stage, &key, &seen, &tracks) {
        problems.push(Problem::note("face", format!("the result could not be stored for the next run ({e})")));
    }
    Ok((seen, tracks, false))
}

/// Pictures per second of the film's first picture track, if the file tells.
fn pictures_per_sec(probe: &Probe) -> Option<f64> {
    probe.streams.iter().find_map(|stream| match stream.kind {
        StreamKind::Picture { frames_per_sec, .. } => Some(frames_per_sec),
        _ => None,
    })?
}

/// Distance of the pictures of a film that has fewer than `usual` asks for. At most a second: pictures further apart
/// say nothing of what lies between them, which stays unmeasured.
fn slow_step(pictures_per_sec: f64, usual: Step) -> Option<Step> {
    // A rate that is stated a little too low is no slow film.
    let is_slow = pictures_per_sec > 0.0 && pictures_per_sec * usual.secs_f64() < 0.999;
    let thousandths = (pictures_per_sec.max(1.0) * 1000.0).round() as u32;
    if is_slow { Step::new(1000, thousandths) } else { None }
}

/// The same faces counted on from `before`: the first face of the second film follows the last one of the first.
pub fn numbered_on(seen: &mut Seen, tracks: Tracks, before: u8) -> Tracks {
    let rename = |who: Who| match who {
        Who::Face(n) => Who::Face(n.saturating_add(before)),
        other => other,
    };
    for face in &mut seen.faces {
        face.who = rename(face.who);
    }
    tracks.renamed(rename)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_films_are_looked_at_picture_by_picture() {
        let usual = Step::new(2, 25).unwrap();
        let secs = |rate| slow_step(rate, usual).map(Step::secs_f64);
        assert_eq!([secs(25.0), secs(12.5), secs(12.4999), secs(0.0), secs(f64::NAN)], [None; 5]);
        assert_eq!([secs(8.0), secs(10.0), secs(0.2)], [Some(0.125), Some(0.1), Some(1.0)]);
    }
}
