//! The names a rule may use: markers with their kinds, and codes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::markers::Card;

/// A marker's entry in the dictionary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// What a coder calls one such event: "turn", "lower lip pushed out".
    pub name: String,
    /// The kinds an event of it can have; empty if it has none.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Whether the engine has this marker. A marker in the dictionary alone may be named in code files; rules are blind
    /// for it.
    #[serde(skip)]
    pub measured: bool,
}

/// All names a rule may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabulary {
    /// Markers by id.
    pub markers: BTreeMap<String, Term>,
    /// Ids of codes.
    pub codes: BTreeSet<String>,
}

/// Why the dictionary does not read.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    /// Its contents do not read.
    #[error("the dictionary of markers does not read: {0}")]
    Wrong(#[from] toml::de::Error),
}

impl Vocabulary {
    /// From the text of `config/dictionary.toml`: one table per marker id.
    ///
    /// # Errors
    /// [`VocabularyError::Wrong`] names line and column.
    pub fn from_dictionary(text: &str) -> Result<Self, VocabularyError> {
        Ok(Self { markers: toml::from_str(text)?, codes: BTreeSet::new() })
    }

    /// The same with what the engine really has: each card's kinds replace the dictionary's (a marker whose kinds the
    /// language's files make has none on its card), and its marker counts as measured.
    #[must_use]
    pub fn with_cards<'c>(mut self, cards: impl IntoIterator<Item = &'c Card>) -> Self {
        for card in cards {
            let term = self.markers.entry(card.id.to_owned()).or_default();
            if term.name.is_empty() {
                term.name = card.id.to_owned();
            }
            if !card.kinds.is_empty() {
                term.kinds = card.kinds.iter().map(|&kind| kind.to_owned()).collect();
            }
            term.measured = true;
        }
        self
    }

    /// Markers of the dictionary that the engine does not have.
    pub fn not_measured(&self) -> BTreeSet<String> {
        self.markers.iter().filter(|(_, term)| !term.measured).map(|(id, _)| id.clone()).collect()
    }

    /// What a coder calls this marker's events; the id itself if the dictionary does not know it.
    pub fn name<'v>(&'v self, marker: &'v str) -> &'v str {
        self.markers.get(marker).map_or(marker, |term| term.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::Unit;

    #[test]
    fn a_card_counts_more_than_the_dictionary() {
        let card = Card {
            id: "aud.gap",
            section: "gap",
            what: "",
            unit: Unit::Seconds,
            kinds: &["TC"],
            needs: &[],
            after: &[],
            reads_text: false,
            source: "",
        };
        let text = "[\"aud.gap\"]\nname = \"gap\"\nkinds = [\"old\"]\n[\"aud.laugh\"]\nname = \"laugh\"";
        let vocabulary = Vocabulary::from_dictionary(text).unwrap().with_cards([&card]);
        assert_eq!(vocabulary.markers["aud.gap"].kinds, ["TC"]);
        assert_eq!(vocabulary.not_measured(), BTreeSet::from(["aud.laugh".to_owned()]));
        assert_eq!(vocabulary.name("aud.gap"), "gap");
    }

    #[test]
    fn a_damaged_dictionary_says_where() {
        let error = Vocabulary::from_dictionary("[\"aud.gap\"]\nnam = 1").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
