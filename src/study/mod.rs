//! A study: many sessions in one folder of plain files (`docs/study.md` describes each).
//!
//! ```text
//! mystudy/study.toml                     name, language, coders, rule of agreement
//! mystudy/sessions/S001/session.toml     the manifest: people by pseudonym, consent, media, transcript
//! mystudy/sessions/S001/scan.toml        what the last scan came to, and the hash of what went into it
//! mystudy/sessions/S001/results/         what a scan writes
//! mystudy/sessions/S007/forgotten.toml   all that is left of a session that was forgotten
//! ```
//!
//! It keeps the books and computes nothing. Sessions are called by a number (`S001`), never by a file's or a person's name.

pub mod add;
pub mod check;
pub mod consent;
pub mod date;
pub mod forget;
pub mod list;
pub mod manifest;
pub mod record;
pub mod seal;
pub mod settings;

mod error;
mod files;
mod lock;
mod tar;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub use consent::{Consent, Scope};
pub use error::StudyError;
pub use lock::{Lock, page as lock_page};
pub use manifest::{Manifest, Medium, Participant, ParticipantRole};
pub use record::{Outcome, ScanRecord};
pub use settings::{AgreementRule, Coder, CoderRole, StudySettings};

use crate::spelling::nearest;

/// Version of the shape of `study.toml` and `session.toml`; raised when an older reader would misread them.
pub const SCHEMA: u32 = 1;
/// The study's own file.
pub const STUDY_FILE: &str = "study.toml";
/// A session's manifest.
pub const MANIFEST_FILE: &str = "session.toml";
/// What is left of a forgotten session.
pub const TOMBSTONE_FILE: &str = "forgotten.toml";
/// A session's results inside its folder.
pub const RESULTS: &str = "results";
/// Where imported decisions are kept inside a session's folder.
pub const DECISIONS: &str = "decisions";
/// Where the sessions are.
const SESSIONS: &str = "sessions";

/// An open study. Holds no lock by itself: see [`Study::lock`] and [`Study::share`].
#[derive(Clone, Debug)]
pub struct Study {
    folder: PathBuf,
    settings: StudySettings,
}

/// One session of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionFolder {
    /// `S001` ..., the folder's name.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// All sessions of a study, in order of id.
#[derive(Debug, Default)]
pub struct Sessions {
    /// Those whose manifest reads.
    pub good: Vec<SessionFolder>,
    /// Those whose manifest does not, with the reason.
    pub bad: Vec<(String, StudyError)>,
    /// Those that were forgotten.
    pub forgotten: Vec<String>,
}

impl Study {
    /// Makes a new study. The folder may exist if it is empty.
    ///
    /// # Errors
    /// [`StudyError`] if the settings contradict themselves, or the folder holds something or cannot be written.
    pub fn create(folder: &Path, settings: StudySettings) -> Result<Self, StudyError> {
        settings.check()?;
        if folder.join(STUDY_FILE).exists() {
            return Err(StudyError::Exists { folder: folder.to_owned() });
        }
        let whole = std::path::absolute(folder).map_err(|e| StudyError::reading(folder, e))?;
        if let Some(outer) = whole.ancestors().skip(1).find(|above| above.join(STUDY_FILE).is_file()) {
            return Err(StudyError::Inside { outer: outer.to_owned(), folder: folder.to_owned() });
        }
        if folder.exists() {
            let full = fs::read_dir(folder).map_err(|e| StudyError::reading(folder, e))?.next().is_some();
            if full {
                return Err(StudyError::NotEmpty { folder: folder.to_owned() });
            }
        }
        let sessions = folder.join(SESSIONS);
        fs::create_dir_all(&sessions).map_err(|e| StudyError::writing(&sessions, e))?;
        let study = Self { folder: folder.to_owned(), settings };
        study.save_settings()?;
        Ok(study)
    }

    /// Opens the study in this folder.
    ///
    /// # Errors
    /// [`StudyError`]: no study, one from a newer version, or one whose `study.toml` does not read.
    pub fn open(folder: &Path) -> Result<Self, StudyError> {
        let file = folder.join(STUDY_FILE);
        if folder.join(files::SEALED).exists() && !file.exists() {
            return Err(StudyError::Sealed { folder: folder.to_owned() });
        }
        if !file.is_file() {
            return Err(StudyError::NotAStudy { folder: folder.to_owned() });
        }
        let settings: StudySettings = files::read_toml(&file)?;
        settings.check().map_err(|e| e.in_file(&file))?;
        Ok(Self { folder: folder.to_owned(), settings })
    }

    /// Whether this folder looks like a study, open or sealed.
    pub fn is_at(folder: &Path) -> bool {
        folder.join(STUDY_FILE).is_file() || folder.join(files::SEALED).is_file()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its settings.
    pub fn settings(&self) -> &StudySettings {
        &self.settings
    }

    /// Changes the settings and writes them. The caller holds [`Study::lock`].
    ///
    /// # Errors
    /// [`StudyError`]; the settings in memory then stay as they were.
    pub fn change_settings(&mut self, change: impl FnOnce(&mut StudySettings)) -> Result<(), StudyError> {
        let mut settings = self.settings.clone();
        change(&mut settings);
        settings.check()?;
        let changed = Self { folder: self.folder.clone(), settings };
        changed.save_settings()?;
        self.settings = changed.settings;
        Ok(())
    }

    fn save_settings(&self) -> Result<(), StudyError> {
        files::write_toml(&self.folder.join(STUDY_FILE), settings::HEADER, &self.settings)
    }

    /// The folder of the study's own codebook, if it has one. A relative one lies in the study.
    pub fn codebook(&self) -> Option<PathBuf> {
        self.settings.codebook.as_ref().map(|place| self.folder.join(place))
    }

    /// Where the coders' work is kept; may not exist.
    pub fn review_store(&self) -> PathBuf {
        self.folder.join("review.sqlite")
    }

    /// Takes the study for changes: nobody else may read or change it meanwhile.
    ///
    /// # Errors
    /// [`StudyError::Busy`] if another process is at work on it.
    pub fn lock(&self, what: &str) -> Result<Lock, StudyError> {
        lock::exclusive(&self.folder.join(lock::FILE), what)
    }

    /// Takes the study for work that leaves its books alone (scans, exports, queries, review): several may, but nobody
    /// may change it meanwhile.
    ///
    /// # Errors
    /// [`StudyError::Busy`] if another process changes it.
    pub fn share(&self) -> Result<Lock, StudyError> {
        lock::shared(&self.folder.join(lock::FILE))
    }

    /// Takes the scan of the whole study: one at a time.
    ///
    /// # Errors
    /// [`StudyError::Busy`].
    pub fn lock_scan(&self) -> Result<Lock, StudyError> {
        lock::exclusive(&self.folder.join(lock::SCAN_FILE), "scan")
    }

    /// All sessions, in order of id. A manifest that does not read is listed and stops nothing.
    ///
    /// # Errors
    /// [`StudyError`] if the folder of sessions cannot be listed.
    pub fn sessions(&self) -> Result<Sessions, StudyError> {
        let mut sessions = Sessions::default();
        for (id, folder) in self.session_folders()? {
            if folder.join(TOMBSTONE_FILE).exists() {
                sessions.forgotten.push(id);
                continue;
            }
            match Manifest::read(&folder.join(MANIFEST_FILE)) {
                Ok(manifest) => sessions.good.push(SessionFolder { id, folder, manifest }),
                Err(error) => sessions.bad.push((id, error)),
            }
        }
        Ok(sessions)
    }

    /// One session.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSession`] names the one that was meant; [`StudyError::Forgotten`]; or its manifest does not read.
    pub fn session(&self, id: &str) -> Result<SessionFolder, StudyError> {
        let folders = self.session_folders()?;
        let Some(folder) = folders.get(id) else {
            let meant = nearest(id, folders.keys().map(String::as_str)).map(str::to_owned);
            return Err(StudyError::NoSuchSession { id: id.to_owned(), meant });
        };
        if folder.join(TOMBSTONE_FILE).exists() {
            return Err(StudyError::Forgotten { id: id.to_owned() });
        }
        let manifest = Manifest::read(&folder.join(MANIFEST_FILE))?;
        Ok(SessionFolder { id: id.to_owned(), folder: folder.clone(), manifest })
    }

    fn sessions_folder(&self) -> PathBuf {
        self.folder.join(SESSIONS)
    }

    fn session_folders(&self) -> Result<BTreeMap<String, PathBuf>, StudyError> {
        let folder = self.sessions_folder();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(e) => return Err(StudyError::reading(&folder, e)),
        };
        let mut found = BTreeMap::new();
        for entry in entries {
            let path = entry.map_err(|e| StudyError::reading(&folder, e))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if !name.starts_with('.') && path.is_dir() {
                found.insert(name.to_owned(), path);
            }
        }
        Ok(found)
    }
}

impl SessionFolder {
    /// Where a scan puts its results; may not exist yet.
    pub fn results(&self) -> PathBuf {
        self.folder.join(RESULTS)
    }

    /// The recordings in the manifest's order, a relative one inside the session's folder.
    pub fn media_paths(&self) -> Vec<PathBuf> {
        self.manifest.media.iter().map(|medium| self.folder.join(&medium.file)).collect()
    }

    /// The transcript, if there is one.
    pub fn transcript_path(&self) -> Option<PathBuf> {
        self.manifest.transcript.as_ref().map(|file| self.folder.join(file))
    }

    /// What results and messages call the medium at this position (from 0): `media1.mp4`. Never its file name.
    pub fn media_label(&self, index: usize) -> String {
        let ending = self.manifest.media.get(index).and_then(|medium| files::plain_ending(&medium.file));
        files::label(&format!("media{}", index + 1), ending)
    }

    /// What results and messages call the transcript: `transcript.vtt`.
    pub fn transcript_label(&self) -> String {
        files::label("transcript", self.manifest.transcript.as_deref().and_then(files::plain_ending))
    }

    /// Takes this session's scan.
    ///
    /// # Errors
    /// [`StudyError::Busy`] if another process scans it.
    pub fn lock(&self) -> Result<Lock, StudyError> {
        lock::exclusive(&self.folder.join(lock::FILE), "scan")
    }

    /// What `attune import` has read of coders' work, in order of name; each a table of decisions.
    pub fn decision_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join(DECISIONS)).into_iter().flatten();
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "csv"));
        files.sort();
        files
    }

    /// What the last scan came to; `None` if there was none, or its record does not read.
    pub fn scan_record(&self) -> Option<ScanRecord> {
        ScanRecord::read(&self.folder)
    }

    /// Whose roles have not agreed to this; a client or therapist who is not named has agreed to nothing.
    pub fn not_agreed(&self, scope: Scope) -> BTreeSet<ParticipantRole> {
        let people = self.manifest.participant.iter().filter(|person| !person.consent.has(scope));
        let roles = [ParticipantRole::Client, ParticipantRole::Therapist];
        let unnamed = roles.into_iter().filter(|role| self.manifest.person(*role).is_none());
        people.map(|person| person.role).chain(unnamed).collect()
    }

    /// Whether everybody in the session has agreed to this.
    pub fn all_agree(&self, scope: Scope) -> bool {
        self.manifest.participant.iter().all(|person| person.consent.has(scope))
    }
}
