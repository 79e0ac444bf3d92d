//! Words in one list and speakers in another: BBC's Kaldi, Speechmatics, digital-paper-edit.

use serde_json::Value;

use super::super::words::{Word, push_turns};
use super::super::{Draft, Settings, Turn, times};
use super::{WordKeys, confidence, is_punctuation, list, push, start_and_length, text, time, with_speakers};
use crate::time::SessionTime;

type Stretch = (SessionTime, SessionTime, String);

fn stretches(all: &[Value], stretch: impl Fn(&Value) -> Option<Stretch>) -> Vec<Stretch> {
    all.iter().filter_map(stretch).collect()
}

/// `retval.words` (`start`, `end`, `punct`) and `segmentation.segments`; without words: turns only.
pub(super) fn kaldi(value: &Value, settings: &Settings) -> Option<Draft> {
    let value = value.get("retval").unwrap_or(value);
    let segments = value.get("segmentation").and_then(|all| list(all, "segments"));
    let words = list(value, "words").filter(|words| words.first().is_some_and(|word| word.get("punct").is_some()));
    let people = stretches(segments.map_or(&[], Vec::as_slice), |one| {
        let (start, end) = start_and_length(one, "start", "duration", 1.0);
        Some((start?, end?, text(one.get("speaker")?, "@id")?))
    });
    let mut draft = Draft::new("Kaldi JSON");
    let Some(words) = words else {
        segments?;
        for (start, end, speaker) in people {
            let (start, span, _) = times(Some(start), Some(end));
            draft.turns.push(Turn { speaker, span, start, ..Turn::default() });
        }
        return Some(draft);
    };
    let word = |one: &Value| {
        Some(Word {
            start: time(one, "start", 1.0),
            end: time(one, "end", 1.0),
            text: text(one, "punct").or_else(|| text(one, "word"))?,
            confidence: confidence(one),
            ..Word::default()
        })
    };
    let words = words.iter().filter_map(word).collect();
    push_turns(&mut draft, with_speakers(words, &people), settings);
    Some(draft)
}

/// Version 1: `words` (`name`, `time`, `duration`) and `speakers`; version 2: `results` with `alternatives`.
pub(super) fn speechmatics(value: &Value, settings: &Settings) -> Option<Draft> {
    let mut draft = Draft::new("Speechmatics JSON");
    if let Some(all) = list(value, "results").filter(|all| all.iter().any(|one| one.get("alternatives").is_some())) {
        let word = |one: &Value| {
            let best = list(one, "alternatives")?.first()?;
            let content = text(best, "content")?;
            Some(Word {
                speaker: text(best, "speaker").unwrap_or_default(),
                start: time(one, "start_time", 1.0),
                end: time(one, "end_time", 1.0),
                glued: is_punctuation(&content),
                text: content,
                confidence: confidence(best),
            })
        };
        push_turns(&mut draft, all.iter().filter_map(word), settings);
        return Some(draft);
    }
    let words = list(value, "words").filter(|words| words.first().is_some_and(|word| word.get("name").is_some()))?;
    let people = stretches(list(value, "speakers").map_or(&[], Vec::as_slice), |one| {
        let (start, end) = start_and_length(one, "time", "duration", 1.0);
        Some((start?, end?, text(one, "name")?))
    });
    let word = |one: &Value| {
        let name = text(one, "name")?;
        let (start, end) = start_and_length(one, "time", "duration", 1.0);
        let glued = is_punctuation(&name);
        Some(Word { start, end, glued, text: name, confidence: confidence(one), ..Word::default() })
    };
    let words = words.iter().filter_map(word).collect();
    push_turns(&mut draft, with_speakers(words, &people), settings);
    Some(draft)
}

/// `words` (`start`, `end`, `text`) and `paragraphs` with speakers.
pub(super) fn paper_edit(value: &Value, settings: &Settings) -> Option<Draft> {
    list(value, "words").filter(|words| words.first().is_some_and(|word| word.get("text").is_some()))?;
    let paragraphs = list(value, "paragraphs")?;
    let mut draft = Draft::new("digital-paper-edit JSON");
    const WORDS: WordKeys = WordKeys { list: "words", texts: &["text"], times: ["start", "end"], per_sec: 1.0 };
    let mut said: Vec<Word> = WORDS.of(value).into_iter().filter(|word| word.start.is_some()).collect();
    said.sort_by_key(|word| word.start);
    let mut paragraphs: Vec<_> = paragraphs.iter().map(|one| (time(one, "start", 1.0), one)).collect();
    paragraphs.sort_by_key(|(start, _)| *start);
    // Each word belongs to the first paragraph in which it lies.
    let mut taken = 0;
    for (start, one) in paragraphs.into_iter().filter(|(start, _)| start.is_some()) {
        let end = time(one, "end", 1.0);
        let from = said.partition_point(|word| word.start < start).max(taken);
        let to = end.map_or(said.len(), |end| said.partition_point(|word| word.start < Some(end))).max(from);
        taken = to;
        let words = &said[from..to];
        let text_of_all = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        push(&mut draft, text(one, "speaker").unwrap_or_default(), (start, end), &text_of_all, words, settings);
    }
    Some(draft)
}
