//! A recogniser of the user's own gives the transcript, through the program.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Two turns, as Whisper writes them.
const SAID: &str = r#"{"segments": [{"start": 0.5, "end": 1.0, "text": " How are you?", "speaker": "Therapist"},
    {"start": 1.5, "end": 2.0, "text": " Fine.", "speaker": "Client"}]}"#;

/// A program that says how often it ran and does what `body` says; `$1` is its first argument.
fn recogniser(folder: &Path, body: &str) -> PathBuf {
    let path = folder.join("recogniser");
    let runs = folder.join("runs");
    std::fs::write(&path, format!("#!/bin/sh\necho run >> '{}'\n{body}\n", runs.display())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn runs(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("runs")).unwrap_or_default().lines().count()
}

/// Three seconds of a tone in two channels.
fn sound(folder: &Path) -> PathBuf {
    let path = folder.join("session.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(&path, spec).unwrap();
    for n in 0..2 * 66_150 {
        wav.write_sample(((n as f32 / 20.0).sin() * 8000.0) as i16).unwrap();
    }
    wav.finalize().unwrap();
    path
}

/// Reads the text only.
fn scan(folder: &Path, command: &str) -> Output {
    let (sound, out) = (sound(folder), folder.join("out"));
    Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(["scan", sound.to_str().unwrap(), "--no-sound", "--no-video", "--quiet", "--asr", command])
        .args(["--out", out.to_str().unwrap()])
        .output()
        .unwrap()
}

fn turns(folder: &Path) -> Vec<(f64, String)> {
    let session = attune::session::read(&folder.join("out")).unwrap();
    assert_eq!(session.transcript.unwrap().file, "--asr");
    session.turns.iter().map(|turn| (turn.span.start().secs_f64(), turn.text.clone())).collect()
}

#[test]
fn its_text_is_the_transcript_and_it_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    // The sound is one channel of 16 kHz: 3 s are 96,000 bytes and a header.
    let checks = "test \"$(head -c 4 \"$1\")\" = RIFF && test \"$(wc -c < \"$1\")\" -gt 95900 && test \"$(wc -c < \"$1\")\" -lt 96200";
    let program = recogniser(folder.path(), &format!("{checks} || exit 9\ncat <<'END'\n{SAID}\nEND"));
    let command = format!("'{}'", program.display());
    for _ in 0..2 {
        let done = scan(folder.path(), &command);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(turns(folder.path()), [(0.5, "How are you?".to_owned()), (1.5, "Fine.".to_owned())]);
    }
    assert_eq!(runs(folder.path()), 1, "what was said is stored");
}

#[test]
fn a_file_with_an_ending_of_its_own_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let program =
        recogniser(folder.path(), &format!("echo noise\ntouch \"$2.txt\"\ncat > \"$2.json\" <<'END'\n{SAID}\nEND"));
    let done = scan(folder.path(), &format!("'{}' {{wav}} {{out}}", program.display()));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(turns(folder.path()).len(), 2);
}

#[test]
fn what_goes_wrong_is_said() {
    for (body, expect) in [
        ("echo 'no such model' >&2; exit 4", "it said last: no such model"),
        ("echo '{\"segments\": ['", "gave no transcript: this JSON is damaged"),
        ("true", "the transcript is empty"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let program = recogniser(folder.path(), body);
        let done = scan(folder.path(), &program.display().to_string());
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && told.contains(expect), "{told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let told = |command: &str| String::from_utf8_lossy(&scan(folder.path(), command).stderr).into_owned();
    assert!(told("/no/such/program").contains("check that the program is installed"));
    assert!(told("'unclosed").contains("check its quotes"));
}
