//! Weighted sums over channels: 1x1 convolutions, convolutions of whole patches, fully connected layers.
//!
//! Pictures lie in memory pixel by pixel, each with all its channels, so one output is a sum over values that follow
//! each other.

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp};

/// Outputs that are computed together: a whole number of vectors on every processor.
pub const TILE: usize = 16;

/// What is done with a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is the result.
    Nothing,
    /// Negative ones become 0.
    Relu,
    /// Negative ones are multiplied by their channel's slope.
    Prelu,
    /// What stood in the output before is added, then as `Prelu`.
    AddPrelu,
    /// What stood in the output before is added.
    Add,
}

/// A tile that lies where the widest vectors are read at once.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line([f32; TILE]);

/// Weights in the order in which they are used.
#[derive(Debug)]
pub struct Dense {
    /// For each tile of outputs, for each input, the weights of the tile's outputs.
    tiles: Vec<Vec<Line>>,
    bias: Vec<[f32; TILE]>,
    slopes: Vec<[f32; TILE]>,
    inputs: usize,
    outputs: usize,
}

/// Where the inputs of an output lie: `pieces` runs of values, `apart` from each other; the next pixel's begin `step`
/// further on.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// From one pixel's inputs to the next one's.
    pub step: usize,
    /// Number of runs.
    pub pieces: usize,
    /// From one run to the next.
    pub apart: usize,
}

impl Place {
    /// Pixels that follow each other, each with all its channels.
    pub fn pixels(channels: usize) -> Self {
        Self { step: channels, pieces: 1, apart: 0 }
    }
}

impl Dense {
    /// `weight(output, input)`.
    pub fn new(inputs: usize, outputs: usize, bias: &[f32], weight: impl Fn(usize, usize) -> f32) -> Self {
        let count = outputs.div_ceil(TILE);
        let tile = |from: usize, value: &dyn Fn(usize) -> f32| {
            std::array::from_fn(|lane| if from + lane < outputs { value(from + lane) } else { 0.0 })
        };
        let tiles = (0..count)
            .map(|number| (0..inputs).map(|input| Line(tile(number * TILE, &|output| weight(output, input)))).collect())
            .collect();
        let bias = (0..count).map(|n| tile(n * TILE, &|output| bias.get(output).copied().unwrap_or(0.0))).collect();
        Self { tiles, bias, slopes: vec![[0.0; TILE]; count], inputs, outputs }
    }

    /// With a slope for each output.
    pub fn with_slopes(mut self, slopes: &[f32]) -> Self {
        for (number, tile) in self.slopes.iter_mut().enumerate() {
            *tile = std::array::from_fn(|lane| slopes.get(number * TILE + lane).copied().unwrap_or(0.0));
        }
        self
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Length of one pixel's outputs in memory: whole tiles.
    pub fn width(&self) -> usize {
        self.tiles.len() * TILE
    }

    /// Computes `count` pixels of `x` into `out`, where each has `width()` places.
    pub fn run(&self, x: &[f32], place: Place, count: usize, out: &mut [f32], then: Then) {
        Run { dense: self, x, place, count, out, then }.dispatch();
    }

    /// `P` pixels, each tile as `V` vectors, `T` tiles together where there are as many; returns `P`.
    #[inline(always)]
    fn some<I: Isa, const P: usize, const T: usize, const V: usize>(
        &self,
        isa: I,
        x: &[f32],
        place: Place,
        out: &mut [f32],
        then: Then,
    ) -> usize {
        let mut number = 0;
        while number + T <= self.tiles.len() {
            self.tiles::<I, P, T, V>(isa, number, x, place, out, then);
            number += T;
        }
        while number < self.tiles.len() {
            self.tiles::<I, P, 1, V>(isa, number, x, place, out, then);
            number += 1;
        }
        P
    }

    /// `P` pixels of the `T` tiles from `number` on.
    #[inline(always)]
    fn tiles<I: Isa, const P: usize, const T: usize, const V: usize>(
        &self,
        isa: I,
        number: usize,
        x: &[f32],
        place: Place,
        out: &mut [f32],
        then: Then,
    ) {
        let ops = isa.f32();
        let (lanes, width) = (ops.len(), self.width());
        let length = self.inputs / place.pieces.max(1);
        let (tiles, bias, slopes) = (&self.tiles[number..], &self.bias[number..], &self.slopes[number..]);
        let mut sums = [[[ops.zero(); V]; T]; P];
        for sums in &mut sums {
            for t in 0..T {
                for v in 0..V {
                    sums[t][v] = ops.load(&bias[t][v * lanes..]);
                }
            }
        }
        for piece in 0..place.pieces {
            let mut rows: [&[f32]; P] = [&[]; P];
            for (p, row) in rows.iter_mut().enumerate() {
                *row = &x[piece * place.apart + p * place.step..][..length];
            }
            let mut weights: [&[Line]; T] = [&[]; T];
            for (t, weights) in weights.iter_mut().enumerate() {
                *weights = &tiles[t][piece * length..][..length];
            }
            for input in 0..length {
                let mut vectors = [[ops.zero(); V]; T];
                for (vectors, weights) in vectors.iter_mut().zip(&weights) {
                    let weights = &weights[input].0;
                    for (v, vector) in vectors.iter_mut().enumerate() {
                        *vector = ops.load(&weights[v * lanes..]);
                    }
                }
                for p in 0..P {
                    let value = ops.splat(rows[p][input]);
                    for (sums, vectors) in sums[p].iter_mut().zip(&vectors) {
                        for (sum, vector) in sums.iter_mut().zip(vectors) {
                            *sum = ops.mul_add(value, *vector, *sum);
                        }
                    }
                }
            }
        }
        let zero = ops.zero();
        for p in 0..P {
            for t in 0..T {
                let out = &mut out[p * width + (number + t) * TILE..][..TILE];
                for v in 0..V {
                    let out = &mut out[v * lanes..];
                    let sum = match then {
                        Then::Add | Then::AddPrelu => ops.add(sums[p][t][v], ops.load(out)),
                        _ => sums[p][t][v],
                    };
                    let value = match then {
                        Then::Nothing | Then::Add => sum,
                        Then::Relu => ops.max(sum, zero),
                        Then::Prelu | Then::AddPrelu => {
                            ops.mul_add(ops.min(sum, zero), ops.load(&slopes[t][v * lanes..]), ops.max(sum, zero))
                        }
                    };
                    ops.store(value, out);
                }
            }
        }
    }
}

struct Run<'a> {
    dense: &'a Dense,
    x: &'a [f32],
    place: Place,
    count: usize,
    out: &'a mut [f32],
    then: Then,
}

impl SimdOp for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { dense, x, place, count, out, then } = self;
        let width = dense.width();
        let mut done = 0;
        // As many sums at once as there are registers for.
        while done < count {
            let (x, out) = (&x[done * place.step..], &mut out[done * width..]);
            done += match (isa.f32().len(), count - done) {
                (16, 8..) => dense.some::<I, 8, 2, 1>(isa, x, place, out, then),
                (16, 4..) => dense.some::<I, 4, 2, 1>(isa, x, place, out, then),
                (16, _) => dense.some::<I, 1, 4, 1>(isa, x, place, out, then),
                (8, 6..) => dense.some::<I, 6, 1, 2>(isa, x, place, out, then),
                (8, 4..) => dense.some::<I, 4, 1, 2>(isa, x, place, out, then),
                (8, _) => dense.some::<I, 1, 2, 2>(isa, x, place, out, then),
                (_, 2..) => dense.some::<I, 2, 1, 4>(isa, x, place, out, then),
                (_, _) => dense.some::<I, 1, 1, 4>(isa, x, place, out, then),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{WAYS, on, value};

    /// Each output as a plain sum.
    fn check(inputs: usize, outputs: usize, count: usize, place: Place, then: Then) {
        let bias: Vec<f32> = (0..outputs).map(|o| value(o + 5)).collect();
        let slopes: Vec<f32> = (0..outputs).map(|o| value(o + 11)).collect();
        let weight = |o: usize, i: usize| value(3 * o + 17 * i);
        let dense = Dense::new(inputs, outputs, &bias, weight).with_slopes(&slopes);
        let length = inputs / place.pieces;
        let x: Vec<f32> = (0..count * place.step + place.pieces * place.apart + length).map(value).collect();
        let before: Vec<f32> = (0..count * dense.width()).map(|at| value(at + 3)).collect();
        let mut expect = before.clone();
        for pixel in 0..count {
            for output in 0..outputs {
                let at = pixel * dense.width() + output;
                let input = |i: usize| x[pixel * place.step + i / length * place.apart + i % length];
                let sum: f32 = bias[output] + (0..inputs).map(|i| weight(output, i) * input(i)).sum::<f32>();
                let sum = if matches!(then, Then::Add | Then::AddPrelu) { sum + before[at] } else { sum };
                expect[at] = match then {
                    Then::Nothing | Then::Add => sum,
                    Then::Relu => sum.max(0.0),
                    Then::Prelu | Then::AddPrelu => sum.max(0.0) + slopes[output] * sum.min(0.0),
                };
            }
        }
        for way in 0..WAYS {
            let mut out = before.clone();
            on(way, Run { dense: &dense, x: &x, place, count, out: &mut out, then });
            for (at, (found, expect)) in out.iter().zip(&expect).enumerate() {
                let is_real = at % dense.width() < outputs;
                assert!(!is_real || (found - expect).abs() < 1e-4, "{at}: {found} instead of {expect}");
            }
        }
    }

    #[test]
    fn sums_are_those_of_plain_arithmetic() {
        for count in [1, 2, 3, 4, 7, 8, 13, 29] {
            check(5, 16, count, Place::pixels(5), Then::Prelu);
            check(9, 52, count, Place::pixels(12), Then::Relu);
            check(16, 32, count, Place::pixels(16), Then::AddPrelu);
        }
        check(97, 3, 6, Place::pixels(97), Then::Nothing);
        check(64, 64, 5, Place::pixels(64), Then::Add);
        check(33, 80, 17, Place::pixels(40), Then::Prelu);
    }

    #[test]
    fn inputs_may_lie_in_pieces() {
        check(27, 16, 10, Place { step: 6, pieces: 3, apart: 75 }, Then::Prelu);
        check(64, 32, 9, Place { step: 32, pieces: 2, apart: 320 }, Then::Nothing);
    }
}
