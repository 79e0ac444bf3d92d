//! Questions in SQL over all sessions of a study.
//!
//! The engine is SQLite, which the coders' store needs anyway: it adds no build time. (DataFusion and DuckDB take minutes to
//! build; what they are better at, scans over many columns of billions of rows, is what `attune export --to parquet` is
//! for.) The tables are those of an export, in a cache beside the study; a session is read again when its results change.
//! What was said is not in it, nor is anything of people who have not agreed to research.

mod aggregate;
pub mod ready;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rusqlite::limits::Limit;
use rusqlite::types::{ToSql, Value, ValueRef};
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;

use crate::export::tracks;
use crate::session::{self, stored};
use crate::share::material::About;
use crate::share::table::{Cell, Column, Kind, Table};
use crate::share::{self, Allow, Decision, Material, Profile, decisions, tables};
use crate::study::{ParticipantRole, Scope, SessionFolder, Study, StudyError};
use crate::track::Tracks;

/// The cache's name inside the study. `attune study forget` deletes it.
pub const CACHE: &str = ".query.sqlite";
/// Raised when the tables' meaning changes while their columns stay.
const VERSION: i64 = 1;
/// Columns that hold what was said or written about it.
const NO_WORDS: [&str; 3] = ["text", "note", "sentence"];

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
    // Opening alone writes nothing: this does, or says that it cannot.
    connection.execute_batch("create table if not exists _sessions (session text primary key, key text not null)")?;
    Ok(connection)
}

/// From here on nothing is written and no other file is opened.
fn protect(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("pragma query_only = on; pragma temp_store = memory; pragma cache_size = -65536")?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 1_000_000)?;
    Ok(())
}

enum FillError {
    Study(StudyError),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for FillError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

struct Filler<'a> {
    study: &'a Study,
    share: &'a share::Settings,
    settings: &'a Settings,
    with_tracks: bool,
    connection: Connection,
}

impl Filler<'_> {
    fn fill(mut self) -> Result<(Connection, Filled), FillError> {
        self.make_tables()?;
        let sessions = self.study.sessions().map_err(FillError::Study)?;
        let mut filled = Filled::default();
        filled.left_out.extend(sessions.bad.iter().map(|(id, error)| (id.clone(), error.without_path())));
        let mut known: BTreeMap<String, String> = {
            let mut statement = self.connection.prepare("select session, key from _sessions")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        // All or nothing, so that a process that is killed leaves what was there before.
        self.connection.execute_batch("begin immediate")?;
        for session in &sessions.good {
            let key = match key(session, self.with_tracks) {
                Ok(key) => key,
                Err(why) => {
                    filled.left_out.push((session.id.clone(), why.into()));
                    continue;
                }
            };
            let before = known.remove(&session.id);
            // What was read with tracks will do without.
            if before.as_ref().is_some_and(|before| *before == key || *before == format!("{key} tracks")) {
                filled.kept += 1;
                continue;
            }
            self.forget(&session.id)?;
            match self.read(session) {
                Ok(tables) => {
                    for table in &tables {
                        self.insert(table)?;
                    }
                    self.connection
                        .prepare_cached("insert into _sessions values (?1, ?2)")?
                        .execute([&session.id, &key])?;
                    filled.read += 1;
                }
                Err(why) => filled.left_out.push((session.id.clone(), why)),
            }
        }
        // Sessions that are gone, or of which nothing may be used any more.
        for id in known.keys() {
            self.forget(id)?;
        }
        self.connection.execute_batch("commit")?;
        if filled.read > 0 {
            self.connection.execute_batch("analyze")?;
        }
        Ok((self.connection, filled))
    }

    /// Makes the tables, anew if they are those of another version.
    fn make_tables(&mut self) -> rusqlite::Result<()> {
        let mut wanted = String::new();
        for (name, columns) in schema() {
            let columns: Vec<String> =
                columns.iter().map(|column| format!("\"{}\" {}", column.name, sql_type(column.kind))).collect();
            wanted += &format!("create table {name} ({});\n", columns.join(", "));
        }
        wanted += INDEXES;
        let signature = i64::from(crc(&wanted)) ^ VERSION;
        let found: i64 = self.connection.query_row("pragma user_version", [], |row| row.get(0))?;
        let is_there: i64 =
            self.connection
                .query_row("select count(*) from sqlite_master where name = 'events'", [], |row| row.get(0))?;
        if found == signature && is_there > 0 {
            return Ok(());
        }
        let mut drop = String::from("begin immediate;\n");
        for (name, _) in schema() {
            drop += &format!("drop table if exists {name};\n");
        }
        self.connection.execute_batch(&format!(
            "{drop} drop table if exists _sessions; create table _sessions (session text primary key, key text not null);\n{wanted}\
             pragma user_version = {signature}; commit"
        ))
    }

    fn forget(&self, id: &str) -> rusqlite::Result<()> {
        for (name, _) in schema() {
            self.connection.prepare_cached(&format!("delete from {name} where session = ?1"))?.execute([id])?;
        }
        self.connection.prepare_cached("delete from _sessions where session = ?1")?.execute([id])?;
        Ok(())
    }

    /// The rows of one session, or why there are none.
    fn read(&self, session: &SessionFolder) -> Result<Vec<Table>, String> {
        let allow = allowed(session);
        let results = session.results();
        let mut measured = session::read(&results).map_err(|e| e.to_string())?;
        if self.with_tracks {
            let all = tracks::read(&results.join("tracks.parquet")).map_err(|e| e.to_string())?;
            let mut wanted = all;
            wanted.retain(|name, _| self.settings.tracks.iter().any(|track| track == name));
            measured.tracks = wanted;
        } else {
            measured.tracks = Tracks::new();
        }
        let person = |role| session.manifest.person(role).map(|person| person.pseudonym.clone());
        let about = About {
            id: session.id.clone(),
            dyad: session.manifest.dyad.clone(),
            day: session.manifest.day,
            client: person(ParticipantRole::Client).filter(|_| allow.client),
            therapist: person(ParticipantRole::Therapist).filter(|_| allow.therapist),
        };
        let decided = decided(session)?;
        let material =
            Material::new(about, measured, Vec::new(), decided, (Profile::Restricted, allow, false), self.share);
        let mut all = tables::all(&material);
        if self.with_tracks {
            all.push(by_second(&material, self.share));
        }
        Ok(all)
    }

    fn insert(&self, table: &Table) -> rusqlite::Result<()> {
        let kept: Vec<usize> = kept(&table.columns).map(|(index, _)| index).collect();
        let marks: Vec<String> = (1..=kept.len()).map(|number| format!("?{number}")).collect();
        let mut statement =
            self.connection.prepare_cached(&format!("insert into {} values ({})", table.name, marks.join(", ")))?;
        for row in &table.rows {
            let cells: Vec<SqlCell<'_>> =
                kept.iter().map(|index| SqlCell(row.get(*index).unwrap_or(&Cell::Nothing))).collect();
            statement.execute(rusqlite::params_from_iter(cells.iter()))?;
        }
        Ok(())
    }
}

/// A cell as SQLite takes it.
struct SqlCell<'a>(&'a Cell);

impl ToSql for SqlCell<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::ToSqlOutput as Out;
        Ok(match self.0 {
            Cell::Text(text) => Out::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Number(number) => Out::Owned(Value::Real(*number)),
            Cell::Whole(number) => Out::Owned(Value::Integer(*number)),
            Cell::Nothing => Out::Owned(Value::Null),
        })
    }
}

/// Helps the questions that are asked of every study: markers by kind, and what lies in a stretch of a session.
const INDEXES: &str = "create index events_marker on events (marker, who, kind, session, start_s, value, duration_s);\n\
                       create index events_session on events (session, start_s);\n\
                       create index turns_session on turns (session, start_s);\n\
                       create index hits_session on hits (session, code);\n\
                       create index episodes_session on episodes (session);\n\
                       create index coverage_session on coverage (session);\n\
                       create index decisions_session on decisions (session, code);\n\
                       create index tracks_session on tracks (session, track, \"column\", who, second);\n";

/// Every table and its columns, in order.
pub fn schema() -> Vec<(&'static str, Vec<Column>)> {
    let mut all: Vec<(&'static str, Vec<Column>)> = crate::share::dictionary::tables_of(Profile::Restricted)
        .into_iter()
        .map(|table| (table.name, kept(&table.columns).map(|(_, column)| column.clone()).collect()))
        .collect();
    all.push(("tracks", track_columns()));
    all
}

fn kept(columns: &[Column]) -> impl Iterator<Item = (usize, &Column)> {
    columns.iter().enumerate().filter(|(_, column)| !NO_WORDS.contains(&column.name.as_str()))
}

fn track_columns() -> Vec<Column> {
    vec![
        Column::new("session", "id", Kind::Text, "Session."),
        Column::new("second", "seconds", Kind::Whole, "Start of the second on the session clock."),
        Column::new("who", "person", Kind::Text, "Whom it is about."),
        Column::new("track", "name", Kind::Text, "Track (query.toml says which are here)."),
        Column::new("column", "name", Kind::Text, "Column of the track."),
        Column::new(
            "mean",
            "as the track",
            Kind::Number,
            "Mean over the second; seconds of which less than half was measured have no row.",
        ),
    ]
}

/// Means over a second, a row each.
fn by_second(material: &Material, settings: &share::Settings) -> Table {
    let wide = share::timeline_of(material, settings);
    let names: Vec<(String, String, String)> = material
        .session
        .tracks
        .iter()
        .flat_map(|(name, track)| {
            track.columns.iter().map(move |column| (track.who.to_string(), name.to_owned(), column.clone()))
        })
        .collect();
    let mut rows = Vec::new();
    for row in &wide.rows {
        // Session and second come first.
        for ((who, track, column), cell) in names.iter().zip(row.iter().skip(2)) {
            if let Cell::Number(_) = cell {
                let text = |text: &str| Cell::Text(text.to_owned());
                rows.push(vec![row[0].clone(), row[1].clone(), text(who), text(track), text(column), cell.clone()]);
            }
        }
    }
    Table { name: "tracks", columns: track_columns(), rows }
}

fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number => "real",
        Kind::Whole => "integer",
    }
}

fn allowed(session: &SessionFolder) -> Allow {
    let may = |role| session.manifest.person(role).is_some_and(|person| person.consent.has(Scope::Research));
    Allow { client: may(ParticipantRole::Client), therapist: may(ParticipantRole::Therapist) }
}

/// What was imported of coders' work, in order of file.
fn decided(session: &SessionFolder) -> Result<Vec<Decision>, String> {
    let mut all = Vec::new();
    for file in session.decision_files() {
        all.extend(decisions::read(&file).map_err(|e| e.to_string())?);
    }
    Ok(all)
}

/// Changes when the results, the decisions or what people agreed to change; `Err` if there is nothing to read.
fn key(session: &SessionFolder, with_tracks: bool) -> Result<String, &'static str> {
    let allow = allowed(session);
    if !allow.client && !allow.therapist {
        return Err("nobody in it has agreed to research");
    }
    let stamp = |file: &Path| -> Option<String> {
        let found = std::fs::metadata(file).ok()?;
        let time = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(format!("{}:{}", found.len(), time.as_nanos()))
    };
    let results = session.results();
    let measured = stamp(&results.join(stored::FILE)).ok_or("there are no results: 'attune scan' makes them")?;
    let mut parts = vec![measured, format!("{allow:?}")];
    parts.push(format!("{:?} {:?}", session.manifest.dyad, session.manifest.day));
    parts.extend(session.manifest.participant.iter().map(|person| person.pseudonym.clone()));
    parts.extend(session.decision_files().iter().filter_map(|file| stamp(file)));
    let key = crate::origin::Hash::of_bytes(parts.join("\n").as_bytes()).short().to_owned();
    Ok(if with_tracks { format!("{key} tracks") } else { key })
}

/// A sum of a text (FNV-1a), to tell one shape of tables from another.
fn crc(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)) >> 1
}
