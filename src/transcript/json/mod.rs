//! JSON as speech recognisers write it. What a file is shows in its keys; each recogniser has its own reader.

mod amazon;
mod azure;
mod kaldi;
mod others;
mod whisper;

use serde_json::Value;

use super::clean::speech_and_notes;
use super::words::{Word, in_text};
use super::{Draft, Settings, Turn, own, times};
use crate::time::SessionTime;

/// Text that begins as JSON does.
pub(super) fn looks_like(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{') || (text.starts_with('[') && text[1..].trim_start().starts_with('{'))
}

/// One recogniser's reader: `None` if the file is another's.
type Reader = fn(&Value, &Settings) -> Option<Draft>;

/// In the order in which they are tried.
const READERS: &[Reader] = &[
    amazon::call_analytics,
    amazon::transcribe,
    azure::recognized_phrases,
    azure::phrases,
    kaldi::kaldi,
    kaldi::speechmatics,
    kaldi::paper_edit,
    others::auto_edit,
    others::rev,
    others::deepgram,
    others::utterances,
    whisper::segments,
];

/// `Err`: what is wrong with it.
pub(super) fn parse(text: &str, settings: &Settings) -> Result<Draft, String> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| format!("this JSON is damaged at line {}, column {}", error.line(), error.column()))?;
    own::json(&value)
        .or_else(|| READERS.iter().find_map(|reader| reader(&value, settings)))
        .ok_or_else(|| "this JSON is not of a speech recogniser that is known".to_owned())
}

/// A member that is a list.
fn list<'a>(value: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    value.get(key)?.as_array()
}

/// A member that is text, or a number as text.
fn text(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A member that is a number, or text that holds one.
fn number(value: &Value, key: &str) -> Option<f64> {
    let number = match value.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite() && number.abs() < 1e15)
}

/// A member that is a time of so many units a second.
fn time(value: &Value, key: &str, per_sec: f64) -> Option<SessionTime> {
    let secs = number(value, key)? / per_sec;
    (secs.abs() < 1e9).then(|| SessionTime::from_secs_f64(secs))
}

/// Start and end, the latter from a length where there is one.
fn start_and_length(
    value: &Value,
    start: &str,
    length: &str,
    per_sec: f64,
) -> (Option<SessionTime>, Option<SessionTime>) {
    let start = time(value, start, per_sec);
    (start, start.zip(time(value, length, per_sec)).map(|(start, length)| start.shifted(length)))
}

/// How sure a recogniser is of a word, 0 to 1, whatever it calls that.
fn confidence(word: &Value) -> Option<f32> {
    const NAMES: &[&str] = &["confidence", "probability", "score", "Confidence", "p"];
    let sure = NAMES.iter().find_map(|name| number(word, name))?;
    (0.0..=1.0).contains(&sure).then_some(sure as f32)
}

/// What the words of a turn are called: the list, the first of the texts that is there, start and end of so many units a second.
struct WordKeys {
    list: &'static str,
    texts: &'static [&'static str],
    times: [&'static str; 2],
    per_sec: f64,
}

impl WordKeys {
    /// The words of a turn, as far as they are told.
    fn of(&self, turn: &Value) -> Vec<Word> {
        let word = |one: &Value| {
            Some(Word {
                start: time(one, self.times[0], self.per_sec),
                end: time(one, self.times[1], self.per_sec),
                text: self.texts.iter().find_map(|key| text(one, key))?,
                confidence: confidence(one),
                ..Word::default()
            })
        };
        list(turn, self.list).into_iter().flatten().filter_map(word).collect()
    }
}

/// One turn as the recogniser divided them, with the words whose times it gives.
fn push(
    draft: &mut Draft,
    speaker: String,
    (start, end): (Option<SessionTime>, Option<SessionTime>),
    said: &str,
    words: &[Word],
    settings: &Settings,
) {
    let (start, span, trouble) = times(start, end);
    if let Some(trouble) = trouble {
        let number = draft.turns.len() + 1;
        draft.warn(0, format!("utterance {number} {trouble}"));
    }
    let (text, notes) = speech_and_notes(said, &settings.notes);
    let timed = in_text(&text, words);
    draft.push(Turn { speaker, text, span, start, notes, timed });
}

/// Whether a word is punctuation that follows the word before.
fn is_punctuation(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| ".,;:?!…".contains(c))
}

/// Words whose speaker is told by stretches: the stretch in which most of the word's middle lies.
fn with_speakers(mut words: Vec<Word>, stretches: &[(SessionTime, SessionTime, String)]) -> Vec<Word> {
    for word in &mut words {
        let Some(start) = word.start else { continue };
        let middle = word.end.map_or(start, |end| SessionTime::from_nanos((start.nanos() + end.nanos()) / 2));
        let nearest = stretches.iter().min_by_key(|(from, to, _)| {
            let before = from.nanos().saturating_sub(middle.nanos());
            let after = middle.nanos().saturating_sub(to.nanos());
            before.max(after).max(0)
        });
        word.speaker = nearest.map(|(.., name)| name.clone()).unwrap_or_default();
    }
    words
}

#[cfg(test)]
mod tests;
