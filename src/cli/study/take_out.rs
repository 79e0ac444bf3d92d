//! `attune study remove` and `forget`.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use attune::study::forget::Deleted;
use attune::study::{SessionFolder, Study};

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
        let deleted = study.forget(session, today())?;
        say(&told(&study, session, &deleted))?;
    }
    Ok(())
}

fn told(study: &Study, session: &SessionFolder, deleted: &Deleted) -> String {
    let mut text = format!("{}: {} file(s) deleted:\n", session.id, deleted.files.len());
    let list = |paths: &[PathBuf]| paths.iter().map(|path| format!("  {}\n", path.display())).collect::<String>();
    text += &list(&deleted.files);
    if !deleted.outside.is_empty() {
        text += "not deleted, because Attune never deletes recordings or transcripts outside the study:\n";
        text += &list(&deleted.outside);
    }
    if study.review_store().exists() {
        text += "not deleted: what coders decided and wrote, in review.sqlite\n";
    }
    text + "not deleted: whatever was exported or copied elsewhere, and backups\n"
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
