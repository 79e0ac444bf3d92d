//! Whisper, WhisperX, whisper-timestamped, faster-whisper: `segments` with `start`, `end`, `text`, and `words` perhaps.

use serde_json::Value;

use super::super::words::{Word, push_turns};
use super::super::{Draft, Settings};
use super::{WordKeys, confidence, list, push, text, time};

pub(super) fn segments(value: &Value, settings: &Settings) -> Option<Draft> {
    // whisper.cpp writes `transcription` with times in milliseconds below `offsets`.
    if let Some(all) = list(value, "transcription") {
        let mut draft = Draft::new("Whisper JSON");
        for one in all {
            let offsets = one.get("offsets")?;
            let speaker = text(one, "speaker").unwrap_or_default();
            let (start, end) = (time(offsets, "from", 1e3), time(offsets, "to", 1e3));
            let words: Vec<Word> = list(one, "tokens").into_iter().flatten().filter_map(piece).collect();
            push(&mut draft, speaker, (start, end), &text(one, "text")?, &words, settings);
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
                let times = (time(one, "start", 1.0), time(one, "end", 1.0));
                push(&mut draft, name, times, &said, &WORDS.of(one), settings);
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
    let word = |(mut word, one): (Word, &Value)| {
        word.speaker = text(one, "speaker").unwrap_or_default();
        word
    };
    let said = words.iter().filter(|one| WORDS.texts.iter().any(|key| text(one, key).is_some()));
    Some(WORDS.of(segment).into_iter().zip(said).map(word).collect())
}

const WORDS: WordKeys = WordKeys { list: "words", texts: &["word", "text"], times: ["start", "end"], per_sec: 1.0 };

/// A piece of a word as whisper.cpp writes it; marks such as `[_BEG_]` are no speech.
fn piece(one: &Value) -> Option<Word> {
    let (text, offsets) = (text(one, "text").filter(|text| !text.trim_start().starts_with("[_"))?, one.get("offsets")?);
    let (start, end) = (time(offsets, "from", 1e3), time(offsets, "to", 1e3));
    Some(Word { start, end, text, confidence: confidence(one), ..Word::default() })
}
