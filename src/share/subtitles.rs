//! WebVTT and RTTM.

use std::fmt::Write;

use super::Material;
use super::said::{Said, said};
use crate::time::SessionTime;
use crate::track::Who;
use crate::transcript::own;

/// The transcript as subtitles, a cue for each turn, with the speaker as a voice tag. Without words, who speaks.
pub(super) fn webvtt(material: &Material) -> String {
    let mut text = format!("{}\n", own::WEBVTT);
    for (number, said) in said(material).iter().enumerate() {
        cue(&mut text, material, number, (said.span.start(), said.span.end()));
        _ = writeln!(text, "<v {}>{}", plain(&material.name_of(said.who)), karaoke(material, said));
    }
    text
}

/// The line of a turn with the time of each word before it, where it was found on the sound: players that can, show how far
/// the talk is. Times inside a cue must rise, and lie inside it.
fn karaoke(material: &Material, said: &Said<'_>) -> String {
    let line = said.line();
    let (mut last, end) = material.span_millis(said.span);
    let (mut text, mut done) = (String::new(), 0);
    let mut signs = line.chars();
    for word in said.words {
        let (at, from) = (material.millis(word.span.start()), word.from as usize);
        if at <= last || at >= end || from <= done {
            continue;
        }
        let before: String = signs.by_ref().take(from - done).collect();
        text += &escaped(&before);
        text += &format!("<{}>", stamp(at));
        (last, done) = (at, from);
    }
    text + &escaped(&signs.collect::<String>())
}

/// Candidates as chapters: players show them as marks to jump to.
pub(super) fn chapters(material: &Material) -> String {
    let mut text = String::from("WEBVTT\n");
    for (number, episode) in material.session.episodes.iter().enumerate() {
        cue(&mut text, material, number, (episode.span.start(), episode.span.end()));
        _ = writeln!(text, "{} candidate, rank {}", episode.kind.name().replace('_', " "), episode.rank);
    }
    text
}

fn cue(text: &mut String, material: &Material, number: usize, (start, end): (SessionTime, SessionTime)) {
    let start = material.millis(start);
    let end = material.millis(end).max(start + 1);
    _ = write!(text, "\n{}\n{} --> {}\n", number + 1, stamp(start), stamp(end));
}

fn stamp(millis: i64) -> String {
    let (secs, rest) = (millis / 1000, millis % 1000);
    format!("{:02}:{:02}:{:02}.{rest:03}", secs / 3600, secs / 60 % 60, secs % 60)
}

/// Text of a cue: no mark-up, no arrow, no line break.
fn plain(text: &str) -> String {
    escaped(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Marker whose events say when somebody speaks.
const SPEECH: &str = "aud.vad";

/// Who speaks when, by the voice where it was measured, else by the transcript's turns.
pub(super) fn rttm(material: &Material) -> String {
    let session = &material.session;
    let heard =
        session.events.iter().filter(|event| event.marker == SPEECH && event.kind.as_deref() != Some("unknown"));
    let mut spans: Vec<(Who, SessionTime, SessionTime)> = heard
        .filter(|event| event.who != Who::Room)
        .map(|event| (event.who, event.span.start(), event.span.end()))
        .collect();
    if spans.is_empty() {
        spans = session.turns.iter().map(|turn| (turn.who, turn.span.start(), turn.span.end())).collect();
    }
    spans.sort_by_key(|(who, start, end)| (*start, *end, *who));
    let mut text = String::new();
    for (who, start, end) in spans {
        let start = material.millis(start);
        let length = (material.millis(end) - start).max(1);
        let name = material.name_of(who);
        let secs = |millis: i64| millis as f64 / 1000.0;
        _ = writeln!(
            text,
            "SPEAKER {} 1 {:.3} {:.3} <NA> <NA> {name} <NA> <NA>",
            material.about.id,
            secs(start),
            secs(length)
        );
    }
    text
}
