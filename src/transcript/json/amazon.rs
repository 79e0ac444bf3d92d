//! Amazon Transcribe: `results.items`, and Call Analytics: `Transcript`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::words::{Word, push_turns};
use super::super::{Draft, Settings};
use super::{WordKeys, confidence, list, push, text, time};
use crate::time::SessionTime;

const WORDS: WordKeys =
    WordKeys { list: "Items", texts: &["Content"], times: ["BeginOffsetMillis", "EndOffsetMillis"], per_sec: 1e3 };

pub(super) fn call_analytics(value: &Value, settings: &Settings) -> Option<Draft> {
    let all = list(value, "Transcript")?;
    let mut draft = Draft::new("Amazon Call Analytics");
    for one in all {
        let Some(said) = text(one, "Content") else { continue };
        let speaker = text(one, "ParticipantRole").or_else(|| text(one, "ParticipantId")).unwrap_or_default();
        let (start, end) = (time(one, "BeginOffsetMillis", 1e3), time(one, "EndOffsetMillis", 1e3));
        push(&mut draft, speaker, (start, end), &said, &WORDS.of(one), settings);
    }
    Some(draft)
}

pub(super) fn transcribe(value: &Value, settings: &Settings) -> Option<Draft> {
    let results = value.get("results").unwrap_or(value);
    let is_item = |one: &Value| one.get("alternatives").is_some() && one.get("type").is_some();
    let mut draft = Draft::new("Amazon Transcribe");
    let channels = results.get("channel_labels").and_then(|labels| list(labels, "channels"));
    let mut words = Vec::new();
    if let Some(channels) = channels {
        for channel in channels {
            let name = text(channel, "channel_label").unwrap_or_default();
            words.push(items(list(channel, "items")?, &BTreeMap::new(), &name));
        }
    } else {
        let all = list(results, "items").or_else(|| results.as_array())?;
        // Speechmatics has `results` of that shape too, with `content` in `alternatives`.
        if !all.first().is_some_and(is_item) || all.iter().any(|one| one.get("is_eos").is_some()) {
            return None;
        }
        words.push(items(all, &speakers(results), ""));
    }
    words.into_iter().for_each(|words| push_turns(&mut draft, words, settings));
    Some(draft)
}

/// Speaker of each item by its start, as it stands in the file; whole stretches where a stretch lists no items.
fn speakers(results: &Value) -> BTreeMap<SessionTime, String> {
    let segments = results.get("speaker_labels").and_then(|labels| list(labels, "segments"));
    let mut names = BTreeMap::new();
    for segment in segments.into_iter().flatten() {
        let own = text(segment, "speaker_label").unwrap_or_default();
        names.extend(time(segment, "start_time", 1.0).map(|start| (start, own.clone())));
        for item in list(segment, "items").into_iter().flatten() {
            let name = text(item, "speaker_label").unwrap_or_else(|| own.clone());
            names.extend(time(item, "start_time", 1.0).map(|start| (start, name)));
        }
    }
    names
}

fn items(all: &[Value], speakers: &BTreeMap<SessionTime, String>, name: &str) -> Vec<Word> {
    let word = |one: &Value| {
        let best = list(one, "alternatives")?.first()?;
        let start = time(one, "start_time", 1.0);
        let by_time = || speakers.range(..=start?).next_back().map(|(_, name)| name.clone());
        Some(Word {
            speaker: text(one, "speaker_label").or_else(by_time).unwrap_or_else(|| name.to_owned()),
            start,
            end: time(one, "end_time", 1.0),
            text: text(best, "content")?,
            glued: text(one, "type").as_deref() == Some("punctuation"),
            confidence: confidence(best),
        })
    };
    all.iter().filter_map(word).collect()
}
