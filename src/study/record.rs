//! `scan.toml`: what the last scan of a session came to, under the hash of what went into it.
//!
//! It is written last, when all results are in their places: a scan that was killed leaves none, or the one before, whose
//! hash then no longer fits.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{SCHEMA, SessionFolder, StudyError, files};
use crate::origin::Hash;

/// Its name.
pub const FILE: &str = "scan.toml";
const HEADER: &str =
    "# What the last scan of this session came to. Written by Attune; deleting it makes the next scan look again.\n\n";
/// Places of a large recording that are looked at to tell it from others.
const PLACES: u64 = 64;
/// Bytes at each place.
const PLACE_BYTES: u64 = 4096;

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// There are results, and a part could not be done.
    Partly,
    /// There are no results.
    Failed,
}

impl Outcome {
    /// As in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partly => "partly",
            Self::Failed => "failed",
        }
    }
}

/// What the last scan came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanRecord {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// Of the manifest's part that a scan reads, and of the recordings ([`inputs`]).
    pub inputs: Hash,
    /// Of settings, codebook, networks and version.
    pub program: Hash,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, or what could not be done: one line each, without names of files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
}

impl ScanRecord {
    /// That of a session's folder; `None` if there is none that reads.
    pub fn read(folder: &Path) -> Option<Self> {
        files::read_toml(&folder.join(FILE)).ok()
    }

    /// Writes it into a session's folder.
    ///
    /// # Errors
    /// [`StudyError`] if it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), StudyError> {
        files::write_toml(&folder.join(FILE), HEADER, self)
    }

    /// A record of now.
    pub fn new(inputs: Hash, program: Hash, outcome: Outcome, messages: Vec<String>) -> Self {
        Self { schema: SCHEMA, inputs, program, outcome, messages }
    }

    /// Whether a scan of these inputs by this program would come to the same. What failed is tried again.
    pub fn still_holds(&self, inputs: &Hash, program: &Hash) -> bool {
        self.outcome != Outcome::Failed && self.inputs == *inputs && self.program == *program
    }
}

/// Hash of all that a scan of this session reads: people with roles and consent, recordings by content, transcript. Paths
/// and what only people read do not count. A file that is not there counts as such.
pub fn inputs(session: &SessionFolder) -> Hash {
    let manifest = &session.manifest;
    let mut parts: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| parts.push((name.to_owned(), value));
    add("id", session.id.clone());
    for person in &manifest.participant {
        let consent = person.consent;
        let agreed = [consent.sound, consent.face, consent.text];
        add("person", format!("{} {:?} {:?} {agreed:?}", person.pseudonym, person.role, person.known_as));
    }
    for (medium, path) in manifest.media.iter().zip(session.media_paths()) {
        add("medium", format!("{} {:?} {}", medium.of, medium.offset_s, sketch(&path)));
    }
    if let Some(path) = session.transcript_path() {
        add("transcript", Hash::of_file(&path).map_or_else(|_| "missing".to_owned(), |hash| hash.to_string()));
    }
    add(
        "rest",
        format!("{:?} {:?} {:?} {:?}", manifest.columns, manifest.language, manifest.channels, manifest.speakers),
    );
    Hash::of_parts(parts.iter().map(|(name, value)| (name.as_str(), value.as_bytes())))
}

/// A recording by its length and what stands at [`PLACES`] places of it: gigabytes are not read through to find that
/// nothing has changed. (The scan itself hashes the whole file.)
pub(super) fn sketch(path: &Path) -> String {
    let look = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut seen = Vec::new();
        if length <= PLACES * PLACE_BYTES {
            file.read_to_end(&mut seen)?;
        } else {
            for place in 0..PLACES {
                file.seek(SeekFrom::Start(
                    (length - PLACE_BYTES) / (PLACES - 1) * place
                        + (length - PLACE_BYTES) % (PLACES - 1) * place / (PLACES - 1),
                ))?;
                file.by_ref().take(PLACE_BYTES).read_to_end(&mut seen)?;
            }
        }
        Ok(format!("{length} {}", Hash::of_bytes(&seen)))
    };
    look().unwrap_or_else(|_| "missing".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_at_the_start_the_end_or_of_length_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        let mut bytes = vec![7_u8; 5 << 20];
        std::fs::write(&path, &bytes).unwrap();
        let before = sketch(&path);
        for at in [0, bytes.len() - 1] {
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert_ne!(sketch(&path), before, "byte {at}");
            bytes[at] ^= 1;
        }
        bytes.push(7);
        std::fs::write(&path, &bytes).unwrap();
        assert_ne!(sketch(&path), before);
        assert_eq!(sketch(&folder.path().join("none")), "missing");
    }
}
