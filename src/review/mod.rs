//! The coders' work on a study: kept in one file, added to and never changed, first blind and then with the candidates.
//!
//! What the work means (who may see what and when) is decided here and nowhere else: the server and the page only ask.

pub mod chain;
pub mod clips;
pub mod coders;
pub mod consensus;
pub mod flow;
pub mod forget;
pub mod guards;
mod look;
pub mod records;
pub mod schema;
mod store;
pub mod tables;

#[cfg(test)]
mod tests;

pub use coders::{Coder, Role, Standing};
pub use look::look;
pub use store::Store;

/// Name of the file in a study's folder.
pub const FILE: &str = "review.sqlite";
/// Its copy beside it, made whenever the page is opened.
pub const BACKUP: &str = "review.backup.sqlite";

/// Why something could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Written by a later version.
    #[error(
        "the coders' work was kept by a newer Attune (version {found} of its tables, this one knows {}): update Attune",
        schema::VERSION
    )]
    Newer {
        /// Its version.
        found: i64,
    },
    /// What SQLite said.
    #[error(
        "the coders' work cannot be read or written ({0}): check the disk and the rights to {FILE}, or restore a backup"
    )]
    Database(#[from] rusqlite::Error),
    /// The shared commit failed.
    #[error("nothing was kept ({0}): check that the disk is not full, and try again")]
    NotWritten(String),
    /// The disk.
    #[error("the coders' work cannot be read or written ({0}): check the disk and the rights to the study's folder")]
    Disk(#[from] std::io::Error),
    /// The writer is gone.
    #[error("the store is closed: start attune review again")]
    Closed,
    /// Somebody more would code what is finished; nothing was done.
    #[error(
        "{} locked by everybody, and would wait for {name} again: consensus, agreement and theory of {} close until {name} has \
         locked as well",
        are(sessions),
        if sessions.len() == 1 { "it" } else { "them" }
    )]
    Reopens {
        /// Who.
        name: String,
        /// Sessions that all have locked.
        sessions: Vec<String>,
    },
    /// The rules of the work forbid it; the text says what and why.
    #[error("{0}")]
    Refused(String),
}

/// "S001 and S002 are", "S001 is", "S001, S002, S003 and 17 more are".
fn are(sessions: &[String]) -> String {
    const NAMED: usize = 4;
    match sessions {
        [] => "nothing is".to_owned(),
        [one] => format!("{one} is"),
        [before @ .., last] if sessions.len() <= NAMED => format!("{} and {last} are", before.join(", ")),
        many => format!("{} and {} more are", many[..NAMED].join(", "), many.len() - NAMED),
    }
}

impl StoreError {
    fn refused(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }
}

/// What the study says about the work. Times of day are arguments everywhere.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides every random order.
    pub seed: u64,
    /// When a code counts as agreed.
    pub rule: consensus::Rule,
    /// On what codes are compared.
    pub on: consensus::On,
    /// All sessions by id, in the study's order.
    pub sessions: Vec<String>,
    /// Sessions coded in advance, against which drift is measured.
    pub gold: Vec<String>,
}
