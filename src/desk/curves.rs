//! Measured series in levels, each coarser by four, so that a page can draw two hours or two seconds equally fast.
//!
//! Level 0 has a bucket every 0.1 s with the lowest and highest value in it; `NaN` = nothing assessable was measured there.
//! A tile is 512 buckets of all curves of one level. Made once from `tracks.parquet` and kept beside the results.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::Place;
use super::faces::{self, Face};
use crate::export::tracks::{self, TracksError};
use crate::time::{SessionTime, Span};
use crate::track::{Track, Tracks, Who};

/// Seconds of a bucket of level 0.
pub const BUCKET_SECS: f64 = 0.1;
/// Buckets of a tile.
pub const TILE: usize = 512;
/// How many buckets of a level make one of the next.
pub const FACTOR: usize = 4;
/// Quality below which a moment is not assessable (DOMAIN 1).
const ASSESSABLE: f32 = 0.3;
/// Percentile that counts as rest (DOMAIN 1), 0 to 1.
const REST: f64 = 0.2;
/// Raised when the file's shape or contents change.
const VERSION: u32 = 2;
/// Name of the file in the cache.
const FILE: &str = "curves.bin";

/// What a curve shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// `sound`, `face`, `head`, `gaze`, `movement`.
    pub group: String,
    /// Id within its group: `brow`, `yaw` ..
    pub name: String,
    /// Whose.
    pub who: Who,
    /// Value at rest, where that means something.
    pub rest: Option<f32>,
    /// Lowest and highest value, for the axis.
    pub range: (f32, f32),
}

/// All curves of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// What there is, in the order of the tiles.
    pub curves: Vec<Curve>,
    /// Session time of the first bucket.
    pub start_s: f64,
    /// `levels[level][curve]`: lowest and highest of each bucket, alternating.
    pub levels: Vec<Vec<Vec<f32>>>,
    /// Where the faces are.
    pub faces: Vec<Face>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    faces: Vec<Face>,
    version: u32,
    source: (u64, u64),
    curves: Vec<Curve>,
    start_s: f64,
    buckets: usize,
}

/// Which columns of which track make a curve: their mean.
const PARTS: &[(&str, &str, &str, &[&str])] = &[
    ("sound", "loudness", "loudness", &["dbfs"]),
    ("face", "brow_down", "face_actions", &["browDownLeft", "browDownRight"]),
    ("face", "smile", "face_actions", &["mouthSmileLeft", "mouthSmileRight"]),
    ("face", "corners_down", "face_actions", &["mouthFrownLeft", "mouthFrownRight"]),
    ("face", "pucker", "face_actions", &["mouthPucker"]),
    ("face", "chin_up", "face_actions", &["mouthShrugLower"]),
    ("face", "press", "face_actions", &["mouthPressLeft", "mouthPressRight"]),
    ("head", "head_yaw", "head_pose", &["yaw"]),
    ("head", "head_pitch", "head_pose", &["pitch"]),
    ("gaze", "gaze_yaw", "gaze", &["yaw"]),
    ("gaze", "gaze_pitch", "gaze", &["pitch"]),
    ("movement", "movement", "motion", &["energy"]),
];

impl Curves {
    /// From tracks over the session's span.
    pub fn make(tracks: &Tracks, span: Span) -> Self {
        let start_s = span.start().secs_f64();
        let buckets = (span.secs_f64() / BUCKET_SECS).ceil().max(1.0) as usize;
        let (mut curves, mut base) = (Vec::new(), Vec::new());
        for (group, name, track, columns) in PARTS {
            for track in tracks.all(track) {
                let Some(values) = mean_of(track, columns) else { continue };
                let mut sorted: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
                if sorted.is_empty() {
                    continue;
                }
                sorted.sort_by(f32::total_cmp);
                let at = |share: f64| sorted.get(((sorted.len() - 1) as f64 * share) as usize).copied().unwrap_or(0.0);
                let rest = (*group != "sound" && *group != "movement").then(|| at(REST));
                let range = (at(0.001), at(0.999));
                curves.push(Curve { group: (*group).into(), name: (*name).into(), who: track.who, rest, range });
                base.push(bucketed(track, &values, start_s, buckets));
            }
        }
        let rows = (span.secs_f64() / faces::STEP_SECS).ceil().max(1.0) as usize;
        Self { curves, start_s, levels: levels(base), faces: faces::make(tracks, start_s, rows) }
    }

    /// Buckets of level 0.
    pub fn buckets(&self) -> usize {
        self.levels.first().and_then(|level| level.first()).map_or(0, |curve| curve.len() / 2)
    }

    /// One tile: for each curve that may be shown the lowest and highest of [`TILE`] buckets, alternating, little-endian
    /// 32-bit floats; past the end `NaN`. `None` if there is no such level.
    pub fn tile(&self, level: usize, index: usize, shown: impl Fn(&Curve) -> bool) -> Option<Vec<u8>> {
        let level = self.levels.get(level)?;
        let from = index.checked_mul(2 * TILE)?;
        let mut bytes = Vec::new();
        for (_, curve) in self.curves.iter().zip(level).filter(|(curve, _)| shown(curve)) {
            for at in from..from.checked_add(2 * TILE)? {
                bytes.extend_from_slice(&curve.get(at).copied().unwrap_or(f32::NAN).to_le_bytes());
            }
        }
        Some(bytes)
    }
}

fn mean_of(track: &Track, columns: &[&str]) -> Option<Vec<f32>> {
    let columns: Vec<_> = columns.iter().map(|name| track.column(name)).collect::<Option<_>>()?;
    let value = |row: usize| {
        let sum: f32 = columns.iter().filter_map(|column| column.get(row)).sum();
        let sure =
            track.confidence.as_ref().and_then(|all| all.get(row)).is_none_or(|&q| q.is_nan() || q >= ASSESSABLE);
        if sure { sum / columns.len() as f32 } else { f32::NAN }
    };
    Some((0..track.grid.len).map(value).collect())
}

fn bucketed(track: &Track, values: &[f32], start_s: f64, buckets: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; buckets * 2];
    let step = track.grid.step.secs_f64();
    let first = track.grid.time(0).unwrap_or(SessionTime::from_secs_f64(0.0)).secs_f64() - start_s;
    for (row, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        // A row is centred on its time; one wider than a bucket fills all it reaches.
        let middle = first + row as f64 * step;
        let (from, to) = match step <= BUCKET_SECS {
            true => (middle / BUCKET_SECS + 1e-6, middle / BUCKET_SECS + 1.0 + 1e-6),
            false => ((middle - step / 2.0) / BUCKET_SECS + 0.5, (middle + step / 2.0) / BUCKET_SECS + 0.5),
        };
        let (from, to) = (from.max(0.0) as usize, (to.max(0.0) as usize).min(buckets));
        for bucket in from..to {
            if let [low, high] = &mut out[bucket * 2..bucket * 2 + 2] {
                *low = low.min(*value);
                *high = high.max(*value);
            }
        }
    }
    out
}

/// Coarser levels until one tile holds all.
fn levels(base: Vec<Vec<f32>>) -> Vec<Vec<Vec<f32>>> {
    let mut levels = vec![base];
    while let Some(last) = levels.last() {
        if last.first().is_none_or(|curve| curve.len() <= 2 * TILE) {
            break;
        }
        let coarser = last.iter().map(|curve| curve.chunks(2 * FACTOR).flat_map(merged).collect()).collect();
        levels.push(coarser);
    }
    levels
}

/// Lowest and highest of several buckets; `f32::min` passes over `NaN`.
fn merged(pairs: &[f32]) -> [f32; 2] {
    let low = pairs.iter().step_by(2).copied().fold(f32::NAN, f32::min);
    let high = pairs.iter().skip(1).step_by(2).copied().fold(f32::NAN, f32::max);
    [low, high]
}

/// The kept curves if they were made from the tracks as they are, or new ones.
///
/// # Errors
/// [`TracksError`] if there are no tracks to read. That they cannot be kept is no error.
pub fn read_or_make(place: &Place, span: Span) -> Result<Curves, TracksError> {
    let file = place.results.join("tracks.parquet");
    let source = fs::metadata(&file).ok().map(|data| {
        let changed = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        (data.len(), changed.map_or(0, |time| time.as_nanos() as u64))
    });
    let kept = place.cache.join(FILE);
    if let Some(curves) = source.and_then(|source| read(&kept, source)) {
        return Ok(curves);
    }
    let curves = Curves::make(&tracks::read(&file)?, span);
    if let Some(source) = source {
        _ = fs::create_dir_all(&place.cache);
        _ = keep(&kept, &curves, source);
    }
    Ok(curves)
}

fn keep(file: &Path, curves: &Curves, source: (u64, u64)) -> std::io::Result<()> {
    let head = Head {
        version: VERSION,
        source,
        curves: curves.curves.clone(),
        faces: curves.faces.clone(),
        start_s: curves.start_s,
        buckets: curves.buckets(),
    };
    let mut bytes = serde_json::to_vec(&head)?;
    bytes.push(b'\n');
    for curve in curves.levels.first().into_iter().flatten() {
        bytes.extend(curve.iter().flat_map(|value| value.to_le_bytes()));
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(&bytes)?;
    beside.persist(file)?;
    Ok(())
}

fn read(file: &Path, source: (u64, u64)) -> Option<Curves> {
    let bytes = fs::read(file).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(bytes.get(..end)?).ok()?;
    let numbers = bytes.get(end + 1..)?;
    let size = head.buckets.checked_mul(8)?;
    if head.version != VERSION || head.source != source || numbers.len() != size.checked_mul(head.curves.len())? {
        return None;
    }
    let float = |four: &[u8]| f32::from_le_bytes(four.try_into().unwrap_or_default());
    let base = numbers.chunks(size.max(1)).map(|curve| curve.chunks_exact(4).map(float).collect()).collect();
    Some(Curves { curves: head.curves, start_s: head.start_s, levels: levels(base), faces: head.faces })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2};

    use super::*;
    use crate::time::{FrameGrid, Step};
    use crate::track::Unit;

    /// A ramp: each value is its own time in seconds.
    fn ramp(rows: usize) -> Tracks {
        let grid = FrameGrid { first: SessionTime::from_secs_f64(0.005), step: Step::new(1, 100).unwrap(), len: rows };
        let values = (0..rows).map(|row| row as f32 * 0.01).collect();
        let mut tracks = Tracks::new();
        tracks.insert(
            "loudness",
            Track {
                who: Who::Room,
                unit: Unit::DecibelsFullScale,
                grid,
                columns: vec!["dbfs".into()],
                values: Array2::from_shape_vec((rows, 1), values).unwrap(),
                confidence: Some(Array1::from_elem(rows, 1.0)),
            },
        );
        tracks
    }

    #[test]
    fn a_ramp_keeps_its_place_on_every_level() {
        let curves = Curves::make(&ramp(600_000), Span::from_millis(0, 6_000_000).unwrap());
        assert_eq!(curves.buckets(), 60_000);
        let mut secs = BUCKET_SECS;
        for level in &curves.levels {
            for (at, pair) in level[0].chunks(2).enumerate() {
                let from = at as f64 * secs;
                assert!((f64::from(pair[0]) - from).abs() < 0.02, "bucket {at} of {secs} s begins with {}", pair[0]);
            }
            secs *= FACTOR as f64;
        }
        assert!(curves.levels.last().unwrap()[0].len() <= 2 * TILE);
    }

    #[test]
    fn what_was_not_measured_stays_a_hole() {
        let mut tracks = ramp(1000);
        let mut track = tracks.get("loudness", Who::Room).unwrap().clone();
        track.values.slice_mut(ndarray::s![200..400, ..]).fill(f32::NAN);
        track.confidence.as_mut().unwrap().slice_mut(ndarray::s![600..700]).fill(0.1);
        tracks.insert("loudness", track);
        let curves = Curves::make(&tracks, Span::from_millis(0, 12_000).unwrap());
        let measured: Vec<bool> = curves.levels[0][0].chunks(2).map(|pair| !pair[0].is_nan()).collect();
        for (at, is) in measured.iter().enumerate() {
            let hole = (20..40).contains(&at) || (60..70).contains(&at) || at >= 100;
            assert_eq!(*is, !hole, "bucket {at}");
        }
    }

    #[test]
    fn what_is_kept_reads_back_and_old_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let curves = Curves::make(&ramp(6000), Span::from_millis(0, 60_000).unwrap());
        keep(&file, &curves, (1, 2)).unwrap();
        assert_eq!(read(&file, (1, 2)).unwrap(), curves);
        assert_eq!(read(&file, (1, 3)), None);
        fs::write(&file, b"{}\n").unwrap();
        assert_eq!(read(&file, (1, 2)), None);
    }
}
