//! Subtitles: WebVTT, SRT and SBV. All three are blocks of a time line and what was said.
//!
//! WebVTT: <https://www.w3.org/TR/webvtt1/>. Readers of subtitles in the wild must forgive: missing numbers, missing
//! empty lines, hours left out, comma for dot.

use super::clean::{Names, label, speech_and_notes, without_markup};
use super::{Draft, Settings, Turn, count_words, own, stamp, times};
use crate::time::{SessionTime, Span};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    WebVtt,
    Srt,
    Sbv,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::WebVtt => "WebVTT",
            Self::Srt => "SRT",
            Self::Sbv => "SBV",
        }
    }
}

pub(super) fn is_webvtt(text: &str) -> bool {
    text.trim_start()
        .strip_prefix("WEBVTT")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

pub(super) fn has_arrows(text: &str) -> bool {
    text.lines().any(|line| matches!(time_line(line, Kind::Srt), Some(TimeLine { start: Some(_), .. })))
}

pub(super) fn has_sbv_times(text: &str) -> bool {
    text.lines().any(|line| time_line(line, Kind::Sbv).is_some())
}

struct TimeLine {
    start: Option<SessionTime>,
    end: Option<SessionTime>,
}

/// A cue's time line; its times are `None` where they cannot be read.
fn time_line(line: &str, kind: Kind) -> Option<TimeLine> {
    if kind == Kind::Sbv {
        let (start, end) = line.trim().split_once(',')?;
        return Some(TimeLine { start: Some(stamp::clock(start)?), end: Some(stamp::clock(end)?) });
    }
    let (start, rest) = line.split_once("-->")?;
    // Cue settings ("align:start position:0%") follow the end after white space.
    let end = rest.split_whitespace().next().unwrap_or_default();
    Some(TimeLine { start: stamp::clock(start), end: stamp::clock(end) })
}

/// One cue as it stands in the file.
struct Cue<'a> {
    /// Line of its time, from 1.
    line: usize,
    start: Option<SessionTime>,
    end: Option<SessionTime>,
    text: Vec<&'a str>,
}

pub(super) fn parse(text: &str, kind: Kind, settings: &Settings) -> Draft {
    let mut draft = Draft::new(kind.name());
    let cues = cues(text, kind, &mut draft);
    if kind == Kind::WebVtt && text.lines().next().is_some_and(|line| line.trim() == own::WEBVTT) {
        cues.iter().for_each(|cue| push_own(&mut draft, cue));
        return draft;
    }
    let lines = cues.iter().flat_map(|cue| pieces(cue)).flat_map(|piece| piece.lines).collect::<Vec<_>>();
    let names = Names::of(lines.iter().filter_map(|line| label(line, &settings.read)).map(|(name, _)| name), settings);
    for cue in &cues {
        let (start, span, trouble) = times(cue.start, cue.end);
        if let Some(trouble) = trouble {
            draft.warn(cue.line, format!("this cue {trouble}"));
        }
        let spoken = speakers(pieces(cue), &names, settings);
        let mut turns: Vec<Turn> = Vec::new();
        for (speaker, said) in spoken {
            let (text, notes) = speech_and_notes(&said, &settings.notes);
            turns.push(Turn { speaker, text, span, start, notes, ..Turn::default() });
        }
        turns.retain(|turn| !turn.text.is_empty() || !turn.notes.is_empty());
        share_time(&mut turns);
        if turns.is_empty() {
            draft.warn(cue.line, "this cue holds no text");
        }
        turns.into_iter().for_each(|turn| draft.push(turn));
    }
    draft
}

/// A cue as our own export writes it: a voice, and one turn.
fn push_own(draft: &mut Draft, cue: &Cue<'_>) {
    let said = cue.text.join(" ");
    let (speaker, said) = said.strip_prefix("<v").and_then(voice).unwrap_or_else(|| (String::new(), &said));
    own::push(draft, &speaker, (cue.start, cue.end), &without_markup(said));
}

/// Reads the blocks; warns of what is no cue.
fn cues<'a>(text: &'a str, kind: Kind, draft: &mut Draft) -> Vec<Cue<'a>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut cues: Vec<Cue<'a>> = Vec::new();
    let mut at = 0;
    if kind == Kind::WebVtt {
        // The header runs to the first empty line.
        while at < lines.len() && !lines[at].trim().is_empty() && !lines[at].contains("-->") {
            at += 1;
        }
    }
    while at < lines.len() {
        if lines[at].trim().is_empty() {
            at += 1;
            continue;
        }
        let end = (at..lines.len()).find(|i| lines[*i].trim().is_empty()).unwrap_or(lines.len());
        if !(kind == Kind::WebVtt && is_aside(lines[at])) {
            block(&lines[at..end], at + 1, kind, &mut cues, draft);
        }
        at = end;
    }
    cues
}

/// Comments, style sheets and regions.
fn is_aside(line: &str) -> bool {
    ["NOTE", "STYLE", "REGION"].iter().any(|word| {
        line.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    })
}

/// One block without empty lines. It should hold one time line, first or after an identifier, but may hold several
/// where the empty lines between cues were lost.
fn block<'a>(lines: &[&'a str], first_line: usize, kind: Kind, cues: &mut Vec<Cue<'a>>, draft: &mut Draft) {
    let stamps: Vec<usize> = (0..lines.len()).filter(|i| time_line(lines[*i], kind).is_some()).collect();
    let Some(&first) = stamps.first() else {
        let is_number = lines.len() == 1 && lines[0].trim().parse::<u64>().is_ok();
        draft.warn(
            first_line,
            if is_number { "a cue number without a cue" } else { "text without a time line; left out" },
        );
        return;
    };
    if first > 1 {
        draft.warn(first_line, "text before a cue's time line; left out");
    }
    for (index, &stamp) in stamps.iter().enumerate() {
        let mut end = stamps.get(index + 1).copied().unwrap_or(lines.len());
        // The next cue's number is no speech.
        if end < lines.len() && end > stamp + 1 && lines[end - 1].trim().parse::<u64>().is_ok() {
            end -= 1;
        }
        let Some(TimeLine { start, end: stop }) = time_line(lines[stamp], kind) else { continue };
        let line = first_line + stamp;
        if start.is_none() || stop.is_none() {
            draft.warn(line, "a time cannot be read; the text is kept without it");
        }
        cues.push(Cue { line, start, end: stop, text: lines[stamp + 1..end].to_vec() });
    }
}

/// A stretch of a cue by one voice, if marked.
struct Piece {
    voice: Option<String>,
    /// Plain text, without mark-up.
    lines: Vec<String>,
    /// Whether a dash or `>>` before the line says that somebody else speaks.
    is_other: bool,
}

/// Splits a cue at `<v Name>` and at lines that begin with a dash or `>>`.
fn pieces(cue: &Cue<'_>) -> Vec<Piece> {
    let mut pieces = vec![Piece { voice: None, lines: Vec::new(), is_other: false }];
    for line in &cue.text {
        for (index, part) in line.split("<v").enumerate() {
            let voice = (index > 0).then(|| voice(part)).flatten();
            let (name, said) = match voice {
                Some((name, said)) => (Some(name), said.to_owned()),
                None if index > 0 => (None, format!("<v{part}")),
                None => (None, part.to_owned()),
            };
            let said = without_markup(&said);
            let said = said.trim();
            let other = said.strip_prefix(">>").or_else(|| said.strip_prefix("- ")).or_else(|| said.strip_prefix("– "));
            let said_plain = other.unwrap_or(said).trim_start_matches('>').trim();
            if name.is_some() || other.is_some() {
                pieces.push(Piece { voice: name, lines: Vec::new(), is_other: other.is_some() });
            }
            if let (false, Some(piece)) = (said_plain.is_empty(), pieces.last_mut()) {
                piece.lines.push(said_plain.to_owned());
            }
        }
    }
    pieces.retain(|piece| !piece.lines.is_empty());
    pieces
}

/// `.loud Mary Ann>text` → `Mary Ann`, `text`; `None` if it is no voice tag.
fn voice(part: &str) -> Option<(String, &str)> {
    let (tag, said) = part.split_once('>')?;
    if !tag.starts_with([' ', '\t', '.']) {
        return None;
    }
    let name =
        tag.split_once([' ', '\t']).map_or("", |(_, name)| name).split_whitespace().collect::<Vec<_>>().join(" ");
    Some((without_markup(&name), said))
}

/// Speaker and text of each turn in a cue: a `<v Name>`, or `Name:` before a line, or nobody.
fn speakers(pieces: Vec<Piece>, names: &Names, settings: &Settings) -> Vec<(String, String)> {
    let mut spoken: Vec<(String, String)> = Vec::new();
    for piece in pieces {
        let mut fresh = piece.is_other || piece.voice.is_some() || spoken.is_empty();
        let voice = piece.voice.unwrap_or_default();
        for line in piece.lines {
            let named = label(&line, &settings.read)
                .filter(|_| voice.is_empty())
                .and_then(|(name, said)| Some((names.speaker(name)?.to_owned(), said.to_owned())));
            match (named, fresh) {
                (Some(turn), _) => spoken.push(turn),
                (None, true) => spoken.push((voice.clone(), line)),
                (None, false) => {
                    if let Some((_, said)) = spoken.last_mut() {
                        said.push(' ');
                        said.push_str(&line);
                    }
                }
            }
            fresh = false;
        }
    }
    spoken
}

/// Where several people speak in one cue, its time is divided by their numbers of words.
fn share_time(turns: &mut [Turn]) {
    let Some(span) = turns.first().and_then(|turn| turn.span).filter(|_| turns.len() > 1) else { return };
    let total: f64 = turns.iter().map(|turn| f64::from(count_words(&turn.text).max(1))).sum();
    let at = |words: f64| SessionTime::from_secs_f64(span.start().secs_f64() + span.secs_f64() * words / total);
    let mut words = 0.0;
    for turn in turns {
        let from = at(words);
        words += f64::from(count_words(&turn.text).max(1));
        turn.start = Some(from);
        turn.span = Span::new(from, at(words));
    }
}
