//! Bad input through the real program: a clear error, the right exit code, nothing overwritten, the rest still done.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test says what broke by panicking"
)]

#[path = "cli/codes.rs"]
mod codes;
#[path = "cli/damage.rs"]
mod damage;
#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/folders.rs"]
mod folders;
#[path = "cli/full.rs"]
mod full;
#[path = "cli/machine.rs"]
mod machine;

use std::process::Command;

use desk::{Desk, check};

#[test]
fn recordings_that_are_none_are_refused_with_a_reason() {
    let desk = Desk::new();
    for (name, bytes) in [
        ("empty.mp4", &b""[..]),
        ("letter.png", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"),
        ("text.mp4", b"dear diary"),
        ("cut.wav", b"RIFF\x24\x00\x00\x00WAVEfmt "),
    ] {
        let done = desk.scan(&desk.write(name, bytes), &[]);
        check(&done, 1, name);
        assert!(!desk.path("out/session.json").exists());
    }
    check(&desk.scan(&desk.path("nowhere.mp4"), &[]), 1, "nowhere.mp4");
    check(&desk.scan(desk.path("").as_path(), &[]), 1, "this is a folder");
}

#[test]
fn variables_are_no_arguments_that_usage_asks_for() {
    let usage = |with: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
        command.args(["enrol", "only-one"]);
        for name in ["ATTUNE_MODELS", "ATTUNE_RUNTIME", "ATTUNE_CONFIG", "ATTUNE_CODEBOOK"] {
            command.env_remove(name);
            if with {
                command.env(name, "nowhere");
            }
        }
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert_eq!(usage(true), usage(false));
    assert!(usage(true).contains("Usage: attune enrol"));
    // And yet they count.
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    let out = command.args(["codebook", "list"]).env("ATTUNE_CONFIG", "nowhere/at/all").output().unwrap();
    assert!(!out.status.success() && String::from_utf8_lossy(&out.stderr).contains("nowhere/at/all"));
}

#[test]
fn a_study_is_no_place_to_look_for_moments() {
    let desk = Desk::new();
    let place = desk.path("study");
    check(&desk.attune(&["study", "new", place.to_str().unwrap()]), 0, "");
    check(&desk.attune(&["codebook", "look", "rs03", place.to_str().unwrap()]), 2, "sessions/S001/results");
}

#[test]
fn sound_without_pictures_and_a_silent_track_are_scanned_and_say_so() {
    let desk = Desk::new();
    check(&desk.scan(&desk.wav("tone.wav", 0.3), &[]), 0, "there is no film");
    check(&desk.scan(&desk.wav("silent.wav", 0.0), &["--name", "tone"]), 0, "silent");
    let session = attune::session::read(&desk.path("out")).unwrap();
    assert!(session.episodes.is_empty());
    assert!(session.coverage.iter().any(|row| row.modality == "face" && row.assessable_s.abs() < 1e-9));
}

#[test]
fn transcripts_that_do_not_fit_are_told_and_the_rest_is_done() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let missing = desk.path("none.vtt");
    check(&desk.scan(&tone, &["--transcript", missing.to_str().unwrap()]), 3, "none.vtt");
    let binary = desk.write("binary.vtt", [0u8, 159, 146, 150, 0, 1, 2, 3].repeat(50));
    check(&desk.scan(&tone, &["--transcript", binary.to_str().unwrap()]), 3, "binary.vtt");
    let long = "WEBVTT\n\n00:00:00.100 --> 00:00:01.500\n<v Client>Yes.\n\n00:00:01.000 --> 00:00:01.900\n<v Therapist>So.\n\n\
                00:10:00.000 --> 00:10:05.000\n<v Client>Too late.\n";
    let long = desk.write("long.vtt", long);
    check(&desk.scan(&tone, &["--transcript", long.to_str().unwrap()]), 0, "transcript:");
    let session = attune::session::read(&desk.path("out")).unwrap();
    assert_eq!(session.turns.len(), 2, "the overlapping cues stay, the late one goes");
}

#[test]
fn wrong_use_is_told_at_once() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let tone_path = tone.to_str().unwrap();
    check(&desk.attune(&["scan", tone_path, "--threads", "100000"]), 2, "256");
    check(&desk.scan(&tone, &["--budget", "nan"]), 2, "60 minutes");
    check(&desk.scan(&tone, &["--offset", "1e300"]), 2, "within a day");
    check(&desk.scan(&tone, &["--no-sound", "--no-video"]), 2, "nothing is left to read");
    check(&desk.scan(&tone, &["--offset", "1"]), 2, "1 given for 0");
    check(&desk.scan(&tone, &["--name", ""]), 2, "--name");
    check(&desk.scan(&tone, &["--client", "left", "--therapist", "left"]), 2, "the same person: left");
    check(&desk.scan(&tone, &[tone_path]), 2, "the same recording is given twice");
    check(&desk.scan(&tone, &["--runtime", "/no/such/library.so"]), 2, "--runtime");
    check(&desk.scan(&tone, &["--client", "Zoe"]), 3, "Zoe");
    check(&desk.scan(&tone, &["--neutral", "client"]), 2, "client=12:34.5");
    check(&desk.scan(&tone, &["--neutral", "nobody=3"]), 2, "nobody");
    check(&desk.scan(&tone, &["--neutral", "face2=1:05"]), 3, "no face was found");
    check(&desk.attune(&["scan"]), 2, "RECORDING");
}

#[test]
fn the_smaller_commands_answer() {
    let desk = Desk::new();
    let listed = desk.attune(&["codebook", "list", "--json"]);
    let codes: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(codes.as_array().map(Vec::len), Some(79));
    check(&desk.attune(&["codebook", "show", "rs03"]), 0, "Very concise response");
    check(&desk.attune(&["codebook", "show", "rs3"]), 2, "rs03");
    check(&desk.attune(&["codebook", "check"]), 0, "79 codes read");
    let doctor = desk.attune(&["doctor", "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&doctor.out).unwrap();
    assert!(findings.as_array().unwrap().iter().any(|f| f["what"] == "network segmentation" && f["state"] == "ok"));
    check(&desk.attune(&["completions", "bash"]), 0, "_attune");
    let folder = desk.path("settings");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("engine.toml"), "# mine").unwrap();
    check(&desk.attune(&["config", "--write", folder.to_str().unwrap()]), 0, "1 left as they were");
    assert_eq!(std::fs::read_to_string(folder.join("engine.toml")).unwrap(), "# mine");
    assert!(folder.join("codebook/resistance").is_dir());
}

/// A recording is read more than once, and waiting at a pipe for ever would tell nobody so.
#[cfg(unix)]
#[test]
fn pipes_and_devices_are_no_recordings() {
    let desk = Desk::new();
    let pipe = desk.path("pipe");
    if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|made| made.success()) {
        check(&desk.scan(&pipe, &[]), 1, "save it to a file first");
    }
    check(&desk.scan(std::path::Path::new("/dev/null"), &[]), 1, "save it to a file first");
}

#[test]
fn odd_names_are_names() {
    let desk = Desk::new();
    for name in ["two words.wav", "gr\u{fc}n \u{1f600}.wav", "-dash.wav", "a'\"<&>$(b);.wav"] {
        let tone = desk.wav(name, 0.3);
        check(&desk.attune(&["scan", tone.to_str().unwrap(), "--threads", "1"]), 0, "report:");
        let folder = tone.with_extension("attune");
        let session = attune::session::read(&folder).unwrap();
        assert_eq!((session.name.as_str(), session.media[0].file.as_str()), (name.strip_suffix(".wav").unwrap(), name));
        let report = std::fs::read_to_string(folder.join("report.html")).unwrap();
        assert!(!report.contains("<&>"), "the name is not part of the page's markup");
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let no_text = desk.path("").join(std::ffi::OsStr::from_bytes(b"no\xfftext\n.wav"));
        std::fs::rename(desk.wav("tone.wav", 0.3), &no_text).unwrap();
        let done = desk.attune(&[std::ffi::OsStr::new("scan"), no_text.as_os_str(), std::ffi::OsStr::new("--json")]);
        check(&done, 0, "report");
        assert!(serde_json::from_str::<serde_json::Value>(&done.out).is_ok(), "{}", done.out);
    }
}

#[test]
fn who_sees_no_summary_is_told_what_failed() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let done = desk.scan(&tone, &["--quiet", "--transcript", "none.vtt"]);
    check(&done, 3, "none.vtt");
    assert!(done.out.is_empty());
    let done = desk.scan(&tone, &["--json", "--transcript", "none.vtt"]);
    let summary: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert!(summary["problems"].as_array().unwrap().iter().any(|problem| problem["is_failure"] == true));
}

/// Whoever reads the messages may go before the end (`2>&1 | head -1`).
#[cfg(unix)]
#[test]
fn a_reader_that_leaves_does_not_stop_the_scan() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.arg("scan").arg(&tone).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut running = command.spawn().unwrap();
    drop((running.stdout.take(), running.stderr.take()));
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert!(desk.path("tone.attune/report.html").exists());
}

#[cfg(unix)]
#[test]
fn a_full_output_is_an_error_and_no_panic() {
    let full = || std::fs::File::options().write(true).open("/dev/full").ok();
    let Some(disk) = full() else { return eprintln!("skipped: no /dev/full") };
    let done = Command::new(env!("CARGO_BIN_EXE_attune")).args(["codebook", "list"]).stdout(disk).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("cannot write"));
}

#[cfg(all(unix, feature = "video"))]
#[test]
fn ctrl_c_leaves_what_is_finished_and_the_next_run_takes_it() {
    let desk = Desk::new();
    let out = desk.path("out");
    let scan = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
        command.args(["scan", "fixtures/example/session.mp4", "--threads", "1", "--out"]).arg(&out);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        command
    };
    let running = scan().spawn().unwrap();
    let voice = out.join("stages/voice.stage");
    for _ in 0..3000 {
        if voice.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(voice.exists(), "the voice stage was never stored");
    Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    let stopped = running.wait_with_output().unwrap();
    assert_eq!(stopped.status.code(), Some(130), "{}", String::from_utf8_lossy(&stopped.stderr));
    assert!(!out.join("session.json").exists());

    let again = scan().arg("--no-video").output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.success() && said.contains("taken from the last run"), "{said}");
}
