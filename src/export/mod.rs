//! Files for people and other tools. Exports compute nothing: what a file shows, the session already holds.
//!
//! One file per format; `docs/results.md` describes every column of every file ([`dictionary`]).

pub mod csv_files;
pub mod dictionary;
pub mod number;
pub mod report;
pub mod timeline;
pub mod tracks;

mod claim;
mod closeup;
mod draw;
mod folder;
mod palette;
mod picture;
mod settings;
mod words;

pub use claim::{Claim, Whose, claim};
pub use settings::{FaceRow, Settings};
pub use words::{CodeWords, Codes, Tone};

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use folder::Pending;

use crate::session::Session;
use crate::session::stored::{self, ReadError};

/// The files of a results folder.
pub const NAMES: [&str; 5] = [stored::FILE, "events.csv", "episodes.csv", "tracks.parquet", "report.html"];

/// Why results could not be written. What lay in the folder before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The folder's place is taken by a file.
    #[error("the results need a folder, and this is a file: choose another place: {}", folder.display())]
    NotAFolder {
        /// The place.
        folder: PathBuf,
    },
    /// The folder holds files of somebody else.
    #[error(
        "the folder holds {count} files that are no results of Attune (there is no session.json), and nothing is \
         overwritten: choose an empty or a new folder: {} (holds {first:?})",
        folder.display()
    )]
    NotOurs {
        /// How many.
        count: usize,
        /// The first by name.
        first: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds the results of another session.
    #[error(
        "the folder holds the results of another session, and nothing is overwritten: choose another folder with \
         --out: {} (holds {name:?})",
        folder.display()
    )]
    OtherSession {
        /// Name of that session.
        name: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds a `session.json` that does not read.
    #[error("the folder's earlier results cannot be replaced: choose another folder or move them away: {source}")]
    InTheWay {
        /// Why it does not read.
        source: Box<ReadError>,
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write the results ({source}): {advice}: {}", file.display())]
    Unwritable {
        /// What to do.
        advice: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ExportError {
    fn writing(file: &Path, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let advice = match source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
                "the disk is full or your share of it is used up; make room or choose a folder on another disk"
            }
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => "choose a folder in which you may write",
            Kind::NotADirectory => "a part of the path is a file; choose another folder",
            Kind::IsADirectory => "a folder has the name of a results file; move it away or choose another folder",
            _ => "check the path and the disk, or choose another folder",
        };
        Self::Unwritable { advice, file: file.to_owned(), source }
    }
}

/// How to write results.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Names inside the folder that belong to the caller (a cache): they do not make the folder somebody else's.
    pub also_ours: &'a [&'a str],
    /// Whether the results of another session may be replaced.
    pub replace_other: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Each file and its length in bytes, in the order of [`NAMES`].
    pub files: Vec<(PathBuf, u64)>,
}

/// Writes all results of a session into `folder`, which is made if need be.
///
/// Every file is first written whole beside its place and then put there, so that a run that is stopped or fails leaves
/// what was there before. The same session gives the same bytes.
///
/// # Errors
/// [`ExportError`] if the folder is somebody else's or cannot be written.
pub fn write_results(
    session: &Session,
    codes: &Codes,
    folder: &Path,
    settings: &Settings,
    options: &Options<'_>,
) -> Result<Written, ExportError> {
    claim::take(folder, session, options)?;
    let [session_json, events, episodes, tracks, report] = NAMES;
    let pending = [
        Pending::write(folder, session_json, |to| stored::write(session, to))?,
        Pending::write(folder, events, |to| csv_files::write_events(session, to))?,
        Pending::write(folder, episodes, |to| csv_files::write_episodes(session, to))?,
        Pending::write(folder, tracks, |to| tracks::write(&session.tracks, to))?,
        Pending::write(folder, report, |to| to.write_all(report::page(session, codes, settings).as_bytes()))?,
    ];
    // The session file goes first: it is what makes the folder ours.
    let files = pending.into_iter().map(Pending::settle).collect::<Result<_, _>>()?;
    Ok(Written { files })
}
