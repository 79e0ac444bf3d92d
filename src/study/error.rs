//! What can go wrong with a study, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::{MANIFEST_FILE, SCHEMA, STUDY_FILE};

/// Why a study could not be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// No `study.toml`.
    #[error("this is no study (there is no {STUDY_FILE} in it): make one with 'attune study new': {}", folder.display())]
    NotAStudy {
        /// The folder.
        folder: PathBuf,
    },
    /// It is locked away.
    #[error("the study is sealed: open it with 'attune study open' and its passphrase: {}", folder.display())]
    Sealed {
        /// The folder.
        folder: PathBuf,
    },
    /// There is one already.
    #[error("there is a study here already, and nothing is overwritten: {}", folder.display())]
    Exists {
        /// The folder.
        folder: PathBuf,
    },
    /// The place of a new study lies in another one.
    #[error("a study cannot lie inside another one, and {} is one: choose another place: {}", outer.display(), folder.display())]
    Inside {
        /// The study around it.
        outer: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// The place of a new study holds something.
    #[error("a new study needs an empty or a new folder, and this one holds files: {}", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// Written by a newer Attune.
    #[error(
        "the file has schema {found}, and this version reads up to {SCHEMA}: the study was made by a newer Attune, so \
         update this one: {}",
        file.display()
    )]
    Newer {
        /// Its schema.
        found: i64,
        /// The file.
        file: PathBuf,
    },
    /// Does not read, or contradicts itself.
    #[error("this file does not read: {message}: {}", file.display())]
    Damaged {
        /// Line, column and what is wrong.
        message: String,
        /// The file.
        file: PathBuf,
    },
    /// Not there, not readable.
    #[error("cannot read this part of the study ({source}): check that it exists and may be read: {}", file.display())]
    Unreadable {
        /// What the system said.
        source: io::Error,
        /// File or folder.
        file: PathBuf,
    },
    /// Not writable.
    #[error("cannot write to the study ({source}): {advice}: {}", file.display())]
    Unwritable {
        /// What to do.
        advice: &'static str,
        /// What the system said.
        source: io::Error,
        /// File or folder.
        file: PathBuf,
    },
    /// Another process is at work on it.
    #[error(
        "another attune is at work on this study{}: wait until it is done, or end it: {}",
        if who.is_empty() { String::new() } else { format!(" ({who})") },
        file.display()
    )]
    Busy {
        /// What it does, and its process number.
        who: String,
        /// The lock.
        file: PathBuf,
    },
    /// Another process serves the coders' page.
    #[error(
        "{} is open already: use the address that it printed in its terminal, or end it there with Ctrl-C first",
        if who.is_empty() { "the coders' page".to_owned() } else { format!("{who},") }
    )]
    PageOpen {
        /// Where, and its process number.
        who: String,
    },
    /// Not in this study.
    #[error(
        "the study has no session {id:?}{}: 'attune study list' shows them",
        meant.as_ref().map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default()
    )]
    NoSuchSession {
        /// As asked for.
        id: String,
        /// The most alike id there is.
        meant: Option<String>,
    },
    /// It was there once.
    #[error("session {id} was forgotten: nothing of it is kept")]
    Forgotten {
        /// Its id.
        id: String,
    },
    /// What was asked for contradicts itself.
    #[error("{0}")]
    Wrong(String),
}

impl StudyError {
    pub(super) fn reading(file: &Path, source: io::Error) -> Self {
        Self::Unreadable { source, file: file.to_owned() }
    }

    pub(super) fn writing(file: &Path, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let advice = match source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
                "the disk is full or your share of it is used up; make room"
            }
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                "the study lies where you may not write; copy it to a folder of yours or ask for the right to write"
            }
            _ => "check the path and the disk",
        };
        Self::Unwritable { advice, source, file: file.to_owned() }
    }

    /// A contradiction found in a file, with the file's name.
    pub(super) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Wrong(message) => Self::Damaged { message, file: file.to_owned() },
            other => other,
        }
    }

    /// The same without paths, for the study's own records: those are kept beside results that may be passed on.
    pub fn without_path(&self) -> String {
        match self {
            Self::Damaged { message, .. } => format!("{MANIFEST_FILE} does not read: {message}"),
            Self::Unreadable { source, .. } => format!("a part of the study cannot be read ({source})"),
            Self::Unwritable { advice, source, .. } => format!("the study cannot be written to ({source}): {advice}"),
            Self::Newer { found, .. } => {
                format!("{MANIFEST_FILE} has schema {found}, this version reads up to {SCHEMA}")
            }
            other => other.to_string(),
        }
    }
}
