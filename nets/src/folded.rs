//! Filters over sound that are the same, or the negative, when turned around.

use rten_simd::ops::{BitOps, FloatOps, NumOps};
use rten_simd::{Isa, SimdOp};

use crate::filters::{self, Bank};
use crate::planes::{POOL, Planes};

/// Samples between neighbouring outputs.
pub const STRIDE: usize = 10;

/// Filters over one channel that are the same or the negative when turned around, so that samples at equal distance from
/// the middle are added or subtracted first and half the products remain.
#[derive(Debug)]
pub struct Folded {
    even: Bank,
    odd: Bank,
    taps: usize,
}

impl Folded {
    /// Filters of `taps` taps after each other. `None` if `taps` is not odd, or if not the first half of the filters is
    /// even and the second odd.
    pub fn new(weights: &[f32], taps: usize) -> Option<Self> {
        let filters: Vec<&[f32]> = weights.chunks_exact(taps.max(1)).collect();
        let (even, odd) = filters.split_at(filters.len() / 2);
        let is = |filters: &[&[f32]], sign: f32| {
            filters
                .iter()
                .all(|filter| filter.iter().zip(filter.iter().rev()).all(|(a, b)| (a - sign * b).abs() < 1e-9))
        };
        if taps.is_multiple_of(2) || !is(even, 1.0) || !is(odd, -1.0) || !weights.len().is_multiple_of(taps) {
            return None;
        }
        let half = taps / 2;
        Some(Self {
            even: Bank::new(even.len(), half + 1, |filter, tap| even[filter][tap])?,
            odd: Bank::new(odd.len(), half, |filter, tap| odd[filter][tap])?,
            taps,
        })
    }

    /// Number of filters.
    pub fn len(&self) -> usize {
        self.even.len() + self.odd.len()
    }

    /// The largest absolute value of three outputs, [`STRIDE`] samples apart, for each filter. `x` has thirty times the
    /// phases of `out`.
    pub fn run(&self, x: &Planes, out: &mut Planes) {
        RunFolded { folded: self, x, out }.dispatch();
    }
}

struct RunFolded<'a> {
    folded: &'a Folded,
    x: &'a Planes,
    out: &'a mut Planes,
}

impl SimdOp for RunFolded<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { folded, x, out } = self;
        let ops = isa.f32();
        let [phases, places] = out.size();
        let (half, last) = (folded.taps / 2, folded.taps - 1);
        let mut sums = vec![[ops.zero(); POOL]; half + 1];
        let mut differences = sums.clone();
        for place in (0..places).step_by(ops.len()) {
            for phase in 0..phases {
                for s in 0..POOL {
                    let first = (POOL * phase + s) * STRIDE;
                    for tap in 0..half {
                        let a = ops.load(&x.from(0, first + tap)[place..]);
                        let b = ops.load(&x.from(0, first + last - tap)[place..]);
                        sums[tap][s] = ops.add(a, b);
                        differences[tap][s] = ops.sub(a, b);
                    }
                    sums[half][s] = ops.load(&x.from(0, first + half)[place..]);
                }
                let parts = [(&folded.even, &sums, 0), (&folded.odd, &differences, folded.even.len())];
                for (bank, near, first) in parts {
                    for (number, weights) in bank.groups() {
                        let sums = filters::sums(isa, weights, near);
                        for (lane, [a, b, c]) in sums.into_iter().enumerate() {
                            let out = out.phase(first + number + lane, phase);
                            let most = ops.max(ops.max(ops.abs(a), ops.abs(b)), ops.abs(c));
                            ops.store(most, &mut out[place..]);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what broke")]
mod tests {
    use super::*;
    use crate::testing::{WAYS, check, largest_of_three, on, value};

    #[test]
    fn folded_filters_give_what_they_would_unfolded() {
        let (taps, half) = (21, 10);
        // The first four are even, the others odd.
        let weight = |filter: usize, _: usize, tap: usize| {
            let side = value(17 * filter + if tap <= half { tap } else { taps - 1 - tap });
            if filter < 4 { side } else { side * (half as f32 - tap as f32).signum() * f32::from(tap != half) }
        };
        let weights: Vec<f32> = (0..8 * taps).map(|at| weight(at / taps, 0, at % taps)).collect();
        let folded = Folded::new(&weights, taps).unwrap();
        assert_eq!(folded.len(), 8);
        for (count, phases) in [(301, 30), (2000, 270)] {
            let x = vec![(0..count).map(value).collect::<Vec<f32>>()];
            let expect = largest_of_three(&x, [taps, STRIDE], None, 8, weight);
            let places = Planes::places_for(count / phases);
            let mut laid = Planes::default();
            laid.fit(1, phases, places, count);
            laid.lay(&x[0], 1.0, 0.0);
            for way in 0..WAYS {
                let mut out = Planes::default();
                out.fit(8, phases / 30, places, expect[0].len());
                on(way, RunFolded { folded: &folded, x: &laid, out: &mut out });
                check(&mut out, &expect);
            }
        }
    }

    #[test]
    fn filters_that_do_not_fold_are_refused() {
        let even = [1.0, 2.0, 1.0].repeat(4);
        let odd = [1.0, 0.0, -1.0].repeat(4);
        assert!(Folded::new(&[even.clone(), odd.clone()].concat(), 3).is_some());
        assert!(Folded::new(&[odd, even.clone()].concat(), 3).is_none());
        assert!(Folded::new(&[even.clone(), even.clone()].concat(), 3).is_none());
        assert!(Folded::new(&[1.0; 16], 2).is_none());
        assert!(Folded::new(&even[..10], 3).is_none());
        assert!(Folded::new(&[], 0).is_none());
    }
}
