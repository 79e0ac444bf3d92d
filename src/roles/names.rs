//! Roles by name, and what the user says about the client.

use std::fmt;

use serde::Deserialize;

use crate::track::Who;

/// `roles.toml` of a language: what transcripts call the two people, in lower case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleWords {
    /// Names of the professional.
    pub therapist: Vec<String>,
    /// Names of the person who came for help.
    pub client: Vec<String>,
}

impl RoleWords {
    /// The role that a transcript's name says; `None` if it says none, or both.
    pub fn role(&self, name: &str) -> Option<Who> {
        match (says(name, &self.client), says(name, &self.therapist)) {
            (true, false) => Some(Who::Client),
            (false, true) => Some(Who::Therapist),
            _ => None,
        }
    }
}

/// The whole name, its first word (2 letters or more: "Dr. Lee"), or any word of 4 letters or more is in the list.
fn says(name: &str, list: &[String]) -> bool {
    let whole = plain(name);
    let known = |word: &str| list.iter().any(|listed| listed == word);
    let mut words = whole.split(' ');
    known(&whole)
        || words.next().is_some_and(|first| first.chars().count() >= 2 && known(first))
        || words.any(|word| word.chars().count() >= 4 && known(word))
}

/// Lower case, letters only, without a number at the end: `Therapist_1:` → `therapist`.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    let words =
        lower.split(|c: char| !c.is_alphanumeric()).map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether the user's name means this speaker: the same without case and spaces at the ends.
pub(super) fn is_same(speaker: &str, given: &str) -> bool {
    speaker.trim().to_lowercase() == given.trim().trim_end_matches(':').to_lowercase()
}

/// What the user said about who the client is (`--client`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UserWord {
    /// Nothing.
    #[default]
    Nothing,
    /// On the left of the picture, or in the first channel.
    Left,
    /// On the right of the picture, or in the second channel.
    Right,
    /// The voice of this number, from 1.
    Speaker(u8),
    /// The face of this number, from 1.
    Face(u8),
    /// The channel of this number, from 1.
    Channel(u8),
    /// The voice of this number, from 1, for a file says that it is a person's known voice.
    Known(u8),
    /// The speaker of this name in the transcript.
    Name(String),
}

impl From<&str> for UserWord {
    fn from(text: &str) -> Self {
        let lower = text.trim().to_lowercase();
        let numbered = |prefix: &str| lower.strip_prefix(prefix)?.trim().parse::<u8>().ok().filter(|n| *n > 0);
        match lower.as_str() {
            "" => Self::Nothing,
            "left" => Self::Left,
            "right" => Self::Right,
            _ => numbered("speaker")
                .map(Self::Speaker)
                .or_else(|| numbered("face").map(Self::Face))
                .or_else(|| numbered("channel").map(Self::Channel))
                .unwrap_or_else(|| Self::Name(text.trim().to_owned())),
        }
    }
}

impl fmt::Display for UserWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Left => f.write_str("left"),
            Self::Right => f.write_str("right"),
            Self::Speaker(n) => write!(f, "speaker{n}"),
            Self::Known(_) => f.write_str("a known voice"),
            Self::Face(n) => write!(f, "face{n}"),
            Self::Channel(n) => write!(f, "channel{n}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}
