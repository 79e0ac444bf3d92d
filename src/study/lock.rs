//! Two processes on one study: the system's file locks, which end with the process that holds them, also after a crash.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use super::StudyError;

/// The lock of the study's books, and that of one session's scan in its folder.
pub(super) const FILE: &str = ".lock";
/// The lock of a scan of the whole study.
pub(super) const SCAN_FILE: &str = ".scan.lock";

/// Held until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    /// `None` where the disk knows no locks (some network drives): the work goes on without.
    _file: Option<File>,
}

pub(super) fn exclusive(path: &Path, what: &str) -> Result<Lock, StudyError> {
    let mut file = open(path)?;
    match file.try_lock() {
        Ok(()) => {
            // Only for the message that others get.
            let _ = file.set_len(0).and_then(|()| write!(file, "{what}, process {}", std::process::id()));
            Ok(Lock { _file: Some(file) })
        }
        other => taken(path, other),
    }
}

pub(super) fn shared(path: &Path) -> Result<Lock, StudyError> {
    let file = match open(path) {
        // A study on a disk that is only read cannot be changed by others here either.
        Err(StudyError::Unwritable { source, .. }) if is_read_only(&source) => return Ok(Lock { _file: None }),
        other => other?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Lock { _file: Some(file) }),
        other => taken(path, other),
    }
}

fn is_read_only(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied)
}

fn open(path: &Path) -> Result<File, StudyError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|e| StudyError::writing(path, e))
}

fn taken(path: &Path, result: Result<(), TryLockError>) -> Result<Lock, StudyError> {
    match result {
        Err(TryLockError::WouldBlock) => {
            let mut who = String::new();
            if let Ok(file) = fs::File::open(path) {
                let _ = file.take(200).read_to_string(&mut who);
            }
            Err(StudyError::Busy { who, file: path.to_owned() })
        }
        _ => Ok(Lock { _file: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_free_again_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let first = exclusive(&path, "add").unwrap();
        let message = exclusive(&path, "scan").unwrap_err().to_string();
        assert!(message.contains("another attune") && message.contains("add, process"), "{message}");
        assert!(shared(&path).is_err());
        drop(first);
        let (_one, _two) = (shared(&path).unwrap(), shared(&path).unwrap());
        assert!(exclusive(&path, "add").is_err());
    }
}
