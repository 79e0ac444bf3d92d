//! How near pitch, jitter, shimmer and harmonics-to-noise ratio are to Praat's: `docs/validation.md` shows the tables.
//!
//! `fixtures/prosody_reference.py` made the numbers to compare with: of made vowels in `fixtures/prosody_reference.json`,
//! of recordings wherever it was told to write them.
//!
//! `ATTUNE_DATA=folder ATTUNE_PRAAT=recordings.json cargo test --test accuracy_prosody -- --nocapture`

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and this one prints its table"
)]

use std::f64::consts::{PI, TAU};
use std::path::Path;

use attune::media::{MediaSettings, SoundSource, WavSound};
use attune::time::{FrameGrid, SessionTime, Step};
use attune::track::{Track, Who};
use attune::voice::Settings;
use attune::voice::prosody::Prosody;
use serde::Deserialize;

const RATE: f64 = 16_000.0;
const SECS: f64 = 2.0;

/// Praat's numbers of one stretch; shares and dB.
#[derive(Deserialize, Clone, Copy)]
struct Quality {
    hz: f64,
    jitter: Option<f64>,
    shimmer: Option<f64>,
    hnr_db: f64,
}

#[derive(Deserialize)]
struct Vowel {
    vowel: String,
    made_hz: f64,
    made_jitter: f64,
    made_shimmer: f64,
    made_hnr_db: f64,
    seed: u64,
    #[serde(flatten)]
    praat: Quality,
    harmonicity_db: f64,
}

#[derive(Deserialize)]
struct Made {
    vowels: Vec<Vowel>,
}

#[derive(Deserialize)]
struct Stretch {
    start_s: f64,
    end_s: f64,
    #[serde(flatten)]
    praat: Quality,
}

#[derive(Deserialize)]
struct Recording {
    file: String,
    hz: Vec<Option<f32>>,
    stretches: Vec<Stretch>,
}

/// The tracks `pitch` and `voice_quality` of these samples.
fn measure(samples: &[f32]) -> (Track, Track) {
    let settings: Settings = toml::from_str(&std::fs::read_to_string("config/voice.toml").unwrap()).unwrap();
    let mut prosody = Prosody::new(&settings.prosody);
    samples.chunks(4001).for_each(|block| prosody.add(block));
    let measured = prosody.finish();
    let first = SessionTime::from_millis(5);
    let grid = FrameGrid { first, step: Step::new(1, 100).unwrap(), len: measured.len() };
    let [(_, pitch), _, (_, quality)] = measured.into_tracks(Who::Room, grid, &[]).unwrap();
    (pitch, quality)
}

fn sum(track: &Track, column: &str, rows: std::ops::Range<usize>) -> f64 {
    let values = track.column(column).unwrap();
    rows.map(|row| f64::from(values[row])).filter(|value| !value.is_nan()).sum()
}

/// The same four numbers from our rows.
fn quality(pitch: &Track, quality: &Track, start: f64, end: f64) -> Quality {
    let rows = (start * 100.0).round() as usize..((end * 100.0).round() as usize).min(pitch.grid.len);
    let mut hz: Vec<f32> = rows.clone().map(|row| pitch.column("hz").unwrap()[row]).filter(|hz| !hz.is_nan()).collect();
    hz.sort_by(f32::total_cmp);
    let total = |column| sum(quality, column, rows.clone());
    let finite = |share: f64| Some(share).filter(|share| share.is_finite());
    Quality {
        hz: hz.get(hz.len() / 2).map_or(f64::NAN, |hz| f64::from(*hz)),
        jitter: finite(total("period_change_s") / total("period_s")),
        shimmer: finite(total("peak_change") / total("peak_pairs") / (total("peak") / total("pairs"))),
        hnr_db: sum(quality, "hnr_db", rows.clone()) / hz.len() as f64,
    }
}

/// Numbers between -1 and 1, as `prosody_reference.py` makes them.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1u32 << 23) - 1.0
    }
}

/// The vowel that `prosody_reference.py` makes.
fn made(vowel: &Vowel) -> Vec<f32> {
    let (count, mut random) = ((RATE * SECS) as usize, Uniform(vowel.seed));
    let (mut x, mut start) = (vec![0.0f64; count], 0.0);
    while start < SECS {
        let period = (1.0 + 1.5 * vowel.made_jitter * random.next()) / vowel.made_hz;
        let height = 1.0 + 1.5 * vowel.made_shimmer * random.next();
        let open_secs = 0.6 / vowel.made_hz;
        let (from, to) = ((start * RATE).ceil() as usize, ((start + open_secs) * RATE).floor() as usize + 1);
        for (n, sample) in x.iter_mut().enumerate().take(to).skip(from) {
            let part = (n as f64 / RATE - start) / open_secs;
            *sample += height * (2.0 * part - 3.0 * part * part);
        }
        start += period;
    }
    let formants = match vowel.vowel.as_str() {
        "a" => [(730.0, 80.0), (1090.0, 90.0), (2440.0, 120.0)],
        _ => [(270.0, 60.0), (2290.0, 100.0), (3010.0, 120.0)],
    };
    for (centre, width) in formants {
        let r = (-PI * width / RATE).exp();
        let (b, c) = (2.0 * r * (TAU * centre / RATE).cos(), -r * r);
        let (mut last, mut before) = (0.0, 0.0);
        for sample in &mut x {
            (last, before) = (*sample + b * last + c * before, last);
            *sample = last;
        }
    }
    let power = |x: &[f64]| x.iter().map(|s| s * s).sum::<f64>() / x.len() as f64;
    let scale = 0.3 / (power(&x) * 10.0).sqrt();
    x.iter_mut().for_each(|s| *s *= scale);
    let level = (3.0 * power(&x) / 10f64.powf(vowel.made_hnr_db / 10.0)).sqrt();
    x.iter().map(|s| (s + level * random.next()) as f32).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How far off ours is, in percent.
fn percent(ours: f64, praats: f64) -> f64 {
    100.0 * (ours / praats - 1.0).abs()
}

fn worst(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

#[test]
fn made_vowels_measure_as_praat_measures_them() {
    let text = std::fs::read_to_string("fixtures/prosody_reference.json").unwrap();
    let Made { vowels } = serde_json::from_str(&text).unwrap();
    let (mut hz, mut jitter, mut shimmer, mut hnr) = (vec![], vec![], vec![], vec![]);
    println!("vowel  Hz   made jitter shimmer HNR | jitter % ours/Praat | shimmer % | HNR dB (harmonicity)");
    for vowel in &vowels {
        let (pitch, rows) = measure(&made(vowel));
        let (ours, praat) = (quality(&pitch, &rows, 0.2, 1.8), vowel.praat);
        let both = |ours: Option<f64>, praat: Option<f64>| (ours.unwrap_or(f64::NAN), praat.unwrap_or(f64::NAN));
        let (j, s) = (both(ours.jitter, praat.jitter), both(ours.shimmer, praat.shimmer));
        println!(
            "{:>3} {:>6} {:>6.1} {:>6.1} {:>6.1} | {:.3} / {:.3} | {:.2} / {:.2} | {:.2} / {:.2} ({:.2})",
            vowel.vowel,
            vowel.made_hz,
            100.0 * vowel.made_jitter,
            100.0 * vowel.made_shimmer,
            vowel.made_hnr_db,
            100.0 * j.0,
            100.0 * j.1,
            100.0 * s.0,
            100.0 * s.1,
            ours.hnr_db,
            praat.hnr_db,
            vowel.harmonicity_db,
        );
        hz.push(percent(ours.hz, praat.hz));
        hnr.push((ours.hnr_db - praat.hnr_db).abs());
        if vowel.made_jitter > 0.0 {
            jitter.push(percent(j.0, j.1));
            shimmer.push(percent(s.0, s.1));
        }
    }
    assert!(worst(&hz) < 0.1, "pitch is off by {:.3} %", worst(&hz));
    println!("pitch: median {:.3} %, worst {:.3} % of {}", median(hz.clone()), worst(&hz), hz.len());
    for (name, off, limit) in [("jitter %", &jitter, 5.0), ("shimmer %", &shimmer, 5.0), ("HNR dB", &hnr, 1.0)] {
        assert!(within("made", name, off, limit) >= 0.95, "{name}");
    }
}

/// Prints how far off Praat's numbers ours are; the share that is within a limit.
fn within(what: &str, name: &str, off: &[f64], limit: f64) -> f64 {
    let within = off.iter().filter(|off| **off <= limit).count();
    let (middle, worst, all) = (median(off.to_vec()), worst(off), off.len());
    println!("{what} vowels, {name}: median off {middle:.3}, worst {worst:.3}, within {limit}: {within} of {all}");
    within as f64 / all as f64
}

fn read(path: &Path) -> Vec<f32> {
    let settings: MediaSettings = toml::from_str(&std::fs::read_to_string("config/media.toml").unwrap()).unwrap();
    let mut sound = WavSound::open(path, SessionTime::ZERO, &settings).unwrap();
    let mut samples = Vec::new();
    while let Some(block) = sound.next_block().unwrap() {
        samples.extend(block.samples.mean_axis(ndarray::Axis(0)).unwrap());
    }
    samples
}

#[test]
fn recordings_measure_as_praat_measures_them() {
    let (Ok(folder), Ok(numbers)) = (std::env::var("ATTUNE_DATA"), std::env::var("ATTUNE_PRAAT")) else {
        println!("skipped: set ATTUNE_DATA and ATTUNE_PRAAT (see fixtures/prosody_reference.py)");
        return;
    };
    let recordings: Vec<Recording> = serde_json::from_str(&std::fs::read_to_string(numbers).unwrap()).unwrap();
    let (mut all, mut gross) = (Vec::new(), 0);
    let (mut took, mut long) = (std::time::Duration::ZERO, 0.0);
    let (mut jitter, mut shimmer, mut hnr) = (vec![], vec![], vec![]);
    println!("recording | voiced rows Praat, ours, both | gross errors % | median deviation %");
    for recording in &recordings {
        let samples = read(&Path::new(&folder).join("audio").join(&recording.file));
        let begin = std::time::Instant::now();
        let (pitch, rows) = measure(&samples);
        took += begin.elapsed();
        long += samples.len() as f64 / RATE;
        let ours = pitch.column("hz").unwrap();
        let both: Vec<f64> = recording
            .hz
            .iter()
            .zip(&ours)
            .filter_map(|(praat, ours)| Some(percent(f64::from(*ours), f64::from((*praat)?))).filter(|p| !p.is_nan()))
            .collect();
        let wrong = both.iter().filter(|p| **p > 20.0).count();
        println!(
            "{:<34} | {:>5} {:>5} {:>5} | {:.2} | {:.4}",
            recording.file,
            recording.hz.iter().flatten().count(),
            ours.iter().filter(|hz| !hz.is_nan()).count(),
            both.len(),
            100.0 * wrong as f64 / both.len().max(1) as f64,
            median(both.clone()),
        );
        gross += wrong;
        all.extend(both);
        for stretch in &recording.stretches {
            let (ours, praat) = (quality(&pitch, &rows, stretch.start_s, stretch.end_s), stretch.praat);
            if let (Some(ours), Some(praat)) = (ours.jitter, praat.jitter) {
                jitter.push(percent(ours, praat));
            }
            if let (Some(ours), Some(praat)) = (ours.shimmer, praat.shimmer) {
                shimmer.push(percent(ours, praat));
            }
            hnr.push((ours.hnr_db - praat.hnr_db).abs());
        }
    }
    println!("{:.5} s for a second of sound (only of interest in an optimised build)", took.as_secs_f64() / long);
    let gross = 100.0 * gross as f64 / all.len() as f64;
    println!("all: gross errors {gross:.3} %, median deviation {:.4} % of {} rows", median(all.clone()), all.len());
    for (name, off, limit) in [("jitter %", &jitter, 5.0), ("shimmer %", &shimmer, 5.0), ("HNR dB", &hnr, 1.0)] {
        assert!(within("spoken", name, off, limit) >= 0.8, "{name}");
    }
    assert!(gross <= 3.0 && median(all) <= 0.5);
}
