//! The face stage: every film is looked at, and its faces are numbered on.

use serde::{Deserialize, Serialize};

use crate::face::{self, FaceError, FaceInfo, Request, Settings};
use crate::job::Job;
use crate::media::{self, Damage, MediaSettings, PictureGrid, PictureWish};
use crate::model::Shelf;
use crate::origin::{Hash, ModelFile};
use crate::session::Problem;
use crate::time::SessionTime;
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

/// How to look.
pub struct Wish<'a> {
    /// Settings of the reader.
    pub media: &'a MediaSettings,
    /// Settings of the stage.
    pub face: &'a Settings,
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
/// [`FaceError`].
pub fn look(
    recording: &Opened,
    film: usize,
    wish: &Wish<'_>,
    store: &Store,
    job: &Job,
    problems: &mut Vec<Problem>,
) -> Result<(Seen, Tracks, bool), FaceError> {
    let stage = format!("face{}", film + 1);
    let key = Hash::of_parts([
        ("stage", b"face 1".as_slice()),
        ("recording", recording.sha256.as_str().as_bytes()),
        ("offset", &recording.offset.nanos().to_le_bytes()),
        ("settings", wish.settings_hash.as_str().as_bytes()),
        ("request", format!("{} {}", wish.max_faces, wish.max_width_px).as_bytes()),
        (
            "networks",
            wish.shelf.fingerprint(&["yunet", "face_landmarks", "face_blendshapes", "face_geometry"]).as_bytes(),
        ),
    ]);
    if !wish.fresh
        && let Some((seen, tracks)) = store.load::<Seen>(&stage, &key)
    {
        return Ok((seen, tracks, true));
    }
    let grid = PictureGrid { first: SessionTime::ZERO, step: wish.face.step };
    let wanted = PictureWish { grid: Some(grid), max_width: Some(wish.max_width_px) };
    let mut settings = wish.media.clone();
    settings.picture.threads = settings.picture.threads.min(wish.threads.max(1));
    let mut pictures = media::open_pictures(&recording.path, recording.offset, wanted, &settings)?;
    let request = Request { threads: wish.threads, max_faces: wish.max_faces };
    let result = face::analyse(pictures.as_mut(), wish.shelf, wish.face, &request, job)?;
    let seen = Seen {
        faces: result.faces,
        models: result.models,
        pictures: result.pictures,
        problems: result.problems,
        damage: pictures.damage().clone(),
    };
    if let Err(e) = store.save(&stage, &key, &seen, &result.tracks) {
        problems.push(Problem::note("face", format!("the result could not be stored for the next run ({e})")));
    }
    Ok((seen, result.tracks, false))
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
