//! How sure a number is: drawn again and again from the sessions it was made of.

use super::random::Random;

/// Where the middle 95 % of the redrawn numbers lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// Percentile bootstrap (Efron & Tibshirani 1993) over whole sessions, which are what is drawn independently: units of one
/// session are not. `statistic` sees as many sessions as there are, some twice. The same seed gives the same interval.
/// `None` with fewer than two sessions, or if the statistic is defined in less than half of the rounds.
pub fn interval<T>(
    sessions: &[T],
    rounds: usize,
    seed: u64,
    statistic: impl Fn(&[&T]) -> Option<f64>,
) -> Option<Interval> {
    if sessions.len() < 2 {
        return None;
    }
    let mut random = Random::new(seed);
    let mut found = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let drawn: Vec<&T> = (0..sessions.len()).filter_map(|_| sessions.get(random.below(sessions.len()))).collect();
        found.extend(statistic(&drawn).filter(|value| value.is_finite()));
    }
    if found.is_empty() || found.len() * 2 < rounds {
        return None;
    }
    found.sort_by(f64::total_cmp);
    Some(Interval { low: quantile(&found, 0.025), high: quantile(&found, 0.975) })
}

/// Of sorted numbers, straight between neighbours.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share.clamp(0.0, 1.0) * (sorted.len().saturating_sub(1)) as f64;
    let below = sorted.get(at.floor() as usize).copied().unwrap_or(f64::NAN);
    let above = sorted.get(at.ceil() as usize).copied().unwrap_or(below);
    below + (above - below) * at.fract()
}
