//! Finished stages of one session, kept under the hash of all that went into them.
//!
//! One file per stage in `stages/` of the results folder: a line of JSON (what the stage said, and the shape of its
//! tracks), then the tracks' numbers as little-endian `f32`, then the SHA-256 of all before. A file that was not
//! finished, or was changed, does not match its sum and counts as not there.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::origin::Hash;
use crate::time::FrameGrid;
use crate::track::{Track, Tracks, Unit, Who};

/// The stages that are kept.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// How the names of stages begin that must not be kept.
    forbidden: Vec<&'static str>,
}

#[derive(Serialize, Deserialize)]
struct Header<T> {
    key: Hash,
    said: T,
    tracks: Vec<Shape>,
}

#[derive(Serialize, Deserialize)]
struct Shape {
    name: String,
    who: Who,
    unit: Unit,
    grid: FrameGrid,
    columns: Vec<String>,
    confidence: bool,
}

const SUM_LENGTH: usize = 32;

impl Store {
    /// Keeps stages under `results/stages`.
    pub fn new(results: &Path) -> Self {
        Self { folder: results.join("stages"), forbidden: Vec::new() }
    }

    /// The same, keeping nothing of stages whose names begin so; what is there of them is deleted.
    ///
    /// # Errors
    /// What the system said if something cannot be deleted.
    pub fn without(self, forbidden: Vec<&'static str>) -> io::Result<Self> {
        let store = Self { forbidden, ..self };
        let entries = if store.forbidden.is_empty() { None } else { fs::read_dir(&store.folder).ok() };
        for path in entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if store.is_forbidden(&name) {
                fs::remove_file(&path)?;
            }
        }
        Ok(store)
    }

    fn is_forbidden(&self, stage: &str) -> bool {
        self.forbidden.iter().any(|begin| stage.starts_with(begin))
    }

    fn path(&self, stage: &str) -> PathBuf {
        self.folder.join(format!("{stage}.stage"))
    }

    /// What this stage gave for these inputs, if it is there and whole.
    pub fn load<T: DeserializeOwned>(&self, stage: &str, key: &Hash) -> Option<(T, Tracks)> {
        let bytes = fs::read(self.path(stage)).ok()?;
        let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM_LENGTH)?)?;
        if Sha256::digest(body).as_slice() != sum {
            return None;
        }
        let line_end = body.iter().position(|&byte| byte == b'\n')?;
        let header: Header<T> = serde_json::from_slice(&body[..line_end]).ok()?;
        if header.key != *key {
            return None;
        }
        let mut numbers = body[line_end + 1..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let mut tracks = Tracks::new();
        for shape in header.tracks {
            let (rows, columns) = (shape.grid.len, shape.columns.len());
            let values: Vec<f32> = numbers.by_ref().take(rows.checked_mul(columns)?).collect();
            let confidence: Option<Vec<f32>> = shape.confidence.then(|| numbers.by_ref().take(rows).collect());
            let confidence = match confidence {
                Some(confidence) if confidence.len() == rows => Some(Array1::from_vec(confidence)),
                Some(_) => return None,
                None => None,
            };
            let values = Array2::from_shape_vec((rows, columns), values).ok()?;
            let Shape { name, who, unit, grid, columns, .. } = shape;
            tracks.insert(&name, Track { who, unit, grid, columns, values, confidence });
        }
        Some((header.said, tracks))
    }

    /// Keeps what a stage gave, in place of what it gave before.
    ///
    /// # Errors
    /// What the system said; nothing half-written stays under the stage's name.
    pub fn save<T: Serialize>(&self, stage: &str, key: &Hash, said: &T, tracks: &Tracks) -> io::Result<()> {
        if self.is_forbidden(stage) {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        let shapes = tracks.iter().map(|(name, track)| Shape {
            name: name.to_owned(),
            who: track.who,
            unit: track.unit,
            grid: track.grid,
            columns: track.columns.clone(),
            confidence: track.confidence.is_some(),
        });
        let header = serde_json::to_vec(&Header { key: key.clone(), said, tracks: shapes.collect() })?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        let mut digest = Sha256::new();
        let mut buffer = header;
        buffer.push(b'\n');
        for (_, track) in tracks.iter() {
            let confidence = track.confidence.iter().flatten();
            for number in track.values.iter().chain(confidence) {
                buffer.extend(number.to_le_bytes());
                if buffer.len() >= 1 << 20 {
                    digest.update(&buffer);
                    file.write_all(&buffer)?;
                    buffer.clear();
                }
            }
        }
        digest.update(&buffer);
        file.write_all(&buffer)?;
        file.write_all(&digest.finalize())?;
        file.as_file().sync_all()?;
        file.persist(self.path(stage)).map_err(|e| e.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{SessionTime, Step};

    fn some_tracks() -> Tracks {
        let mut tracks = Tracks::new();
        for (who, confidence) in [(Who::Client, None), (Who::Face(2), Some(Array1::from_vec(vec![0.5, 1.0, f32::NAN])))]
        {
            let grid = FrameGrid { first: SessionTime::from_millis(-40), step: Step::new(2, 25).unwrap(), len: 3 };
            let values = Array2::from_shape_fn((3, 2), |(row, column)| (row * 2 + column) as f32);
            let columns = vec!["a".to_owned(), "b".to_owned()];
            tracks.insert("ramp", Track { who, unit: Unit::Degrees, grid, columns, values, confidence });
        }
        tracks
    }

    fn bits(tracks: &Tracks) -> Vec<u32> {
        let all = tracks.iter().flat_map(|(_, t)| t.values.iter().chain(t.confidence.iter().flatten()));
        all.map(|number| number.to_bits()).collect()
    }

    #[test]
    fn what_goes_in_comes_out_bit_by_bit() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let key = Hash::of_bytes(b"inputs");
        store.save("face", &key, &"two faces".to_owned(), &some_tracks()).unwrap();
        let (said, tracks) = store.load::<String>("face", &key).unwrap();
        assert_eq!(said, "two faces");
        assert_eq!(bits(&tracks), bits(&some_tracks()));
        assert!(store.load::<String>("face", &Hash::of_bytes(b"other inputs")).is_none());
        assert!(store.load::<String>("voice", &key).is_none());
    }

    #[test]
    fn a_damaged_or_cut_off_file_counts_as_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let key = Hash::of_bytes(b"inputs");
        store.save("face", &key, &1, &some_tracks()).unwrap();
        let path = folder.path().join("stages/face.stage");
        let whole = fs::read(&path).unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert!(store.load::<i32>("face", &key).is_none(), "byte {at}");
        }
        for length in [0, 10, 40, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(store.load::<i32>("face", &key).is_none(), "{length} bytes");
        }
    }
}
