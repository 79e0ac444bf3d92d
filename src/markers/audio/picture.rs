//! Made sessions from pictures, for tests: one character per frame.

use ndarray::{Array1, Array2};

use super::super::{Event, Input, Marker, Settings, SpokenTurn, in_order, read_settings, settings_of};
use crate::time::{FrameGrid, SessionTime, Span, Step};
use crate::track::{Track, Tracks, Unit, Who};

/// Speech of client (`C`), therapist (`T`) or both (`B`); `.` nobody, `?` not measured, `c` / `t` halfway between the
/// thresholds of speech. Each character lasts `ms`, on the 10 ms grid of the voice stage.
pub(crate) fn frames(picture: &str, ms: usize) -> Tracks {
    frames_of(picture, ms, Who::Client, Who::Therapist)
}

/// The same with other people in place of client and therapist; who never appears has no track.
pub(crate) fn frames_of(picture: &str, ms: usize, first: Who, second: Who) -> Tracks {
    let chars: Vec<char> = picture.chars().flat_map(|c| std::iter::repeat_n(c, ms / 10)).collect();
    let mut tracks = Tracks::new();
    for (who, mark) in [(first, 'C'), (second, 'T')] {
        if !picture.contains([mark, 'B']) {
            continue;
        }
        let p = |c: char| match c {
            '?' => f32::NAN,
            'B' => 0.9,
            c if c == mark => 0.9,
            c if c.to_ascii_uppercase() == mark => 0.45,
            _ => 0.1,
        };
        tracks.insert("speech", track(who, chars.iter().map(|&c| p(c)).collect()));
    }
    tracks
}

/// One column named `p` on the 10 ms grid.
pub(crate) fn track(who: Who, values: Vec<f32>) -> Track {
    let len = values.len();
    Track {
        who,
        unit: Unit::Probability,
        grid: FrameGrid { first: SessionTime::from_millis(5), step: Step::new(1, 100).unwrap(), len },
        columns: vec!["p".into()],
        values: Array2::from_shape_vec((len, 1), values).unwrap(),
        confidence: Some(Array1::ones(len)),
    }
}

/// What the room or a microphone sounds like, in rows of 80 ms, one character each: `L` laughter, `S` speech, `R` speech that
/// repeats itself, `M` music that does, `K` knocking, `X` crying, `H` a sigh, `?` not measured, `.` nothing.
pub(crate) fn sounds(who: Who, picture: &str) -> Track {
    const COLUMNS: [&str; 6] = ["laughter", "speech", "music", "rhythm", "crying", "sigh"];
    let row = |c: char| match c {
        'L' => [0.8, 0.1, 0.0, 0.2, 0.0, 0.0],
        'S' => [0.0, 0.9, 0.0, 0.2, 0.0, 0.0],
        'R' => [0.0, 0.9, 0.0, 0.9, 0.0, 0.0],
        'M' => [0.0, 0.4, 0.9, 0.9, 0.0, 0.0],
        'K' => [0.0, 0.0, 0.0, 0.9, 0.0, 0.0],
        'X' => [0.0, 0.1, 0.0, 0.0, 0.8, 0.0],
        'H' => [0.0, 0.0, 0.0, 0.0, 0.0, 0.8],
        '?' => [f32::NAN; 6],
        _ => [0.0; 6],
    };
    let values: Vec<f32> = picture.chars().flat_map(row).collect();
    let len = picture.chars().count();
    Track {
        who,
        unit: Unit::Share,
        grid: FrameGrid { first: SessionTime::from_millis(40), step: Step::new(2, 25).unwrap(), len },
        columns: COLUMNS.map(str::to_owned).to_vec(),
        values: Array2::from_shape_vec((len, COLUMNS.len()), values).unwrap(),
        confidence: Some(picture.chars().map(|c| if c == '?' { 0.0 } else { 1.0 }).collect()),
    }
}

/// The settings as they are shipped.
pub(crate) fn settings() -> Settings {
    read_settings([
        ("markers/audio.toml", include_str!("../../../config/markers/audio.toml")),
        ("markers/sounds.toml", include_str!("../../../config/markers/sounds.toml")),
        ("markers/video.toml", include_str!("../../../config/markers/video.toml")),
    ])
    .unwrap()
}

/// The session that the tracks cover.
pub(crate) fn session(tracks: &Tracks) -> Span {
    tracks.iter().filter_map(|(_, t)| t.grid.span(0, t.grid.len)).reduce(Span::hull).unwrap()
}

/// The events of the last of these markers, run in this order with the shipped settings.
pub(crate) fn find(tracks: &Tracks, markers: &[&dyn Marker], turns: Option<&[SpokenTurn]>) -> Vec<Event> {
    find_with(tracks, markers, turns, Vec::new())
}

/// The same with events of other markers given.
pub(crate) fn find_with(
    tracks: &Tracks,
    markers: &[&dyn Marker],
    turns: Option<&[SpokenTurn]>,
    mut earlier: Vec<Event>,
) -> Vec<Event> {
    let settings = settings();
    let mut found = Vec::new();
    for marker in markers {
        earlier.extend(found);
        earlier.sort_by(in_order);
        let input =
            Input { tracks, session: session(tracks), turns, language: None, meanings: None, earlier: &earlier };
        found = marker.find(&input, &settings_of(*marker, &settings).unwrap()).unwrap();
    }
    found
}

/// Start and end in milliseconds with person and kind.
pub(crate) fn events_ms(events: &[Event]) -> Vec<(i64, i64, &'static str)> {
    let label = |e: &Event| match &e.kind {
        Some(kind) => format!("{} {kind}", e.who),
        None => e.who.to_string(),
    };
    events.iter().map(|e| (e.span.start().millis(), e.span.end().millis(), &*label(e).leak())).collect()
}

/// A turn of the transcript.
pub(crate) fn turn(who: Who, ms: (i64, i64), text: &str) -> SpokenTurn {
    SpokenTurn { who, span: Span::from_millis(ms.0, ms.1).unwrap(), text: text.into(), confidence: 1.0 }
}

/// A prompt as the text markers report it.
pub(crate) fn prompt(ms: (i64, i64), kind: &str) -> Event {
    Event {
        id: Default::default(),
        marker: "txt.prompt".into(),
        who: Who::Therapist,
        span: Span::from_millis(ms.0, ms.1).unwrap(),
        apex: None,
        value: 1.0,
        unit: Unit::Count,
        strength: 1.0,
        confidence: 1.0,
        kind: Some(kind.into()),
        words: None,
        seen_in: Vec::new(),
    }
}
