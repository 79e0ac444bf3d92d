//! How much stretches of talk are about the same: by what the sentences mean where that was read, by shared words otherwise.

use super::stems::{Bag, bag, cosine, idf};
use super::words::Words;
use super::{Input, SpokenTurn};
use crate::meaning::Meaning;

/// The turns of client and therapist, to be compared with each other.
pub(super) struct Sense<'a> {
    bags: Vec<Bag>,
    idf: Bag,
    content: Vec<usize>,
    /// Where it was read.
    meanings: Option<Vec<Option<&'a Meaning>>>,
}

impl<'a> Sense<'a> {
    /// `turns`: those of the input that are somebody's, in order ([`super::turns`]).
    pub fn of(input: &Input<'a>, turns: &[&SpokenTurn], words: &Words) -> Self {
        let stems: Vec<_> = turns.iter().map(|turn| words.stems(&words.sentences(&turn.text))).collect();
        let bags: Vec<Bag> = stems.iter().map(|stems| bag(stems)).collect();
        let theirs = |turn: &SpokenTurn| turn.who.partner().is_some();
        let meanings = input.turns.zip(input.meanings).map(|(all, meanings)| {
            all.iter().zip(meanings).filter(|(turn, _)| theirs(turn)).map(|(_, meaning)| meaning.as_ref()).collect()
        });
        Self { idf: idf(&bags), content: stems.iter().map(Vec::len).collect(), bags, meanings }
    }

    /// Whether turns are compared by what they mean.
    pub fn is_by_meaning(&self) -> bool {
        self.meanings.is_some()
    }

    /// Content words of a turn.
    pub fn content_words(&self, turn: usize) -> usize {
        self.content.get(turn).copied().unwrap_or(0)
    }

    /// How alike two groups of turns are, 0 to 1, each turn with its weight; content words count. `None` if either has none.
    pub fn likeness(&self, a: &[(usize, f64)], b: &[(usize, f64)]) -> Option<f64> {
        match &self.meanings {
            Some(meanings) => {
                let together = |group: &[(usize, f64)]| {
                    let known = group.iter().filter_map(|(turn, weight)| {
                        Some(((*meanings.get(*turn)?)?, weight * self.content_words(*turn) as f64))
                    });
                    Meaning::together(known)
                };
                Some(together(a)?.likeness(&together(b)?).max(0.0))
            }
            None => {
                let together = |group: &[(usize, f64)]| {
                    let mut all = Bag::new();
                    for (turn, weight) in group {
                        for (stem, count) in self.bags.get(*turn).into_iter().flatten().filter(|_| *weight > 0.0) {
                            *all.entry(stem.clone()).or_default() += count * weight;
                        }
                    }
                    all
                };
                cosine(&together(a), &together(b), &self.idf)
            }
        }
    }
}
