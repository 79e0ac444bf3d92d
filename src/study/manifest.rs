//! `session.toml`: who is in a session, what they agreed to, and where its recordings are.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Consent, SCHEMA, StudyError, date::Date, files};

/// Stands above `session.toml`.
pub(super) const HEADER: &str =
    "# A session of a study; every line is explained in docs/study.md. May be edited by hand.\n\n";
/// The word for a recording in which everybody is.
pub const EVERYBODY: &str = "both";
/// Recordings of one session begin within so many seconds of each other: a day.
const MOST_OFFSET_SECS: f64 = 86_400.0;

/// Who somebody is in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantRole {
    /// The person who came for help.
    Client,
    /// The professional.
    Therapist,
    /// Anybody else in the room.
    Other,
}

/// Somebody in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// What they are called in the study: letters, digits, `-`, `_`. Never a name.
    pub pseudonym: String,
    /// Who they are.
    pub role: ParticipantRole,
    /// How recordings and transcript show them, in the words of `attune scan --client`: a speaker's name in the
    /// transcript, `left`, `speaker1`, `face2`, `channel1`. Stays in this file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_as: Vec<String>,
    /// What they agreed to.
    #[serde(default)]
    pub consent: Consent,
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Medium {
    /// Its path; a relative one lies in the session's folder. Stays in this file.
    pub file: String,
    /// Whose it is: a pseudonym, or `both`.
    #[serde(default = "everybody")]
    pub of: String,
    /// Seconds after the session's zero at which it starts; left out: the first is the zero, others are found by sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_s: Option<f64>,
}

fn everybody() -> String {
    EVERYBODY.into()
}

/// All of `session.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The folder's name again, so that a folder that was copied by hand is found out.
    pub id: String,
    /// Which pair of people this is; sessions of the same pair share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dyad: Option<String>,
    /// Days after the pair's first session (or another day that the study keeps to); never a calendar date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<i32>,
    /// Last day on which it may be kept, as `2031-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_until: Option<Date>,
    /// The transcript's path; a relative one lies in the session's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
    /// Columns of a table that is the transcript, as in `attune scan --columns`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<String>,
    /// Language of this session's transcript; left out: the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What the channels of the sound are: `auto`, `mixed` or `per-person`; left out: `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Channels>,
    /// How many people speak, 1 to 8; left out: as many as there are participants, at least 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speakers: Option<u8>,
    /// Who is in it.
    #[serde(default)]
    pub participant: Vec<Participant>,
    /// Its recordings, the first of which gives the clock.
    #[serde(default)]
    pub media: Vec<Medium>,
}

/// What the channels of the sound are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// Listen, and decide.
    Auto,
    /// One room.
    Mixed,
    /// One microphone per person.
    PerPerson,
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`StudyError`] names the file and what is wrong in it.
    pub fn read(file: &Path) -> Result<Self, StudyError> {
        let manifest: Self = files::read_toml(file)?;
        manifest.check().map_err(|e| e.in_file(file))?;
        Ok(manifest)
    }

    /// Writes it into its place.
    ///
    /// # Errors
    /// [`StudyError`] if it contradicts itself or cannot be written.
    pub fn write(&self, file: &Path) -> Result<(), StudyError> {
        self.check()?;
        files::write_toml(file, HEADER, self)
    }

    /// What contradicts itself.
    pub(super) fn check(&self) -> Result<(), StudyError> {
        let wrong = |message: String| Err(StudyError::Wrong(message));
        if self.schema > SCHEMA {
            return wrong(format!("schema {} is newer than {SCHEMA}", self.schema));
        }
        if number_of(&self.id).is_none() {
            return wrong(format!("id must be S and a number, such as S001, not {:?}", self.id));
        }
        if self.media.is_empty() && self.transcript.is_none() {
            return wrong("there is neither a [[media]] nor a transcript".into());
        }
        if let Some(dyad) = self.dyad.iter().find(|dyad| !is_word(dyad)) {
            return wrong(format!("dyad is up to 40 letters, digits, - or _, not {dyad:?}"));
        }
        if self.speakers.is_some_and(|number| !(1..=8).contains(&number)) {
            return wrong("speakers must be 1 to 8".into());
        }
        for (position, person) in self.participant.iter().enumerate() {
            if !is_word(&person.pseudonym) || person.pseudonym == EVERYBODY {
                return wrong(format!("a pseudonym is up to 40 letters, digits, - or _, not {:?}", person.pseudonym));
            }
            let before = &self.participant[..position];
            if before.iter().any(|other| other.pseudonym == person.pseudonym) {
                return wrong(format!("the participant {:?} is named twice", person.pseudonym));
            }
            if person.role != ParticipantRole::Other && before.iter().any(|other| other.role == person.role) {
                return wrong("there can be one client and one therapist; call further people other".into());
            }
        }
        for medium in &self.media {
            if medium.file.trim().is_empty() {
                return wrong("a [[media]] has an empty file".into());
            }
            if medium.of != EVERYBODY && !self.participant.iter().any(|person| person.pseudonym == medium.of) {
                return wrong(format!(
                    "a [[media]] is of {:?}, who is no participant: say both or a pseudonym",
                    medium.of
                ));
            }
            if medium.offset_s.is_some_and(|secs| secs.is_nan() || secs.abs() > MOST_OFFSET_SECS) {
                return wrong("recordings of one session begin within a day of each other: offset_s".into());
            }
        }
        Ok(())
    }

    /// The person with this role.
    pub fn person(&self, role: ParticipantRole) -> Option<&Participant> {
        self.participant.iter().find(|person| person.role == role)
    }
}

/// Up to 40 letters, digits, `-` and `_` of ASCII, at least one: what may stand in file names.
pub fn is_word(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// `S007` to 7.
pub(super) fn number_of(id: &str) -> Option<u32> {
    let digits = id.strip_prefix('S')?;
    let plain = (3..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// 7 to `S007`.
pub(super) fn id_of(number: u32) -> String {
    format!("S{number:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
schema = 1
id = "S001"
dyad = "D01"
day = 14
retain_until = "2031-12-31"
transcript = "/a/b.vtt"

[[participant]]
pseudonym = "C01"
role = "client"
known_as = ["Person 1"]
consent = { sound = true, text = true }

[[media]]
file = "/a/b.mp4"

[[media]]
file = "/a/c.wav"
of = "C01"
offset_s = -1.5
"#;

    fn read(text: &str) -> Result<Manifest, StudyError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.toml");
        std::fs::write(&file, text).unwrap();
        Manifest::read(&file)
    }

    #[test]
    fn what_is_written_reads_back() {
        let manifest = read(WHOLE).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.toml");
        manifest.write(&file).unwrap();
        assert_eq!(Manifest::read(&file).unwrap(), manifest);
        assert!(!manifest.participant[0].consent.face);
    }

    #[test]
    fn contradictions_are_named() {
        for (from, to, expect) in [
            ("S001", "Anna", "S and a number"),
            ("\"D01\"", "\"Anna and me\"", "dyad"),
            ("of = \"C01\"", "of = \"T01\"", "no participant"),
            ("-1.5", "nan", "within a day"),
            ("-1.5", "1e9", "within a day"),
            ("\"client\"", "\"patient\"", "line 11"),
            ("schema = 1", "schema = 2", "newer"),
            ("schema = 1", "", "schema = 1"),
            ("day = 14", "day = \"2020-01-01\"", "line 5"),
            ("2031-12-31", "2031-02-30", "2031-02-30"),
            ("dyad = ", "diad = ", "diad"),
        ] {
            let error = read(&WHOLE.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(expect), "{to}: {error}");
        }
    }

    #[test]
    fn ids_have_three_digits_or_more() {
        for (id, number) in [("S001", Some(1)), ("S1000", Some(1000)), ("S1", None), ("s001", None), ("S00x", None)] {
            assert_eq!(number_of(id), number, "{id}");
        }
        assert_eq!((id_of(7).as_str(), id_of(1234).as_str()), ("S007", "S1234"));
    }
}
