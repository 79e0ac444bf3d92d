//! ONNX Runtime, through `ort`, from a shared library found at run time.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;

use super::{Backend, ModelError, Tensor, graphics};

/// One library serves the whole process: the first one that loads. Failures are not kept, so that another file can be
/// tried.
static LIBRARY: OnceLock<(PathBuf, Environment)> = OnceLock::new();
static LOADING: Mutex<()> = Mutex::new(());

fn environment(library: &Path) -> Result<&'static Environment, ModelError> {
    let fail = |message: String| ModelError::Runtime { message };
    // `ort` looks for a relative path beside the program, not in the working folder.
    let library = library.canonicalize().map_err(|e| fail(format!("{e}: {}", library.display())))?;
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if LIBRARY.get().is_none() {
        whole_library(&library).map_err(|what| fail(format!("{what}: {}", library.display())))?;
        let environment = ort::init_from(&library)
            .map_err(|e| fail(e.to_string()))?
            .with_telemetry(false)
            .build()
            .map_err(|e| fail(e.to_string()))?;
        // Cannot be taken: we hold the lock.
        let _ = LIBRARY.set((library.clone(), environment));
    }
    match LIBRARY.get() {
        Some((loaded, environment)) if *loaded == library => Ok(environment),
        Some((loaded, _)) => Err(fail(format!(
            "{} is already in use, {} cannot be loaded beside it",
            loaded.display(),
            library.display()
        ))),
        None => Err(fail("it did not stay loaded".to_owned())),
    }
}

/// The system's loader stops the whole program on a shared library that was cut off (it maps what is not there), so
/// this looks first: a 64-bit ELF file (System V ABI, "ELF header") must reach to the end of its section table. Other
/// formats are left to the loader.
fn whole_library(path: &Path) -> Result<(), String> {
    let mut header = [0; 64];
    let mut file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    if file.read_exact(&mut header).is_err() {
        return Err(format!("{length} bytes are no shared library"));
    }
    let mut eight = [0; 8];
    eight.copy_from_slice(&header[40..48]);
    let (elf, little_endian_64) = (header.starts_with(b"\x7fELF"), header[4] == 2 && header[5] == 1);
    let table = u64::from_le_bytes(eight);
    let entries = u64::from(u16::from_le_bytes([header[58], header[59]]))
        * u64::from(u16::from_le_bytes([header[60], header[61]]));
    if elf && little_endian_64 && table.checked_add(entries).is_none_or(|end| end > length) {
        return Err("the shared library is cut off".to_owned());
    }
    Ok(())
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

/// The provider that reaches a graphics card.
///
/// # Errors
/// [`ModelError::Runtime`] if the library does not load, [`ModelError::Graphics`] if it reaches no card.
pub(super) fn card(library: &Path) -> Result<&'static str, ModelError> {
    graphics::provider(library, environment(library)?).map_err(|message| ModelError::Graphics { message })
}

struct Loaded(Session);

/// Loads a network from the bytes of its ONNX file; `on_card`: onto the card that [`card`] found.
pub(super) fn load(
    library: &Path,
    bytes: &[u8],
    threads: usize,
    on_card: bool,
) -> Result<impl Backend + use<>, String> {
    let environment = environment(library).map_err(|e| e.to_string())?;
    let build = || -> ort::Result<Session> {
        let builder = Session::builder(environment)?;
        let builder = match on_card {
            true => graphics::placed(builder, environment)?,
            false => builder,
        };
        builder
            .with_optimization_level(GraphOptimizationLevel::Level3)?
            .with_intra_threads(threads.max(1))?
            .with_inter_threads(1)?
            // A plan of all memory for each shape of input costs a third of it more and saves no time.
            .with_memory_pattern(false)?
            // Its errors come back as values; it need not write them to the terminal as well.
            .with_log_level(LogLevel::Fatal)?
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
