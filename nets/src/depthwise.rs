//! A 3x3 convolution in which each channel stays by itself.

use rten_simd::{Isa, SimdOp};
use rten_simd::ops::{BitOps, NumOps};

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
        let length = channels.max(TILE);
        let each = |place: usize| (0..length).map(|lane| weight(lane % channels, place)).collect();
        let repeated = (0..length).map(|lane| bias.get(lane % channels).copied().unwrap_or(0.0)).collect();
        let fits = channels > 0 && length % channels == 0 && length % TILE == 0;
        fits.then(|| Self { weights: std::array::from_fn(each), bias: repeated, channels })
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
