//! Made sessions for the tests of this folder.

use crate::markers::{Event, Input, Marker, SpokenTurn};
use crate::time::Span;
use crate::track::{Tracks, Who};

/// The merged table of `config/language/en/`, key = file, with goal words.
pub fn english() -> toml::Table {
    of_language("en")
}

/// The same of German.
pub fn german() -> toml::Table {
    of_language("de")
}

fn of_language(name: &str) -> toml::Table {
    let mut table = toml::Table::new();
    for entry in std::fs::read_dir(format!("config/language/{name}")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            table.insert(stem, toml::Value::Table(toml::from_str(&text).unwrap()));
        }
    }
    // Entered by a coder; as shipped there are none.
    table["goal"]["patterns"] = toml::Value::Array(vec!["panic".into()]);
    table
}

/// `T: what was said`, one turn each, 10 s long, without gaps.
pub fn turns(lines: &[&str]) -> Vec<SpokenTurn> {
    lines
        .iter()
        .zip(0_i64..)
        .map(|(line, index)| {
            let (who, text) = line.split_once(": ").unwrap();
            SpokenTurn {
                who: if who == "T" { Who::Therapist } else { Who::Client },
                span: Span::from_millis(index * 10_000, (index + 1) * 10_000).unwrap(),
                text: text.to_owned(),
                confidence: 1.0,
            }
        })
        .collect()
}

pub fn with_turns<R>(turns: &[SpokenTurn], language: &toml::Table, run: impl FnOnce(&Input<'_>) -> R) -> R {
    run(&Input {
        tracks: &Tracks::new(),
        session: Span::from_millis(0, 3_600_000).unwrap(),
        turns: Some(turns),
        language: Some(language),
        meanings: None,
        earlier: &[],
    })
}

pub fn settings_of(marker: &dyn Marker) -> toml::Table {
    let all: toml::Table = toml::from_str(include_str!("../../../config/markers/text.toml")).unwrap();
    all[marker.card().section].as_table().unwrap().clone()
}

pub fn found(marker: &dyn Marker, lines: &[&str]) -> Vec<Event> {
    found_in(&english(), marker, lines)
}

fn found_in(language: &toml::Table, marker: &dyn Marker, lines: &[&str]) -> Vec<Event> {
    with_turns(&turns(lines), language, |input| marker.find(input, &settings_of(marker)).unwrap())
}

/// Each event as `turn number:kind`.
pub fn check(marker: &dyn Marker, lines: &[&str], expect: &[&str]) {
    check_in(&english(), marker, lines, expect);
}

/// The same in another language.
pub fn check_in(language: &toml::Table, marker: &dyn Marker, lines: &[&str], expect: &[&str]) {
    let events = found_in(language, marker, lines);
    let picture: Vec<String> = events
        .iter()
        .map(|event| format!("{}:{}", event.span.start().millis() / 10_000, event.kind.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(picture, expect, "{}: {lines:#?}", marker.card().id);
    for event in &events {
        assert!((0.0..=1.0).contains(&event.strength) && (0.0..=1.0).contains(&event.confidence), "{event:?}");
        assert!(event.value.is_finite(), "{event:?}");
        let known = &marker.card().kinds;
        assert!(event.kind.as_deref().is_none_or(|kind| known.contains(&kind)), "{event:?}");
    }
}
