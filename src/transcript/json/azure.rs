//! Azure speech: batch transcription (`recognizedPhrases`, times in ticks of 100 ns) and fast transcription (`phrases`).

use serde_json::Value;

use super::super::words::Word;
use super::super::{Draft, Settings};
use super::{confidence, list, number, push, start_and_length, text};
use crate::time::SessionTime;

/// 100 ns.
const TICKS_PER_SEC: f64 = 1e7;

pub(super) fn recognized_phrases(value: &Value, settings: &Settings) -> Option<Draft> {
    let all = list(value, "recognizedPhrases")?;
    let channels: Vec<f64> = all.iter().filter_map(|one| number(one, "channel")).collect();
    let several = channels.iter().any(|channel| channels.first().is_some_and(|first| (channel - first).abs() > 0.5));
    let mut draft = Draft::new("Azure speech");
    for one in all {
        let best = list(one, "nBest").and_then(|all| all.first());
        let Some(said) = best.and_then(|best| text(best, "display").or_else(|| text(best, "lexical"))) else {
            continue;
        };
        let (start, end) = match start_and_length(one, "offsetInTicks", "durationInTicks", TICKS_PER_SEC) {
            (None, _) => iso_times(one),
            found => found,
        };
        let channel = || several.then(|| text(one, "channel").map(|channel| format!("channel {channel}"))).flatten();
        let speaker = text(one, "speaker").map(|number| format!("speaker {number}")).or_else(channel);
        // Words as displayed, else as recognised.
        let words = ["displayWords", "words"].iter().find_map(|key| list(best?, key)).into_iter().flatten();
        let words: Vec<Word> =
            words.filter_map(|one| word(one, ["offsetInTicks", "durationInTicks"], TICKS_PER_SEC)).collect();
        push(&mut draft, speaker.unwrap_or_default(), (start, end), &said, &words, settings);
    }
    Some(draft)
}

/// A word that is told by its start and its length.
fn word(one: &Value, [start, length]: [&str; 2], per_sec: f64) -> Option<Word> {
    let said = ["displayText", "word", "text"].iter().find_map(|key| text(one, key))?;
    let (start, end) = match start_and_length(one, start, length, per_sec) {
        (None, _) => iso_times(one),
        found => found,
    };
    Some(Word { start, end, text: said, confidence: confidence(one), ..Word::default() })
}

/// `offset` and `duration` as lengths of time.
fn iso_times(one: &Value) -> (Option<SessionTime>, Option<SessionTime>) {
    let start = text(one, "offset").and_then(|text| iso_duration(&text));
    let length = text(one, "duration").and_then(|text| iso_duration(&text));
    (start, start.zip(length).map(|(start, length)| start.shifted(length)))
}

pub(super) fn phrases(value: &Value, settings: &Settings) -> Option<Draft> {
    let all = list(value, "phrases")?;
    let mut draft = Draft::new("Azure speech");
    for one in all {
        let (start, end) = start_and_length(one, "offsetMilliseconds", "durationMilliseconds", 1e3);
        let speaker = text(one, "speaker").map(|number| format!("speaker {number}"));
        let Some(said) = text(one, "text") else { continue };
        let words = list(one, "words").into_iter().flatten();
        let words: Vec<Word> =
            words.filter_map(|one| word(one, ["offsetMilliseconds", "durationMilliseconds"], 1e3)).collect();
        push(&mut draft, speaker.unwrap_or_default(), (start, end), &said, &words, settings);
    }
    Some(draft)
}

/// `PT1H2M3.4S` (ISO 8601).
fn iso_duration(text: &str) -> Option<SessionTime> {
    let mut secs = 0.0;
    let mut digits = String::new();
    for c in text.strip_prefix("PT")?.chars() {
        let factor = match c {
            '0'..='9' | '.' => {
                digits.push(c);
                continue;
            }
            'H' => 3600.0,
            'M' => 60.0,
            'S' => 1.0,
            _ => return None,
        };
        secs += factor * digits.parse::<f64>().ok()?;
        digits.clear();
    }
    (secs < 1e9 && digits.is_empty()).then(|| SessionTime::from_secs_f64(secs))
}
