//! Two processes on one study: the system's file locks, which end with the process that holds them, also after a crash.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::StudyError;

/// The lock of the study's books, and that of one session's scan in its folder.
pub(super) const FILE: &str = ".lock";
/// The lock of a scan of the whole study.
pub(super) const SCAN_FILE: &str = ".scan.lock";

/// The lock of the coders' page.
const PAGE_FILE: &str = ".page.lock";

/// Held until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    /// `None` where the disk knows no locks (some network drives): the work goes on without.
    file: Option<File>,
    /// Whether it was this process that wrote who it is.
    named: bool,
}

impl Lock {
    fn none() -> Self {
        Self { file: None, named: false }
    }

    /// Writes who holds it, for the message that others get.
    pub fn name(&mut self, what: &str) {
        if let Some(file) = &mut self.file {
            let text = format!("{what}, process {}", std::process::id());
            let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
            self.named = written.is_ok();
        }
    }
}

impl Drop for Lock {
    /// Who has gone is not named any more.
    fn drop(&mut self) {
        if let Some(file) = self.file.as_ref().filter(|_| self.named) {
            _ = file.set_len(0);
        }
    }
}

/// The coders' page of a study or of a folder of results, which only one program serves at a time; and who held it and
/// did not end as it should (killed, or the machine went down). `what` is said to whoever comes next.
///
/// # Errors
/// [`StudyError::PageOpen`] if another program serves it; the folder cannot be written.
pub fn page(folder: &Path, what: &str) -> Result<(Lock, Option<String>), StudyError> {
    let path = folder.join(PAGE_FILE);
    let file = open(&path)?;
    let before = who(&path);
    match file.try_lock() {
        Ok(()) => {
            let mut lock = Lock { file: Some(file), named: false };
            lock.name(what);
            Ok((lock, Some(before).filter(|who| !who.is_empty())))
        }
        Err(TryLockError::WouldBlock) => Err(StudyError::PageOpen { who: before }),
        Err(TryLockError::Error(_)) => Ok((Lock::none(), None)),
    }
}

/// Who serves the page of this folder now, if anybody does.
fn page_holder(folder: &Path) -> Option<String> {
    let path = folder.join(PAGE_FILE);
    let file = fs::File::open(&path).ok()?;
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| who(&path))
}

/// What a lock file says.
fn who(path: &Path) -> String {
    let mut who = String::new();
    if let Ok(file) = fs::File::open(path) {
        let _ = file.take(200).read_to_string(&mut who);
    }
    who
}

pub(super) fn exclusive(path: &Path, what: &str) -> Result<Lock, StudyError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => {
            let mut lock = Lock { file: Some(file), named: false };
            lock.name(what);
            Ok(lock)
        }
        other => taken(path, other),
    }
}

pub(super) fn shared(path: &Path) -> Result<Lock, StudyError> {
    let file = match open(path) {
        // A study on a disk that is only read cannot be changed by others here either.
        Err(StudyError::Unwritable { source, .. }) if is_read_only(&source) => return Ok(Lock::none()),
        other => other?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Lock { file: Some(file), named: false }),
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
            // Who only reads is not named in the file: then it is the page, or an unnamed scan, export or question. A name
            // that a killed process left behind says nothing.
            let named = Some(who(path)).filter(|who| !is_gone(who));
            let page = path.parent().and_then(page_holder);
            Err(StudyError::Busy { who: page.or(named).unwrap_or_default(), file: path.to_owned() })
        }
        _ => Ok(Lock::none()),
    }
}

/// Whether the process of "scan, process 17" has ended, where the system tells.
fn is_gone(who: &str) -> bool {
    let number = who.rsplit("process ").next().and_then(|number| number.trim().parse::<u32>().ok());
    let processes = Path::new("/proc/self");
    number.is_some_and(|number| processes.exists() && !Path::new(&format!("/proc/{number}")).exists())
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
        let message = exclusive(&path, "add").unwrap_err().to_string();
        assert!(!message.contains("process"), "those who read are not named, and who is gone is not: {message}");
    }

    #[test]
    fn a_name_that_a_killed_process_left_is_not_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let number = child.id();
        child.wait().unwrap();
        fs::write(&path, format!("coder, process {number}")).unwrap();
        let _reading = shared(&path).unwrap();
        let message = exclusive(&path, "add").unwrap_err().to_string();
        assert!(!message.contains(&number.to_string()), "{message}");
    }

    #[test]
    fn one_page_at_a_time_and_what_a_killed_one_left_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (mut first, before) = page(folder.path(), "the page").unwrap();
        assert_eq!(before, None);
        first.name("the page at http://127.0.0.1:1/");
        let message = page(folder.path(), "the page").unwrap_err().to_string();
        assert!(message.contains("http://127.0.0.1:1/") && message.contains("process"), "{message}");
        let _reading = shared(&folder.path().join(FILE)).unwrap();
        let message = exclusive(&folder.path().join(FILE), "coder").unwrap_err().to_string();
        assert!(message.contains("the page at"), "{message}");
        drop(first);
        // As after a kill: the lock is free, the name is still there.
        fs::write(folder.path().join(PAGE_FILE), "the page at http://127.0.0.1:2/, process 17").unwrap();
        let (_again, before) = page(folder.path(), "the page").unwrap();
        assert_eq!(before.as_deref(), Some("the page at http://127.0.0.1:2/, process 17"));
    }
}
