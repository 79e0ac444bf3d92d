//! The codebook as a whole: its name, its version, and how far its codes may be trusted.

use serde::{Deserialize, Serialize};

use super::Observability;

/// `config/codebook.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What the codebook is called, in results and messages.
    pub name: String,
    /// Raised whenever its codes or rules change.
    pub version: u32,
    /// What a study's own codes come on top of.
    #[serde(default)]
    pub base: Base,
    /// The most confidence a coder is shown, by observability.
    pub caps: Caps,
}

/// What a study's own codes come on top of. The settings' folder is laid over the built-in files by it before codes are
/// read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// The codes inside the program.
    #[default]
    BuiltIn,
    /// Nothing.
    None,
}

/// The most confidence a coder is shown, 0 to 1. What only a coder can see has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// For [`Observability::Direct`].
    pub direct: f32,
    /// For [`Observability::Proxy`].
    pub proxy: f32,
    /// For [`Observability::Weak`].
    pub weak: f32,
}

impl Caps {
    /// The cap for this class; 0 for what only a coder can see.
    pub fn of(&self, observability: Observability) -> f32 {
        match observability {
            Observability::Direct => self.direct,
            Observability::Proxy => self.proxy,
            Observability::Weak => self.weak,
            Observability::CoderOnly => 0.0,
        }
    }
}
