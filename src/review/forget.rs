//! Taking a session out of the store for good: the one exception to "nothing is changed or removed".
//!
//! Its rows go. Its lines in the log stay in their places with their hashes and the session's number, so that the chain
//! holds, and lose everything else: who, when, what, and the hash of the row. A last line says how many lines were emptied;
//! [`super::chain::verify`] counts them.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};

use super::chain::{self, Note};
use super::{StoreError, schema, store};

/// What the log calls it.
pub const FORGOT: &str = "forgot";
/// Lines that say what was done with the whole study, not with the session's content.
const KEPT: &str = "action NOT IN ('forgot', 'exported', '')";

/// What was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows of all tables.
    pub rows: usize,
    /// Lines of the log that were emptied.
    pub lines: usize,
}

/// Whether anything in the store is about the session.
///
/// # Errors
/// What SQLite says.
pub fn is_there(connection: &Connection, session: &str) -> Result<bool, StoreError> {
    for table in schema::TABLES.into_iter().filter(|table| *table != "coders") {
        let sql = format!("SELECT EXISTS(SELECT 1 FROM {table} WHERE session = ?)");
        if connection.query_row(&sql, [session], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes a session out, overwrites where it stood in the file, and says so in the log. Nobody else may have the file open
/// for long. All or nothing: after an error before the end everything is as it was.
///
/// # Errors
/// What SQLite says.
pub fn forget(file: &Path, session: &str, at_ms: i64) -> Result<Forgotten, StoreError> {
    let mut connection = store::connect(file, true)?;
    schema::migrate(&mut connection)?;
    // What is removed is overwritten with zeros.
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    schema::unguard(&transaction)?;
    let mut done = Forgotten::default();
    for table in schema::TABLES.into_iter().filter(|table| *table != "coders") {
        done.rows += transaction.execute(&format!("DELETE FROM {table} WHERE session = ?"), [session])?;
    }
    done.lines = transaction.execute(
        &format!(
            "UPDATE audit SET at_ms = 0, who = '', action = '', detail = '', row_hash = '' WHERE session = ? AND {KEPT}"
        ),
        params![session],
    )?;
    let detail = done.lines.to_string();
    chain::note(&transaction, &Note { at_ms, who: "server", action: FORGOT, session, detail: &detail })?;
    schema::guard(&transaction)?;
    transaction.commit()?;
    // What waited beside the file is overwritten as well.
    connection.execute_batch("VACUUM")?;
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    match busy {
        false => Ok(done),
        true => Err(StoreError::refused(
            "the session is taken out, but another program holds the file of the coders' work open, and what waits beside it may still \
             hold the session: close that program and forget the session again",
        )),
    }
}
