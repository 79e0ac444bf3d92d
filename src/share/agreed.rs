//! Results that hold more than people agree to now: somebody has changed their mind since the scan.

use std::collections::BTreeSet;

use crate::session::Session;
use crate::track::Who;

/// Who has not agreed to what; the engine leaves that out of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Without {
    /// Whose voice is not to be measured.
    pub sound: BTreeSet<Who>,
    /// Whose face and body.
    pub face: BTreeSet<Who>,
    /// Whose words are not to be read.
    pub text: BTreeSet<Who>,
}

impl Without {
    /// What these results hold although somebody has not agreed to it, in words; `None`: nothing. One person's "no" holds for
    /// people of whom nothing tells who they are, and for the room, as in a scan.
    pub fn beyond(&self, session: &Session) -> Option<&'static str> {
        let is_withheld = |without: &BTreeSet<Who>, who: Who| {
            let is_known = matches!(who, Who::Client | Who::Therapist);
            !without.is_empty() && (!is_known || without.contains(&who))
        };
        let events = |without: &BTreeSet<Who>, family: &str| {
            session.events.iter().any(|event| event.marker.starts_with(family) && is_withheld(without, event.who))
        };
        let covered = |without: &BTreeSet<Who>, modalities: &[&str]| {
            session.coverage.iter().any(|row| {
                let is_known = matches!(row.who, Who::Client | Who::Therapist);
                let of_it = modalities.contains(&row.modality.as_str());
                of_it && row.assessable_s > 0.0 && is_known && is_withheld(without, row.who)
            })
        };
        let spoken = session.turns.iter().map(|turn| turn.who).chain(session.notes.iter().map(|note| note.who));
        if events(&self.sound, "aud.") || covered(&self.sound, &["voice"]) {
            return Some("sound");
        }
        if events(&self.face, "vid.") || covered(&self.face, &["face", "gaze", "movement", "body"]) {
            return Some("face");
        }
        let words = spoken.into_iter().any(|who| is_withheld(&self.text, who));
        (words || events(&self.text, "txt.")).then_some("text")
    }

    /// What to say of a session that is left out for [`Without::beyond`].
    pub fn told(scope: &str) -> String {
        format!("its results hold what not everybody agrees to any more ({scope}): 'attune scan' takes it out")
    }
}
