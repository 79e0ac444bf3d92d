//! The results folder before the work begins: whether it is ours to write to, and what is left if nothing comes of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::folder::part_name;
use super::{ExportError, NAMES, Options};
use crate::origin::Hash;
use crate::session::stored::ReadError;
use crate::session::{Session, read};

/// What tells a session from others.
pub struct Whose<'a> {
    /// Its name.
    pub name: &'a str,
    /// The hashes of its recordings, in their order; asked for only where the name does not tell, for it may mean
    /// reading them through.
    pub recordings: &'a dyn Fn() -> Vec<Hash>,
}

/// A folder that may be written to. Dropped, it removes the folders that were made for it and are still empty, so that a
/// run that gives nothing leaves nothing.
#[derive(Debug)]
pub struct Claim {
    /// Innermost first.
    made: Vec<PathBuf>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        for folder in &self.made {
            // Only an empty folder can be removed; one with results stays, and so do those above it.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes sure, before the work, that results of this session may be written to this folder, which is made if need be: it
/// holds nothing of somebody else's and no other session, and a file can be made in it.
///
/// # Errors
/// As [`super::write_results`].
pub fn claim(folder: &Path, whose: &Whose<'_>, options: &Options<'_>) -> Result<Claim, ExportError> {
    let claim = Claim { made: not_there_yet(folder, options) };
    make(folder)?;
    make_sure_it_is_ours(folder, whose, options)?;
    let trial = folder.join(part_name(NAMES[0]));
    File::create(&trial)
        .and_then(|_| fs::remove_file(&trial))
        .map_err(|source| ExportError::writing(&trial, source))?;
    Ok(claim)
}

/// The folder, those above it and those of the caller in it, as far as they would have to be made. Innermost first.
fn not_there_yet(folder: &Path, options: &Options<'_>) -> Vec<PathBuf> {
    let inside = options.also_ours.iter().map(|name| folder.join(name));
    let above = folder.ancestors().map(Path::to_owned).filter(|path| !path.as_os_str().is_empty());
    inside.chain(above).filter(|path| fs::symlink_metadata(path).is_err()).collect()
}

fn make(folder: &Path) -> Result<(), ExportError> {
    if folder.exists() && !folder.is_dir() {
        return Err(ExportError::NotAFolder { folder: folder.to_owned() });
    }
    fs::create_dir_all(folder).map_err(|source| ExportError::writing(folder, source))
}

/// Makes the folder, or makes sure that what lies in it may be replaced by this session.
pub(super) fn take(folder: &Path, session: &Session, options: &Options<'_>) -> Result<(), ExportError> {
    make(folder)?;
    make_sure_it_is_ours(folder, &Whose { name: &session.name, recordings: &|| recordings(session) }, options)
}

fn recordings(session: &Session) -> Vec<Hash> {
    session.media.iter().map(|media| media.sha256.clone()).collect()
}

fn make_sure_it_is_ours(folder: &Path, whose: &Whose<'_>, options: &Options<'_>) -> Result<(), ExportError> {
    let foreign = foreign_files(folder, options).map_err(|source| ExportError::writing(folder, source))?;
    match read(folder) {
        Ok(stored) if options.replace_other || is_same(&stored, whose) => Ok(()),
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

/// Of the same name (a recording that was exported anew), or of the same recordings.
fn is_same(stored: &Session, whose: &Whose<'_>) -> bool {
    stored.name == whose.name || (!stored.media.is_empty() && recordings(stored) == (whose.recordings)())
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Whose<'_> = Whose { name: "a", recordings: &Vec::new };

    #[test]
    fn a_folder_that_stays_empty_goes_and_one_that_was_there_stays() {
        let place = tempfile::tempdir().unwrap();
        let options = Options { also_ours: &["stages"], replace_other: false };
        let deep = place.path().join("a/b");
        drop(claim(&deep, &NOBODY, &options).unwrap());
        assert!(!place.path().join("a").exists());

        fs::create_dir(place.path().join("a")).unwrap();
        let claimed = claim(&deep, &NOBODY, &options).unwrap();
        fs::create_dir(deep.join("stages")).unwrap();
        drop(claimed);
        assert!(place.path().join("a").exists() && !deep.exists());

        let claimed = claim(&deep, &NOBODY, &options).unwrap();
        fs::create_dir(deep.join("stages")).unwrap();
        fs::write(deep.join("stages/voice.stage"), "kept").unwrap();
        drop(claimed);
        assert!(deep.join("stages/voice.stage").exists());
    }
}
