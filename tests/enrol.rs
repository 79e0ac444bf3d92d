//! A therapist's voice is learned from one recording and known again in another, through the program.

#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use attune::config::Config;
use attune::media::open_sound;
use attune::session::Session;
use attune::time::SessionTime;
use attune::track::Who;

const EXAMPLE: &str = "fixtures/example/session.mp4";

fn attune(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_attune")).args(args).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn scan(out: &Path, more: &[&str]) -> Session {
    let out_text = out.to_str().unwrap();
    let done = attune(&[&["scan", EXAMPLE, "--no-video", "--quiet", "--out", out_text], more].concat());
    assert!(done.status.success(), "{}", told(&done));
    attune::session::read(out).unwrap()
}

/// The example's sound with only this voice of it, as a WAV file.
fn one_voice(session: &Session, who: Who, path: &Path) {
    let settings = Config::embedded().read("media.toml").unwrap();
    let mut source = open_sound(Path::new(EXAMPLE), SessionTime::ZERO, &settings).unwrap();
    let spans: Vec<_> = session
        .events
        .iter()
        .filter(|e| e.marker == "aud.vad" && e.who == who && e.kind.as_deref() == Some("speech"))
        .map(|e| e.span)
        .collect();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    while let Some(block) = source.next_block().unwrap() {
        for (at, sample) in block.samples.row(0).iter().enumerate() {
            let time = block.start.shifted(SessionTime::from_secs_f64(at as f64 / 16_000.0));
            let theirs = spans.iter().any(|span| span.start() <= time && time < span.end());
            wav.write_sample(if theirs { *sample } else { 0.0 }).unwrap();
        }
    }
    wav.finalize().unwrap();
}

#[test]
fn a_voice_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| at(name).to_str().unwrap().to_owned();
    let unknown = scan(&at("unknown"), &[]);
    let voices: Vec<Who> = unknown.people.iter().filter(|p| p.voice.is_some()).map(|p| p.who).collect();
    assert_eq!(voices, [Who::Speaker(1), Who::Speaker(2)], "nothing tells who they are");

    for (voice, name) in voices.iter().zip(["one", "two"]) {
        let (wav, known) = (text(&format!("{name}.wav")), text(&format!("{name}.voice")));
        one_voice(&unknown, *voice, Path::new(&wav));
        let learned = attune(&["enrol", &known, &wav]);
        assert!(learned.status.success(), "{}", told(&learned));
        assert!(String::from_utf8_lossy(&learned.stdout).contains("can identify this person"));
        let session = scan(&at(name), &["--therapist-voice", &known]);
        let therapist = session.people.iter().find(|p| p.who == Who::Therapist).unwrap();
        assert_eq!(therapist.voice.as_deref(), Some(voice.to_string().as_str()));
        assert!(therapist.told_by.contains("a known voice"), "{}", therapist.told_by);
        assert!(session.people.iter().any(|p| p.who == Who::Client), "the other one of two is the client");
        // The print itself is in no result.
        let json = std::fs::read_to_string(at(name).join("session.json")).unwrap();
        assert!(!json.contains("\"print\""));
        // An existing file is never overwritten.
        let again = attune(&["enrol", &known, &wav]);
        assert_eq!(again.status.code(), Some(2));
        assert!(told(&again).contains("such a file already"), "{}", told(&again));
    }

    let both = attune(&["enrol", &text("both.voice"), EXAMPLE]);
    assert_eq!(both.status.code(), Some(1));
    assert!(told(&both).contains("2 people were heard to speak"), "{}", told(&both));
    assert!(!at("both.voice").exists());

    std::fs::write(at("broken.voice"), "{\"format\": \"something else\"}").unwrap();
    let out = text("broken");
    let broken = attune(&["scan", EXAMPLE, "--no-video", "--out", &out, "--therapist-voice", &text("broken.voice")]);
    assert!(!broken.status.success() && told(&broken).contains("no known voice"), "{}", told(&broken));
    assert!(!at("broken").exists(), "nothing was written");
}
