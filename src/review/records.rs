//! What coders give: codes, ratings, decisions, memos, outcomes. Everything is a new row; the latest revision counts.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::chain::{self, Note};
use super::{StoreError, flow};

/// Longest note or memo, in bytes.
pub const LONGEST_TEXT: usize = 20_000;

/// Who does something where and when.
#[derive(Clone, Debug)]
pub struct By {
    /// Coder's name.
    pub coder: String,
    /// Session id.
    pub session: String,
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
}

impl By {
    fn note<'a>(&'a self, action: &'a str, detail: &'a str) -> Note<'a> {
        Note { at_ms: self.at_ms, who: &self.coder, action, session: &self.session, detail }
    }
}

/// A code given to a turn or to a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coding {
    /// The unit that revisions belong to; left out for a new one.
    #[serde(default)]
    pub unit: Option<i64>,
    /// From 1.
    #[serde(default)]
    pub revision: i64,
    /// Coder's name.
    #[serde(default)]
    pub coder: String,
    /// Session id.
    #[serde(default)]
    pub session: String,
    /// `blind` before the lock, `flag` after it.
    #[serde(default)]
    pub pass: String,
    /// Number of the turn, from 0; `None` for a free stretch.
    #[serde(default)]
    pub turn: Option<u32>,
    /// Milliseconds on the session clock.
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    pub end_ms: i64,
    /// Code id.
    pub code: String,
    /// Free text.
    #[serde(default)]
    pub note: String,
    /// Taken back.
    #[serde(default)]
    pub removed: bool,
}

/// A decision on a clip of the second pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The clip's id for this coder.
    pub clip: String,
    /// From 1.
    #[serde(default)]
    pub revision: i64,
    /// Coder's name.
    #[serde(default)]
    pub coder: String,
    /// Milliseconds on the session clock.
    #[serde(default)]
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    #[serde(default)]
    pub end_ms: i64,
    /// What was asked: the kind of moment.
    #[serde(default)]
    pub asked: String,
    /// Whether the engine had marked it; controls are not. Never sent to the page while the pass is open.
    #[serde(default)]
    pub marked: bool,
    /// `confirm`, `reject`, `unsure`, `recode`, or `open` after an undo.
    pub verdict: String,
    /// The code chosen instead, for `recode`.
    #[serde(default)]
    pub code: Option<String>,
    /// Seconds from the clip's appearance to the decision.
    #[serde(default)]
    pub seconds: f64,
    /// Free text.
    #[serde(default)]
    pub note: String,
}

/// A memo, linked to a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memo {
    /// The unit that revisions belong to; left out for a new one.
    #[serde(default)]
    pub unit: Option<i64>,
    /// Coder's name.
    #[serde(default)]
    pub coder: String,
    /// Session id.
    #[serde(default)]
    pub session: String,
    /// Milliseconds on the session clock.
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    pub end_ms: i64,
    /// Free text.
    pub text: String,
    /// Taken back.
    #[serde(default)]
    pub removed: bool,
}

/// What the consensus meeting made of a unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The unit's key, from [`super::consensus`].
    pub unit: String,
    /// Code id.
    #[serde(default)]
    pub code: String,
    /// Milliseconds on the session clock.
    #[serde(default)]
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    #[serde(default)]
    pub end_ms: i64,
    /// `agreed`, `majority`, `unresolved`.
    pub outcome: String,
    /// Whether the code stays.
    pub keep: bool,
    /// Coders who changed their mind.
    #[serde(default)]
    pub moved: Vec<String>,
    /// Free text.
    #[serde(default)]
    pub note: String,
}

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

const CODING: &str =
    "SELECT unit, revision, coder, session, pass, turn, start_ms, end_ms, code, note, removed FROM codings c";

fn coding_from(row: &Row<'_>) -> rusqlite::Result<Coding> {
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
            decision.marked,
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
        "SELECT session, clip, revision, coder, start_ms, end_ms, asked, marked, verdict, code, seconds, note
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
            marked: row.get(7)?,
            verdict: row.get(8)?,
            code: row.get(9)?,
            seconds: row.get(10)?,
            note: row.get(11)?,
        };
        Ok((row.get(0)?, decision))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
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
