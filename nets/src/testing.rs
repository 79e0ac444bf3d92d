//! What tests of arithmetic share.

use rten_simd::SimdOp;
use rten_simd::isa::GenericIsa;

use crate::planes::{POOL, Planes};

/// Kinds of vectors that [`on`] knows.
pub const WAYS: usize = 3;

/// With the best vectors of this processor (0), and with narrower ones.
pub fn on<Op: SimdOp>(way: usize, op: Op) -> Op::Output {
    match way {
        0 => op.dispatch(),
        1 => op.eval(GenericIsa::new()),
        #[cfg(target_arch = "x86_64")]
        _ => match rten_simd::isa::Avx2Isa::new() {
            Some(isa) => op.eval(isa),
            None => op.dispatch(),
        },
        #[cfg(not(target_arch = "x86_64"))]
        _ => op.dispatch(),
    }
}

/// Numbers from -1 to 1 that look like nothing in particular.
pub fn value(at: usize) -> f32 {
    ((at * 7919 + 13) % 101) as f32 / 50.0 - 1.0
}

/// The largest of three neighbouring outputs of each filter, as plain sums: raised by `bias`, or absolute where there is none.
pub fn largest_of_three(
    x: &[Vec<f32>],
    [taps, stride]: [usize; 2],
    bias: Option<&[f32]>,
    filters: usize,
    weight: impl Fn(usize, usize, usize) -> f32,
) -> Vec<Vec<f32>> {
    let count = ((x[0].len() - taps) / stride + 1) / POOL;
    let output = |filter: usize, at: usize| -> f32 {
        let channel = |(c, x): (usize, &Vec<f32>)| -> f32 {
            (0..taps).map(|tap| weight(filter, c, tap) * x[at * stride + tap]).sum()
        };
        let sum = x.iter().enumerate().map(channel).sum::<f32>();
        bias.map_or(sum.abs(), |bias| bias[filter] + sum)
    };
    let largest = |filter, at| (0..POOL).map(|s| output(filter, POOL * at + s)).fold(f32::MIN, f32::max);
    (0..filters).map(|filter| (0..count).map(|at| largest(filter, at)).collect()).collect()
}

/// Planes of these numbers.
pub fn planes(x: &[Vec<f32>], phases: usize, places: usize) -> Planes {
    let mut planes = Planes::default();
    planes.fit(x.len(), phases, places, x[0].len());
    for (channel, numbers) in x.iter().enumerate() {
        for (phase, values) in planes.channel(channel).enumerate() {
            for (value, number) in values.iter_mut().zip(numbers[phase..].iter().step_by(phases)) {
                *value = *number;
            }
        }
    }
    planes
}

/// `out` holds these numbers, channel by channel.
pub fn check(out: &mut Planes, expect: &[Vec<f32>]) {
    for (channel, expect) in expect.iter().enumerate() {
        let [phases, _] = out.size();
        for (phase, values) in out.channel(channel).enumerate() {
            let expect: Vec<f32> = expect[phase.min(expect.len())..].iter().step_by(phases).copied().collect();
            assert_eq!(values.len(), expect.len());
            for (found, expect) in values.iter().zip(expect) {
                assert!((found - expect).abs() < 1e-4, "{channel}, {phase}: {found} instead of {expect}");
            }
        }
    }
}
