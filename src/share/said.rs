//! What was said, turn by turn, as documents show it: with the transcriber's notes, and those that stand alone.

use super::Material;
use crate::time::Span;
use crate::track::Who;
use crate::transcript::own;
use crate::transcript::told::SpokenWord;

/// A turn, or notes that stand alone.
pub(super) struct Said<'a> {
    /// Position among the session's turns; `None` for notes that stand alone.
    pub(super) turn: Option<usize>,
    pub(super) who: Who,
    pub(super) span: Span,
    /// Without notes; empty where the profile holds no words.
    pub(super) text: &'a str,
    /// In order, without brackets.
    pub(super) notes: Vec<String>,
    /// Words that were found on the sound, in order.
    pub(super) words: &'a [SpokenWord],
}

impl Said<'_> {
    /// In one line, notes in double brackets.
    pub(super) fn line(&self) -> String {
        own::written(self.text, &self.notes)
    }
}

/// All of a session, in order of start.
pub(super) fn said(material: &Material) -> Vec<Said<'_>> {
    let session = &material.session;
    let mut notes: Vec<Vec<String>> = vec![Vec::new(); session.turns.len()];
    for note in &session.notes {
        if let Some(own) = note.turn.and_then(|turn| notes.get_mut(turn as usize)) {
            own.extend(note.texts.iter().cloned());
        }
    }
    let mut all: Vec<Said<'_>> = Vec::new();
    for (number, (turn, notes)) in session.turns.iter().zip(notes).enumerate() {
        let at = |which: usize| session.words.partition_point(|word| (word.turn as usize) < which);
        let words = &session.words[at(number)..at(number + 1)];
        all.push(Said { turn: Some(number), who: turn.who, span: turn.span, text: &turn.text, notes, words });
    }
    let alone = session.notes.iter().filter(|note| note.turn.is_none());
    all.extend(alone.map(|note| Said {
        turn: None,
        who: note.who,
        span: note.span,
        text: "",
        notes: note.texts.clone(),
        words: &[],
    }));
    all.sort_by_key(|said| (said.span, said.turn.is_none()));
    all
}
