//! How long each network takes by each runtime, in ms (median of repeated runs): `cargo bench --bench networks`.
//!
//! `attune-nets` are the compiled-in ones. The card's column needs a graphics card and `bash scripts/setup.sh gpu`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark prints its table"
)]

#[path = "../tests/support/networks.rs"]
mod networks;

use std::path::Path;
use std::time::Instant;

use attune::model::{Network, Runtime, Shelf};
use networks::{Case, case};

const RUNS: usize = 15;

fn main() {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    let open = |runtime| {
        let library = library.is_file().then(|| library.to_owned());
        Shelf::open(Path::new("models"), runtime, library).unwrap()
    };
    let compiled = open(Runtime::Rten);
    let [processor, card] = [Runtime::Auto, Runtime::Graphics(None)].map(|runtime| open(runtime).by_runtime_only());
    println!("{}, {}", processor.runtime_name(), card.runtime_name());
    println!("{:18} {:>12} {:>12} {:>12}", "network", "compiled in", "1 thread", "card");
    for (name, entry) in processor.entries().filter(|(name, _)| processor.has(name)) {
        let Some(case) = case(name) else { continue };
        let own = entry.compiled.then(|| time(compiled.load(name, 1), name, &case));
        println!(
            "{name:18} {:>12} {:>12} {:>12}",
            own.unwrap_or_else(|| "-".to_owned()),
            time(processor.load(name, 1), name, &case),
            time(card.load(name, 1), name, &case),
        );
    }
}

/// Median of [`RUNS`] runs after two that warm up.
fn time<E>(network: Result<Network, E>, name: &str, case: &Case) -> String {
    let Ok(mut network) = network else { return "-".to_owned() };
    let (tensor, memory) = (case.tensor(1), Case::memory());
    let inputs = case.inputs(name, &tensor, &memory);
    let mut secs: Vec<f64> = (0..RUNS + 2)
        .map(|_| {
            let started = Instant::now();
            network.run(&inputs, case.outputs).unwrap();
            started.elapsed().as_secs_f64()
        })
        .skip(2)
        .collect();
    secs.sort_by(f64::total_cmp);
    format!("{:.2}", 1000.0 * secs[RUNS / 2])
}
