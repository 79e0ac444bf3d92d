//! `attune study add`.

use std::path::{Path, PathBuf};

use attune::study::add::{NewMedium, NewPerson, NewSession, Taken};
use attune::study::{SessionFolder, Study, list};
use serde_json::json;

use super::args::Add;
use super::{Failure, say, tell, today};

/// Endings that only a transcript has, in the order in which they are taken. Text and table files are not among them:
/// they may be notes.
const TRANSCRIPTS: &[&str] = &["vtt", "srt", "eaf", "TextGrid", "textgrid", "cha", "stm", "sbv"];

pub fn run(add: &Add) -> Result<(), Failure> {
    let study = Study::open(&add.study)?;
    let _lock = study.lock("add")?;
    let mut taken = Taken::of(&study)?;
    let (mut added, mut errors) = (Vec::new(), Vec::new());
    let (wanted, notes) = wanted(add, &mut errors)?;
    for (from, new) in &wanted {
        match study.add(new, today(), &mut taken) {
            Ok(session) => added.push((from.clone(), session)),
            Err(error) => errors.push(format!("{from}{error}")),
        }
    }
    let guessed: Vec<String> = wanted.iter().filter_map(|(_, new)| beside_note(add, new)).collect();
    if add.json {
        let all: Vec<_> = added.iter().map(|(_, session)| told(session)).collect();
        say(&format!("{:#}\n", json!({ "added": all, "errors": errors, "notes": notes })))?;
    } else {
        notes.iter().chain(&guessed).for_each(|note| tell(&format!("attune: {note}")));
        let mut text = String::new();
        for (from, session) in &added {
            let transcript = if session.manifest.transcript.is_some() { ", transcript" } else { "" };
            text += &format!("{}  {from}{} recording(s){transcript}\n", session.id, session.manifest.media.len());
        }
        text += &format!("{} session(s) added\n", added.len());
        say(&text)?;
    }
    match (errors.is_empty(), added.is_empty()) {
        (true, _) => Ok(()),
        (false, none) => Err(Failure {
            code: if none { Failure::NOTHING } else { Failure::PARTLY },
            message: format!("{} could not be added:\n  {}", errors.len(), errors.join("\n  ")),
        }),
    }
}

fn told(session: &SessionFolder) -> serde_json::Value {
    json!({ "id": session.id, "media": session.manifest.media.len(), "transcript": session.manifest.transcript.is_some() })
}

/// What is to be added, each with where it stands in a list ("line 3: "), and what was guessed of the list.
type Wanted = (Vec<(String, NewSession)>, Vec<String>);

fn wanted(add: &Add, errors: &mut Vec<String>) -> Result<Wanted, Failure> {
    if let Some(file) = &add.list {
        let listed = list::read(file, add.copy)?;
        errors.extend(listed.errors.iter().map(|(line, message)| format!("line {line}: {message}")));
        let sessions = listed.sessions.into_iter().map(|(line, new)| (format!("line {line}: "), filled(add, new)));
        return Ok((sessions.collect(), listed.notes));
    }
    if add.recordings.len() > 1 && !add.together && add.transcript.is_some() {
        return Err(Failure::wrong_use("one transcript for several sessions: say --together if they are one"));
    }
    if add.offset.len() >= add.recordings.len().max(1) {
        return Err(Failure::wrong_use(format!(
            "--offset is for the recordings after the first: {} given for {} of them",
            add.offset.len(),
            add.recordings.len().saturating_sub(1)
        )));
    }
    if !add.of.is_empty() && add.of.len() != add.recordings.len() {
        return Err(Failure::wrong_use(format!(
            "--of is for each recording: {} given for {}",
            add.of.len(),
            add.recordings.len()
        )));
    }
    let groups: Vec<Vec<PathBuf>> = match add.together || add.recordings.is_empty() {
        true => vec![add.recordings.clone()],
        false => add.recordings.iter().map(|path| vec![path.clone()]).collect(),
    };
    let new = |group: Vec<PathBuf>| {
        let beside = || group.first().filter(|_| !add.no_transcript).and_then(|path| beside(path));
        let transcript = add.transcript.clone().or_else(beside);
        let media = group.into_iter().enumerate().map(|(index, path)| NewMedium {
            offset_s: index.checked_sub(1).and_then(|at| add.offset.get(at).copied()),
            of: add.of.get(index).map_or_else(|| "both".into(), |who| pseudonym(add, who)),
            ..NewMedium::of_everybody(path)
        });
        filled(add, NewSession { media: media.collect(), transcript, copy: add.copy, ..NewSession::default() })
    };
    Ok((groups.into_iter().map(|group| (String::new(), new(group))).collect(), Vec::new()))
}

/// Whose a recording is, once people have pseudonyms: those that are given, else those that are made from the pair.
fn pseudonym(add: &Add, who: &str) -> String {
    let given = match who {
        "client" => &add.client,
        "therapist" => &add.therapist,
        other => return other.to_owned(),
    };
    given.clone().unwrap_or_else(|| format!("{}{who}", NewMedium::MADE))
}

/// With what the command line says of every session that it adds.
fn filled(add: &Add, mut new: NewSession) -> NewSession {
    let consent = |who: &str| {
        let said = add.consent.iter().filter(|(name, _)| name == who || name == "both" || name == "all");
        let lists: Vec<_> = said.map(|(_, list)| list.as_str()).collect();
        lists.last().map(|list| (*list).to_owned())
    };
    let person = |from: NewPerson, pseudonym: &Option<String>, known_as: &[String], who: &str| NewPerson {
        pseudonym: from.pseudonym.or_else(|| pseudonym.clone()),
        known_as: if from.known_as.is_empty() { known_as.to_vec() } else { from.known_as },
        consent: from.consent.or_else(|| consent(who)),
    };
    new.client = person(std::mem::take(&mut new.client), &add.client, &add.client_is, "client");
    new.therapist = person(std::mem::take(&mut new.therapist), &add.therapist, &add.therapist_is, "therapist");
    new.dyad = new.dyad.or_else(|| add.dyad.clone());
    new.day = new.day.or(add.day);
    new.columns = new.columns.or_else(|| add.columns.clone());
    new.retain_until = new.retain_until.or(add.retain_until);
    new
}

/// The transcript beside a recording: its name with the ending of a transcript.
fn beside(recording: &Path) -> Option<PathBuf> {
    TRANSCRIPTS.iter().map(|ending| recording.with_extension(ending)).find(|path| path.is_file())
}

fn beside_note(add: &Add, new: &NewSession) -> Option<String> {
    let path = new.transcript.as_ref().filter(|_| add.list.is_none() && add.transcript.is_none())?;
    Some(format!(
        "taken as the transcript, because it lies beside the recording (--no-transcript to leave it): {}",
        path.display()
    ))
}
