//! Turns out of single words with times, as recognisers and forced aligners write them, and those words' places in a turn.

use super::clean::speech_and_notes;
use super::{Draft, Settings, TimedWord, Turn, times};
use crate::time::{SessionTime, Span};

/// One word.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Word {
    pub speaker: String,
    /// `None` for punctuation and words without times: they follow the word before.
    pub start: Option<SessionTime>,
    pub end: Option<SessionTime>,
    pub text: String,
    /// Stands behind the word before without a space.
    pub glued: bool,
    /// How sure the recogniser is of it, 0 to 1.
    pub confidence: Option<f32>,
}

/// A turn that may go on: what it holds so far, and its words.
#[derive(Default)]
struct Open {
    all: Word,
    words: Vec<Word>,
}

/// Words of one speaker that follow each other within `read.word_gap_secs` are one turn.
pub(super) fn push_turns(draft: &mut Draft, words: impl IntoIterator<Item = Word>, settings: &Settings) {
    let gap = SessionTime::from_secs_f64(settings.read.word_gap_secs);
    let mut open: Option<Open> = None;
    for word in words {
        let goes_on = open.as_ref().is_some_and(|Open { all, .. }| {
            let near = match (all.end.or(all.start), word.start) {
                (Some(before), Some(start)) => start <= before.shifted(gap),
                _ => true,
            };
            word.glued || (near && (all.speaker == word.speaker || word.speaker.is_empty()))
        });
        match open.as_mut().filter(|_| goes_on) {
            Some(Open { all, words }) => {
                if !word.glued && !all.text.is_empty() {
                    all.text.push(' ');
                }
                all.text.push_str(word.text.trim());
                all.start = all.start.or(word.start);
                all.end = all.end.max(word.end);
                words.push(word);
            }
            None => {
                close(draft, open.replace(Open { all: word.clone(), words: vec![word] }), settings);
            }
        }
    }
    close(draft, open, settings);
}

fn close(draft: &mut Draft, open: Option<Open>, settings: &Settings) {
    let Some(Open { all, words }) = open else { return };
    let (start, span, _) = times(all.start, all.end);
    let (text, notes) = speech_and_notes(&all.text, &settings.notes);
    let timed = in_text(&text, &words);
    draft.push(Turn { speaker: all.speaker, text, span, start, notes, timed });
}

/// Words of the text that are looked at when the next word is not where it should be: a recogniser's text holds words that
/// have no times, and its words marks that are no speech.
const LOOK_AHEAD: usize = 8;

/// Where words with times stand in a text, in order. What is not found there (a laugh that became a note) is passed over; parts
/// of one written word ("don" and "'t") are one. A word that begins before the one before it has no usable time.
pub(super) fn in_text(text: &str, words: &[Word]) -> Vec<TimedWord> {
    // Letters and digits with their places: punctuation is written differently in a text and in its words.
    let mut signs: Vec<(char, usize)> = Vec::new();
    let mut starts: Vec<usize> = Vec::new();
    let mut inside = false;
    for (place, sign) in text.chars().enumerate() {
        if sign.is_whitespace() {
            inside = false;
        } else if sign.is_alphanumeric() {
            if !inside {
                starts.push(signs.len());
            }
            inside = true;
            signs.extend(sign.to_lowercase().map(|sign| (sign, place)));
        }
    }
    let mut found: Vec<TimedWord> = Vec::new();
    let mut at = 0;
    for word in words {
        let wanted: Vec<char> =
            word.text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if wanted.is_empty() {
            continue;
        }
        let stands = |from: usize| {
            let here = signs.get(from..from + wanted.len())?;
            here.iter().zip(&wanted).all(|((sign, _), wanted)| sign == wanted).then_some(from)
        };
        let next = starts.partition_point(|start| *start <= at);
        let later = starts[next..].iter().take(LOOK_AHEAD);
        let Some(from) = stands(at).or_else(|| later.copied().find_map(stands)) else { continue };
        at = from + wanted.len();
        let Some(span) = word.start.zip(word.end).and_then(|(start, end)| Span::new(start, end)) else { continue };
        let chars = (signs[from].1, signs[at - 1].1 + 1);
        let confidence = word.confidence.map(|sure| sure.clamp(0.0, 1.0));
        match found.last_mut() {
            Some(last) if span.start() < last.span.start() => {}
            Some(last) if starts.binary_search(&from).is_err() && last.chars.1 <= chars.0 => {
                last.chars.1 = chars.1;
                last.span = last.span.hull(span);
                last.confidence = last.confidence.zip(confidence).map(|(a, b)| a.min(b));
            }
            _ => found.push(TimedWord { chars, span, confidence }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    fn word(speaker: &str, start: i64, text: &str) -> Word {
        let at = |ms: i64| Some(SessionTime::from_millis(ms));
        Word { speaker: speaker.into(), start: at(start), end: at(start + 200), text: text.into(), ..Word::default() }
    }

    #[test]
    fn words_become_turns_at_a_change_of_speaker_and_at_a_gap() {
        let stop = Word { text: ".".into(), glued: true, ..Word::default() };
        let words = [word("A", 0, "so"), word("A", 300, "it"), stop, word("B", 600, "yes"), word("B", 3000, "well")];
        let mut draft = Draft::new("made");
        push_turns(&mut draft, words, &settings());
        let told: Vec<_> = draft
            .turns
            .iter()
            .map(|t| format!("{}: {} {:?}", t.speaker, t.text, t.span.map(|s| (s.start().millis(), s.end().millis()))))
            .collect();
        assert_eq!(told, ["A: so it. Some((0, 500))", "B: yes Some((600, 800))", "B: well Some((3000, 3200))"]);
        let counts: Vec<usize> = draft.turns.iter().map(|turn| turn.timed.len()).collect();
        assert_eq!(counts, [2, 1, 1]);
    }

    /// `word@start` of what is found.
    fn placed(text: &str, words: &[Word]) -> Vec<String> {
        let written = |chars: (usize, usize)| text.chars().skip(chars.0).take(chars.1 - chars.0).collect::<String>();
        in_text(text, words).iter().map(|w| format!("{}@{}", written(w.chars), w.span.start().millis())).collect()
    }

    #[test]
    fn words_are_found_in_the_text_whatever_its_punctuation() {
        let words = [word("", 0, " well,"), word("", 300, "it's"), word("", 600, "\u{c4}pfel")];
        assert_eq!(
            placed("Well \u{2013} it\u{2019}s \u{e4}pfel!", &words),
            ["Well@0", "it\u{2019}s@300", "\u{e4}pfel@600"]
        );
        // Parts of a word, a laugh that is a note now, a word without times, one that goes back in time.
        let words = [
            word("", 0, "I"),
            word("", 200, " don"),
            word("", 400, "'t"),
            word("", 600, "[laughs]"),
            word("", 800, "know"),
        ];
        assert_eq!(placed("I don't really know", &words), ["I@0", "don't@200", "know@800"]);
        assert_eq!(
            placed("so it is", &[word("", 500, "so"), word("", 100, "it"), word("", 900, "is")]),
            ["so@500", "is@900"]
        );
        let untimed = Word { text: "so".into(), ..Word::default() };
        assert_eq!(placed("so so", &[untimed, word("", 700, "so")]), ["so@700"]);
        assert!(placed("", &[word("", 0, "a")]).is_empty() && placed("b", &[word("", 0, "a")]).is_empty());
    }
}
