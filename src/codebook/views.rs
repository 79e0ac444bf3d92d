//! Other systems' groupings of the same codes: nothing is found anew, codes are only sorted by what they correspond to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{Code, Codebook};

/// A grouping of codes: `config/views/<id>.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// What it is called.
    pub name: String,
    /// What its matches rest on.
    pub note: String,
    /// Which entry of a code's `[mapping]` is read.
    pub field: MappingField,
    /// The groups, in the order in which they are shown.
    #[serde(rename = "group")]
    pub groups: Vec<Group>,
}

/// An entry of [`super::Mapping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingField {
    /// Scale of the Patient Attachment Coding System.
    Pacs,
    /// Attachment pattern.
    Attachment,
    /// Marker of the Rupture Resolution Rating System.
    Rrs,
}

/// One group of a view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// A code belongs to it if its mapping holds one of these, in any case of letters.
    pub words: Vec<String>,
}

/// Why a view does not read.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// Its contents do not read.
    #[error("{what}: {file}")]
    Wrong {
        /// What is wrong, with its line.
        what: String,
        /// File.
        file: String,
    },
    /// A group cannot hold anything.
    #[error("the group {group:?} has no words to look for: add some or take it out: {file}")]
    Empty {
        /// Name of the group.
        group: String,
        /// File.
        file: String,
    },
}

/// Reads views, given as path and text; each has the name of its file without ending as id.
///
/// # Errors
/// The first that does not read.
pub fn read_views<'t>(
    files: impl IntoIterator<Item = (&'t str, &'t str)>,
) -> Result<BTreeMap<String, View>, ViewError> {
    let mut views = BTreeMap::new();
    for (path, text) in files.into_iter().filter(|(path, _)| path.ends_with(".toml")) {
        let file = || path.to_owned();
        let view: View =
            toml::from_str(text).map_err(|error| ViewError::Wrong { what: error.to_string(), file: file() })?;
        let blank = |group: &&Group| !group.words.iter().any(|word| !word.trim().is_empty());
        if let Some(group) = view.groups.iter().find(blank) {
            return Err(ViewError::Empty { group: group.name.clone(), file: file() });
        }
        let id = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".toml");
        views.insert(id.to_owned(), view);
    }
    Ok(views)
}

impl View {
    /// Names of the groups to which a code belongs, in the view's order; empty if none is its.
    pub fn groups_of(&self, code: &Code) -> Vec<&str> {
        let mapping = match self.field {
            MappingField::Pacs => &code.mapping.pacs,
            MappingField::Attachment => &code.mapping.attachment,
            MappingField::Rrs => &code.mapping.rrs,
        };
        let mapping = mapping.to_lowercase();
        let holds = |group: &&Group| group.words.iter().any(|word| mapping.contains(&word.to_lowercase()));
        self.groups.iter().filter(holds).map(|group| group.name.as_str()).collect()
    }

    /// Each group with its codes, in order of id; last those that no group holds.
    pub fn grouped<'v, 'c>(&'v self, codebook: &'c Codebook) -> Vec<(&'v str, Vec<&'c Code>)> {
        let of = |name: &str| codebook.codes().filter(|code| self.groups_of(code).contains(&name)).collect();
        let mut grouped: Vec<(&str, Vec<&Code>)> =
            self.groups.iter().map(|group| (group.name.as_str(), of(&group.name))).collect();
        let others: Vec<&Code> = codebook.codes().filter(|code| self.groups_of(code).is_empty()).collect();
        if !others.is_empty() {
            grouped.push((NOT_MAPPED, others));
        }
        grouped
    }

    /// The groups as text: their codes with wording and how much of them a machine can see.
    pub fn table(&self, codebook: &Codebook) -> String {
        let mut text = format!("{}\n{}\n", self.name, self.note);
        for (group, codes) in self.grouped(codebook) {
            let _ = writeln!(text, "\n{group}");
            for code in codes {
                let _ = writeln!(text, "  {:6} {:10} {}", code.id, code.observability.as_str(), code.label);
            }
        }
        text
    }
}

/// Name of the group of codes that no group holds.
pub const NOT_MAPPED: &str = "in none of these";
