//! The folder of networks and its list, `models.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ModelError, Network, Runtime, compiled, onnxruntime, pure_rust};
use crate::origin::{Hash, ModelFile};

/// One line of `models.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// File name, beside the list or in `../vendor/models`.
    pub file: String,
    /// SHA-256 of that file, 64 hexadecimal digits.
    pub sha256: String,
    /// What it does, in one sentence.
    pub what: String,
    /// SPDX name of its licence.
    pub licence: String,
    /// Package and path it was rebuilt from.
    pub from: String,
    /// The engine works without it, and says what is missing then.
    #[serde(default)]
    pub optional: bool,
    /// It is one of those that are compiled in; the file holds its weights.
    #[serde(default)]
    pub compiled: bool,
    /// It gains from a graphics card where one is used (docs/performance.md).
    #[serde(default)]
    pub gpu: bool,
}

/// The networks of this machine.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
    entries: BTreeMap<String, Entry>,
    runtime: Runtime,
    library: Option<PathBuf>,
    by_runtime_only: bool,
}

impl Shelf {
    /// Reads `folder/models.toml`. With [`Runtime::Auto`], `library` is ONNX Runtime's shared library if one was
    /// found.
    ///
    /// # Errors
    /// [`ModelError::List`] if the list is not there or does not read.
    pub fn open(folder: &Path, runtime: Runtime, library: Option<PathBuf>) -> Result<Self, ModelError> {
        let path = folder.join("models.toml");
        let fail = |message: String| ModelError::List { message, file: path.display().to_string() };
        let text = std::fs::read_to_string(&path).map_err(|e| fail(e.to_string()))?;
        let entries = toml::from_str(&text).map_err(|e| fail(e.message().to_owned()))?;
        Ok(Self { folder: folder.to_owned(), entries, runtime, library, by_runtime_only: false })
    }

    /// Runs every network by the runtime, also those that are compiled in: for comparing them.
    pub fn by_runtime_only(self) -> Self {
        Self { by_runtime_only: true, ..self }
    }

    /// All networks of the list, in order of name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Whether this network's file is there (its hash is checked when it is loaded).
    pub fn has(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| self.place(entry).is_file())
    }

    /// Where a file is: beside the list, or where the set-up puts what is not part of the repository.
    fn place(&self, entry: &Entry) -> PathBuf {
        let fetched = || self.folder.join("../vendor/models").join(&entry.file);
        Some(self.folder.join(&entry.file)).filter(|beside| beside.is_file()).unwrap_or_else(fetched)
    }

    /// What will run networks: for `attune doctor` and for the line that says so. A library that was asked for or
    /// found and does not load is named as such: loading a network then fails with the reason.
    pub fn runtime_name(&self) -> String {
        match self.library() {
            Ok(Some(library)) => match (onnxruntime::version(library), self.card(library)) {
                (Err(_), _) => "onnxruntime (does not load)".to_owned(),
                (Ok(version), Ok(None)) => version,
                (Ok(version), Ok(Some(provider))) => format!("{version} with {provider}"),
                (Ok(version), Err(_)) => format!("{version} (reaches no graphics card)"),
            },
            Ok(None) => pure_rust::NAME.to_owned(),
            Err(_) => "onnxruntime (not found)".to_owned(),
        }
    }

    /// What stands for these networks and what runs them, as one text: results made with another one differ.
    pub fn fingerprint(&self, names: &[&str]) -> String {
        let sums = names.iter().map(|&name| match self.entries.get(name) {
            Some(entry) if self.has(name) && self.is_compiled(entry) => {
                format!("{name} {} {}", entry.sha256, compiled::NAME)
            }
            Some(entry) if self.has(name) => format!("{name} {}", entry.sha256),
            _ => format!("{name} missing"),
        });
        sums.chain([self.runtime_name()]).collect::<Vec<_>>().join("\n")
    }

    fn is_compiled(&self, entry: &Entry) -> bool {
        entry.compiled && !self.by_runtime_only
    }

    /// Whether the graphics card that is wanted is reached; nothing where none is wanted.
    ///
    /// # Errors
    /// [`ModelError::Graphics`] or [`ModelError::Runtime`] say what is missing.
    pub fn check_card(&self) -> Result<(), ModelError> {
        if !matches!(self.runtime, Runtime::Graphics(_)) {
            return Ok(());
        }
        self.library()?.map_or(Ok(()), |library| self.card(library).map(drop))
    }

    /// The provider of a graphics card, if one is to be used.
    fn card(&self, library: &Path) -> Result<Option<&'static str>, ModelError> {
        match &self.runtime {
            Runtime::Graphics(_) => onnxruntime::card(library).map(Some),
            _ => Ok(None),
        }
    }

    fn library(&self) -> Result<Option<&Path>, ModelError> {
        match &self.runtime {
            Runtime::Graphics(given) => match given.as_deref().or(self.library.as_deref()) {
                Some(path) if path.is_file() => Ok(Some(path)),
                Some(path) => Err(ModelError::Runtime { message: format!("no file {}", path.display()) }),
                None => Err(ModelError::Graphics { message: "ONNX Runtime is not installed".to_owned() }),
            },
            Runtime::Rten => Ok(None),
            Runtime::OnnxRuntime(path) if path.is_file() => Ok(Some(path)),
            Runtime::OnnxRuntime(path) => Err(ModelError::Runtime { message: format!("no file {}", path.display()) }),
            Runtime::Auto => Ok(self.library.as_deref()),
        }
    }

    /// The checked bytes of a file on the list, for data that is no network.
    ///
    /// # Errors
    /// [`ModelError`]: not on the list, not there, or another file than expected.
    pub fn bytes(&self, name: &str) -> Result<(Vec<u8>, Hash), ModelError> {
        let missing = |file: &str| ModelError::Missing { name: name.to_owned(), file: file.to_owned() };
        let entry = self.entries.get(name).ok_or_else(|| missing("models.toml"))?;
        let bytes = std::fs::read(self.place(entry)).map_err(|_| missing(&entry.file))?;
        let sha256 = Hash::of_bytes(&bytes);
        if sha256.as_str() != entry.sha256 {
            let expected = entry.sha256.chars().take(12).collect();
            return Err(ModelError::WrongHash { name: name.to_owned(), found: sha256.short().to_owned(), expected });
        }
        Ok((bytes, sha256))
    }

    /// Loads a network, to run on `threads` threads.
    ///
    /// # Errors
    /// As [`Self::bytes`], or the runtime refuses it.
    pub fn load(&self, name: &str, threads: usize) -> Result<Network, ModelError> {
        let (bytes, sha256) = self.bytes(name)?;
        let failed = |message| ModelError::Failed { name: name.to_owned(), doing: "loading", message };
        if self.entries.get(name).is_some_and(|entry| self.is_compiled(entry)) {
            let backend = compiled::load(&bytes)
                .ok_or_else(|| failed("its layers are not those that are compiled in".to_owned()))?;
            let file = ModelFile { name: name.to_owned(), sha256, runtime: compiled::NAME.to_owned() };
            return Ok(Network { file, backend: Box::new(backend) });
        }
        let (backend, runtime): (Box<dyn super::Backend>, String) = match self.library()? {
            Some(library) => {
                let version = onnxruntime::version(library)?;
                let gains = self.entries.get(name).is_some_and(|entry| entry.gpu || self.by_runtime_only);
                let card = self.card(library)?.filter(|_| gains);
                let runtime = card.map_or(version.clone(), |provider| format!("{version} with {provider}"));
                (Box::new(onnxruntime::load(library, &bytes, threads, card.is_some()).map_err(failed)?), runtime)
            }
            None => (Box::new(pure_rust::load(bytes, threads).map_err(failed)?), pure_rust::NAME.to_owned()),
        };
        Ok(Network { file: ModelFile { name: name.to_owned(), sha256, runtime }, backend })
    }
}
