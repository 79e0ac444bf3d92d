//! What a user notices of voices: made sound only, with the real networks.

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
use std::sync::atomic::{AtomicBool, Ordering};

use attune::config::Config;
use attune::job::Job;
use attune::media::{Damage, MediaError, SampleBlock, SoundSource};
use attune::model::{ModelError, Runtime, Shelf};
use attune::time::{SessionTime, Span};
use attune::track::{Track, Who};
use attune::voice::{ChannelLayout, Channels, Request, Settings, VoiceError, VoiceResult, analyse, channel_layout};
use memory::Memory;

const RATE: usize = 16_000;

fn settings() -> Settings {
    Config::embedded().read("voice.toml").unwrap()
}

fn shelf_in(folder: &Path) -> Shelf {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    Shelf::open(folder, Runtime::Auto, library.is_file().then(|| library.to_owned())).unwrap()
}

fn try_hear(channels: Vec<Vec<f32>>, request: &Request) -> Result<VoiceResult, VoiceError> {
    analyse(&mut Memory::new(channels), &shelf_in(Path::new("models")), &settings(), request, &Job::quiet())
}

fn hear(channels: Vec<Vec<f32>>, request: &Request) -> VoiceResult {
    try_hear(channels, request).unwrap()
}

fn track<'a>(result: &'a VoiceResult, name: &str, who: Who) -> &'a Track {
    result.tracks.get(name, who).unwrap_or_else(|| panic!("no track {name} {who}"))
}

fn values(result: &VoiceResult, name: &str, who: Who) -> Vec<f32> {
    track(result, name, who).values.column(0).to_vec()
}

fn speaking_secs(result: &VoiceResult, who: Who) -> f64 {
    values(result, "speech", who).iter().filter(|&&p| p >= 0.5).count() as f64 / 100.0
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

/// A sentence spoken by a machine, at 16 kHz; `None` without `espeak-ng`.
fn say(voice: &str, words: &str) -> Option<Vec<f32>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let args = ["-v", voice, "-s", "150", "-w"];
    let status = Command::new("espeak-ng").args(args).arg(file.path()).arg(words).status().ok()?;
    status.success().then_some(())?;
    let mut reader = hound::WavReader::open(file.path()).unwrap();
    let step = f64::from(reader.spec().sample_rate) / RATE as f64;
    let samples: Vec<f32> = reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32768.0 * 0.5).collect();
    let at = |n: usize| {
        let position = n as f64 * step;
        let (before, part) = (position as usize, position.fract() as f32);
        Some(samples.get(before)? * (1.0 - part) + samples.get(before + 1)? * part)
    };
    Some((0..).map_while(at).collect())
}

const SENTENCES: [&str; 6] = [
    "I went to see my sister on Sunday, and we had dinner together in the garden.",
    "And how was it for you, to sit there with all of them after such a long time?",
    "It was fine, I suppose. We talked about the weather and about her new job.",
    "You say it was fine, and I wonder what you would have liked to tell her.",
    "I do not know. Perhaps that I was angry with her when she left us alone.",
    "That sounds important. Let us stay with this feeling for a moment, if you like.",
];

/// Person, from, to, in seconds.
type Turn = (usize, f64, f64);

/// Two people in turn with pauses: one list of samples per person, and the turns.
fn conversation() -> Option<(Vec<Vec<f32>>, Vec<Turn>)> {
    let mut people = vec![vec![0.0; RATE], vec![0.0; RATE]];
    let mut turns = Vec::new();
    for (turn, words) in SENTENCES.iter().enumerate() {
        let person = turn % 2;
        let spoken = say(["en-us+m3", "en-us+f4"][person], words)?;
        let from = people[0].len();
        turns.push((person, from as f64 / RATE as f64, (from + spoken.len()) as f64 / RATE as f64));
        people[person].extend_from_slice(&spoken);
        let to = people[person].len() + RATE * 4 / 5;
        people.iter_mut().for_each(|samples| samples.resize(to, 0.0));
    }
    // A quiet room, or the pauses would be digital silence.
    for samples in &mut people {
        samples.iter_mut().zip(noise(30 * 60 * RATE)).for_each(|(s, n)| *s += 0.0005 * n);
    }
    Some((people, turns))
}

fn mixed(people: &[Vec<f32>]) -> Vec<Vec<f32>> {
    vec![people[0].iter().zip(&people[1]).map(|(a, b)| a + b).collect()]
}

/// Share of the turns' rows in which exactly the right person is said to speak.
fn right_share(result: &VoiceResult, turns: &[Turn], who: [Who; 2]) -> f64 {
    let speech = who.map(|who| values(result, "speech", who));
    let (mut right, mut all) = (0u32, 0u32);
    for &(person, from, to) in turns {
        let rows = (from * 100.0) as usize..(to * 100.0) as usize;
        all += rows.len() as u32;
        let pairs = speech[person][rows.clone()].iter().zip(&speech[1 - person][rows]);
        right += pairs.filter(|(own, other)| **own >= 0.5 && **other < 0.5).count() as u32;
    }
    f64::from(right) / f64::from(all)
}

#[test]
fn digital_silence_is_said_to_be_silent() {
    let result = hear(vec![vec![0.0; 12 * RATE]], &Request::default());
    assert!(values(&result, "speech", Who::Room).iter().all(|&p| p < 0.01));
    assert!(values(&result, "loudness", Who::Room).iter().all(|&db| db <= -120.0));
    assert!(track(&result, "speech", Who::Room).confidence.as_ref().unwrap().iter().all(|&c| c < 1e-6));
    assert!(result.voices.is_empty());
    assert!(result.problems.iter().any(|line| line.contains("silent")), "{:?}", result.problems);
}

#[test]
fn noise_and_tones_are_nobody() {
    let second = |n: usize| n / RATE;
    let noise = noise(24 * RATE);
    let samples: Vec<f32> = (0..24 * RATE)
        .map(|n| {
            let tone = |hz: f32| 0.3 * (std::f32::consts::TAU * hz * (n % RATE) as f32 / RATE as f32).sin();
            let background = 0.001 * noise[n];
            background
                + match second(n) % 8 {
                    1 => 0.3 * noise[n],
                    3 => tone(440.0),
                    5 => tone(1000.0) + tone(3100.0),
                    6 if n % 4000 < 40 => 0.8,
                    _ => 0.0,
                }
        })
        .collect();
    let result = hear(vec![samples], &Request::default());
    assert!(result.voices.is_empty(), "{:?}", result.voices);
    assert!(speaking_secs(&result, Who::Room) < 1.0, "{} s", speaking_secs(&result, Who::Room));
    assert!(result.problems.iter().any(|line| line.contains("nobody")), "{:?}", result.problems);
}

#[test]
fn two_people_are_told_apart_and_followed() {
    let Some((people, turns)) = conversation() else { return println!("skipped: no espeak-ng") };
    let result = hear(mixed(&people), &Request::default());
    assert_eq!(result.voices.iter().map(|v| v.who).collect::<Vec<_>>(), [Who::Speaker(1), Who::Speaker(2)]);
    let share = right_share(&result, &turns, [Who::Speaker(1), Who::Speaker(2)]);
    println!("right for {:.1} % of the turns; {:?}", 100.0 * share, result.voices);
    assert!(share > 0.85, "{share}");
    // The pauses between turns are there too.
    for pair in turns.windows(2) {
        let middle = ((pair[0].2 + pair[1].1) * 50.0) as usize;
        assert!(values(&result, "speech", Who::Room)[middle] < 0.5, "pause before {:.1} s", pair[1].1);
    }
    // Those that are optional run where they are there.
    let names: Vec<&str> = result.models.iter().map(|m| m.name.as_str()).collect();
    let expected: Vec<&str> = ["segmentation", "sounds", "speaker", "speech"]
        .into_iter()
        .filter(|name| shelf_in(Path::new("models")).has(name))
        .collect();
    assert_eq!(names, expected);
    assert!(result.problems.is_empty(), "{:?}", result.problems);
}

#[test]
fn one_person_who_talks_alone_stays_one() {
    let Some(words) = say("en-us+m3", &SENTENCES.join(" ")) else { return println!("skipped: no espeak-ng") };
    let samples: Vec<f32> = words.iter().zip(noise(words.len())).map(|(s, n)| s + 0.0005 * n).collect();
    let result = hear(vec![samples], &Request::default());
    assert_eq!(result.voices.len(), 1, "{:?}", result.voices);
    assert!(result.problems.iter().any(|line| line.contains("only 1 of 2")), "{:?}", result.problems);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let Some((people, _)) = conversation() else { return println!("skipped: no espeak-ng") };
    let bits = |threads: usize, channels: Vec<Vec<f32>>, how: Channels| {
        let result = hear(channels, &Request { threads, channels: how, ..Request::default() });
        let tracks: Vec<(String, Vec<u32>, Vec<u32>)> = result
            .tracks
            .iter()
            .map(|(name, track)| {
                let values = track.values.iter().map(|v| v.to_bits()).collect();
                let confidence = track.confidence.iter().flatten().map(|v| v.to_bits()).collect();
                (format!("{name} {}", track.who), values, confidence)
            })
            .collect();
        (tracks, format!("{:?} {:?} {:?}", result.voices, result.models, result.problems))
    };
    let room = mixed(&people);
    assert_eq!(bits(1, room.clone(), Channels::Mixed), bits(2, room.clone(), Channels::Mixed));
    assert_eq!(bits(1, room.clone(), Channels::Mixed), bits(3, room, Channels::Mixed));
    assert_eq!(bits(1, people.clone(), Channels::OnePerPerson), bits(2, people, Channels::OnePerPerson));
}

#[test]
fn each_person_is_heard_through_the_own_microphone() {
    let Some((people, turns)) = conversation() else { return println!("skipped: no espeak-ng") };
    let who = [Who::Speaker(1), Who::Speaker(2)];
    // How much of the other person each microphone hears.
    for bleed_db in [60.0f32, 20.0, 12.0] {
        let bleed = 10f32.powf(-bleed_db / 20.0);
        let hears = |own: usize| people[own].iter().zip(&people[1 - own]).map(|(a, b)| a + bleed * b).collect();
        let channels: Vec<Vec<f32>> = vec![hears(0), hears(1)];
        let layout = channel_layout(&mut Memory::new(channels.clone()), &settings().layout).unwrap();
        assert_eq!(layout, ChannelLayout::MicrophonePerPerson, "bleed {bleed_db} dB");
        let result = hear(channels, &Request { channels: layout.advice(), ..Request::default() });
        let share = right_share(&result, &turns, who);
        println!("bleed {bleed_db} dB: right for {:.1} % of the turns", 100.0 * share);
        assert!(share > 0.9, "bleed {bleed_db} dB: {share}");
        assert_eq!(result.voices.iter().map(|v| v.channel).collect::<Vec<_>>(), [Some(0), Some(1)]);
        assert_eq!(values(&result, "loudness", Who::Speaker(2)).len(), values(&result, "speech", Who::Room).len());
    }
    let result = hear(
        vec![people[0].clone(), vec![0.0; people[0].len()]],
        &Request { channels: Channels::OnePerPerson, ..Request::default() },
    );
    assert!(result.problems.iter().any(|line| line.contains("microphone 2 is silent")), "{:?}", result.problems);
    assert_eq!(result.voices.len(), 2);
    assert!(speaking_secs(&result, Who::Speaker(2)) < 0.01 && speaking_secs(&result, Who::Speaker(1)) > 5.0);
}

#[test]
fn the_layout_of_channels_is_told() {
    let layout = |channels: Vec<Vec<f32>>| channel_layout(&mut Memory::new(channels), &settings().layout).unwrap();
    let some = noise(5 * RATE);
    let zeros = vec![0.0; 5 * RATE];
    assert_eq!(layout(vec![some.clone()]), ChannelLayout::Mono);
    assert_eq!(layout(vec![some.clone(), some.clone()]), ChannelLayout::Identical);
    let upside_down: Vec<f32> = some.iter().map(|s| -0.5 * s).collect();
    assert_eq!(layout(vec![some.clone(), upside_down]), ChannelLayout::Identical);
    assert_eq!(layout(vec![zeros.clone(), some.clone()]), ChannelLayout::OnlyOne(1));
    assert_eq!(layout(vec![zeros.clone(), zeros.clone()]), ChannelLayout::Silent);
    assert_eq!(layout(vec![vec![], vec![]]), ChannelLayout::Silent);
    assert_eq!(ChannelLayout::OnlyOne(1).advice(), Channels::Only(1));
    assert_eq!(ChannelLayout::Identical.advice(), Channels::Only(0));

    let Some((people, _)) = conversation() else { return println!("skipped: no espeak-ng") };
    // Two microphones in one room: the one person 3 dB nearer to the left, the other to the right.
    let hears = |left: f32, right: f32| people[0].iter().zip(&people[1]).map(|(a, b)| left * a + right * b).collect();
    assert_eq!(layout(vec![hears(1.0, 0.7), hears(0.7, 1.0)]), ChannelLayout::Room);
    assert_eq!(layout(vec![hears(1.0, 0.05), hears(0.05, 1.0)]), ChannelLayout::MicrophonePerPerson);
}

#[test]
fn without_the_speaker_network_people_are_still_followed() {
    let Some((people, turns)) = conversation() else { return println!("skipped: no espeak-ng") };
    for damaged in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy("models/models.toml", folder.path().join("models.toml")).unwrap();
        std::fs::copy("models/seg3.onnx", folder.path().join("seg3.onnx")).unwrap();
        if damaged {
            std::fs::write(folder.path().join("campp.onnx"), b"not this").unwrap();
        }
        let mut source = Memory::new(mixed(&people));
        let shelf = shelf_in(folder.path());
        let result = analyse(&mut source, &shelf, &settings(), &Request::default(), &Job::quiet()).unwrap();
        assert!(result.problems.iter().any(|line| line.contains("told apart by their sound")), "{:?}", result.problems);
        assert_eq!(result.models.len(), 1);
        let share = right_share(&result, &turns, [Who::Speaker(1), Who::Speaker(2)]);
        println!("without fingerprints: right for {:.1} % of the turns", 100.0 * share);
        assert!(share > 0.7, "{share}");
    }
}

#[test]
fn without_the_segmentation_network_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy("models/models.toml", folder.path().join("models.toml")).unwrap();
    let mut source = Memory::new(vec![noise(RATE)]);
    let shelf = shelf_in(folder.path());
    let error = analyse(&mut source, &shelf, &settings(), &Request::default(), &Job::quiet()).unwrap_err();
    assert!(matches!(&error, VoiceError::Model(ModelError::Missing { name, .. }) if name == "segmentation"), "{error}");
}

#[test]
fn what_the_recording_lacks_is_not_silence() {
    let mut source = Memory::new(vec![noise(12 * RATE).iter().map(|n| 0.01 * n).collect()]);
    source.start = SessionTime::from_millis(2_000);
    source.damage.missing = vec![Span::from_millis(5_000, 6_500).unwrap(), Span::from_millis(-9_000, -8_000).unwrap()];
    let shelf = shelf_in(Path::new("models"));
    let result = analyse(&mut source, &shelf, &settings(), &Request::default(), &Job::quiet()).unwrap();
    for name in ["speech", "overlap", "loudness"] {
        let track = track(&result, name, Who::Room);
        assert_eq!(track.grid.time(0).unwrap().millis(), 2_005);
        assert_eq!(track.grid.len, 1200);
        for (row, value) in track.values.column(0).iter().enumerate() {
            let lacks = (300..450).contains(&row);
            assert_eq!(value.is_nan(), lacks, "{name} row {row}");
            assert_eq!(track.confidence.as_ref().unwrap()[row] < 0.3, lacks, "{name} row {row}");
        }
    }
    for (name, column) in [("pitch", "voicing"), ("voice_quality", "pairs")] {
        let column = track(&result, name, Who::Room).column(column).unwrap();
        assert!(column.iter().enumerate().all(|(row, v)| v.is_nan() == (300..450).contains(&row)), "{name}");
    }
}

#[test]
fn very_short_and_broken_sound_does_no_harm() {
    for samples in [1, 159, 161, 399, 4_000, 159_999, 160_001] {
        let result = hear(vec![noise(samples)], &Request::default());
        assert_eq!(values(&result, "speech", Who::Room).len(), samples.div_ceil(160), "{samples} samples");
    }
    let mut broken = noise(3 * RATE);
    (broken[5], broken[50], broken[500], broken[5000]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30);
    let result = hear(vec![broken], &Request::default());
    assert!(values(&result, "speech", Who::Room).iter().all(|p| (0.0..=1.0).contains(p)));
    assert!(values(&result, "loudness", Who::Room).iter().all(|db| (-120.0..=0.0).contains(db)));
    assert!(result.problems.iter().any(|line| line.starts_with("4 samples")), "{:?}", result.problems);
}

#[test]
fn requests_that_make_no_sense_are_named() {
    let sound = || vec![noise(RATE), noise(RATE)];
    let error = |channels: Vec<Vec<f32>>, request: Request| try_hear(channels, &request).unwrap_err().to_string();
    let base = Request::default();
    assert!(error(vec![vec![]], base.clone()).contains("empty"));
    assert!(error(sound(), Request { people: Some(0), ..base.clone() }).contains("0 people"));
    assert!(error(sound(), Request { people: Some(9), ..base.clone() }).contains("9 people"));
    assert!(error(sound(), Request { channels: Channels::Only(2), ..base.clone() }).contains("no channel 3"));
    let mono = vec![noise(RATE)];
    assert!(error(mono, Request { channels: Channels::OnePerPerson, ..base }).contains("1 sound channel"));
    let mut wrong = settings();
    wrong.overlap.odds = -1.0;
    let shelf = shelf_in(Path::new("models"));
    let result = analyse(&mut Memory::new(sound()), &shelf, &wrong, &Request::default(), &Job::quiet());
    assert!(result.unwrap_err().to_string().contains("overlap.odds"));
}

#[test]
fn stopping_stops_and_progress_goes_forward() {
    let stop = AtomicBool::new(false);
    let furthest = std::sync::Mutex::new(Vec::new());
    let report = |secs: f64| {
        furthest.lock().unwrap().push(secs);
        stop.store(secs >= 30.0, Ordering::Relaxed);
    };
    let job = Job::new(&report, &stop);
    let mut source = Memory::new(vec![noise(600 * RATE)]);
    let shelf = shelf_in(Path::new("models"));
    let error =
        analyse(&mut source, &shelf, &settings(), &Request { threads: 2, ..Request::default() }, &job).unwrap_err();
    assert!(matches!(error, VoiceError::Cancelled(_)), "{error}");
    let seen = furthest.into_inner().unwrap();
    assert!(seen.last().unwrap() < &120.0 && seen.is_sorted(), "{seen:?}");
}

/// A source that breaks after its first block.
struct Breaks(bool, Damage);

impl SoundSource for Breaks {
    fn channels(&self) -> usize {
        1
    }

    fn expected_secs(&self) -> Option<f64> {
        None
    }

    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        if std::mem::replace(&mut self.0, true) {
            return Err(MediaError::NoTrack { what: "sound", file: "made.wav".into() });
        }
        let samples = ndarray::Array2::zeros((1, 20 * RATE));
        Ok(Some(SampleBlock { start: SessionTime::ZERO, samples }))
    }

    fn damage(&self) -> &Damage {
        &self.1
    }
}

#[test]
fn an_error_of_the_recording_comes_through() {
    let shelf = shelf_in(Path::new("models"));
    let mut source = Breaks(false, Damage::default());
    let error = analyse(&mut source, &shelf, &settings(), &Request::default(), &Job::quiet()).unwrap_err();
    assert!(matches!(error, VoiceError::Media(_)) && error.to_string().contains("made.wav"), "{error}");
}
