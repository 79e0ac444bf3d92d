//! The books of a study through the real program: what is added, found wrong, agreed to, taken out and forgotten.

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

use std::path::Path;

use attune::study::{MANIFEST_FILE, Manifest, Scope, Study};
use desk::{Desk, Done, check};

/// A study with the sessions of these recordings.
fn study_of(desk: &Desk, recordings: &[&str]) -> String {
    let place = desk.path("study").to_str().unwrap().to_owned();
    check(&desk.attune(&["study", "new", &place, "--seed", "7", "--coder", "anna", "--coder", "ben=lead"]), 0, "made");
    for (number, name) in recordings.iter().enumerate() {
        let path = desk.wav(name, 0.1 + 0.01 * number as f32);
        check(&desk.attune(&["study", "add", &place, path.to_str().unwrap()]), 0, "1 session(s) added");
    }
    place
}

fn manifest_of(study: &str, id: &str) -> std::path::PathBuf {
    Path::new(study).join("sessions").join(id).join(MANIFEST_FILE)
}

fn edit(study: &str, id: &str, from: &str, to: &str) {
    let file = manifest_of(study, id);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
}

fn json(done: &Done) -> serde_json::Value {
    serde_json::from_str(&done.out).unwrap()
}

#[test]
fn sessions_are_numbered_and_never_named_after_files() {
    let desk = Desk::new();
    let place = study_of(&desk, &["mrs smith.wav", "mr jones.wav"]);
    let study = Study::open(Path::new(&place)).unwrap();
    let sessions = study.sessions().unwrap().good;
    let ids: Vec<_> = sessions.iter().map(|session| session.id.as_str()).collect();
    assert_eq!(ids, ["S001", "S002"]);
    assert_eq!(sessions[0].media_paths(), [desk.path("mrs smith.wav").canonicalize().unwrap()]);
    assert_eq!(sessions[0].media_label(0), "media1.wav");
    assert!(sessions[0].all_agree(Scope::Face) && !sessions[0].all_agree(Scope::Export));
    let list = desk.attune(&["study", "list", &place]);
    check(&list, 0, "S002");
    assert!(!list.out.contains("smith"), "{}", list.out);
}

#[test]
fn recordings_and_ids_come_once() {
    let desk = Desk::new();
    let place = study_of(&desk, &["a.wav"]);
    let path = desk.path("a.wav");
    check(&desk.attune(&["study", "add", &place, path.to_str().unwrap()]), 1, "already, as session S001");
    desk.write("list.csv", "id;media\nS001;b.wav\nAnna;b.wav\nS009;b.wav\n");
    desk.wav("b.wav", 0.5);
    let list = desk.path("list.csv");
    let done = desk.attune(&["study", "add", &place, "--list", list.to_str().unwrap()]);
    check(&done, 3, "line 2: the study has a session S001");
    check(&done, 3, "line 3: an id is S and a number");
    check(&done, 3, "S009");
    // The next free one is after the highest.
    let c = desk.wav("c.wav", 0.6);
    check(&desk.attune(&["study", "add", &place, c.to_str().unwrap()]), 0, "S010");
}

#[test]
fn texts_are_no_recordings() {
    let desk = Desk::new();
    let place = study_of(&desk, &[]);
    let wav = desk.wav("a.wav", 0.3);
    let text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>so\n";
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let cases: [(&str, &[u8], &str); 6] = [
        ("a.vtt", text.as_bytes(), "this is a text file"),
        ("b.mp4", text.as_bytes(), "this is a text file"),
        ("c.txt", &utf16, "this is a text file"),
        ("d.docx", b"PK\x03\x04\x14\0", "this is a document"),
        ("e.pdf", b"%PDF-1.7\n\x01", "this is a document"),
        ("f.wav", b"", "this file is empty"),
    ];
    for (name, bytes, says) in cases {
        let file = desk.write(name, bytes);
        let done = desk.attune(&["study", "add", &place, file.to_str().unwrap()]);
        check(&done, 1, says);
        assert!(done.err.trim_end().ends_with(name), "{}", done.err);
    }
    // Of all that a folder holds, the recordings are taken; the one text beside its recording is its transcript.
    let all = ["a.vtt", "a.wav", "d.docx"].map(|name| desk.path(name).to_str().unwrap().to_owned());
    let done = desk.attune(&[&["study".to_owned(), "add".to_owned(), place.clone()][..], &all].concat());
    check(&done, 3, "1 recording(s), transcript");
    check(&done, 3, "2 could not be added");
    assert!(wav.exists());
}

#[test]
fn a_list_adds_hundreds_and_tells_bad_lines() {
    let desk = Desk::new();
    let place = study_of(&desk, &[]);
    let mut list = String::from("Recording;Offset;Pair;Day;Client consent\n");
    for number in 0..200 {
        desk.write(&format!("r{number}.wav"), format!("RIFF\0{number}"));
        list += &format!("r{number}.wav;;P{};{};sound,text\n", number / 4, number % 4);
    }
    list += "nowhere.wav;;P1;1;\nr1.wav;;P1;x;\n";
    let file = desk.write("list.csv", list);
    let done = desk.attune(&["study", "add", &place, "--list", file.to_str().unwrap()]);
    check(&done, 3, "200 session(s) added");
    check(&done, 3, "line 202: this file cannot be found");
    check(&done, 3, "line 203: day");
    let study = Study::open(Path::new(&place)).unwrap();
    let sessions = study.sessions().unwrap().good;
    assert_eq!((sessions.len(), sessions[199].id.as_str()), (200, "S200"));
    assert_eq!(sessions[199].manifest.dyad.as_deref(), Some("P49"));
    assert_eq!(sessions[199].manifest.participant[0].consent.told(), "sound,text");
    check(&desk.attune(&["study", "add", &place, "--list", place.as_str()]), 1, "");
}

#[test]
fn what_is_wrong_with_the_books_is_found() {
    let desk = Desk::new();
    let place = study_of(&desk, &["a.wav", "b.wav", "c.wav", "d.wav"]);
    check(&desk.attune(&["study", "check", &place]), 0, "nothing is wrong");
    // A folder copied by hand; a recording moved away; a recording under two names; one that begins after the other ends.
    let copied = Path::new(&place).join("sessions/S009");
    std::fs::create_dir(&copied).unwrap();
    std::fs::copy(manifest_of(&place, "S001"), copied.join(MANIFEST_FILE)).unwrap();
    std::fs::remove_file(desk.path("b.wav")).unwrap();
    std::fs::copy(desk.path("a.wav"), desk.path("c.wav")).unwrap();
    let late = desk.wav("late.wav", 0.9);
    let manifest = manifest_of(&place, "S004");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let second = format!("\n[[media]]\nfile = {:?}\noffset_s = 100.0\n", late.to_str().unwrap());
    std::fs::write(&manifest, text + &second).unwrap();
    let done = desk.attune(&["study", "check", &place]);
    check(&done, 3, "S009    session.toml has the id S001, as that of S001 has");
    check(&done, 3, "S002    media1.wav is not there");
    check(&done, 3, "S003    the same recording is in S001 as well");
    check(&done, 3, "clashing offsets: media2.wav lies at 100.0 s to 102.0 s");
    // One that does not read stops nothing.
    edit(&place, "S001", "schema = 1", "schema = 1\nclient_name = \"x\"");
    check(&desk.attune(&["study", "check", &place]), 3, "client_name");
    check(&desk.attune(&["study", "list", &place]), 0, "S001    does not read");
}

#[test]
fn retention_is_told_when_it_is_over() {
    let desk = Desk::new();
    let place = study_of(&desk, &["a.wav"]);
    edit(&place, "S001", "schema = 1", "schema = 1\nretain_until = \"2001-01-01\"");
    check(&desk.attune(&["study", "check", &place]), 0, "may be kept until 2001-01-01, which is over");
    check(&desk.attune(&["study", "list", &place]), 0, "1 session(s) may no longer be kept");
    check(&desk.attune(&["study", "add", &place, "x.wav", "--retain-until", "soon"]), 2, "no date");
}

#[test]
fn consent_is_changed_and_wrong_words_are_told() {
    let desk = Desk::new();
    let place = study_of(&desk, &["a.wav"]);
    check(
        &desk.attune(&["study", "consent", &place, "S001", "client=-face", "therapist=+export"]),
        0,
        "sound,text,research",
    );
    let manifest = Manifest::read(&manifest_of(&place, "S001")).unwrap();
    assert!(!manifest.participant[0].consent.face && manifest.participant[1].consent.export);
    check(&desk.attune(&["study", "consent", &place, "S001", "client=faces"]), 2, "nothing to agree to");
    check(&desk.attune(&["study", "consent", &place, "S001", "nobody=face"]), 2, "nobody in this session");
    check(&desk.attune(&["study", "consent", &place, "S01", "client=face"]), 1, "did you mean S001?");
}

#[test]
fn forgotten_sessions_leave_a_note_and_their_number() {
    let desk = Desk::new();
    let place = study_of(&desk, &["a.wav", "b.wav"]);
    let results = Path::new(&place).join("sessions/S002/results/stages");
    std::fs::create_dir_all(&results).unwrap();
    std::fs::write(results.join("voice.stage"), "numbers").unwrap();
    check(&desk.attune(&["study", "remove", &place, "S002"]), 2, "has results");
    check(&desk.attune(&["study", "forget", &place, "S002"]), 2, "--yes");
    let done = desk.attune(&["study", "forget", &place, "S002", "--yes"]);
    check(&done, 0, "sessions/S002/results/stages/voice.stage");
    check(&done, 0, "b.wav");
    assert!(desk.path("b.wav").exists() && !results.exists());
    let left: Vec<_> = std::fs::read_dir(Path::new(&place).join("sessions/S002")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    check(&desk.attune(&["study", "list", &place]), 0, "forgotten: S002");
    check(&desk.attune(&["study", "forget", &place, "S002", "--yes"]), 1, "was forgotten");
    let b = desk.path("b.wav");
    check(&desk.attune(&["study", "add", &place, b.to_str().unwrap(), "--copy"]), 0, "S003");
    assert!(Path::new(&place).join("sessions/S003/media/media1.wav").exists());
    check(&desk.attune(&["study", "remove", &place, "S003"]), 0, "2 file(s) deleted");
    assert!(!Path::new(&place).join("sessions/S003").exists());
}

/// Every byte below the study.
fn holds(study: &str, word: &str) -> Vec<std::path::PathBuf> {
    let found = files_of(Path::new(study)).into_iter();
    found
        .filter(|(_, bytes)| bytes.windows(word.len()).any(|part| part == word.as_bytes()))
        .map(|(file, _)| file)
        .collect()
}

#[test]
fn what_coders_wrote_is_forgotten_and_the_log_says_so() {
    let desk = Desk::new();
    let place = study_of(&desk, &["a.wav", "b.wav"]);
    let copy = Path::new(&place).join(attune::review::BACKUP);
    let head = {
        let store = coders::store(&place, &["ann"]);
        for session in ["S001", "S002"] {
            coders::code(&store, "ann", session, "rs03");
            coders::rate(&store, "ann", session, 4);
            coders::lock(&store, "ann", session);
            coders::recode(&store, "ann", session, (0, 5_000), "rs05");
            coders::settle(&store, "ann", session);
        }
        store.backup(&copy).unwrap();
        store.read(attune::review::chain::head).unwrap()
    };
    check(&desk.attune(&["study", "remove", &place, "S002"]), 2, "coders have worked on session S002");
    let before = holds(&place, "qvxmemo");
    assert!(before.len() >= 2, "{before:?}");
    let done = desk.attune(&["study", "forget", &place, "S002", "--yes"]);
    check(&done, 0, "6 row(s) of coders' work, and what 6 line(s)");
    check(&done, 0, "review.backup.sqlite: made anew");
    // The other session is whole, in the store and in its copy; of this one nothing is left but numbers and hashes.
    check(&desk.attune(&["review", &place, "--verify"]), 0, "S002 was forgotten (6 lines emptied)");
    for file in [Path::new(&place).join(attune::review::FILE), copy] {
        let store = attune::review::Store::open(&file).unwrap();
        let found = store
            .read(|c| {
                let left = attune::review::forget::is_there(c, "S002")?;
                let kept = attune::review::records::codings(c, None, None, false)?;
                let known: i64 =
                    c.query_row("select count(*) from audit where hash = ?", [&head], |row| row.get(0))?;
                let said: i64 = c.query_row(
                    "select count(*) from audit where session = 'S002' and action not in ('', 'forgot') or detail like '%S002%'",
                    [],
                    |row| row.get(0),
                )?;
                Ok((left, kept.len(), known, said))
            })
            .unwrap();
        assert_eq!(found, (false, 1, 1, 0), "{}", file.display());
        // Still nothing can be changed.
        let changed = store.write(|c| Ok(c.execute("delete from codings", [])?));
        assert!(changed.is_err());
    }
    check(&desk.attune(&["study", "forget", &place, "S001", "--yes"]), 0, "6 row(s)");
    for word in ["qvxmemo", "qvxcoding", "qvxdecision", "qvxmeeting", "turn:1|rs03"] {
        assert_eq!(holds(&place, word), Vec::<std::path::PathBuf>::new(), "{word}");
    }
    check(&desk.attune(&["review", &place, "--verify"]), 0, "S001 was forgotten");
    // Emptying a line without saying so is found.
    let store = Path::new(&place).join(attune::review::FILE);
    let connection = rusqlite::Connection::open(&store).unwrap();
    connection
        .execute_batch("drop trigger audit_no_update; update audit set who = '', action = '' where id = 1")
        .unwrap();
    drop(connection);
    check(&desk.attune(&["review", &place, "--verify"]), 1, "are empty, and 0 were forgotten");
}

#[test]
fn what_is_no_study_or_a_newer_one_is_said() {
    let desk = Desk::new();
    let empty = desk.path("nothing");
    check(&desk.attune(&["study", "list", empty.to_str().unwrap()]), 1, "this is no study");
    let place = study_of(&desk, &["a.wav"]);
    check(&desk.attune(&["study", "new", &place]), 1, "a study here already");
    check(&desk.attune(&["study", "new", desk.path("").to_str().unwrap()]), 1, "holds files");
    let file = Path::new(&place).join("study.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    for (from, to, expect) in [
        ("schema = 1", "schema = 2", "made by a newer Attune"),
        ("unanimous", "all of us", "line"),
        ("ben", "anna", "named twice"),
        ("seed = 7", "seed = -7", "line"),
    ] {
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        check(&desk.attune(&["study", "list", &place]), 1, expect);
    }
    std::fs::write(&file, [0xFF, 0xFE, 0, 1]).unwrap();
    check(&desk.attune(&["study", "list", &place]), 1, "UTF-8");
}

#[test]
fn two_at_once_are_told() {
    let desk = Desk::new();
    let place = study_of(&desk, &["a.wav"]);
    let study = Study::open(Path::new(&place)).unwrap();
    let lock = study.lock("scan").unwrap();
    let b = desk.wav("b.wav", 0.5);
    check(
        &desk.attune(&["study", "add", &place, b.to_str().unwrap()]),
        1,
        "another attune is at work on this study (scan",
    );
    drop(lock);
    check(&desk.attune(&["study", "add", &place, b.to_str().unwrap()]), 0, "S002");
}

#[test]
fn wrong_use_is_told_at_once() {
    let desk = Desk::new();
    let place = study_of(&desk, &[]);
    let (a, b) = (desk.wav("a.wav", 0.1), desk.wav("b.wav", 0.2));
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    check(&desk.attune(&["study", "add", &place]), 2, "RECORDING");
    check(
        &desk.attune(&["study", "add", &place, a, b, "--together", "--offset", "1", "--offset", "2"]),
        2,
        "2 given for 1",
    );
    check(&desk.attune(&["study", "add", &place, a, b, "--transcript", a]), 2, "--together");
    check(&desk.attune(&["study", "add", &place, a, a, "--together"]), 1, "given twice");
    check(&desk.attune(&["study", "add", &place, a, "--consent", "client=everything"]), 2, "nothing to agree to");
    check(&desk.attune(&["study", "add", &place, a, "--client", "Mrs Smith"]), 1, "a pseudonym is");
    assert!(!Path::new(&place).join("sessions/S001").exists(), "nothing is left of what could not be added");
    let two =
        desk.attune(&["study", "add", &place, a, b, "--together", "--of", "client", "--of", "therapist", "--json"]);
    assert_eq!(json(&two)["added"][0]["media"], 2);
    let manifest = Manifest::read(&manifest_of(&place, "S001")).unwrap();
    assert_eq!(manifest.media[1].of, "S001-therapist");
}

// ---- sealed ----

fn with_passphrase(desk_args: &[&str], passphrase: &str) -> Done {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(desk_args)
        .env("ATTUNE_PASSPHRASE", passphrase)
        .output()
        .unwrap();
    Done::of(&done)
}

fn files_of(folder: &Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut all = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files_of(&path));
        } else if !path.to_string_lossy().ends_with(".lock") {
            let bytes = std::fs::read(&path).unwrap();
            all.insert(path, bytes);
        }
    }
    all
}

#[test]
fn a_sealed_study_tells_nothing_and_opens_as_it_was() {
    let desk = Desk::new();
    let place = study_of(&desk, &["Cholmondeley.wav"]);
    let folder = Path::new(&place);
    std::fs::create_dir_all(folder.join("sessions/S001/results/stages")).unwrap();
    std::fs::write(folder.join("sessions/S001/results/session.json"), "zyxwords").unwrap();
    std::fs::write(folder.join("sessions/S001/results/stages/voice.stage"), vec![7; 200_000]).unwrap();
    let before = files_of(folder);
    check(&with_passphrase(&["study", "seal", &place], "short"), 1, "10 characters");
    assert_eq!(files_of(folder), before);
    let done = with_passphrase(&["study", "seal", &place], "correct horse battery");
    check(&done, 0, "Not covered: 1 recording(s)");
    let sealed = files_of(folder);
    assert_eq!(
        sealed.keys().map(|path| path.file_name().unwrap().to_str().unwrap()).collect::<Vec<_>>(),
        ["study.sealed"]
    );
    let bytes = sealed.values().next().unwrap().clone();
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    for word in ["Cholmondeley", "zyxwords", "S001", "anna"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
    assert!(desk.path("Cholmondeley.wav").exists());

    check(&desk.attune(&["study", "list", &place]), 1, "the study is sealed");
    check(&desk.attune(&["scan", &place]), 1, "the study is sealed");
    check(&with_passphrase(&["study", "open", &place], "correct horse batterx"), 1, "the passphrase does not open it");
    // Damaged: said, and nothing is lost.
    let file = folder.join("study.sealed");
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    std::fs::write(&file, damaged).unwrap();
    check(&with_passphrase(&["study", "open", &place], "correct horse battery"), 1, "damaged");
    check(&desk.attune(&["study", "list", &place]), 1, "the study is sealed");
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    check(&with_passphrase(&["study", "open", &place], "correct horse battery"), 1, "damaged");
    std::fs::write(&file, &bytes).unwrap();
    check(&with_passphrase(&["study", "open", &place], "correct horse battery"), 0, "opened");
    assert_eq!(files_of(folder), before);
    check(&with_passphrase(&["study", "open", &place], "correct horse battery"), 1, "is not sealed");
}

#[test]
fn a_cluster_gets_a_script_that_a_shell_reads() {
    let desk = Desk::new();
    let place = study_of(&desk, &["a.wav", "b.wav", "c.wav"]);
    let script = desk.path("jobs.sh");
    let args = ["study", "jobs", &place, "--slurm", "--sessions-per-task", "2", "-o", script.to_str().unwrap()];
    check(&desk.attune(&args), 0, "3 session(s): sbatch");
    let text = std::fs::read_to_string(&script).unwrap();
    assert!(text.contains("#SBATCH --array=0-1\n") && text.contains("sessions=(S001 S002 S003)"), "{text}");
    // As Slurm would run it: every task its sessions, and no session twice.
    let task = |number: &str| {
        let done = std::process::Command::new("bash").arg(&script).env("SLURM_ARRAY_TASK_ID", number).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    task("1");
    check(&desk.attune(&["study", "status", &place]), 0, "3 session(s): 1 done");
    task("0");
    check(&desk.attune(&["study", "status", &place]), 0, "3 session(s): 3 done");
    check(&desk.attune(&["study", "jobs", &place]), 1, "every session is done");
    check(&desk.attune(&["study", "jobs", &place, "--all", "--at-once", "5"]), 0, "--array=0-2%5");
}
