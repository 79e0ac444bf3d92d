//! autoEdit 2, Rev, Deepgram, AssemblyAI, and lists of utterances with telling keys.

use serde_json::Value;

use super::super::words::{Word, push_turns};
use super::super::{Draft, Settings};
use super::{WordKeys, confidence, list, push, text, time};
use crate::time::SessionTime;

/// `text` → `paragraph` → `line`: words with `startTime`, `endTime`.
pub(super) fn auto_edit(value: &Value, settings: &Settings) -> Option<Draft> {
    let all = list(value, "text").filter(|all| all.first().is_some_and(|one| one.get("paragraph").is_some()))?;
    let mut draft = Draft::new("autoEdit JSON");
    for one in all {
        let speaker = text(one, "speaker").unwrap_or_default();
        let lines = list(one, "paragraph").into_iter().flatten().filter_map(|paragraph| list(paragraph, "line"));
        let word = |word: &Value| {
            Some(Word {
                speaker: speaker.clone(),
                start: time(word, "startTime", 1.0),
                end: time(word, "endTime", 1.0),
                text: text(word, "text")?,
                confidence: confidence(word),
                ..Word::default()
            })
        };
        push_turns(&mut draft, lines.flatten().filter_map(word), settings);
    }
    Some(draft)
}

/// `monologues` of `elements` (`value`, `ts`, `end_ts`; punctuation with its spaces).
pub(super) fn rev(value: &Value, settings: &Settings) -> Option<Draft> {
    let all = list(value, "monologues")?;
    let mut draft = Draft::new("Rev JSON");
    for one in all {
        let speaker = text(one, "speaker").map(|number| format!("speaker {number}")).unwrap_or_default();
        let elements = list(one, "elements").map_or(&[][..], Vec::as_slice);
        let said: String = elements.iter().filter_map(|element| text(element, "value")).collect();
        let start = elements.iter().find_map(|element| time(element, "ts", 1.0));
        let end = elements.iter().rev().find_map(|element| time(element, "end_ts", 1.0));
        const WORDS: WordKeys = WordKeys { list: "elements", texts: &["value"], times: ["ts", "end_ts"], per_sec: 1.0 };
        push(&mut draft, speaker, (start, end), &said, &WORDS.of(one), settings);
    }
    Some(draft)
}

/// `results.utterances`, else the words of `results.channels`.
pub(super) fn deepgram(value: &Value, settings: &Settings) -> Option<Draft> {
    let results = value.get("results")?;
    let mut draft = Draft::new("Deepgram JSON");
    let name = |one: &Value| text(one, "speaker").map(|number| format!("speaker {number}"));
    const WORDS: WordKeys =
        WordKeys { list: "words", texts: &["punctuated_word", "word"], times: ["start", "end"], per_sec: 1.0 };
    if let Some(all) = list(results, "utterances") {
        for one in all {
            let Some(said) = text(one, "transcript") else { continue };
            let (start, end) = (time(one, "start", 1.0), time(one, "end", 1.0));
            push(&mut draft, name(one).unwrap_or_default(), (start, end), &said, &WORDS.of(one), settings);
        }
        return Some(draft);
    }
    let channels = list(results, "channels")?;
    for (index, channel) in channels.iter().enumerate() {
        let own = if channels.len() > 1 { format!("channel {}", index + 1) } else { String::new() };
        let words = list(channel, "alternatives").and_then(|all| list(all.first()?, "words"));
        let word = |word: &Value| {
            Some(Word {
                speaker: name(word).unwrap_or_else(|| own.clone()),
                start: time(word, "start", 1.0),
                end: time(word, "end", 1.0),
                text: text(word, "punctuated_word").or_else(|| text(word, "word"))?,
                confidence: confidence(word),
                ..Word::default()
            })
        };
        push_turns(&mut draft, words.into_iter().flatten().filter_map(word), settings);
    }
    Some(draft)
}

/// A list of objects, bare or under a telling key, with `start`, `end` and a text. AssemblyAI counts in milliseconds:
/// whole numbers in the thousands for utterances of a few words.
pub(super) fn utterances(value: &Value, settings: &Settings) -> Option<Draft> {
    const LISTS: &[&str] = &["utterances", "turns", "monologue", "transcript", "sentences", "entries", "results"];
    const TEXTS: &[&str] = &["text", "transcript", "utterance", "content", "sentence"];
    let said = |one: &Value| TEXTS.iter().find_map(|key| text(one, key));
    let all = LISTS.iter().find_map(|key| list(value, key)).or_else(|| value.as_array())?;
    let with_speaker = |one: &Value| one.get("speaker").is_some() || one.get("start_ms").is_some();
    if !all.first().is_some_and(|one| said(one).is_some() && with_speaker(one)) {
        return None;
    }
    let per_sec = if counts_millis(all) { 1e3 } else { 1.0 };
    let at = |one: &Value, name: &str| -> Option<SessionTime> {
        time(one, name, per_sec)
            .or_else(|| time(one, &format!("{name}_time"), 1.0))
            .or_else(|| time(one, &format!("{name}_ms"), 1e3))
            .or_else(|| super::super::stamp::clock_or_secs(&text(one, name)?))
    };
    let mut draft = Draft::new("JSON utterances");
    for one in all {
        let Some(said) = said(one) else { continue };
        let speaker = text(one, "speaker").unwrap_or_default();
        let words = WordKeys { list: "words", texts: &["text", "word"], times: ["start", "end"], per_sec }.of(one);
        push(&mut draft, speaker, (at(one, "start"), at(one, "end")), &said, &words, settings);
    }
    Some(draft)
}

/// Whole numbers throughout, and utterances that would last minutes each if they were seconds.
fn counts_millis(all: &[Value]) -> bool {
    let whole = |one: &Value, key: &str| one.get(key).is_none_or(|v| v.is_i64() || v.is_u64());
    let lengths: Vec<f64> =
        all.iter().filter_map(|one| Some(super::number(one, "end")? - super::number(one, "start")?)).collect();
    let mean = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
    all.iter().all(|one| whole(one, "start") && whole(one, "end")) && mean > 120.0
}
