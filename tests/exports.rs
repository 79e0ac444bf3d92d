//! What is written can be read: by us, by other tools, by people.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

mod made;

use std::path::Path;

use attune::export::{self, CodeWords, Codes, Options, Settings, Tone};
use attune::session::{self, Session, stored};

fn settings() -> Settings {
    toml::from_str(include_str!("../config/report.toml")).unwrap()
}

fn codes() -> Codes {
    let avoidance = "Resistance / Direct avoidance";
    let words = |place: &str, tone| CodeWords { place: place.into(), tone, definition: "Operational words.".into() };
    [
        ("rs02", words(avoidance, Tone::Strain)),
        ("rs03", words(avoidance, Tone::Strain)),
        ("rs04", words(avoidance, Tone::Strain)),
        ("xt01", words("Extension / Facial resistance", Tone::Strain)),
        ("xt02", words("Extension / Cycle", Tone::Strain)),
        ("xt03", words("Extension / Repair", Tone::Support)),
        ("cx05", words("Rapport and Goal Setting / Revealing", Tone::Support)),
        ("rf03", words("Reflective Functioning / Emotion Reflection", Tone::Support)),
    ]
    .map(|(code, words)| (code.to_owned(), words))
    .into()
}

fn write_to(session: &Session, folder: &Path) -> Result<export::Written, export::ExportError> {
    export::write_results(session, &codes(), folder, &settings(), &Options::default())
}

#[test]
fn a_session_survives_the_way_there_and_back() {
    for mut session in [made::four_minutes(), made::fifty_minutes(), made::almost_nothing()] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.json");
        stored::write(&session, std::fs::File::create(&file).unwrap()).unwrap();
        session.tracks = attune::track::Tracks::new();
        let back = session::read(folder.path()).unwrap();
        assert_eq!(back, session);
        let mut again = Vec::new();
        stored::write(&back, &mut again).unwrap();
        assert_eq!(again, std::fs::read(&file).unwrap());
    }
}

#[test]
fn numbers_that_are_none_do_not_spoil_the_file() {
    let mut session = made::four_minutes();
    session.events[0].value = f32::NAN;
    session.events[1].strength = f32::NAN;
    session.episodes[0].review_secs = f64::INFINITY;
    let folder = tempfile::tempdir().unwrap();
    stored::write(&session, std::fs::File::create(folder.path().join("session.json")).unwrap()).unwrap();
    let back = session::read(folder.path()).unwrap();
    assert!(back.events[0].value.is_nan());
    assert!(back.events[1].strength.abs() < f32::EPSILON);
    assert!(back.problems.last().unwrap().message.starts_with("2 strengths"));
}

/// With `ATTUNE_SHOW=folder`, leaves the made sessions' results there to be looked at.
#[test]
fn all_files_are_written_and_the_same_each_time() {
    let shown = std::env::var_os("ATTUNE_SHOW").map(std::path::PathBuf::from);
    let made = [("four", made::four_minutes()), ("fifty", made::fifty_minutes()), ("nothing", made::almost_nothing())];
    for (name, session) in &made {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let written = write_to(session, one.path()).unwrap();
        write_to(session, two.path()).unwrap();
        write_to(session, two.path()).unwrap();
        assert_eq!(written.files.len(), export::NAMES.len());
        assert_eq!(std::fs::read_dir(two.path()).unwrap().count(), export::NAMES.len());
        for (file, name) in written.files.iter().zip(export::NAMES) {
            let bytes = std::fs::read(&file.0).unwrap();
            assert_eq!(bytes.len() as u64, file.1);
            assert_eq!(bytes, std::fs::read(two.path().join(name)).unwrap(), "{name}");
        }
        if let Some(shown) = &shown {
            write_to(session, &shown.join(name)).unwrap();
            let svg = export::timeline::standalone(session, &settings());
            std::fs::write(shown.join(format!("{name}.svg")), svg).unwrap();
        }
    }
}
