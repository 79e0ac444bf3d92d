//! What is wrong with a study's books, before a scan stumbles over it.

use std::collections::BTreeMap;
use std::path::Path;

use super::date::Date;
use super::{MANIFEST_FILE, ParticipantRole, SessionFolder, Study, StudyError, record};

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Session, or empty for the study as a whole.
    pub session: String,
    /// What, and what to do.
    pub message: String,
    /// Whether a scan would fail or mislead, and not only something to know.
    pub is_error: bool,
}

impl Study {
    /// Looks through all manifests. `length_of` gives a recording's length in seconds, `None` if it is not known; `today`
    /// is compared with the days until which sessions may be kept.
    ///
    /// # Errors
    /// As [`Study::sessions`].
    pub fn check(&self, today: Date, length_of: &dyn Fn(&Path) -> Option<f64>) -> Result<Vec<Finding>, StudyError> {
        let sessions = self.sessions()?;
        let mut findings = Vec::new();
        let mut found = |session: &str, is_error: bool, message: String| {
            findings.push(Finding { session: session.to_owned(), message, is_error });
        };
        for (id, error) in &sessions.bad {
            found(id, true, error.to_string());
        }
        let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
        let mut media: BTreeMap<String, &str> = BTreeMap::new();
        for session in &sessions.good {
            let id = session.id.as_str();
            let told = session.manifest.id.as_str();
            if let Some(other) = ids.insert(told, id) {
                found(
                    id,
                    true,
                    format!("{MANIFEST_FILE} has the id {told}, as that of {other} has: give every session its own"),
                );
            } else if told != id {
                found(
                    id,
                    true,
                    format!("{MANIFEST_FILE} has the id {told}, and its folder is called {id}: make them the same"),
                );
            }
            for (index, path) in session.media_paths().into_iter().enumerate() {
                if !path.is_file() {
                    found(
                        id,
                        true,
                        format!(
                            "{} is not there: put it back or change its path in {MANIFEST_FILE}: {}",
                            session.media_label(index),
                            path.display()
                        ),
                    );
                }
                if !path.is_file() {
                    continue;
                }
                // The same bytes under two names are the same recording.
                let sketch = record::sketch(&path);
                let twice = match media.get(&sketch) {
                    Some(other) if *other == id => format!("stands twice in {MANIFEST_FILE}"),
                    Some(other) => format!("is in {other} as well"),
                    None => {
                        media.insert(sketch, id);
                        continue;
                    }
                };
                found(id, true, format!("the same recording {twice}: {}", path.display()));
            }
            if let Some(path) = session.transcript_path().filter(|path| !path.is_file()) {
                found(
                    id,
                    true,
                    format!(
                        "the transcript is not there: put it back or change its path in {MANIFEST_FILE}: {}",
                        path.display()
                    ),
                );
            }
            for message in clashes(session, length_of) {
                found(id, true, message);
            }
            if session.manifest.participant.is_empty() {
                found(
                    id,
                    false,
                    "nobody is named as a participant, so nobody has agreed to anything: nothing is measured".into(),
                );
            }
            for person in &session.manifest.participant {
                if !(person.consent.sound || person.consent.face || person.consent.text) {
                    found(id, false, format!("{} has agreed to no kind of measuring", person.pseudonym));
                }
            }
            if let Some(until) = session.manifest.retain_until.filter(|until| *until < today) {
                found(
                    id,
                    false,
                    format!("may be kept until {until}, which is over: 'attune study forget' deletes what was derived"),
                );
            }
        }
        let same_pair = pairs_with_two_people(&sessions.good);
        findings.extend(same_pair);
        if let Some(folder) = self.codebook().filter(|folder| !folder.is_dir()) {
            let message = format!("the codebook's folder is not there: {}", folder.display());
            findings.push(Finding { session: String::new(), message, is_error: true });
        }
        Ok(findings)
    }

    /// Sessions that may no longer be kept.
    pub fn overdue(sessions: &[SessionFolder], today: Date) -> Vec<&SessionFolder> {
        sessions.iter().filter(|session| session.manifest.retain_until.is_some_and(|until| until < today)).collect()
    }
}

/// Given offsets that cannot be: a recording that shares no second with any other.
fn clashes(session: &SessionFolder, length_of: &dyn Fn(&Path) -> Option<f64>) -> Vec<String> {
    let media = &session.manifest.media;
    if media.len() < 2 || media.iter().skip(1).all(|medium| medium.offset_s.is_none()) {
        return Vec::new();
    }
    let spans: Vec<Option<(f64, f64)>> = media
        .iter()
        .zip(session.media_paths())
        .enumerate()
        .map(|(index, (medium, path))| {
            let start = medium.offset_s.or((index == 0).then_some(0.0))?;
            Some((start, start + length_of(&path)?))
        })
        .collect();
    let apart = |index: usize| {
        let Some((start, end)) = spans[index] else { return false };
        let others: Vec<_> = spans.iter().enumerate().filter(|(other, _)| *other != index).collect();
        // A recording whose place is not known yet may still fill the gap.
        others.iter().all(|(_, span)| span.is_some_and(|(from, to)| to <= start || end <= from))
    };
    (0..media.len())
        .filter(|index| apart(*index))
        .map(|index| {
            let (start, end) = spans[index].unwrap_or_default();
            format!(
                "clashing offsets: {} lies at {start:.1} s to {end:.1} s and shares no second with the others: check offset_s",
                session.media_label(index)
            )
        })
        .collect()
}

/// Sessions of one pair in which the client or the therapist has another pseudonym.
fn pairs_with_two_people(sessions: &[SessionFolder]) -> Vec<Finding> {
    let mut first: BTreeMap<(&str, ParticipantRole), (&str, &str)> = BTreeMap::new();
    let mut findings = Vec::new();
    for session in sessions {
        let Some(dyad) = session.manifest.dyad.as_deref() else { continue };
        for person in &session.manifest.participant {
            let Some(role) = Some(person.role).filter(|role| *role != ParticipantRole::Other) else { continue };
            let (pseudonym, other) = *first.entry((dyad, role)).or_insert((&person.pseudonym, &session.id));
            if pseudonym != person.pseudonym {
                findings.push(Finding {
                    session: session.id.clone(),
                    message: format!("the pair {dyad} has {} here and {pseudonym} in {other}", person.pseudonym),
                    is_error: false,
                });
            }
        }
    }
    findings
}
