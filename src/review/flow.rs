//! Who may do what when: blind pass, lock, second pass with the candidates, done.
//!
//! Nobody sees candidates, or what others gave, before the lock of their own first pass; others' work stays hidden until
//! all who code have locked the session (DOMAIN D).

use rusqlite::{Connection, params};
use serde::Serialize;

use super::chain::{self, Note};
use super::coders::Standing;
use super::records::By;
use super::{Plan, StoreError, coders};
use crate::agreement::random::Random;

/// How far one coder is with one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing given yet.
    New,
    /// First pass, without candidates.
    Blind,
    /// Locked: candidates may be seen.
    Flags,
    /// Finished.
    Done,
}

fn there(connection: &Connection, table: &str, coder: &str, session: &str) -> Result<bool, StoreError> {
    let sql = format!("SELECT EXISTS(SELECT 1 FROM {table} WHERE coder = ? AND session = ?)");
    Ok(connection.prepare_cached(&sql)?.query_row([coder, session], |row| row.get(0))?)
}

/// How far the coder is.
///
/// # Errors
/// What SQLite says.
pub fn stage(connection: &Connection, coder: &str, session: &str) -> Result<Stage, StoreError> {
    Ok(if there(connection, "finishes", coder, session)? {
        Stage::Done
    } else if there(connection, "locks", coder, session)? {
        Stage::Flags
    } else if there(connection, "codings", coder, session)? || there(connection, "salience", coder, session)? {
        Stage::Blind
    } else {
        Stage::New
    })
}

/// Whether the coder has locked the session.
///
/// # Errors
/// What SQLite says.
pub fn is_locked(connection: &Connection, coder: &str, session: &str) -> Result<bool, StoreError> {
    there(connection, "locks", coder, session)
}

/// Those who code and have not locked this session yet. Empty where nobody codes is not "all have locked": see
/// [`is_open_to_all`].
///
/// # Errors
/// What SQLite says.
pub fn waiting_for(connection: &Connection, session: &str) -> Result<Vec<String>, StoreError> {
    let mut waiting = Vec::new();
    for coder in coders::all(connection)?.into_iter().filter(|coder| coder.role.codes()) {
        if !is_locked(connection, &coder.name, session)? {
            waiting.push(coder.name);
        }
    }
    Ok(waiting)
}

/// Whose work on the session counts: those who code, and those who had locked it before they left or ceased to code; not
/// those who were taken out.
///
/// # Errors
/// What SQLite says.
pub fn coders_of(connection: &Connection, session: &str) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for coder in coders::everybody(connection)? {
        let counts = match coder.standing {
            Standing::In if coder.role.codes() => true,
            Standing::Out => false,
            _ => is_locked(connection, &coder.name, session)?,
        };
        if counts {
            names.push(coder.name);
        }
    }
    Ok(names)
}

/// Whether everybody who codes has locked the session, so that their work may be laid side by side.
///
/// # Errors
/// What SQLite says.
pub fn is_open_to_all(connection: &Connection, session: &str) -> Result<bool, StoreError> {
    Ok(waiting_for(connection, session)?.is_empty() && !coders_of(connection, session)?.is_empty())
}

/// Sessions that all have locked and that would wait again if this person coded.
///
/// # Errors
/// What SQLite says.
pub fn reopened_by(connection: &Connection, coder: &str, sessions: &[String]) -> Result<Vec<String>, StoreError> {
    let mut reopened = Vec::new();
    for session in sessions {
        if is_open_to_all(connection, session)? && !is_locked(connection, coder, session)? {
            reopened.push(session.clone());
        }
    }
    Ok(reopened)
}

/// The pass that a write belongs to: `blind` or `flag`.
pub(super) fn pass_for_writing(
    connection: &Connection,
    coder: &str,
    session: &str,
) -> Result<&'static str, StoreError> {
    if !coders::find(connection, coder)?.role.codes() {
        return Err(StoreError::refused("supervisors look and do not code"));
    }
    match stage(connection, coder, session)? {
        Stage::New | Stage::Blind => Ok("blind"),
        Stage::Flags => Ok("flag"),
        Stage::Done => Err(StoreError::refused("you have finished this session: it can no longer be changed")),
    }
}

/// Refuses where the first pass is locked.
pub(super) fn must_be_open(connection: &Connection, coder: &str, session: &str) -> Result<(), StoreError> {
    match pass_for_writing(connection, coder, session)? {
        "blind" => Ok(()),
        _ => Err(StoreError::refused("your first pass of this session is locked and stays as it is")),
    }
}

/// Ends the first pass, for good.
///
/// # Errors
/// [`StoreError::Refused`] if it is locked already.
pub fn lock(connection: &Connection, by: &By) -> Result<(), StoreError> {
    must_be_open(connection, &by.coder, &by.session)?;
    connection
        .execute("INSERT INTO locks(coder, session, at_ms) VALUES(?,?,?)", params![by.coder, by.session, by.at_ms])?;
    let note = Note { at_ms: by.at_ms, who: &by.coder, action: "locked", session: &by.session, detail: "" };
    chain::note_row(connection, &note, "locks")?;
    Ok(())
}

/// Ends the second pass, for good.
///
/// # Errors
/// [`StoreError::Refused`] before the lock or if it is finished already.
pub fn finish(connection: &Connection, by: &By) -> Result<(), StoreError> {
    if pass_for_writing(connection, &by.coder, &by.session)? != "flag" {
        return Err(StoreError::refused("lock your own coding first"));
    }
    connection.execute(
        "INSERT INTO finishes(coder, session, at_ms) VALUES(?,?,?)",
        params![by.coder, by.session, by.at_ms],
    )?;
    let note = Note { at_ms: by.at_ms, who: &by.coder, action: "finished", session: &by.session, detail: "" };
    chain::note_row(connection, &note, "finishes")?;
    Ok(())
}

/// The order in which a coder meets the sessions: random per coder, the same every time.
pub fn order(plan: &Plan, coder: &str) -> Vec<String> {
    let mut sessions = plan.sessions.clone();
    sessions.sort();
    Random::of(plan.seed, &["order", coder]).shuffle(&mut sessions);
    sessions
}
