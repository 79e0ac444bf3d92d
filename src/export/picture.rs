//! What the pictures show, looked up once: who spoke when, what a face did, and where nobody could look.

use super::settings::{FaceRow, Settings};
use crate::markers::Event;
use crate::session::Session;
use crate::time::{FrameGrid, Span};
use crate::track::{Track, Who, runs};

/// One person's part of a picture.
pub(super) struct Lane<'a> {
    pub who: Who,
    /// Stretches of speech; `None` if no voice is this person's.
    pub speech: Option<Vec<Span>>,
    pub face: Face<'a>,
}

/// What is known of a person's face.
pub(super) enum Face<'a> {
    /// Nothing at all, and why.
    Never(String),
    /// A line for each row of the settings, and the stretches in which nothing could be seen.
    Seen { lines: Vec<FaceLine<'a>>, blind: Vec<Span> },
}

/// One facial action of one person.
pub(super) struct FaceLine<'a> {
    pub row: &'a FaceRow,
    pub events: Vec<&'a Event>,
    /// `None` if the session was read without its tracks.
    pub curve: Option<Curve>,
}

/// One number over the session.
pub(super) struct Curve {
    pub grid: FrameGrid,
    /// `NaN` where not assessable.
    pub values: Vec<f32>,
    /// The values that lie at the foot and at the top of the line.
    pub range: (f32, f32),
    /// The person's own baseline.
    pub base: f32,
}

/// Everything of a session that is drawn on the clock.
pub(super) struct Picture<'a> {
    pub session: &'a Session,
    pub lanes: Vec<Lane<'a>>,
    pub silences: Vec<&'a Event>,
    pub overlaps: Vec<&'a Event>,
    /// Stretches that a recording should hold and does not.
    pub missing: Vec<Span>,
}

impl<'a> Picture<'a> {
    pub fn new(session: &'a Session, settings: &'a Settings) -> Self {
        let of = |markers: &[String]| -> Vec<&'a Event> {
            session.events.iter().filter(|event| markers.contains(&event.marker)).collect()
        };
        let lanes = people(session, settings)
            .into_iter()
            .map(|who| Lane { who, speech: speech(session, settings, who), face: face(session, settings, who) })
            .collect();
        Self {
            session,
            lanes,
            silences: of(&settings.silence),
            overlaps: of(&settings.overlap),
            missing: session.media.iter().flat_map(|media| media.damage.missing.iter().copied()).collect(),
        }
    }
}

/// Everybody who has a part, client first; at most eight, so that a picture stays one.
fn people(session: &Session, settings: &Settings) -> Vec<Who> {
    let drawn = |event: &&Event| {
        settings.speech.contains(&event.marker) || settings.face.iter().any(|row| row.marker == event.marker)
    };
    let mut people: Vec<Who> = session.people.iter().map(|person| person.who).collect();
    people.extend(session.events.iter().filter(drawn).map(|event| event.who));
    people.sort();
    people.dedup();
    people.retain(|who| *who != Who::Room);
    people.truncate(8);
    people
}

fn speech(session: &Session, settings: &Settings, who: Who) -> Option<Vec<Span>> {
    let of = |marker: &String| -> Vec<Span> {
        session.events.iter().filter(|e| e.who == who && e.marker == *marker).map(|e| e.span).collect()
    };
    let found = settings.speech.iter().map(of).find(|spans| !spans.is_empty());
    let from_turns = || -> Vec<Span> { session.turns.iter().filter(|t| t.who == who).map(|t| t.span).collect() };
    found.or_else(|| Some(from_turns()).filter(|spans| !spans.is_empty())).or_else(|| {
        let has_voice = |person: &&crate::session::Person| person.who == who && person.voice.is_some();
        session.people.iter().find(has_voice).map(|_| Vec::new())
    })
}

fn face<'a>(session: &'a Session, settings: &'a Settings, who: Who) -> Face<'a> {
    let of = |row: &FaceRow| -> Vec<&'a Event> {
        session.events.iter().filter(|e| e.who == who && e.marker == row.marker).collect()
    };
    let line = |row| FaceLine { row, events: of(row), curve: curve(session, row, who, settings.assessable_from) };
    let lines: Vec<_> = settings.face.iter().map(line).collect();
    let track = settings.face.iter().find_map(|row| session.tracks.get(&row.track, who));
    let coverage = session.coverage.iter().find(|c| c.modality == "face" && c.who == who);
    let nothing = lines.iter().all(|line| line.events.is_empty());
    match (track, coverage) {
        (None, None) if nothing => Face::Never("no face was measured".into()),
        (_, Some(coverage)) if coverage.assessable_s <= 0.0 => Face::Never(coverage.why_not.clone()),
        (Some(track), _) => Face::Seen { lines, blind: blind(track, session.span, settings.assessable_from) },
        (None, _) => Face::Seen { lines, blind: Vec::new() },
    }
}

/// Mean of the row's columns, with the range of the person's session.
fn curve(session: &Session, row: &FaceRow, who: Who, assessable_from: f32) -> Option<Curve> {
    let track = session.tracks.get(&row.track, who)?;
    let columns: Vec<_> = row.columns.iter().filter_map(|name| track.column(name)).collect();
    let mean = |frame: usize| {
        let sum: f32 = columns.iter().map(|column| column.get(frame).copied().unwrap_or(f32::NAN)).sum();
        sum / columns.len() as f32
    };
    let seen = assessable(track, assessable_from).enumerate();
    let values: Vec<f32> = seen.map(|(frame, seen)| if seen { mean(frame) } else { f32::NAN }).collect();
    let mut known: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    known.sort_by(f32::total_cmp);
    let at_percent = |percent: f64| {
        let index = known.len().checked_sub(1)? as f64 * (percent / 100.0).clamp(0.0, 1.0);
        known.get(index.round() as usize).copied()
    };
    // The outermost 0.2 % are single frames that would press the rest flat.
    let (low, high) = (at_percent(0.2)?, at_percent(99.8)?);
    let range = (low, high.max(low + row.least_range.max(f32::EPSILON)));
    Some(Curve { grid: track.grid, values, range, base: at_percent(row.baseline)? })
}

/// Whether each frame could be assessed.
fn assessable(track: &Track, from: f32) -> impl Iterator<Item = bool> + '_ {
    (0..track.grid.len).map(move |frame| match &track.confidence {
        Some(confidence) => confidence.get(frame).is_some_and(|quality| *quality >= from),
        None => track.values.row(frame).iter().any(|value| !value.is_nan()),
    })
}

/// Stretches of the session that the track does not see.
fn blind(track: &Track, session: Span, from: f32) -> Vec<Span> {
    let mut spans: Vec<Span> = runs(assessable(track, from).map(|seen| !seen))
        .into_iter()
        .filter_map(|(from, to)| track.grid.span(from, to))
        .collect();
    match track.grid.span(0, track.grid.len) {
        Some(whole) => {
            spans.extend(Span::new(session.start(), whole.start()));
            spans.extend(Span::new(whole.end(), session.end()).filter(|rest| rest.secs_f64() > 1.0));
        }
        None => spans.push(session),
    }
    spans.sort();
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{FrameGrid, SessionTime, Step};
    use crate::track::Unit;
    use ndarray::{Array1, Array2};

    #[test]
    fn what_lies_outside_the_track_is_not_seen_either() {
        let track = Track {
            who: Who::Client,
            unit: Unit::Probability,
            grid: FrameGrid { first: SessionTime::from_millis(1500), step: Step::new(1, 1).unwrap(), len: 3 },
            columns: vec!["p".into()],
            values: Array2::zeros((3, 1)),
            confidence: Some(Array1::from_vec(vec![0.9, 0.1, 0.9])),
        };
        let seconds: Vec<_> = blind(&track, Span::from_millis(0, 10_000).unwrap(), 0.3)
            .iter()
            .map(|span| (span.start().millis(), span.end().millis()))
            .collect();
        assert_eq!(seconds, [(0, 1000), (2000, 3000), (4000, 10_000)]);
    }
}
