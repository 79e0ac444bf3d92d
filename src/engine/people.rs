//! Who is in the session, as results tell it.

use crate::roles::Roles;
use crate::session::Person;
use crate::time::Span;
use crate::track::{Tracks, Who};
use crate::transcript::Transcript;
use crate::transcript::onto_clock::Placed;

/// Speech probability from which on somebody speaks, as `voice` defines its tracks.
const SPEAKS_FROM: f32 = 0.5;

/// When each voice speaks, in order of voice, then time.
pub fn speech_stretches(tracks: &Tracks) -> Vec<(Who, Span)> {
    let voices = tracks.all("speech").filter(|track| track.who != Who::Room);
    voices.flat_map(|track| track.runs("p", |p| p >= SPEAKS_FROM).into_iter().map(|span| (track.who, span))).collect()
}

/// The transcript's turns with given times, by the voice that goes with their speaker.
pub fn voice_turns(transcript: &Transcript, placed: &Placed, roles: &Roles) -> Vec<(Who, Span)> {
    let turns = transcript.turns.iter().zip(&placed.turns).filter(|(turn, _)| turn.span.is_some());
    turns.filter_map(|(turn, placed)| Some((voice_of(roles, &turn.speaker)?, placed.as_ref()?.0))).collect()
}

/// Words with times, by the voice that goes with their speaker, and how sure each time is.
pub fn voice_words(transcript: &Transcript, placed: &Placed, roles: &Roles) -> Vec<(Who, Span, f32)> {
    let turns = transcript.turns.iter().zip(&placed.words);
    let voiced = turns.filter_map(|(turn, words)| Some((voice_of(roles, &turn.speaker)?, words)));
    voiced.flat_map(|(voice, words)| words.iter().map(move |word| (voice, word.span, word.confidence))).collect()
}

/// The voice that goes with a speaker of the transcript.
fn voice_of(roles: &Roles, name: &str) -> Option<Who> {
    roles.people.iter().find(|person| person.speaker.as_deref() == Some(name))?.voice
}

/// Everybody with a role, a voice or a face. `tracks` are already renamed; `are_channels`: voice `n` is microphone `n`.
pub fn told(roles: &Roles, tracks: &Tracks, are_channels: bool) -> Vec<Person> {
    let speech = speech_stretches(tracks);
    let voice_name = |voice: Who| match (voice, are_channels) {
        (Who::Speaker(n), true) => format!("channel {n}"),
        (voice, _) => voice.to_string(),
    };
    let told = |person: &crate::roles::Identity| Person {
        who: person.who,
        voice: person.voice.map(voice_name),
        face: person.face.map(|face| face.to_string()),
        told_by: match person.told_by.is_empty() {
            true => "nothing tells".to_owned(),
            false => person.told_by.clone(),
        },
        confidence: person.confidence,
        speaking_s: person
            .voice
            .map(|_| speech.iter().filter(|(who, _)| *who == person.who).map(|(_, span)| span.secs_f64()).sum()),
    };
    let mut people: Vec<Person> = Vec::new();
    for person in roles.people.iter().filter(|person| person.voice.is_some() || person.face.is_some()) {
        // A person with two names in the transcript is one person.
        if !people.iter().any(|known| known.who == person.who) {
            people.push(told(person));
        }
    }
    people
}

/// What to tell the user where nobody is known to be the client: much then cannot be looked for.
pub fn advice(people: &[Person]) -> Option<String> {
    let nameless = people.iter().filter(|person| !matches!(person.who, Who::Client | Who::Therapist)).count();
    let known = people.iter().any(|person| person.who == Who::Client);
    (!known && nameless > 0).then(|| {
        "nothing tells who the client is, so whatever depends on it (prompts, replies, most codes) was not looked for: \
         say --client with a name from the transcript, speaker1, speaker2, left or right"
            .to_owned()
    })
}
