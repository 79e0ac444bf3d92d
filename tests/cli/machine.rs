//! Settings, networks and runtimes that are missing or wrong.

use crate::desk::{Desk, check};

#[test]
fn settings_that_do_not_read_stop_before_any_work() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let config = desk.path("config");
    std::fs::create_dir(&config).unwrap();
    let text = std::fs::read_to_string("config/engine.toml").unwrap();
    std::fs::write(config.join("engine.toml"), text.replace("max_faces", "max_facse")).unwrap();
    check(&desk.scan(&tone, &["--config", config.to_str().unwrap()]), 1, "engine.toml");
    assert!(!desk.path("out").exists());
    check(&desk.scan(&tone, &["--config", desk.path("no").to_str().unwrap()]), 1, "--config");
}

#[test]
fn a_settings_file_that_nothing_reads_is_named_with_the_one_that_was_meant() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let config = desk.path("config");
    std::fs::create_dir_all(config.join("markers")).unwrap();
    std::fs::write(config.join("markers/audoi.toml"), "").unwrap();
    std::fs::write(config.join(".voice.toml.swp"), "").unwrap();
    let done = desk.scan(&tone, &["--config", config.to_str().unwrap()]);
    check(&done, 1, "markers/audoi.toml");
    check(&done, 1, "did you mean markers/audio.toml?");
    assert!(!desk.path("out").exists());
    std::fs::remove_file(config.join("markers/audoi.toml")).unwrap();
    check(&desk.attune(&["codebook", "check", "--config", config.to_str().unwrap()]), 0, "79 codes");
}

#[test]
fn networks_and_runtimes_that_are_missing_or_wrong_are_named() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    check(&desk.scan(&tone, &["--models", desk.path("no").to_str().unwrap()]), 1, "scripts/setup.sh");
    check(&desk.scan(&tone, &["--runtime", "rten"]), 0, "report:");
    let models = desk.path("models");
    std::fs::create_dir(&models).unwrap();
    std::fs::copy("models/models.toml", models.join("models.toml")).unwrap();
    check(
        &desk.scan(&tone, &["--fresh", "--models", models.to_str().unwrap()]),
        1,
        "\"segmentation\" is not installed",
    );
    std::fs::write(models.join("seg3.onnx"), "another network").unwrap();
    check(&desk.scan(&tone, &["--fresh", "--models", models.to_str().unwrap()]), 1, "SHA-256");
}

/// A folder with all networks but one.
#[cfg(all(unix, feature = "video"))]
fn shelf_without(desk: &Desk, network: &str) -> std::path::PathBuf {
    let list: toml::Table = toml::from_str(&std::fs::read_to_string("models/models.toml").unwrap()).unwrap();
    let folder = desk.path(&format!("without_{network}"));
    std::fs::create_dir(&folder).unwrap();
    let files = list.iter().filter(|(name, _)| *name != network).map(|(_, entry)| entry["file"].as_str().unwrap());
    for file in files.chain(["models.toml"]) {
        // What the set-up makes is not in this folder.
        let Ok(there) = std::fs::canonicalize(std::path::Path::new("models").join(file)) else { continue };
        std::os::unix::fs::symlink(there, folder.join(file)).unwrap();
    }
    folder
}

#[cfg(all(unix, feature = "video"))]
#[test]
fn one_missing_network_takes_its_own_stage_only() {
    let desk = Desk::new();
    let example = ["-i", "fixtures/example/session.mp4", "-t", "4", "-c", "copy"];
    let Some(film) = desk.film("short.mp4", &example) else { return };
    for (network, code, says, is_heard, is_seen) in [
        ("face_landmarks", 3, "\"face_landmarks\" is not installed", true, false),
        ("yunet", 3, "\"yunet\" is not installed", true, false),
        ("segmentation", 3, "\"segmentation\" is not installed", false, true),
        ("speaker", 0, "speaker", true, true),
    ] {
        let models = shelf_without(&desk, network);
        let done = desk.scan(&film, &["--fresh", "--models", models.to_str().unwrap()]);
        check(&done, code, says);
        let session = attune::session::read(&desk.path("out")).unwrap();
        assert_eq!(session.problems.iter().any(|problem| problem.is_failure), code == 3, "{network}");
        let ran = |name: &str| session.origin.models.iter().any(|model| model.name == name);
        assert_eq!((ran("segmentation"), ran("face_landmarks")), (is_heard, is_seen), "{network}: {done:?}");
    }
}
