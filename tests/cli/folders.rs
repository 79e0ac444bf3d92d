//! The results folder: nobody else's is touched, and nothing empty is left.

use std::path::Path;

use crate::desk::{Desk, check};

#[test]
fn somebody_elses_folder_is_left_alone() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let file = desk.write("out", "mine");
    check(&desk.scan(&tone, &[]), 1, "choose another");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    std::fs::write(file.join("letter.txt"), "mine").unwrap();
    check(&desk.scan(&tone, &[]), 1, "letter.txt");
    assert_eq!(std::fs::read_dir(&file).unwrap().count(), 1);
}

/// Every file under a folder with its bytes.
fn contents(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn another_sessions_results_are_refused_before_any_work() {
    let desk = Desk::new();
    let (one, other) = (desk.wav("one.wav", 0.3), desk.wav("other.wav", 0.2));
    check(&desk.scan(&one, &[]), 0, "report:");
    let before = contents(&desk.path("out"));
    let done = desk.scan(&other, &[]);
    check(&done, 1, "the results of another session");
    check(&done, 1, "\"one\"");
    assert!(!done.err.contains("voices"), "it has listened: {}", done.err);
    assert!(contents(&desk.path("out")) == before);

    // The same recording under another name is the same session; so is a recording that was exported anew.
    check(&desk.scan(&one, &["--name", "first meeting"]), 0, "taken from the last run");
    check(&desk.scan(&other, &["--name", "first meeting"]), 0, "report:");
}

#[test]
fn results_that_are_damaged_are_refused_before_any_work() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    std::fs::create_dir(desk.path("out")).unwrap();
    let half = desk.write("out/session.json", "{\"schema\": 1, ");
    let done = desk.scan(&tone, &[]);
    check(&done, 1, "choose another folder");
    assert!(!done.err.contains("voices") && std::fs::read(half).unwrap().len() == 14, "{}", done.err);
}

#[test]
fn a_scan_that_gives_nothing_leaves_no_folder_behind() {
    let desk = Desk::new();
    let text = desk.write("text.mp4", "dear diary");
    let deep = desk.path("deep/er/out");
    let fails =
        || check(&desk.attune(&["scan", text.to_str().unwrap(), "--out", deep.to_str().unwrap()]), 1, "text.mp4");
    fails();
    assert!(!desk.path("deep").exists());
    std::fs::create_dir(desk.path("deep")).unwrap();
    fails();
    assert_eq!(std::fs::read_dir(desk.path("deep")).unwrap().count(), 0);
    std::fs::create_dir_all(&deep).unwrap();
    fails();
    assert!(deep.is_dir(), "it was there before");
}
