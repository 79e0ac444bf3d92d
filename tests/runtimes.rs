//! Both runtimes give the same numbers on every network, and say clearly what is wrong when one cannot run.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what broke")]

use std::path::{Path, PathBuf};

use attune::model::{ModelError, Runtime, Shelf, Tensor};
use networks::{Case, case, noise};

#[path = "support/networks.rs"]
mod networks;

/// Largest difference allowed between two outputs, relative to the output's largest number or 1 (landmarks are pixels of
/// 0 to 256, log-probabilities reach -20): what the two runtimes' different orders of addition leave.
const TOLERANCE: f32 = 1e-4;

fn library() -> Option<PathBuf> {
    let path = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    path.is_file().then(|| path.to_owned())
}

#[test]
fn both_runtimes_give_the_same_numbers_on_every_network() {
    let Some(library) = library() else { return println!("skipped: no ONNX Runtime under vendor/") };
    let folder = Path::new("models");
    let onnx = Shelf::open(folder, Runtime::OnnxRuntime(library), None).unwrap().by_runtime_only();
    let rten = Shelf::open(folder, Runtime::Rten, None).unwrap().by_runtime_only();
    let compiled = Shelf::open(folder, Runtime::Rten, None).unwrap();
    let names: Vec<String> = onnx.entries().map(|(name, _)| name.to_owned()).collect();
    assert!(names.len() >= 5);
    for name in names {
        let Some(case) = case(&name) else { continue };
        let outputs = case.outputs;
        if !onnx.has(&name) {
            println!("skipped: {name} is not installed");
            continue;
        }
        let (mut first, mut second) = (onnx.load(&name, 1).unwrap(), rten.load(&name, 1).unwrap());
        let mut third = onnx
            .entries()
            .any(|(other, entry)| other == name && entry.compiled)
            .then(|| compiled.load(&name, 1).unwrap());
        assert!(third.as_ref().is_none_or(|network| network.file().runtime.starts_with("attune-nets")));
        assert!(first.file().runtime.starts_with("onnxruntime 1."), "{:?}", first.file());
        assert_eq!(second.file().runtime, "rten 0.27");
        assert_eq!(first.file().sha256, second.file().sha256);
        for seed in [1, 2] {
            let (tensor, memory) = (case.tensor(seed), Case::memory());
            let inputs = case.inputs(&name, &tensor, &memory);
            let a = first.run(&inputs, outputs).unwrap();
            let b = second.run(&inputs, outputs).unwrap();
            if let Some(third) = &mut third {
                compare(&name, outputs, &a, &third.run(&inputs, outputs).unwrap());
            }
            compare(&name, outputs, &a, &b);
        }
    }
}

/// Needs a graphics card and the runtime's plug-in for one: `bash scripts/setup.sh gpu`. `ATTUNE_GPU=must` makes its lack
/// an error.
#[test]
fn a_graphics_card_gives_the_same_numbers_on_every_network() {
    let must = std::env::var("ATTUNE_GPU").is_ok_and(|word| word == "must");
    let open = |runtime| Shelf::open(Path::new("models"), runtime, library()).unwrap().by_runtime_only();
    let (card, without) = (open(Runtime::Graphics(None)), open(Runtime::Auto));
    match card.load("face_blendshapes", 1) {
        Ok(_) => {}
        Err(e @ (ModelError::Graphics { .. } | ModelError::Runtime { .. })) if !must => {
            return println!("skipped: {e}");
        }
        Err(e) => panic!("{e}"),
    }
    for (name, _) in card.entries().filter(|(name, _)| card.has(name)) {
        let Some(case) = case(name) else { continue };
        let (mut first, mut second) = (without.load(name, 1).unwrap(), card.load(name, 1).unwrap());
        assert!(second.file().runtime.contains("ExecutionProvider"), "{:?}", second.file());
        let (tensor, memory) = (case.tensor(1), Case::memory());
        let inputs = case.inputs(name, &tensor, &memory);
        compare(
            name,
            case.outputs,
            &first.run(&inputs, case.outputs).unwrap(),
            &second.run(&inputs, case.outputs).unwrap(),
        );
    }
}

#[test]
fn without_a_card_the_error_says_what_is_missing() {
    let none = Shelf::open(Path::new("models"), Runtime::Graphics(None), None).unwrap();
    let error = refused(&none, "speech", &["setup.sh gpu", "not installed"]);
    assert!(matches!(error, ModelError::Graphics { .. }));
    let gone = Runtime::Graphics(Some(PathBuf::from("nowhere/libonnxruntime.so.1")));
    let gone = Shelf::open(Path::new("models"), gone, None).unwrap();
    refused(&gone, "speech", &["nowhere"]);
    assert!(matches!(none.check_card(), Err(ModelError::Graphics { .. })));
    assert!(Shelf::open(Path::new("models"), Runtime::Auto, None).unwrap().check_card().is_ok());
    // What is compiled in needs no card.
    assert!(none.load("face_blendshapes", 1).is_ok() && none.load("segmentation", 1).is_ok());
}

fn compare(name: &str, outputs: &[&str], a: &[Tensor], b: &[Tensor]) {
    assert_eq!([a.len(), b.len()], [outputs.len(); 2]);
    for ((a, b), output) in a.iter().zip(b).zip(outputs) {
        assert_eq!(a.shape, b.shape, "{name} {output}");
        assert_eq!(a.values.len(), a.shape.iter().product::<usize>());
        assert_eq!(a.values.len(), b.values.len());
        let largest = a.values.iter().map(|v| v.abs()).fold(1.0, f32::max);
        let off = a.values.iter().zip(&b.values).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        let worst = off / largest;
        println!("{name:18} {output:26} {:?}: differ by {off:.1e} of {largest:.1}: {worst:.1e}", a.shape);
        assert!(a.values.iter().chain(&b.values).all(|v| v.is_finite()), "{name} {output}");
        assert!(worst <= TOLERANCE, "{name} {output}: {worst}");
    }
}

#[test]
fn the_same_network_gives_the_same_bytes_again() {
    let open = |runtime| Shelf::open(Path::new("models"), runtime, None).unwrap();
    let by_runtime = [library().map(Runtime::OnnxRuntime), Some(Runtime::Rten)].into_iter().flatten();
    for shelf in by_runtime.map(|runtime| open(runtime).by_runtime_only()).chain([open(Runtime::Rten)]) {
        let tensor = Tensor { shape: vec![1, 1, 160_000], values: noise(160_000, -0.2, 0.2, 7) };
        let run = || shelf.load("segmentation", 1).unwrap().run(&[("waveform", &tensor)], &["scores"]).unwrap();
        assert_eq!(run(), run());
    }
}

/// A folder with a list of one network, its file's bytes, and the hash the list gives.
fn shelf_of(bytes: Option<&[u8]>, sha256: &str, runtime: Runtime) -> (tempfile::TempDir, Shelf) {
    let folder = tempfile::tempdir().unwrap();
    let list = format!(
        "[toy]\nfile = \"toy.onnx\"\nsha256 = \"{sha256}\"\nwhat = \"Nothing.\"\nlicence = \"MIT\"\nfrom = \"here\"\n"
    );
    std::fs::write(folder.path().join("models.toml"), list).unwrap();
    if let Some(bytes) = bytes {
        std::fs::write(folder.path().join("toy.onnx"), bytes).unwrap();
    }
    let shelf = Shelf::open(folder.path(), runtime, None).unwrap();
    (folder, shelf)
}

fn hash(bytes: &[u8]) -> String {
    attune::origin::Hash::of_bytes(bytes).to_string()
}

/// The error of loading, which must name what is wrong and what to do.
fn refused(shelf: &Shelf, name: &str, words: &[&str]) -> ModelError {
    let error = match shelf.load(name, 1) {
        Ok(_) => panic!("{name} loaded"),
        Err(error) => error,
    };
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{text:?} lacks {word:?}");
    }
    error
}

#[test]
fn a_missing_file_and_an_unknown_name_are_named() {
    let (_folder, shelf) = shelf_of(None, &hash(b""), Runtime::Rten);
    assert!(!shelf.has("toy"));
    assert!(matches!(refused(&shelf, "toy", &["toy.onnx", "setup.sh"]), ModelError::Missing { .. }));
    assert!(matches!(refused(&shelf, "other", &["other"]), ModelError::Missing { .. }));
}

#[test]
fn another_file_than_expected_is_refused() {
    let (_folder, shelf) = shelf_of(Some(b"changed"), &hash(b"original"), Runtime::Rten);
    let words = [&hash(b"changed")[..12], &hash(b"original")[..12], "toy"];
    assert!(matches!(refused(&shelf, "toy", &words), ModelError::WrongHash { .. }));
}

#[test]
fn garbage_with_the_right_hash_fails_while_loading_in_both_runtimes() {
    let whole = std::fs::read("models/face_blendshapes.onnx").unwrap();
    let empty: &[u8] = b"";
    for garbage in [empty, b"no network at all", &whole[..whole.len() / 2]] {
        for runtime in [library().map(Runtime::OnnxRuntime), Some(Runtime::Rten)].into_iter().flatten() {
            let (_folder, shelf) = shelf_of(Some(garbage), &hash(garbage), runtime);
            assert!(matches!(refused(&shelf, "toy", &["toy", "loading"]), ModelError::Failed { .. }));
        }
    }
}

#[test]
fn wrong_names_and_shapes_are_errors_in_every_runtime() {
    let open = |runtime| Shelf::open(Path::new("models"), runtime, None).unwrap();
    let by_runtime = [library().map(Runtime::OnnxRuntime), Some(Runtime::Rten)].into_iter().flatten();
    let compiled = open(Runtime::Rten);
    for shelf in by_runtime.map(|runtime| open(runtime).by_runtime_only()).chain([compiled]) {
        let mut network = shelf.load("face_blendshapes", 1).unwrap();
        let input = "serving_default_input_points_0";
        let good = Tensor { shape: vec![1, 146, 2], values: vec![0.5; 292] };
        let output = &["StatefulPartitionedCall_0"][..];
        assert!(network.run(&[("no such input", &good)], output).is_err());
        assert!(network.run(&[(input, &good)], &["no such output"]).is_err());
        let short = Tensor { shape: vec![1, 146, 2], values: vec![0.5; 291] };
        assert!(network.run(&[(input, &short)], output).is_err());
        let other = Tensor { shape: vec![1, 10, 2], values: vec![0.5; 20] };
        assert!(network.run(&[(input, &other)], output).is_err());
        assert!(network.run(&[], output).is_err());
        // It still works after all that.
        assert_eq!(network.run(&[(input, &good)], output).unwrap()[0].values.len(), 52);
    }
}

#[test]
fn a_missing_or_damaged_runtime_library_is_named_and_does_not_spoil_the_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("empty.so"), b"").unwrap();
    std::fs::write(path("text.so"), "This is a letter, and no shared library. ".repeat(10)).unwrap();
    let mut broken = vec![path("none.so"), path("empty.so"), path("text.so"), folder.path().to_owned()];
    if let Some(library) = library() {
        let bytes = std::fs::read(library).unwrap();
        std::fs::write(path("cut.so"), &bytes[..bytes.len() / 2]).unwrap();
        broken.push(path("cut.so"));
    }
    for library in broken {
        let name = library.file_name().unwrap().to_string_lossy().into_owned();
        for (runtime, found) in [(Runtime::OnnxRuntime(library.clone()), None), (Runtime::Auto, Some(library.clone()))]
        {
            let shelf = Shelf::open(Path::new("models"), runtime, found).unwrap().by_runtime_only();
            let error = refused(&shelf, "face_blendshapes", &["--runtime rten", &name]);
            assert!(matches!(error, ModelError::Runtime { .. }), "{error}");
            assert!(shelf.runtime_name().contains("not"), "{}", shelf.runtime_name());
        }
    }
    if library().is_some() {
        let shelf = Shelf::open(Path::new("models"), Runtime::Auto, library()).unwrap();
        assert_eq!(shelf.load("yunet", 1).unwrap().file().runtime, "onnxruntime 1.32.0");
        assert_eq!(shelf.runtime_name(), "onnxruntime 1.32.0");
    }
}

#[test]
fn a_list_that_does_not_read_is_an_error_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Shelf::open(folder.path(), Runtime::Rten, None).unwrap_err().to_string();
    assert!(open().contains("models.toml"));
    for bad in ["[toy", "[toy]\nfile = 1", "[toy]\nsurprise = 1", "\u{0}"] {
        std::fs::write(folder.path().join("models.toml"), bad).unwrap();
        assert!(open().contains("models.toml"), "{}", open());
    }
    std::fs::write(folder.path().join("models.toml"), [0xff, 0xfe, 0x00]).unwrap();
    assert!(open().contains("models.toml"));
}

#[test]
fn two_networks_run_side_by_side_on_two_threads() {
    let shelf = Shelf::open(Path::new("models"), Runtime::Auto, library()).unwrap();
    let tensor = Tensor { shape: vec![1, 146, 2], values: noise(292, 0.0, 256.0, 3) };
    let run = || {
        let mut network = shelf.load("face_blendshapes", 1).unwrap();
        network.run(&[("serving_default_input_points_0", &tensor)], &["StatefulPartitionedCall_0"]).unwrap()
    };
    let (a, b) = std::thread::scope(|scope| {
        let (a, b) = (scope.spawn(run), scope.spawn(run));
        (a.join().unwrap(), b.join().unwrap())
    });
    assert_eq!(a, b);
}
