//! An open study at which coders sit: its sessions with their results and recordings, its codebook, and the coders' work.
//!
//! A folder of results alone counts as a study of one session.

pub mod curves;
mod decided;
pub mod faces;
mod places;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use decided::{AllDecided, Decided};
pub use places::{Medium, Place, name_of};

use crate::codebook::Codebook;
use crate::review::clips::{self, Clip, millis};
use crate::review::consensus::{On, Rule};
use crate::review::tables::Frame;
use crate::review::{FILE, Plan, Role, Store, StoreError, coders, flow};
use crate::session::{Session, stored};
use crate::study::{self, AgreementRule, CoderRole, Study, StudyError};

/// Why a study cannot be reviewed.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The study's books.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// The coders' work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Neither a study nor results.
    #[error(
        "this is neither a study nor a folder of results: choose a folder with {} (attune study new) or {} \
         (attune scan): {}",
        study::STUDY_FILE,
        stored::FILE,
        folder.display()
    )]
    NothingHere {
        /// The folder.
        folder: PathBuf,
    },
    /// No such session.
    #[error("there is no session {0:?} with results: attune scan makes them")]
    NoSession(String),
    /// Its results do not read.
    #[error(transparent)]
    Results(#[from] stored::ReadError),
    /// Its tracks do not read.
    #[error(transparent)]
    Tracks(#[from] crate::export::tracks::TracksError),
}

/// As `config/engine.toml` says; whoever opens a desk with other settings says so.
const USUAL_WIDTH_PX: u32 = 1920;
/// Most sessions whose results and curves are kept in memory.
const KEPT: usize = 8;

/// See the module. Shared between threads.
pub struct Desk {
    /// The study's name.
    pub name: String,
    /// What the study says about the work.
    pub plan: Plan,
    /// The codes.
    pub codebook: Codebook,
    /// The coders' work.
    pub store: Store,
    /// Width in pixels down to which pictures were scaled before faces were looked for; face boxes are in those pixels.
    pub largest_picture_width_px: u32,
    /// Who came to those who take part from `study.toml` just now, and the sessions that all had locked and wait again.
    pub admitted: Vec<(String, Vec<String>)>,
    places: BTreeMap<String, Place>,
    sessions: Mutex<BTreeMap<String, Arc<Session>>>,
    curves: Mutex<BTreeMap<String, Arc<curves::Curves>>>,
    /// Nobody may change the study's books meanwhile; `None` for a folder of results.
    share: Option<study::Lock>,
}

impl Desk {
    /// Opens a study, or a folder of results. `at_ms`: now, milliseconds since 1970.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn open(folder: &Path, codebook: Codebook, at_ms: i64) -> Result<Self, DeskError> {
        if Study::is_at(folder) {
            return Self::of_study(&Study::open(folder)?, codebook, at_ms);
        }
        if folder.join(stored::FILE).is_file() {
            return Self::of_results(folder, codebook);
        }
        Err(DeskError::NothingHere { folder: folder.to_owned() })
    }

    fn of_study(study: &Study, codebook: Codebook, at_ms: i64) -> Result<Self, DeskError> {
        let share = study.share()?;
        let sessions = study.sessions()?;
        let places: BTreeMap<String, Place> =
            sessions.good.iter().map(|session| (session.id.clone(), Place::of_session(session))).collect();
        let settings = study.settings();
        let store = Store::open(&study.review_store())?;
        let scanned = places.values().filter(|place| place.has_results()).map(|place| place.id.clone());
        let scanned: Vec<String> = scanned.collect();
        // Also those who were taken out are known.
        let known = store.read(coders::everybody)?;
        let mut admitted = Vec::new();
        for coder in settings.coders.iter().filter(|coder| known.iter().all(|known| known.name != coder.name)) {
            let (name, role) = (coder.name.clone(), role_of(coder.role));
            if !known.is_empty() {
                let reopened = match role.codes() {
                    true => store.read(|c| flow::reopened_by(c, &name, &scanned))?,
                    false => Vec::new(),
                };
                admitted.push((name.clone(), reopened));
            }
            store.write(move |c| coders::put(c, &name, role, None, "server", at_ms))?;
        }
        let plan = Plan {
            seed: u64::from(settings.seed),
            rule: match settings.agreement {
                AgreementRule::Unanimous => Rule::Unanimous,
                AgreementRule::Majority => Rule::Majority,
                AgreementRule::Union => Rule::Union,
            },
            on: On::Turn,
            sessions: scanned,
            gold: Vec::new(),
        };
        Ok(Self { admitted, ..Self::new(settings.name.clone(), plan, codebook, store, places, Some(share)) })
    }

    fn of_results(folder: &Path, codebook: Codebook) -> Result<Self, DeskError> {
        let session = stored::read(folder)?;
        let store = Store::open(&folder.join(FILE))?;
        let place = Place::of_results(folder, &session);
        let plan =
            Plan { seed: 1, rule: Rule::Unanimous, on: On::Turn, sessions: vec![place.id.clone()], gold: Vec::new() };
        let places = BTreeMap::from([(place.id.clone(), place)]);
        Ok(Self::new(session.name, plan, codebook, store, places, None))
    }

    fn new(
        name: String,
        plan: Plan,
        codebook: Codebook,
        store: Store,
        places: BTreeMap<String, Place>,
        share: Option<study::Lock>,
    ) -> Self {
        let (sessions, curves) = (Mutex::default(), Mutex::default());
        Self {
            name,
            plan,
            codebook,
            store,
            largest_picture_width_px: USUAL_WIDTH_PX,
            admitted: Vec::new(),
            places,
            sessions,
            curves,
            share,
        }
    }

    /// Whether this is a folder of results and no study.
    pub fn is_results(&self) -> bool {
        self.share.is_none()
    }

    /// Every session of the study, also those without results.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.values()
    }

    /// One session's place.
    ///
    /// # Errors
    /// [`DeskError::NoSession`].
    pub fn place(&self, id: &str) -> Result<&Place, DeskError> {
        self.places.get(id).filter(|place| place.has_results()).ok_or_else(|| DeskError::NoSession(id.to_owned()))
    }

    /// One session's results without its tracks.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn session(&self, id: &str) -> Result<Arc<Session>, DeskError> {
        let place = self.place(id)?;
        kept(&self.sessions, id, || Ok(stored::read(&place.results)?))
    }

    /// One session's curves for the timeline, made on first use.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn curves(&self, id: &str) -> Result<Arc<curves::Curves>, DeskError> {
        let place = self.place(id)?;
        let span = self.session(id)?.span;
        kept(&self.curves, id, || Ok(curves::read_or_make(place, span)?))
    }

    /// The clips of the second pass for one coder.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn clips(&self, id: &str, coder: &str) -> Result<Vec<Clip>, DeskError> {
        let session = self.session(id)?;
        Ok(clips::clips(&session, id, coder, self.plan.seed, &|event| crate::episodes::event_in_words(event)))
    }

    /// What the tables of agreement need of each session with results that read; the others with the reason.
    pub fn frames(&self) -> (Vec<Frame>, Vec<(String, DeskError)>) {
        let (mut frames, mut bad) = (Vec::new(), Vec::new());
        for id in &self.plan.sessions {
            match self.session(id) {
                Ok(session) => frames.push(frame(id, &session)),
                Err(error) => bad.push((id.clone(), error)),
            }
        }
        (frames, bad)
    }
}

/// What `study.toml` calls a role, as the store does.
pub fn role_of(role: CoderRole) -> Role {
    match role {
        CoderRole::Coder => Role::Coder,
        CoderRole::Lead => Role::Lead,
        CoderRole::Supervisor => Role::Supervisor,
    }
}

/// A session's length and turns.
pub fn frame(id: &str, session: &Session) -> Frame {
    let (start_ms, end_ms) = millis(session.span);
    Frame { id: id.to_owned(), start_ms, end_ms, turns: session.turns.iter().map(|turn| millis(turn.span)).collect() }
}

/// Out of memory, or made and kept there. Two threads may make the same thing at once; one of the two is kept.
fn kept<T>(
    shelf: &Mutex<BTreeMap<String, Arc<T>>>,
    id: &str,
    make: impl FnOnce() -> Result<T, DeskError>,
) -> Result<Arc<T>, DeskError> {
    let shelf = || shelf.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = shelf().get(id) {
        return Ok(Arc::clone(found));
    }
    let made = Arc::new(make()?);
    let mut all = shelf();
    while all.len() >= KEPT {
        all.pop_first();
    }
    Ok(Arc::clone(all.entry(id.to_owned()).or_insert(made)))
}
