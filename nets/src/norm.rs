//! Instance normalisation: each channel's numbers become those with a mean of `shift` and a deviation of `scale`.

use rten_simd::{Isa, SimdOp};

use crate::dense::TILE;
use crate::planes::Planes;

/// What each channel is brought to.
#[derive(Debug)]
pub struct Norm {
    /// Factor of each channel.
    pub scale: Vec<f32>,
    /// What is added to each channel.
    pub shift: Vec<f32>,
    /// Added to the variance.
    pub epsilon: f32,
}

impl Norm {
    /// Factor and summand that bring the numbers of this channel, in parts, to its scale and shift.
    #[inline(always)]
    pub fn of<'a>(&self, channel: usize, parts: impl Iterator<Item = &'a [f32]> + Clone) -> (f32, f32) {
        let count = parts.clone().map(<[f32]>::len).sum::<usize>() as f64;
        let mean = (parts.clone().map(|part| sum(part, |x| x)).sum::<f64>() / count) as f32;
        let variance = parts.map(|part| sum(part, |x| (x - mean) * (x - mean))).sum::<f64>() / count;
        let factor = self.scale[channel] / (variance as f32 + self.epsilon).sqrt();
        (factor, self.shift[channel] - factor * mean)
    }

    /// Normalises all channels; what is negative then is multiplied by `slope`.
    pub fn run(&self, planes: &mut Planes, slope: f32) {
        Run { norm: self, planes, slope }.dispatch();
    }
}

struct Run<'a> {
    norm: &'a Norm,
    planes: &'a mut Planes,
    slope: f32,
}

impl SimdOp for Run<'_> {
    type Output = ();

    // Plain loops, compiled for the processor's vectors; the order of additions does not depend on them.
    #[inline(always)]
    fn eval<I: Isa>(self, _isa: I) {
        let Self { norm, planes, slope } = self;
        for channel in 0..norm.scale.len() {
            let mut parts: Vec<&mut [f32]> = planes.channel(channel).collect();
            let (factor, summand) = norm.of(channel, parts.iter().map(|part| &**part));
            for part in &mut parts {
                for value in part.iter_mut() {
                    let normed = factor * *value + summand;
                    *value = normed.max(0.0) + slope * normed.min(0.0);
                }
            }
        }
    }
}

/// Adds up in a fixed order: [`TILE`] sums side by side, a hundred tiles at most before they go on in 64 bits.
#[inline(always)]
fn sum(values: &[f32], value: impl Fn(f32) -> f32) -> f64 {
    let mut total = 0.0;
    for some in values.chunks(100 * TILE) {
        let mut sums = [0.0_f32; TILE];
        let (tiles, rest) = some.as_chunks::<TILE>();
        for tile in tiles {
            for (sum, x) in sums.iter_mut().zip(tile) {
                *sum += value(*x);
            }
        }
        for (sum, x) in sums.iter_mut().zip(rest) {
            *sum += value(*x);
        }
        total += sums.iter().map(|&sum| f64::from(sum)).sum::<f64>();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_their_mean_and_deviation_whatever_they_are_split_into() {
        let numbers: Vec<f32> = (0..5003).map(|at| 40.0 + ((at * 7919 + 13) % 101) as f32).collect();
        let norm = Norm { scale: vec![1.0, 2.0], shift: vec![0.0, -3.0], epsilon: 1e-5 };
        for parts in [vec![&numbers[..]], numbers.chunks(1668).collect()] {
            let (factor, summand) = norm.of(1, parts.into_iter());
            let normed: Vec<f64> = numbers.iter().map(|x| f64::from(factor * x + summand)).collect();
            let mean = normed.iter().sum::<f64>() / normed.len() as f64;
            let variance = normed.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / normed.len() as f64;
            assert!((mean + 3.0).abs() < 1e-4, "{mean}");
            assert!((variance.sqrt() - 2.0).abs() < 1e-4, "{variance}");
        }
    }
}
