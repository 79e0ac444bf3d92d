//! The log: who did what, when, each line holding the hash of the one before.
//!
//! Whoever changes or takes out a line, or a row of another table, breaks the chain from there on, and [`verify`] says
//! where. Lines cut off at the end leave no trace in the file itself: note [`head`] elsewhere (backups and `attune agree`
//! print it) to be able to tell.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{StoreError, forget, schema};

/// Something to be written to the log.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// A coder's name, or `server`.
    pub who: &'a str,
    /// `opened`, `coded`, `rated`, `locked`, `decided`, `noted`, `settled`, `finished`, `exported`, `deleted`, `refused` ..
    pub action: &'a str,
    /// Session, or nothing.
    pub session: &'a str,
    /// More, in words without confidential text.
    pub detail: &'a str,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// From 1, without holes.
    pub id: i64,
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// Who.
    pub who: String,
    /// What.
    pub action: String,
    /// Where.
    pub session: String,
    /// More.
    pub detail: String,
}

/// Whether the log is whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verified {
    /// Lines that were looked at.
    pub lines: i64,
    /// Hash of the last line.
    pub head: String,
    /// What is wrong, in words; empty if nothing is.
    pub problems: Vec<String>,
    /// Sessions that were taken out, and how many lines were emptied for each (see [`super::forget`]).
    pub forgotten: BTreeMap<String, i64>,
}

/// Hash before the first line.
const START: &str = "attune review log";

/// Adds a line without a row.
///
/// # Errors
/// What SQLite says.
pub fn note(connection: &Connection, note: &Note<'_>) -> Result<(), StoreError> {
    add(connection, note, "", 0)
}

/// Adds a line for the row just inserted into `table`, which must be one of [`schema::TABLES`].
///
/// # Errors
/// What SQLite says.
pub fn note_row(connection: &Connection, note: &Note<'_>, table: &'static str) -> Result<i64, StoreError> {
    let row = connection.last_insert_rowid();
    add(connection, note, table, row)?;
    Ok(row)
}

fn add(connection: &Connection, note: &Note<'_>, table: &str, row: i64) -> Result<(), StoreError> {
    let last: Option<(i64, String)> = connection
        .prepare_cached("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (id, before) = last.map_or((1, START.to_owned()), |(id, hash)| (id + 1, hash));
    let row_hash =
        if table.is_empty() { String::new() } else { hash_of_row(connection, table, row)?.unwrap_or_default() };
    let hash = hash_of_line(&before, id, note, table, row, &row_hash);
    connection.prepare_cached("INSERT INTO audit VALUES(?,?,?,?,?,?,?,?,?,?)")?.execute(params![
        id,
        note.at_ms,
        note.who,
        note.action,
        note.session,
        table,
        row,
        note.detail,
        row_hash,
        hash
    ])?;
    Ok(())
}

fn hash_of_line(before: &str, id: i64, note: &Note<'_>, table: &str, row: i64, row_hash: &str) -> String {
    let mut hasher = Sha256::new();
    let numbers = [id.to_string(), note.at_ms.to_string(), row.to_string()];
    let words =
        [before, &numbers[0], &numbers[1], note.who, note.action, note.session, note.detail, table, &numbers[2]];
    for word in words.into_iter().chain([row_hash]) {
        hasher.update((word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every column of a row with its type; `None` if the row is not there.
fn hash_of_row(connection: &Connection, table: &str, row: i64) -> Result<Option<String>, StoreError> {
    if !schema::TABLES.contains(&table) {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached(&format!("SELECT * FROM {table} WHERE id = ?"))?;
    let columns = statement.column_count();
    let hash = statement.query_row([row], |found| {
        let mut hasher = Sha256::new();
        for column in 0..columns {
            let (tag, bytes) = match found.get_ref(column)? {
                ValueRef::Null => (0_u8, Vec::new()),
                ValueRef::Integer(number) => (1, number.to_le_bytes().to_vec()),
                ValueRef::Real(number) => (2, number.to_bits().to_le_bytes().to_vec()),
                ValueRef::Text(text) => (3, text.to_vec()),
                ValueRef::Blob(blob) => (4, blob.to_vec()),
            };
            hasher.update([tag]);
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        Ok(hex(&hasher.finalize()))
    });
    Ok(hash.optional()?)
}

/// Hash of the last line.
///
/// # Errors
/// What SQLite says.
pub fn head(connection: &Connection) -> Result<String, StoreError> {
    let last =
        connection.query_row("SELECT hash FROM audit ORDER BY id DESC LIMIT 1", [], |row| row.get(0)).optional()?;
    Ok(last.unwrap_or_else(|| START.to_owned()))
}

/// Goes through the whole log and every row it tells of.
///
/// # Errors
/// What SQLite says.
pub fn verify(connection: &Connection) -> Result<Verified, StoreError> {
    let mut problems = Vec::new();
    let mut before = START.to_owned();
    let mut lines = 0_i64;
    let mut rows = BTreeMap::<String, i64>::new();
    let (mut emptied, mut forgotten) = (BTreeMap::<String, i64>::new(), BTreeMap::<String, i64>::new());
    let mut statement = connection.prepare(
        "SELECT id, at_ms, who, action, session, tbl, row_id, detail, row_hash, hash FROM audit ORDER BY id",
    )?;
    let mut found = statement.query([])?;
    while let Some(line) = found.next()? {
        lines += 1;
        let id: i64 = line.get(0)?;
        let texts: Vec<String> =
            [2, 3, 4, 5, 7, 8, 9].into_iter().map(|column| line.get(column)).collect::<Result<_, _>>()?;
        let [who, action, session, table, detail, row_hash, hash] = texts.as_slice() else { continue };
        let row: i64 = line.get(6)?;
        if id != lines {
            problems.push(format!("line {lines} of the log is missing"));
            lines = id;
        }
        let note = Note { at_ms: line.get(1)?, who, action, session, detail };
        // A line of a session that was taken out: a later line must say so.
        if action.is_empty() && who.is_empty() {
            *emptied.entry(session.clone()).or_default() += 1;
            before.clone_from(hash);
            continue;
        }
        if action == forget::FORGOT {
            *forgotten.entry(session.clone()).or_default() += detail.parse().unwrap_or(0);
        }
        if hash_of_line(&before, id, &note, table, row, row_hash) != *hash {
            problems.push(format!("line {id} of the log was changed, or the one before it"));
        }
        if !table.is_empty() {
            *rows.entry(table.clone()).or_default() += 1;
            if hash_of_row(connection, table, row)?.as_ref() != Some(row_hash) {
                problems.push(format!("row {row} of {table}, written in line {id}, was changed or removed"));
            }
        }
        before.clone_from(hash);
    }
    for (session, count) in &emptied {
        let known = forgotten.get(session).copied().unwrap_or(0);
        if *count != known {
            problems.push(format!("{count} lines of the log on {session} are empty, and {known} were forgotten"));
        }
    }
    for table in schema::TABLES {
        let there: i64 = connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0))?;
        let known = rows.get(table).copied().unwrap_or(0);
        if there != known {
            problems.push(format!("{table} holds {there} rows, and the log tells of {known}"));
        }
    }
    Ok(Verified { lines, head: before, problems, forgotten })
}

/// Which lines of the log are wanted; nothing = all.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Whose.
    pub who: Option<String>,
    /// Which.
    pub action: Option<String>,
    /// Only lines before this one.
    pub before: Option<i64>,
}

/// The last lines of the log, newest first.
///
/// # Errors
/// What SQLite says.
pub fn last(connection: &Connection, count: u32) -> Result<Vec<Line>, StoreError> {
    lines(connection, &Wanted::default(), count)
}

/// The last of the wanted lines, newest first.
///
/// # Errors
/// What SQLite says.
pub fn lines(connection: &Connection, wanted: &Wanted, count: u32) -> Result<Vec<Line>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at_ms, who, action, session, detail FROM audit
         WHERE (?1 IS NULL OR who = ?1) AND (?2 IS NULL OR action = ?2) AND (?3 IS NULL OR id < ?3)
         ORDER BY id DESC LIMIT ?4",
    )?;
    let lines = statement.query_map(params![wanted.who, wanted.action, wanted.before, count], |row| {
        Ok(Line {
            id: row.get(0)?,
            at_ms: row.get(1)?,
            who: row.get(2)?,
            action: row.get(3)?,
            session: row.get(4)?,
            detail: row.get(5)?,
        })
    })?;
    Ok(lines.collect::<Result<_, _>>()?)
}

/// Everybody who is in the log, and all that was done, each in order of name; of one person or of all.
///
/// # Errors
/// What SQLite says.
pub fn known(connection: &Connection, who: Option<&str>) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let different = |column: &str| -> Result<Vec<String>, StoreError> {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT DISTINCT {column} FROM audit WHERE (?1 IS NULL OR who = ?1) AND {column} != '' ORDER BY 1"
        ))?;
        let found = statement.query_map([who], |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    };
    Ok((different("who")?, different("action")?))
}
