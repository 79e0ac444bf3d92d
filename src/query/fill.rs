//! The cache: what of each session stands in which table, and when it is read again.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::UNIX_EPOCH;

use rusqlite::Connection;
use rusqlite::types::{ToSql, Value, ValueRef};

use super::{Filled, Settings, schema};
use crate::export::tracks;
use crate::session::{self, stored};
use crate::share::agreed::Without;
use crate::share::coders::{self, Coded};
use crate::share::material::About;
use crate::share::table::{Cell, Column, Kind, Table};
use crate::share::{self, Allow, Decision, Material, Profile, Work, decisions, tables};
use crate::study::{ParticipantRole, Scope, SessionFolder, Study, StudyError};
use crate::track::{Tracks, Who};

/// Raised when the tables' meaning changes while their columns stay.
const VERSION: i64 = 3;
/// Columns that hold what was said or written about it.
const NO_WORDS: [&str; 4] = ["text", "note", "notes", "sentence"];

pub(super) enum FillError {
    Study(StudyError),
    Store(crate::review::StoreError),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for FillError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

pub(super) struct Filler<'a> {
    pub(super) study: &'a Study,
    pub(super) share: &'a share::Settings,
    pub(super) settings: &'a Settings,
    pub(super) with_tracks: bool,
    pub(super) connection: Connection,
}

impl Filler<'_> {
    pub(super) fn fill(mut self) -> Result<(Connection, Filled), FillError> {
        self.make_tables()?;
        let sessions = self.study.sessions().map_err(FillError::Study)?;
        let coded = coders::read(&self.study.review_store()).map_err(FillError::Store)?;
        let mut filled = Filled { waiting: coded.waiting.clone(), ..Filled::default() };
        filled.left_out.extend(sessions.bad.iter().map(|(id, error)| (id.clone(), error.without_path())));
        let mut known: BTreeMap<String, String> = {
            let mut statement = self.connection.prepare("select session, key from _sessions")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        // All or nothing, so that a process that is killed leaves what was there before.
        self.connection.execute_batch("begin immediate")?;
        for session in &sessions.good {
            let key = match key(session, &coded, self.with_tracks) {
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
            match self.read(session, &coded) {
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
    fn read(&self, session: &SessionFolder, coded: &Coded) -> Result<Vec<Table>, String> {
        let allow = allowed(session);
        let results = session.results();
        let mut measured = session::read(&results).map_err(|e| e.to_string())?;
        if let Some(scope) = without(session).beyond(&measured) {
            return Err(Without::told(scope));
        }
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
        let work = Work::imported(decided(session)?).and(coded.sessions.get(&session.id));
        let material =
            Material::new(about, measured, Vec::new(), work, (Profile::Restricted, allow, false), self.share);
        let mut all = tables::all(&material);
        // Notes where nothing was said are no turns, and hold words only.
        for turns in all.iter_mut().filter(|table| table.name == "turns") {
            let number = turns.columns.iter().position(|column| column.name == "turn");
            turns.rows.retain(|row| number.and_then(|at| row.get(at)) != Some(&Cell::Nothing));
        }
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
                       create index codings_session on codings (session, code);\n\
                       create index ratings_session on ratings (session, minute);\n\
                       create index consensus_session on consensus (session, code);\n\
                       create index tracks_session on tracks (session, track, \"column\", who, second);\n";

pub(super) fn kept(columns: &[Column]) -> impl Iterator<Item = (usize, &Column)> {
    columns.iter().enumerate().filter(|(_, column)| !NO_WORDS.contains(&column.name.as_str()))
}

pub(super) fn track_columns() -> Vec<Column> {
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

/// Who has not agreed to what may be measured.
fn without(session: &SessionFolder) -> Without {
    let who = |role| match role {
        ParticipantRole::Client => Who::Client,
        ParticipantRole::Therapist => Who::Therapist,
        ParticipantRole::Other => Who::Room,
    };
    let of = |scope| session.not_agreed(scope).into_iter().map(who).collect();
    Without { sound: of(Scope::Sound), face: of(Scope::Face), text: of(Scope::Text) }
}

/// What was imported of coders' work, in order of file.
fn decided(session: &SessionFolder) -> Result<Vec<Decision>, String> {
    let mut all = Vec::new();
    for file in session.decision_files() {
        all.extend(decisions::read(&file).map_err(|e| e.to_string())?);
    }
    Ok(all)
}

/// Changes when the results, the coders' work or what people agreed to change; `Err` if there is nothing to read.
fn key(session: &SessionFolder, coded: &Coded, with_tracks: bool) -> Result<String, &'static str> {
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
    let mut parts = vec![measured, format!("{allow:?} {:?}", without(session))];
    parts.push(format!("{:?} {:?}", session.manifest.dyad, session.manifest.day));
    parts.extend(session.manifest.participant.iter().map(|person| person.pseudonym.clone()));
    parts.extend(session.decision_files().iter().filter_map(|file| stamp(file)));
    // What of the store may be shown, and not its file: that changes with every line of its log.
    parts.extend(coded.sessions.get(&session.id).map(|work| serde_json::to_string(work).unwrap_or_default()));
    let key = crate::origin::Hash::of_bytes(parts.join("\n").as_bytes()).short().to_owned();
    Ok(if with_tracks { format!("{key} tracks") } else { key })
}

/// A sum of a text (FNV-1a), to tell one shape of tables from another.
fn crc(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)) >> 1
}
