//! A WAV file played in a microphone's place: to rehearse, and to test without a sound device.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hound::WavReader;

use super::{CaptureError, Inlet, Microphone, Shape};

/// Blocks a second, as a device would deliver.
const BLOCKS_PER_SEC: u32 = 50;

/// Plays a file at the speed of time, from its beginning whenever it is started.
#[derive(Debug)]
pub struct PlayedFile {
    path: PathBuf,
    shape: Shape,
}

fn open(path: &Path) -> Result<WavReader<BufReader<File>>, CaptureError> {
    WavReader::open(path)
        .map_err(|e| CaptureError::NotPlayed { message: e.to_string(), file: path.display().to_string() })
}

impl PlayedFile {
    /// Looks at the file.
    ///
    /// # Errors
    /// [`CaptureError::NotPlayed`] if it is no WAV file.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let spec = open(path)?.spec();
        let shape = Shape { rate: spec.sample_rate.max(1), channels: spec.channels.max(1) };
        Ok(Self { path: path.to_owned(), shape })
    }
}

/// Ends the thread when dropped.
struct Playing {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

impl Microphone for PlayedFile {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn start(&mut self, inlet: Inlet) -> Result<Box<dyn Send>, CaptureError> {
        let reader = open(&self.path)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || play(reader, inlet, &stopped));
        Ok(Box::new(Playing { stop, thread: Some(thread) }))
    }
}

fn play(mut reader: WavReader<BufReader<File>>, mut inlet: Inlet, stop: &AtomicBool) {
    let spec = reader.spec();
    let frames = (spec.sample_rate / BLOCKS_PER_SEC).max(1);
    let samples = frames as usize * usize::from(spec.channels);
    let full_scale = 2f32.powi(i32::from(spec.bits_per_sample) - 1);
    let start = Instant::now();
    let mut block = Vec::with_capacity(samples);
    for number in 1.. {
        block.clear();
        match spec.sample_format {
            hound::SampleFormat::Float => block.extend(reader.samples::<f32>().take(samples).map_while(Result::ok)),
            hound::SampleFormat::Int => {
                let read = reader.samples::<i32>().take(samples).map_while(Result::ok);
                block.extend(read.map(|sample| sample as f32 / full_scale));
            }
        }
        if block.is_empty() || stop.load(Ordering::Relaxed) {
            break;
        }
        let due = Duration::from_nanos(1_000_000_000 * number * u64::from(frames) / u64::from(spec.sample_rate.max(1)));
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        inlet.push(&block, |sample| sample);
    }
    inlet.signals().ended();
}
