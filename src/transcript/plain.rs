//! Plain text: `Name: what was said`, with or without `[hh:mm:ss]`, and lines that go on with the turn before.

use super::clean::{Names, label, speech_and_notes};
use super::{Draft, Settings, Turn, stamp, times};
use crate::time::SessionTime;

/// One line taken apart.
struct Line<'a> {
    number: usize,
    start: Option<SessionTime>,
    end: Option<SessionTime>,
    /// Name and text, if the line has that shape.
    labelled: Option<(&'a str, &'a str)>,
    /// The line without its time.
    rest: &'a str,
}

/// A time at the start of a line, in brackets or bare, and what follows: `[00:01:02] T: hm`, `(1:02 - 1:05) ..`.
fn leading_time(text: &str) -> Option<(SessionTime, Option<SessionTime>, &str)> {
    let (inside, rest) = match text.as_bytes().first()? {
        b'[' => text[1..].split_once(']')?,
        b'(' => text[1..].split_once(')')?,
        b'<' => text[1..].split_once('>')?,
        b'0'..=b'9' => {
            let end =
                text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.' || c == ',')).unwrap_or(text.len());
            (text[..end].trim_end_matches([':', ',', '.']), &text[end..])
        }
        _ => return None,
    };
    let mut parts = inside.split(['-', '–', '→']).map(|part| part.trim().trim_end_matches('>'));
    let start = stamp::clock(parts.next()?)?;
    let end = match parts.next() {
        Some(end) => Some(stamp::clock(end)?),
        None => None,
    };
    Some((start, end, rest.trim_start_matches([' ', '\t', '-', ':', '|'])))
}

fn take_apart<'a>(number: usize, line: &'a str, settings: &Settings) -> Line<'a> {
    let line = line.trim();
    if let Some((start, end, rest)) = leading_time(line) {
        return Line { number, start: Some(start), end, labelled: label(rest, &settings.read), rest };
    }
    // `Therapist [00:01:02]: hm`, `Therapist (1:02)` and `Therapist  00:01:02` with the text on the next lines.
    // The name is short: what comes far behind is no time of this shape.
    let head = &line[..line.floor_char_boundary(settings.read.label_max_chars * 4)];
    let places = head.match_indices(['[', '(']).map(|(at, _)| at);
    for at in places.chain(line.rfind([' ', '\t']).map(|at| at + 1)) {
        let Some((start, end, rest)) = leading_time(&line[at..]) else { continue };
        let name = line[..at].trim().trim_end_matches([':', '-']).trim();
        let bracketed = line[at..].starts_with(['[', '(']);
        if (bracketed || rest.is_empty()) && label_only(name, settings) {
            return Line { number, start: Some(start), end, labelled: Some((name, rest)), rest };
        }
    }
    Line { number, start: None, end: None, labelled: label(line, &settings.read), rest: line }
}

/// Whether `name` alone could stand before a colon.
fn label_only(name: &str, settings: &Settings) -> bool {
    let with_colon = format!("{name}:");
    label(&with_colon, &settings.read).is_some_and(|(found, _)| found == name)
}

fn lines<'a>(text: &'a str, settings: &Settings) -> Vec<Line<'a>> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| take_apart(index + 1, line, settings))
        .collect()
}

fn names(lines: &[Line<'_>], settings: &Settings) -> Names {
    Names::of(lines.iter().filter_map(|line| line.labelled).map(|(name, _)| name), settings)
}

/// Somebody is named, or times stand before lines.
pub(super) fn looks_like(text: &str, settings: &Settings) -> bool {
    let lines = lines(text, settings);
    let timed = lines.iter().filter(|line| line.start.is_some()).count();
    !names(&lines, settings).is_empty() || timed * 2 > lines.len()
}

pub(super) fn parse(text: &str, settings: &Settings) -> Draft {
    let mut draft = Draft::new("plain text");
    let lines = lines(text, settings);
    let names = names(&lines, settings);
    let mut current: Option<Open> = None;
    for line in &lines {
        let named = line.labelled.and_then(|(name, said)| Some((names.speaker(name)?, said)));
        if named.is_none()
            && line.start.is_none()
            && line.labelled.is_some_and(|(name, _)| name.split_whitespace().count() == 1)
        {
            draft.warn(
                line.number,
                "a word before a colon was taken as speech, not as a speaker's name, because it occurs once",
            );
        }
        match (named, line.start) {
            (Some((name, said)), _) => {
                // `Therapist: [00:01:02] hm`
                let inner = leading_time(said).filter(|_| line.start.is_none());
                let (start, end, said) = inner.map_or((line.start, line.end, said), |(s, e, rest)| (Some(s), e, rest));
                close(current.take(), &mut draft, settings);
                current = Some(Open::new(line.number, name, start, end, said));
            }
            // A time without a name: the same speaker goes on, in a turn of its own.
            (None, Some(_)) => {
                let name = current.as_ref().map(|open| open.speaker.clone()).unwrap_or_default();
                let rest = line.rest;
                match current.as_mut().filter(|open| open.said.is_empty() && open.start.is_none()) {
                    Some(open) => {
                        (open.start, open.end) = (line.start, line.end);
                        open.said.push_str(rest);
                    }
                    None => {
                        close(current.take(), &mut draft, settings);
                        current = Some(Open::new(line.number, &name, line.start, line.end, rest));
                    }
                }
            }
            (None, None) => match current.as_mut() {
                Some(open) => {
                    open.said.push(' ');
                    open.said.push_str(line.rest);
                }
                None => draft.warn(line.number, "text before the first speaker; left out"),
            },
        }
    }
    close(current, &mut draft, settings);
    draft
}

/// A turn that further lines may go on.
struct Open {
    line: usize,
    speaker: String,
    start: Option<SessionTime>,
    end: Option<SessionTime>,
    said: String,
}

impl Open {
    fn new(line: usize, speaker: &str, start: Option<SessionTime>, end: Option<SessionTime>, said: &str) -> Self {
        Self { line, speaker: speaker.to_owned(), start, end, said: said.to_owned() }
    }
}

fn close(open: Option<Open>, draft: &mut Draft, settings: &Settings) {
    let Some(open) = open else { return };
    let (start, span, trouble) = times(open.start, open.end);
    if let Some(trouble) = trouble {
        draft.warn(open.line, format!("this turn {trouble}"));
    }
    let (text, notes) = speech_and_notes(&open.said, &settings.notes);
    if text.is_empty() && notes.is_empty() {
        draft.warn(open.line, "a speaker without text");
    }
    draft.push(Turn { speaker: open.speaker, text, span, start, notes, ..Turn::default() });
}
