//! The results folder: taken only if it is ours or empty, filled so that a stopped run leaves no half file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{ExportError, NAMES, Options};
use crate::session::stored::ReadError;
use crate::session::{Session, read};

/// Ends the name of a file that is still being written.
const PART: &str = ".part";

/// Makes the folder, or makes sure that what lies in it may be replaced.
pub(super) fn take(folder: &Path, session: &Session, options: &Options<'_>) -> Result<(), ExportError> {
    if folder.exists() && !folder.is_dir() {
        return Err(ExportError::NotAFolder { folder: folder.to_owned() });
    }
    fs::create_dir_all(folder).map_err(|source| ExportError::writing(folder, source))?;
    let foreign = foreign_files(folder, options).map_err(|source| ExportError::writing(folder, source))?;
    match read(folder) {
        Ok(stored) if options.replace_other || same_session(&stored, session) => Ok(()),
        Ok(stored) => Err(ExportError::OtherSession { name: stored.name, folder: folder.to_owned() }),
        Err(ReadError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            match foreign.first() {
                None => Ok(()),
                Some(first) => {
                    Err(ExportError::NotOurs { count: foreign.len(), first: first.clone(), folder: folder.to_owned() })
                }
            }
        }
        Err(source) => Err(ExportError::InTheWay { source: Box::new(source), folder: folder.to_owned() }),
    }
}

/// Tells before the work whether results can be written to this folder, which is made if need be: it is none of somebody
/// else's, and a file can be made in it.
///
/// # Errors
/// As [`super::write_results`]; whether it holds another session's results shows only when the session is known.
pub fn may_write(folder: &Path, options: &Options<'_>) -> Result<(), ExportError> {
    if folder.exists() && !folder.is_dir() {
        return Err(ExportError::NotAFolder { folder: folder.to_owned() });
    }
    fs::create_dir_all(folder).map_err(|source| ExportError::writing(folder, source))?;
    let foreign = foreign_files(folder, options).map_err(|source| ExportError::writing(folder, source))?;
    if let Some(first) = foreign.first()
        && !folder.join(NAMES[0]).is_file()
    {
        return Err(ExportError::NotOurs { count: foreign.len(), first: first.clone(), folder: folder.to_owned() });
    }
    let trial = folder.join(part_name(NAMES[0]));
    File::create(&trial).and_then(|_| fs::remove_file(&trial)).map_err(|source| ExportError::writing(&trial, source))
}

/// Of the same recordings, or of the same name (a recording that was exported anew).
fn same_session(stored: &Session, new: &Session) -> bool {
    let recordings = |session: &Session| session.media.iter().map(|media| media.sha256.clone()).collect::<Vec<_>>();
    stored.name == new.name || (!new.media.is_empty() && recordings(stored) == recordings(new))
}

/// Names that neither this module nor the caller's list explains, sorted. A file with one of our names counts as
/// foreign as well: without a `session.json` nothing says that it is ours.
fn foreign_files(folder: &Path, options: &Options<'_>) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let unfinished = NAMES.iter().any(|ours| name == part_name(ours));
        if !unfinished && !options.also_ours.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn part_name(name: &str) -> String {
    format!(".{name}{PART}")
}

/// A file written under another name, not yet in its place. Dropped before [`Pending::settle`], it is removed.
pub(super) struct Pending {
    part: PathBuf,
    place: PathBuf,
    bytes: u64,
    settled: bool,
}

impl Pending {
    /// Lets `write` fill a new file beside the place of `name` and waits until the disk has it.
    pub(super) fn write(
        folder: &Path,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<Self, ExportError> {
        let place = folder.join(name);
        if place.is_dir() {
            let source = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(ExportError::writing(&place, source));
        }
        let mut pending = Self { part: folder.join(part_name(name)), place, bytes: 0, settled: false };
        let filled = File::create(&pending.part).and_then(|file| {
            let mut buffer = BufWriter::with_capacity(1 << 16, file);
            write(&mut buffer)?;
            buffer.flush()?;
            buffer.get_ref().sync_all()?;
            Ok(buffer.get_ref().metadata()?.len())
        });
        pending.bytes = filled.map_err(|source| ExportError::writing(&pending.place, source))?;
        Ok(pending)
    }

    /// Puts the file into its place, replacing the earlier one at once.
    pub(super) fn settle(mut self) -> Result<(PathBuf, u64), ExportError> {
        fs::rename(&self.part, &self.place).map_err(|source| ExportError::writing(&self.place, source))?;
        self.settled = true;
        Ok((self.place.clone(), self.bytes))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.settled {
            // It may not have been made at all; there is nobody to tell and nothing to save.
            let _ = fs::remove_file(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_earlier_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("events.csv");
        fs::write(&place, "earlier").unwrap();
        let result = Pending::write(folder.path(), "events.csv", |to| {
            to.write_all(b"half a fi")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        let message = result.err().unwrap().to_string();
        assert!(message.contains("full") && message.contains("events.csv"), "{message}");
        assert_eq!(fs::read_to_string(&place).unwrap(), "earlier");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_in_place_before_it_is_settled() {
        let folder = tempfile::tempdir().unwrap();
        let pending = Pending::write(folder.path(), "events.csv", |to| to.write_all(b"all")).unwrap();
        assert!(!folder.path().join("events.csv").exists());
        pending.settle().unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("events.csv")).unwrap(), "all");
    }
}
