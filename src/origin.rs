//! What made a result: versions and hashes, so that it can be made again and told apart from others.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A SHA-256 sum, written as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Hash(String);

impl Hash {
    /// Of these bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::from_digest(Sha256::digest(bytes))
    }

    /// Of a whole file, read in pieces.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = std::fs::File::open(path)?;
        let mut digest = Sha256::new();
        let mut piece = vec![0; 1 << 20];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(Self::from_digest(digest.finalize())),
                read => digest.update(&piece[..read]),
            }
        }
    }

    /// Of several named parts in this order; a part's name and its bytes both count, and so do their borders.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut digest = Sha256::new();
        for (name, bytes) in parts {
            for field in [name.as_bytes(), bytes] {
                digest.update((field.len() as u64).to_le_bytes());
                digest.update(field);
            }
        }
        Self::from_digest(digest.finalize())
    }

    fn from_digest(digest: impl AsRef<[u8]>) -> Self {
        Self(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

/// One network that took part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelFile {
    /// Name in `models/models.toml`.
    pub name: String,
    /// Of the file that was loaded.
    pub sha256: Hash,
    /// What ran it: `onnxruntime 1.32.0` or `rten 0.27`.
    pub runtime: String,
}

/// What made a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// Version of the engine.
    pub engine: String,
    /// Of all settings files together, as used.
    pub settings: Hash,
    /// Of all codebook files together.
    pub codebook: Hash,
    /// The codebook's name and version.
    #[serde(default)]
    pub codebook_version: String,
    /// Of the language patterns.
    pub language: Hash,
    /// Of the file of learned weights, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<Hash>,
    /// Networks that ran, in order of name.
    pub models: Vec<ModelFile>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Hash::of_bytes(b"").as_str(), empty);
    }

    #[test]
    fn borders_between_parts_count() {
        let parts = |a: &'static str, b: &'static [u8]| Hash::of_parts([(a, b)]);
        assert_ne!(parts("ab", b"c"), parts("a", b"bc"));
    }
}
