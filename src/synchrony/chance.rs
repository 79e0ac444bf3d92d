//! What two series that have nothing to do with each other would give: the second one's segments in another order.

use serde::Deserialize;

use super::{Shape, Summary, windows};
use crate::random::Random;

/// How pseudo-synchrony is made within one session (DOMAIN B.2 (b)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Shuffle {
    /// Length of the segments that change places, samples.
    pub segment: usize,
    /// How many times.
    pub count: usize,
    /// With fewer segments there are too few orders: nothing is said.
    pub min_segments: usize,
    /// Where the generator begins: the same session gives the same numbers.
    pub seed: u64,
}

/// Genuine synchrony against pseudo-synchrony.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Pseudo pairs that could be computed.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (n - 1).
    pub spread: f64,
    /// (genuine - mean) / spread.
    pub z: f64,
}

/// Compares `genuine`, the mean of [`Summary`], with that of the same series in which the segments of `y` stand in
/// random orders that leave none at its place. `None`: too few segments, or too little of the pseudo pairs could be
/// computed (fewer than half).
pub fn against_chance(x: &[f64], y: &[f64], shape: &Shape, shuffle: &Shuffle, genuine: f64) -> Option<Chance> {
    let n = x.len().min(y.len());
    let segments: Vec<&[f64]> = y[..n].chunks(shuffle.segment.max(1)).collect();
    if segments.len() < shuffle.min_segments.max(3) {
        return None;
    }
    let mut random = Random::new(shuffle.seed);
    let mut order: Vec<usize> = (0..segments.len()).collect();
    let mut found = Vec::with_capacity(shuffle.count);
    for _ in 0..shuffle.count {
        derange(&mut order, &mut random);
        let pseudo: Vec<f64> = order.iter().flat_map(|&number| segments[number].iter().copied()).collect();
        found.extend(Summary::of(&windows(&x[..n], &pseudo, shape)).map(|summary| summary.mean));
    }
    let count = found.len();
    if count < 2 || 2 * count < shuffle.count {
        return None;
    }
    let mean = found.iter().sum::<f64>() / count as f64;
    let spread = (found.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1) as f64).sqrt();
    (spread > 0.0).then(|| Chance { count, mean, spread, z: (genuine - mean) / spread })
}

/// A random order without a segment at its own place: shuffled until there is none (on average 2.7 times).
fn derange(order: &mut [usize], random: &mut Random) {
    loop {
        for last in (1..order.len()).rev() {
            order.swap(last, random.place(last + 1));
        }
        if order.iter().enumerate().all(|(place, &number)| place != number) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { window: 60, step: 30, max_lag: 5, absolute: true };
    const SHUFFLE: Shuffle = Shuffle { segment: 60, count: 100, min_segments: 8, seed: 1 };

    /// Noise that remembers: `seed` makes it.
    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        let mut last = 0.0;
        let mut next = || {
            last = 0.8 * last + (random.below(1000) as f64 / 500.0 - 1.0);
            last
        };
        (0..n).map(|_| next()).collect()
    }

    fn z(x: &[f64], y: &[f64]) -> Option<Chance> {
        let genuine = Summary::of(&windows(x, y, &SHAPE)).unwrap().mean;
        against_chance(x, y, &SHAPE, &SHUFFLE, genuine)
    }

    #[test]
    fn together_stands_out_and_strangers_do_not() {
        let (x, stranger) = (noise(1500, 5), noise(1500, 6));
        let follower: Vec<f64> =
            stranger.iter().enumerate().map(|(i, own)| own + 1.5 * x[i.saturating_sub(3)]).collect();
        let found = z(&x, &follower).unwrap();
        assert!(found.z > 5.0 && found.count == 100, "{found:?}");
        assert!(z(&x, &stranger).unwrap().z.abs() < 3.0);
        assert_eq!(z(&x, &follower), z(&x, &follower), "the same each time");
    }

    #[test]
    fn a_short_session_has_too_few_orders() {
        assert!(z(&noise(400, 5), &noise(400, 6)).is_none());
        assert!(z(&noise(421, 5), &noise(421, 6)).is_some());
    }

    #[test]
    fn no_segment_keeps_its_place() {
        let mut order: Vec<usize> = (0..9).collect();
        let mut random = Random::new(3);
        for _ in 0..50 {
            derange(&mut order, &mut random);
            assert!(order.iter().enumerate().all(|(place, &number)| place != number));
        }
    }
}
