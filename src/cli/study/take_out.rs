//! `attune study remove` and `forget`.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use attune::review::forget::{self, Forgotten};
use attune::review::{BACKUP, Store, look};
use attune::study::forget::Deleted;
use attune::study::{SessionFolder, Study};

use super::super::review::now_ms;
use super::{Failure, say, tell, today};

pub fn remove(place: &Path, ids: &[String], yes: bool) -> Result<(), Failure> {
    let study = Study::open(place)?;
    let _lock = study.lock("remove")?;
    let sessions = all(&study, ids)?;
    if let Some(session) = sessions.iter().find(|session| session.results().exists() && !yes) {
        return Err(Failure::wrong_use(format!(
            "session {} has results, which would be deleted: say --yes, or 'attune study forget' if the person asked for it",
            session.id
        )));
    }
    for session in &sessions {
        // The number may be given again, and what coders made of the one must not be taken for work on the other.
        if look(&study.review_store(), |store| forget::is_there(store, &session.id))?.unwrap_or(false) {
            return Err(Failure::wrong_use(format!(
                "coders have worked on session {}: 'attune study forget' deletes that too and does not give the number again",
                session.id
            )));
        }
    }
    let mut text = String::new();
    for session in &sessions {
        let deleted = study.remove(session)?;
        text += &format!("{}: taken out, {} file(s) deleted\n", session.id, deleted.files.len());
    }
    say(&text)
}

pub fn forget(place: &Path, ids: &[String], yes: bool) -> Result<(), Failure> {
    let study = Study::open(place)?;
    let _lock = study.lock("forget")?;
    let sessions = all(&study, ids)?;
    if !yes && !agreed(&format!("delete all that was derived from {}?", ids.join(", ")))? {
        return Err(Failure::told("nothing was deleted"));
    }
    for session in &sessions {
        let _scan = session.lock()?;
        // First, for as long as the manifest is there the session can be asked for again.
        let coded = forget_work(&study, &session.id)?;
        let deleted = study.forget(session, today())?;
        say(&told(session, &deleted, coded.as_ref()))?;
    }
    Ok(())
}

/// What was taken out of the coders' store.
struct Coded {
    forgotten: Forgotten,
    /// What became of the copy that is made when the page is opened.
    backup: Option<&'static str>,
}

/// Takes the session out of the coders' work and its copy; `None` where there is no store.
fn forget_work(study: &Study, id: &str) -> Result<Option<Coded>, Failure> {
    let file = study.review_store();
    let copy = study.folder().join(BACKUP);
    let had_copy = copy.is_file();
    // A copy of the file as it was holds the session: it goes first, with what a killed process may have left of it.
    let beside = |ending: &str| study.folder().join(format!("{BACKUP}{ending}"));
    for path in [copy.clone(), copy.with_extension("part"), beside("-wal"), beside("-shm")] {
        if path.is_file() {
            std::fs::remove_file(path)?;
        }
    }
    if !file.is_file() {
        return Ok(had_copy.then_some(Coded { forgotten: Forgotten::default(), backup: Some("deleted") }));
    }
    let forgotten = forget::forget(&file, id, now_ms())?;
    if had_copy {
        Store::open(&file)?.backup(&copy)?;
    }
    Ok(Some(Coded { forgotten, backup: had_copy.then_some("made anew without the session") }))
}

fn told(session: &SessionFolder, deleted: &Deleted, coded: Option<&Coded>) -> String {
    let mut text = format!("{}: {} file(s) deleted:\n", session.id, deleted.files.len());
    let list = |paths: &[PathBuf]| paths.iter().map(|path| format!("  {}\n", path.display())).collect::<String>();
    text += &list(&deleted.files);
    if !deleted.outside.is_empty() {
        text += "not deleted, because Attune never deletes recordings or transcripts outside the study:\n";
        text += &list(&deleted.outside);
    }
    if let Some(coded) = coded {
        let Forgotten { rows, lines } = coded.forgotten;
        text += &format!(
            "deleted in review.sqlite: {rows} row(s) of coders' work, and what {lines} line(s) of the log said; the log says so\n"
        );
        if let Some(what) = coded.backup {
            text += &format!("{BACKUP}: {what}\n");
        }
    }
    text + "not deleted: whatever was exported or copied elsewhere, other backups, and what was learned from the coders' decisions\n"
}

fn all(study: &Study, ids: &[String]) -> Result<Vec<SessionFolder>, Failure> {
    Ok(ids.iter().map(|id| study.session(id)).collect::<Result<_, _>>()?)
}

/// Asks on the terminal; where there is none, nobody can agree.
fn agreed(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::wrong_use("there is no terminal to ask on: say --yes"));
    }
    tell(&format!("attune: {question} [yes/no]"));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
