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
mod made;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use attune::config::Config;
use attune::export::{self, Options};
use attune::markers::{Event, EventId};
use attune::session::Session;
use attune::share::{Settings, decisions, dictionary};
use attune::time::{FrameGrid, SessionTime, Step};
use attune::track::{Track, Unit, Who};
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
    // And yet it is not empty.
    assert!(text.contains("aud.silence3") && text.contains("client_face_actions_mouthPucker"));

    // What the test looks for is there to be found.
    check(
        &desk.attune(&["export", &results, "--to", "all", "--profile", "restricted", "-o", out_text]),
        0,
        "restricted",
    );
    let (text, numbers) = everything(&out);
    for word in ["zyxwords3", "zyxsentence", "client_pitch_hz", "face_box"] {
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
    check(&desk.attune(&["export", "nowhere.attune", "-o", out]), 1, "nothing could be exported");
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

// ---- studies and ELAN ----

/// A study with one scanned session, whose results are those of a made session.
fn study_of(desk: &Desk, session: &Session) -> String {
    let place = desk.path("study").to_str().unwrap().to_owned();
    check(&desk.attune(&["study", "new", &place, "--coder", "anna", "--coder", "ben"]), 0, "");
    let wav = desk.wav("sound.wav", 0.2);
    check(&desk.attune(&["study", "add", &place, wav.to_str().unwrap(), "--dyad", "D7", "--day", "14"]), 0, "S001");
    let folder = Path::new(&place).join("sessions/S001/results");
    let report = Config::embedded().read("report.toml").unwrap();
    let mut session = session.clone();
    session.name = "S001".into();
    export::write_results(&session, &export::Codes::default(), &folder, &report, &Options::default()).unwrap();
    place
}

#[test]
fn only_what_people_agreed_to_leaves_a_study() {
    let desk = Desk::new();
    let place = study_of(&desk, &telling_session());
    let out = desk.path("out");
    let out = out.to_str().unwrap();
    check(&desk.attune(&["export", &place, "-o", out]), 1, "nobody in it has agreed to export");
    check(&desk.attune(&["study", "consent", &place, "S001", "client=+export"]), 0, "");
    let args = ["export", &place, "--to", "all", "--profile", "restricted", "-o", out];
    check(&desk.attune(&args), 3, "without what is about the therapist");
    let (text, _) = everything(Path::new(out));
    let session = telling_session();
    for turn in &session.turns {
        let word = turn.text.split_whitespace().last().unwrap();
        let is_whole = text.split(|c: char| !c.is_alphanumeric()).any(|other| other == word);
        assert_eq!(is_whole, turn.who == Who::Client, "{word}");
    }
    assert!(text.contains("D7-client") && !text.contains("D7-therapist"));
    check(&desk.attune(&["study", "consent", &place, "S001", "therapist=+export"]), 0, "");
    check(&desk.attune(&args), 0, "1 session");
    let (text, _) = everything(Path::new(out));
    assert!(text.contains("D7-therapist") && text.contains(",D7,14,"));
}

#[test]
fn coders_work_leaves_when_all_have_locked() {
    let desk = Desk::new();
    let session = telling_session();
    let place = study_of(&desk, &session);
    check(&desk.attune(&["study", "consent", &place, "S001", "client=+export", "therapist=+export"]), 0, "");
    let store = coders::store(&place, &["anna", "ben"]);
    let out = desk.path("coded");
    let out = out.to_str().unwrap();
    let export = |profile: &str, more: &[&str]| {
        let args = ["export", &place, "--to", "csv,elan,qdpx", "--profile", profile, "--yes", "-o", out];
        let done = desk.attune(&[&args, more].concat());
        check(&done, 0, "1 session");
        let csv = |name: &str| std::fs::read_to_string(Path::new(out).join(format!("csv/{name}.csv"))).unwrap();
        let eaf = std::fs::read_to_string(Path::new(out).join("elan/S001.eaf")).unwrap();
        let mut qdpx =
            zip::ZipArchive::new(std::fs::File::open(Path::new(out).join("qdpx/export.qdpx")).unwrap()).unwrap();
        let mut qde = String::new();
        std::io::Read::read_to_string(&mut qdpx.by_name("project.qde").unwrap(), &mut qde).unwrap();
        (csv("codings"), csv("decisions"), eaf, qde, done)
    };
    // On a turn, so that the transcript shows it.
    let turn = attune::review::clips::millis(session.turns[1].span);
    coders::code(&store, "anna", "S001", "rs03");
    coders::lock(&store, "anna", "S001");
    coders::recode(&store, "anna", "S001", turn, "rs05");
    coders::code(&store, "ben", "S001", "rs02");
    let (codings, decisions, eaf, _, done) = export("restricted", &[]);
    assert!(done.err.contains("S001: without the coders' work"), "{done:?}");
    assert_eq!((codings.lines().count(), decisions.lines().count()), (1, 1));
    assert!(!eaf.contains("qvx"));
    coders::lock(&store, "ben", "S001");
    coders::settle(&store, "ben", "S001");
    let (codings, decisions, eaf, qde, _) = export("restricted", &[]);
    assert!(
        codings.contains(",anna,blind,1,rs03,")
            && codings.contains(",ben,blind,1,rs02,")
            && codings.contains("qvxcoding")
    );
    assert!(decisions.contains(",anna,flag,recode,rs05,rupture,"), "{decisions}");
    assert!(eaf.contains("rs03: ") && eaf.contains("TIER_ID=\"coder.ben\"") && eaf.contains("qvxdecision"));
    let count = |text: &str, word: &str| text.matches(word).count();
    let by = |name: &str| {
        let at = qde.find(&format!("name=\"{name}\"")).unwrap();
        let guid = qde[..at].rfind("guid=\"").unwrap() + 6;
        count(&qde, &format!("creatingUser=\"{}\"", &qde[guid..guid + 36]))
    };
    assert!(by("anna") >= 2 && by("anna") % 2 == 0, "a selection and its coding, each by her: {}", by("anna"));
    // Open: the same codes without a word of theirs. Blind: nothing of them.
    let (codings, decisions, eaf, qde, _) = export("open", &[]);
    assert!(codings.contains(",anna,blind,1,rs03,") && decisions.contains(",rs05,rupture,"));
    let (text, _) = everything(Path::new(out));
    assert!(!text.contains("qvx") && !eaf.contains("qvx") && !qde.contains("qvx"));
    let (codings, _, eaf, _, _) = export("restricted", &["--blind"]);
    assert!(codings.lines().count() == 1 && !eaf.contains("qvx"));
    // With recordings: on their clock too.
    let (.., qde, _) = export("media", &[]);
    assert!(qde.contains("AudioSelection") && qde.contains("begin=\"10000\" end=\"20000\""), "{qde}");
    // Each of the five is in the log.
    let lines = store.read(|c| attune::review::chain::last(c, 1_000)).unwrap();
    let exported: Vec<_> = lines.iter().filter(|line| line.action == "exported").collect();
    assert_eq!(exported.len(), 5);
    assert_eq!(exported[0].detail, "media, csv elan qdpx: S001");
}

#[test]
fn further_stretches_have_a_list_of_their_own() {
    let desk = Desk::new();
    let mut session = telling_session();
    let mut further = session.episodes[0].clone();
    further.id = "f001".into();
    further.sentence = "qvxsentence".into();
    session.further.push(further);
    let learned = attune::episodes::Likelihood {
        probability: 0.25,
        level: attune::episodes::Level::Low,
        confirmed_low: None,
        confirmed_high: None,
    };
    session.episodes[0].likelihood = Some(learned);
    let results = results_of(&desk, &session);
    let out = desk.path("further");
    let rows = |more: &[&str]| -> Vec<std::collections::BTreeMap<String, String>> {
        let args = [&["export", &results, "-o", out.to_str().unwrap()], more].concat();
        check(&desk.attune(&args), 0, "1 session");
        let mut table = csv::Reader::from_path(out.join("csv/episodes.csv")).unwrap();
        table.deserialize().map(Result::unwrap).collect()
    };
    let open = rows(&[]);
    assert_eq!(open.len(), session.episodes.len() + 1);
    assert_eq!((open[0]["list"].as_str(), open[0]["likelihood"].as_str()), ("candidate", "0.25"));
    let last = open.last().unwrap();
    assert_eq!((last["list"].as_str(), last["episode"].as_str()), ("further", "f001"));
    assert!(
        !last.contains_key("sentence") && everything(&out).0.contains("f001") && !everything(&out).0.contains("qvx")
    );
    assert!(rows(&["--profile", "restricted"]).last().unwrap()["sentence"].contains("qvx"));
    // Coders who shall not see candidates get no further stretches either.
    assert!(rows(&["--blind", "--to", "all", "--profile", "restricted"]).is_empty());
    assert!(!everything(&out).0.contains("qvx"));
}

/// An annotation on a coder's tier of a document, with its own time slots.
fn annotate(eaf: &str, tier: &str, id: &str, (from, to): (i64, i64), value: &str) -> String {
    let slots = format!(
        "<TIME_SLOT TIME_SLOT_ID=\"{id}x\" TIME_VALUE=\"{from}\"/><TIME_SLOT TIME_SLOT_ID=\"{id}y\" TIME_VALUE=\"{to}\"/></TIME_ORDER>"
    );
    let annotation = format!(
        "<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"{id}\" TIME_SLOT_REF1=\"{id}x\" TIME_SLOT_REF2=\"{id}y\">\
         <ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
    );
    let head = format!("TIER_ID=\"{tier}\">");
    assert!(eaf.contains(&head), "no tier {tier}");
    eaf.replacen("</TIME_ORDER>", &slots, 1).replacen(&head, &format!("{head}{annotation}"), 1)
}

#[test]
fn what_a_coder_does_in_elan_comes_back() {
    let desk = Desk::new();
    let place = study_of(&desk, &telling_session());
    check(&desk.attune(&["study", "consent", &place, "S001", "both=+export"]), 0, "");
    let out = desk.path("out");
    check(&desk.attune(&["export", &place, "--to", "elan", "-o", out.to_str().unwrap()]), 0, "1 session");
    let eaf = std::fs::read_to_string(out.join("elan/S001.eaf")).unwrap();
    let candidates = made::four_minutes().episodes;
    let first = candidates[0].span;
    let at = |time: SessionTime| time.millis();
    let eaf = annotate(
        &eaf,
        "coder.anna",
        "b1",
        (at(first.start()) + 500, at(first.end())),
        "rs03: Very concise &amp; quiet",
    );
    let eaf = annotate(&eaf, "coder.anna", "b2", (200_000, 201_500), "rs02?");
    let eaf = annotate(&eaf, "coder.anna", "b3", (1000, 2000), "reject");
    let eaf = annotate(&eaf, "coder.anna", "b4", (3000, 4000), "rs033");
    let note = "<ANNOTATION><REF_ANNOTATION ANNOTATION_ID=\"b9\" ANNOTATION_REF=\"b1\"><ANNOTATION_VALUE>she &lt;looks&gt; away\
                </ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>";
    let head = "TIER_ID=\"coder.anna.note\">";
    let eaf = eaf.replacen(head, &format!("{head}{note}"), 1);
    let eaf = eaf.replacen("DATE=\"2000-01-01T00:00:00+00:00\"", "DATE=\"2026-05-04T10:11:12+02:00\"", 1);
    let file = desk.write("S001.eaf", eaf);
    let file = file.to_str().unwrap();
    let done = desk.attune(&["import", &place, "S001", file, "--coder", "anna"]);
    check(&done, 3, "3 decision(s) of anna in S001 from coder.anna");
    check(&done, 3, "at 3.0 s: \"rs033\" is no code of the codebook (did you mean rs03?)");
    let csv = Path::new(&place).join("sessions/S001/decisions/anna-flag.csv");
    let read = decisions::read(&csv).unwrap();
    let told: Vec<_> = read.iter().map(|d| (d.verdict.as_str(), d.code.as_str(), d.episode.as_str())).collect();
    assert_eq!(told, [("reject", "", ""), ("confirm", "rs03", candidates[0].id.as_str()), ("unsure", "rs02", "")]);
    let confirmed = &read[1];
    assert!((confirmed.start_s - (first.start().secs_f64() + 0.5)).abs() < 2e-3, "{confirmed:?}");
    assert_eq!((confirmed.dyad.as_str(), confirmed.pass.as_str()), ("D7", "flag"));
    assert_eq!(
        (confirmed.note.as_str(), confirmed.made_at.as_str()),
        ("she <looks> away", "2026-05-04T10:11:12+02:00")
    );
    let head = std::fs::read_to_string(&csv).unwrap();
    assert!(head.starts_with("session,dyad,episode,coder,pass,verdict,code,start_s,end_s,made_at,note\r\n"), "{head}");

    // They go out with the rest, and come back the same.
    let all = ["export", &place, "--to", "all", "--profile", "restricted", "-o", out.to_str().unwrap()];
    check(&desk.attune(&all), 0, "1 session");
    let again = out.join("elan/S001.eaf");
    let copy = desk.path("again.csv");
    let args = ["import", &place, "S001", again.to_str().unwrap(), "--coder", "anna", "-o", copy.to_str().unwrap()];
    check(&desk.attune(&args), 0, "3 decision(s)");
    let back = decisions::read(&copy).unwrap();
    for (one, two) in read.iter().zip(&back) {
        let same = |d: &decisions::Decision| {
            (d.verdict.clone(), d.note.clone(), d.episode.clone(), (d.start_s * 1000.0).round() as i64)
        };
        assert_eq!(same(one), same(two));
    }
    // Codings of coders stand in the project under their own name.
    let (text, _) = everything(&out.join("qdpx"));
    assert!(text.contains("name=\"anna\"") && text.contains("Attune (candidates)"));
}

#[test]
fn coders_who_shall_not_see_candidates_get_none() {
    let desk = Desk::new();
    let results = results_of(&desk, &telling_session());
    let out = desk.path("out");
    let args = [
        "export",
        &results,
        "--to",
        "all",
        "--blind",
        "--profile",
        "restricted",
        "--coder",
        "ben",
        "-o",
        out.to_str().unwrap(),
    ];
    check(&desk.attune(&args), 0, "1 session");
    let eaf = std::fs::read_to_string(out.join("elan/session1.eaf")).unwrap();
    assert!(eaf.contains("coder.ben") && !eaf.contains("TIER_ID=\"candidates\"") && !eaf.contains("TIER_ID=\"codes\""));
    for table in ["hits", "episodes"] {
        let text = std::fs::read_to_string(out.join(format!("csv/{table}.csv"))).unwrap();
        assert_eq!(text.lines().count(), 1, "{table}");
    }
    assert!(!out.join("webvtt/session1.candidates.vtt").exists());
}

#[test]
fn documents_that_are_none_are_told() {
    let desk = Desk::new();
    let place = study_of(&desk, &made::four_minutes());
    let import = |file: &Path, more: &[&str]| {
        let mut args = vec!["import", &place, "S001", file.to_str().unwrap(), "--coder", "anna"];
        args.extend(more);
        desk.attune(&args)
    };
    check(&import(&desk.path("none.eaf"), &[]), 1, "cannot read the document");
    check(&import(&desk.write("a.eaf", "<a><b></a>"), &[]), 1, "at line 1");
    check(&import(&desk.write("b.eaf", "dear diary"), &[]), 1, "no ELAN document");
    check(&import(&desk.write("c.eaf", [0xFF, 0xFE, 0x00]), &[]), 1, "no ELAN document");
    let other = "<ANNOTATION_DOCUMENT><TIER TIER_ID=\"gestures\"/></ANNOTATION_DOCUMENT>";
    check(&import(&desk.write("d.eaf", other), &[]), 1, "say --tier with one of gestures");
    check(&import(&desk.write("d.eaf", other), &["--tier", "gestures"]), 0, "0 decision(s)");
    let bomb = format!(
        "<!DOCTYPE a [<!ENTITY x \"{}\">]><ANNOTATION_DOCUMENT><TIER TIER_ID=\"coder.anna\"><ANNOTATION>\
                        <ALIGNABLE_ANNOTATION><ANNOTATION_VALUE>&x;</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>\
                        </ANNOTATION_DOCUMENT>",
        "y".repeat(50)
    );
    check(&import(&desk.write("e.eaf", bomb), &[]), 1, "");
    let backwards = "<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID=\"1\" TIME_VALUE=\"5\"/></TIME_ORDER>\
        <TIER TIER_ID=\"coder.anna\"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a1\" TIME_SLOT_REF1=\"1\" TIME_SLOT_REF2=\"1\">\
        <ANNOTATION_VALUE>rs03</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>";
    check(&import(&desk.write("f.eaf", backwards), &[]), 1, "no start before an end");
    let wrong = desk.attune(&["import", &place, "S002", "x.eaf", "--coder", "anna"]);
    check(&wrong, 1, "did you mean S001?");
    check(&desk.attune(&["import", &place, "S001", "x.eaf", "--coder", "Anna Berg"]), 2, "--coder");
}

// ---- dictionary and speed ----

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
