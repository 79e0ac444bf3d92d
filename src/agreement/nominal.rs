//! Agreement on categories: percent, Cohen, Fleiss, PABAK, AC1.

use super::{Ratings, of_unit, units};

/// The categories in use, smallest first.
fn categories<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<f64> {
    let mut known: Vec<f64> = values.copied().collect();
    known.sort_by(f64::total_cmp);
    known.dedup_by(|a, b| a.total_cmp(b).is_eq());
    known
}

fn counted(ratings: &Ratings) -> (Vec<f64>, Vec<Vec<f64>>) {
    let judged: Vec<Vec<f64>> =
        (0..units(ratings)).map(|unit| of_unit(ratings, unit)).filter(|unit| unit.len() >= 2).collect();
    let known = categories(judged.iter().flatten());
    let count = |unit: &Vec<f64>, category: &f64| unit.iter().filter(|v| v.total_cmp(category).is_eq()).count() as f64;
    let table = judged.iter().map(|unit| known.iter().map(|category| count(unit, category)).collect()).collect();
    (known, table)
}

/// Share of the pairs of coders that agree in a unit, averaged over units.
fn observed(table: &[Vec<f64>]) -> Option<f64> {
    let share = |counts: &Vec<f64>| {
        let n: f64 = counts.iter().sum();
        counts.iter().map(|c| c * (c - 1.0)).sum::<f64>() / (n * (n - 1.0))
    };
    (!table.is_empty()).then(|| table.iter().map(share).sum::<f64>() / table.len() as f64)
}

/// Share of pairs of coders that agree, 0 to 1, averaged over the units that two coders or more judged.
pub fn percent(ratings: &Ratings) -> Option<f64> {
    observed(&counted(ratings).1)
}

/// Cohen's kappa of two coders, over the units that both judged (Cohen 1960). `None` if both use one same category only.
pub fn cohen(first: &[Option<f64>], second: &[Option<f64>]) -> Option<f64> {
    let both: Vec<(f64, f64)> = first.iter().zip(second).filter_map(|(a, b)| Some(((*a)?, (*b)?))).collect();
    let known = categories(both.iter().flat_map(|(a, b)| [a, b]));
    let n = both.len() as f64;
    let agreed = both.iter().filter(|(a, b)| a.total_cmp(b).is_eq()).count() as f64 / n;
    let by_chance: f64 = known
        .iter()
        .map(|c| {
            let one = both.iter().filter(|(a, _)| a.total_cmp(c).is_eq()).count() as f64 / n;
            let other = both.iter().filter(|(_, b)| b.total_cmp(c).is_eq()).count() as f64 / n;
            one * other
        })
        .sum();
    corrected(agreed, by_chance).filter(|_| !both.is_empty())
}

/// Fleiss' kappa (Fleiss 1971); units may have different numbers of coders. `None` if only one category is used.
pub fn fleiss(ratings: &Ratings) -> Option<f64> {
    fleiss_counts(&counted(ratings).1)
}

/// The same from counts: `counts[unit][category]`.
pub fn fleiss_counts(counts: &[Vec<f64>]) -> Option<f64> {
    let shares = shares(counts)?;
    corrected(observed(counts)?, shares.iter().map(|p| p * p).sum())
}

/// Share of each category among all ratings.
fn shares(counts: &[Vec<f64>]) -> Option<Vec<f64>> {
    let width = counts.first()?.len();
    let total: f64 = counts.iter().flatten().sum();
    Some((0..width).map(|k| counts.iter().map(|unit| unit[k]).sum::<f64>() / total).collect())
}

/// Prevalence-adjusted, bias-adjusted kappa (Byrt, Bishop & Carlin 1993) for `categories` possible categories:
/// `(k * agreement - 1) / (k - 1)`.
pub fn pabak(ratings: &Ratings, categories: usize) -> Option<f64> {
    let k = categories as f64;
    (categories >= 2).then_some(())?;
    Some((k * percent(ratings)? - 1.0) / (k - 1.0))
}

/// Gwet's AC1 (Gwet 2008) for `categories` possible categories: does not fall when a code is rare.
pub fn ac1(ratings: &Ratings, categories: usize) -> Option<f64> {
    let (_, counts) = counted(ratings);
    (categories >= 2).then_some(())?;
    let chance = shares_by_unit(&counts)?.iter().map(|p| p * (1.0 - p)).sum::<f64>() / (categories as f64 - 1.0);
    corrected(observed(&counts)?, chance)
}

/// Mean over units of the share that each category has in the unit.
fn shares_by_unit(counts: &[Vec<f64>]) -> Option<Vec<f64>> {
    let width = counts.first()?.len();
    let share = |unit: &Vec<f64>, k: usize| unit[k] / unit.iter().sum::<f64>();
    Some((0..width).map(|k| counts.iter().map(|unit| share(unit, k)).sum::<f64>() / counts.len() as f64).collect())
}

pub(super) fn corrected(observed: f64, by_chance: f64) -> Option<f64> {
    (1.0 - by_chance > 1e-12).then(|| (observed - by_chance) / (1.0 - by_chance))
}
