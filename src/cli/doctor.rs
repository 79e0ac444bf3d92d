//! `attune doctor`: what this machine has, what is missing, and how to get it.

use attune::engine::places;
#[cfg(feature = "live")]
use attune::media::devices::list_devices;
use attune::model::Shelf;
#[cfg(feature = "live")]
use attune::record::Settings;
use serde::Serialize;

use super::args::Machine;
use super::{Failure, open_config, runtime_from, say};

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    what: String,
    /// `ok`, `missing` (a part of the work cannot be done) or `optional` (slower or less without it).
    state: &'static str,
    /// What was found, or how to get it.
    detail: String,
}

fn finding(what: &str, state: &'static str, detail: impl Into<String>) -> Finding {
    Finding { what: what.to_owned(), state, detail: detail.into() }
}

fn networks(shelf: &Shelf, findings: &mut Vec<Finding>) {
    for (name, entry) in shelf.entries() {
        findings.push(match (shelf.bytes(name), entry.optional) {
            (Ok(_), _) => finding(&format!("network {name}"), "ok", &entry.what),
            (Err(e), true) => finding(&format!("network {name}"), "optional", format!("{} {e}", entry.what)),
            (Err(e), false) => finding(&format!("network {name}"), "missing", e.to_string()),
        });
    }
}

#[cfg(feature = "live")]
fn sound_devices(machine: &Machine) -> Finding {
    let found = open_config(machine)
        .map_err(|e| e.to_string())
        .and_then(|config| Settings::read(&config).map_err(|e| e.to_string()))
        .and_then(|settings| list_devices(&settings.device).map_err(|e| e.to_string()));
    match found {
        Ok(devices) => finding("microphones", "ok", format!("{} found (attune record --list-devices)", devices.len())),
        Err(e) => finding("microphones", "optional", format!("needed for attune record only: {e}")),
    }
}

#[cfg(not(feature = "live"))]
fn sound_devices(_: &Machine) -> Finding {
    finding("microphones", "optional", "this program was built without the feature `live`")
}

fn films() -> Finding {
    #[cfg(feature = "video")]
    return finding("films", "ok", attune::media::library_version());
    #[cfg(not(feature = "video"))]
    return finding("films", "missing", "this program was built without the feature `video`: only WAV files are read");
}

/// Looks at everything; `Err` if something that is needed is missing.
pub fn run(machine: &Machine, json: bool) -> Result<(), Failure> {
    let mut findings = vec![finding("attune", "ok", env!("CARGO_PKG_VERSION")), films()];
    match runtime_from(&machine.runtime).and_then(|r| Ok(places::open_shelf(machine.models.as_deref(), r)?)) {
        Ok(shelf) => {
            let name = shelf.runtime_name();
            findings.push(match (name.starts_with("onnxruntime"), name.ends_with(')')) {
                // It was asked for or found, and does not do: the name says why.
                (true, true) => finding("runtime", "missing", name),
                (true, false) => finding("runtime", "ok", name),
                (false, _) => finding(
                    "runtime",
                    "optional",
                    format!("{name} (built in). ONNX Runtime is about twice as fast: run scripts/setup.sh"),
                ),
            });
            networks(&shelf, &mut findings);
        }
        Err(e) => findings.push(finding("networks", "missing", e.to_string())),
    }
    findings.push(match open_config(machine) {
        Ok(config) => finding("settings", "ok", config.place()),
        Err(e) => finding("settings", "missing", e.to_string()),
    });
    findings.push(sound_devices(machine));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    findings.push(finding("processors", "ok", threads.to_string()));
    if json {
        say(&format!("{}\n", serde_json::to_string_pretty(&findings).unwrap_or_default()))?;
    } else {
        for Finding { what, state, detail } in &findings {
            say(&format!("{state:>8}  {what:<26} {detail}\n"))?;
        }
    }
    match findings.iter().filter(|finding| finding.state == "missing").count() {
        0 => Ok(()),
        1 => Err(Failure::told("1 needed part is missing (see above)")),
        count => Err(Failure::told(format!("{count} needed parts are missing (see above)"))),
    }
}
