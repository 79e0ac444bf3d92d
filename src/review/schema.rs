//! The tables of `review.sqlite`, and how an older file becomes a newer one.

use rusqlite::Connection;

use super::StoreError;

/// What `user_version` says in a file of this program.
pub const VERSION: i64 = 2;

/// Every table that only ever grows. The log itself is one of them.
pub const TABLES: [&str; 8] = ["coders", "codings", "salience", "locks", "decisions", "memos", "outcomes", "finishes"];

/// One script per step; step `n` leads from version `n` to `n + 1`.
const STEPS: [&str; 2] = ["
CREATE TABLE audit(
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, session TEXT NOT NULL,
  tbl TEXT NOT NULL, row_id INTEGER NOT NULL, detail TEXT NOT NULL, row_hash TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE coders(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, revision INTEGER NOT NULL, role TEXT NOT NULL
    CHECK(role IN ('coder', 'lead', 'supervisor')), active INTEGER NOT NULL, secret TEXT, at_ms INTEGER NOT NULL,
  UNIQUE(name, revision)) STRICT;
CREATE TABLE codings(
  id INTEGER PRIMARY KEY, unit INTEGER NOT NULL, revision INTEGER NOT NULL, coder TEXT NOT NULL, session TEXT NOT NULL,
  pass TEXT NOT NULL CHECK(pass IN ('blind', 'flag')), turn INTEGER, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
  code TEXT NOT NULL, note TEXT NOT NULL, removed INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  CHECK(end_ms > start_ms), UNIQUE(unit, revision)) STRICT;
CREATE INDEX codings_by_session ON codings(session, coder, unit, revision);
CREATE TABLE salience(
  id INTEGER PRIMARY KEY, coder TEXT NOT NULL, session TEXT NOT NULL, minute INTEGER NOT NULL, revision INTEGER NOT NULL,
  rating INTEGER CHECK(rating BETWEEN 1 AND 5), at_ms INTEGER NOT NULL, UNIQUE(coder, session, minute, revision)) STRICT;
CREATE TABLE locks(
  id INTEGER PRIMARY KEY, coder TEXT NOT NULL, session TEXT NOT NULL, at_ms INTEGER NOT NULL,
  UNIQUE(coder, session)) STRICT;
CREATE TABLE decisions(
  id INTEGER PRIMARY KEY, coder TEXT NOT NULL, session TEXT NOT NULL, clip TEXT NOT NULL, revision INTEGER NOT NULL,
  start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, asked TEXT NOT NULL, marked INTEGER NOT NULL,
  verdict TEXT NOT NULL CHECK(verdict IN ('confirm', 'reject', 'unsure', 'recode', 'open')), code TEXT, seconds REAL NOT NULL,
  note TEXT NOT NULL, at_ms INTEGER NOT NULL, UNIQUE(coder, session, clip, revision)) STRICT;
CREATE TABLE memos(
  id INTEGER PRIMARY KEY, unit INTEGER NOT NULL, revision INTEGER NOT NULL, coder TEXT NOT NULL, session TEXT NOT NULL,
  start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, text TEXT NOT NULL, removed INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, UNIQUE(unit, revision)) STRICT;
CREATE TABLE outcomes(
  id INTEGER PRIMARY KEY, session TEXT NOT NULL, unit TEXT NOT NULL, revision INTEGER NOT NULL, code TEXT NOT NULL,
  start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK(outcome IN ('agreed', 'majority', 'unresolved')), keep INTEGER NOT NULL,
  moved TEXT NOT NULL, note TEXT NOT NULL, coder TEXT NOT NULL, at_ms INTEGER NOT NULL, UNIQUE(session, unit, revision)) STRICT;
CREATE TABLE finishes(
  id INTEGER PRIMARY KEY, coder TEXT NOT NULL, session TEXT NOT NULL, at_ms INTEGER NOT NULL,
  UNIQUE(coder, session)) STRICT;
",
    // 2: `active` is 1 (takes part), 0 (has left) or -1 (taken out); an older program would take the last for the first. A
    // column more would change the hashes of the rows that are there.
    "",
];

/// Makes a new file's tables, or brings an older one up to date.
///
/// # Errors
/// [`StoreError::Newer`] for a file of a later version; what SQLite says otherwise.
pub fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > VERSION {
        return Err(StoreError::Newer { found });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    guard(&transaction)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Makes the triggers that refuse changes.
pub(super) fn guard(connection: &Connection) -> Result<(), StoreError> {
    for table in TABLES.iter().chain(&["audit"]) {
        for action in ["UPDATE", "DELETE"] {
            let lower = action.to_lowercase();
            connection.execute_batch(&format!(
                "CREATE TRIGGER IF NOT EXISTS {table}_no_{lower} BEFORE {action} ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'nothing here is changed or removed: add a revision'); END;"
            ))?;
        }
    }
    Ok(())
}

/// Takes them away, for [`super::forget`] inside its transaction.
pub(super) fn unguard(connection: &Connection) -> Result<(), StoreError> {
    for table in TABLES.iter().chain(&["audit"]) {
        for action in ["update", "delete"] {
            connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {table}_no_{action}"))?;
        }
    }
    Ok(())
}
