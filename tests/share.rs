//! What leaves Attune: what a profile lets through, and what comes back from ELAN.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a test says what broke by panicking"
)]

#[path = "made/coders.rs"]
mod coders;
#[path = "cli/desk.rs"]
mod desk;
#[path = "share/dictionary.rs"]
mod dictionary_tests;
mod made;
#[path = "share/studies.rs"]
mod studies;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use attune::config::Config;
use attune::export::{self, Options};
use attune::markers::{Event, EventId, SpokenTurn};
use attune::session::Session;
use attune::share::{Settings, decisions, dictionary};
use attune::time::{FrameGrid, SessionTime, Step};
use attune::track::{Track, Unit, Who};
use attune::transcript::told::{SpokenWord, TurnNotes};
use desk::{Desk, check};
use ndarray::Array2;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Fundamental frequency that is in no other number.
const F0: f32 = 217.3125;
/// A landmark's place that is in no other number.
const LANDMARK: f32 = 611.0625;

fn settings() -> Settings {
    Config::embedded().read("export.toml").unwrap()
}

fn add_track(session: &mut Session, name: &str, who: Who, unit: Unit, step: Step, columns: &[&str], value: f32) {
    let len = (session.span.secs_f64() / step.secs_f64()) as usize;
    let grid = FrameGrid { first: SessionTime::from_millis(5), step, len };
    let values = Array2::from_elem((len, columns.len()), value);
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    session.tracks.insert(name, Track { who, unit, grid, columns, values, confidence: None });
}

/// A session with everything in it that the open profile must not show.
fn telling_session() -> Session {
    let mut session = made::four_minutes();
    session.name = "Anna Cholmondeley intake".into();
    session.media[0].file = "Cholmondeley_1987.mp4".into();
    session.transcript.as_mut().unwrap().file = "Cholmondeley_1987.vtt".into();
    session.problems.push(attune::session::Problem::note("media", "cannot be read: /home/ruth/Cholmondeley_1987.mp4"));
    for person in &mut session.people {
        person.told_by = "given: --client Cholmondeley".into();
    }
    for (number, turn) in session.turns.iter_mut().enumerate() {
        turn.text += &format!(" zyxwords{number}");
    }
    let SpokenTurn { who, span, .. } = session.turns[0];
    session.notes.push(TurnNotes { turn: Some(0), who, span, texts: vec!["zyxnoted".into()] });
    session.notes.push(TurnNotes { turn: None, who, span, texts: vec!["zyxalone".into()] });
    let text = "zyxspoken".to_owned();
    session.words.push(SpokenWord { turn: 0, from: 0, who, span, text, confidence: 0.5 });
    for episode in &mut session.episodes {
        episode.sentence += " zyxsentence";
    }
    let fine = Step::new(1, 100).unwrap();
    let coarse = Step::new(2, 25).unwrap();
    for who in [Who::Room, Who::Client] {
        add_track(&mut session, "pitch", who, Unit::Mixed, fine, &["hz", "voicing"], F0);
        add_track(&mut session, "voice_quality", who, Unit::Mixed, fine, &["period_s"], 1.0 / F0);
    }
    add_track(&mut session, "face_box", Who::Client, Unit::Pixels, coarse, &["x", "y", "width", "height"], LANDMARK);
    add_track(&mut session, "pose", Who::Client, Unit::Mixed, coarse, &["left_wrist_x"], LANDMARK);
    add_track(&mut session, "mouth_shape", Who::Client, Unit::EyeDistances, coarse, &["lips_open"], LANDMARK);
    let last = session.events.last().unwrap().clone();
    session.events.push(Event {
        id: EventId(u32::try_from(session.events.len()).unwrap()),
        marker: "aud.pitch".into(),
        value: F0,
        unit: Unit::Hertz,
        ..last
    });
    session
}

/// Its results in a folder whose name tells as well.
fn results_of(desk: &Desk, session: &Session) -> String {
    let folder = desk.path("Cholmondeley.attune");
    let codes = export::Codes::default();
    let report = Config::embedded().read("report.toml").unwrap();
    export::write_results(session, &codes, &folder, &report, &Options::default()).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files_of(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

/// All that is written: names of files, their bytes, and what is packed in them, as text; and every number.
fn everything(folder: &Path) -> (String, Vec<f64>) {
    let (mut text, mut numbers) = (String::new(), Vec::new());
    for path in files_of(folder) {
        text += &format!("{}\n", path.strip_prefix(folder).unwrap().display());
        let bytes = std::fs::read(&path).unwrap();
        text += &String::from_utf8_lossy(&bytes);
        match path.extension().unwrap().to_str().unwrap() {
            "parquet" => parquet(&path, &mut text, &mut numbers),
            "qdpx" => {
                let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
                for index in 0..zip.len() {
                    let mut file = zip.by_index(index).unwrap();
                    text += &format!("{}\n", file.name().unwrap());
                    file.read_to_string(&mut text).unwrap();
                }
            }
            _ => {}
        }
    }
    let parts = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
    numbers.extend(parts.filter_map(|part| part.parse::<f64>().ok()));
    (text, numbers)
}

fn parquet(path: &Path, text: &mut String, numbers: &mut Vec<f64>) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap()).unwrap();
    for batch in reader.build().unwrap() {
        for column in batch.unwrap().columns() {
            match column.data_type() {
                DataType::Utf8 => {
                    column.as_string::<i32>().iter().flatten().for_each(|cell| *text += &format!("{cell}\n"))
                }
                DataType::Float64 => numbers.extend(column.as_primitive::<Float64Type>().iter().flatten()),
                DataType::Float32 => {
                    numbers.extend(column.as_primitive::<Float32Type>().iter().flatten().map(f64::from));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn the_open_profile_holds_no_name_word_landmark_or_pitch() {
    let desk = Desk::new();
    let session = telling_session();
    let results = results_of(&desk, &session);
    let out = desk.path("out");
    let out_text = out.to_str().unwrap();
    check(&desk.attune(&["export", &results, "--to", "all", "--coder", "anna", "-o", out_text]), 0, "profile open");
    let (text, numbers) = everything(&out);
    for word in [
        "Cholmondeley",
        "Anna C",
        "_1987",
        "/home",
        "ruth",
        "zyx",
        "--client",
        "pitch_hz",
        "face_box",
        "mouth_shape",
        "pose_left",
    ] {
        let at = text.find(word);
        assert!(at.is_none(), "{word:?} is written: {:?}", at.map(|at| text.get(at.saturating_sub(60)..at + 40)));
    }
    // No five words that were said stand anywhere beside each other.
    for turn in &session.turns {
        let words: Vec<_> = turn.text.split_whitespace().collect();
        for five in words.windows(5) {
            assert!(!text.contains(&five.join(" ")), "{five:?}");
        }
    }
    for number in numbers {
        for told in [F0, 1.0 / F0, LANDMARK] {
            assert!((number - f64::from(told)).abs() > 1e-6, "{told} is written");
        }
    }
    assert!(!out.join("parquet/tracks").exists() && !out.join("report").exists());
    assert!(!out.join("csv/words.csv").exists() && !out.join("parquet/words").exists());
    let readme = std::fs::read_to_string(out.join("README.md")).unwrap();
    assert!(readme.contains("`csv/`") && !readme.contains("`report/`"), "{readme}");
    // And yet it is not empty.
    assert!(text.contains("aud.silence3") && text.contains("client_face_actions_mouthPucker"));

    // What the test looks for is there to be found.
    check(
        &desk.attune(&["export", &results, "--to", "all", "--profile", "restricted", "-o", out_text]),
        0,
        "restricted",
    );
    let (text, numbers) = everything(&out);
    for word in ["zyxwords3", "zyxnoted", "zyxalone", "zyxspoken", "zyxsentence", "client_pitch_hz", "face_box"] {
        assert!(text.contains(word), "{word}");
    }
    for told in [F0, LANDMARK] {
        assert!(numbers.iter().any(|number| (number - f64::from(told)).abs() < 1e-6), "{told}");
    }
    // Names of files and people are in no profile but that with recordings.
    for word in ["Cholmondeley", "_1987", "/home"] {
        assert!(!text.contains(word), "{word:?} is written in the restricted profile");
    }
}

#[test]
fn the_media_profile_asks_and_links_recordings() {
    let desk = Desk::new();
    let results = results_of(&desk, &telling_session());
    let film = desk.write("mit Umlaut \u{fc} & Co.mp4", "film");
    let out = desk.path("out");
    let args = [
        "export",
        &results,
        "--to",
        "elan,qdpx",
        "--profile",
        "media",
        "--media",
        film.to_str().unwrap(),
        "-o",
        out.to_str().unwrap(),
    ];
    check(&desk.attune(&args), 2, "--yes");
    assert!(!out.exists());
    check(&desk.attune(&[&args[..], &["--yes"]].concat()), 0, "profile media");
    let eaf = std::fs::read_to_string(out.join("elan/session1.eaf")).unwrap();
    assert!(
        eaf.contains("mit%20Umlaut%20%C3%BC%20%26%20Co.mp4") && eaf.contains("MIME_TYPE=\"video/mp4\""),
        "{}",
        &eaf[..900]
    );
}

#[test]
fn the_same_session_gives_the_same_bytes() {
    let desk = Desk::new();
    let results = results_of(&desk, &telling_session());
    let (one, two) = (desk.path("one"), desk.path("two"));
    for out in [&one, &two] {
        let args = ["export", &results, "--to", "all", "--profile", "restricted", "-o", out.to_str().unwrap()];
        check(&desk.attune(&args), 0, "1 session");
    }
    let bytes = |folder: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let files = files_of(folder).into_iter();
        files.map(|path| (path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap())).collect()
    };
    assert!(bytes(&one) == bytes(&two));
}

#[test]
fn places_and_formats_that_do_not_fit_are_told() {
    let desk = Desk::new();
    let results = results_of(&desk, &made::almost_nothing());
    let out = desk.path("out");
    let out = out.to_str().unwrap();
    check(&desk.attune(&["export", &results, "--to", "elann", "-o", out]), 2, "did you mean elan?");
    check(&desk.attune(&["export", &results, "--profile", "secret", "-o", out]), 2, "restricted");
    check(&desk.attune(&["export", &results, "--name", "Anna Berg", "-o", out]), 2, "--name");
    check(&desk.attune(&["export", &results, "--session", "S001", "-o", out]), 2, "--session is for a study");
    check(&desk.attune(&["export", "nowhere.attune", "-o", out]), 2, "stand behind --to): nowhere.attune");
    check(&desk.attune(&["export", &results, "elan", "-o", out]), 2, "stand behind --to): elan");
    assert!(!Path::new(out).exists());
    // A session in which nothing happens goes through every format.
    check(&desk.attune(&["export", &results, "--to", "all", "--profile", "restricted", "-o", out]), 0, "1 session");
    // An earlier export may be replaced, something else may not.
    check(&desk.attune(&["export", &results, "--to", "csv", "-o", out]), 0, "1 session");
    assert!(!Path::new(out).join("elan").exists());
    let mine = desk.path("mine");
    std::fs::create_dir(&mine).unwrap();
    std::fs::write(mine.join("letter.txt"), "x").unwrap();
    check(&desk.attune(&["export", &results, "-o", mine.to_str().unwrap()]), 1, "letter.txt");
    // Damaged results: the other folder is written.
    let damaged = desk.path("damaged");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("session.json"), "{\"schema\": 1").unwrap();
    check(
        &desk.attune(&["export", &results, damaged.to_str().unwrap(), "-o", out]),
        3,
        "session2: the session is damaged",
    );
    let wrong = desk.write("d.csv", "a,b\n");
    check(
        &desk.attune(&["export", &results, "--decisions", wrong.to_str().unwrap(), "-o", out]),
        1,
        "needs the column",
    );
}
