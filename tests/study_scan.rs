//! Scans of a whole study: killed and taken up again, with sessions that fail, and with what people agreed to.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a test says what broke by panicking"
)]

#[path = "cli/desk.rs"]
mod desk;
mod made;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use attune::engine::interpret::interpret;
use attune::engine::prepared::Prepared;
use attune::engine::withheld::{WHY, Withheld};
use attune::origin::Hash;
use attune::track::Who;
use attune::transcript::told::Told;
use desk::{Desk, check};

const TALK: &str = "WEBVTT\n\n00:00.000 --> 00:01.200\n<v Therapist>How has your week been since we met?\n\n\
                    00:01.400 --> 00:01.700\n<v Client>Fine, I guess.\n\n00:05.000 --> 00:06.000\n<v Therapist>What was fine about it?\n\n\
                    00:06.500 --> 00:06.900\n<v Client>Elderberries.\n";

/// A study of `count` sessions: all with a transcript, every third with two seconds of sound.
fn study_of(desk: &Desk, name: &str, count: usize) -> String {
    let place = desk.path(name).to_str().unwrap().to_owned();
    check(&desk.attune(&["study", "new", &place, "--seed", "1", "--language", "en"]), 0, "");
    if count == 0 {
        return place;
    }
    let mut list = String::from("media,transcript\n");
    for number in 0..count {
        desk.write(&format!("talk{number}.vtt"), TALK.replace("week", &format!("week {number}")));
        let sound = number % 3 == 0;
        if sound {
            desk.wav(&format!("sound{number}.wav"), 0.1 + 0.01 * number as f32);
        }
        list += &if sound { format!("sound{number}.wav,talk{number}.vtt\n") } else { format!(",talk{number}.vtt\n") };
    }
    let list = desk.write("list.csv", list);
    check(&desk.attune(&["study", "add", &place, "--list", list.to_str().unwrap()]), 0, &format!("{count} session(s)"));
    place
}

/// Hash of every file of the study but its locks, by path.
fn bytes_of(study: &str) -> BTreeMap<PathBuf, Hash> {
    fn gather(folder: &Path, root: &Path, all: &mut BTreeMap<PathBuf, Hash>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, root, all);
            } else if !path.to_string_lossy().ends_with(".lock") {
                all.insert(path.strip_prefix(root).unwrap().to_owned(), Hash::of_file(&path).unwrap());
            }
        }
    }
    let mut all = BTreeMap::new();
    gather(Path::new(study), Path::new(study), &mut all);
    all
}

fn clear_results(study: &str) {
    for session in std::fs::read_dir(Path::new(study).join("sessions")).unwrap() {
        let session = session.unwrap().path();
        _ = std::fs::remove_dir_all(session.join("results"));
        _ = std::fs::remove_file(session.join("scan.toml"));
    }
}

#[test]
fn killed_twenty_times_it_comes_to_the_same_bytes() {
    let desk = Desk::new();
    let place = study_of(&desk, "study", 10);
    let since = Instant::now();
    check(&desk.attune(&["scan", &place, "--jobs", "2"]), 0, "10 done");
    // A busy machine takes longer: kills fall into the same parts of the work.
    let long_ms = since.elapsed().as_secs_f64().max(0.4) * 1000.0;
    let whole = bytes_of(&place);
    assert!(whole.len() >= 10 * 7, "{whole:?}");

    clear_results(&place);
    let mut dice = made::Dice::new(3);
    let (mut killed, mut resumed) = (0, 0);
    while killed < 20 {
        let mut scan = Command::new(env!("CARGO_BIN_EXE_attune"))
            .args(["scan", &place, "--jobs", "2", "--quiet"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(dice.between(5.0, 0.4 * long_ms) as u64));
        if scan.try_wait().unwrap().is_some() {
            // It was done before: from the beginning.
            clear_results(&place);
            continue;
        }
        scan.kill().unwrap();
        scan.wait().unwrap();
        killed += 1;
        let done = (1..=10).filter(|n| Path::new(&place).join(format!("sessions/S{n:03}/scan.toml")).exists()).count();
        resumed += usize::from(done > 0 && done < 10);
    }
    let last = desk.attune(&["scan", &place, "--jobs", "2"]);
    check(&last, 0, "0 failed");
    let now = bytes_of(&place);
    let differing: Vec<_> = whole.iter().filter(|(path, hash)| now.get(*path) != Some(hash)).collect();
    assert!(differing.is_empty(), "{differing:?}");
    assert_eq!(whole.keys().collect::<Vec<_>>(), now.keys().collect::<Vec<_>>());
    println!("killed 20 times, {resumed} of them in the middle of the study");
    assert!(resumed >= 3, "only {resumed} kills fell into the middle: make the sessions longer");
}

#[test]
fn one_that_fails_stops_none_and_is_tried_again() {
    let desk = Desk::new();
    let place = study_of(&desk, "study", 3);
    let bad = desk.write("Mr Cholmondeley.mp4", "this is no film");
    check(&desk.attune(&["study", "add", &place, bad.to_str().unwrap()]), 0, "S004");
    std::fs::write(Path::new(&place).join("sessions/S003/session.toml"), "schema = 1\nid = \"S003\"\n").unwrap();
    let done = desk.attune(&["scan", &place]);
    check(&done, 3, "2 done, 0 unchanged, 0 partly, 2 failed");
    check(&done, 3, "S004: this is no film or sound");
    check(&done, 3, "neither a [[media]] nor a transcript");
    assert!(!format!("{}{}", done.out, done.err).contains("Cholmondeley"), "a name is in the messages");
    check(&desk.attune(&["study", "status", &place]), 0, "S004    failed");

    desk.wav("Mr Cholmondeley.mp4", 0.3);
    let again = desk.attune(&["scan", &place, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!((&told["done"], &told["unchanged"], &told["failed"]), (&1.into(), &2.into(), &1.into()), "{told}");
    // What was scanned says nothing of how its files are called.
    for (path, _) in bytes_of(&place).iter().filter(|(path, _)| !path.ends_with("session.toml")) {
        let bytes = std::fs::read(Path::new(&place).join(path)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Cholmondeley"), "{}", path.display());
    }
}

#[test]
fn changed_recordings_and_settings_are_scanned_again_and_nothing_else() {
    let desk = Desk::new();
    let place = study_of(&desk, "study", 2);
    check(&desk.attune(&["scan", &place]), 0, "2 done");
    check(&desk.attune(&["scan", &place]), 0, "0 done, 2 unchanged");
    desk.write("talk1.vtt", TALK.replace("week", "month"));
    check(&desk.attune(&["study", "status", &place]), 0, "1 done, 0 partly, 0 failed, 1 changed");
    check(&desk.attune(&["scan", &place]), 0, "1 done, 1 unchanged");
    check(&desk.attune(&["scan", &place, "--budget", "9"]), 0, "2 done, 0 unchanged");
    check(&desk.attune(&["scan", &place, "--session", "S001", "--fresh"]), 0, "1 done");
    // A codebook of the study's own.
    let study = Path::new(&place);
    std::fs::create_dir(study.join("codebook")).unwrap();
    let text = std::fs::read_to_string(study.join("study.toml")).unwrap();
    std::fs::write(study.join("study.toml"), text.replacen("seed", "codebook = \"codebook\"\nseed", 1)).unwrap();
    std::fs::write(study.join("codebook/own.toml"), "id = 3").unwrap();
    check(&desk.attune(&["scan", &place]), 1, "codebook");
}

#[test]
fn wrong_use_is_told_at_once() {
    let desk = Desk::new();
    let place = study_of(&desk, "study", 1);
    let talk = desk.path("talk0.vtt");
    let talk = talk.to_str().unwrap();
    check(&desk.attune(&["scan", &place, "--transcript", talk]), 2, "--transcript is for a single session");
    check(&desk.attune(&["scan", &place, "--client", "left"]), 2, "in the session's manifest");
    check(&desk.attune(&["scan", &place, talk]), 2, "scanned by itself");
    check(&desk.attune(&["scan", talk, "--session", "S001"]), 2, "are for a study");
    check(&desk.attune(&["scan", &place, "--session", "S01"]), 1, "did you mean S001?");
    let study = attune::study::Study::open(Path::new(&place)).unwrap();
    let lock = study.lock_scan().unwrap();
    check(&desk.attune(&["scan", &place]), 1, "another attune is at work on this study (scan, process");
    drop(lock);
    let lock = study.lock("add").unwrap();
    check(&desk.attune(&["scan", &place]), 1, "another attune is at work on this study (add, process");
    drop(lock);
}

#[test]
fn names_in_a_transcript_stay_in_it() {
    let desk = Desk::new();
    let place = study_of(&desk, "study", 0);
    let talk =
        desk.write("talk.vtt", TALK.replace("Therapist", "Dr Zyxwell").replace("<v Client>", "<v Ruth Cholmondeley>"));
    let args = ["study", "add", &place, "--transcript", talk.to_str().unwrap(), "--client-is", "Ruth Cholmondely"];
    check(&desk.attune(&args), 0, "S001");
    let done = desk.attune(&["scan", &place]);
    check(&done, 3, "1 partly");
    let mut told = format!("{}{}", done.out, done.err);
    for path in bytes_of(&place).keys().filter(|path| !path.ends_with("session.toml")) {
        told += &String::from_utf8_lossy(&std::fs::read(Path::new(&place).join(path)).unwrap());
    }
    for name in ["Ruth", "Cholmondel", "Zyxwell"] {
        assert!(!told.contains(name), "{name}");
    }
    assert!(told.contains("nobody in this recording is"), "{told}");
}

// ---- consent ----

#[test]
fn words_that_nobody_agreed_to_are_nowhere() {
    let desk = Desk::new();
    let place = study_of(&desk, "study", 2);
    check(&desk.attune(&["scan", &place]), 0, "done");
    let results = Path::new(&place).join("sessions/S002/results");
    let holds = |word: &str| {
        let files = bytes_of(results.to_str().unwrap());
        files.keys().any(|path| String::from_utf8_lossy(&std::fs::read(results.join(path)).unwrap()).contains(word))
    };
    assert!(holds("Elderberries") && holds("week"));
    check(&desk.attune(&["study", "consent", &place, "S002", "client=-text"]), 0, "sound,face,research");
    check(&desk.attune(&["scan", &place]), 0, "done");
    assert!(!holds("Elderberries") && holds("week"), "the client's words go, the therapist's stay");
    let session = attune::session::read(&results).unwrap();
    assert!(session.turns.iter().all(|turn| turn.who == Who::Therapist));
    assert!(session.events.iter().all(|event| !event.marker.starts_with("txt.") || event.who == Who::Therapist));
    assert!(session.coverage.iter().any(|row| row.modality == "text" && row.who == Who::Client && row.why_not == WHY));

    // Nobody agrees to anything: what was there goes.
    check(&desk.attune(&["study", "consent", &place, "S002", "both=none"]), 0, "none");
    check(&desk.attune(&["scan", &place]), 3, "nobody has agreed");
    assert!(!results.exists());
    check(&desk.attune(&["study", "status", &place]), 0, "failed");
}

#[test]
fn stored_stages_go_with_the_consent() {
    let desk = Desk::new();
    let place = study_of(&desk, "study", 1);
    check(&desk.attune(&["scan", &place]), 0, "1 done");
    let results = Path::new(&place).join("sessions/S001/results");
    assert!(results.join("stages/voice.stage").exists());
    check(&desk.attune(&["study", "consent", &place, "S001", "client=-sound"]), 0, "face,text,research");
    check(&desk.attune(&["scan", &place]), 0, "1 done");
    assert!(!results.join("stages/voice.stage").exists(), "what the voice stage measured of the client is kept");
    let session = attune::session::read(&results).unwrap();
    assert!(session.events.iter().all(|event| !event.marker.starts_with("aud.") || event.who == Who::Therapist));
    let tracks = attune::export::tracks::read(&results.join("tracks.parquet")).unwrap();
    assert!(tracks.iter().all(|(_, track)| track.who == Who::Therapist), "the room's sound holds the client's");
}

/// With everything measured, each person's "no" takes their tracks and events, and those that need both people.
#[test]
fn a_no_takes_tracks_and_events_of_one_person() {
    let prepared = Prepared::read(attune::config::Config::embedded()).unwrap();
    let session = made::four_minutes();
    let run = |withheld: &Withheld| {
        let mut tracks = session.tracks.clone();
        withheld.keep_tracks(&mut tracks);
        let mut told = Told { turns: session.turns.clone(), ..Told::default() };
        withheld.keep_told(&mut told);
        let turns = told.turns;
        let mut problems = Vec::new();
        let language = prepared.languages.of(None, Some("en")).unwrap().unwrap();
        let spoken = (Some(turns.as_slice()), Some(&language.patterns));
        let found =
            interpret(&tracks, session.span, spoken, &prepared, (&prepared.episodes, withheld), 1, &mut problems)
                .unwrap();
        (found, tracks)
    };
    let count = |events: &[attune::markers::Event], family: &str, who: Who| {
        events.iter().filter(|event| event.marker.starts_with(family) && event.who == who).count()
    };
    let (all, _) = run(&Withheld::default());
    assert!(count(&all.events, "vid.", Who::Client) > 0 && count(&all.events, "aud.", Who::Room) > 0);

    let (no_face, tracks) = run(&Withheld { face: [Who::Client].into(), ..Withheld::default() });
    assert_eq!(count(&no_face.events, "vid.", Who::Client) + count(&no_face.events, "vid.", Who::Room), 0);
    assert_eq!(count(&no_face.events, "aud.", Who::Client), count(&all.events, "aud.", Who::Client));
    assert!(tracks.get("face_actions", Who::Client).is_none() && tracks.get("face_actions", Who::Therapist).is_some());
    let row = no_face.coverage.iter().find(|row| row.modality == "face" && row.who == Who::Client).unwrap();
    assert!(row.assessable_s.abs() < 1e-9 && row.why_not == WHY, "{row:?}");
    for (position, event) in no_face.events.iter().enumerate() {
        assert_eq!(event.id.0 as usize, position);
    }

    let (no_sound, tracks) = run(&Withheld { sound: [Who::Therapist].into(), ..Withheld::default() });
    assert_eq!(count(&no_sound.events, "aud.", Who::Therapist) + count(&no_sound.events, "aud.", Who::Room), 0);
    assert!(tracks.get("speech", Who::Room).is_none() && tracks.get("speech", Who::Client).is_some());

    let (no_text, _) = run(&Withheld { text: [Who::Client].into(), ..Withheld::default() });
    assert_eq!(count(&no_text.events, "txt.", Who::Client), 0);
}
