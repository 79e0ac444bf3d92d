//! Adding: every change is a row of its own, with its line in the log.

use rusqlite::{Connection, OptionalExtension, params};

use super::read::{CODING, coding_from};
use super::{By, Coding, Decision, LONGEST_TEXT, Memo, Outcome};
use crate::review::{StoreError, chain, flow};

fn short(text: &str) -> Result<(), StoreError> {
    match text.len() <= LONGEST_TEXT {
        true => Ok(()),
        false => Err(StoreError::refused(format!("a note has at most {LONGEST_TEXT} bytes"))),
    }
}

/// The next free number for a unit of codings or memos.
fn next_unit(connection: &Connection, table: &str) -> Result<i64, StoreError> {
    Ok(connection.query_row(&format!("SELECT COALESCE(MAX(unit), 0) + 1 FROM {table}"), [], |row| row.get(0))?)
}

/// Owner of a unit and its last revision.
fn owner(connection: &Connection, table: &str, unit: i64, by: &By) -> Result<i64, StoreError> {
    let sql = format!("SELECT coder, session, MAX(revision) FROM {table} WHERE unit = ? GROUP BY unit");
    let found: Option<(String, String, i64)> = connection
        .prepare_cached(&sql)?
        .query_row([unit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match found {
        Some((coder, session, revision)) if coder == by.coder && session == by.session => Ok(revision),
        Some(_) => Err(StoreError::refused("this belongs to another coder or session")),
        None => Err(StoreError::refused("there is no such entry")),
    }
}

/// Adds a code, or a revision of one. After the lock it belongs to the second pass; what the first pass gave stays.
///
/// # Errors
/// [`StoreError`]: finished session, another coder's entry, text too long.
pub fn put_coding(connection: &Connection, by: &By, coding: &Coding) -> Result<i64, StoreError> {
    short(&coding.note)?;
    let pass = flow::pass_for_writing(connection, &by.coder, &by.session)?;
    if coding.end_ms <= coding.start_ms || coding.code.is_empty() {
        return Err(StoreError::refused("a code needs a stretch of time that ends after it starts"));
    }
    let (unit, revision) = match coding.unit {
        Some(unit) => (unit, owner(connection, "codings", unit, by)? + 1),
        None => (next_unit(connection, "codings")?, 1),
    };
    connection
        .prepare_cached(
            "INSERT INTO codings(unit, revision, coder, session, pass, turn, start_ms, end_ms, code, note, removed, at_ms)
             VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
        )?
        .execute(params![
            unit, revision, by.coder, by.session, pass, coding.turn, coding.start_ms, coding.end_ms, coding.code,
            coding.note, coding.removed, by.at_ms
        ])?;
    let detail = format!("unit {unit} revision {revision}");
    chain::note_row(connection, &by.note(if coding.removed { "took back" } else { "coded" }, &detail), "codings")?;
    Ok(unit)
}

/// Puts the last change of a coder's codes in a session back, as a new revision. `None` if there is nothing to undo.
///
/// # Errors
/// [`StoreError`].
pub fn undo_coding(connection: &Connection, by: &By) -> Result<Option<Coding>, StoreError> {
    let pass = flow::pass_for_writing(connection, &by.coder, &by.session)?;
    let last: Option<(i64, i64)> = connection
        .query_row(
            "SELECT unit, revision FROM codings WHERE coder = ? AND session = ? AND pass = ? ORDER BY id DESC LIMIT 1",
            params![by.coder, by.session, pass],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((unit, revision)) = last else { return Ok(None) };
    let at = |revision: i64| {
        let sql = format!("{CODING} WHERE unit = ? AND revision = ?");
        connection.query_row(&sql, [unit, revision], coding_from).optional()
    };
    let Some(now) = at(revision)? else { return Ok(None) };
    let before = at(revision - 1)?;
    let back = before.unwrap_or(Coding { removed: !now.removed, ..now });
    put_coding(connection, by, &back)?;
    Ok(Some(back))
}

/// Rates a minute, 1 to 5; `None` takes the rating back. Only in the blind pass.
///
/// # Errors
/// [`StoreError`].
pub fn put_salience(connection: &Connection, by: &By, minute: u32, rating: Option<u8>) -> Result<(), StoreError> {
    flow::must_be_open(connection, &by.coder, &by.session)?;
    if rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
        return Err(StoreError::refused("a minute is rated 1 to 5"));
    }
    connection
        .prepare_cached(
            "INSERT INTO salience(coder, session, minute, revision, rating, at_ms)
             VALUES(?1, ?2, ?3, (SELECT COALESCE(MAX(revision), 0) + 1 FROM salience
               WHERE coder = ?1 AND session = ?2 AND minute = ?3), ?4, ?5)",
        )?
        .execute(params![by.coder, by.session, minute, rating, by.at_ms])?;
    chain::note_row(connection, &by.note("rated", &format!("minute {minute}")), "salience")?;
    Ok(())
}

/// Decides on a clip, as a new revision. Only after the lock and before the session is finished.
///
/// # Errors
/// [`StoreError`].
pub fn put_decision(connection: &Connection, by: &By, decision: &Decision) -> Result<(), StoreError> {
    short(&decision.note)?;
    if flow::pass_for_writing(connection, &by.coder, &by.session)? != "flag" {
        return Err(StoreError::refused("lock your own coding first: candidates are shown after it"));
    }
    if !["confirm", "reject", "unsure", "recode", "open"].contains(&decision.verdict.as_str())
        || (decision.verdict == "recode") != decision.code.is_some()
    {
        return Err(StoreError::refused("a decision is confirm, reject, unsure, or recode with a code"));
    }
    connection
        .prepare_cached(
            "INSERT INTO decisions(coder, session, clip, revision, start_ms, end_ms, asked, marked, verdict, code,
               seconds, note, at_ms)
             VALUES(?1, ?2, ?3, (SELECT COALESCE(MAX(revision), 0) + 1 FROM decisions
               WHERE coder = ?1 AND session = ?2 AND clip = ?3), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            by.coder,
            by.session,
            decision.clip,
            decision.start_ms,
            decision.end_ms,
            decision.asked,
            decision.kind.number(),
            decision.verdict,
            decision.code,
            decision.seconds.clamp(0.0, 86_400.0),
            decision.note,
            by.at_ms
        ])?;
    let detail = format!("clip {}: {}", decision.clip, decision.verdict);
    chain::note_row(connection, &by.note("decided", &detail), "decisions")?;
    Ok(())
}

/// Adds a memo, or a revision of one; also when the session is finished.
///
/// # Errors
/// [`StoreError`].
pub fn put_memo(connection: &Connection, by: &By, memo: &Memo) -> Result<i64, StoreError> {
    short(&memo.text)?;
    let (unit, revision) = match memo.unit {
        Some(unit) => (unit, owner(connection, "memos", unit, by)? + 1),
        None => (next_unit(connection, "memos")?, 1),
    };
    connection.execute(
        "INSERT INTO memos(unit, revision, coder, session, start_ms, end_ms, text, removed, at_ms)
         VALUES(?,?,?,?,?,?,?,?,?)",
        params![unit, revision, by.coder, by.session, memo.start_ms, memo.end_ms, memo.text, memo.removed, by.at_ms],
    )?;
    chain::note_row(connection, &by.note("noted", &format!("memo {unit} revision {revision}")), "memos")?;
    Ok(unit)
}

/// Writes down what the meeting made of a unit, as a new revision.
///
/// # Errors
/// [`StoreError`].
pub fn put_outcome(connection: &Connection, by: &By, outcome: &Outcome) -> Result<(), StoreError> {
    short(&outcome.note)?;
    if !["agreed", "majority", "unresolved"].contains(&outcome.outcome.as_str()) {
        return Err(StoreError::refused("a meeting ends agreed, majority or unresolved"));
    }
    let moved = serde_json::to_string(&outcome.moved).unwrap_or_default();
    connection.execute(
        "INSERT INTO outcomes(session, unit, revision, code, start_ms, end_ms, outcome, keep, moved, note, coder, at_ms)
         VALUES(?1, ?2, (SELECT COALESCE(MAX(revision), 0) + 1 FROM outcomes WHERE session = ?1 AND unit = ?2),
           ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            by.session, outcome.unit, outcome.code, outcome.start_ms, outcome.end_ms, outcome.outcome, outcome.keep,
            moved, outcome.note, by.coder, by.at_ms
        ],
    )?;
    let detail = format!("{}: {}", outcome.unit, outcome.outcome);
    chain::note_row(connection, &by.note("settled", &detail), "outcomes")?;
    Ok(())
}
