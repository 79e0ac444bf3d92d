//! Small files of a study: written whole or not at all, read with the line of what is wrong.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{SCHEMA, StudyError};

/// Name of a sealed study's one file.
pub const SEALED: &str = "study.sealed";
/// Largest manifest that is read, in bytes: a person writes a few hundred.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file of the study. Its schema is looked at first, so that a newer file is said to be newer and not wrong.
pub(super) fn read_toml<T: DeserializeOwned>(file: &Path) -> Result<T, StudyError> {
    let damaged = |message: String| StudyError::Damaged { message, file: file.to_owned() };
    let size = fs::metadata(file).map_err(|e| StudyError::reading(file, e))?.len();
    if size > MAX_BYTES {
        return Err(damaged(format!("{size} bytes are too many for it")));
    }
    let bytes = fs::read(file).map_err(|e| StudyError::reading(file, e))?;
    let text = String::from_utf8(bytes).map_err(|_| damaged("it is no UTF-8 text".into()))?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let table: toml::Table = toml::from_str(text).map_err(|e| damaged(e.to_string().trim().to_owned()))?;
    match table.get("schema").and_then(toml::Value::as_integer) {
        Some(schema) if schema > i64::from(SCHEMA) => {
            return Err(StudyError::Newer { found: schema, file: file.to_owned() });
        }
        Some(schema) if schema >= 1 => {}
        _ => return Err(damaged("it has no line \"schema = 1\"".into())),
    }
    toml::from_str(text).map_err(|e| damaged(e.to_string().trim().to_owned()))
}

/// Writes a file of the study: whole beside its place, then put there.
pub(super) fn write_toml<T: Serialize>(file: &Path, header: &str, value: &T) -> Result<(), StudyError> {
    let text = toml::to_string(value).map_err(|e| StudyError::Wrong(e.to_string()))?;
    write(file, format!("{header}{text}").as_bytes())
}

/// Writes bytes whole beside their place, then puts them there.
pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<(), StudyError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let part = file.with_file_name(format!(".{name}.part"));
    let put = || {
        let mut to = File::create(&part)?;
        to.write_all(bytes)?;
        to.sync_all()?;
        fs::rename(&part, file)
    };
    put().map_err(|e| {
        // It may not have been made at all.
        let _ = fs::remove_file(&part);
        StudyError::writing(file, e)
    })
}

/// A file's ending if it says what kind of file it is and nothing else: up to 8 letters and digits.
pub(super) fn plain_ending(file: &str) -> Option<&str> {
    let ending = Path::new(file).extension()?.to_str()?;
    ending.chars().all(|c| c.is_ascii_alphanumeric()).then_some(ending).filter(|ending| ending.len() <= 8)
}

/// `media1` and `mp4` to `media1.mp4`.
pub(super) fn label(stem: &str, ending: Option<&str>) -> String {
    ending.map_or_else(|| stem.to_owned(), |ending| format!("{stem}.{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_that_could_be_a_name_is_none() {
        assert_eq!(plain_ending("a/b.mp4"), Some("mp4"));
        assert_eq!(plain_ending("talk with mrs.smithsonian"), None);
        assert_eq!(plain_ending("talk.mrs smith"), None);
        assert_eq!(plain_ending("talk"), None);
    }
}
