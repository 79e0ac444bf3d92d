//! ONNX Runtime, through `ort`, from a shared library found at run time.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;

use super::{Backend, ModelError, Tensor};

/// One library serves the whole process: the first one asked for.
static LIBRARY: OnceLock<(PathBuf, Result<Environment, String>)> = OnceLock::new();

fn environment(library: &Path) -> Result<&'static Environment, ModelError> {
    let (loaded, environment) = LIBRARY.get_or_init(|| {
        let environment = ort::init_from(library)
            .map_err(|e| e.to_string())
            .and_then(|builder| builder.with_telemetry(false).build().map_err(|e| e.to_string()));
        (library.to_owned(), environment)
    });
    if loaded != library {
        let message =
            format!("{} is already in use, {} cannot be loaded beside it", loaded.display(), library.display());
        return Err(ModelError::Runtime { message });
    }
    environment.as_ref().map_err(|message| ModelError::Runtime { message: message.clone() })
}

/// `onnxruntime 1.32.0`, from the library's file name.
///
/// # Errors
/// [`ModelError::Runtime`] if the library does not load.
pub(super) fn version(library: &Path) -> Result<String, ModelError> {
    environment(library)?;
    let name = library.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let version = name.split(".so.").nth(1).unwrap_or("").to_owned();
    Ok(format!("onnxruntime {version}").trim_end().to_owned())
}

struct Loaded(Session);

/// Loads a network from the bytes of its ONNX file.
pub(super) fn load(library: &Path, bytes: &[u8], threads: usize) -> Result<impl Backend + use<>, String> {
    let environment = environment(library).map_err(|e| e.to_string())?;
    let build = || -> ort::Result<Session> {
        Session::builder(environment)?
            .with_optimization_level(GraphOptimizationLevel::Level3)?
            .with_intra_threads(threads.max(1))?
            .with_inter_threads(1)?
            // Spinning threads would take the time of the other stages that run beside this one.
            .with_intra_op_spinning(false)?
            .commit_from_memory(bytes)
    };
    build().map(Loaded).map_err(|e| e.to_string())
}

impl Backend for Loaded {
    fn run(&mut self, inputs: &[(&str, &Tensor)], outputs: &[&str]) -> Result<Vec<Tensor>, String> {
        let mut run = || -> ort::Result<Vec<Tensor>> {
            let mut values: Vec<(&str, SessionInputValue<'_>)> = Vec::with_capacity(inputs.len());
            for (name, tensor) in inputs {
                let view = TensorRef::from_array_view((tensor.shape.as_slice(), tensor.values.as_slice()))?;
                values.push((name, view.into()));
            }
            let results = self.0.run(values)?;
            outputs
                .iter()
                .map(|&name| {
                    let value =
                        results.get(name).ok_or_else(|| ort::Error::new(format!("no output named {name:?}")))?;
                    let (shape, values) = value.try_extract_tensor::<f32>()?;
                    let shape = shape.iter().map(|&length| usize::try_from(length).unwrap_or(0)).collect();
                    Ok(Tensor { shape, values: values.to_vec() })
                })
                .collect()
        };
        run().map_err(|e| e.to_string())
    }
}
