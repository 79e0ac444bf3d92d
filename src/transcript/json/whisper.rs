//! Whisper, WhisperX, whisper-timestamped, faster-whisper: `segments` with `start`, `end`, `text`, and `words` perhaps.

use serde_json::Value;

use super::super::words::{Word, push_turns};
use super::super::{Draft, Settings};
use super::{list, push, text, time};

pub(super) fn segments(value: &Value, settings: &Settings) -> Option<Draft> {
    // whisper.cpp writes `transcription` with times in milliseconds below `offsets`.
    if let Some(all) = list(value, "transcription") {
        let mut draft = Draft::new("Whisper JSON");
        for one in all {
            let offsets = one.get("offsets")?;
            let speaker = text(one, "speaker").unwrap_or_default();
            let (start, end) = (time(offsets, "from", 1e3), time(offsets, "to", 1e3));
            push(&mut draft, speaker, start, end, &text(one, "text")?, settings);
        }
        return Some(draft);
    }
    let all = list(value, "segments").or_else(|| value.as_array())?;
    let is_segment = |one: &Value| one.get("start").is_some() && one.get("text").is_some();
    if !all.first().is_some_and(is_segment) {
        return None;
    }
    let mut draft = Draft::new("Whisper JSON");
    for (index, one) in all.iter().enumerate() {
        let Some(said) = text(one, "text") else {
            draft.warn(0, format!("segment {} has no text; left out", index + 1));
            continue;
        };
        let speaker = text(one, "speaker");
        match words_of_several(one) {
            Some(words) => push_turns(&mut draft, words, settings),
            None => {
                let name = speaker.or_else(|| first_speaker(one)).unwrap_or_default();
                push(&mut draft, name, time(one, "start", 1.0), time(one, "end", 1.0), &said, settings);
            }
        }
    }
    Some(draft)
}

fn first_speaker(segment: &Value) -> Option<String> {
    list(segment, "words")?.iter().find_map(|word| text(word, "speaker"))
}

/// The words of a segment in which more than one person speaks.
fn words_of_several(segment: &Value) -> Option<Vec<Word>> {
    let words = list(segment, "words")?;
    let mut names: Vec<String> = words.iter().filter_map(|word| text(word, "speaker")).collect();
    names.dedup();
    if names.len() < 2 {
        return None;
    }
    let word = |one: &Value| {
        Some(Word {
            speaker: text(one, "speaker").unwrap_or_default(),
            start: time(one, "start", 1.0),
            end: time(one, "end", 1.0),
            text: text(one, "word").or_else(|| text(one, "text"))?,
            glued: false,
        })
    };
    Some(words.iter().filter_map(word).collect())
}
