//! Questions in SQL over all sessions of a study.
//!
//! The engine is SQLite, which the coders' store needs anyway: it adds no build time. (DataFusion and DuckDB take minutes to
//! build; what they are better at, scans over many columns of billions of rows, is what `attune export --to parquet` is
//! for.) The tables are those of an export, in a cache beside the study; a session is read again when its results change.
//! What was said is not in it, nor is anything of people who have not agreed to research.

mod aggregate;
mod fill;
pub mod ready;

use std::path::{Path, PathBuf};

use rusqlite::limits::Limit;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;

use crate::share::table::Column;
use crate::share::{self, Profile};
use crate::study::{Study, StudyError};

use fill::{FillError, Filler, kept, track_columns};

/// The cache's name inside the study. `attune study forget` deletes it.
pub const CACHE: &str = ".query.sqlite";

/// `config/query.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Tracks whose means over a second are in the table `tracks`.
    pub tracks: Vec<String>,
    /// Most rows that are shown on a terminal.
    pub rows_shown: usize,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The study.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// The coders' work.
    #[error(transparent)]
    Store(#[from] crate::review::StoreError),
    /// The question is no SQL that reads.
    #[error("the question does not read: {0}; 'attune query STUDY --tables' shows tables and columns")]
    Sql(String),
    /// It would change something.
    #[error("a question only reads: say one select")]
    ReadOnly,
    /// The cache cannot be used.
    #[error("the cache of the study's tables cannot be used ({message}): delete it and ask again: {}", file.display())]
    Cache {
        /// What is wrong.
        message: String,
        /// The file.
        file: PathBuf,
    },
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Names.
    pub columns: Vec<String>,
    /// Rows, a value for each column.
    pub rows: Vec<Vec<Value>>,
}

/// What the cache was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Sessions whose rows were as before.
    pub kept: usize,
    /// Sessions that were read.
    pub read: usize,
    /// Sessions that are not in it, with the reason.
    pub left_out: Vec<(String, String)>,
    /// Sessions whose coders' work is not in it, because not all of them have locked it.
    pub waiting: Vec<String>,
}

/// The tables of a study, to be asked.
#[derive(Debug)]
pub struct Corpus {
    connection: Connection,
}

impl Corpus {
    /// Opens the tables, after reading what has changed. `with_tracks`: the question reads the table `tracks`, which takes
    /// longer to fill. Where the study cannot be written to, the tables are made in memory.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn open(
        study: &Study,
        share: &share::Settings,
        settings: &Settings,
        with_tracks: bool,
    ) -> Result<(Self, Filled), QueryError> {
        let file = study.folder().join(CACHE);
        let failed = |e: rusqlite::Error| QueryError::Cache { message: e.to_string(), file: file.clone() };
        let connection = writable(&file).or_else(|_| Connection::open_in_memory()).map_err(failed)?;
        let filled = Filler { study, share, settings, with_tracks, connection }.fill().map_err(|e| match e {
            FillError::Study(e) => QueryError::Study(e),
            FillError::Store(e) => QueryError::Store(e),
            FillError::Sql(e) => failed(e),
        })?;
        let (connection, filled) = filled;
        protect(&connection).map_err(failed)?;
        aggregate::register(&connection).map_err(failed)?;
        Ok((Self { connection }, filled))
    }

    /// Asks.
    ///
    /// # Errors
    /// [`QueryError::Sql`] or [`QueryError::ReadOnly`].
    pub fn ask(&self, sql: &str) -> Result<Answer, QueryError> {
        let wrong = |e: rusqlite::Error| match e {
            rusqlite::Error::MultipleStatement => QueryError::ReadOnly,
            rusqlite::Error::SqlInputError { msg, .. } => QueryError::Sql(msg),
            e if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly) => QueryError::ReadOnly,
            e => QueryError::Sql(e.to_string()),
        };
        let mut statement = self.connection.prepare(sql).map_err(wrong)?;
        if !statement.readonly() || statement.column_count() == 0 {
            return Err(QueryError::ReadOnly);
        }
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).map_err(wrong)?;
        let mut answer = Answer { columns, rows: Vec::new() };
        while let Some(row) = rows.next().map_err(wrong)? {
            let cells = (0..answer.columns.len()).map(|index| Ok(value(row.get_ref(index)?)));
            answer.rows.push(cells.collect::<Result<_, rusqlite::Error>>().map_err(wrong)?);
        }
        Ok(answer)
    }
}

fn value(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// Whether a question reads the table `tracks`, as far as its words tell.
pub fn reads_tracks(sql: &str) -> bool {
    sql.to_lowercase().split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "tracks")
}

fn writable(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(std::time::Duration::from_secs(60))?;
    // Larger pages take fewer calls to read through; counts for a new file only.
    connection.pragma_update(None, "page_size", 16_384)?;
    // Opening alone writes nothing: this does, or says that it cannot.
    connection.execute_batch("create table if not exists _sessions (session text primary key, key text not null)")?;
    Ok(connection)
}

/// From here on nothing is written and no other file is opened.
fn protect(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("pragma query_only = on; pragma temp_store = memory; pragma cache_size = -8192")?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 1_000_000)?;
    Ok(())
}

/// Every table and its columns, in order.
pub fn schema() -> Vec<(&'static str, Vec<Column>)> {
    let mut all: Vec<(&'static str, Vec<Column>)> = crate::share::dictionary::tables_of(Profile::Restricted)
        .into_iter()
        .map(|table| (table.name, kept(&table.columns).map(|(_, column)| column.clone()).collect()))
        .collect();
    all.push(("tracks", track_columns()));
    all
}
