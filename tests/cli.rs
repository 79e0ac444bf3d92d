//! Bad input through the real program: a clear error, the right exit code, nothing overwritten, the rest still done.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test says what broke by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with small made media, and what was printed.
struct Desk {
    folder: tempfile::TempDir,
}

struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// Two seconds of a tone (or of nothing), 16 kHz, one channel.
    fn wav(&self, name: &str, level: f32) -> PathBuf {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = hound::WavWriter::create(self.path(name), spec).unwrap();
        for i in 0..32_000 {
            let value = (i as f32 * 0.17).sin() * level * 32_000.0;
            file.write_sample(value as i16).unwrap();
        }
        file.finalize().unwrap();
        self.path(name)
    }

    fn attune<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Done {
        let done = Command::new(env!("CARGO_BIN_EXE_attune")).args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let done = Done { code: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) };
        assert!(!done.err.contains("panicked"), "{}", done.err);
        done
    }

    /// Scans one recording into `out`, with further arguments.
    fn scan(&self, recording: &Path, more: &[&str]) -> Done {
        let out = self.path("out");
        let mut args = vec!["scan", recording.to_str().unwrap(), "--out", out.to_str().unwrap(), "--threads", "1"];
        args.extend(more);
        self.attune(&args)
    }
}

/// Exit code and a part of what is said, on either stream.
fn check(done: &Done, code: i32, says: &str) {
    let said = format!("{}{}", done.out, done.err);
    assert_eq!(done.code, Some(code), "{said}");
    assert!(said.contains(says), "{says:?} is not in: {said}");
}

#[test]
fn recordings_that_are_none_are_refused_with_a_reason() {
    let desk = Desk::new();
    for (name, bytes) in
        [("empty.mp4", &b""[..]), ("text.mp4", b"dear diary"), ("cut.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ")]
    {
        let done = desk.scan(&desk.write(name, bytes), &[]);
        check(&done, 1, name);
        assert!(!desk.path("out/session.json").exists());
    }
    check(&desk.scan(&desk.path("nowhere.mp4"), &[]), 1, "nowhere.mp4");
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
fn settings_that_do_not_read_stop_before_any_work() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let config = desk.path("config");
    std::fs::create_dir(&config).unwrap();
    let text = std::fs::read_to_string("config/engine.toml").unwrap();
    std::fs::write(config.join("engine.toml"), text.replace("max_faces", "max_facse")).unwrap();
    check(&desk.scan(&tone, &["--config", config.to_str().unwrap()]), 1, "engine.toml");
    assert!(!desk.path("out").exists());
    check(&desk.scan(&tone, &["--config", desk.path("no").to_str().unwrap()]), 1, "--config");
}

#[test]
fn networks_and_runtimes_that_are_missing_or_wrong_are_named() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    check(&desk.scan(&tone, &["--models", desk.path("no").to_str().unwrap()]), 1, "scripts/setup.sh");
    check(&desk.scan(&tone, &["--runtime", "/no/such/library.so"]), 1, "--runtime");
    check(&desk.scan(&tone, &["--runtime", "rten"]), 0, "report:");
    let models = desk.path("models");
    std::fs::create_dir(&models).unwrap();
    std::fs::copy("models/models.toml", models.join("models.toml")).unwrap();
    check(
        &desk.scan(&tone, &["--fresh", "--models", models.to_str().unwrap()]),
        1,
        "\"segmentation\" is not installed",
    );
    std::fs::write(models.join("seg3.onnx"), "another network").unwrap();
    check(&desk.scan(&tone, &["--fresh", "--models", models.to_str().unwrap()]), 1, "SHA-256");
}

#[test]
fn somebody_elses_folder_is_left_alone() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let file = desk.write("out", "mine");
    check(&desk.scan(&tone, &[]), 1, "choose another");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    std::fs::write(file.join("letter.txt"), "mine").unwrap();
    check(&desk.scan(&tone, &[]), 1, "letter.txt");
    assert_eq!(std::fs::read_dir(&file).unwrap().count(), 1);
}

#[test]
fn wrong_use_is_told_at_once() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let tone_path = tone.to_str().unwrap();
    check(&desk.attune(&["scan", tone_path, "--threads", "100000"]), 2, "256");
    check(&desk.scan(&tone, &["--budget", "nan"]), 2, "60 minutes");
    check(&desk.scan(&tone, &["--offset", "1e300"]), 2, "within a day");
    check(&desk.scan(&tone, &["--no-sound", "--no-video"]), 1, "nothing is left to read");
    check(&desk.scan(&tone, &["--client", "Zoe"]), 0, "Zoe");
    check(&desk.attune(&["scan"]), 2, "RECORDING");
}

#[test]
fn the_smaller_commands_answer() {
    let desk = Desk::new();
    let listed = desk.attune(&["codebook", "list", "--json"]);
    let codes: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(codes.as_array().map(Vec::len), Some(79));
    check(&desk.attune(&["codebook", "show", "rs03"]), 0, "Very concise response");
    check(&desk.attune(&["codebook", "show", "rs3"]), 1, "rs03");
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
