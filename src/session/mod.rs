//! The session: everything that is known about one recording, and how it is stored.

pub mod stored;

pub use stored::read;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::episodes::{Episode, EpisodeKind, ReviewPlan};
use crate::markers::video::sync::Together;
use crate::markers::{Event, SpokenTurn};
use crate::media::Damage;
use crate::origin::{Hash, Origin};
use crate::rules::Hit;
use crate::time::{SessionTime, Span};
use crate::track::{Tracks, Who};
use crate::transcript::told::{SpokenWord, TurnNotes};

/// Version of the shape of `session.json`; raised when a reader of the old shape would misread the new.
pub const SCHEMA: u32 = 1;

/// One recording of the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Media {
    /// File name without its folder.
    pub file: String,
    /// Of the whole file.
    pub sha256: Hash,
    /// Container and codecs, for people: "mov,mp4: h264 1280x720 25 fps, aac 48000 Hz 2 channels".
    pub what: String,
    /// Session time of the file's zero.
    pub offset_s: SessionTime,
    /// How the offset came about: `given`, `found by sound`, `first file`.
    pub offset_from: String,
    /// How much faster this file's clock runs than the session's, in parts per million; `None` if not measured.
    pub drift_ppm: Option<f64>,
    /// What could not be read.
    pub damage: Damage,
}

/// By what turns are compared with each other, for topics and cohesion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cohesion {
    /// By what their sentences mean, as the network `sentences` has it.
    Meaning,
    /// By the words that they share.
    Words,
}

/// The transcript as it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptSource {
    /// File name without its folder.
    pub file: String,
    /// Of the whole file.
    pub sha256: Hash,
    /// Which reader read it.
    pub format: String,
    /// Language whose patterns were looked for, e.g. `en`; `None`: it is in none that has patterns.
    #[serde(default)]
    pub language: Option<String>,
    /// How topics and cohesion were told; `None`: they were not, or the results are older than this field.
    #[serde(default)]
    pub cohesion: Option<Cohesion>,
    /// Turns read.
    pub turns: usize,
    /// Offset that was found between transcript and sound, in seconds; `None` if not measurable. Where it changes over the
    /// session, that at its start.
    pub offset_s: Option<f64>,
    /// By how much the offset grows, in seconds for a million; `None` if it is constant or not measurable.
    #[serde(default)]
    pub drift_ppm: Option<f64>,
    /// Line number and sentence.
    pub warnings: Vec<(usize, String)>,
}

/// A person of the session and how the engine knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Role, or the voice's or face's number where nothing tells the role.
    pub who: Who,
    /// The voice that was taken for this person's, e.g. `speaker1` or `channel 2`.
    pub voice: Option<String>,
    /// The face that was taken for this person's, e.g. `face1`.
    pub face: Option<String>,
    /// How the role was told, in words: "transcript's speaker names", "given: --client left", "nothing tells".
    pub told_by: String,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Speaking time in seconds; `None` if no voice was assigned.
    pub speaking_s: Option<f64>,
}

/// How many people these are at least: a voice without a face and a face without a voice may be one person's, unless both
/// have a role of their own. At most they are as many as the list is long.
pub fn fewest(people: &[Person]) -> usize {
    // Of those without the other one: how many with a role, how many without.
    let lacking = |lacks: &dyn Fn(&Person) -> bool| {
        let (named, nameless): (Vec<&Person>, Vec<&Person>) =
            people.iter().filter(|person| lacks(person)).partition(|p| matches!(p.who, Who::Client | Who::Therapist));
        (named.len(), nameless.len())
    };
    let (named_voices, voices) = lacking(&|person| person.voice.is_some() && person.face.is_none());
    let (named_faces, faces) = lacking(&|person| person.face.is_some() && person.voice.is_none());
    let (with_named_voice, with_named_face) = (named_voices.min(faces), named_faces.min(voices));
    let nameless = (voices - with_named_face).min(faces - with_named_voice);
    people.len() - with_named_voice - with_named_face - nameless
}

/// How much of the session could be assessed in one respect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// `voice`, `face`, `gaze`, `movement`, `body`, `text`.
    pub modality: String,
    /// Whom it is about.
    pub who: Who,
    /// Seconds that could be assessed.
    pub assessable_s: f64,
    /// Seconds of the session.
    pub total_s: f64,
    /// Why the rest could not be, in words; empty if all could.
    pub why_not: String,
}

/// Something that went wrong or could not be done, while the rest was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Stage: `media`, `voice`, `face`, `transcript`, `markers`, `rules`, `episodes`.
    pub stage: String,
    /// What, where and what to do, in one or two sentences.
    pub message: String,
    /// Whether something that was asked for could not be done (a recording that does not open), and not only something
    /// that this session does not have.
    #[serde(default)]
    pub is_failure: bool,
}

impl Problem {
    /// Something that was asked for could not be done.
    pub fn failure(stage: &str, message: impl std::fmt::Display) -> Self {
        Self { stage: stage.to_owned(), message: message.to_string(), is_failure: true }
    }

    /// Something that limits the result and that the user should know.
    pub fn note(stage: &str, message: impl std::fmt::Display) -> Self {
        Self { stage: stage.to_owned(), message: message.to_string(), is_failure: false }
    }
}

/// Everything about one session. Written as `session.json`; the tracks go to `tracks.parquet`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// Name of the session, from the recording's file name unless given.
    pub name: String,
    /// From the earliest to the latest moment that any recording holds.
    pub span: Span,
    /// Recordings in the order given.
    pub media: Vec<Media>,
    /// The transcript, if there is one.
    pub transcript: Option<TranscriptSource>,
    /// Who is in it.
    pub people: Vec<Person>,
    /// The transcript's turns on the session clock, in order of start.
    pub turns: Vec<SpokenTurn>,
    /// What the transcriber noted besides words, such as laughs, in order of start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<TurnNotes>,
    /// Words that were found on the sound, in the order of their turns; empty where nobody looked for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<SpokenWord>,
    /// Everything measured, in order of start.
    pub events: Vec<Event>,
    /// Every place where a code's rule holds, in order of start.
    pub hits: Vec<Hit>,
    /// Candidates in order of start.
    pub episodes: Vec<Episode>,
    /// Below the candidates' mark, for the minutes that the candidates leave of the review budget; in order of start.
    #[serde(default)]
    pub further: Vec<Episode>,
    /// What a review costs and may yield; `None` where candidates were not looked for.
    #[serde(default)]
    pub review: Option<ReviewPlan>,
    /// Stretches without a candidate, to be reviewed among the clips without a mark.
    #[serde(default)]
    pub controls: Vec<Span>,
    /// Seconds of each kind of moment, also where it lies inside another candidate.
    #[serde(default)]
    pub moment_secs: BTreeMap<EpisodeKind, f64>,
    /// How client and therapist moved together; `None` where it could not be measured. A description, never scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synchrony: Option<Together>,
    /// What could be assessed.
    pub coverage: Vec<Coverage>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// What made it.
    pub origin: Origin,
    /// The measurements themselves; stored apart.
    #[serde(skip)]
    pub tracks: Tracks,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each person as role or number, then `v` for a voice and `f` for a face.
    fn check(people: &[(Who, &str)], expect: usize) {
        let person = |&(who, has): &(Who, &str)| Person {
            who,
            voice: has.contains('v').then(|| "speaker1".to_owned()),
            face: has.contains('f').then(|| "face1".to_owned()),
            told_by: String::new(),
            confidence: 1.0,
            speaking_s: None,
        };
        let people: Vec<Person> = people.iter().map(person).collect();
        assert_eq!(fewest(&people), expect, "{people:?}");
    }

    #[test]
    fn a_voice_and_a_face_that_nothing_joins_may_be_one_person() {
        let (client, therapist) = (Who::Client, Who::Therapist);
        let (one, two, face1, face2) = (Who::Speaker(1), Who::Speaker(2), Who::Face(1), Who::Face(2));
        check(&[], 0);
        check(&[(one, "v"), (face1, "f")], 1);
        check(&[(one, "v"), (two, "v"), (face1, "f")], 2);
        check(&[(one, "vf"), (two, "v"), (face2, "f")], 2);
        check(&[(client, "v"), (therapist, "f")], 2);
        check(&[(client, "v"), (therapist, "f"), (one, "v")], 2);
        check(&[(client, "v"), (face1, "f"), (face2, "f")], 2);
        check(&[(client, "vf"), (therapist, "vf")], 2);
    }
}
