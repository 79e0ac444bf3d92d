//! What the face tests share: the networks, and pictures from files and from memory.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "each test file uses a part; a test says what broke by panicking"
)]

use std::path::{Path, PathBuf};

use attune::face::Settings;
use attune::media::{Damage, Frame, FrameSource, MediaError, MediaSettings, PictureGrid, PictureWish, open_pictures};
use attune::model::{Runtime, Shelf};
use attune::time::{SessionTime, Step};
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

/// The pictures of a film that the analysis wants.
pub fn film(path: &Path) -> Box<dyn FrameSource> {
    film_at(path, settings().step)
}

/// The pictures of a film, so far apart.
pub fn film_at(path: &Path, step: Step) -> Box<dyn FrameSource> {
    let media: MediaSettings = toml::from_str(include_str!("../../config/media.toml")).unwrap();
    let grid = PictureGrid { first: SessionTime::ZERO, step };
    let wish = PictureWish { grid: Some(grid), max_width: None };
    open_pictures(path, SessionTime::ZERO, wish, &media).unwrap()
}

/// A picture file; opencv reads it as blue green red.
pub fn read_picture(path: &Path) -> Mat {
    opencv::imgcodecs::imread(path.to_str().unwrap(), opencv::imgcodecs::IMREAD_COLOR).unwrap()
}

/// Spearman's rank correlation over the pairs in which both are numbers, ties sharing their mean rank; `NaN` if one side
/// never changes.
pub fn rank_correlation(a: &[f32], b: &[f32]) -> f64 {
    let pairs: Vec<(f32, f32)> =
        a.iter().zip(b).filter(|(x, y)| !x.is_nan() && !y.is_nan()).map(|(x, y)| (*x, *y)).collect();
    let ranks = |values: Vec<f32>| -> Vec<f32> {
        let below = |v: f32| values.iter().filter(|other| **other < v).count();
        let up_to = |v: f32| values.iter().filter(|other| **other <= v).count();
        values.iter().map(|&v| (below(v) + up_to(v)) as f32 / 2.0).collect()
    };
    correlation(&ranks(pairs.iter().map(|p| p.0).collect()), &ranks(pairs.iter().map(|p| p.1).collect()))
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
