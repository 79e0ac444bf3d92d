//! The live view against the scan of the whole recording: what is shown while recording is what the scan will hear.

#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what broke by panicking")]

#[path = "support/memory.rs"]
mod memory;

use std::path::Path;
use std::sync::mpsc::sync_channel;

use attune::config::Config;
use attune::job::Job;
use attune::media::capture::{Piece, Shape};
use attune::media::{MediaSettings, open_sound};
use attune::model::{Runtime, Shelf};
use attune::record::{By, Cell, LiveView, Settings, Wish, listen};
use attune::time::SessionTime;
use attune::track::Who;
use attune::voice::{self, LiveEar, Request, analyse};
use memory::Memory;

fn shelf() -> Shelf {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    Shelf::open(Path::new("models"), Runtime::Auto, library.is_file().then(|| library.to_owned())).unwrap()
}

/// The first seconds of a recording as one room at 16 kHz.
fn room(path: &Path, secs: usize) -> Vec<f32> {
    let settings: MediaSettings = Config::embedded().read("media.toml").unwrap();
    let mut sound = open_sound(path, SessionTime::ZERO, &settings).unwrap();
    let mut samples = Vec::new();
    while samples.len() < secs * 16_000
        && let Some(block) = sound.next_block().unwrap()
    {
        samples.extend(block.samples.mean_axis(ndarray::Axis(0)).unwrap());
    }
    samples.truncate(secs * 16_000);
    samples
}

/// One cell for each 100 ms, as the live view settles them.
fn live(samples: &[f32]) -> Vec<Cell> {
    let mut settings = Settings::read(&Config::embedded()).unwrap().live;
    settings.shown_secs = attune::time::Secs(std::time::Duration::from_secs(600));
    let ear = LiveEar::load(&shelf(), &Config::embedded().read("voice.toml").unwrap()).unwrap();
    let shape = Shape { rate: 16_000, channels: 1 };
    let view = LiveView::default();
    let (send, pieces) = sync_channel(1);
    std::thread::scope(|threads| {
        let (settings, view) = (&settings, &view);
        threads.spawn(move || listen(Wish { shape, per_person: false, ear: Some(ear), settings }, &pieces, view));
        for (number, piece) in samples.chunks(800).enumerate() {
            send.send(Piece { start_frame: number as u64 * 800, samples: piece.to_vec() }).unwrap();
        }
        drop(send);
    });
    let view = view.into_inner().unwrap();
    assert_eq!((view.by, view.problem), (By::Network, None));
    view.columns.into_iter().map(|column| column[0]).collect()
}

/// The same from the whole recording.
fn scanned(samples: &[f32]) -> Vec<Cell> {
    let settings: voice::Settings = Config::embedded().read("voice.toml").unwrap();
    let mut source = Memory::new(vec![samples.to_vec()]);
    let heard = analyse(&mut source, &shelf(), &settings, &Request::default(), &Job::quiet()).unwrap();
    let track = |name: &str| heard.tracks.get(name, Who::Room).unwrap().values.column(0).to_vec();
    let (speech, overlap) = (track("speech"), track("overlap"));
    let most = |rows: &[f32]| 2 * rows.iter().filter(|&&value| value >= 0.5).count() >= rows.len();
    let cells = speech.chunks(10).zip(overlap.chunks(10));
    cells
        .map(|(speech, overlap)| match (most(speech), most(overlap)) {
            (_, true) => Cell::Overlap,
            (true, _) => Cell::Speech,
            _ => Cell::Silence,
        })
        .collect()
}

/// Parts of the cells that agree on speech, and on all three kinds.
fn agreement(name: &str, samples: &[f32]) -> (f64, f64) {
    let (live, scanned) = (live(samples), scanned(samples));
    assert!(live.len().abs_diff(scanned.len()) <= 1, "{} and {} cells", live.len(), scanned.len());
    let pairs: Vec<_> = live.iter().zip(&scanned).collect();
    let share = |same: &dyn Fn(&Cell, &Cell) -> bool| {
        pairs.iter().filter(|(a, b)| same(a, b)).count() as f64 / pairs.len() as f64
    };
    let silent = |cell: &Cell| *cell == Cell::Silence;
    let (speech, all) = (share(&|a, b| silent(a) == silent(b)), share(&|a, b| a == b));
    println!("{name:<24} speech {speech:.3}, speech, silence and overlap {all:.3}, of {} cells", pairs.len());
    (speech, all)
}

#[test]
fn what_is_shown_live_is_what_the_scan_hears() {
    let (speech, all) = agreement("example", &room(Path::new("fixtures/example/session.mp4"), 20));
    assert!(speech > 0.9 && all > 0.85, "{speech} {all}");
    let Ok(data) = std::env::var("ATTUNE_DATA") else { return println!("skipped the rest: no ATTUNE_DATA") };
    for name in ["ami_dev00", "ami_trn03", "ami_trn08", "pyannote_sample"] {
        let path = Path::new(&data).join("audio").join(name).with_extension("wav");
        if path.exists() {
            let (speech, all) = agreement(name, &room(&path, 30));
            assert!(speech > 0.9 && all > 0.8, "{name}: {speech} {all}");
        }
    }
}
