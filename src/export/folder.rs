//! Results files: written so that a run that is stopped or fails leaves no half file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::ExportError;

/// Ends the name of a file that is still being written.
const PART: &str = ".part";

/// Name of a results file that is still being written.
pub(super) fn part_name(name: &str) -> String {
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
