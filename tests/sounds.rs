//! Sounds that are not words, on made sound, from samples to events and to the code that reads them. Skipped without the
//! network, which the set-up makes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and says when it skips"
)]

#[path = "support/memory.rs"]
mod memory;

use std::path::Path;
use std::process::Command;

use attune::config::Config;
use attune::job::Job;
use attune::markers::{Event, read_settings, run_all};
use attune::model::{Runtime, Shelf};
use attune::time::Span;
use attune::track::Who;
use attune::voice::{Channels, Request, VoiceResult, analyse};
use memory::Memory;

const RATE: usize = 16_000;

fn shelf_in(folder: &Path) -> Shelf {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    Shelf::open(folder, Runtime::Auto, library.is_file().then(|| library.to_owned())).unwrap()
}

/// Whether the network is there; says so if not.
fn ready() -> bool {
    let there = shelf_in(Path::new("models")).has("sounds");
    if !there {
        println!("skipped: the network for sounds is not installed (scripts/setup.sh makes it)");
    }
    there
}

/// White noise between -1 and 1, the same everywhere.
fn noise(samples: usize) -> Vec<f32> {
    let mut state = 1u64;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// A two-pole resonance, as one formant of a voice.
fn resonance(input: &[f32], hz: f32, width_hz: f32) -> Vec<f32> {
    let radius = (-std::f32::consts::PI * width_hz / RATE as f32).exp();
    let turn = 2.0 * radius * (std::f32::consts::TAU * hz / RATE as f32).cos();
    let (mut before, mut earlier) = (0.0, 0.0);
    let step = |&sample: &f32| {
        let now = sample * (1.0 - radius) + turn * before - radius * radius * earlier;
        (earlier, before) = (before, now);
        now
    };
    input.iter().map(step).collect()
}

/// A made voice: syllables of breath and pulses, each `(begin, length)` in seconds, falling a little each time.
fn voice(syllables: &[(f32, f32)], pitch_hz: f32) -> Vec<f32> {
    let end = syllables.iter().map(|(begin, length)| begin + length).fold(0.0, f32::max);
    let breath = noise((end * RATE as f32) as usize + RATE / 10);
    let mut source = vec![0.0; breath.len()];
    let mut phase = 0.0;
    for (number, &(begin, length)) in syllables.iter().enumerate() {
        let loud = 0.93f32.powi(number as i32);
        for n in (begin * RATE as f32) as usize..((begin + length) * RATE as f32) as usize {
            let part = (n as f32 / RATE as f32 - begin) / length;
            let arch = |from: f32, to: f32| {
                (std::f32::consts::PI * ((part - from) / (to - from)).clamp(0.0, 1.0)).sin().max(0.0)
            };
            phase += pitch_hz * 0.97f32.powi(number as i32) * (1.1 - 0.25 * part) / RATE as f32;
            if phase >= 1.0 {
                phase -= 1.0;
                source[n] += loud * arch(0.3, 0.9);
            }
            source[n] += 0.045 * breath[n] * loud * if part < 0.45 { arch(0.0, 0.45) } else { 0.1 };
        }
    }
    let mut sound = vec![0.0; source.len()];
    for (hz, width) in [(750.0, 90.0), (1300.0, 110.0), (2700.0, 160.0)] {
        sound.iter_mut().zip(resonance(&source, hz, width)).for_each(|(sum, part)| *sum += part);
    }
    let slope: Vec<f32> = sound.iter().scan(0.0, |last, &now| Some(now - std::mem::replace(last, now))).collect();
    let peak = slope.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
    slope.iter().map(|s| 0.4 * s / peak).collect()
}

/// "Ha ha ha ha ha ha ha ha", five in a second.
fn laugh() -> Vec<f32> {
    voice(&(0..8).map(|n| (n as f32 * 0.2, 0.2)).collect::<Vec<_>>(), 280.0)
}

/// The same syllables as unevenly as those of talk.
fn talk() -> Vec<f32> {
    let lengths = [0.12, 0.31, 0.17, 0.09, 0.26, 0.14, 0.36, 0.11, 0.22, 0.15];
    let begins = lengths.iter().scan(0.0, |at, length| Some(std::mem::replace(at, *at + length)));
    voice(&begins.zip(lengths).collect::<Vec<_>>(), 180.0)
}

/// Faint noise with these sounds at these seconds.
fn scene(secs: f32, sounds: &[(f32, Vec<f32>)]) -> Vec<f32> {
    let mut scene: Vec<f32> = noise((secs * RATE as f32) as usize).iter().map(|s| s * 3e-4).collect();
    for (at, sound) in sounds {
        let from = (at * RATE as f32) as usize;
        scene[from..].iter_mut().zip(sound).for_each(|(sum, s)| *sum += s);
    }
    scene
}

fn hear(channels: Vec<Vec<f32>>, how: Channels, threads: usize) -> VoiceResult {
    let settings = Config::embedded().read("voice.toml").unwrap();
    let request = Request { threads, people: Some(2), channels: how };
    analyse(&mut Memory::new(channels), &shelf_in(Path::new("models")), &settings, &request, &Job::quiet()).unwrap()
}

/// The laughs that the shipped settings find.
fn laughs(heard: &VoiceResult, secs: i64) -> Vec<Event> {
    let config = Config::embedded();
    let settings = read_settings(config.under("markers")).unwrap();
    let session = Span::from_millis(0, secs * 1000).unwrap();
    let run = run_all(&heard.tracks, session, None, None, &settings).unwrap();
    run.events.into_iter().filter(|e| e.marker == "aud.laugh").collect()
}

#[test]
fn a_made_laugh_is_found_where_it_is_and_made_talk_is_none() {
    if !ready() {
        return;
    }
    let heard = hear(vec![scene(20.0, &[(3.0, talk()), (12.0, laugh())])], Channels::Mixed, 1);
    let found = laughs(&heard, 20);
    assert_eq!(found.len(), 1, "{found:?}");
    let span = found[0].span;
    assert!((span.start().secs_f64() - 12.0).abs() < 0.15, "{span:?}");
    assert!((span.end().secs_f64() - 13.6).abs() < 0.3, "{span:?}");
    assert!((0.1..0.81).contains(&found[0].confidence));
    assert!(heard.models.iter().any(|model| model.name == "sounds"));
}

#[test]
fn knocking_is_no_laugh() {
    if !ready() {
        return;
    }
    let knock: Vec<f32> = noise(400).iter().enumerate().map(|(n, s)| s * 0.5 * (-(n as f32) / 60.0).exp()).collect();
    let knocks: Vec<(f32, Vec<f32>)> = (0..12).map(|n| (4.0 + n as f32 * 0.2, knock.clone())).collect();
    let found = laughs(&hear(vec![scene(10.0, &knocks)], Channels::Mixed, 1), 10);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_faint_recording_laughs_as_well() {
    if !ready() {
        return;
    }
    let faint = |db: f32| scene(10.0, &[(4.0, laugh())]).iter().map(|s| s * 10f32.powf(db / 20.0)).collect();
    for db in [0.0, -20.0, -35.0] {
        assert_eq!(laughs(&hear(vec![faint(db)], Channels::Mixed, 1), 10).len(), 1, "{db} dB");
    }
}

#[test]
fn threads_do_not_change_the_numbers() {
    if !ready() {
        return;
    }
    let scene = scene(31.3, &[(9.1, laugh()), (19.0, laugh()), (25.0, talk())]);
    let bits = |threads: usize| -> Vec<u32> {
        let heard = hear(vec![scene.clone()], Channels::Mixed, threads);
        let track = heard.tracks.get("sounds", Who::Room).unwrap();
        assert_eq!(track.grid.len, 392);
        assert_eq!(track.columns.first().map(String::as_str), Some("laughter"));
        track.values.iter().map(|value| value.to_bits()).collect()
    };
    let alone = bits(1);
    assert!(alone == bits(3));
}

#[test]
fn with_own_microphones_each_laugh_is_its_persons() {
    if !ready() {
        return;
    }
    let laugh = laugh();
    let faint: Vec<f32> = laugh.iter().map(|s| s * 0.1).collect();
    let first = scene(16.0, &[(5.0, laugh.clone()), (12.0, faint.clone())]);
    let second = scene(16.0, &[(5.0, faint), (12.0, laugh)]);
    let heard = hear(vec![first, second], Channels::OnePerPerson, 2);
    let found: Vec<(Who, i64)> = laughs(&heard, 16).iter().map(|e| (e.who, e.span.middle().millis() / 1000)).collect();
    assert_eq!(found, [(Who::Speaker(1), 5), (Who::Speaker(2), 12)]);
}

#[test]
fn without_sound_nothing_is_known_and_silence_holds_no_laugh() {
    if !ready() {
        return;
    }
    let mut source = Memory::new(vec![scene(10.0, &[(4.0, laugh())])]);
    source.damage.missing.push(Span::from_millis(3000, 7000).unwrap());
    let settings = Config::embedded().read("voice.toml").unwrap();
    let shelf = shelf_in(Path::new("models"));
    let heard = analyse(&mut source, &shelf, &settings, &Request::default(), &Job::quiet()).unwrap();
    let track = heard.tracks.get("sounds", Who::Room).unwrap();
    let lacking = track.column("laughter").unwrap().iter().filter(|p| p.is_nan()).count();
    assert_eq!(lacking, 50);
    assert!(laughs(&heard, 10).is_empty());

    let silent = hear(vec![vec![0.0; 10 * RATE]], Channels::Mixed, 1);
    let track = silent.tracks.get("sounds", Who::Room).unwrap();
    assert!(track.confidence.as_ref().unwrap().iter().all(|&sure| sure < 1e-6));
    assert!(laughs(&silent, 10).is_empty());
}

#[test]
fn without_its_network_everything_else_runs_and_says_what_was_not_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["models.toml", "seg3.onnx", "campp.onnx"] {
        std::fs::copy(Path::new("models").join(file), folder.path().join(file)).unwrap();
    }
    let settings = Config::embedded().read("voice.toml").unwrap();
    let mut source = Memory::new(vec![scene(5.0, &[(1.0, laugh())])]);
    let shelf = shelf_in(folder.path());
    let heard = analyse(&mut source, &shelf, &settings, &Request::default(), &Job::quiet()).unwrap();
    assert!(heard.tracks.get("sounds", Who::Room).is_none());
    assert!(heard.tracks.get("speech", Who::Room).is_some());
    let says = |words: &str| heard.problems.iter().any(|problem| problem.contains(words));
    assert!(says("laughs, sighs and crying") && says("setup.sh"), "{:?}", heard.problems);
    let settings = read_settings(Config::embedded().under("markers").collect::<Vec<_>>()).unwrap();
    let run = run_all(&heard.tracks, Span::from_millis(0, 5000).unwrap(), None, None, &settings).unwrap();
    assert!(run.blind.iter().any(|(marker, why)| marker == "aud.laugh" && why.contains("sounds")), "{:?}", run.blind);
}

#[test]
fn a_scan_finds_a_laugh_at_own_distress() {
    if !ready() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (recording, transcript) = (folder.path().join("two.wav"), folder.path().join("two.vtt"));
    let faint = |sound: Vec<f32>| sound.iter().map(|s| s * 0.05).collect::<Vec<f32>>();
    let client = scene(20.0, &[(1.0, faint(talk())), (6.0, talk()), (8.3, laugh()), (14.0, faint(talk()))]);
    let therapist = scene(20.0, &[(1.0, talk()), (6.0, faint(talk())), (8.3, faint(laugh())), (14.0, talk())]);
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(&recording, spec).unwrap();
    for (a, b) in client.iter().zip(&therapist) {
        file.write_sample((a * 32_000.0) as i16).unwrap();
        file.write_sample((b * 32_000.0) as i16).unwrap();
    }
    file.finalize().unwrap();
    std::fs::write(
        &transcript,
        "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Therapist>What was it like for you when he left?\n\n00:06.000 --> 00:08.000\n\
         <v Client>I felt so hopeless and ashamed.\n\n00:14.000 --> 00:16.000\n<v Therapist>That sounds hard.\n",
    )
    .unwrap();
    let out = folder.path().join("out");
    let done = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(["scan", recording.to_str().unwrap(), "--transcript", transcript.to_str().unwrap()])
        .args(["--channels", "per-person", "--client", "channel1", "--therapist", "channel2", "--threads", "1"])
        .args(["--models", "models", "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let session: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("session.json")).unwrap()).unwrap();
    let laughs: Vec<&serde_json::Value> =
        session["events"].as_array().unwrap().iter().filter(|e| e["marker"] == "aud.laugh").collect();
    assert_eq!(laughs.len(), 1, "{laughs:?}");
    assert_eq!(laughs[0]["who"], "client");
    let hits = session["hits"].as_array().unwrap();
    let hit = hits.iter().find(|hit| hit["code"] == "rs15").unwrap_or_else(|| panic!("no rs15 in {hits:?}"));
    assert_eq!(hit["rule"], "laugh_at_own_distress");
}
