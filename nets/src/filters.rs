//! Filters of five taps over all channels, each followed by the largest of three neighbours.
//!
//! The three neighbours need seven inputs and fifteen products for each channel. Seven do: inputs and weights are taken as
//! polynomials, whose product is known by its values at seven points (Toom-Cook; Winograd 1980 for filters). The points are
//! 0, 1, -1, 2, -2, 1/2 and infinity, by which rounding is twice that of fifteen products.

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp};

use crate::planes::{POOL, Planes};

/// Weights that are used together.
const GROUP: usize = 4;
/// Taps of a filter.
pub const TAPS: usize = 5;
/// Inputs of three neighbours, and points.
const POINTS: usize = TAPS + POOL - 1;

/// Inputs to their values at the points, but for a factor that the weights have instead.
const INPUTS: [[f32; POINTS]; POINTS] = [
    [4.0, -8.0, -5.0, 10.0, 1.0, -2.0, 0.0],
    [0.0, -4.0, 4.0, 9.0, -1.0, -2.0, 0.0],
    [0.0, -4.0, 12.0, -7.0, -3.0, 2.0, 0.0],
    [0.0, 2.0, -3.0, -4.0, 3.0, 2.0, 0.0],
    [0.0, 2.0, -5.0, 0.0, 5.0, -2.0, 0.0],
    [0.0, 4.0, 0.0, -5.0, 0.0, 1.0, 0.0],
    [0.0, -4.0, 8.0, 5.0, -10.0, -1.0, 2.0],
];
/// That factor.
const FACTORS: [f64; POINTS] = [1.0 / 4.0, 1.0 / 6.0, 1.0 / 18.0, 1.0 / 72.0, 1.0 / 120.0, 32.0 / 45.0, 1.0 / 2.0];
/// The points but the last, infinity.
const AT: [f64; POINTS - 1] = [0.0, 1.0, -1.0, 2.0, -2.0, 0.5];
/// Values of the product at the points to the three outputs.
const OUTPUTS: [[f32; POINTS]; POOL] =
    [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0], [0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 0.0], [0.0, 1.0, 1.0, 4.0, 4.0, 0.25, 1.0]];

/// Weights of outputs that are sums over the same inputs, in the order in which they are used.
#[derive(Debug)]
pub struct Bank(Vec<Vec<[f32; GROUP]>>);

/// Sums of one group, for three vectors of inputs.
pub type Sums<I> = [[<I as Isa>::F32; POOL]; GROUP];

impl Bank {
    /// `weight(output, input)`; `None` if the outputs do not fill whole groups.
    pub fn new(outputs: usize, inputs: usize, weight: impl Fn(usize, usize) -> f32) -> Option<Self> {
        let group = |number: usize| {
            let weights = |input: usize| std::array::from_fn(|lane| weight(number * GROUP + lane, input));
            (0..inputs).map(weights).collect()
        };
        let whole = outputs > 0 && outputs.is_multiple_of(GROUP);
        whole.then(|| Self((0..outputs / GROUP).map(group).collect()))
    }

    /// Number of outputs.
    pub fn len(&self) -> usize {
        self.0.len() * GROUP
    }

    /// The groups, each with its first output.
    #[inline(always)]
    pub fn groups(&self) -> impl Iterator<Item = (usize, &[[f32; GROUP]])> {
        self.0.iter().enumerate().map(|(number, weights)| (number * GROUP, weights.as_slice()))
    }
}

/// The sums of a group over these inputs.
#[inline(always)]
pub fn sums<I: Isa>(isa: I, weights: &[[f32; GROUP]], inputs: &[[I::F32; POOL]]) -> Sums<I> {
    let ops = isa.f32();
    let mut sums = [[ops.zero(); POOL]; GROUP];
    for (input, weights) in inputs.iter().zip(weights) {
        for (sums, weight) in sums.iter_mut().zip(weights) {
            let weight = ops.splat(*weight);
            for (sum, input) in sums.iter_mut().zip(input) {
                *sum = ops.mul_add(*input, weight, *sum);
            }
        }
    }
    sums
}

/// The filters of one layer.
#[derive(Debug)]
pub struct Filters {
    points: Vec<Bank>,
    bias: Vec<f32>,
    channels: usize,
}

impl Filters {
    /// `weight(filter, channel, tap)`, and a bias for each filter; `None` if these do not fill whole groups.
    pub fn new(channels: usize, bias: &[f32], weight: impl Fn(usize, usize, usize) -> f32) -> Option<Self> {
        let at = |point: usize, filter: usize, channel: usize| {
            let taps = (0..TAPS).map(|tap| f64::from(weight(filter, channel, tap)));
            let value = match AT.get(point) {
                Some(at) => taps.rev().fold(0.0, |sum, weight| sum * at + weight),
                None => taps.last().unwrap_or(0.0),
            };
            (FACTORS[point] * value) as f32
        };
        let points = (0..POINTS)
            .map(|point| Bank::new(bias.len(), channels, |filter, channel| at(point, filter, channel)))
            .collect::<Option<Vec<_>>>()?;
        Some(Self { points, bias: bias.to_vec(), channels })
    }

    /// Number of filters.
    pub fn len(&self) -> usize {
        self.bias.len()
    }

    /// The largest of three neighbouring outputs, for each filter. `x` has three times the phases of `out`.
    pub fn run(&self, x: &Planes, out: &mut Planes) {
        Run { filters: self, x, out }.dispatch();
    }
}

struct Run<'a> {
    filters: &'a Filters,
    x: &'a Planes,
    out: &'a mut Planes,
}

impl SimdOp for Run<'_> {
    type Output = ();

    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "the number of a vector is also that of its place")]
    fn eval<I: Isa>(self, isa: I) {
        let Self { filters, x, out } = self;
        let ops = isa.f32();
        let (channels, [phases, places]) = (filters.channels, out.size());
        // For each point, each channel; and for each point, each filter. Three vectors of outputs at a time.
        let mut inputs = vec![[ops.zero(); POOL]; POINTS * channels];
        let mut products = vec![[ops.zero(); POOL]; POINTS * filters.len()];
        let count = places / ops.len() * phases;
        for first in (0..count).step_by(POOL) {
            // The last ones are computed again where three do not fill the end.
            let at = |u: usize| {
                let number = (first + u).min(count - 1);
                (number % phases, number / phases * ops.len())
            };
            for u in 0..POOL {
                let (phase, place) = at(u);
                for channel in 0..channels {
                    let mut near = [ops.zero(); POINTS];
                    for (number, near) in near.iter_mut().enumerate() {
                        *near = ops.load(&x.from(channel, POOL * phase + number)[place..]);
                    }
                    for (point, factors) in INPUTS.iter().enumerate() {
                        let mut sum = ops.zero();
                        for (factor, near) in factors.iter().zip(&near) {
                            if *factor != 0.0 {
                                sum = ops.mul_add(ops.splat(*factor), *near, sum);
                            }
                        }
                        inputs[point * channels + channel][u] = sum;
                    }
                }
            }
            for (point, bank) in filters.points.iter().enumerate() {
                let inputs = &inputs[point * channels..][..channels];
                for (filter, weights) in bank.groups() {
                    let products = &mut products[point * filters.len() + filter..][..GROUP];
                    products.copy_from_slice(&sums(isa, weights, inputs));
                }
            }
            for (filter, bias) in filters.bias.iter().enumerate() {
                for u in 0..POOL {
                    let mut outputs = [ops.splat(*bias); POOL];
                    for (output, factors) in outputs.iter_mut().zip(&OUTPUTS) {
                        for (point, factor) in factors.iter().enumerate() {
                            if *factor != 0.0 {
                                let product = products[point * filters.len() + filter][u];
                                *output = ops.mul_add(ops.splat(*factor), product, *output);
                            }
                        }
                    }
                    let (phase, place) = at(u);
                    let [a, b, c] = outputs;
                    ops.store(ops.max(ops.max(a, b), c), &mut out.phase(filter, phase)[place..]);
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what broke")]
mod tests {
    use super::*;
    use crate::testing::{WAYS, check, largest_of_three, on, planes, value};

    #[test]
    fn filters_give_the_largest_of_three_plain_sums() {
        for (count, phases, filters) in [(47, 3, 4), (200, 3, 8), (431, 9, 12)] {
            let x: Vec<Vec<f32>> =
                (0..5).map(|channel| (0..count).map(|at| value(7 * channel + 3 * at)).collect()).collect();
            let weight = |filter: usize, channel: usize, tap: usize| value(31 * filter + 5 * channel + tap);
            let bias: Vec<f32> = (0..filters).map(value).collect();
            let bank = Filters::new(5, &bias, weight).unwrap();
            let expect = largest_of_three(&x, [TAPS, 1], Some(&bias), filters, weight);
            let places = Planes::places_for(count / phases);
            let x = planes(&x, phases, places);
            for way in 0..WAYS {
                let mut out = Planes::default();
                out.fit(filters, phases / 3, places, expect[0].len());
                on(way, Run { filters: &bank, x: &x, out: &mut out });
                check(&mut out, &expect);
            }
        }
    }

    #[test]
    fn filters_that_do_not_fill_groups_are_refused() {
        assert!(Bank::new(6, 1, |_, _| 0.0).is_none());
        assert!(Filters::new(1, &[0.0; 6], |_, _, _| 0.0).is_none());
        assert!(Filters::new(1, &[], |_, _, _| 0.0).is_none());
    }
}
