//! `attune study`: the books of a study.

mod add;
mod args;
mod coders;
mod jobs;
mod list;
mod seal;
mod take_out;

use std::path::Path;

use attune::study::date::Date;
use attune::study::{AgreementRule, Consent, Study, StudySettings};

pub use args::StudyCommand;

use super::{Failure, say, tell};

pub fn run(command: &StudyCommand) -> Result<(), Failure> {
    match command {
        StudyCommand::New(new) => make(new),
        StudyCommand::Add(add) => add::run(add),
        StudyCommand::List { study, json } => list::list(study, *json),
        StudyCommand::Status { study, json } => list::status(study, *json),
        StudyCommand::Check { study, machine, json } => list::check(study, machine, *json),
        StudyCommand::Consent { study, session, changes } => consent(study, session, changes),
        StudyCommand::Coder { study, coders, remove, yes } => coders::run(study, coders, remove, *yes),
        StudyCommand::Jobs(jobs) => jobs::run(jobs),
        StudyCommand::Seal { study } => seal::seal(study),
        StudyCommand::Open { study } => seal::open(study),
        StudyCommand::Remove { study, sessions, yes } => take_out::remove(study, sessions, *yes),
        StudyCommand::Forget { study, sessions, yes } => take_out::forget(study, sessions, *yes),
    }
}

fn make(new: &args::New) -> Result<(), Failure> {
    let stem = new.study.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = new.name.clone().or(stem).unwrap_or_else(|| "study".into());
    let seed = new.seed.map_or_else(random_seed, Ok)?;
    let mut settings = StudySettings::named(&name, seed);
    settings.language.clone_from(&new.language);
    settings.agreement = new.agreement.parse::<AgreementRule>().map_err(Failure::wrong_use)?;
    settings.review_minutes_per_hour = new.budget;
    settings.codebook = new.codebook.as_ref().map(|path| path.to_string_lossy().into_owned());
    settings.retention_days = new.retention_days;
    if let Some(list) = &new.consent {
        settings.consent = Consent::USUAL.changed(list).map_err(Failure::wrong_use)?;
    }
    settings.coders.clone_from(&new.coder);
    let study = Study::create(&new.study, settings)?;
    let agreed = study.settings().consent.told();
    let place = new.study.display().to_string();
    let place = shlex::try_quote(&place).unwrap_or(place.as_str().into());
    say(&format!(
        "made a study; people in new sessions are taken to have agreed to: {agreed}\nnext: attune study add {place} RECORDING ...\n"
    ))
}

fn random_seed() -> Result<u32, Failure> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::told(format!("no random number is to be had ({e}): say --seed")))?;
    Ok(u32::from_le_bytes(bytes))
}

fn consent(place: &Path, id: &str, changes: &[(String, String)]) -> Result<(), Failure> {
    let study = Study::open(place)?;
    let _lock = study.lock("consent")?;
    let session = study.session(id)?;
    let changed = args::with_consent(session.manifest.clone(), changes).map_err(Failure::wrong_use)?;
    let file = session.folder.join(attune::study::MANIFEST_FILE);
    changed.write(&file)?;
    let mut text = String::new();
    for person in &changed.participant {
        text += &format!("{} {}: {}\n", session.id, person.pseudonym, person.consent.told());
    }
    let less = |before: &Consent, now: &Consent| {
        (before.sound && !now.sound) || (before.face && !now.face) || (before.text && !now.text)
    };
    let people = session.manifest.participant.iter().zip(&changed.participant);
    let withdrawn = people.clone().any(|(before, now)| less(&before.consent, &now.consent));
    if session.results().exists() && withdrawn {
        // They hold what is no longer agreed to: neither a question nor an export may find it until the next scan.
        std::fs::remove_dir_all(session.results()).map_err(|e| {
            Failure::told(format!(
                "the consent is noted, but the results of before cannot be deleted ({e}): delete this folder: {}",
                session.results().display()
            ))
        })?;
        text +=
            "the results held what is no longer agreed to and were deleted: 'attune scan' makes them anew without it\n";
    } else if session.results().exists() && changed != session.manifest {
        text += "results are from before: 'attune scan' makes them anew\n";
    }
    say(&text)
}

/// Today, for how long sessions may be kept. Results do not depend on it.
#[allow(clippy::disallowed_methods, reason = "how long something may be kept is counted in days of the calendar")]
pub fn today() -> Date {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Date::from_unix_secs(since.map_or(0, |since| since.as_secs()))
}

/// Opens a study; sessions that may no longer be kept are told.
pub fn opened(place: &Path) -> Result<Study, Failure> {
    let study = Study::open(place)?;
    let sessions = study.sessions()?;
    let overdue = Study::overdue(&sessions.good, today());
    if let Some(first) = overdue.first() {
        tell(&format!(
            "attune: {} session(s) may no longer be kept, the first is {}: see 'attune study check'",
            overdue.len(),
            first.id
        ));
    }
    Ok(study)
}
