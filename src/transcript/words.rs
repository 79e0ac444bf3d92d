//! Turns out of single words with times, as recognisers and forced aligners write them.

use super::clean::speech_and_notes;
use super::{Draft, Settings, Turn, times};
use crate::time::SessionTime;

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
}

/// Words of one speaker that follow each other within `read.word_gap_secs` are one turn.
pub(super) fn push_turns(draft: &mut Draft, words: impl IntoIterator<Item = Word>, settings: &Settings) {
    let gap = SessionTime::from_secs_f64(settings.read.word_gap_secs);
    let mut open: Option<Word> = None;
    for word in words {
        let goes_on = open.as_ref().is_some_and(|open| {
            let near = match (open.end.or(open.start), word.start) {
                (Some(before), Some(start)) => start <= before.shifted(gap),
                _ => true,
            };
            word.glued || (near && (open.speaker == word.speaker || word.speaker.is_empty()))
        });
        match open.as_mut().filter(|_| goes_on) {
            Some(open) => {
                if !word.glued && !open.text.is_empty() {
                    open.text.push(' ');
                }
                open.text.push_str(word.text.trim());
                open.start = open.start.or(word.start);
                open.end = open.end.max(word.end);
            }
            None => {
                close(draft, open.replace(word), settings);
            }
        }
    }
    close(draft, open, settings);
}

fn close(draft: &mut Draft, open: Option<Word>, settings: &Settings) {
    let Some(open) = open else { return };
    let (start, span, _) = times(open.start, open.end);
    let (text, notes) = speech_and_notes(&open.text, &settings.notes);
    draft.push(Turn { speaker: open.speaker, text, span, start, notes });
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    #[test]
    fn words_become_turns_at_a_change_of_speaker_and_at_a_gap() {
        let at = |ms: i64| Some(SessionTime::from_millis(ms));
        let word = |speaker: &str, start: i64, text: &str| Word {
            speaker: speaker.into(),
            start: at(start),
            end: at(start + 200),
            text: text.into(),
            glued: false,
        };
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
    }
}
