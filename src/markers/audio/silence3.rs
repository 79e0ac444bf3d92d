//! Nobody speaks for a while.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::{Class, Floor, Interval, context};
use super::vad;
use crate::time::{Secs, Span};
use crate::track::{Unit, Who};

/// ## What it sees
/// Silence of everybody of at least `min_secs`, with who spoke before and who after: `TC` = therapist, then client.
/// `edge` = at the session's start or end; `unclear` = on one side several stop at once, somebody was not measured, or
/// a voice spoke that is nobody's.
///
/// ## Why coders care
/// Silences between two turns of the therapist were the strongest sign of minimal-response ruptures (Künsch 2023).
///
/// ## What it does not see
/// Whether the silence is thoughtful, hostile or a pause to drink: it is a length, not a meaning. What was not
/// measured is no silence.
pub struct Silence;

const CARD: Card = Card {
    id: "aud.silence3",
    section: "silence3",
    what: "Nobody speaks for 3 s or more.",
    unit: Unit::Seconds,
    kinds: &["TT", "TC", "CT", "CC", "same", "other", "edge", "unclear"],
    needs: &["speech"],
    after: &["aud.vad"],
    reads_text: false,
    source: "3 s: Frankel, Levitt et al. 2006, Daniel et al. 2018; context: Künsch et al. 2023.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Shorter silences are pauses or gaps.
    min_secs: Secs,
    /// A voice that is nobody's may overhang somebody's stretch by this without making the context unclear.
    room_tolerance_secs: Secs,
    /// Length in seconds as a strength.
    strength: Ramp,
    /// Score of `sounds` for speech or music from which on it is doubted that nobody makes a sound, 0 to 1.
    doubted_from: f32,
    /// What speech is.
    vad: vad::Settings,
}

/// Share of a silence, 0 to 1, in which the track of sounds hears speech or music all the same; 0 without that track.
fn doubted(input: &Input<'_>, span: Span, from: f32) -> f32 {
    let Some(track) = input.tracks.get("sounds", Who::Room) else { return 0.0 };
    let columns = ["speech", "music"].map(|name| track.column(name));
    let rows = track.grid.indices(span);
    let loud = |row: &usize| columns.iter().flatten().any(|c| c.get(*row).is_some_and(|&score| score >= from));
    rows.clone().filter(loud).count() as f32 / rows.len().max(1) as f32
}

/// A silence with who spoke on its sides.
pub(crate) struct Quiet {
    pub(crate) span: Span,
    pub(crate) kind: &'static str,
    /// Who spoke before and after, if one person did.
    pub(crate) before: Option<Who>,
    pub(crate) confidence: f32,
}

/// All silences of at least `min_secs` in order. Where the room's own track hears a voice, nobody is silent.
pub(crate) fn silences(input: &Input<'_>, min_secs: Secs, tolerance: Secs, speech: &vad::Settings) -> Vec<Quiet> {
    let floor = Floor::read(input.earlier, input.session);
    let room: Vec<Span> = match input.tracks.get("speech", Who::Room) {
        Some(track) => vad::stretches(track, input.session, speech).0.into_iter().map(|s| s.span).collect(),
        None => Vec::new(),
    };
    let mut found = Vec::new();
    for interval in floor.intervals() {
        let (before, after, edge) = match interval.class {
            Class::Pause(who) => (Some(who), Some(who), false),
            Class::Gap { from, to } => (Some(from), Some(to), false),
            Class::Open { before, after, edge } => (before, after, edge),
            _ => continue,
        };
        let mut start = interval.span.start();
        // The parts of the interval that the room's voice leaves free; what it only touches keeps its neighbours.
        let inside = room.iter().filter_map(|&voice| voice.overlap(interval.span));
        let mut parts = Vec::new();
        for voice in inside {
            parts.extend(Span::new(start, voice.start()));
            start = voice.end();
        }
        parts.extend(Span::new(start, interval.span.end()));
        for span in parts.into_iter().filter(|span| span.length() >= min_secs.0) {
            let near = |a: crate::time::SessionTime, b: crate::time::SessionTime| {
                a.since(b).is_some_and(|apart| apart <= tolerance.0)
            };
            let before = before.filter(|_| near(span.start(), interval.span.start()));
            let after = after.filter(|_| near(interval.span.end(), span.end()));
            let at_edge = span.start() == input.session.start() || span.end() == input.session.end();
            let kind = match (before, after) {
                (Some(before), Some(after)) => context(before, after),
                _ if edge && at_edge => "edge",
                _ => "unclear",
            };
            let Interval { confidence, .. } = interval;
            found.push(Quiet { span, kind, before, confidence });
        }
    }
    found
}

impl Marker for Silence {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &["vad"]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let quiet = silences(input, settings.min_secs, settings.room_tolerance_secs, &settings.vad);
        let events = quiet.into_iter().map(|Quiet { span, kind, confidence, .. }| {
            let secs = span.secs_f64() as f32;
            let confidence = confidence * (1.0 - doubted(input, span, settings.doubted_from));
            Event::new(&CARD, Who::Room, span, secs).kind(kind).rated(settings.strength.strength(secs), confidence)
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{events_ms, find, frames, frames_of, track};
    use super::super::vad::Vad;
    use super::*;
    use crate::track::Tracks;

    fn found(tracks: &Tracks) -> Vec<(i64, i64, &'static str)> {
        events_ms(&find(tracks, &[&Vad, &Silence], None))
    }

    /// One character per 500 ms.
    fn check(picture: &str, expect: &[(i64, i64, &str)]) {
        assert_eq!(found(&frames(picture, 500)), expect, "{picture}");
    }

    #[test]
    fn the_context_is_who_spoke_before_and_after() {
        check("TT......TT", &[(1000, 4000, "room TT")]);
        check("TT......CC", &[(1000, 4000, "room TC")]);
        check("CC......TT", &[(1000, 4000, "room CT")]);
        check("CC......CC", &[(1000, 4000, "room CC")]);
    }

    #[test]
    fn below_three_seconds_there_is_none() {
        check("TT.....TT", &[]);
    }

    #[test]
    fn the_ends_of_the_session_are_no_context() {
        check("......TTC......", &[(0, 3000, "room edge"), (4500, 7500, "room edge")]);
    }

    #[test]
    fn what_was_not_measured_is_not_silence() {
        check("TT...??...TT", &[]);
        check("TT......??TT", &[(1000, 4000, "room unclear")]);
    }

    #[test]
    fn both_stopping_at_once_is_unclear() {
        check("TBB......TT", &[(1500, 4500, "room unclear")]);
    }

    #[test]
    fn without_roles_same_or_other() {
        let tracks = |picture| frames_of(picture, 500, Who::Speaker(1), Who::Speaker(2));
        assert_eq!(found(&tracks("CT......T")), [(1000, 4000, "room same")]);
        assert_eq!(found(&tracks("CT......C")), [(1000, 4000, "room other")]);
    }

    /// The room's track, one character per 500 ms: `#` somebody speaks.
    fn with_room(picture: &str, room: &str) -> Vec<(i64, i64, &'static str)> {
        let mut tracks = frames(picture, 500);
        let values = room.chars().flat_map(|c| std::iter::repeat_n(if c == '#' { 0.9 } else { 0.1 }, 50)).collect();
        tracks.insert("speech", track(Who::Room, values));
        found(&tracks)
    }

    #[test]
    fn a_voice_that_is_nobodys_ends_the_silence() {
        assert_eq!(with_room("TT......TT", "##......##"), [(1000, 4000, "room TT")]);
        assert_eq!(with_room("TT......TT", "##..##..##"), []);
        assert_eq!(with_room("TT........TT", "##......####"), [(1000, 4000, "room unclear")]);
    }

    #[test]
    fn with_the_rooms_voice_alone_there_is_silence_without_context() {
        let mut tracks = Tracks::new();
        let frames = [vec![0.9; 100], vec![0.1; 300], vec![0.9; 100]].concat();
        tracks.insert("speech", track(Who::Room, frames));
        assert_eq!(found(&tracks), [(1000, 4000, "room unclear")]);
    }
}
