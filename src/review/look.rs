//! Reading a store from outside the page: nothing is made, and nothing changed.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Store, StoreError, schema, store};

/// Reads one consistent view of the file; `None` if there is none. A file on a disk that cannot be written to is read as it
/// is, if no part of it waits beside it.
///
/// # Errors
/// Those of `look`; a newer version's file; what SQLite says.
pub fn look<T>(file: &Path, look: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    if !file.is_file() {
        return Ok(None);
    }
    let mut connection = match opened(file) {
        Ok((connection, version)) if version == schema::VERSION => connection,
        // Older: brought up to date. Newer: said.
        Ok((connection, _)) => {
            drop(connection);
            drop(Store::open(file)?);
            opened(file)?.0
        }
        Err(error) => fixed(file).ok_or(error)?,
    };
    let view = connection.transaction()?;
    look(&view).map(Some)
}

fn opened(file: &Path) -> Result<(Connection, i64), StoreError> {
    let connection = store::connect(file, false)?;
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((connection, version))
}

/// As a file that nobody changes.
fn fixed(file: &Path) -> Option<Connection> {
    let mut beside = file.as_os_str().to_owned();
    beside.push("-wal");
    if std::fs::metadata(Path::new(&beside)).is_ok_and(|wal| wal.len() > 0) {
        return None;
    }
    let path = file.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags).ok()?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).ok()?;
    // All versions so far have the same tables.
    (1..=schema::VERSION).contains(&version).then_some(connection)
}
