//! Who is who: which voice, face and transcript speaker belong to one person, and who is client and therapist.
//!
//! Links between voices, faces and speakers are measured (`links.rs`, `lips.rs`); roles come from the user's word or the
//! transcript's names (`names.rs`) and travel along the links. Where nothing tells, a person stays `speaker1` or `face1`.

mod links;
mod lips;
mod names;
pub mod settle;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::time::Secs;
use crate::track::{Tracks, Who};
use crate::transcript::Transcript;
use crate::transcript::onto_clock::Placed;

pub use names::{RoleWords, UserWord};

/// `config/roles.toml`; each field is explained there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/roles.toml explains each with its unit and source")]
pub struct Settings {
    pub speech_above: f32,
    pub min_overlap_margin: f64,
    pub full_overlap_margin: f64,
    pub min_lip_correlation: f64,
    pub min_lip_score: f64,
    pub full_lip_lead: f64,
    pub lip_shift_secs: Secs,
    pub min_lip_secs: Secs,
    pub lip_window_secs: Secs,
    pub min_face_secs: Secs,
    pub min_voice_secs: Secs,
    pub confidence_user: f32,
    pub confidence_name: f32,
    pub confidence_other: f32,
    /// Voices known from another recording.
    pub known_voices: KnownVoices,
    /// Whose speech it is, by the transcript.
    pub settle: settle::Settings,
}

/// `[known_voices]` of `config/roles.toml`; each field is explained there.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/roles.toml explains each with its unit and source")]
pub struct KnownVoices {
    pub min_likeness: f32,
    pub min_lead: f32,
    pub min_speech_secs: Secs,
}

/// One person and what was taken for theirs.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Role; or the voice's or face's number where nothing tells the role.
    pub who: Who,
    /// Their voice.
    pub voice: Option<Who>,
    /// Their face.
    pub face: Option<Who>,
    /// Their name in the transcript.
    pub speaker: Option<String>,
    /// How this is known, in words.
    pub told_by: String,
    /// How sure, 0 to 1: the weakest step on the way.
    pub confidence: f32,
}

/// Who is who in a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roles {
    /// Client first, then therapist, then others in order.
    pub people: Vec<Identity>,
    /// What could not be done as asked, in sentences for the user.
    pub problems: Vec<String>,
    /// Names given by the user that mean nobody in this recording, in sentences for the user.
    pub unknown_words: Vec<String>,
}

impl Roles {
    /// The person whom this voice or face belongs to; itself where nothing tells.
    pub fn rename(&self, who: Who) -> Who {
        let person = self.people.iter().find(|person| person.voice == Some(who) || person.face == Some(who));
        person.map_or(who, |person| person.who)
    }

    /// Who a speaker of the transcript is; the room where nothing tells.
    pub fn of_speaker(&self, name: &str) -> Who {
        let person = self.people.iter().find(|person| person.speaker.as_deref() == Some(name));
        person.map_or(Who::Room, |person| person.who)
    }
}

/// Finds out who is who.
///
/// `tracks` as voice and face hand them over (`speech` of each `Speaker(n)`, `mouth_shape` and `face_box` of each
/// `Face(n)`); `transcript` with its turns' places on the session clock; `are_channels`: voice `n` is channel `n` of the
/// recording; `words`: what the user said of the client and the therapist.
pub fn assign(
    tracks: &Tracks,
    transcript: Option<(&Transcript, &Placed)>,
    are_channels: bool,
    words: &[(Who, UserWord)],
    role_names: &RoleWords,
    settings: &Settings,
) -> Roles {
    let voices = links::voices(tracks, settings);
    let faces = links::faces(tracks, settings);
    let speakers: Vec<String> = transcript.map_or_else(Vec::new, |(transcript, _)| links::speakers(transcript));
    let mut people = linked(tracks, transcript, &voices, &faces, &speakers, settings);
    let mut problems = Vec::new();
    let mut unknown_words = Vec::new();
    for (role, word) in words {
        if !by_the_user(&mut people, *role, word, are_channels, &faces, &mut problems, settings) {
            // A channel or a place may be there and hold nobody; a name that is nobody's is a mistake.
            let list = if matches!(word, UserWord::Name(_)) { &mut unknown_words } else { &mut problems };
            list.push(nobody_is(*role, word, &speakers));
        }
    }
    by_names(&mut people, role_names, settings);
    the_other_one(&mut people, settings);
    Roles { people: merged(people), problems, unknown_words }
}

/// A person in the making: parts that were linked, the role if known.
#[derive(Clone, Debug)]
struct Draft {
    voice: Option<Who>,
    face: Option<Who>,
    speakers: Vec<String>,
    role: Option<Who>,
    told_by: Vec<String>,
    confidence: f32,
}

impl Draft {
    fn new() -> Self {
        Self { voice: None, face: None, speakers: Vec::new(), role: None, told_by: Vec::new(), confidence: 1.0 }
    }

    fn set(&mut self, role: Who, told_by: impl Into<String>, confidence: f32) {
        self.role = Some(role);
        self.told_by.insert(0, told_by.into());
        self.confidence = self.confidence.min(confidence);
    }
}

/// Voices, with the face and the transcript speaker that go with each; then faces and speakers that go with none.
fn linked(
    tracks: &Tracks,
    transcript: Option<(&Transcript, &Placed)>,
    voices: &[links::Voice],
    faces: &[links::Face],
    speakers: &[String],
    settings: &Settings,
) -> Vec<Draft> {
    let mut people: Vec<Draft> = voices.iter().map(|voice| Draft { voice: Some(voice.who), ..Draft::new() }).collect();
    let pairs = transcript.map_or_else(Vec::new, |(t, placed)| links::by_time(t, placed, speakers, voices, settings));
    for (at, name) in speakers.iter().enumerate() {
        match pairs.iter().find(|link| link.row == at) {
            Some(link) => {
                let person = &mut people[link.column];
                person.speakers.push(name.clone());
                person.told_by.push("voice and transcript by their times".into());
                person.confidence = person.confidence.min(link.confidence);
            }
            None => people.push(Draft { speakers: vec![name.clone()], ..Draft::new() }),
        }
    }
    let pairs = lips::links(tracks, faces, voices, settings);
    for (at, face) in faces.iter().enumerate() {
        match pairs.iter().find(|link| link.row == at) {
            Some(link) => {
                let person = &mut people[link.column];
                person.face = Some(face.who);
                person.told_by.push("face and voice by the lips".into());
                person.confidence = person.confidence.min(link.confidence);
            }
            None => people.push(Draft { face: Some(face.who), ..Draft::new() }),
        }
    }
    people
}

/// `--client ...` and `--therapist ...`: stand above everything else.
fn by_the_user(
    people: &mut [Draft],
    role: Who,
    word: &UserWord,
    are_channels: bool,
    faces: &[links::Face],
    problems: &mut Vec<String>,
    settings: &Settings,
) -> bool {
    let side = |is_left: bool| {
        let mut order: Vec<&links::Face> = faces.iter().collect();
        order.sort_by(|a, b| a.centre_x.total_cmp(&b.centre_x));
        let face = if is_left { order.first() } else { order.last() };
        face.map(|face| face.who)
    };
    let has_speaker = |person: &Draft, name: &str| person.speakers.iter().any(|s| names::is_same(s, name));
    let mut found = false;
    for person in people.iter_mut() {
        let is_meant = match word {
            UserWord::Nothing => return true,
            UserWord::Speaker(n) | UserWord::Known(n) => person.voice == Some(Who::Speaker(*n)),
            UserWord::Channel(n) => are_channels && person.voice == Some(Who::Speaker(*n)),
            UserWord::Face(n) => person.face == Some(Who::Face(*n)),
            UserWord::Name(name) => has_speaker(person, name),
            UserWord::Left | UserWord::Right => {
                let is_left = *word == UserWord::Left;
                let by_face = person.face.is_some() && person.face == side(is_left);
                // Left and right are also the two channels of a stereo recording.
                let by_channel = are_channels && person.voice == Some(Who::Speaker(if is_left { 1 } else { 2 }));
                by_face || (by_channel && faces.len() < 2)
            }
        };
        if is_meant {
            if person.role.is_some_and(|given| given != role) {
                problems.push(format!("\"{word}\" was given as client and as therapist: the last word counts"));
            }
            person.set(role, format!("given: --{role} {word}"), settings.confidence_user);
            found = true;
        }
    }
    found
}

/// That a word of the user means nobody, and what they can say.
fn nobody_is(role: Who, word: &UserWord, speakers: &[String]) -> String {
    let names: Vec<String> = speakers.iter().map(|name| format!("\"{name}\"")).collect();
    let named = if names.is_empty() { String::new() } else { format!(" (the transcript names {})", names.join(", ")) };
    format!(
        "nobody in this recording is \"{word}\", so --{role} was not used: say left, right, speaker1, face1, channel1 or a name \
         as the transcript writes it{named}"
    )
}

/// The transcript's names, where the user said nothing else about that person.
fn by_names(people: &mut [Draft], role_names: &RoleWords, settings: &Settings) {
    let given: Vec<Who> = people.iter().filter_map(|person| person.role).collect();
    for person in people.iter_mut().filter(|person| person.role.is_none()) {
        let roles: Vec<Who> = person.speakers.iter().filter_map(|name| role_names.role(name)).collect();
        let Some(role) = roles.first().copied().filter(|first| roles.iter().all(|role| role == first)) else {
            continue;
        };
        if !given.contains(&role) {
            person.set(role, "the transcript's speaker names", settings.confidence_name);
        }
    }
}

/// Of exactly two voices (or faces, or speakers), if one has a role, the other has the other.
fn the_other_one(people: &mut [Draft], settings: &Settings) {
    type Part = fn(&Draft) -> bool;
    let parts: [Part; 3] = [|p| p.voice.is_some(), |p| p.face.is_some(), |p| !p.speakers.is_empty()];
    for part in parts {
        let held: Vec<usize> = (0..people.len()).filter(|at| part(&people[*at])).collect();
        let [first, second] = held[..] else { continue };
        for (known, other) in [(first, second), (second, first)] {
            let Some(role) = people[known].role.and_then(Who::partner) else { continue };
            let is_taken = people.iter().any(|person| person.role == Some(role) && part(person));
            if people[other].role.is_none() && !is_taken {
                let confidence = people[known].confidence.min(settings.confidence_other);
                people[other].set(role, "the other one of two", confidence);
            }
        }
    }
}

/// Parts that were not linked but have one role are one person; order: client, therapist, others.
fn merged(drafts: Vec<Draft>) -> Vec<Identity> {
    let mut by_role: BTreeMap<Who, Draft> = BTreeMap::new();
    let mut rest = Vec::new();
    for draft in drafts {
        let Some(role) = draft.role else {
            rest.push(draft);
            continue;
        };
        match by_role.get_mut(&role) {
            None => {
                by_role.insert(role, draft);
            }
            Some(person) => {
                person.voice = person.voice.or(draft.voice);
                person.face = person.face.or(draft.face);
                person.speakers.extend(draft.speakers);
                person.told_by.extend(draft.told_by);
                person.confidence = person.confidence.min(draft.confidence);
            }
        }
    }
    let mut people = Vec::new();
    for draft in by_role.into_values().chain(rest) {
        let Some(who) = draft.role.or(draft.voice).or(draft.face).or(Some(Who::Room)) else { continue };
        let mut told_by: Vec<String> = Vec::new();
        draft.told_by.into_iter().for_each(|text| {
            if !told_by.contains(&text) {
                told_by.push(text);
            }
        });
        let known = draft.role.is_some();
        if !known {
            told_by.insert(0, "nothing tells the role".into());
        }
        let identity = |speaker| Identity {
            who,
            voice: draft.voice,
            face: draft.face,
            speaker,
            told_by: told_by.join("; "),
            confidence: if known { draft.confidence } else { 0.0 },
        };
        if draft.speakers.is_empty() {
            people.push(identity(None));
        }
        draft.speakers.iter().for_each(|name| people.push(identity(Some(name.clone()))));
    }
    people
}

#[cfg(test)]
mod tests;
