//! Coders' work as exports and questions show it: what was imported, and what stands in the study's store.
//!
//! The store's part of a session is shown only when all who code have locked their first pass of it: nobody reads others'
//! work early by exporting it or asking for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;
use serde::Serialize;

use super::Decision;
use crate::review::{StoreError, flow, look, records};

/// What coders made of one session.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Work {
    /// Decisions: imported ones, then those of the second pass.
    pub decisions: Vec<Decision>,
    /// Codes that were given.
    pub codings: Vec<Coding>,
    /// Ratings of minutes: coder, minute from 0, 1 to 5.
    pub ratings: Vec<(String, u32, u8)>,
    /// What the meeting settled.
    pub consensus: Vec<records::Outcome>,
    /// How many people's work counts in the session, if all who code have locked it.
    pub coders: Option<usize>,
}

/// A code that somebody gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coding {
    /// As it was at the lock (`blind`), or as it was given or changed after it (`flag`).
    pub given: records::Coding,
    /// Whether it is the coder's last word: not changed or taken back after the lock.
    pub stands: bool,
}

/// A stretch that a coder marked, in whichever pass and way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark<'a> {
    pub(super) coder: &'a str,
    pub(super) verdict: &'a str,
    pub(super) code: &'a str,
    pub(super) start_s: f64,
    pub(super) end_s: f64,
    pub(super) note: &'a str,
}

impl Work {
    /// What was imported only.
    pub fn imported(decisions: Vec<Decision>) -> Self {
        Self { decisions, ..Self::default() }
    }

    /// With what else is known of the session.
    pub fn and(mut self, other: Option<&Self>) -> Self {
        if let Some(other) = other {
            self.decisions.extend(other.decisions.iter().cloned());
            self.codings.extend(other.codings.iter().cloned());
            self.ratings.extend(other.ratings.iter().cloned());
            self.consensus.extend(other.consensus.iter().cloned());
            self.coders = other.coders;
        }
        self
    }

    /// Every decision, and every code that stands.
    pub(super) fn marks(&self) -> impl Iterator<Item = Mark<'_>> {
        let decided = self.decisions.iter().map(|decision| Mark {
            coder: &decision.coder,
            verdict: &decision.verdict,
            code: &decision.code,
            start_s: decision.start_s,
            end_s: decision.end_s,
            note: &decision.note,
        });
        let given = self.codings.iter().filter(|coding| coding.stands).map(|coding| Mark {
            coder: &coding.given.coder,
            verdict: "confirm",
            code: &coding.given.code,
            start_s: secs(coding.given.start_ms),
            end_s: secs(coding.given.end_ms),
            note: &coding.given.note,
        });
        decided.chain(given)
    }

    /// Without free text and clock times.
    pub(super) fn without_words(&mut self) {
        for decision in &mut self.decisions {
            decision.note.clear();
            decision.made_at.clear();
        }
        self.codings.iter_mut().for_each(|coding| coding.given.note.clear());
        self.consensus.iter_mut().for_each(|outcome| outcome.note.clear());
    }
}

/// Milliseconds as seconds.
pub(super) fn secs(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// What the store holds of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coded {
    /// Work that may be shown, by session.
    pub sessions: BTreeMap<String, Work>,
    /// Sessions that somebody has begun and not everybody has locked.
    pub waiting: Vec<String>,
}

/// Reads the store, if there is one; changes nothing in it.
///
/// # Errors
/// [`StoreError`].
pub fn read(store: &Path) -> Result<Coded, StoreError> {
    Ok(look(store, coded)?.unwrap_or_default())
}

fn coded(connection: &Connection) -> Result<Coded, StoreError> {
    let mut begun = BTreeSet::new();
    for table in ["codings", "salience", "locks"] {
        let mut statement = connection.prepare(&format!("SELECT DISTINCT session FROM {table}"))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        begun.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    let mut found = Coded::default();
    for session in begun {
        if flow::is_open_to_all(connection, &session)? {
            let names = flow::coders_of(connection, &session)?;
            let work = Work { coders: Some(names.len()), ..work(connection, &session, &names)? };
            found.sessions.insert(session, work);
        } else {
            found.waiting.push(session);
        }
    }
    Ok(found)
}

/// What those whose work counts made of the session.
fn work(connection: &Connection, session: &str, names: &[String]) -> Result<Work, StoreError> {
    let mut last = records::codings(connection, Some(session), None, false)?;
    last.retain(|coding| names.contains(&coding.coder));
    let (_, blind) = records::counted(connection, session)?;
    let blind = blind.into_iter().map(|given| Coding { stands: last.contains(&given), given });
    let later = last.iter().filter(|given| given.pass == "flag");
    let codings: Vec<Coding> = blind.chain(later.map(|given| Coding { given: given.clone(), stands: true })).collect();
    let decisions = records::decisions(connection, Some(session), None)?.into_iter();
    let decisions = decisions.filter(|(_, made)| names.contains(&made.coder)).map(|(session, made)| Decision {
        session,
        coder: made.coder,
        pass: "flag".into(),
        verdict: made.verdict,
        code: made.code.unwrap_or_default(),
        start_s: secs(made.start_ms),
        end_s: secs(made.end_ms),
        note: made.note,
        asked: made.asked,
        ..Decision::default()
    });
    let consensus = records::outcomes(connection, Some(session))?.into_iter().map(|(_, outcome)| outcome).collect();
    let mut ratings = records::salience(connection, session, None)?;
    ratings.retain(|(coder, ..)| names.contains(coder));
    Ok(Work { decisions: decisions.collect(), codings, ratings, consensus, coders: None })
}
