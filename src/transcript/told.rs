//! What a transcript says, on the session clock: turns, the transcriber's notes, and words where they were heard.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::onto_clock::Placed;
use super::{SpokenTurn, Transcript};
use crate::time::{Secs, Span};
use crate::track::Who;

/// Notes of the transcriber on a turn, or alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TurnNotes {
    /// Position of the turn they stand in, from 0; `None`: nothing was said there.
    pub turn: Option<u32>,
    /// Whose turn it is, or whose laugh.
    pub who: Who,
    /// When, on the session clock: all of the turn.
    #[serde(flatten)]
    pub span: Span,
    /// In order, without their brackets: `laughs`.
    pub texts: Vec<String>,
}

/// A word that was found on the sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpokenWord {
    /// Position of its turn, from 0.
    pub turn: u32,
    /// Characters of the turn's text before it.
    pub from: u32,
    /// Who said it.
    pub who: Who,
    /// When, on the session clock.
    #[serde(flatten)]
    pub span: Span,
    /// As it is written, without punctuation.
    pub text: String,
    /// How sure its time is, 0 to 1.
    pub confidence: f32,
}

/// A word of a turn before it is known whose turn that is.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedWord {
    /// Characters of the turn's text before it, and before what follows it.
    pub chars: (usize, usize),
    /// When, on the session clock.
    pub span: Span,
    /// How sure, 0 to 1.
    pub confidence: f32,
}

/// All that a transcript says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Turns with words, in order of start.
    pub turns: Vec<SpokenTurn>,
    /// Notes in order of start.
    pub notes: Vec<TurnNotes>,
    /// Words in the order of their turns.
    pub words: Vec<SpokenWord>,
}

impl Told {
    /// What lies inside the recording. `who` says who a speaker's name is. Turns of one person that follow each other directly
    /// within `gap` become one: subtitles cut a turn into pieces.
    pub fn new(transcript: &Transcript, placed: &Placed, who: impl Fn(&str) -> Who, gap: Secs) -> Self {
        let mut told = Self::default();
        let placed_turns = transcript.turns.iter().zip(&placed.turns).enumerate();
        let mut pieces: Vec<_> = placed_turns
            .filter_map(|(at, (turn, place))| place.map(|(span, sure)| (at, turn, who(&turn.speaker), span, sure)))
            .collect();
        pieces.sort_by_key(|(.., span, _)| (span.start(), span.end()));
        for (at, turn, who, span, confidence) in pieces {
            let texts = turn.notes.clone();
            if turn.text.is_empty() {
                if !texts.is_empty() {
                    told.notes.push(TurnNotes { turn: None, who, span, texts });
                }
                continue;
            }
            let goes_on = told
                .turns
                .last()
                .is_some_and(|last| last.who == who && span.start().secs_after(last.span.end()) < gap.0.as_secs_f64());
            let piece = SpokenTurn { who, span, text: turn.text.clone(), confidence };
            let begins = match told.turns.last_mut().filter(|_| goes_on) {
                Some(last) => {
                    let begins = last.text.chars().count() + 1;
                    last.span = last.span.hull(span);
                    last.text.push(' ');
                    last.text.push_str(&turn.text);
                    last.confidence = last.confidence.min(confidence);
                    begins
                }
                None => {
                    told.turns.push(piece);
                    0
                }
            };
            let number = u32::try_from(told.turns.len() - 1).unwrap_or(u32::MAX);
            if !texts.is_empty() {
                told.notes.push(TurnNotes { turn: Some(number), who, span, texts });
            }
            for word in placed.words.get(at).into_iter().flatten() {
                let (from, to) = word.chars;
                told.words.push(SpokenWord {
                    turn: number,
                    from: u32::try_from(begins + from).unwrap_or(u32::MAX),
                    who,
                    span: word.span,
                    text: turn.text.chars().skip(from).take(to.saturating_sub(from)).collect(),
                    confidence: word.confidence,
                });
            }
        }
        told
    }
}

/// Leaves out what is of people who are not kept; positions of turns change with it.
pub fn keep(
    turns: &mut Vec<SpokenTurn>,
    notes: &mut Vec<TurnNotes>,
    words: &mut Vec<SpokenWord>,
    kept: impl Fn(Who) -> bool,
) {
    let mut next = 0;
    let places: Vec<Option<u32>> = turns
        .iter()
        .map(|turn| {
            let place = kept(turn.who).then_some(next);
            next += u32::from(place.is_some());
            place
        })
        .collect();
    let place = |turn: u32| places.get(turn as usize).copied().flatten();
    turns.retain(|turn| kept(turn.who));
    notes.retain_mut(|note| {
        note.turn = note.turn.and_then(place);
        kept(note.who)
    });
    words.retain_mut(|word| place(word.turn).map(|turn| word.turn = turn).is_some());
}

#[cfg(test)]
mod tests {
    use super::super::Turn;
    use super::*;

    fn told(turns: &[(&str, i64, i64, &str, &[&str])]) -> Told {
        let mut placed = Placed::default();
        let turns = turns.iter().map(|&(speaker, from, to, text, notes)| {
            placed.turns.push(Some((Span::from_millis(from, to).unwrap(), 1.0)));
            let word =
                PlacedWord { chars: (0, 1), span: Span::from_millis(from, from + 100).unwrap(), confidence: 0.9 };
            placed.words.push(if text.is_empty() { Vec::new() } else { vec![word] });
            Turn {
                speaker: speaker.into(),
                text: text.into(),
                notes: notes.iter().map(|note| (*note).into()).collect(),
                ..Turn::default()
            }
        });
        let transcript = Transcript { turns: turns.collect(), ..Transcript::default() };
        let who = |name: &str| if name == "C" { Who::Client } else { Who::Therapist };
        Told::new(&transcript, &placed, who, Secs(std::time::Duration::from_secs(2)))
    }

    const TALK: &[(&str, i64, i64, &str, &[&str])] = &[
        ("C", 0, 1000, "I", &["sighs"]),
        ("C", 1500, 2000, "do.", &["laughs"]),
        ("T", 2500, 3000, "", &["coughs"]),
        ("C", 5000, 6000, "Yes.", &[]),
        ("T", 6000, 7000, "Hm.", &["nods"]),
        ("C", 7000, 8000, "No.", &[]),
    ];

    #[test]
    fn pieces_of_a_turn_are_joined_with_their_notes_and_words() {
        let found = told(TALK);
        assert_eq!(
            found.turns.iter().map(|turn| turn.text.as_str()).collect::<Vec<_>>(),
            ["I do.", "Yes.", "Hm.", "No."]
        );
        let notes: Vec<_> = found.notes.iter().map(|note| (note.turn, note.texts.join(" "))).collect();
        let note = |turn: Option<u32>, text: &str| (turn, text.to_owned());
        assert_eq!(
            notes,
            [note(Some(0), "sighs"), note(Some(0), "laughs"), note(None, "coughs"), note(Some(2), "nods")]
        );
        let words: Vec<_> = found.words.iter().map(|word| (word.turn, word.from, word.text.as_str())).collect();
        assert_eq!(words, [(0, 0, "I"), (0, 2, "d"), (1, 0, "Y"), (2, 0, "H"), (3, 0, "N")]);
    }

    #[test]
    fn what_is_of_others_goes_and_positions_follow() {
        let Told { mut turns, mut notes, mut words } = told(TALK);
        keep(&mut turns, &mut notes, &mut words, |who| who == Who::Therapist);
        assert_eq!((turns.len(), notes.len(), words.len()), (1, 2, 1));
        assert_eq!((notes[0].turn, notes[1].turn, words[0].turn), (None, Some(0), 0));
    }
}
