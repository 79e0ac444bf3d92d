//! The data dictionary, and how long exports take.

use super::*;

/// `ATTUNE_WRITE=1 cargo test --test share dictionary` writes it anew.
#[test]
fn the_data_dictionary_is_that_of_the_code() {
    let config = Config::embedded();
    let names: toml::Table = toml::from_str(config.text("dictionary.toml").unwrap()).unwrap();
    let page = dictionary::page(&names, &settings());
    let file = Path::new("docs/data-dictionary.md");
    if std::env::var_os("ATTUNE_WRITE").is_some() {
        std::fs::write(file, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(file).unwrap_or_default() == page,
        "docs/data-dictionary.md is not what the code says: ATTUNE_WRITE=1 cargo test --test share dictionary"
    );
    // Every track that a real session has is described.
    for (name, track) in telling_session().tracks.iter() {
        let entry = dictionary::TRACKS.iter().find(|entry| entry.name == name);
        assert!(entry.is_some(), "{name} of {}", track.who);
    }
}

/// A session with all tracks of a film with two faces.
fn with_all_tracks(secs: f64) -> Session {
    let mut session = made::fifty_minutes();
    session.span = made::span(0.0, secs);
    let fine = Step::new(1, 100).unwrap();
    let coarse = Step::new(2, 25).unwrap();
    let actions = attune::track::columns::FACE_ACTIONS;
    for who in [Who::Client, Who::Therapist] {
        add_track(&mut session, "speech", who, Unit::Probability, fine, &["p"], 0.5);
        add_track(&mut session, "face_actions", who, Unit::Probability, coarse, &actions, 0.25);
        add_track(&mut session, "action_units", who, Unit::Probability, coarse, &actions[..20], 0.25);
        add_track(&mut session, "mouth_shape", who, Unit::EyeDistances, coarse, &actions[..5], 0.25);
        add_track(&mut session, "head_pose", who, Unit::Degrees, coarse, &actions[..3], 2.5);
        add_track(&mut session, "gaze", who, Unit::Degrees, coarse, &actions[..2], 2.5);
        add_track(&mut session, "face_quality", who, Unit::Mixed, coarse, &actions[..5], 0.9);
        add_track(&mut session, "pose", who, Unit::Mixed, coarse, &actions[..33], 90.0);
    }
    add_track(&mut session, "speech", Who::Room, Unit::Probability, fine, &["p"], 0.5);
    add_track(&mut session, "loudness", Who::Room, Unit::DecibelsFullScale, fine, &["dbfs"], -30.0);
    add_track(&mut session, "pitch", Who::Room, Unit::Mixed, fine, &["hz", "voicing"], 200.0);
    add_track(&mut session, "spectrum", Who::Room, Unit::Mixed, fine, &["a", "b"], 0.5);
    add_track(&mut session, "voice_quality", Who::Room, Unit::Mixed, fine, &actions[..7], 0.5);
    // As hard to pack as measured numbers are: every digit differs.
    let mut dice = made::Dice::new(9);
    let names: Vec<(String, Who)> = session.tracks.iter().map(|(name, track)| (name.to_owned(), track.who)).collect();
    for (name, who) in names {
        let mut track = session.tracks.get(&name, who).unwrap().clone();
        track.values.iter_mut().for_each(|value| *value *= 1.0 + 0.1 * dice.unit() as f32);
        session.tracks.insert(&name, track);
    }
    session
}

/// The figures of an hour stand in docs/performance.md; this keeps them from growing tenfold. `ATTUNE_SHOW=FOLDER` leaves
/// the results of an hour there, for a release build to be timed with.
#[test]
fn exports_take_moments() {
    let desk = Desk::new();
    let session = with_all_tracks(if std::env::var_os("ATTUNE_SHOW").is_some() { 3600.0 } else { 300.0 });
    let results = results_of(&desk, &session);
    if let Some(place) = std::env::var_os("ATTUNE_SHOW") {
        let report = Config::embedded().read("report.toml").unwrap();
        export::write_results(&session, &export::Codes::default(), Path::new(&place), &report, &Options::default())
            .unwrap();
    }
    let out = desk.path("out");
    let since = Instant::now();
    let args = ["export", &results, "--to", "all", "--profile", "restricted", "-o", out.to_str().unwrap()];
    check(&desk.attune(&args), 0, "1 session");
    println!("to all formats, debug build: {:.1} s", since.elapsed().as_secs_f64());
    assert!(since.elapsed().as_secs() < 30 || std::env::var_os("ATTUNE_SHOW").is_some());
}
