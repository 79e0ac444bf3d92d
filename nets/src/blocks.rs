//! The landmark network: residual blocks of a 1x1, a depthwise 3x3 and a 1x1 convolution, at ever smaller sizes.

use crate::dense::{Dense, Place, TILE, Then};
use crate::depthwise::Depthwise;
use crate::onnx::{Graph, Node};

/// Side of the input, pixels.
pub const SIDE: usize = 256;

/// Pixels that are worked on together, so that they stay near.
const BAND_PIXELS: usize = 128;

/// One step of the network.
#[derive(Debug)]
enum Step {
    /// Narrow, look around, widen, add what was before.
    Block(Branch),
    /// The same at half the size; what was before is the largest of four pixels.
    Halve(Branch),
}

#[derive(Debug)]
struct Branch {
    narrow: Dense,
    around: Depthwise,
    widen: Dense,
}

/// Which of the last convolutions' values are an output of the network.
#[derive(Debug)]
struct End {
    output: usize,
    from: usize,
    length: usize,
    sigmoid: bool,
}

/// The network with its buffers.
#[derive(Debug)]
pub struct Blocks {
    stem: Dense,
    steps: Vec<Step>,
    heads: Dense,
    ends: Vec<End>,
    /// The picture with a further row and column of zeros, pixel by pixel.
    picture: Vec<f32>,
    now: Vec<f32>,
    next: Vec<f32>,
    narrow: Vec<f32>,
    padded: Vec<f32>,
    band: Vec<f32>,
    out: Vec<f32>,
}

impl Blocks {
    /// From the graph of its ONNX file; `None` if it is built in another way.
    pub fn load(graph: &Graph) -> Option<Self> {
        let mut parts = Parts { graph, next: 0 };
        let stem = parts.dense(3, 2)?;
        let stem = stem.with_slopes(&parts.prelu()?);
        let mut steps = Vec::new();
        loop {
            let kernel = parts.kernel()?;
            if kernel == 1 {
                let narrow = parts.dense(1, 1)?;
                steps.push(Step::Block(parts.branch(narrow)?));
            } else if parts.strides() == 2 {
                let narrow = parts.dense(2, 2)?;
                parts.skip("MaxPool")?;
                let _ = parts.skip("Pad");
                let branch = parts.branch(narrow)?;
                steps.push(Step::Halve(branch));
            } else {
                break;
            }
        }
        let (heads, ends) = parts.heads()?;
        let mut blocks = Self {
            stem,
            steps,
            heads,
            ends,
            picture: vec![0.0; (SIDE + 1) * (SIDE + 1) * 3],
            now: Vec::new(),
            next: Vec::new(),
            narrow: Vec::new(),
            padded: Vec::new(),
            band: Vec::new(),
            out: Vec::new(),
        };
        blocks.out = vec![0.0; blocks.heads.width()];
        Some(blocks)
    }

    /// Runs on a picture of three planes of 256 x 256 values; the values of each output, in the graph's order.
    pub fn run(&mut self, planes: &[f32]) -> Vec<Vec<f32>> {
        let (row, plane) = (3 * (SIDE + 1), SIDE * SIDE);
        let (red, rest) = planes.split_at(plane.min(planes.len()));
        let (green, blue) = rest.split_at(plane.min(rest.len()));
        let rows = red.chunks_exact(SIDE).zip(green.chunks_exact(SIDE)).zip(blue.chunks_exact(SIDE));
        for (((red, green), blue), out) in rows.zip(self.picture.chunks_exact_mut(row)) {
            let pixels = out.as_chunks_mut::<3>().0.iter_mut();
            for (((out, red), green), blue) in pixels.zip(red).zip(green).zip(blue) {
                *out = [*red, *green, *blue];
            }
        }
        self.compute();
        let mut outputs = vec![Vec::new(); self.ends.len()];
        for end in &self.ends {
            let values = self.out[end.from..end.from + end.length].iter().copied();
            outputs[end.output] = if end.sigmoid { values.map(sigmoid).collect() } else { values.collect() };
        }
        outputs
    }

    fn compute(&mut self) {
        let net = self;
        let mut side = SIDE / 2;
        let mut width = net.stem.width();
        net.now.resize(side * side * width, 0.0);
        let row = 3 * (SIDE + 1);
        for y in 0..side {
            let place = Place { step: 6, pieces: 3, apart: row };
            let out = &mut net.now[y * side * width..];
            net.stem.run(&net.picture[2 * y * row..], place, side, out, Then::Prelu);
        }
        for step in &net.steps {
            let mut buffers = Buffers { narrow: &mut net.narrow, padded: &mut net.padded, band: &mut net.band };
            match step {
                Step::Block(branch) => run_branch(branch, side, None, &mut net.now, &mut buffers),
                Step::Halve(branch) => {
                    let wide = branch.widen.width();
                    net.next.resize(side / 2 * (side / 2) * wide, 0.0);
                    pool(&net.now, side, width, wide, &mut net.next);
                    side /= 2;
                    run_branch(branch, side, Some((&net.now, width)), &mut net.next, &mut buffers);
                    std::mem::swap(&mut net.now, &mut net.next);
                    width = wide;
                }
            }
        }
        net.heads.run(&net.now, Place::pixels(side * side * width), 1, &mut net.out, Then::Nothing);
    }
}

struct Buffers<'a> {
    narrow: &'a mut Vec<f32>,
    padded: &'a mut Vec<f32>,
    band: &'a mut Vec<f32>,
}

/// Band by band: narrow, and one row later look around and widen onto `now`. `larger`: what is narrowed instead of
/// `now`, twice as large, and its channels.
fn run_branch(
    branch: &Branch,
    side: usize,
    larger: Option<(&[f32], usize)>,
    now: &mut [f32],
    buffers: &mut Buffers<'_>,
) {
    let (middle, padded, wide) = (branch.narrow.outputs(), branch.narrow.width(), branch.widen.width());
    let row_length = (side + 2) * middle;
    border(buffers.padded, side, middle);
    let band = (BAND_PIXELS / side).clamp(1, side);
    buffers.narrow.resize(side * padded, 0.0);
    buffers.band.resize(band * side * middle, 0.0);
    let (mut narrowed, mut done) = (0, 0);
    while done < side {
        let rows = band.min(side - narrowed);
        for row in narrowed..narrowed + rows {
            let (x, place) = match larger {
                None => (&now[row * side * wide..], Place::pixels(wide)),
                Some((larger, channels)) => {
                    let place = Place { step: 2 * channels, pieces: 2, apart: 2 * side * channels };
                    (&larger[4 * row * side * channels..], place)
                }
            };
            let onto = &mut buffers.padded[(row + 1) * row_length + middle..][..side * middle];
            if middle == padded {
                branch.narrow.run(x, place, side, onto, Then::Prelu);
            } else {
                branch.narrow.run(x, place, side, buffers.narrow, Then::Prelu);
                close_up(buffers.narrow, padded, onto, middle);
            }
        }
        narrowed += rows;
        // A row is finished once the one below it is narrowed.
        let last = if narrowed == side { side } else { narrowed - 1 };
        while done < last {
            let rows = band.min(last - done);
            for row in 0..rows {
                let x = &buffers.padded[(done + row) * row_length..];
                branch.around.row(x, row_length, side, &mut buffers.band[row * side * middle..]);
            }
            let out = &mut now[done * side * wide..];
            branch.widen.run(buffers.band, Place::pixels(middle), rows * side, out, Then::AddPrelu);
            done += rows;
        }
    }
}

/// Makes room for `side` x `side` pixels with a border of zeros.
fn border(padded: &mut Vec<f32>, side: usize, channels: usize) {
    let row_length = (side + 2) * channels;
    padded.resize(padded.len().max((side + 2) * row_length), 0.0);
    padded[..row_length].fill(0.0);
    padded[(side + 1) * row_length..][..row_length].fill(0.0);
    for row in padded.chunks_exact_mut(row_length).take(side + 2) {
        row[..channels].fill(0.0);
        row[row_length - channels..].fill(0.0);
    }
}

/// Leaves out the places that only fill tiles.
fn close_up(from: &[f32], padded: usize, onto: &mut [f32], channels: usize) {
    let pixels = from.chunks_exact(padded).zip(onto.chunks_exact_mut(channels));
    for (from, onto) in pixels {
        // Pieces of 8 are copied without a call.
        for (from, onto) in from.as_chunks::<8>().0.iter().zip(onto.as_chunks_mut::<8>().0) {
            *onto = *from;
        }
    }
}

/// The largest of each four pixels, with zeros for the channels that come anew.
fn pool(x: &[f32], side: usize, width: usize, wide: usize, out: &mut [f32]) {
    let small = side / 2;
    for y in 0..small {
        for column in 0..small {
            let at = (2 * y * side + 2 * column) * width;
            let (above, below) = (&x[at..at + 2 * width], &x[at + side * width..][..2 * width]);
            let out = &mut out[(y * small + column) * wide..][..wide];
            let (kept, new) = out.split_at_mut(width.min(wide));
            for (channel, out) in kept.iter_mut().enumerate() {
                *out = above[channel].max(above[width + channel]).max(below[channel].max(below[width + channel]));
            }
            new.fill(0.0);
        }
    }
}

/// Takes the graph apart, node by node.
struct Parts<'a> {
    graph: &'a Graph,
    next: usize,
}

impl Parts<'_> {
    fn node(&self) -> Option<&Node> {
        self.graph.nodes.get(self.next)
    }

    fn values(&self, node: &Node, input: usize) -> Option<(&[usize], &[f32])> {
        let constant = self.graph.constants.get(node.input(input))?;
        Some((&constant.shape, &constant.values))
    }

    fn kernel(&self) -> Option<usize> {
        let node = self.node().filter(|node| node.operator == "Conv")?;
        self.values(node, 1)?.0.get(2).copied()
    }

    fn strides(&self) -> i64 {
        self.node().and_then(|node| node.attributes.get("strides")?.first().copied()).unwrap_or(1)
    }

    fn skip(&mut self, operator: &str) -> Option<()> {
        let fits = self.node()?.operator == operator;
        self.next += usize::from(fits);
        fits.then_some(())
    }

    /// A convolution over patches of `kernel` x `kernel`; its inputs in the order row, column, channel.
    fn dense(&mut self, kernel: usize, stride: i64) -> Option<Dense> {
        let node = self.node().filter(|node| node.operator == "Conv")?;
        let ([outputs, channels, height, width], weights) = self.values(node, 1)? else { return None };
        let bias = self.values(node, 2)?.1;
        let fits = [*height, *width] == [kernel; 2]
            && node.attributes.get("strides")? == &[stride; 2]
            && node.attributes.get("group")? == &[1];
        if !fits {
            return None;
        }
        let area = kernel * kernel;
        let dense = Dense::new(area * channels, *outputs, bias, |output, input| {
            weights[(output * channels + input % channels) * area + input / channels]
        });
        self.next += 1;
        Some(dense)
    }

    /// `Relu`, two 1x1 depthwise convolutions and a sum; the slopes.
    fn prelu(&mut self) -> Option<Vec<f32>> {
        self.skip("Relu")?;
        let node = self.node().filter(|node| node.operator == "Conv" && node.inputs.len() == 2)?;
        let slopes = self.values(node, 1)?.1.to_vec();
        self.next += 1;
        self.skip("Conv")?;
        self.skip("Add")?;
        Some(slopes)
    }

    fn branch(&mut self, narrow: Dense) -> Option<Branch> {
        let narrow_slopes = self.prelu()?;
        let narrow = narrow.with_slopes(&narrow_slopes);
        let node = self.node().filter(|node| node.operator == "Conv")?;
        let ([channels, 1, 3, 3], weights) = self.values(node, 1)? else { return None };
        let fits = node.attributes.get("strides")? == &[1, 1] && node.attributes.get("pads")? == &[1; 4];
        if !fits || *channels != narrow.outputs() {
            return None;
        }
        let bias = self.values(node, 2)?.1;
        let around = Depthwise::new(*channels, bias, |channel, place| weights[9 * channel + place])?;
        self.next += 1;
        let node = self.node().filter(|node| node.operator == "Conv")?;
        let ([outputs, inputs, 1, 1], weights) = self.values(node, 1)? else { return None };
        if *inputs != narrow.outputs() {
            return None;
        }
        let bias = self.values(node, 2)?.1;
        let widen = Dense::new(*inputs, *outputs, bias, |output, input| weights[output * inputs + input]);
        self.next += 1;
        self.skip("Add")?;
        let slopes = self.prelu()?;
        widen.outputs().is_multiple_of(TILE).then(|| Branch { narrow, around, widen: widen.with_slopes(&slopes) })
    }

    /// The convolutions that end the network, as one, and where its outputs lie in it.
    fn heads(&mut self) -> Option<(Dense, Vec<End>)> {
        let (mut ends, mut weights, mut bias) = (Vec::new(), Vec::new(), Vec::new());
        let mut inputs = 0;
        while let Some(node) = self.node().filter(|node| node.operator == "Conv") {
            let ([outputs, channels, 2, 2], own) = self.values(node, 1)? else { return None };
            let (output, sigmoid) = self.graph.output_from(node.output())?;
            ends.push(End { output, from: bias.len(), length: *outputs, sigmoid });
            inputs = 4 * channels;
            bias.extend_from_slice(self.values(node, 2)?.1);
            weights.extend((0..outputs * inputs).map(|at| {
                let (output, input) = (at / inputs, at % inputs);
                own[(output * channels + input % channels) * 4 + input / channels]
            }));
            self.next += 1;
        }
        let mut named: Vec<usize> = ends.iter().map(|end| end.output).collect();
        named.sort_unstable();
        let fits = inputs > 0 && named.iter().copied().eq(0..self.graph.outputs.len());
        let dense = || Dense::new(inputs, bias.len(), &bias, |output, input| weights[output * inputs + input]);
        fits.then(|| (dense(), ends))
    }
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}
