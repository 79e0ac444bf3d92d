//! The facial-action network: an MLP mixer, which weights landmarks against landmarks and features against features in turn.

use crate::dense::{Dense, Place, TILE, Then};
use crate::onnx::Graph;

/// What stands before the blocks: points to tokens, and one token in front that gathers the result.
const BEFORE: &str = "ReduceMean Sub Mul ReduceSum Sqrt ReduceMean Div Reshape Slice Mul Transpose Transpose Conv Transpose \
                      Transpose Transpose Conv Transpose Concat";
/// Layer normalisation.
const NORM: &str = "ReduceMean Neg Sub Mul ReduceMean Add Sqrt Reciprocal Mul Mul Mul Add";
/// Across tokens, feature by feature.
const TOKENS: &str = "Transpose Transpose Conv Relu Conv Transpose Transpose Add";
/// Across features, token by token.
const FEATURES: &str = "Transpose Conv Relu Conv Transpose Add";
/// The first token's features to actions.
const AFTER: &str = "Slice Slice Transpose Conv Sigmoid Transpose Reshape Slice Squeeze Identity";

#[derive(Debug)]
struct Norm {
    scale: Vec<f32>,
    epsilon: f32,
}

#[derive(Debug)]
struct Mix {
    norm: Norm,
    up: Dense,
    down: Dense,
}

/// The network with its buffers.
#[derive(Debug)]
pub struct Mixer {
    points: usize,
    tokens: usize,
    features: usize,
    factor: f32,
    to_tokens: Dense,
    to_features: Dense,
    front: Vec<f32>,
    /// Across tokens, then across features.
    blocks: Vec<[Mix; 2]>,
    /// The last block is needed for its first token only.
    last_first: Dense,
    head: Dense,
    /// Tokens by features.
    now: Vec<f32>,
    normed: Vec<f32>,
    hidden: Vec<f32>,
    mixed: Vec<f32>,
    out: Vec<f32>,
}

impl Mixer {
    /// From the graph of its ONNX file; `None` if it is built in another way.
    pub fn load(graph: &Graph) -> Option<Self> {
        let operators: Vec<&str> = graph.nodes.iter().map(|node| node.operator.as_str()).collect();
        let words = |text: &'static str| text.split_whitespace();
        let block = || words(NORM).chain(words(TOKENS)).chain(words(NORM)).chain(words(FEATURES));
        let around = words(BEFORE).count() + words(AFTER).count();
        let count = operators.len().checked_sub(around)? / block().count();
        let expected = words(BEFORE).chain((0..count).flat_map(|_| block())).chain(words(AFTER));
        if count == 0 || !expected.eq(operators.iter().copied()) {
            return None;
        }
        let mut parts = Parts { graph, next: 0 };
        let factor = parts.after(9, "Mul", 1)?.first().copied()?;
        let (to_tokens, [_, points]) = parts.dense()?;
        let (to_features, [features, _]) = parts.dense()?;
        let front = parts.after(0, "Concat", 0)?.to_vec();
        let mut blocks = Vec::new();
        let mut last_first = None;
        for _ in 0..count {
            let norm = parts.norm()?;
            let (up, _) = parts.dense()?;
            let place = parts.next;
            let (down, _) = parts.dense()?;
            last_first = Parts { graph, next: place }.first_output();
            let tokens = Mix { norm, up, down };
            let norm = parts.norm()?;
            let (up, _) = parts.dense()?;
            let (down, _) = parts.dense()?;
            blocks.push([tokens, Mix { norm, up, down }]);
        }
        let (head, _) = parts.dense()?;
        let tokens = to_tokens.outputs() + 1;
        let fits = features.is_multiple_of(TILE)
            && front.len() == features
            && to_features.inputs() == 2
            && head.inputs() == features
            && blocks.iter().all(|[across_tokens, across_features]| {
                let sizes = |mix: &Mix| [mix.up.inputs(), mix.down.outputs(), mix.up.outputs() - mix.down.inputs()];
                sizes(across_tokens) == [tokens, tokens, 0]
                    && sizes(across_features) == [features, features, 0]
                    && [across_tokens, across_features]
                        .iter()
                        .all(|mix| mix.norm.scale.len() == features && mix.up.outputs().is_multiple_of(TILE))
            });
        let last_first = last_first?;
        fits.then(|| Self {
            points,
            tokens,
            features,
            factor,
            now: vec![0.0; tokens * features],
            normed: vec![0.0; tokens * features],
            hidden: Vec::new(),
            mixed: Vec::new(),
            out: vec![0.0; head.width()],
            to_tokens,
            to_features,
            front,
            blocks,
            last_first,
            head,
        })
    }

    /// Strengths, 0 to 1, from x and y of each point, in picture pixels. Missing points count as 0.
    pub fn run(&mut self, points: &[f32]) -> &[f32] {
        self.read(points);
        let (tokens, features) = (self.tokens, self.features);
        let last = self.blocks.len() - 1;
        for (number, [across_tokens, across_features]) in self.blocks.iter().enumerate() {
            let is_last = number == last;
            across_tokens.norm.turned(&self.now, features, &mut self.normed);
            let (up, down) = (&across_tokens.up, if is_last { &self.last_first } else { &across_tokens.down });
            self.hidden.resize(features.max(tokens) * up.width().max(across_features.up.width()), 0.0);
            self.mixed.resize(features * down.width().max(across_tokens.down.width()), 0.0);
            up.run(&self.normed, Place::pixels(tokens), features, &mut self.hidden, Then::Relu);
            down.run(&self.hidden, Place::pixels(up.width()), features, &mut self.mixed, Then::Nothing);
            for (token, now) in self.now.chunks_exact_mut(features).take(down.outputs()).enumerate() {
                for (now, mixed) in now.iter_mut().zip(self.mixed[token..].iter().step_by(down.width())) {
                    *now += mixed;
                }
            }
            let count = if is_last { 1 } else { tokens };
            let Mix { norm, up, down } = across_features;
            norm.straight(&self.now[..count * features], features, &mut self.normed);
            up.run(&self.normed, Place::pixels(features), count, &mut self.hidden, Then::Relu);
            down.run(&self.hidden, Place::pixels(up.width()), count, &mut self.now, Then::Add);
        }
        self.head.run(&self.now, Place::pixels(features), 1, &mut self.out, Then::Nothing);
        for value in &mut self.out {
            *value = 1.0 / (1.0 + (-*value).exp());
        }
        &self.out[..self.head.outputs()]
    }

    /// Points, moved to their middle and scaled by their mean distance from it, to tokens.
    fn read(&mut self, points: &[f32]) {
        let count = self.points;
        let at = |number: usize, axis: usize| points.get(2 * number + axis).copied().unwrap_or(0.0);
        let middle = [0, 1].map(|axis| (0..count).map(|n| at(n, axis)).sum::<f32>() / count as f32);
        let off = |n: usize, axis: usize| at(n, axis) - middle[axis];
        let spread =
            (0..count).map(|n| (off(n, 0) * off(n, 0) + off(n, 1) * off(n, 1)).sqrt()).sum::<f32>() / count as f32;
        let scaled: Vec<f32> = [0, 1]
            .into_iter()
            .flat_map(|axis| (0..count).map(move |n| (n, axis)))
            .map(|(n, axis)| off(n, axis) / spread * self.factor)
            .collect();
        let width = self.to_tokens.width();
        let mut tokens = vec![0.0; 2 * width];
        self.to_tokens.run(&scaled, Place::pixels(count), 2, &mut tokens, Then::Nothing);
        let pairs: Vec<f32> = (0..self.tokens - 1).flat_map(|token| [tokens[token], tokens[width + token]]).collect();
        let (front, rest) = self.now.split_at_mut(self.features);
        front.copy_from_slice(&self.front);
        self.to_features.run(&pairs, Place::pixels(2), self.tokens - 1, rest, Then::Nothing);
    }
}

impl Norm {
    /// `x` row by row of `features`, as rows.
    fn straight(&self, x: &[f32], features: usize, out: &mut [f32]) {
        for (row, out) in x.chunks_exact(features).zip(out.chunks_exact_mut(features)) {
            let (mean, factor) = self.of_row(row);
            for ((out, x), scale) in out.iter_mut().zip(row).zip(&self.scale) {
                *out = (x - mean) * (factor * scale);
            }
        }
    }

    /// The same, as columns.
    fn turned(&self, x: &[f32], features: usize, out: &mut [f32]) {
        let rows = x.len() / features;
        for (number, row) in x.chunks_exact(features).enumerate() {
            let (mean, factor) = self.of_row(row);
            for ((out, x), scale) in out[number..].iter_mut().step_by(rows).zip(row).zip(&self.scale) {
                *out = (x - mean) * (factor * scale);
            }
        }
    }

    /// Mean, and one over the deviation.
    fn of_row(&self, row: &[f32]) -> (f32, f32) {
        let count = row.len() as f32;
        let sum = |value: &dyn Fn(f32) -> f32| -> f32 {
            let mut sums = [0.0; TILE];
            for part in row.as_chunks::<TILE>().0 {
                for (sum, x) in sums.iter_mut().zip(part) {
                    *sum += value(*x);
                }
            }
            sums.iter().sum()
        };
        let mean = sum(&|x| x) / count;
        let variance = sum(&|x| (x - mean) * (x - mean)) / count;
        (mean, 1.0 / (variance + self.epsilon).sqrt())
    }
}

/// Takes the graph apart in order.
struct Parts<'a> {
    graph: &'a Graph,
    next: usize,
}

impl<'a> Parts<'a> {
    /// A constant input of the next `operator` from here on (at least `skip` nodes further); goes on behind it.
    fn after(&mut self, skip: usize, operator: &str, input: usize) -> Option<&'a [f32]> {
        loop {
            let from = self.next + skip;
            let at = from + self.graph.nodes.get(from..)?.iter().position(|node| node.operator == operator)?;
            self.next = at + 1;
            let node = &self.graph.nodes[at];
            let names = [node.input(input), node.input(1 - input)];
            let values = names.into_iter().find_map(|name| self.graph.constants.get(name));
            if let Some(constant) = values {
                return Some(&constant.values);
            }
        }
    }

    fn weights(&mut self) -> Option<(usize, usize, &'a [f32], &'a [f32])> {
        let at = self.next + self.graph.nodes.get(self.next..)?.iter().position(|node| node.operator == "Conv")?;
        self.next = at + 1;
        let node = &self.graph.nodes[at];
        let (weights, bias) = (self.graph.constants.get(node.input(1))?, self.graph.constants.get(node.input(2))?);
        let [outputs, inputs, 1, 1] = weights.shape[..] else { return None };
        (bias.values.len() == outputs).then_some((outputs, inputs, &weights.values, &bias.values))
    }

    /// The next 1x1 convolution, and its outputs and inputs.
    fn dense(&mut self) -> Option<(Dense, [usize; 2])> {
        let (outputs, inputs, weights, bias) = self.weights()?;
        Some((Dense::new(inputs, outputs, bias, |o, i| weights[o * inputs + i]), [outputs, inputs]))
    }

    /// The next 1x1 convolution's first output alone.
    fn first_output(&mut self) -> Option<Dense> {
        let (_, inputs, weights, bias) = self.weights()?;
        Some(Dense::new(inputs, 1, &bias[..1], |_, i| weights[i]))
    }

    fn norm(&mut self) -> Option<Norm> {
        let epsilon = self.after(0, "Add", 1)?.first().copied()?;
        let scale = self.after(0, "Mul", 1)?.to_vec();
        Some(Norm { scale, epsilon })
    }
}
