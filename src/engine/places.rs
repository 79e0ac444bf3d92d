//! Where the networks and the runtime library are on this machine.

use std::path::{Path, PathBuf};

use crate::model::{ModelError, Runtime, Shelf};

/// Finds the folder of networks: the user's word, else `models/` beside the program or one of the folders above it
/// (which is where it is in a checkout), else `share/attune/models` beside the program's `bin/`.
pub fn models_folder(given: Option<&Path>) -> Option<PathBuf> {
    if let Some(folder) = given {
        return Some(folder.to_owned());
    }
    search("models", "models.toml").or_else(|| search("share/attune/models", "models.toml"))
}

/// Finds ONNX Runtime's shared library: the newest one in `vendor/onnxruntime` (where the set-up puts it) or
/// `lib/attune`, beside the program or above it.
pub fn runtime_library() -> Option<PathBuf> {
    ["vendor/onnxruntime", "lib/attune"].iter().find_map(|place| {
        folders_above().into_iter().find_map(|folder| {
            let entries = std::fs::read_dir(folder.join(place)).ok()?;
            let mut libraries: Vec<PathBuf> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| {
                    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                    name.starts_with("libonnxruntime.so") || name == "libonnxruntime.dylib" || name == "onnxruntime.dll"
                })
                .collect();
            libraries.sort();
            libraries.pop()
        })
    })
}

fn search(place: &str, file: &str) -> Option<PathBuf> {
    folders_above().into_iter().map(|folder| folder.join(place)).find(|folder| folder.join(file).is_file())
}

/// The folders above the program, nearest first, then those above the working folder.
fn folders_above() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    let here = std::env::current_dir().ok();
    let above = |path: &PathBuf, skip: usize| path.ancestors().skip(skip).map(Path::to_owned).collect::<Vec<_>>();
    let mut folders = program.as_ref().map(|path| above(path, 1)).unwrap_or_default();
    folders.extend(here.as_ref().map(|path| above(path, 0)).unwrap_or_default());
    folders
}

/// Opens the shelf of networks with the wanted runtime.
///
/// # Errors
/// [`ModelError`] if there is no list of networks, or it does not read; if a graphics card is wanted and none is reached.
pub fn open_shelf(models: Option<&Path>, runtime: Runtime) -> Result<Shelf, ModelError> {
    let folder = models_folder(models).ok_or_else(|| ModelError::List {
        message: "no models folder was found near the program or the working folder".into(),
        file: "models/models.toml".into(),
    })?;
    let library = match &runtime {
        Runtime::OnnxRuntime(path) => Some(path.clone()),
        _ => runtime_library(),
    };
    let shelf = Shelf::open(&folder, runtime, library)?;
    shelf.check_card()?;
    Ok(shelf)
}
