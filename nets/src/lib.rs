//! Two kinds of networks, compiled in: they run nearly twice as fast as a general runtime runs them, need no library at
//! run time, and give the same numbers within what the order of additions leaves.
//!
//! [`Net::load`] takes an ONNX file apart and says whether it is one that it knows. All arithmetic is in 32-bit numbers, in
//! vectors as wide as the processor has (`rten-simd`); additions of one output are made in the same order on all of them.
//!
//! This is a crate of its own because it must be compiled for speed also where the rest of the program is not, in tests.

mod blocks;
mod dense;
mod depthwise;
mod mixer;
mod onnx;

use blocks::Blocks;
use mixer::Mixer;

/// A network that is ready to run, with its buffers; load it again for another thread.
#[derive(Debug)]
pub struct Net {
    input: (String, Vec<usize>),
    outputs: Vec<(String, Vec<usize>)>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Blocks(Box<Blocks>),
    Mixer(Box<Mixer>),
}

impl Net {
    /// From the bytes of an ONNX file; `None` if it is built in a way that is not known here.
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let graph = onnx::read(bytes)?;
        let kind = match Blocks::load(&graph) {
            Some(blocks) => Kind::Blocks(Box::new(blocks)),
            None => Kind::Mixer(Box::new(Mixer::load(&graph)?)),
        };
        let mut inputs = graph.inputs.into_iter();
        let (input, None) = (inputs.next()?, inputs.next()) else { return None };
        Some(Self { input, outputs: graph.outputs, kind })
    }

    /// Name and shape of its input.
    pub fn input(&self) -> (&str, &[usize]) {
        (&self.input.0, &self.input.1)
    }

    /// Name and shape of each output.
    pub fn outputs(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.outputs.iter().map(|(name, shape)| (name.as_str(), shape.as_slice()))
    }

    /// Runs once on the input's values, row by row; the values of each output in the order of [`Self::outputs`].
    ///
    /// # Errors
    /// Another number of values than the input's shape has.
    pub fn run(&mut self, values: &[f32]) -> Result<Vec<Vec<f32>>, String> {
        let (name, shape) = self.input();
        if values.len() != shape.iter().product::<usize>() {
            return Err(format!("input {name:?}: {} values do not fill {shape:?}", values.len()));
        }
        Ok(match &mut self.kind {
            Kind::Blocks(blocks) => blocks.run(values),
            Kind::Mixer(mixer) => vec![mixer.run(values).to_vec()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_network_is_none() {
        assert!(Net::load(b"").is_none());
        assert!(Net::load(b"no network").is_none());
        assert!(Net::load(&[0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_none());
    }
}
