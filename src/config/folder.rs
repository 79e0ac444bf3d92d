//! The user's settings folder: every file in it is read, or said to be none of ours.
//!
//! A misspelt name would otherwise leave the built-in settings in force without a word.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::ConfigError;
use crate::spelling::nearest;

/// Reads all files of `folder` over `files`, which hold the built-in ones.
///
/// # Errors
/// [`ConfigError::Unreadable`]; [`ConfigError::Unknown`] for the first file, in order of path, that no part of the
/// engine would read.
pub(super) fn read_over(folder: &Path, files: &mut BTreeMap<String, String>) -> Result<(), ConfigError> {
    let mut found = BTreeMap::new();
    gather(folder, folder, &mut found)?;
    lay_over(folder, found, files)
}

/// The same of a folder that holds codes: each file that is none of the settings' own is a code. A folder of settings with
/// its own `codebook/` is taken as such.
///
/// # Errors
/// As [`read_over`].
pub(super) fn read_codes_over(folder: &Path, files: &mut BTreeMap<String, String>) -> Result<(), ConfigError> {
    let mut found = BTreeMap::new();
    gather(folder, folder, &mut found)?;
    let is_settings = found.keys().any(|name| name.starts_with("codebook/"));
    let own = |name: &str| {
        let known = ["codebook.toml", "dictionary.toml"].contains(&name)
            || ["views/", "language/"].iter().any(|start| name.starts_with(start));
        if is_settings || known { name.to_owned() } else { format!("codebook/{OWN}/{name}") }
    };
    let found = found.into_iter().map(|(name, path)| (own(&name), path)).collect();
    lay_over(folder, found, files)
}

/// Where the codes of a folder of codes stand.
const OWN: &str = "own";

fn lay_over(
    folder: &Path,
    found: BTreeMap<String, PathBuf>,
    files: &mut BTreeMap<String, String>,
) -> Result<(), ConfigError> {
    if let Some(name) = found.keys().find(|name| !is_read(name, files)) {
        return Err(ConfigError::Unknown {
            hint: hint(name, files),
            file: found.get(name).map_or_else(|| folder.join(name), Clone::clone).display().to_string(),
            name: name.clone(),
        });
    }
    let mut own = BTreeMap::new();
    for (name, path) in found {
        own.insert(name, std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?);
    }
    let alone = own.get("codebook.toml").is_some_and(|text| entry(text, "base").as_deref() == Some("none"));
    let ids: BTreeSet<String> =
        own.iter().filter(|(name, _)| is_code(name)).filter_map(|(_, text)| entry(text, "id")).collect();
    // A code of this id replaces the built-in one, wherever its file lies.
    files.retain(|name, text| {
        !is_code(name) || own.contains_key(name) || !(alone || entry(text, "id").is_some_and(|id| ids.contains(&id)))
    });
    files.extend(own);
    Ok(())
}

fn is_code(name: &str) -> bool {
    name.starts_with("codebook/")
}

/// A text at the top of a settings file; `None` if it is not there or the file does not read.
fn entry(text: &str, key: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    table.get(key)?.as_str().map(str::to_owned)
}

fn unreadable(path: &Path, e: std::io::Error) -> ConfigError {
    ConfigError::Unreadable { message: e.to_string(), file: path.display().to_string() }
}

/// All files under `folder` by their path inside `root`, with `/` between the parts.
fn gather(root: &Path, folder: &Path, found: &mut BTreeMap<String, PathBuf>) -> Result<(), ConfigError> {
    for entry in std::fs::read_dir(folder).map_err(|e| unreadable(folder, e))? {
        let entry = entry.map_err(|e| unreadable(folder, e))?;
        let path = entry.path();
        if is_left_behind(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if path.is_dir() {
            gather(root, &path, found)?;
        } else {
            let inside = path.strip_prefix(root).unwrap_or(&path);
            let name: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
            found.insert(name.join("/"), path);
        }
    }
    Ok(())
}

/// What editors, file managers and version control put beside files (hidden files, safety copies), and notes for
/// readers. None of these is a misspelt settings file.
fn is_left_behind(name: &str) -> bool {
    name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'))
        || [".swp", ".swo", ".bak", ".orig", ".tmp", ".md"].iter().any(|end| name.ends_with(end))
        || ["Thumbs.db", "desktop.ini"].contains(&name)
}

/// Whether some part of the engine reads this file: a built-in one's replacement, a further code, or a language's file
/// with the name of one of the built-in language.
fn is_read(name: &str, known: &BTreeMap<String, String>) -> bool {
    let parts: Vec<_> = name.split('/').collect();
    known.contains_key(name)
        || match parts[..] {
            ["codebook", .., file] | ["views", file] | ["queries", file] => file.ends_with(".toml"),
            ["language", _, file] => {
                known.keys().any(|k| k.starts_with("language/") && k.ends_with(&format!("/{file}")))
            }
            _ => false,
        }
}

/// What was meant: the same file elsewhere, else the most alike name.
fn hint(name: &str, known: &BTreeMap<String, String>) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let elsewhere = known.keys().find(|k| k.rsplit('/').next() == Some(file));
    match elsewhere.map(String::as_str).or_else(|| nearest(name, known.keys().map(String::as_str))) {
        Some(meant) => format!("did you mean {meant}? Rename or move it"),
        None => "attune config --write FOLDER shows all names; rename it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn with(files: &[&str]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "# mine").unwrap();
        }
        Config::with_folder(folder.path()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_name_that_nothing_reads_comes_with_the_one_that_was_meant() {
        for (name, meant) in [
            ("voise.toml", "voice.toml"),
            ("Voice.toml", "voice.toml"),
            ("voice.toml.txt", "voice.toml"),
            ("audio.toml", "markers/audio.toml"),
            ("marker/audio.toml", "markers/audio.toml"),
            ("markers/vdieo.toml", "markers/video.toml"),
            ("config/engine.toml", "engine.toml"),
            ("language/en/distres.toml", "language/en/distress.toml"),
            ("codebook/resistance/rs03_concise_then_silent.tml", "codebook/resistance/rs03_concise_then_silent.toml"),
        ] {
            let said = with(&[name]).unwrap_err();
            assert!(said.contains(name) && said.contains(&format!("mean {meant}?")), "{name}: {said}");
        }
        let said = with(&["holiday.jpg"]).unwrap_err();
        assert!(said.contains("holiday.jpg") && said.contains("attune config --write"), "{said}");
    }

    fn write(folder: &std::path::Path, file: &str, text: &str) {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_code_of_the_same_id_replaces_the_built_in_one_and_others_are_added() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "rs03.toml", "id = \"rs03\"");
        write(folder.path(), "deeper/my01.toml", "id = \"my01\"");
        let count = |config: &Config| config.under("codebook").count();
        let config = Config::embedded().with_codebook(folder.path()).unwrap();
        assert_eq!(count(&config), count(&Config::embedded()) + 1);
        assert_eq!(config.text("codebook/own/rs03.toml").unwrap(), "id = \"rs03\"");
        assert!(config.text("codebook/resistance/rs03_concise_then_silent.toml").is_err());
        write(folder.path(), "codebook.toml", "base = \"none\"");
        let config = Config::embedded().with_codebook(folder.path()).unwrap();
        assert_eq!(count(&config), 2);
    }

    #[test]
    fn a_folder_of_settings_is_known_by_its_codebook() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "codebook/mine/rs03.toml", "id = \"rs03\"");
        write(folder.path(), "voice.toml", "# mine");
        let config = Config::embedded().with_codebook(folder.path()).unwrap();
        assert_eq!(config.text("voice.toml").unwrap(), "# mine");
        assert_eq!(config.under("codebook").count(), Config::embedded().under("codebook").count());
        write(folder.path(), "notes.txt", "hello");
        let said = Config::embedded().with_codebook(folder.path()).unwrap_err().to_string();
        assert!(said.contains("notes.txt"), "{said}");
    }

    #[test]
    fn new_codes_new_languages_and_what_editors_leave_are_no_mistakes() {
        let own = with(&[
            "codebook/own/my01_code.toml",
            "language/de/ack.toml",
            ".voice.toml.swp",
            "voice.toml~",
            ".DS_Store",
            ".git/config",
            "README.md",
        ]);
        let own = own.unwrap();
        assert_eq!(own.text("language/de/ack.toml").unwrap(), "# mine");
        assert!(own.text("README.md").is_err());
    }
}
