//! Content words as stems, and how alike two stretches of talk are: cosine of stem counts, each weighted by how rare
//! the stem is in the session (idf).

use std::collections::BTreeMap;

use super::words::{Sentence, Words};

/// Stem → weight. Ordered, so that sums come out the same every time.
pub(super) type Bag = BTreeMap<String, f64>;

impl Words {
    /// The stems of the content words, in order.
    pub fn stems(&self, sentences: &[Sentence]) -> Vec<String> {
        sentences
            .iter()
            .flat_map(|sentence| &sentence.words)
            .filter(|word| self.is_content(&word.word))
            .map(|word| self.stem(&word.word))
            .collect()
    }

    /// Not a function word, not a number, at least two letters.
    pub fn is_content(&self, word: &str) -> bool {
        !self.stop.contains(word) && word.chars().filter(|c| c.is_alphabetic()).count() >= 2
    }

    /// The word without its ending.
    pub fn stem(&self, word: &str) -> String {
        let word = word.strip_suffix("'s").unwrap_or(word);
        let cut = self.endings.iter().find_map(|ending| {
            let stem = word.strip_suffix(ending.as_str())?;
            (stem.chars().count() >= self.min_letters).then_some(stem)
        });
        let mut stem: Vec<char> = cut.unwrap_or(word).chars().collect();
        // planned → plann → plan
        if cut.is_some() && stem.len() > self.min_letters && stem[stem.len() - 1] == stem[stem.len() - 2] {
            stem.pop();
        }
        stem.into_iter().collect()
    }
}

/// Counts of stems.
pub(super) fn bag(stems: &[String]) -> Bag {
    let mut bag = Bag::new();
    for stem in stems {
        *bag.entry(stem.clone()).or_default() += 1.0;
    }
    bag
}

/// `ln(1 + turns / turns with the stem)`: how much a stem tells.
pub(super) fn idf(turns: &[Bag]) -> Bag {
    let mut with = Bag::new();
    for stem in turns.iter().flat_map(Bag::keys) {
        *with.entry(stem.clone()).or_default() += 1.0;
    }
    let all = turns.len() as f64;
    with.into_iter().map(|(stem, count)| (stem, (1.0 + all / count).ln())).collect()
}

/// Cosine of two bags with every count weighted by `idf`, 0 to 1; `None` if either is empty.
pub(super) fn cosine(a: &Bag, b: &Bag, idf: &Bag) -> Option<f64> {
    let weight = |stem: &String| idf.get(stem).copied().unwrap_or(1.0);
    let norm = |bag: &Bag| bag.iter().map(|(stem, count)| (count * weight(stem)).powi(2)).sum::<f64>().sqrt();
    let product = norm(a) * norm(b);
    let shared: f64 = a.iter().filter_map(|(stem, count)| Some(count * b.get(stem)? * weight(stem).powi(2))).sum();
    (product > 0.0).then(|| (shared / product).clamp(0.0, 1.0))
}

/// The value below which `share` of the sorted values lie, between neighbours in proportion; `None` if there are none.
pub(super) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_is_one_and_unlike_is_zero() {
        let of = |text: &str| bag(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let (a, b, c) = (of("dog cat dog"), of("dog dog cat"), of("fish"));
        let idf = idf(&[a.clone(), b.clone(), c.clone()]);
        assert!((cosine(&a, &b, &idf).unwrap() - 1.0).abs() < 1e-12);
        assert!(cosine(&a, &c, &idf).unwrap().abs() < 1e-12);
        assert_eq!(cosine(&a, &Bag::new(), &idf), None);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0, 2.0], 0.5), Some(1.5));
        assert_eq!(quantile(&[1.0, 2.0, 3.0], 1.0), Some(3.0));
    }
}
