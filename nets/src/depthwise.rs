//! A 3x3 convolution in which each channel stays by itself.

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp};

use crate::dense::TILE;

/// Weights of a 3x3 depthwise convolution.
#[derive(Debug)]
pub struct Depthwise {
    /// For each of the nine places, row by row, each channel's weight; few channels are repeated to fill a tile, which
    /// then holds pixels side by side.
    weights: [Vec<f32>; 9],
    bias: Vec<f32>,
    channels: usize,
}

impl Depthwise {
    /// `weight(channel, place)`; `None` if the channels do not fill whole tiles, nor a tile whole pixels.
    pub fn new(channels: usize, bias: &[f32], weight: impl Fn(usize, usize) -> f32) -> Option<Self> {
        if channels == 0 || !(channels.is_multiple_of(TILE) || TILE.is_multiple_of(channels)) {
            return None;
        }
        let length = channels.max(TILE);
        let each = |place: usize| (0..length).map(|lane| weight(lane % channels, place)).collect();
        let repeated = (0..length).map(|lane| bias.get(lane % channels).copied().unwrap_or(0.0)).collect();
        Some(Self { weights: std::array::from_fn(each), bias: repeated, channels })
    }

    /// One row of `count` pixels, a whole number of tiles: `x` begins at the pixel above and to the left of the first
    /// and has rows of `row_length` values.
    pub fn row(&self, x: &[f32], row_length: usize, count: usize, out: &mut [f32]) {
        Row { depthwise: self, x, row_length, count, out }.dispatch();
    }
}

struct Row<'a> {
    depthwise: &'a Depthwise,
    x: &'a [f32],
    row_length: usize,
    count: usize,
    out: &'a mut [f32],
}

impl SimdOp for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { depthwise, x, row_length, count, out } = self;
        let ops = isa.f32();
        let (lanes, channels, length) = (ops.len(), depthwise.channels, depthwise.bias.len());
        let (x, out) = (&x[..2 * row_length + (count + 2) * channels], &mut out[..count * channels]);
        for from in (0..length).step_by(lanes) {
            let mut weights = [ops.zero(); 9];
            for (vector, weights) in weights.iter_mut().zip(&depthwise.weights) {
                *vector = ops.load(&weights[from..]);
            }
            let bias = ops.load(&depthwise.bias[from..]);
            for at in (from..count * channels).step_by(length) {
                let mut sum = bias;
                for row in 0..3 {
                    for column in 0..3 {
                        let value = ops.load(&x[at + row * row_length + column * channels..]);
                        sum = ops.mul_add(value, weights[3 * row + column], sum);
                    }
                }
                ops.store(sum, &mut out[at..]);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what broke")]
mod tests {
    use super::*;
    use crate::testing::{WAYS, on, value};

    /// `count` pixels of a row against plain sums.
    fn check(channels: usize, count: usize) {
        let bias: Vec<f32> = (0..channels).map(|channel| value(channel + 5)).collect();
        let weight = |channel: usize, place: usize| value(9 * channel + place);
        let depthwise = Depthwise::new(channels, &bias, weight).unwrap();
        let row_length = (count + 2) * channels;
        let x: Vec<f32> = (0..3 * row_length).map(value).collect();
        let expect = |at: usize| {
            let channel = at % channels;
            let sum = |place: usize| weight(channel, place) * x[place / 3 * row_length + at + place % 3 * channels];
            bias[channel] + (0..9).map(sum).sum::<f32>()
        };
        for way in 0..WAYS {
            let mut out = vec![0.0; count * channels];
            on(way, Row { depthwise: &depthwise, x: &x, row_length, count, out: &mut out });
            for (at, found) in out.iter().enumerate() {
                assert!((found - expect(at)).abs() < 1e-4, "{at}: {found} instead of {}", expect(at));
            }
        }
    }

    #[test]
    fn sums_are_those_of_plain_arithmetic() {
        check(16, 5);
        check(64, 2);
        // Two pixels share a tile.
        check(8, 6);
    }

    #[test]
    fn channels_that_do_not_fill_tiles_are_refused() {
        assert!(Depthwise::new(12, &[], |_, _| 0.0).is_none());
        assert!(Depthwise::new(24, &[], |_, _| 0.0).is_none());
        assert!(Depthwise::new(0, &[], |_, _| 0.0).is_none());
    }
}
