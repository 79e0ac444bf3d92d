//! The user's settings folder: every file in it is read, or said to be none of ours.
//!
//! A misspelt name would otherwise leave the built-in settings in force without a word.

use std::collections::BTreeMap;
use std::path::Path;

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
    if let Some(name) = found.keys().find(|name| !is_read(name, files)) {
        return Err(ConfigError::Unknown {
            hint: hint(name, files),
            file: folder.join(name).display().to_string(),
            name: name.clone(),
        });
    }
    for (name, path) in found {
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
        files.insert(name, text);
    }
    Ok(())
}

/// Reads all files of `folder` over those below `codebook/`.
///
/// # Errors
/// As [`read_over`].
pub(super) fn read_codebook_over(folder: &Path, files: &mut BTreeMap<String, String>) -> Result<(), ConfigError> {
    let mut found = BTreeMap::new();
    gather(folder, folder, &mut found)?;
    for (name, path) in found {
        if !name.ends_with(".toml") {
            let hint = "a codebook holds .toml files".to_owned();
            return Err(ConfigError::Unknown { hint, file: path.display().to_string(), name });
        }
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
        files.insert(format!("codebook/{name}"), text);
    }
    Ok(())
}

fn unreadable(path: &Path, e: std::io::Error) -> ConfigError {
    ConfigError::Unreadable { message: e.to_string(), file: path.display().to_string() }
}

/// All files under `folder` by their path inside `root`, with `/` between the parts.
fn gather(root: &Path, folder: &Path, found: &mut BTreeMap<String, std::path::PathBuf>) -> Result<(), ConfigError> {
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
            ["codebook", .., file] => file.ends_with(".toml"),
            ["queries", file] => file.ends_with(".toml"),
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
