//! Intraclass correlations (Shrout & Fleiss 1979).

use super::{Ratings, of_unit, units};

/// The six forms. 1: each unit has other coders; 2: coders are a sample; 3: these coders only. `_k`: of their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Icc {
    /// ICC(1,1).
    pub icc1: f64,
    /// ICC(2,1).
    pub icc2: f64,
    /// ICC(3,1).
    pub icc3: f64,
    /// ICC(1,k).
    pub icc1_k: f64,
    /// ICC(2,k).
    pub icc2_k: f64,
    /// ICC(3,k).
    pub icc3_k: f64,
    /// Units that all coders rated; the others cannot be used.
    pub units: usize,
}

/// From the units that every coder rated; `None` with fewer than two coders or units, or without any difference.
pub fn icc(ratings: &Ratings) -> Option<Icc> {
    let k = ratings.len();
    let table: Vec<Vec<f64>> =
        (0..units(ratings)).map(|unit| of_unit(ratings, unit)).filter(|unit| unit.len() == k).collect();
    let n = table.len();
    if k < 2 || n < 2 {
        return None;
    }
    let (rows, columns) = (n as f64, k as f64);
    let mean = table.iter().flatten().sum::<f64>() / (rows * columns);
    let row_mean = |row: &Vec<f64>| row.iter().sum::<f64>() / columns;
    let between: f64 = table.iter().map(|row| (row_mean(row) - mean).powi(2)).sum::<f64>() * columns;
    let coders: f64 =
        (0..k).map(|coder| (table.iter().map(|row| row[coder]).sum::<f64>() / rows - mean).powi(2)).sum::<f64>() * rows;
    let total: f64 = table.iter().flatten().map(|value| (value - mean).powi(2)).sum();
    if total <= 0.0 {
        return None;
    }
    let within = (total - between) / (rows * (columns - 1.0));
    let between = between / (rows - 1.0);
    let error = (total - between * (rows - 1.0) - coders) / ((rows - 1.0) * (columns - 1.0));
    let coders = coders / (columns - 1.0);
    let ratio = |above: f64, below: f64| if below == 0.0 { 0.0 } else { above / below };
    Some(Icc {
        icc1: ratio(between - within, between + (columns - 1.0) * within),
        icc2: ratio(between - error, between + (columns - 1.0) * error + columns * (coders - error) / rows),
        icc3: ratio(between - error, between + (columns - 1.0) * error),
        icc1_k: ratio(between - within, between),
        icc2_k: ratio(between - error, between + (coders - error) / rows),
        icc3_k: ratio(between - error, between),
        units: n,
    })
}
