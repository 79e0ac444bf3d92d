//! NIST STM: `file channel speaker start end [<label>] text`, one utterance a line, `;;` before comments.
//! (NIST SCTK, `doc/infmts.htm`.)

use super::clean::speech_and_notes;
use super::{Draft, Settings, Turn, times};
use crate::time::SessionTime;

/// What an STM file says when nobody counts: `inter_segment_gap`, or a text that is to be ignored in scoring.
const NO_SPEECH: &[&str] = &["inter_segment_gap", "ignore_time_segment_in_scoring"];

struct Line<'a> {
    recording: &'a str,
    speaker: &'a str,
    start: Option<SessionTime>,
    end: Option<SessionTime>,
    text: String,
}

fn line(line: &str) -> Option<Line<'_>> {
    let mut fields = line.split_whitespace();
    let (recording, _channel, speaker) = (fields.next()?, fields.next()?, fields.next()?);
    let time = |field: &str| {
        let secs: f64 = field.parse().ok()?;
        (secs.is_finite() && secs.abs() < 1e9).then(|| SessionTime::from_secs_f64(secs))
    };
    let (start, end) = (time(fields.next()?), time(fields.next()?));
    let mut words: Vec<&str> = fields.collect();
    if words.first().is_some_and(|word| word.starts_with('<') && word.ends_with('>')) {
        words.remove(0);
    }
    Some(Line { recording, speaker, start, end, text: words.join(" ") })
}

fn content(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(";;"))
}

/// At least four of five lines have numbers where the times stand.
pub(super) fn looks_like(text: &str) -> bool {
    let all = content(text).count();
    let good =
        content(text).filter_map(|(_, text)| line(text)).filter(|l| l.start.is_some() && l.end.is_some()).count();
    good > 0 && good * 5 >= all * 4
}

pub(super) fn parse(text: &str, file: &str, settings: &Settings) -> Draft {
    let mut draft = Draft::new("STM");
    let wanted = draft.one_recording(content(text).filter_map(|(_, text)| text.split_whitespace().next()), file);
    for (number, text) in content(text) {
        let Some(line) = line(text) else {
            draft.warn(number, "not a line of `file channel speaker start end text`; left out");
            continue;
        };
        if line.recording != wanted
            || NO_SPEECH.contains(&line.speaker)
            || line.text.eq_ignore_ascii_case("ignore_time_segment_in_scoring")
        {
            continue;
        }
        if line.start.is_none() || line.end.is_none() {
            draft.warn(number, "a time cannot be read; the text is kept without it");
        }
        let (start, span, trouble) = times(line.start, line.end);
        if let Some(trouble) = trouble {
            draft.warn(number, format!("this utterance {trouble}"));
        }
        let (text, notes) = speech_and_notes(&line.text, &settings.notes);
        draft.push(Turn { speaker: line.speaker.to_owned(), text, span, start, notes, ..Turn::default() });
    }
    draft
}
