use super::*;
use crate::testing::{WAYS, on, value};

/// What a window's steps give, in plain arithmetic of 64 bits.
fn plain(inputs: usize, units: usize, weights: Weights<'_>, x: &[f32], backwards: bool) -> Vec<f64> {
    let steps = x.len() / inputs;
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let (mut before, mut cells) = (vec![0.0_f64; units], vec![0.0_f64; units]);
    let mut out = vec![0.0; steps * units];
    for number in 0..steps {
        let step = if backwards { steps - 1 - number } else { number };
        let gate = |gate: usize, unit: usize| -> f64 {
            let row = gate * units + unit;
            let given =
                (0..inputs).map(|i| f64::from(weights.input[row * inputs + i]) * f64::from(x[step * inputs + i]));
            let last = (0..units).map(|u| f64::from(weights.recurrent[row * units + u]) * before[u]);
            let bias = f64::from(weights.bias[row]) + f64::from(weights.bias[4 * units + row]);
            bias + given.sum::<f64>() + last.sum::<f64>()
        };
        let mut after = vec![0.0; units];
        for unit in 0..units {
            cells[unit] = sigmoid(gate(2, unit)) * cells[unit] + sigmoid(gate(0, unit)) * gate(3, unit).tanh();
            after[unit] = sigmoid(gate(1, unit)) * cells[unit].tanh();
        }
        out[step * units..][..units].copy_from_slice(&after);
        before = after;
    }
    out
}

#[test]
fn steps_are_those_of_plain_arithmetic_alone_and_with_others() {
    let (inputs, units) = (7, 32);
    let of =
        |count: usize, from: usize, scale: f32| -> Vec<f32> { (0..count).map(|at| scale * value(at + from)).collect() };
    let (input, recurrent, bias) =
        (of(4 * units * inputs, 0, 1.0), of(4 * units * units, 50, 0.4), of(8 * units, 3, 1.0));
    let weights = Weights { input: &input, recurrent: &recurrent, bias: &bias };
    let direction = Direction::new(inputs, units, weights).unwrap_or_else(|| unreachable!());
    assert_eq!(direction.units(), units);
    // More steps than are weighted ahead.
    let steps = AHEAD + 9;
    let x: Vec<f32> = (0..4 * steps * inputs).map(|at| value(at * at + 29)).collect();
    for backwards in [false, true] {
        let expect: Vec<f64> =
            x.chunks_exact(steps * inputs).flat_map(|x| plain(inputs, units, weights, x, backwards)).collect();
        let run = |first: usize, windows: usize| {
            let mut values = vec![7.0; windows * steps * 2 * units];
            let mut out = Steps { values: &mut values, windows, steps, wide: 2 * units, from: units };
            direction.run(&x[first * steps * inputs..], backwards, &mut out, &mut Buffers::default());
            values
        };
        let together = run(0, 4);
        for (at, (found, expect)) in together.chunks_exact(2 * units).zip(expect.chunks_exact(units)).enumerate() {
            assert!(found[..units].iter().all(|untouched| (untouched - 7.0).abs() < f32::EPSILON));
            for (found, expect) in found[units..].iter().zip(expect) {
                assert!((f64::from(*found) - expect).abs() < 1e-5, "{at}: {found} instead of {expect}");
            }
        }
        for (first, windows) in [(0, 1), (1, 2), (1, 3), (3, 1)] {
            let length = steps * 2 * units;
            let same = run(first, windows) == together[first * length..][..windows * length];
            assert!(same, "{windows} windows from {first}");
        }
    }
}

#[test]
fn every_kind_of_vectors_takes_the_same_steps() {
    let (inputs, units, windows, steps) = (3, 16, 3, 5);
    let values: Vec<f32> = (0..4 * units * (units + inputs)).map(|at| value(3 * at)).collect();
    let (input, recurrent) = values.split_at(4 * units * inputs);
    let bias = vec![0.1; 8 * units];
    let weights = Weights { input, recurrent, bias: &bias };
    let direction = Direction::new(inputs, units, weights).unwrap_or_else(|| unreachable!());
    let given: Vec<f32> = (0..windows * AHEAD * 4 * units).map(|at| 3.0 * value(at)).collect();
    let all: Vec<Vec<f32>> = (0..WAYS)
        .map(|way| {
            let mut values = vec![0.0; windows * steps * units];
            let mut out = Steps { values: &mut values, windows, steps, wide: units, from: 0 };
            let state = || vec![0.0; windows * units];
            let mut buffers = Buffers { given: given.clone(), before: state(), after: state(), cells: state() };
            let (out, buffers) = (&mut out, &mut buffers);
            on(way, Run { direction: &direction, first: 0, count: steps, backwards: false, out, buffers });
            values
        })
        .collect();
    for other in &all[1..] {
        assert!(all[0].iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-5));
    }
    assert!(all[0].iter().any(|value| value.abs() > 0.3));
}

/// All cells' content and output from these gates.
struct Turn<'a>(&'a [f32]);

impl SimdOp for Turn<'_> {
    type Output = Vec<(f32, f32)>;

    fn eval<I: Isa>(self, isa: I) -> Self::Output {
        let ops = isa.f32();
        let turn = |gates: &[f32]| {
            let scale = [-1.0, -1.0, -1.0, -2.0].map(|factor| factor * std::f32::consts::LOG2_E);
            let gates = std::array::from_fn(|gate| ops.splat(scale[gate] * gates[gate]));
            let (cell, output) = turn(isa, gates, ops.splat(0.75));
            (cell.to_array()[0], output.to_array()[0])
        };
        self.0.chunks_exact(GATES).map(turn).collect()
    }
}

#[test]
fn cells_turn_as_precisely_as_numbers_of_32_bits_allow() {
    let sides = [-200.0, -30.0, -9.0, -2.0, -0.3, -1e-4, 0.0, 0.01, 1.0, 4.0, 20.0, f32::MAX];
    let mut gates = Vec::new();
    for (at, a) in sides.into_iter().enumerate() {
        for (other, b) in sides.into_iter().enumerate() {
            gates.extend([a, b, sides[(at + other) % 12], sides[(3 * at + 5 * other) % 12]]);
        }
    }
    let sigmoid = |x: f32| 1.0 / (1.0 + (-f64::from(x)).exp());
    for way in 0..WAYS {
        for (gates, (cell, output)) in gates.chunks_exact(GATES).zip(on(way, Turn(&gates))) {
            let expect = sigmoid(gates[2]) * 0.75 + sigmoid(gates[0]) * f64::from(gates[3]).tanh();
            assert!((f64::from(cell) - expect).abs() < 1e-6, "{gates:?}: {cell} instead of {expect}");
            let expect = sigmoid(gates[1]) * expect.tanh();
            assert!((f64::from(output) - expect).abs() < 1e-6, "{gates:?}: {output} instead of {expect}");
        }
    }
}

#[test]
fn weights_of_other_lengths_are_refused() {
    let of = |input, recurrent, bias| {
        let (input, recurrent, bias) = (vec![0.0; input], vec![0.0; recurrent], vec![0.0; bias]);
        Direction::new(3, 16, Weights { input: &input, recurrent: &recurrent, bias: &bias }).is_some()
    };
    assert!(of(192, 1024, 128));
    assert!(!of(191, 1024, 128));
    assert!(!of(192, 1023, 128));
    assert!(!of(192, 1024, 64));
    let none = Weights { input: &[], recurrent: &[], bias: &[] };
    assert!(Direction::new(3, 0, none).is_none());
    let eight = Weights { input: &[0.0; 96], recurrent: &[0.0; 256], bias: &[0.0; 64] };
    assert!(Direction::new(3, 8, eight).is_none());
}
