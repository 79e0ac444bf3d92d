//! Settings and codebook files: the ones inside the program, or a folder of the user's in their place.

mod folder;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use rust_embed::RustEmbed;
use serde::de::DeserializeOwned;

use crate::origin::Hash;

#[derive(RustEmbed)]
#[folder = "config/"]
struct Embedded;

/// All files of `config/` by their path inside it (`markers/audio.toml`), in order of path.
#[derive(Clone, Debug)]
pub struct Config {
    files: BTreeMap<String, String>,
    /// Where a message should send the user: a folder, or the program itself.
    place: String,
}

/// Why the settings do not read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file of the user's folder cannot be read.
    #[error("cannot read the settings ({message}): check --config and --codebook: {file}")]
    Unreadable {
        /// What the system said.
        message: String,
        /// File or folder.
        file: String,
    },
    /// A file of the user's folder is none that is read: most likely its name is misspelt.
    #[error("the settings folder holds {name:?}, which nothing reads: {hint}, or take it out of the folder: {file}")]
    Unknown {
        /// Path inside the folder.
        name: String,
        /// What was meant.
        hint: String,
        /// The file.
        file: String,
    },
    /// A file is not there.
    #[error("the settings lack the file {file:?}: copy it from the default settings (attune config --write FOLDER)")]
    Missing {
        /// Path inside `config/`.
        file: String,
    },
    /// A file's contents do not read.
    #[error("settings file {file}: {message}")]
    Wrong {
        /// Path inside `config/`.
        file: String,
        /// Line, column and what is wrong.
        message: String,
    },
}

impl Config {
    /// The files inside the program.
    pub fn embedded() -> Self {
        let mut files = BTreeMap::new();
        for path in Embedded::iter() {
            if let Some(file) = Embedded::get(&path) {
                files.insert(path.into_owned(), String::from_utf8_lossy(&file.data).into_owned());
            }
        }
        Self { files, place: "the program's own settings".into() }
    }

    /// The files inside the program, each replaced by the file of the same path in `folder` where there is one; further
    /// codes and languages of `folder` are added.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`]; [`ConfigError::Unknown`] if a file of `folder` is none that is read.
    pub fn with_folder(folder: &Path) -> Result<Self, ConfigError> {
        let mut config = Self::embedded();
        config.place = folder.display().to_string();
        folder::read_over(folder, &mut config.files)?;
        Ok(config)
    }

    /// The same with a study's codes: the files of `folder` are added to the codes, and one of the same id replaces the code
    /// that was there. `codebook.toml` in it may say `base = "none"`: then its codes are the only ones. It may also hold
    /// `views/`, `language/` and `dictionary.toml`, or be a whole folder of settings.
    ///
    /// # Errors
    /// As [`Config::with_folder`].
    pub fn with_codebook(mut self, folder: &Path) -> Result<Self, ConfigError> {
        folder::read_codes_over(folder, &mut self.files)?;
        self.place = folder.display().to_string();
        Ok(self)
    }

    /// One file's text.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn text(&self, file: &str) -> Result<&str, ConfigError> {
        self.files.get(file).map(String::as_str).ok_or_else(|| ConfigError::Missing { file: file.to_owned() })
    }

    /// One file as settings.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] or [`ConfigError::Wrong`].
    pub fn read<T: DeserializeOwned>(&self, file: &str) -> Result<T, ConfigError> {
        toml::from_str(self.text(file)?)
            .map_err(|e| ConfigError::Wrong { file: file.to_owned(), message: e.to_string() })
    }

    /// All files under a folder, as path and text, in order of path.
    pub fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// All files, as path and text, in order of path.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Hash of all files under a folder; if `folder` is empty, of every file that can change a measurement or a candidate:
    /// not the codes, languages and views (they have hashes of their own), questions, and what studies, learning and made
    /// sessions go by.
    pub fn hash(&self, folder: &str) -> Hash {
        let apart = |path: &str| {
            ["codebook/", "language/", "views/", "queries/"].iter().any(|part| path.starts_with(part))
                || ["study.toml", "learn.toml", "made.toml"].contains(&path)
        };
        let wanted = |path: &str| match folder {
            "" => !apart(path),
            _ => path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        Hash::of_parts(self.all().filter(|(path, _)| wanted(path)).map(|(path, text)| (path, text.as_bytes())))
    }

    /// Where these settings come from, for messages.
    pub fn place(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_replaces_file_by_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("codebook")).unwrap();
        std::fs::write(folder.path().join("codebook/own.toml"), "id = 1").unwrap();
        let own = Config::with_folder(folder.path()).unwrap();
        assert_eq!(own.text("codebook/own.toml").unwrap(), "id = 1");
        assert_ne!(own.hash("codebook"), Config::embedded().hash("codebook"));
        assert_eq!(own.hash(""), Config::embedded().hash(""));
    }

    #[test]
    fn a_missing_folder_and_a_missing_file_are_named() {
        assert!(Config::with_folder(Path::new("no/such/folder")).unwrap_err().to_string().contains("no/such/folder"));
        assert!(Config::embedded().text("nothing.toml").unwrap_err().to_string().contains("nothing.toml"));
    }
}
