//! Sound as it should not be: each kind is heard as far as it can be, and the result says in plain words what is wrong.
//! Everything is made from the bundled example, in which two made voices talk.

#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

#[path = "support/memory.rs"]
mod memory;

use std::path::Path;
use std::sync::OnceLock;

use attune::config::Config;
use attune::job::Job;
use attune::media::open_sound;
use attune::model::{Runtime, Shelf};
use attune::time::SessionTime;
use attune::track::Who;
use attune::voice::{ChannelLayout, Channels, Request, Settings, VoiceResult, analyse, channel_layout};
use memory::Memory;

const RATE: usize = 16_000;

/// Forty seconds of the example in which both people speak.
fn talk() -> &'static [f32] {
    static TALK: OnceLock<Vec<f32>> = OnceLock::new();
    TALK.get_or_init(|| {
        let settings = Config::embedded().read("media.toml").unwrap();
        let mut source = open_sound(Path::new("fixtures/example/session.mp4"), SessionTime::ZERO, &settings).unwrap();
        let mut samples = Vec::new();
        while let Some(block) = source.next_block().unwrap() {
            samples.extend(block.samples.row(0).iter());
            if samples.len() >= 40 * RATE {
                break;
            }
        }
        samples.truncate(40 * RATE);
        samples
    })
}

fn settings() -> Settings {
    Config::embedded().read("voice.toml").unwrap()
}

fn hear(channels: Vec<Vec<f32>>, people: Option<u8>, how: Channels) -> VoiceResult {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    let library = library.is_file().then(|| library.to_owned());
    let shelf = Shelf::open(Path::new("models"), Runtime::Auto, library).unwrap();
    let request = Request { threads: 2, people, channels: how };
    analyse(&mut Memory::new(channels), &shelf, &settings(), &request, &Job::quiet()).unwrap()
}

fn mixed(samples: Vec<f32>) -> VoiceResult {
    hear(vec![samples], Some(2), Channels::Mixed)
}

/// The talk as it is.
fn clean() -> &'static VoiceResult {
    static CLEAN: OnceLock<VoiceResult> = OnceLock::new();
    CLEAN.get_or_init(|| mixed(talk().to_vec()))
}

fn speaks(result: &VoiceResult) -> Vec<bool> {
    result.tracks.get("speech", Who::Room).unwrap().values.column(0).iter().map(|&p| p >= 0.5).collect()
}

/// Share of the rows in which both say the same about whether anybody speaks.
fn agreement(a: &VoiceResult, b: &VoiceResult) -> f64 {
    let (a, b) = (speaks(a), speaks(b));
    let same = a.iter().zip(&b).filter(|(a, b)| a == b).count();
    same as f64 / a.len().max(b.len()) as f64
}

fn says(result: &VoiceResult, words: &str) -> bool {
    result.problems.iter().any(|line| line.contains(words))
}

/// The same talk, spoiled: speech is found as before in at least this share of the rows.
fn check(spoiled: Vec<f32>, least: f64) -> VoiceResult {
    let clean = clean();
    assert_eq!(clean.voices.len(), 2, "{:?}", clean.problems);
    let spoiled = mixed(spoiled);
    let share = agreement(clean, &spoiled);
    assert!(share >= least, "{share:.3}; {:?}", spoiled.problems);
    spoiled
}

/// Nothing above 4 kHz, as a telephone line leaves it: averaged by fours and drawn out again.
fn telephone(samples: &[f32]) -> Vec<f32> {
    let mut smooth = samples.to_vec();
    for _ in 0..6 {
        smooth = (0..smooth.len())
            .map(|at| {
                let near = |by: i64| smooth[(at as i64 + by).clamp(0, smooth.len() as i64 - 1) as usize];
                0.25 * near(-1) + 0.5 * near(0) + 0.25 * near(1)
            })
            .collect();
    }
    smooth
}

#[test]
fn clipped_sound() {
    let loudest = talk().iter().fold(0.0f32, |most, s| most.max(s.abs()));
    let result = check(talk().iter().map(|s| (s / loudest * 8.0).clamp(-1.0, 1.0)).collect(), 0.93);
    assert!(says(&result, "clipped"), "{:?}", result.problems);
}

#[test]
fn a_telephone_line() {
    let result = check(telephone(talk()), 0.93);
    assert_eq!(result.voices.len(), 2, "{:?}", result.problems);
    assert!(says(&result, "highest band"), "{:?}", result.problems);
    assert!(!says(clean(), "highest band"));
}

#[test]
fn a_constant_offset() {
    let result = check(talk().iter().map(|s| s * 0.5 + 0.3).collect(), 0.97);
    assert!(says(&result, "constant offset"), "{:?}", result.problems);
    let quietest = result.tracks.get("loudness", Who::Room).unwrap();
    let quietest = quietest.values.iter().copied().fold(0.0, f32::min);
    assert!(quietest < -50.0, "the offset must not count as sound: {quietest}");
    assert!(!says(clean(), "constant offset"));
}

#[test]
fn a_dead_channel() {
    let channels = || vec![vec![0.0; talk().len()], talk().to_vec()];
    let layout = channel_layout(&mut Memory::new(channels()), &settings().layout).unwrap();
    assert_eq!(layout, ChannelLayout::OnlyOne(1));
    assert!(layout.told().unwrap().contains("only sound channel 2"));
    let heard = hear(channels(), Some(2), layout.advice());
    assert!(agreement(&heard, clean()) > 0.999);
}

#[test]
fn music_alone_is_nobody() {
    // Four chords of seven partials each.
    let chord = |root: f32, t: f32| -> f32 {
        let tones = [1.0, 1.25, 1.5].map(|third| root * third);
        let partials = tones.iter().flat_map(|&hz| (1..8).map(move |k| (hz * k as f32, 0.3 / (k * k) as f32)));
        partials.map(|(hz, level)| level * (std::f32::consts::TAU * hz * t).sin()).sum()
    };
    let roots = [196.0, 220.0, 174.6, 146.8];
    let sound = (0..30 * RATE).map(|n| {
        let t = n as f32 / RATE as f32;
        let beat = (t * 2.0).fract();
        0.2 * (1.0 - beat) * chord(roots[(t / 2.0) as usize % 4], t)
    });
    let result = mixed(sound.collect());
    assert!(result.voices.is_empty(), "{:?}", result.voices);
    assert!(says(&result, "nobody was heard to speak"), "{:?}", result.problems);
}

/// One voice of the example alone: the rows in which the other one speaks are silenced.
fn one_voice() -> Vec<f32> {
    let both = clean();
    let other = both.tracks.get("speech", both.voices[1].who).unwrap();
    let mut sound = talk().to_vec();
    for (row, &p) in other.values.column(0).iter().enumerate() {
        if p >= 0.3 {
            let end = ((row + 1) * 160).min(sound.len());
            sound[(row * 160).min(end)..end].fill(0.0);
        }
    }
    sound
}

#[test]
fn one_person_alone_is_one_person() {
    let result = mixed(one_voice());
    assert_eq!(result.voices.len(), 1, "{:?}", result.voices);
    assert!(says(&result, "only 1 of 2 expected voices"), "{:?}", result.problems);
    let asked = hear(vec![one_voice()], None, Channels::Mixed);
    assert_eq!(asked.voices.len(), 1);
    assert!(!says(&asked, "expected"), "{:?}", asked.problems);
}

#[test]
fn noises_are_no_second_person() {
    // Knocks, a hiss of two seconds and a hum, as loud as the voice, wherever they fall.
    let mut sound = one_voice();
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    };
    let length = sound.len();
    for (at, secs, kind) in [(3.0, 0.1, 'k'), (7.5, 2.0, 'n'), (15.0, 0.1, 'k'), (22.0, 3.0, 'h'), (31.0, 2.0, 'n')] {
        let from = (at * RATE as f64) as usize;
        let count = (secs * RATE as f64) as usize;
        for n in 0..count {
            let share = n as f32 / count as f32;
            let hum = (std::f32::consts::TAU * 120.0 * n as f32 / RATE as f32).sin();
            sound[(from + n).min(length - 1)] += match kind {
                'k' => 0.3 * noise() * (1.0 - share).powi(3),
                'n' => 0.1 * noise(),
                _ => 0.1 * hum,
            };
        }
    }
    for people in [Some(2), None] {
        let result = hear(vec![sound.clone()], people, Channels::Mixed);
        assert_eq!(result.voices.len(), 1, "{:?}", result.problems);
    }
}

#[test]
fn three_people_where_two_are_expected() {
    // The third: one of the two, spoken a third higher and faster.
    let voice = one_voice();
    let higher = (0..voice.len() * 3 / 4).map(|n| {
        let at = n as f32 * 4.0 / 3.0;
        let (before, part) = (at as usize, at.fract());
        voice.get(before).unwrap_or(&0.0) * (1.0 - part) + voice.get(before + 1).unwrap_or(&0.0) * part
    });
    let sound: Vec<f32> = talk().iter().copied().chain(higher).collect();
    let result = mixed(sound.clone());
    assert!(says(&result, "as if 3 people speak"), "{:?}", result.problems);
    assert_eq!(hear(vec![sound], None, Channels::Mixed).voices.len(), 3);
    assert!(!says(clean(), "as if"));
}
