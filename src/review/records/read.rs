//! What stands: of every unit the latest revision, unless it was taken back.

use rusqlite::{Connection, Row, params};

use super::{Coding, Decision, Memo, Outcome};
use crate::review::clips::ClipKind;
use crate::review::{StoreError, flow};

pub(super) const CODING: &str =
    "SELECT unit, revision, coder, session, pass, turn, start_ms, end_ms, code, note, removed FROM codings c";

pub(super) fn coding_from(row: &Row<'_>) -> rusqlite::Result<Coding> {
    Ok(Coding {
        unit: row.get(0)?,
        revision: row.get(1)?,
        coder: row.get(2)?,
        session: row.get(3)?,
        pass: row.get(4)?,
        turn: row.get(5)?,
        start_ms: row.get(6)?,
        end_ms: row.get(7)?,
        code: row.get(8)?,
        note: row.get(9)?,
        removed: row.get(10)?,
    })
}

/// Codes that stand, by start. `blind_only`: as they were at the lock. Nothing in `coder` or `session` = of all.
///
/// # Errors
/// What SQLite says.
pub fn codings(
    connection: &Connection,
    session: Option<&str>,
    coder: Option<&str>,
    blind_only: bool,
) -> Result<Vec<Coding>, StoreError> {
    let pass = if blind_only { "AND pass = 'blind'" } else { "" };
    let sql = format!(
        "{CODING} WHERE (?1 IS NULL OR session = ?1) AND (?2 IS NULL OR coder = ?2) AND removed = 0 {pass}
         AND revision = (SELECT MAX(revision) FROM codings WHERE unit = c.unit {pass})
         ORDER BY session, start_ms, end_ms, code, coder, unit"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![session, coder], coding_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Codes of a session as they were at the lock, of those whose work counts there, with their names.
///
/// # Errors
/// What SQLite says.
pub fn counted(connection: &Connection, session: &str) -> Result<(Vec<String>, Vec<Coding>), StoreError> {
    let names = flow::coders_of(connection, session)?;
    let mut found = codings(connection, Some(session), None, true)?;
    found.retain(|coding| names.contains(&coding.coder));
    Ok((names, found))
}

/// Coder, minute, rating; latest revisions only.
///
/// # Errors
/// What SQLite says.
pub fn salience(
    connection: &Connection,
    session: &str,
    coder: Option<&str>,
) -> Result<Vec<(String, u32, u8)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT coder, minute, rating FROM salience s WHERE session = ?1 AND (?2 IS NULL OR coder = ?2) AND rating IS NOT NULL
         AND revision = (SELECT MAX(revision) FROM salience WHERE coder = s.coder AND session = s.session
           AND minute = s.minute) ORDER BY coder, minute",
    )?;
    let rows = statement.query_map(params![session, coder], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Decisions that stand, by clip; those taken back (`open`) are left out.
///
/// # Errors
/// What SQLite says.
pub fn decisions(
    connection: &Connection,
    session: Option<&str>,
    coder: Option<&str>,
) -> Result<Vec<(String, Decision)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT session, clip, revision, coder, start_ms, end_ms, asked, marked, verdict, code, seconds, note,
           strftime('%Y-%m-%dT%H:%M:%SZ', at_ms / 1000, 'unixepoch')
         FROM decisions d WHERE (?1 IS NULL OR session = ?1) AND (?2 IS NULL OR coder = ?2) AND verdict != 'open'
         AND revision = (SELECT MAX(revision) FROM decisions WHERE coder = d.coder AND session = d.session
           AND clip = d.clip) ORDER BY session, start_ms, clip, coder",
    )?;
    let rows = statement.query_map(params![session, coder], |row| {
        let decision = Decision {
            clip: row.get(1)?,
            revision: row.get(2)?,
            coder: row.get(3)?,
            start_ms: row.get(4)?,
            end_ms: row.get(5)?,
            asked: row.get(6)?,
            kind: ClipKind::of_number(row.get(7)?),
            verdict: row.get(8)?,
            code: row.get(9)?,
            seconds: row.get(10)?,
            note: row.get(11)?,
            made_at: row.get::<_, Option<String>>(12)?.unwrap_or_default(),
        };
        Ok((row.get(0)?, decision))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Decisions that stand in a session, of those whose work counts there.
///
/// # Errors
/// What SQLite says.
pub fn counted_decisions(connection: &Connection, session: &str) -> Result<Vec<Decision>, StoreError> {
    let names = flow::coders_of(connection, session)?;
    let all = decisions(connection, Some(session), None)?.into_iter().map(|(_, decision)| decision);
    Ok(all.filter(|decision| names.contains(&decision.coder)).collect())
}

/// Memos that stand.
///
/// # Errors
/// What SQLite says.
pub fn memos(connection: &Connection, session: Option<&str>, coder: Option<&str>) -> Result<Vec<Memo>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT unit, coder, session, start_ms, end_ms, text, removed FROM memos m
         WHERE (?1 IS NULL OR session = ?1) AND (?2 IS NULL OR coder = ?2) AND removed = 0
         AND revision = (SELECT MAX(revision) FROM memos WHERE unit = m.unit) ORDER BY session, start_ms, unit",
    )?;
    let rows = statement.query_map(params![session, coder], |row| {
        Ok(Memo {
            unit: row.get(0)?,
            coder: row.get(1)?,
            session: row.get(2)?,
            start_ms: row.get(3)?,
            end_ms: row.get(4)?,
            text: row.get(5)?,
            removed: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Outcomes that stand, with their sessions.
///
/// # Errors
/// What SQLite says.
pub fn outcomes(connection: &Connection, session: Option<&str>) -> Result<Vec<(String, Outcome)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT session, unit, code, start_ms, end_ms, outcome, keep, moved, note FROM outcomes o
         WHERE (?1 IS NULL OR session = ?1)
         AND revision = (SELECT MAX(revision) FROM outcomes WHERE session = o.session AND unit = o.unit)
         ORDER BY session, start_ms, unit",
    )?;
    let rows = statement.query_map([session], |row| {
        let moved: String = row.get(7)?;
        let outcome = Outcome {
            unit: row.get(1)?,
            code: row.get(2)?,
            start_ms: row.get(3)?,
            end_ms: row.get(4)?,
            outcome: row.get(5)?,
            keep: row.get(6)?,
            moved: serde_json::from_str(&moved).unwrap_or_default(),
            note: row.get(8)?,
        };
        Ok((row.get(0)?, outcome))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
