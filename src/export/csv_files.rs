//! `events.csv` and `episodes.csv`: RFC 4180 (comma, quotes where needed, CR LF), UTF-8, one header line.

use std::io::{self, Write};

use super::dictionary::{Column, EPISODES, EVENTS};
use crate::session::Session;

/// Writes `events.csv`: one row per event, in order of start.
///
/// # Errors
/// Those of `to`.
pub fn write_events(session: &Session, to: impl Write) -> io::Result<()> {
    write(session, EVENTS, &session.events, to)
}

/// Writes `episodes.csv`: one row per candidate, in order of start.
///
/// # Errors
/// Those of `to`.
pub fn write_episodes(session: &Session, to: impl Write) -> io::Result<()> {
    write(session, EPISODES, &session.episodes, to)
}

fn write<T>(session: &Session, columns: &[Column<T>], rows: &[T], to: impl Write) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
    table.write_record(columns.iter().map(|column| column.name)).map_err(as_io)?;
    for row in rows {
        table.write_record(columns.iter().map(|column| (column.cell)(session, row))).map_err(as_io)?;
    }
    table.flush()
}

/// Keeps "disk full" recognisable.
fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(inner) => inner,
        other => io::Error::other(format!("{other:?}")),
    }
}
