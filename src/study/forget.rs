//! Taking sessions out of a study.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::{MANIFEST_FILE, SCHEMA, SessionFolder, Study, StudyError, TOMBSTONE_FILE, files};

const HEADER: &str =
    "# This session was forgotten: all that Attune had made of it was deleted. Its number is not given again.\n\n";

/// Names at the top of a study that hold something of every session and can be made again.
const CACHES: &[&str] = &[".query.sqlite", ".query.sqlite-journal", ".query.sqlite-wal", ".query.sqlite-shm"];

/// All that is left of a forgotten session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// Its id.
    pub id: String,
    /// When it was forgotten.
    pub forgotten_on: Date,
    /// How many files were deleted.
    pub files: usize,
}

/// What was deleted, and what was not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deleted {
    /// Files that are gone, by their path inside the study, in order.
    pub files: Vec<PathBuf>,
    /// Recordings and transcripts outside the study, which Attune never deletes.
    pub outside: Vec<PathBuf>,
}

impl Study {
    /// Deletes everything that Attune holds of a session (manifest, results, stored stages, copies of recordings, caches
    /// of the whole study) and leaves a tombstone. The caller holds [`Study::lock`].
    ///
    /// # Errors
    /// [`StudyError`] if something cannot be deleted; what could be is gone then, and the same call goes on.
    pub fn forget(&self, session: &SessionFolder, today: Date) -> Result<Deleted, StudyError> {
        let deleted = self.delete(session, false)?;
        let tombstone =
            Tombstone { schema: SCHEMA, id: session.id.clone(), forgotten_on: today, files: deleted.files.len() };
        files::write_toml(&session.folder.join(TOMBSTONE_FILE), HEADER, &tombstone)?;
        Ok(deleted)
    }

    /// Takes a session out as if it had never been added; its id may be given again. The caller holds [`Study::lock`].
    ///
    /// # Errors
    /// As [`Study::forget`].
    pub fn remove(&self, session: &SessionFolder) -> Result<Deleted, StudyError> {
        self.delete(session, true)
    }

    /// The manifest goes last: as long as it is there, the session can be asked for again.
    fn delete(&self, session: &SessionFolder, with_folder: bool) -> Result<Deleted, StudyError> {
        let mut deleted = Deleted::default();
        for path in session.media_paths().into_iter().chain(session.transcript_path()) {
            if !path.starts_with(&session.folder) {
                deleted.outside.push(path);
            }
        }
        let mut all = Vec::new();
        gather(&session.folder, &mut all)?;
        let manifest = session.folder.join(MANIFEST_FILE);
        all.retain(|path| *path != manifest);
        all.extend(CACHES.iter().map(|name| self.folder().join(name)).filter(|path| path.exists()));
        all.push(manifest);
        for path in all {
            fs::remove_file(&path).map_err(|e| StudyError::writing(&path, e))?;
            deleted.files.push(path.strip_prefix(self.folder()).unwrap_or(&path).to_owned());
        }
        remove_empty(&session.folder, with_folder)?;
        Ok(deleted)
    }
}

/// All files below a folder, in order. Links are files here: what they point to is not ours.
pub(super) fn gather(folder: &Path, all: &mut Vec<PathBuf>) -> Result<(), StudyError> {
    let fail = |e| StudyError::reading(folder, e);
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(fail)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()
        .map_err(fail)?;
    entries.sort();
    for path in entries {
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        if is_folder { gather(&path, all)? } else { all.push(path) }
    }
    Ok(())
}

pub(super) fn remove_empty(folder: &Path, itself: bool) -> Result<(), StudyError> {
    let entries = fs::read_dir(folder).map_err(|e| StudyError::reading(folder, e))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()) {
        remove_empty(&path, true)?;
    }
    match itself {
        true => fs::remove_dir(folder).map_err(|e| StudyError::writing(folder, e)),
        false => Ok(()),
    }
}
