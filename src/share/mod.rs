//! What leaves Attune for other tools: tables, ELAN, Praat, WebVTT, RTTM, CHAT, REFI-QDA, as far as a profile allows.
//!
//! A [`Material`] is one session as the profile shows it. It is made first, and writers see nothing else: what the profile
//! leaves out cannot be written by any of them. Beyond means over whole seconds nothing is computed.

pub mod agreed;
pub mod coders;
pub mod decisions;
pub mod dictionary;
pub mod elan;
pub mod elan_import;
pub mod material;
pub mod package;
pub mod settings;
pub mod table;
pub mod tables;

mod chat;
mod elan_series;
mod lanes;
mod parquet_files;
mod qdpx;
mod said;
mod subtitles;
mod textgrid;
mod timeline;
mod xml;

use std::io;
use std::path::{Path, PathBuf};

pub use coders::Work;
pub use decisions::Decision;
pub use material::{Allow, Linked, Material};
pub use package::{Package, write_all};
pub use settings::Settings;

/// How much may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Events, codes, candidates and means over whole seconds, with times from the session's start. No words, no
    /// frame-by-frame track, no landmarks, no pitch.
    Open,
    /// The same with words, sentences and frame-by-frame tracks. No recordings, no names of files.
    Restricted,
    /// The same with links to the recordings.
    Media,
}

impl Profile {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Restricted => "restricted",
            Self::Media => "media",
        }
    }
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Tidy tables: a row per event, turn, hit, candidate, decision.
    Csv,
    /// A table with a row per second.
    Wide,
    /// The same tables as Parquet, a folder for each session.
    Parquet,
    /// The same tables as JSON, a file for each session.
    Json,
    /// ELAN documents.
    Elan,
    /// Praat TextGrids.
    Praat,
    /// Subtitles.
    WebVtt,
    /// Who speaks when.
    Rttm,
    /// CHAT transcripts.
    Chat,
    /// A REFI-QDA project.
    Qdpx,
    /// The report to read and print.
    Report,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Csv,
        Self::Wide,
        Self::Parquet,
        Self::Json,
        Self::Elan,
        Self::Praat,
        Self::WebVtt,
        Self::Rttm,
        Self::Chat,
        Self::Qdpx,
        Self::Report,
    ];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Wide => "wide",
            Self::Parquet => "parquet",
            Self::Json => "json",
            Self::Elan => "elan",
            Self::Praat => "praat",
            Self::WebVtt => "webvtt",
            Self::Rttm => "rttm",
            Self::Chat => "chat",
            Self::Qdpx => "qdpx",
            Self::Report => "report",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = match text.trim().to_lowercase().as_str() {
            "eaf" => "elan".to_owned(),
            "textgrid" => "praat".to_owned(),
            "vtt" => "webvtt".to_owned(),
            "cha" => "chat".to_owned(),
            "refi-qda" | "refi" => "qdpx".to_owned(),
            "html" => "report".to_owned(),
            other => other.to_owned(),
        };
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|format| format.name()).collect();
            let meant = crate::spelling::nearest(&name, names.iter().copied());
            let meant = meant.map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default();
            format!("{text:?} is no format{meant}: say {}", names.join(", "))
        })
    }
}

/// Why something could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// A file or folder cannot be written.
    #[error("cannot write the export ({source}): check the place and the room on the disk, or choose another with --out: {}", file.display())]
    Unwritable {
        /// What the system said.
        source: io::Error,
        /// The file.
        file: PathBuf,
    },
    /// The place holds something else.
    #[error("an export needs an empty or a new folder, or one with an earlier export: {} (holds {first:?})", folder.display())]
    NotOurs {
        /// The first name there.
        first: String,
        /// The folder.
        folder: PathBuf,
    },
    /// Something to import does not read.
    #[error("{message}: {}", file.display())]
    Unreadable {
        /// What is wrong and what to do.
        message: String,
        /// The file.
        file: PathBuf,
    },
}

/// The timeline of a session: a row per second, of which [`timeline`] says what stands in it.
pub fn timeline_of(material: &Material, settings: &Settings) -> table::Table {
    timeline::table(material, settings)
}

impl ShareError {
    fn writing(file: &Path, source: io::Error) -> Self {
        Self::Unwritable { source, file: file.to_owned() }
    }
}
