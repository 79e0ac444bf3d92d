//! What must not be measured because somebody has not agreed to it.
//!
//! To tell one person's face or voice from the other's, everybody in a shared recording is looked at and listened to for
//! as long as the scan runs. What belongs to somebody who has not agreed is dropped before anything is made of it: no
//! track, turn or event of theirs reaches a marker or a file, and the stages' store keeps nothing of that modality.

use std::collections::BTreeSet;

use crate::markers::{Event, EventId};
use crate::session::{Coverage, Person};
use crate::track::{Tracks, Who};
use crate::transcript::told::{self, Told};

/// What recordings and transcript can be measured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// Voices.
    Sound,
    /// Faces and bodies.
    Face,
    /// Words.
    Text,
}

/// Tracks that pictures give; all others come from the sound.
const FACE_TRACKS: [&str; 9] =
    ["face_actions", "mouth_shape", "head_pose", "gaze", "face_box", "face_quality", "action_units", "motion", "pose"];

/// What the coverage says of somebody who has not agreed.
pub const WHY: &str = "no consent: it was not measured";

/// Whose sound, face and words are not to be measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withheld {
    /// People who have not agreed to [`Modality::Sound`].
    pub sound: BTreeSet<Who>,
    /// To [`Modality::Face`].
    pub face: BTreeSet<Who>,
    /// To [`Modality::Text`].
    pub text: BTreeSet<Who>,
}

impl Withheld {
    fn of(&self, modality: Modality) -> &BTreeSet<Who> {
        match modality {
            Modality::Sound => &self.sound,
            Modality::Face => &self.face,
            Modality::Text => &self.text,
        }
    }

    /// Whether everybody has agreed to everything.
    pub fn is_empty(&self) -> bool {
        self.sound.is_empty() && self.face.is_empty() && self.text.is_empty()
    }

    /// Whether this may be measured of this person. Where anybody has not agreed, neither may anything of people of whom
    /// nothing tells who they are, nor of the room, in which everybody is heard.
    pub fn allows(&self, modality: Modality, who: Who) -> bool {
        let withheld = self.of(modality);
        let is_known = matches!(who, Who::Client | Who::Therapist);
        withheld.is_empty() || (is_known && !withheld.contains(&who))
    }

    /// Stages of the store that hold what somebody has not agreed to: names or how they begin.
    pub fn stages(&self) -> Vec<&'static str> {
        let stages = [("voice", &self.sound), ("face", &self.face), ("asr", &self.text)];
        stages.into_iter().filter(|(_, withheld)| !withheld.is_empty()).map(|(stage, _)| stage).collect()
    }

    /// Keeps the tracks that may be.
    pub fn keep_tracks(&self, tracks: &mut Tracks) {
        tracks.retain(|name, who| self.allows(modality_of_track(name), who));
    }

    /// Keeps turns, notes and words that may be.
    pub fn keep_told(&self, told: &mut Told) {
        let kept = |who| self.allows(Modality::Text, who);
        told::keep(&mut told.turns, &mut told.notes, &mut told.words, kept);
        // When a word was said is heard, not read.
        told.words.retain(|word| self.allows(Modality::Sound, word.who));
    }

    /// Keeps the events that may be, numbered anew: a marker may have found something of a person by way of somebody
    /// else's tracks.
    pub fn keep_events(&self, events: &mut Vec<Event>) {
        if self.is_empty() {
            return;
        }
        events
            .retain(|event| modality_of_marker(&event.marker).is_none_or(|modality| self.allows(modality, event.who)));
        for (position, event) in events.iter_mut().enumerate() {
            event.id = EventId(u32::try_from(position).unwrap_or(u32::MAX));
        }
    }

    /// Takes from people what tells of a voice or face that may not be measured.
    pub fn keep_people(&self, people: &mut Vec<Person>) {
        for person in people.iter_mut() {
            if !self.allows(Modality::Sound, person.who) {
                person.voice = None;
                person.speaking_s = None;
            }
            if !self.allows(Modality::Face, person.who) {
                person.face = None;
            }
        }
        let is_role = |who: Who| matches!(who, Who::Client | Who::Therapist);
        people.retain(|person| is_role(person.who) || person.voice.is_some() || person.face.is_some());
    }

    /// Says in the coverage why nothing was assessed.
    pub fn tell(&self, coverage: &mut [Coverage]) {
        for row in coverage {
            let modality = match row.modality.as_str() {
                "voice" => Modality::Sound,
                "text" => Modality::Text,
                _ => Modality::Face,
            };
            // The room has no transcript row of its own unless there is none at all.
            let by_person = row.who != Who::Room || modality == Modality::Sound;
            if by_person && !self.allows(modality, row.who) {
                row.assessable_s = 0.0;
                WHY.clone_into(&mut row.why_not);
            }
        }
    }
}

fn modality_of_track(name: &str) -> Modality {
    if FACE_TRACKS.contains(&name) { Modality::Face } else { Modality::Sound }
}

/// By the family in the marker's id; `None` for what belongs to no person's modality.
fn modality_of_marker(id: &str) -> Option<Modality> {
    match id.split('.').next() {
        Some("aud") => Some(Modality::Sound),
        Some("vid") => Some(Modality::Face),
        Some("txt") => Some(Modality::Text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_persons_no_holds_for_the_unknown_and_the_room_too() {
        let withheld = Withheld { face: [Who::Client].into(), ..Withheld::default() };
        let allowed = |who| withheld.allows(Modality::Face, who);
        assert!(allowed(Who::Therapist));
        assert!(!allowed(Who::Client) && !allowed(Who::Face(1)) && !allowed(Who::Room));
        assert!(withheld.allows(Modality::Sound, Who::Room) && withheld.allows(Modality::Text, Who::Client));
        assert_eq!(withheld.stages(), ["face"]);
    }

    /// A new marker family must be thought of here.
    #[test]
    fn every_marker_has_a_modality() {
        for marker in crate::markers::ALL {
            assert!(modality_of_marker(marker.card().id).is_some(), "{}", marker.card().id);
        }
    }

    /// A new track must be thought of here: those that markers of the picture read are pictures'.
    #[test]
    fn every_track_of_a_picture_marker_is_known() {
        for marker in crate::markers::video::ALL {
            let needs = marker.card().needs.iter();
            for name in needs.filter(|name| !["speech", "overlap", "loudness"].contains(name)) {
                assert_eq!(modality_of_track(name), Modality::Face, "{name}");
            }
        }
    }
}
