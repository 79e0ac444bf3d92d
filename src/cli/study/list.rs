//! `attune study list`, `status` and `check`.

use std::path::Path;

use attune::media;
use attune::study::{SessionFolder, Sessions, Study, record};
use serde_json::json;

use super::super::args::Machine;
use super::super::open_config;
use super::{Failure, opened, say, today};

pub fn list(place: &Path, json: bool) -> Result<(), Failure> {
    let study = opened(place)?;
    let sessions = study.sessions()?;
    if json {
        let all: Vec<_> = sessions.good.iter().map(|session| told(session, &state(session, false))).collect();
        let bad: Vec<_> =
            sessions.bad.iter().map(|(id, error)| json!({ "id": id, "error": error.to_string() })).collect();
        return say(&format!(
            "{:#}\n",
            json!({ "study": study.settings().name, "sessions": all, "unreadable": bad, "forgotten": sessions.forgotten })
        ));
    }
    let mut text = format!(
        "{:<8}{:<14}{:>5}  {:<7}{:<12}{:<8}consent\n",
        "session", "dyad", "day", "media", "transcript", "state"
    );
    for session in &sessions.good {
        let manifest = &session.manifest;
        let people: Vec<_> =
            manifest.participant.iter().map(|p| format!("{} {}", p.pseudonym, p.consent.told())).collect();
        text += &format!(
            "{:<8}{:<14}{:>5}  {:<7}{:<12}{:<8}{}\n",
            session.id,
            manifest.dyad.as_deref().unwrap_or("-"),
            manifest.day.map_or_else(|| "-".into(), |day| day.to_string()),
            manifest.media.len(),
            if manifest.transcript.is_some() { "yes" } else { "-" },
            state(session, false),
            people.join("; ")
        );
    }
    text += &rest(&sessions);
    say(&text)
}

fn rest(sessions: &Sessions) -> String {
    let mut text = String::new();
    for (id, error) in &sessions.bad {
        text += &format!("{id:<8}does not read: {error}\n");
    }
    if !sessions.forgotten.is_empty() {
        text += &format!("forgotten: {}\n", sessions.forgotten.join(", "));
    }
    text
}

fn told(session: &SessionFolder, state: &str) -> serde_json::Value {
    json!({
        "id": session.id,
        "dyad": session.manifest.dyad,
        "day": session.manifest.day,
        "media": session.manifest.media.len(),
        "transcript": session.manifest.transcript.is_some(),
        "state": state,
        "messages": session.scan_record().map(|record| record.messages).unwrap_or_default(),
    })
}

/// `new`, `done`, `partly`, `failed`, and `changed` where `look` finds that recordings or manifest are not those that
/// were scanned.
fn state(session: &SessionFolder, look: bool) -> String {
    match session.scan_record() {
        None => "new".into(),
        Some(record) if look && record.inputs != record::inputs(session) => "changed".into(),
        Some(record) => record.outcome.name().into(),
    }
}

pub fn status(place: &Path, json: bool) -> Result<(), Failure> {
    let study = opened(place)?;
    let sessions = study.sessions()?;
    let states: Vec<String> = sessions.good.iter().map(|session| state(session, true)).collect();
    let count = |wanted: &str| states.iter().filter(|state| *state == wanted).count();
    let names = ["done", "partly", "failed", "changed", "new"];
    if json {
        let counts: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!(count(name)))).collect();
        let all: Vec<_> = sessions.good.iter().zip(&states).map(|(session, state)| told(session, state)).collect();
        return say(&format!("{:#}\n", json!({ "counts": counts, "sessions": all })));
    }
    let counts: Vec<_> = names.iter().map(|name| format!("{} {name}", count(name))).collect();
    let mut text = format!("{} session(s): {}\n", sessions.good.len(), counts.join(", "));
    for (session, state) in sessions.good.iter().zip(&states).filter(|(_, state)| *state != "done" && *state != "new") {
        let messages = session.scan_record().map(|record| record.messages).unwrap_or_default();
        text += &format!("{:<8}{state:<8} {}\n", session.id, messages.first().map(String::as_str).unwrap_or_default());
    }
    text += &rest(&sessions);
    if count("new") + count("changed") + count("failed") > 0 {
        text += &format!("next: attune scan {}\n", place.display());
    }
    say(&text)
}

pub fn check(place: &Path, machine: &Machine, json: bool) -> Result<(), Failure> {
    let study = Study::open(place)?;
    let settings: media::MediaSettings = open_config(machine)?.read("media.toml")?;
    let length = |path: &Path| media::probe(path, &settings).ok()?.duration_secs;
    let findings = study.check(today(), &length)?;
    let errors = findings.iter().filter(|finding| finding.is_error).count();
    if json {
        let all: Vec<_> = findings
            .iter()
            .map(|f| json!({ "session": f.session, "message": f.message, "is_error": f.is_error }))
            .collect();
        say(&format!("{:#}\n", json!({ "findings": all, "errors": errors })))?;
    } else {
        let mut text = String::new();
        for finding in &findings {
            let session = if finding.session.is_empty() { "study" } else { &finding.session };
            text += &format!("{session:<8}{}\n", finding.message);
        }
        text += &match findings.len() {
            0 => "nothing is wrong\n".to_owned(),
            count => format!("{count} finding(s), {errors} of them to be put right before a scan\n"),
        };
        say(&text)?;
    }
    match errors {
        0 => Ok(()),
        _ => Err(Failure { code: Failure::PARTLY, message: format!("{errors} thing(s) in the study are wrong") }),
    }
}
