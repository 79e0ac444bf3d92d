//! Networks that are compiled in, in the crate `attune-nets`.

use attune_nets::Net;

use super::{Backend, Tensor};

/// As results name it. Another number here makes stored results of these networks count as made by something else.
pub(super) const NAME: &str = "attune-nets 0.1";

struct Loaded(Net);

/// A network from the bytes of its ONNX file; `None` if it is not one of those that are compiled in.
pub(super) fn load(bytes: &[u8]) -> Option<impl Backend + use<>> {
    Net::load(bytes).map(Loaded)
}

impl Backend for Loaded {
    fn run(&mut self, inputs: &[(&str, &Tensor)], outputs: &[&str]) -> Result<Vec<Tensor>, String> {
        let (name, _) = self.0.input();
        let (_, input) =
            inputs.iter().find(|(given, _)| *given == name).ok_or_else(|| format!("no input named {name:?}"))?;
        let mut results = self.0.run(&input.shape, &input.values)?;
        let named: Vec<&str> = self.0.outputs().collect();
        outputs
            .iter()
            .map(|wanted| {
                let at = named.iter().position(|name| name == wanted);
                let at = at.ok_or_else(|| format!("no output named {wanted:?}"))?;
                let (shape, values) = std::mem::take(&mut results[at]);
                Ok(Tensor { shape, values })
            })
            .collect()
    }
}
