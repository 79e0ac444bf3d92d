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

    /// The same with what the engine really has: each card's kinds replace the dictionary's, and its marker counts as
    /// measured.
    #[must_use]
    pub fn with_cards<'c>(mut self, cards: impl IntoIterator<Item = &'c Card>) -> Self {
        for card in cards {
            let term = self.markers.entry(card.id.to_owned()).or_default();
            if term.name.is_empty() {
                term.name = card.id.to_owned();
            }
            term.kinds = card.kinds.iter().map(|&kind| kind.to_owned()).collect();
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

/// The name most like `wrong`, if one is alike enough to be what was meant: at most a third of its letters differ.
/// Nothing is like a name of more than 60 letters.
pub fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if wrong.chars().nth(60).is_some() {
        return None;
    }
    let lower = wrong.to_lowercase();
    let allowed = (wrong.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (distance(&lower, &name.to_lowercase()), name))
        .filter(|(far, _)| *far <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Letters to add, leave out, replace or swap with their neighbour to get from one to the other (optimal string
/// alignment distance).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let same = usize::from(one[i - 1] != other[j - 1]);
            let mut best = (rows[i - 1][j - 1] + same).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::Unit;

    #[test]
    fn the_nearest_name_is_one_that_could_be_meant() {
        let names = ["aud.silence3", "aud.silctx", "vid.pout", "txt.prompt"];
        assert_eq!(nearest("aud.silnce3", names), Some("aud.silence3"));
        assert_eq!(nearest("vid.puot", names), Some("vid.pout"));
        assert_eq!(nearest("VID.POUT", names), Some("vid.pout"));
        assert_eq!(nearest("something else", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn distances_count_single_changes() {
        for (one, other, far) in [("", "", 0), ("ab", "ba", 1), ("abc", "", 3), ("kitten", "sitting", 3)] {
            assert_eq!(distance(one, other), far, "{one} {other}");
            assert_eq!(distance(other, one), far, "{other} {one}");
        }
    }

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
