//! Loads a network, checks its hash, runs it. Knows nothing of faces or voices.
//!
//! Two runtimes stand behind one [`Network`]: ONNX Runtime, a shared library found at run time, and `rten`, compiled
//! in, which is slower and always there. The networks that work hardest, for every face and picture and for every voice, are compiled in
//! themselves (`attune-nets`) and faster than with either. All give the same numbers within 1e-4 (`tests/runtimes.rs`).

mod compiled;
mod graphics;
mod memory;
mod onnxruntime;
mod pure_rust;
mod shelf;
pub mod sphinx;

use std::path::PathBuf;

use crate::origin::ModelFile;

pub use memory::give_back;
pub use shelf::{Entry, Shelf};

/// A tensor: shape and values in row-major order, `values.len()` = product of `shape`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<f32>,
}

/// Which runtime to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// ONNX Runtime where its library is found, `rten` otherwise.
    #[default]
    Auto,
    /// ONNX Runtime from this shared library, or an error.
    OnnxRuntime(PathBuf),
    /// ONNX Runtime with a graphics card, or an error: from this shared library, or from the one that was found. Only
    /// networks that gain from it run there (`gpu` in `models.toml`).
    Graphics(Option<PathBuf>),
    /// The compiled-in one.
    Rten,
}

/// Why a network cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not on the shelf.
    #[error(
        "the network {name:?} is not installed: run scripts/setup.sh, or point --models at the folder that holds {file}"
    )]
    Missing {
        /// Name in `models.toml`.
        name: String,
        /// Its file name.
        file: String,
    },
    /// The list of networks does not read.
    #[error("the list of networks does not read ({message}): run scripts/setup.sh again, or check {file}")]
    List {
        /// What is wrong.
        message: String,
        /// Path of `models.toml`.
        file: String,
    },
    /// Another file than the one the engine was tested with.
    #[error(
        "the file of the network {name:?} is not the expected one (its SHA-256 begins {found}, expected {expected}): it is damaged or from elsewhere; run scripts/setup.sh again"
    )]
    WrongHash {
        /// Name in `models.toml`.
        name: String,
        /// First digits found.
        found: String,
        /// First digits expected.
        expected: String,
    },
    /// The runtime's shared library does not load.
    #[error("ONNX Runtime does not load ({message}): run scripts/setup.sh, or leave it out with --runtime rten")]
    Runtime {
        /// What it said.
        message: String,
    },
    /// No graphics card can be used.
    #[error(
        "no graphics card can be used ({message}): run scripts/setup.sh gpu, or leave out --runtime gpu; the results are the same without"
    )]
    Graphics {
        /// What is missing.
        message: String,
    },
    /// The network does not load or run.
    #[error("the network {name:?} failed while {doing}: {message}")]
    Failed {
        /// Name in `models.toml`.
        name: String,
        /// `loading` or `running`.
        doing: &'static str,
        /// What the runtime said.
        message: String,
    },
}

/// What a runtime must offer.
trait Backend: Send {
    /// Runs once. Inputs by name, outputs in the order of `outputs`.
    fn run(&mut self, inputs: &[(&str, &Tensor)], outputs: &[&str]) -> Result<Vec<Tensor>, String>;
}

/// One loaded network, for one thread at a time; load it again for another thread.
pub struct Network {
    file: ModelFile,
    backend: Box<dyn Backend>,
}

impl Network {
    /// Name, hash and runtime, for a result's origin.
    pub fn file(&self) -> &ModelFile {
        &self.file
    }

    /// Runs once. Inputs by their names in the ONNX file; outputs come in the order of `outputs`.
    ///
    /// # Errors
    /// [`ModelError::Failed`] if a name or shape does not fit.
    pub fn run(&mut self, inputs: &[(&str, &Tensor)], outputs: &[&str]) -> Result<Vec<Tensor>, ModelError> {
        self.backend.run(inputs, outputs).map_err(|message| ModelError::Failed {
            name: self.file.name.clone(),
            doing: "running",
            message,
        })
    }
}
