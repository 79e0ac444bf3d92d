//! A recurrent layer (LSTM) that reads its steps forwards and backwards.
//!
//! Each step needs all recurrent weights, which take longer to fetch than to multiply. So up to four windows take their steps
//! together; each one's numbers are the same as alone.

use rten_simd::ops::{BitOps, FloatOps, IntOps, NumOps};
use rten_simd::{Isa, Simd, SimdOp};

use crate::dense::{Dense, Place, TILE, Then};

/// Gates: input, output, forget, and the cell's new content.
const GATES: usize = 4;
/// Windows that take their steps together.
pub const TOGETHER: usize = 4;
/// Steps whose inputs are weighted before they are taken.
const AHEAD: usize = 48;
/// Where a gate's exponent is cut off: three such factors still make a number.
const FAR: f32 = 40.0;

/// Weights of a tile of units for one input.
#[derive(Debug)]
#[repr(align(64))]
struct Gates([[f32; TILE]; GATES]);

/// One direction's weights, as the ONNX operator `LSTM` orders them: gates after each other, units within.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// For each gate's unit, each input's weight.
    pub input: &'a [f32],
    /// For each gate's unit, the weight of each unit's last output.
    pub recurrent: &'a [f32],
    /// For each gate's unit, twice.
    pub bias: &'a [f32],
}

/// One direction.
#[derive(Debug)]
pub struct Direction {
    /// To the gates of each tile of units in turn.
    input: Dense,
    /// For each tile of units, for each unit's last output.
    recurrent: Vec<Vec<Gates>>,
}

/// What is needed while steps are taken.
#[derive(Debug, Default)]
pub struct Buffers {
    given: Vec<f32>,
    before: Vec<f32>,
    after: Vec<f32>,
    cells: Vec<f32>,
}

impl Direction {
    /// `units` must fill whole tiles and `weights` have the lengths that follow from the sizes; `None` otherwise.
    pub fn new(inputs: usize, units: usize, weights: Weights<'_>) -> Option<Self> {
        let rows = GATES * units;
        let fits = units > 0
            && units.is_multiple_of(TILE)
            && weights.input.len() == rows * inputs
            && weights.recurrent.len() == rows * units
            && weights.bias.len() == 2 * rows;
        if !fits {
            return None;
        }
        // Gates are powers of two: 1 / (1 + 2^y), and for the new content (1 - 2^y) / (1 + 2^y).
        let factor = |gate: usize| if gate == 3 { -2.0 } else { -1.0 } * std::f32::consts::LOG2_E;
        let row = |tile: usize, gate: usize, lane: usize| gate * units + tile * TILE + lane;
        let of = |output: usize| {
            let (tile, gate, lane) = (output / (GATES * TILE), output / TILE % GATES, output % TILE);
            (row(tile, gate, lane), factor(gate))
        };
        let bias: Vec<f32> = (0..rows)
            .map(|output| {
                let (row, factor) = of(output);
                factor * (weights.bias[row] + weights.bias[rows + row])
            })
            .collect();
        let input = Dense::new(inputs, rows, &bias, |output, input| {
            let (row, factor) = of(output);
            factor * weights.input[row * inputs + input]
        });
        let gates = |tile: usize, unit: usize| {
            let weight = |gate, lane| factor(gate) * weights.recurrent[row(tile, gate, lane) * units + unit];
            Gates(std::array::from_fn(|gate| std::array::from_fn(|lane| weight(gate, lane))))
        };
        let recurrent = (0..units / TILE).map(|tile| (0..units).map(|unit| gates(tile, unit)).collect()).collect();
        Some(Self { input, recurrent })
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.recurrent.len() * TILE
    }

    /// All steps of up to [`TOGETHER`] windows, which follow each other in `x` and `out`. Each step of `out` has `wide`
    /// places, of which the units from `first` on are written.
    pub fn run(&self, x: &[f32], backwards: bool, out: &mut Steps<'_>, buffers: &mut Buffers) {
        let (units, inputs, width) = (self.units(), self.input.inputs(), self.input.width());
        let (windows, steps) = (out.windows, out.steps);
        buffers.given.resize(windows * AHEAD * width, 0.0);
        for state in [&mut buffers.before, &mut buffers.after, &mut buffers.cells] {
            state.clear();
            state.resize(windows * units, 0.0);
        }
        for done in (0..steps).step_by(AHEAD) {
            let count = AHEAD.min(steps - done);
            let first = if backwards { steps - done - count } else { done };
            for window in 0..windows {
                let given = &mut buffers.given[window * AHEAD * width..];
                let x = &x[(window * steps + first) * inputs..];
                self.input.run(x, Place::pixels(inputs), count, given, Then::Nothing);
            }
            Run { direction: self, first, count, backwards, out: &mut *out, buffers: &mut *buffers }.dispatch();
        }
    }
}

/// Where the outputs go.
#[derive(Debug)]
pub struct Steps<'a> {
    /// Window by window, step by step.
    pub values: &'a mut [f32],
    /// At most [`TOGETHER`].
    pub windows: usize,
    /// Steps of each window.
    pub steps: usize,
    /// Places of a step.
    pub wide: usize,
    /// The first that is written.
    pub from: usize,
}

struct Run<'a, 'b> {
    direction: &'a Direction,
    first: usize,
    count: usize,
    backwards: bool,
    out: &'a mut Steps<'b>,
    buffers: &'a mut Buffers,
}

impl SimdOp for Run<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { direction, first, count, backwards, out, buffers } = self;
        let (units, width) = (direction.units(), direction.input.width());
        // As many sums at once as there are registers for.
        let most = if isa.f32().len() == 8 { 2 } else { TOGETHER };
        for number in 0..count {
            let step = if backwards { count - 1 - number } else { number };
            for (tile, weights) in direction.recurrent.iter().enumerate() {
                for window in (0..out.windows).step_by(most) {
                    let state = State {
                        given: &buffers.given[(window * AHEAD + step) * width + tile * GATES * TILE..],
                        apart: AHEAD * width,
                        before: &buffers.before[window * units..],
                        cells: &mut buffers.cells[window * units + tile * TILE..],
                        after: &mut buffers.after[window * units + tile * TILE..],
                        units,
                    };
                    match (isa.f32().len(), most.min(out.windows - window)) {
                        (16, 4) => tile_of::<I, 4, 1>(isa, weights, state),
                        (16, 3) => tile_of::<I, 3, 1>(isa, weights, state),
                        (16, 2) => tile_of::<I, 2, 1>(isa, weights, state),
                        (16, _) => tile_of::<I, 1, 1>(isa, weights, state),
                        (8, 2) => tile_of::<I, 2, 2>(isa, weights, state),
                        (8, _) => tile_of::<I, 1, 2>(isa, weights, state),
                        (_, 4) => tile_of::<I, 4, 4>(isa, weights, state),
                        (_, 3) => tile_of::<I, 3, 4>(isa, weights, state),
                        (_, 2) => tile_of::<I, 2, 4>(isa, weights, state),
                        (_, _) => tile_of::<I, 1, 4>(isa, weights, state),
                    }
                }
            }
            for (window, after) in buffers.after.chunks_exact(units).enumerate() {
                let at = (window * out.steps + first + step) * out.wide + out.from;
                out.values[at..at + units].copy_from_slice(after);
            }
            std::mem::swap(&mut buffers.before, &mut buffers.after);
        }
    }
}

/// Some windows' state at a tile.
struct State<'a> {
    /// The gates' weighted inputs, those of the next window `apart` further on.
    given: &'a [f32],
    apart: usize,
    /// All units' last outputs; the next window's are `units` further on, here and below.
    before: &'a [f32],
    cells: &'a mut [f32],
    after: &'a mut [f32],
    units: usize,
}

/// One step of `W` windows for a tile of units in `V` vectors.
#[inline(always)]
fn tile_of<I: Isa, const W: usize, const V: usize>(isa: I, weights: &[Gates], state: State<'_>) {
    let ops = isa.f32();
    let lanes = ops.len();
    let mut before: [&[f32]; W] = [&[]; W];
    for (window, before) in before.iter_mut().enumerate() {
        *before = &state.before[window * state.units..][..weights.len()];
    }
    for v in 0..V {
        let mut sums = [[ops.zero(); W]; GATES];
        for (gate, sums) in sums.iter_mut().enumerate() {
            for (window, sum) in sums.iter_mut().enumerate() {
                *sum = ops.load(&state.given[window * state.apart + gate * TILE + v * lanes..]);
            }
        }
        for (unit, weights) in weights.iter().enumerate() {
            let mut values = [ops.zero(); W];
            for window in 0..W {
                values[window] = ops.splat(before[window][unit]);
            }
            for (sums, weights) in sums.iter_mut().zip(&weights.0) {
                let weight = ops.load(&weights[v * lanes..]);
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = ops.mul_add(value, weight, *sum);
                }
            }
        }
        let [input, output, forget, content] = sums;
        for window in 0..W {
            let at = window * state.units + v * lanes;
            let gates = [input[window], output[window], forget[window], content[window]];
            let (cell, output) = turn(isa, gates, ops.load(&state.cells[at..]));
            ops.store(cell, &mut state.cells[at..]);
            ops.store(output, &mut state.after[at..]);
        }
    }
}

/// New content and output of cells.
#[inline(always)]
fn turn<I: Isa>(isa: I, gates: [I::F32; GATES], cell: I::F32) -> (I::F32, I::F32) {
    let ops = isa.f32();
    let one = ops.one();
    // Loops and no closures, which would not be compiled for the processor's vectors.
    let (mut powers, mut below) = (gates, gates);
    for gate in 0..GATES {
        powers[gate] = power(isa, gates[gate]);
        below[gate] = ops.add(one, powers[gate]);
    }
    let (content, [below_input, below_output, below_forget, below_content]) = (powers[3], below);
    // cell / (1 + forget) + (1 - content) / ((1 + content) (1 + input)), as one division.
    let below = ops.mul(below_input, below_content);
    let above = ops.mul_add(ops.sub(one, content), below_forget, ops.mul(cell, below));
    let cell = ops.div(above, ops.mul(below, below_forget));
    let content = power(isa, ops.mul(cell, ops.splat(-2.0 * std::f32::consts::LOG2_E)));
    (cell, ops.div(ops.sub(one, content), ops.mul(below_output, ops.add(one, content))))
}

/// 2 to the power of `y`, which is cut off at ± [`FAR`]: whole powers as exponents, and a polynomial from -1/2 to 1/2
/// whose largest relative error is the smallest possible (Remez; 7.5e-8).
#[inline(always)]
fn power<I: Isa>(isa: I, y: I::F32) -> I::F32 {
    const POLYNOMIAL: [f32; 6] = [0.001_327_647_2, 0.009_675_541, 0.055_507_13, 0.240_221_2, 0.693_146_94, 1.000_000_1];
    // Adding this rounds to a whole number, which then stands in the last bits.
    const ROUND: f32 = 12_582_912.0;
    let (ops, whole) = (isa.f32(), isa.i32());
    let y = ops.max(ops.min(y, ops.splat(FAR)), ops.splat(-FAR));
    let rounded = ops.add(y, ops.splat(ROUND));
    let rest = ops.sub(y, ops.sub(rounded, ops.splat(ROUND)));
    let mut sum = ops.splat(POLYNOMIAL[0]);
    for factor in &POLYNOMIAL[1..] {
        sum = ops.mul_add(sum, rest, ops.splat(*factor));
    }
    let exponent: I::I32 = rounded.reinterpret_cast();
    let bits: I::I32 = sum.reinterpret_cast();
    whole.add(bits, whole.shift_left::<23>(exponent)).reinterpret_cast()
}

#[cfg(test)]
mod tests;
