//! Three kinds of networks, compiled in: they run nearly twice as fast as a general runtime runs them, need no library at
//! run time, and give the same numbers within what the order of additions leaves.
//!
//! [`Net::load`] takes an ONNX file apart and says whether it is one that it knows. All arithmetic is in 32-bit numbers, in
//! vectors as wide as the processor has (`rten-simd`); additions of one output are made in the same order on all of them.
//!
//! This is a crate of its own because it must be compiled for speed also where the rest of the program is not, in tests.

mod blocks;
mod chain;
mod dense;
mod depthwise;
mod filters;
mod folded;
mod lstm;
mod mixer;
mod norm;
mod onnx;
mod planes;
#[cfg(test)]
mod testing;
mod voices;

use blocks::Blocks;
use mixer::Mixer;
use voices::Voices;

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
    Voices(Box<Voices>),
}

/// What came of one output: its shape, and its values row by row.
pub type Output = (Vec<usize>, Vec<f32>);

impl Net {
    /// From the bytes of an ONNX file; `None` if it is built in a way that is not known here.
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let graph = onnx::read(bytes)?;
        let blocks = || Blocks::load(&graph).map(|blocks| Kind::Blocks(Box::new(blocks)));
        let mixer = || Mixer::load(&graph).map(|mixer| Kind::Mixer(Box::new(mixer)));
        let voices = || Voices::load(&graph).map(|voices| Kind::Voices(Box::new(voices)));
        let kind = blocks().or_else(mixer).or_else(voices)?;
        let mut inputs = graph.inputs.into_iter();
        let (input, None) = (inputs.next()?, inputs.next()) else { return None };
        Some(Self { input, outputs: graph.outputs, kind })
    }

    /// Name and shape of its input; an axis of any length is 0.
    pub fn input(&self) -> (&str, &[usize]) {
        (&self.input.0, &self.input.1)
    }

    /// Name of each output.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|(name, _)| name.as_str())
    }

    /// Runs once on the input's values, row by row; what comes of each output, in the order of [`Self::outputs`]. What
    /// lies along an axis of any length is independent of each other, the same to the bit alone and with others.
    ///
    /// # Errors
    /// Another shape than the input's, or another number of values than it has.
    pub fn run(&mut self, shape: &[usize], values: &[f32]) -> Result<Vec<Output>, String> {
        let (name, own) = self.input();
        let fits = shape.len() == own.len() && shape.iter().zip(own).all(|(given, own)| given == own || *own == 0);
        let count = shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length));
        if !fits {
            return Err(format!("input {name:?}: its shape is {own:?} (0: any), and not {shape:?}"));
        }
        if count != Some(values.len()) {
            return Err(format!("input {name:?}: {} values do not fill {shape:?}", values.len()));
        }
        let shapes = self.outputs.iter().map(|(_, shape)| shape.clone());
        Ok(match &mut self.kind {
            Kind::Blocks(blocks) => shapes.zip(blocks.run(values)).collect(),
            Kind::Mixer(mixer) => shapes.zip([mixer.run(values).to_vec()]).collect(),
            Kind::Voices(voices) => {
                let [windows, 1, samples] = *shape else { return Err(format!("no sound of one channel: {shape:?}")) };
                let fits = voices.result(samples);
                let [frames, classes] = fits.ok_or_else(|| format!("{samples} samples are too few"))?;
                vec![(vec![windows, frames, classes], voices.run(values, samples))]
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what broke")]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_network_is_none() {
        assert!(Net::load(b"").is_none());
        assert!(Net::load(b"no network").is_none());
        assert!(Net::load(&[0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_none());
    }

    fn voices() -> Vec<u8> {
        std::fs::read("../models/seg3.onnx").unwrap()
    }

    /// Sound of `samples` samples.
    fn sound(samples: usize, seed: usize) -> Vec<f32> {
        (0..samples).map(|at| 0.3 * testing::value(at * at / 7 + seed * at)).collect()
    }

    #[test]
    fn windows_are_the_same_alone_and_with_others() {
        let mut net = Net::load(&voices()).unwrap();
        assert_eq!(net.input(), ("waveform", &[0, 1, 0][..]));
        assert_eq!(net.outputs().collect::<Vec<_>>(), ["scores"]);
        let samples = 991 + 61 * 270;
        let windows: Vec<Vec<f32>> = (0..6).map(|seed| sound(samples, seed)).collect();
        let all = net.run(&[6, 1, samples], &windows.concat()).unwrap().remove(0);
        assert_eq!(all.0, [6, 62, 7]);
        let apart: Vec<f32> =
            windows.iter().flat_map(|window| net.run(&[1, 1, samples], window).unwrap().remove(0).1).collect();
        assert_eq!(all.1, apart);
        for frame in all.1.chunks_exact(7) {
            let sum: f32 = frame.iter().map(|score| score.exp()).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{frame:?}");
        }
        // After sound of another length, too.
        net.run(&[1, 1, 991], &sound(991, 3)).unwrap();
        assert_eq!(net.run(&[1, 1, samples], &windows[5]).unwrap()[0].1, all.1[5 * 62 * 7..]);
    }

    #[test]
    fn sound_that_is_no_numbers_spoils_its_own_window_only() {
        let mut net = Net::load(&voices()).unwrap();
        let good = sound(5000, 2);
        let clean = net.run(&[1, 1, 5000], &good).unwrap().remove(0).1;
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut other = good.clone();
            other[77] = bad;
            let both = net.run(&[2, 1, 5000], &[other, good.clone()].concat()).unwrap().remove(0).1;
            let (spoilt, whole) = both.split_at(clean.len());
            assert!(spoilt.iter().all(|score| score.is_nan()), "{bad}");
            assert_eq!(whole, clean);
        }
        let silence = net.run(&[1, 1, 5000], &vec![0.0; 5000]).unwrap().remove(0).1;
        assert!(silence.iter().all(|score| score.is_finite()));
    }

    #[test]
    fn shapes_that_do_not_fit_are_errors() {
        let mut net = Net::load(&voices()).unwrap();
        for shape in [&[1, 1, 990][..], &[1, 2, 5000], &[1, 5000], &[2, 1, 5000], &[usize::MAX, 1, 991], &[]] {
            assert!(net.run(shape, &sound(5000, 1)).is_err(), "{shape:?}");
        }
        assert_eq!(net.run(&[0, 1, 5000], &[]).unwrap(), [(vec![0, 15, 7], vec![])]);
        assert!(net.run(&[1, 1, 991], &sound(991, 1)).is_ok());
    }

    /// The file with the first bytes that are `from` as `to`.
    fn changed(from: &[u8], to: &[u8]) -> Vec<u8> {
        let mut bytes = voices();
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        bytes[at..at + from.len()].copy_from_slice(to);
        bytes
    }

    #[test]
    fn a_network_built_otherwise_is_refused() {
        for (from, to) in [
            ("MaxPool", "MinPool"),
            ("bidirectional", "bidirectionam"),
            ("hidden_size", "hidden_tize"),
            ("alpha", "alphb"),
            ("Abs", "Neg"),
            ("LogSoftmax", "LogSoftmay"),
            ("scores", "scorfs"),
        ] {
            assert!(Net::load(&changed(from.as_bytes(), to.as_bytes())).is_none(), "{from}");
        }
        // One weight of a filter, so that it no longer is the same turned around.
        let whole = voices();
        let name = whole.windows(6).rposition(|window| window == b"\x42\x04sinc").unwrap();
        let mut bytes = whole.clone();
        let weight = bytes.len().min(name + 60);
        bytes[weight] ^= 64;
        bytes[weight + 4] ^= 64;
        assert!(Net::load(&bytes).is_none());
    }

    #[test]
    fn a_damaged_file_is_refused_or_runs() {
        let whole = voices();
        for part in 1..60 {
            assert!(Net::load(&whole[..whole.len() * part / 60]).is_none());
        }
        // The nodes stand in front: every byte of them, changed.
        let end = whole.windows(8).position(|window| window == b"wav_norm").unwrap() + 400;
        for at in (0..end).chain((end..whole.len()).step_by(whole.len() / 50)) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            if let Some(mut net) = Net::load(&bytes) {
                let _ = net.run(&[1, 1, 991], &sound(991, 1));
            }
        }
    }
}
