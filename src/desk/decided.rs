//! What coders decided in the second pass, as it leaves the study: for a table, and to be learned from.

use super::{Desk, DeskError};
use crate::review::clips::{ClipKind, millis};
use crate::review::records::Decision;
use crate::review::{chain, flow, records};

/// One coder's last word on one clip: a candidate, a further stretch or a control.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// What tables call the session: its number in a study, its own name elsewhere.
    pub session: String,
    /// Which two people; the session where the study does not say.
    pub dyad: String,
    /// Candidate or further stretch of the results as they are now; empty for controls, for clips of older
    /// results, and where the results do not read.
    pub episode: String,
    /// The decision.
    pub decision: Decision,
}

/// All decisions that may leave the study.
#[derive(Clone, Debug, PartialEq)]
pub struct AllDecided {
    /// In order of session and start.
    pub rows: Vec<Decided>,
    /// Sessions that all coders have locked.
    pub locked: usize,
    /// Sessions that wait for a lock: nothing of them is told, for their candidates are not known to all coders yet.
    pub waiting: Vec<String>,
}

impl Desk {
    /// The decisions in the sessions that all coders have locked, of each coder and clip the last. What was taken back is
    /// left out.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn decided(&self) -> Result<AllDecided, DeskError> {
        let mut all = AllDecided { rows: Vec::new(), locked: 0, waiting: Vec::new() };
        for id in &self.plan.sessions {
            let found = self.store.read(|c| match flow::is_open_to_all(c, id)? {
                true => Ok(Some(records::counted_decisions(c, id)?)),
                false => Ok(None),
            })?;
            let Some(found) = found else {
                all.waiting.push(id.clone());
                continue;
            };
            all.locked += 1;
            if found.is_empty() {
                continue;
            }
            let place = self.place(id)?;
            let session = self.session(id).ok();
            let episode_of = |decision: &Decision| {
                let session = session.as_ref()?;
                let mut episodes = session.episodes.iter().chain(&session.further);
                let same = episodes.find(|e| millis(e.span) == (decision.start_ms, decision.end_ms));
                same.filter(|_| decision.kind != ClipKind::Control).map(|e| e.id.clone())
            };
            all.rows.extend(found.into_iter().map(|decision| Decided {
                session: place.name.clone(),
                dyad: place.dyad.clone().unwrap_or_else(|| place.name.clone()),
                episode: episode_of(&decision).unwrap_or_default(),
                decision,
            }));
        }
        Ok(all)
    }

    /// Writes to the log that decisions left the study. `what_for` in a few words.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn note_export(&self, all: &AllDecided, what_for: &str, at_ms: i64) -> Result<(), DeskError> {
        let detail = format!("{} decisions of {} sessions, {what_for}", all.rows.len(), all.locked);
        self.store.write(move |c| {
            let note = chain::Note { at_ms, who: "server", action: "exported", session: "", detail: &detail };
            chain::note(c, &note)
        })?;
        Ok(())
    }
}
