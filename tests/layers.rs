//! The shape of the code, kept by a test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

use std::path::{Path, PathBuf};

/// Each module and what of ours it may use. Top to bottom, as in `src/lib.rs`.
const LAYERS: &[(&str, &[&str])] = &[
    ("spelling", &[]),
    ("job", &[]),
    ("origin", &[]),
    ("random", &[]),
    ("spool", &[]),
    ("time", &[]),
    ("track", &["time"]),
    ("config", &["spelling", "origin"]),
    ("media", &["time", "track", "job"]),
    ("model", &["origin"]),
    ("synchrony", &["random"]),
    ("meaning", &["model", "origin"]),
    ("agreement", &[]),
    ("transcript", &["time", "track"]),
    ("voice", &["time", "track", "job", "origin", "spool", "media", "model"]),
    ("face", &["time", "track", "job", "origin", "spool", "media", "model"]),
    ("body", &["time", "track", "job", "origin", "spool", "media", "model", "face"]),
    ("align", &["time", "model", "transcript"]),
    ("roles", &["time", "track", "transcript"]),
    ("markers", &["time", "track", "transcript", "synchrony", "meaning"]),
    ("rules", &["spelling", "time", "track", "markers"]),
    ("codebook", &["spelling", "rules", "markers", "time", "track", "origin"]),
    ("episodes", &["random", "time", "track", "markers", "rules", "codebook"]),
    ("made", &["random", "time", "track", "config", "markers"]),
    ("learn", &["random", "time", "track", "config", "origin", "markers", "rules", "codebook", "episodes", "made"]),
    ("session", &["time", "track", "transcript", "origin", "media", "markers", "rules", "episodes"]),
    ("export", &["time", "track", "origin", "markers", "rules", "codebook", "episodes", "session"]),
    (
        "share",
        &["spelling", "time", "track", "transcript", "origin", "markers", "codebook", "session", "export", "review"],
    ),
    ("study", &["spelling", "origin", "transcript"]),
    ("query", &["spelling", "config", "origin", "track", "session", "export", "share", "study", "review"]),
    ("review", &["agreement", "time", "markers", "episodes", "session"]),
    ("theory", &["agreement", "codebook", "review"]),
    (
        "desk",
        &["time", "track", "agreement", "markers", "codebook", "episodes", "session", "export", "study", "review"],
    ),
    ("serve", &["track", "markers", "codebook", "episodes", "session", "review", "theory", "desk"]),
    ("record", &["time", "config", "media", "model", "voice"]),
];

/// The engine and the program join everything.
const TOP: &[&str] = &["engine", "main", "cli", "lib"];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn modules_only_use_the_layers_they_may() {
    let mut seen = 0;
    for path in rust_files(Path::new("src")) {
        let inside = path.strip_prefix("src").unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if TOP.contains(&module) {
            continue;
        }
        let (_, allowed) = LAYERS
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{}: add the module to LAYERS", path.display()));
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("crate::") {
            let used: String = text[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            seen += 1;
            assert!(
                used == module || allowed.contains(&used.as_str()),
                "{}: `{module}` may not use `{used}`",
                path.display()
            );
        }
    }
    assert!(seen > 10, "only {seen} paths seen: does the test still read src/?");
}

/// The sections that the marker cards in `src/markers` name, each with its file.
fn sections_in_files() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for path in rust_files(Path::new("src/markers")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, mark) in text.match_indices("section: \"") {
            let name: String = text[at + mark.len()..].chars().take_while(|c| *c != '"').collect();
            found.push((path.clone(), name));
        }
    }
    found
}

#[test]
fn every_marker_is_in_the_list_and_has_settings() {
    let config = attune::config::Config::embedded();
    let settings = attune::markers::read_settings(config.under("markers")).unwrap();
    let cards = sections_in_files();
    assert!(cards.len() > 20, "only {} markers seen: does the test still read src/markers?", cards.len());
    for (path, section) in cards {
        let listed = attune::markers::ALL.iter().any(|m| m.card().section == section);
        assert!(listed, "{}: add it to the list of its family", path.display());
        assert!(settings.contains_key(&section), "config/markers: add the section [{section}]");
    }
}

#[test]
fn markers_have_one_id_and_one_section_each_and_follow_those_they_read() {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for marker in attune::markers::ALL {
        let card = marker.card();
        assert!(seen.iter().all(|(id, section)| *id != card.id && *section != card.section), "{}", card.id);
        for before in card.after {
            assert!(seen.iter().any(|(id, _)| id == before), "{} stands before {before}, which it reads", card.id);
        }
        seen.push((card.id, card.section));
    }
}
