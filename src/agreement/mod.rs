//! How far coders agree, in numbers that other programs give for the same data.
//!
//! Every function takes plain ratings and gives `None` where the statistic is not defined: fewer than two coders, no unit
//! that two of them judged, or nothing that varies. "Not defined" is not 0 and not 1. All of them are computed on what the
//! coders gave, before any consensus rule throws something away (DOMAIN D).
//!
//! Gamma (Mathet, Widlöcher & Métivier 2015) is left out: it needs a sampled continuum and an optimal alignment of many
//! coders, and no maintained library offers it for Rust. `u_alpha` answers the same question, agreement on a continuum
//! with free units, in closed form.

pub mod align;
pub mod alpha;
pub mod bootstrap;
pub mod continuum;
pub mod icc;
pub mod nominal;
pub mod random;

pub use align::{Aligned, Found, align, f1};
pub use alpha::{Level, krippendorff};
pub use bootstrap::{Interval, interval};
pub use continuum::{Unit, u_alpha};
pub use icc::{Icc, icc};

/// Ratings of several coders: `ratings[coder][unit]`; `None` = this coder did not judge this unit.
pub type Ratings = Vec<Vec<Option<f64>>>;

/// The ratings of one unit, missing ones left out.
fn of_unit(ratings: &[Vec<Option<f64>>], unit: usize) -> Vec<f64> {
    ratings.iter().filter_map(|coder| coder.get(unit).copied().flatten()).filter(|value| value.is_finite()).collect()
}

/// How many units there are: the longest coder's.
fn units(ratings: &[Vec<Option<f64>>]) -> usize {
    ratings.iter().map(Vec::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
