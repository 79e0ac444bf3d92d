//! How fast voices are heard: `cargo bench --bench voice`.
//!
//! A made conversation where `espeak-ng` is there, noise otherwise (noise has no voices to fingerprint, so it is
//! faster). `item/s` counts samples: 16 000 per second of sound, so 800 kitem/s is 50 times real time.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark stops when something breaks")]

#[path = "../tests/support/memory.rs"]
mod memory;

use std::path::Path;
use std::process::Command;

use attune::config::Config;
use attune::job::Job;
use attune::model::{Runtime, Shelf};
use attune::voice::prosody::Prosody;
use attune::voice::{Channels, Request, Settings, analyse};
use divan::Bencher;
use divan::counter::ItemsCount;
use memory::Memory;

const RATE: usize = 16_000;

fn main() {
    divan::main();
}

/// One sentence of one machine voice, taken as if it were at 16 kHz (it is a little slow then).
fn say(voice: &str) -> Option<Vec<f32>> {
    let file = tempfile::NamedTempFile::new().ok()?;
    let words = "I went to see my sister on Sunday, and we had dinner together in the garden, as we always did.";
    let status = Command::new("espeak-ng").args(["-v", voice, "-w"]).arg(file.path()).arg(words).status().ok()?;
    status.success().then_some(())?;
    let mut reader = hound::WavReader::open(file.path()).ok()?;
    Some(reader.samples::<i16>().map(|s| f32::from(s.unwrap_or(0)) / 65536.0).collect())
}

fn sound(secs: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut samples: Vec<f32> = (0..secs * RATE)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1u32 << 24) as f32 * 0.001
        })
        .collect();
    if let (Some(one), Some(other)) = (say("en-us+m3"), say("en-us+f4")) {
        let turns =
            one.iter().chain(std::iter::repeat_n(&0.0, RATE)).chain(&other).chain(std::iter::repeat_n(&0.0, RATE));
        samples.iter_mut().zip(turns.cycle()).for_each(|(s, spoken)| *s += spoken);
    }
    samples
}

fn run(bencher: Bencher<'_, '_>, runtime: Runtime, threads: usize, channels: Channels) {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    let shelf = Shelf::open(Path::new("models"), runtime, library.is_file().then(|| library.to_owned())).unwrap();
    let settings: Settings = Config::embedded().read("voice.toml").unwrap();
    let one = sound(120);
    let lanes = if channels == Channels::OnePerPerson { 2 } else { 1 };
    let request = Request { threads, people: Some(2), channels };
    bencher
        .counter(ItemsCount::new(one.len()))
        .with_inputs(|| Memory::new(vec![one.clone(); lanes]))
        .bench_local_values(|mut source| analyse(&mut source, &shelf, &settings, &request, &Job::quiet()).unwrap());
}

/// Two minutes of one room; loading the networks included.
#[divan::bench(args = [1, 2], sample_count = 3, sample_size = 1)]
fn room(bencher: Bencher<'_, '_>, threads: usize) {
    run(bencher, Runtime::Auto, threads, Channels::Mixed);
}

/// The same without ONNX Runtime.
#[divan::bench(args = [2], sample_count = 3, sample_size = 1)]
fn room_rten(bencher: Bencher<'_, '_>, threads: usize) {
    run(bencher, Runtime::Rten, threads, Channels::Mixed);
}

/// Two minutes of two microphones.
#[divan::bench(args = [2], sample_count = 3, sample_size = 1)]
fn microphones(bencher: Bencher<'_, '_>, threads: usize) {
    run(bencher, Runtime::Auto, threads, Channels::OnePerPerson);
}

/// Prosody of the same two minutes alone.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn prosody(bencher: Bencher<'_, '_>) {
    let settings: Settings = Config::embedded().read("voice.toml").unwrap();
    let samples = sound(120);
    bencher.counter(ItemsCount::new(samples.len())).bench_local(|| {
        let mut prosody = Prosody::new(&settings.prosody);
        samples.chunks(4096).for_each(|block| prosody.add(block));
        prosody.finish()
    });
}
