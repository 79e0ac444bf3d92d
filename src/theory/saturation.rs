//! Whether further sessions still bring new codes (Guest, Namey & Chen 2020).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::agreement::bootstrap::quantile;
use crate::agreement::random::Random;

/// How saturation is judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Sessions that are the base.
    pub base: usize,
    /// Sessions of a run after it.
    pub run: usize,
    /// New codes in a run over codes in the base, up to which it counts as saturated.
    pub threshold: f64,
}

impl Default for Settings {
    /// DOMAIN D.10.
    fn default() -> Self {
        Self { base: 4, run: 2, threshold: 0.05 }
    }
}

/// One run of sessions after the base.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Number of the run's last session, from 1.
    pub session: usize,
    /// Codes that no session before had.
    pub new_codes: usize,
    /// Over the codes of the base.
    pub share: f64,
}

/// The curve and what it says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Saturation {
    /// Distinct codes after each session, in the order coded.
    pub observed: Vec<usize>,
    /// 5th and 95th percentile after each session over random orders.
    pub band: Vec<(f64, f64)>,
    /// Each run of the observed order.
    pub runs: Vec<Run>,
    /// Session, from 1, before the first run that brings little enough; `None`: not reached.
    pub reached_at: Option<usize>,
    /// The settings.
    pub settings: Settings,
}

/// Random orders of the band (DOMAIN D.10).
const ORDERS: usize = 200;

/// From the codes of each session, in the order in which they were coded.
pub fn saturation(sessions: &[BTreeSet<String>], settings: Settings, seed: u64) -> Saturation {
    let observed = growth(&sessions.iter().collect::<Vec<_>>());
    let mut random = Random::of(seed, &["orders"]);
    let mut order: Vec<&BTreeSet<String>> = sessions.iter().collect();
    let curves: Vec<Vec<usize>> = (0..ORDERS)
        .map(|_| {
            random.shuffle(&mut order);
            growth(&order)
        })
        .collect();
    let band = (0..sessions.len())
        .map(|at| {
            let mut heights: Vec<f64> = curves.iter().filter_map(|curve| curve.get(at)).map(|n| *n as f64).collect();
            heights.sort_by(f64::total_cmp);
            (quantile(&heights, 0.05), quantile(&heights, 0.95))
        })
        .collect();
    let base = settings.base.max(1);
    let in_base = observed.get(base - 1).copied().unwrap_or(0);
    let runs: Vec<Run> = (base..)
        .step_by(settings.run.max(1))
        .map_while(|from| Some((from, *observed.get(from + settings.run.max(1) - 1)?)))
        .map(|(from, after)| {
            let new_codes = after - observed.get(from - 1).copied().unwrap_or(0);
            let share = if in_base == 0 { 0.0 } else { new_codes as f64 / in_base as f64 };
            Run { session: from + settings.run.max(1), new_codes, share }
        })
        .collect();
    let reached = runs.iter().find(|run| in_base > 0 && run.share <= settings.threshold);
    let reached_at = reached.map(|run| run.session - settings.run.max(1));
    Saturation { observed, band, runs, reached_at, settings }
}

fn growth(sessions: &[&BTreeSet<String>]) -> Vec<usize> {
    let mut known: BTreeSet<&String> = BTreeSet::new();
    let mut heights = Vec::with_capacity(sessions.len());
    for session in sessions {
        known.extend(session.iter());
        heights.push(known.len());
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(texts: &[&str]) -> Vec<BTreeSet<String>> {
        texts.iter().map(|text| text.chars().map(String::from).collect()).collect()
    }

    #[test]
    fn the_curve_grows_until_nothing_is_new() {
        let found = saturation(&sessions(&["ab", "bc", "cd", "d", "de", "a", "e", "b"]), Settings::default(), 1);
        assert_eq!(found.observed, [2, 3, 4, 4, 5, 5, 5, 5]);
        assert_eq!(found.runs.iter().map(|run| (run.session, run.new_codes)).collect::<Vec<_>>(), [(6, 1), (8, 0)]);
        assert_eq!(found.reached_at, Some(6));
        assert!(found.band.iter().zip(1..).all(|((low, high), _)| low <= high && *high <= 5.0));
        assert_eq!(found.band.last(), Some(&(5.0, 5.0)));
    }

    #[test]
    fn few_sessions_say_nothing() {
        let found = saturation(&sessions(&["ab", "c"]), Settings::default(), 1);
        assert_eq!((found.runs.len(), found.reached_at), (0, None));
        assert!(saturation(&[], Settings::default(), 1).observed.is_empty());
    }
}
