//! What is written can be read: by us, by other tools, by people.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and prints what it measured"
)]

mod made;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use attune::export::{self, CodeWords, Codes, ExportError, NAMES, Options, Settings, Tone, dictionary};
use attune::session::{self, Session, stored};
use attune::track::Tracks;

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

fn write_to(session: &Session, folder: &Path) -> Result<export::Written, ExportError> {
    export::write_results(session, &codes(), folder, &settings(), &Options::default())
}

fn page(session: &Session) -> String {
    export::report::page(session, &codes(), &settings())
}

fn bytes_of(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    bytes
}

// ---- the folder ----

/// With `ATTUNE_SHOW=folder`, leaves the made sessions' results there to be looked at.
#[test]
fn all_files_are_written_and_the_same_each_time() {
    let mut made = vec![("four", made::four_minutes()), ("nothing", made::almost_nothing())];
    let shown = std::env::var_os("ATTUNE_SHOW").map(PathBuf::from);
    if shown.is_some() {
        made.push(("fifty", made::fifty_minutes()));
    }
    for (name, session) in &made {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let written = write_to(session, &one.path().join("new/results")).unwrap();
        write_to(session, two.path()).unwrap();
        write_to(session, two.path()).unwrap();
        assert_eq!(fs::read_dir(two.path()).unwrap().count(), NAMES.len());
        for (file, name) in written.files.iter().zip(NAMES) {
            let bytes = fs::read(&file.0).unwrap();
            assert_eq!(bytes.len() as u64, file.1);
            assert_eq!(bytes, fs::read(two.path().join(name)).unwrap(), "{name}");
        }
        if let Some(shown) = &shown {
            write_to(session, &shown.join(name)).unwrap();
            let svg = export::timeline::standalone(session, &settings());
            fs::write(shown.join(format!("{name}.svg")), svg).unwrap();
        }
    }
}

/// What is in a folder before, and what the error says; `""` = none.
fn into_folder(before: &[(&str, &str)], options: &Options<'_>, expect: &str) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in before {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let session = made::almost_nothing();
    let result = export::write_results(&session, &codes(), folder.path(), &settings(), options);
    let message = result.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(message.contains(expect) && message.is_empty() == expect.is_empty(), "{message:?} lacks {expect:?}");
    if !expect.is_empty() {
        for (name, text) in before {
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), *text, "{name} was changed");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before.len(), "something was left behind");
    }
}

#[test]
fn nothing_of_others_is_overwritten() {
    let plain = Options::default();
    into_folder(&[], &plain, "");
    into_folder(&[("notes.txt", "mine")], &plain, "notes.txt");
    into_folder(&[("events.csv", "a,b")], &plain, "events.csv");
    into_folder(&[("session.json", "{\"schema\": 7}")], &plain, "not a session of Attune");
    into_folder(&[("session.json", "{\"sche")], &plain, "damaged");
    into_folder(&[("session.json", r#"{"schema": 99, "origin": {"engine": "9"}}"#)], &plain, "schema 99");
    into_folder(&[("cache", "")], &Options { also_ours: &["cache"], ..plain }, "");
    into_folder(&[(".events.csv.part", "half of an earlier run")], &plain, "");
}

#[test]
fn another_sessions_results_stay_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    write_to(&made::almost_nothing(), folder.path()).unwrap();
    fs::write(folder.path().join("my notes.txt"), "mine").unwrap();
    let other = made::four_minutes();
    let message = write_to(&other, folder.path()).unwrap_err().to_string();
    assert!(message.contains("another session"), "{message}");
    assert_eq!(session::read(folder.path()).unwrap().name, "recording");
    let replace = Options { replace_other: true, ..Options::default() };
    export::write_results(&other, &codes(), folder.path(), &settings(), &replace).unwrap();
    assert_eq!(session::read(folder.path()).unwrap().name, "example");
    assert_eq!(fs::read_to_string(folder.path().join("my notes.txt")).unwrap(), "mine");
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "x").unwrap();
    let session = made::almost_nothing();
    let message = |place: &Path| write_to(&session, place).unwrap_err().to_string();
    assert!(message(&file).contains("this is a file"), "{}", message(&file));
    assert!(message(&file.join("below")).contains("a part of the path is a file"), "{}", message(&file.join("below")));
    if cfg!(target_os = "linux") {
        let read_only = message(Path::new("/proc/attune results"));
        assert!(read_only.contains("choose") && read_only.contains("/proc/attune results"), "{read_only}");
    }
    let results = folder.path().join("results");
    fs::create_dir_all(results.join("events.csv")).unwrap();
    let options = Options { also_ours: &["events.csv"], ..Options::default() };
    let in_the_way = export::write_results(&session, &codes(), &results, &settings(), &options).unwrap_err();
    assert!(in_the_way.to_string().contains("a folder has the name"), "{in_the_way}");
    assert!(!results.join("session.json").exists());
}

/// Every writer tells that the disk is full, also when only its last buffer does not fit.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let session = made::four_minutes();
    let full = || BufWriter::new(File::options().write(true).open("/dev/full").unwrap());
    let flushed = |written: std::io::Result<()>, mut to: BufWriter<File>| written.and_then(|()| to.flush());
    let mut to = full();
    let mut results = vec![flushed(stored::write(&session, &mut to), to)];
    to = full();
    results.push(flushed(export::csv_files::write_events(&session, &mut to), to));
    to = full();
    results.push(flushed(export::csv_files::write_episodes(&session, &mut to), to));
    to = full();
    results.push(flushed(export::tracks::write(&session.tracks, &mut to), to));
    for result in results {
        assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    }
}

// ---- session.json ----

#[test]
fn a_session_survives_the_way_there_and_back() {
    for mut session in [made::four_minutes(), made::fifty_minutes(), made::almost_nothing()] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.json");
        stored::write(&session, File::create(&file).unwrap()).unwrap();
        session.tracks = Tracks::new();
        let back = session::read(folder.path()).unwrap();
        assert_eq!(back, session);
        assert_eq!(bytes_of(|to| stored::write(&back, to)), fs::read(&file).unwrap());
    }
}

#[test]
fn numbers_that_are_none_do_not_spoil_the_file() {
    let mut session = made::four_minutes();
    session.events[0].value = f32::NAN;
    session.events[1].strength = f32::NAN;
    session.episodes[0].review_secs = f64::INFINITY;
    let folder = tempfile::tempdir().unwrap();
    stored::write(&session, File::create(folder.path().join("session.json")).unwrap()).unwrap();
    let back = session::read(folder.path()).unwrap();
    assert!(back.events[0].value.is_nan());
    assert!(back.events[1].strength.abs() < f32::EPSILON);
    assert!(back.problems.last().unwrap().message.starts_with("2 strengths"));
}

#[test]
fn a_session_that_breaks_off_anywhere_is_an_error() {
    let session = made::almost_nothing();
    let whole = bytes_of(|to| stored::write(&session, to));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    for keep in (0..whole.len() - 2).step_by(97) {
        fs::write(&file, &whole[..keep]).unwrap();
        let message = session::read(&file).unwrap_err().to_string();
        assert!(message.contains("damaged"), "{keep}: {message}");
    }
}

#[test]
fn the_schema_fits_what_is_written_and_nothing_else() {
    let schema: serde_json::Value = serde_json::from_str(&stored::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for mut session in [made::four_minutes(), made::almost_nothing()] {
        session.events[0].value = f32::NAN;
        let value: serde_json::Value = serde_json::from_slice(&bytes_of(|to| stored::write(&session, to))).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path)).collect();
        assert!(errors.is_empty(), "{errors:?}");
        for (key, wrong) in [("schema", "1"), ("span", "0-4 min"), ("events", "none")] {
            let mut broken = value.clone();
            broken[key] = wrong.into();
            assert!(!validator.is_valid(&broken), "{key}");
            broken.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&broken), "no {key}");
        }
    }
}

// ---- tables ----

fn table(bytes: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(bytes);
    let words = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = words(reader.headers().unwrap());
    (header, reader.records().map(|record| words(&record.unwrap())).collect())
}

#[test]
fn tables_hold_every_event_and_candidate() {
    let mut session = made::four_minutes();
    session.name = "=cmd, \"quoted\"\nand two lines".into();
    session.events[0].value = f32::NAN;
    let events = bytes_of(|to| export::csv_files::write_events(&session, to));
    assert!(events.ends_with(b"\r\n"));
    let (header, rows) = table(&events);
    assert_eq!(rows.len(), session.events.len());
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    assert_eq!(rows[0][at("session")], format!("'{}", session.name));
    assert_eq!(rows[0][at("value")], "");
    for (row, event) in rows.iter().zip(&session.events) {
        assert_eq!(row[at("start_s")].parse::<f64>().unwrap().to_bits(), event.span.start().secs_f64().to_bits());
        assert_eq!(row[at("who")], event.who.to_string());
        assert_eq!(row[at("kind")], event.kind.clone().unwrap_or_default());
    }
    let (header, rows) = table(&bytes_of(|to| export::csv_files::write_episodes(&session, to)));
    assert_eq!(rows.len(), session.episodes.len());
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let cycle = rows.iter().find(|row| row[at("kind")] == "cycle").unwrap();
    assert_eq!((cycle[at("repeats")].as_str(), cycle[at("outcome")].as_str()), ("3", "resolved"));
    assert_eq!(cycle[at("families_for")], "silence; face; gaze_body");
    assert_eq!(cycle[at("therapist_moves")], "re-prompt; re-prompt; names the face");
}

// ---- tracks.parquet ----

#[test]
fn tracks_survive_to_the_last_bit() {
    for tracks in [made::four_minutes().tracks, made::almost_nothing().tracks, Tracks::new()] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tracks.parquet");
        let bytes = bytes_of(|to| export::tracks::write(&tracks, to));
        assert_eq!(bytes, bytes_of(|to| export::tracks::write(&tracks, to)));
        fs::write(&file, &bytes).unwrap();
        let back = export::tracks::read(&file).unwrap();
        assert_eq!(back.iter().count(), tracks.iter().count());
        for ((name, track), (back_name, back)) in tracks.iter().zip(back.iter()) {
            assert_eq!((name, track.who, track.unit, &track.grid), (back_name, back.who, back.unit, &back.grid));
            assert_eq!(track.columns, back.columns);
            // Compared as bits, since NaN is not equal to itself.
            let bits = |track: &attune::track::Track| -> Vec<u32> {
                let of_confidence = track.confidence.iter().flatten().map(|value| value.to_bits());
                track.values.iter().map(|value| value.to_bits()).chain(of_confidence).collect()
            };
            assert!(bits(track) == bits(back), "{name}");
        }
    }
}

/// Numbers that hardly compress: noise in every bit, of the values and of their quality.
#[test]
fn tracks_stay_small() {
    let session = made::ten_full_minutes();
    let numbers: usize = session.tracks.iter().map(|(_, track)| track.values.len()).sum();
    let bytes = bytes_of(|to| export::tracks::write(&session.tracks, to)).len();
    println!("{numbers} numbers in {bytes} bytes: {:.1} MB an hour", bytes as f64 * 6.0 / 1e6);
    assert!(numbers > 1_300_000 && bytes < 40_000_000 / 6, "{numbers} numbers in {bytes} bytes");
}

#[test]
fn damaged_tracks_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracks.parquet");
    let whole = bytes_of(|to| export::tracks::write(&made::almost_nothing().tracks, to));
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0xff;
    for broken in [&whole[..0], &whole[..whole.len() / 2], &whole[..whole.len() - 1], b"PAR1 no, only text PAR1"] {
        fs::write(&file, broken).unwrap();
        assert!(export::tracks::read(&file).unwrap_err().to_string().contains("tracks.parquet"));
    }
    // A flipped bit inside may go unseen by the format, but must not end the program.
    fs::write(&file, flipped).unwrap();
    let _ = export::tracks::read(&file);
    assert!(export::tracks::read(Path::new("no/such.parquet")).is_err());
}

// ---- report.html ----

#[test]
fn review_time_without_a_candidate_is_said_to_be_for_comparison() {
    let mut session = made::almost_nothing();
    session.controls = vec![made::span(20.0, 50.0)];
    let plan = serde_json::json!({ "clips": 0, "minutes": 0.8, "budget_minutes": 1.0, "expected_confirmed": null, "note": "" });
    session.review = Some(serde_json::from_value(plan).unwrap());
    let page = page(&session);
    let said = "for 1 stretch drawn at random where nothing was marked, to compare with";
    assert!(page.contains("0.8 min") && page.contains(said) && !page.contains("of review, of"), "{page}");
}

#[test]
fn the_report_needs_nothing_and_runs_nothing() {
    for session in [made::four_minutes(), made::almost_nothing()] {
        let page = page(&session);
        for forbidden in ["<script", "<img", "<link", "http://", "https://", "url(http", "@import", "src=", "onclick"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("default-src 'none'"));
        assert!(page.contains("Not for") && page.contains("lie detection") && page.contains("ncalibrated"));
        // No confidence of a candidate as a percentage: the only percent signs are lengths of drawings.
        for (at, _) in page.match_indices('%') {
            let before = page[..at].trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            assert!(before.ends_with(['"', ':', '(', ',']), "{}", &page[at.saturating_sub(40)..at + 1]);
        }
    }
}

#[test]
fn every_jump_has_a_place_and_every_place_one_name() {
    for session in [made::four_minutes(), made::fifty_minutes(), made::almost_nothing()] {
        let page = page(&session);
        let all = |before: &str| -> Vec<&str> {
            page.match_indices(before).map(|(at, _)| page[at + before.len()..].split('"').next().unwrap()).collect()
        };
        let ids = all(" id=\"");
        let places: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), places.len(), "a name is used twice");
        let jumps = all("href=\"#");
        assert!(jumps.len() > 5);
        for jump in jumps {
            assert!(places.contains(jump), "nothing is called {jump}");
        }
    }
}

#[test]
fn what_was_said_stays_text() {
    let attack = "</td></svg></style><script>alert(1)</script><img src=x onerror=alert(2)>\"'><!-- \u{202e}\u{0}&amp;";
    let mut session = made::four_minutes();
    session.name = attack.into();
    session.media[0].file = attack.into();
    session.problems[0].message = attack.into();
    session.people[0].told_by = attack.into();
    session.coverage[0].why_not = attack.into();
    session.turns.iter_mut().for_each(|turn| turn.text = attack.into());
    for episode in &mut session.episodes {
        episode.sentence = attack.into();
        episode.missing.push(attack.into());
        episode.evidence_for.iter_mut().for_each(|evidence| evidence.sentence = attack.into());
        episode.codes.iter_mut().for_each(|code| (code.code, code.label) = (attack.into(), attack.into()));
        episode.cycle.iter_mut().for_each(|cycle| cycle.moves = vec![attack.into()]);
        episode.repair.iter_mut().for_each(|repair| repair.signs = vec![(attack.into(), true)]);
    }
    for text in [page(&session), export::timeline::standalone(&session, &settings())] {
        for forbidden in ["<script", "<img", "<!--", "\u{202e}", "\u{0}"] {
            assert!(!text.contains(forbidden), "{forbidden:?}");
        }
    }
    assert!(page(&session).contains("&lt;script&gt;alert(1)"));
}

#[test]
fn the_report_says_what_the_session_holds() {
    let session = made::four_minutes();
    let page = page(&session);
    let order: Vec<usize> = {
        let mut ranked: Vec<_> = session.episodes.iter().collect();
        ranked.sort_by_key(|episode| episode.rank);
        ranked.iter().map(|episode| page.find(&format!(" id=\"{}\"", episode.id)).unwrap()).collect()
    };
    assert!(order.is_sorted(), "candidates stand in the order of their rank");
    for words in [
        "3.4 min",
        "1 \u{d7} cycle candidate",
        "0:42\u{2013}1:19",
        "Very concise response to the therapist intervention and then silence",
        "names the face",
        "The therapist addressed it, and the client re-engaged.",
        "4.2 s silence",
        "I notice that your face changed just now",
        "Who is who",
        "2.0 of 4.0",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains(session.media[0].sha256.as_str()), "only short hashes are for people");
}

/// A session read back has no tracks: the report is then drawn from its events alone.
#[test]
fn a_report_can_be_made_from_the_stored_session() {
    let folder = tempfile::tempdir().unwrap();
    write_to(&made::four_minutes(), folder.path()).unwrap();
    let mut back = session::read(folder.path()).unwrap();
    assert!(page(&back).contains("0:42\u{2013}1:19"));
    back.tracks = export::tracks::read(&folder.path().join("tracks.parquet")).unwrap();
    assert_eq!(page(&back).into_bytes(), fs::read(folder.path().join("report.html")).unwrap());
}

#[test]
fn strange_sessions_still_make_a_page() {
    let mut session = made::four_minutes();
    session.people.clear();
    session.coverage.clear();
    session.media.clear();
    session.events.clear();
    assert!(page(&session).contains("cycle candidate"));
    let mut session = made::four_minutes();
    // Episodes outside the session and numbers that are none.
    session.span = made::span(-3.0, 1.5);
    session.episodes[0].ranking_weight = f32::NAN;
    session.episodes[0].evidence_for[0].strength = f32::NAN;
    session.coverage[0].total_s = 0.0;
    assert!(page(&session).ends_with("</html>"));
}

// ---- documentation ----

/// With `ATTUNE_WRITE_DOCS=1`, brings the file up to date instead.
fn keep(file: &str, expected: &str) {
    if std::env::var_os("ATTUNE_WRITE_DOCS").is_some() {
        fs::write(file, expected).unwrap();
    }
    let found = fs::read_to_string(file).unwrap_or_default();
    assert!(found == expected, "{file} is out of date: run ATTUNE_WRITE_DOCS=1 cargo test --test exports");
}

#[test]
fn the_documented_schema_is_the_real_one() {
    keep("docs/session.schema.json", &stored::schema());
}

#[test]
fn the_documented_columns_are_the_real_ones() {
    let file = "docs/results.md";
    let mut text = fs::read_to_string(file).unwrap();
    for (name, columns) in [
        ("events.csv", dictionary::markdown(dictionary::EVENTS)),
        ("episodes.csv", dictionary::markdown(dictionary::EPISODES)),
        ("tracks.parquet", dictionary::tracks_markdown()),
    ] {
        let (start, end) = (format!("<!-- columns of {name} -->\n"), format!("<!-- end of {name} -->"));
        let from = text.find(&start).unwrap_or_else(|| panic!("{file} lacks {start}")) + start.len();
        let to = text.find(&end).unwrap_or_else(|| panic!("{file} lacks {end}"));
        text.replace_range(from..to, &columns);
    }
    keep(file, &text);
}

#[test]
fn the_documented_track_columns_are_those_of_the_file() {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let folder = tempfile::tempdir().unwrap();
    write_to(&made::almost_nothing(), folder.path()).unwrap();
    let file = File::open(folder.path().join("tracks.parquet")).unwrap();
    let schema = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().schema().clone();
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let documented: Vec<_> = dictionary::TRACKS.iter().map(|column| column.0).collect();
    assert_eq!(names, documented);
}
