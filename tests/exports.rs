//! What is written can be read: by us, by other tools, by people.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

mod made;

use attune::session::{self, stored};

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
