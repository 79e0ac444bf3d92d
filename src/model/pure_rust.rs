//! `rten`: compiled in, needs nothing at run time.

use std::sync::Arc;

use rten::{Model, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{Tensor as RtenTensor, TensorView};

use super::{Backend, Tensor};

/// As results name it.
pub(super) const NAME: &str = "rten 0.27";

struct Loaded {
    model: Model,
    pool: Arc<ThreadPool>,
}

/// Loads a network from the bytes of its ONNX file.
pub(super) fn load(bytes: Vec<u8>, threads: usize) -> Result<impl Backend + use<>, String> {
    let model = Model::load(bytes).map_err(|e| e.to_string())?;
    Ok(Loaded { model, pool: Arc::new(ThreadPool::with_num_threads(threads.max(1))) })
}

impl Backend for Loaded {
    fn run(&mut self, inputs: &[(&str, &Tensor)], outputs: &[&str]) -> Result<Vec<Tensor>, String> {
        let mut values: Vec<(_, ValueOrView<'_>)> = Vec::with_capacity(inputs.len());
        for (name, tensor) in inputs {
            let view: TensorView<'_, f32> =
                TensorView::try_from_data(tensor.shape.as_slice(), tensor.values.as_slice()).map_err(|_| {
                    format!("input {name:?}: {} values do not fill {:?}", tensor.values.len(), tensor.shape)
                })?;
            values.push((self.model.node_id(name).map_err(|e| e.to_string())?, view.into()));
        }
        let ids = outputs
            .iter()
            .map(|name| self.model.node_id(name).map_err(|e| e.to_string()))
            .collect::<Result<Vec<_>, _>>()?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let results = self.model.run(values, &ids, Some(options)).map_err(|e| e.to_string())?;
        results
            .into_iter()
            .zip(outputs)
            .map(|(value, name)| {
                let tensor: RtenTensor<f32> =
                    value.try_into().map_err(|_| format!("output {name:?} is no tensor of numbers"))?;
                Ok(Tensor { shape: tensor.shape().to_vec(), values: tensor.to_vec() })
            })
            .collect()
    }
}
