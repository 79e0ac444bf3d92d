//! The voice network: filters over sound, three layers of them, then recurrent layers that look back and ahead, and a few
//! weighted sums for each frame.

use crate::chain::Chain;
use crate::dense::{Dense, Place, Then};
use crate::filters::{Filters, TAPS};
use crate::folded::{Folded, STRIDE};
use crate::lstm::{Buffers, Direction, Steps, TOGETHER, Weights};
use crate::norm::Norm;
use crate::onnx::{Constant, Graph};
use crate::planes::{POOL, Planes};

/// Phases of the samples and of each layer's outputs.
const PHASES: [usize; 4] = [STRIDE * POOL * POOL * POOL, POOL * POOL, POOL, 1];

/// What stands behind a layer of filters.
#[derive(Debug)]
struct After {
    norm: Norm,
    slope: f32,
}

/// The network with its buffers.
#[derive(Debug)]
pub struct Voices {
    level: Norm,
    first: Folded,
    taps: usize,
    second: Filters,
    third: Filters,
    after: [After; 3],
    layers: Vec<[Direction; 2]>,
    sums: Vec<Dense>,
    /// Samples, then the outputs of each layer of filters.
    planes: [Planes; 4],
    /// Windows by frames by what each layer gives.
    now: Vec<f32>,
    next: Vec<f32>,
    buffers: Buffers,
}

impl Voices {
    /// From the graph of its ONNX file; `None` if it is built in another way.
    pub fn load(graph: &Graph) -> Option<Self> {
        let mut parts = Parts(Chain::new(graph)?);
        let level = parts.norm(1)?;
        parts.0.take_with("Unsqueeze", &[2])?;
        let (first, taps) = parts.folded()?;
        parts.0.take("Abs", &[], &[])?;
        parts.pool()?;
        let after_first = parts.after(first.len())?;
        let second = parts.filters(first.len())?;
        parts.pool()?;
        let after_second = parts.after(second.len())?;
        let third = parts.filters(second.len())?;
        parts.pool()?;
        let after_third = parts.after(third.len())?;
        parts.0.take_with("Squeeze", &[2])?;
        parts.0.take("Transpose", &[("perm", &[2, 0, 1])], &[])?;
        let mut wide = third.len();
        let mut layers = Vec::new();
        while parts.0.next_is("LSTM") {
            let directions = parts.recurrent(wide)?;
            wide = 2 * directions[0].units();
            layers.push(directions);
            parts.0.take("Transpose", &[("perm", &[0, 2, 1, 3])], &[])?;
            parts.0.take_with("Reshape", &[0, 0, -1])?;
        }
        parts.0.take("Transpose", &[("perm", &[1, 0, 2])], &[])?;
        let mut sums = Vec::new();
        while parts.0.next_is("MatMul") {
            let (dense, slope) = parts.sum(wide)?;
            wide = dense.outputs();
            sums.push(match slope {
                Some(slope) => dense.with_slopes(&vec![slope; wide]),
                None => dense,
            });
        }
        parts.0.take("LogSoftmax", &[("axis", &[-1])], &[])?;
        parts.0.end()?;
        (!layers.is_empty() && !sums.is_empty()).then(|| Self {
            level,
            first,
            taps,
            second,
            third,
            after: [after_first, after_second, after_third],
            layers,
            sums,
            planes: Default::default(),
            now: Vec::new(),
            next: Vec::new(),
            buffers: Buffers::default(),
        })
    }

    /// Frames and classes that come of a window of so many samples; `None` where they are too few.
    pub fn result(&self, samples: usize) -> Option<[usize; 2]> {
        let frames = self.counts(samples)?[3];
        Some([frames, self.sums.last()?.outputs()])
    }

    /// Numbers of each channel: samples, then those of each layer of filters.
    fn counts(&self, samples: usize) -> Option<[usize; 4]> {
        let first = (samples.checked_sub(self.taps)? / STRIDE + 1) / POOL;
        let second = (first.checked_sub(TAPS)? + 1) / POOL;
        let third = (second.checked_sub(TAPS)? + 1) / POOL;
        (third > 0).then_some([samples, first, second, third])
    }

    /// Log-probabilities of each class, window by window and frame by frame, from windows of `samples` samples. Those of a
    /// window that holds other than finite numbers are no numbers.
    pub fn run(&mut self, values: &[f32], samples: usize) -> Vec<f32> {
        let Some(counts) = self.counts(samples) else { return Vec::new() };
        let classes = self.sums.last().map_or(0, Dense::outputs);
        let mut scores = Vec::with_capacity(values.len() / samples * counts[3] * classes);
        for windows in values.chunks(samples * TOGETHER) {
            let mut finite = [true; TOGETHER];
            let wide = counts[3] * self.third.len();
            self.now.resize(windows.len() / samples * wide, 0.0);
            for ((number, window), finite) in windows.chunks_exact(samples).enumerate().zip(&mut finite) {
                *finite = self.filter(window, counts, number * wide);
            }
            self.recur(windows.len() / samples, counts[3]);
            for (number, finite) in finite.iter().take(windows.len() / samples).enumerate() {
                match finite {
                    true => self.score(number, counts[3], &mut scores),
                    false => scores.resize(scores.len() + counts[3] * classes, f32::NAN),
                }
            }
        }
        scores
    }

    /// Frames of one window into `now`, from `at` on; whether they are numbers.
    fn filter(&mut self, window: &[f32], counts: [usize; 4], at: usize) -> bool {
        let channels = [1, self.first.len(), self.second.len(), self.third.len()];
        let places = Planes::places_for(counts[3]);
        for (((planes, channels), phases), count) in self.planes.iter_mut().zip(channels).zip(PHASES).zip(counts) {
            planes.fit(channels, phases, places, count);
        }
        let onto = &mut self.now[at..at + counts[3] * channels[3]];
        let (scale, shift) = self.level.of(0, std::iter::once(window));
        if !(scale.is_finite() && shift.is_finite()) {
            onto.fill(0.0);
            return false;
        }
        let [samples, first, second, third] = &mut self.planes;
        samples.lay(window, scale, shift);
        self.first.run(samples, first);
        self.after[0].norm.run(first, self.after[0].slope);
        self.second.run(first, second);
        self.after[1].norm.run(second, self.after[1].slope);
        self.third.run(second, third);
        self.after[2].norm.run(third, self.after[2].slope);
        for channel in 0..channels[3] {
            let numbers = third.channel(channel).flat_map(|part| part.iter());
            for (onto, number) in onto[channel..].iter_mut().step_by(channels[3]).zip(numbers) {
                *onto = *number;
            }
        }
        true
    }

    fn recur(&mut self, windows: usize, steps: usize) {
        for directions in &self.layers {
            let units = directions[0].units();
            self.next.resize(windows * steps * 2 * units, 0.0);
            for (number, direction) in directions.iter().enumerate() {
                let mut out = Steps { values: &mut self.next, windows, steps, wide: 2 * units, from: number * units };
                direction.run(&self.now, number == 1, &mut out, &mut self.buffers);
            }
            std::mem::swap(&mut self.now, &mut self.next);
        }
    }

    fn score(&mut self, window: usize, frames: usize, scores: &mut Vec<f32>) {
        let mut wide = self.sums[0].inputs();
        let mut x = self.now[window * frames * wide..][..frames * wide].to_vec();
        for (number, sum) in self.sums.iter().enumerate() {
            let then = if number + 1 == self.sums.len() { Then::Nothing } else { Then::Prelu };
            self.next.resize(frames * sum.width(), 0.0);
            sum.run(&x, Place::pixels(wide), frames, &mut self.next, then);
            wide = sum.width();
            std::mem::swap(&mut x, &mut self.next);
        }
        let classes = self.sums.last().map_or(0, Dense::outputs);
        for frame in x.chunks_exact(wide).take(frames) {
            let frame = &frame[..classes];
            let most = frame.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let all = most + frame.iter().map(|score| (score - most).exp()).sum::<f32>().ln();
            scores.extend(frame.iter().map(|score| score - all));
        }
    }
}

/// Takes the graph apart in order.
struct Parts<'a>(Chain<'a>);

impl Parts<'_> {
    fn norm(&mut self, channels: usize) -> Option<Norm> {
        let node = self.0.take("InstanceNormalization", &[], &["epsilon"])?;
        let (scale, shift) = (self.0.constant(node, 1)?, self.0.constant(node, 2)?);
        let fits = [scale, shift].iter().all(|constant| constant.values.len() == channels);
        let epsilon = *node.numbers.get("epsilon")?;
        fits.then(|| Norm { scale: scale.values.clone(), shift: shift.values.clone(), epsilon })
    }

    fn slope(&mut self) -> Option<f32> {
        self.0.take("LeakyRelu", &[], &["alpha"])?.numbers.get("alpha").copied()
    }

    fn after(&mut self, channels: usize) -> Option<After> {
        Some(After { norm: self.norm(channels)?, slope: self.slope()? })
    }

    fn pool(&mut self) -> Option<()> {
        self.0.take("MaxPool", &[("kernel_shape", &[1, 3]), ("strides", &[1, 3])], &[]).map(drop)
    }

    /// Weights of a convolution over pictures of height 1: filters, channels and taps, and the node's inputs.
    fn convolution(&mut self, stride: i64) -> Option<([usize; 3], &Constant, Option<&Constant>)> {
        let taps = self.0.constant(self.0.peek()?, 1)?.shape.get(3).copied()?;
        let kernel = [1, i64::try_from(taps).ok()?];
        let node = self.0.take("Conv", &[("kernel_shape", &kernel), ("strides", &[1, stride])], &[])?;
        let weights = self.0.constant(node, 1)?;
        let [filters, channels, 1, _] = weights.shape[..] else { return None };
        let bias = match node.inputs.len() {
            2 => None,
            _ => Some(self.0.constant(node, 2).filter(|bias| bias.values.len() == filters)?),
        };
        (weights.values.len() == filters * channels * taps).then_some(([filters, channels, taps], weights, bias))
    }

    fn folded(&mut self) -> Option<(Folded, usize)> {
        let ([_, 1, taps], weights, None) = self.convolution(STRIDE as i64)? else { return None };
        Some((Folded::new(&weights.values, taps)?, taps))
    }

    fn filters(&mut self, inputs: usize) -> Option<Filters> {
        let ([_, channels, TAPS], weights, Some(bias)) = self.convolution(1)? else { return None };
        let weight = |filter, channel, tap| weights.values[(filter * channels + channel) * TAPS + tap];
        let filters = Filters::new(channels, &bias.values, weight)?;
        (channels == inputs).then_some(filters)
    }

    fn recurrent(&mut self, inputs: usize) -> Option<[Direction; 2]> {
        let units = *self.0.peek()?.attributes.get("hidden_size")?.first()?;
        let node = self.0.take("LSTM", &[("hidden_size", &[units])], &["direction"])?;
        let units = usize::try_from(units).ok()?;
        let constants = [1, 2, 3].map(|number| self.0.constant(node, number));
        let [Some(input), Some(recurrent), Some(bias)] = constants else { return None };
        let fits = node.words.get("direction").is_some_and(|word| word == "bidirectional")
            && node.inputs.len() == 4
            && input.shape == [2, 4 * units, inputs]
            && recurrent.shape == [2, 4 * units, units]
            && bias.shape == [2, 8 * units];
        let half = |constant: &'_ Constant, number: usize| {
            let length = constant.values.len() / 2;
            constant.values.get(number * length..(number + 1) * length).map(<[f32]>::to_vec)
        };
        let direction = |number: usize| {
            let [input, recurrent, bias] = [input, recurrent, bias].map(|constant| half(constant, number));
            let weights = Weights { input: &input?, recurrent: &recurrent?, bias: &bias? };
            Direction::new(inputs, units, weights)
        };
        if !fits {
            return None;
        }
        Some([direction(0)?, direction(1)?])
    }

    /// A weighted sum, and the slope behind it if it is not the last.
    fn sum(&mut self, inputs: usize) -> Option<(Dense, Option<f32>)> {
        let node = self.0.take("MatMul", &[], &[])?;
        let weights = self.0.constant(node, 1)?;
        let node = self.0.take("Add", &[], &[])?;
        let bias = self.0.constant(node, 1)?;
        let [rows, outputs] = weights.shape[..] else { return None };
        if rows != inputs || weights.values.len() != rows * outputs || bias.values.len() != outputs || outputs == 0 {
            return None;
        }
        let dense = Dense::new(rows, outputs, &bias.values, |output, input| weights.values[input * outputs + output]);
        let slope = if self.0.next_is("LeakyRelu") { Some(self.slope()?) } else { None };
        Some((dense, slope))
    }
}
