//! Networks on a graphics card, through what ONNX Runtime calls execution providers.
//!
//! The way there is a plug-in beside the runtime's library: WebGPU, which reaches cards of any maker through Vulkan.
//! Nothing else in the program knows about cards; results differ by rounding only (`tests/runtimes.rs`).

use std::path::Path;
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::memory::DeviceType;
use ort::session::builder::SessionBuilder;

/// Plug-ins that are looked for beside the runtime's library, with the name they are registered under.
const PLUGINS: &[(&str, &str)] = &[
    ("webgpu", "libonnxruntime_providers_webgpu.so"),
    ("webgpu", "libonnxruntime_providers_webgpu.dylib"),
    ("webgpu", "onnxruntime_providers_webgpu.dll"),
];

/// A plug-in is registered once for the whole process; what came of it stays.
static PROVIDER: OnceLock<Result<String, String>> = OnceLock::new();

/// The provider that reaches a card, as in `WebGpuExecutionProvider`, or what is missing.
pub(super) fn provider(library: &Path, environment: &Environment) -> Result<&'static str, String> {
    let found = PROVIDER.get_or_init(|| {
        let mut tried = Vec::new();
        for (name, file) in PLUGINS {
            // The runtime looks for a relative path beside itself.
            let path = library.with_file_name(file);
            let path = path.canonicalize().unwrap_or(path);
            if path.is_file() {
                tried.push(match environment.register_ep_library(*name, &path) {
                    Ok(()) => format!("{file} found no card"),
                    Err(e) => format!("{file}: {e}"),
                });
            }
        }
        if let Some(device) = cards(environment).next() {
            return device.ep().map(str::to_owned).map_err(|e| e.to_string());
        }
        Err(match tried.is_empty() {
            true => format!("there is no plug-in for one beside {}", library.display()),
            false => tried.join("; "),
        })
    });
    found.as_deref().map_err(Clone::clone)
}

/// Puts a network on the card.
pub(super) fn placed(builder: SessionBuilder, environment: &Environment) -> ort::Result<SessionBuilder> {
    Ok(builder.with_devices(cards(environment).take(1), None)?)
}

/// Cards that a registered provider reaches; a card that only stands for one is none.
fn cards(environment: &Environment) -> impl Iterator<Item = ort::device::Device<'_>> {
    environment.devices().filter(|device| device.hardware_device().ty() == DeviceType::GPU)
}
