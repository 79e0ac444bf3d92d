//! Ready questions: `config/queries/*.toml`.

use serde::Deserialize;

use crate::config::{Config, ConfigError};
use crate::spelling::nearest;

/// A question with its SQL.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// Name of its file.
    #[serde(skip)]
    pub name: String,
    /// The question, in words.
    pub title: String,
    /// What the answer says, and what it does not.
    pub about: String,
    /// The question, in SQL.
    pub sql: String,
}

/// All of them, in order of name.
///
/// # Errors
/// [`ConfigError::Wrong`] if one does not read.
pub fn all(config: &Config) -> Result<Vec<Ready>, ConfigError> {
    let read = |(file, text): (&str, &str)| {
        let mut ready: Ready =
            toml::from_str(text).map_err(|e| ConfigError::Wrong { file: file.to_owned(), message: e.to_string() })?;
        let name = file.rsplit('/').next().unwrap_or(file);
        ready.name = name.strip_suffix(".toml").unwrap_or(name).to_owned();
        Ok(ready)
    };
    config.under("queries").map(read).collect()
}

/// The one of this name. `Ok(None)`: it is no name but SQL.
///
/// # Errors
/// In words if it looks like a name and is none.
pub fn find<'a>(all: &'a [Ready], question: &str) -> Result<Option<&'a Ready>, String> {
    if let Some(ready) = all.iter().find(|ready| ready.name == question.trim()) {
        return Ok(Some(ready));
    }
    let is_name =
        !question.trim().is_empty() && question.trim().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !is_name {
        return Ok(None);
    }
    let meant = nearest(question, all.iter().map(|ready| ready.name.as_str()));
    let meant = meant.map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default();
    Err(format!("there is no ready question {question:?}{meant}: 'attune query --list' shows them"))
}
