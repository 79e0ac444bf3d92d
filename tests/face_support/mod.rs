//! What the face tests share: the networks, and pictures from files, from memory and from the `ffmpeg` program.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part; a test says what broke by panicking")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use attune::face::Settings;
use attune::media::{Damage, Frame, FrameSource, MediaError};
use attune::model::{Runtime, Shelf};
use attune::time::SessionTime;
use opencv::core::Mat;
use opencv::prelude::*;

pub fn settings() -> Settings {
    toml::from_str(include_str!("../../config/face.toml")).unwrap()
}

/// ONNX Runtime where it is installed, `rten` otherwise.
pub fn shelf() -> Shelf {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    Shelf::open(Path::new("models"), Runtime::Auto, library.is_file().then(|| library.to_owned())).unwrap()
}

pub fn rten_shelf() -> Shelf {
    Shelf::open(Path::new("models"), Runtime::Rten, None).unwrap()
}

/// A file of the recordings that are not part of the project, if they are there.
pub fn data(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ATTUNE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        eprintln!("skipped: no ATTUNE_DATA");
        return None;
    }
    Some(path)
}

/// Pictures from memory, each with its time in ms.
pub struct Pictures {
    pub frames: std::vec::IntoIter<(i64, Mat)>,
    pub damage: Damage,
}

impl Pictures {
    pub fn new(frames: Vec<(i64, Mat)>) -> Self {
        Self { frames: frames.into_iter(), damage: Damage::default() }
    }
}

impl FrameSource for Pictures {
    fn size(&self) -> (u32, u32) {
        self.frames.as_slice().first().map_or((0, 0), |(_, image)| (image.cols() as u32, image.rows() as u32))
    }
    fn expected_secs(&self) -> Option<f64> {
        None
    }
    fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
        Ok(self.frames.next().map(|(ms, image)| Frame { time: SessionTime::from_millis(ms), image }))
    }
    fn damage(&self) -> &Damage {
        &self.damage
    }
}

/// A film through the `ffmpeg` program, 12.5 pictures per second from time 0.
pub struct Film {
    child: Child,
    size: (u32, u32),
    number: i64,
    damage: Damage,
}

impl Film {
    /// `None` if the program is not installed or cannot read the file. `filter` is put before the frame rate.
    pub fn open(path: &Path, filter: &str) -> Option<Self> {
        let filter = if filter.is_empty() { String::new() } else { format!("{filter},") };
        let probe = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(path)
            .args(["-vf", &format!("{filter}fps=25/2"), "-frames:v", "1", "-f", "image2pipe", "-c:v", "ppm", "-"])
            .output()
            .ok()?;
        let header = String::from_utf8_lossy(probe.stdout.get(..32)?).into_owned();
        let mut words = header.split_whitespace().skip(1).map(|word| word.parse().ok());
        let size = (words.next()??, words.next()??);
        let child = Command::new("ffmpeg")
            .args(["-v", "error", "-threads", "1", "-i"])
            .arg(path)
            .args(["-vf", &format!("{filter}fps=25/2"), "-f", "rawvideo", "-pix_fmt", "bgr24", "-"])
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        Some(Self { child, size, number: 0, damage: Damage::default() })
    }
}

impl FrameSource for Film {
    fn size(&self) -> (u32, u32) {
        self.size
    }
    fn expected_secs(&self) -> Option<f64> {
        None
    }
    fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
        let mut bytes = vec![0; (self.size.0 * self.size.1 * 3) as usize];
        if self.child.stdout.as_mut().unwrap().read_exact(&mut bytes).is_err() {
            return Ok(None);
        }
        let time = SessionTime::from_millis(self.number * 80);
        self.number += 1;
        Ok(Some(Frame { time, image: picture(self.size, &bytes) }))
    }
    fn damage(&self) -> &Damage {
        &self.damage
    }
}

impl Drop for Film {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes (blue green red) as a picture.
pub fn picture(size: (u32, u32), bytes: &[u8]) -> Mat {
    let mut image = Mat::zeros(size.1 as i32, size.0 as i32, opencv::core::CV_8UC3).unwrap().to_mat().unwrap();
    image.data_bytes_mut().unwrap().copy_from_slice(bytes);
    image
}

/// A picture file; opencv reads it as blue green red.
pub fn read_picture(path: &Path) -> Mat {
    opencv::imgcodecs::imread(path.to_str().unwrap(), opencv::imgcodecs::IMREAD_COLOR).unwrap()
}

/// Pearson's correlation over the pairs in which both are numbers.
pub fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let pairs: Vec<_> = a
        .iter()
        .zip(b)
        .filter(|(x, y)| !x.is_nan() && !y.is_nan())
        .map(|(&x, &y)| (f64::from(x), f64::from(y)))
        .collect();
    let count = pairs.len() as f64;
    let (mean_x, mean_y) =
        (pairs.iter().map(|p| p.0).sum::<f64>() / count, pairs.iter().map(|p| p.1).sum::<f64>() / count);
    let (mut both, mut x2, mut y2) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        both += (x - mean_x) * (y - mean_y);
        x2 += (x - mean_x).powi(2);
        y2 += (y - mean_y).powi(2);
    }
    both / (x2 * y2).sqrt()
}
