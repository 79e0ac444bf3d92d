//! What is written is opened by the tools that it is for (`tests/tools/check.py`), which must see the same numbers.
//!
//! They are Python packages, which the set-up puts into `vendor/tools`; without them the test is skipped and says so.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a test says what broke by panicking"
)]

#[path = "cli/desk.rs"]
mod desk;
mod made;

use std::path::{Path, PathBuf};
use std::process::Command;

use attune::config::Config;
use attune::export::{self, Options};
use attune::rules::Hit;
use attune::share::{Decision, decisions};
use desk::{Desk, check};

/// Where the packages are: `ATTUNE_TOOLS`, else where the set-up puts them.
fn packages() -> Option<PathBuf> {
    let folder = std::env::var_os("ATTUNE_TOOLS").map_or_else(|| PathBuf::from("vendor/tools"), PathBuf::from);
    folder.join("pympi").is_dir().then(|| folder.canonicalize().unwrap())
}

#[test]
fn the_tools_see_the_same_numbers() {
    let Some(packages) = packages() else {
        println!(
            "skipped: the tools' Python packages are not in vendor/tools (scripts/setup.sh tests puts them there)"
        );
        return;
    };
    let desk = Desk::new();
    let place = desk.path("study").to_str().unwrap().to_owned();
    check(&desk.attune(&["study", "new", &place, "--coder", "anna", "--coder", "ben", "--consent", "all"]), 0, "");
    let wav = desk.wav("sound.wav", 0.2);
    check(&desk.attune(&["study", "add", &place, wav.to_str().unwrap(), "--dyad", "D7"]), 0, "S001");
    let folder = Path::new(&place).join("sessions/S001");

    let mut session = made::four_minutes();
    session.name = "S001".into();
    session.turns[3].text = "It's <b>3 & 4</b>, \"quoted\"; \u{e4}\u{f6}\u{fc} \u{1f600} done".into();
    let because = vec![attune::markers::EventId(0)];
    let hit = |code: &str, from: f64, to: f64| Hit {
        code: code.into(),
        rule: "r".into(),
        rule_version: 1,
        span: made::span(from, to),
        because: because.clone(),
        strength: 0.7,
        quality: 0.9,
        blind: Vec::new(),
    };
    session.hits.extend([hit("rs03", 60.0, 64.5), hit("rs02", 62.0, 70.0), hit("xt01", 239.5, 239.9)]);
    let report = Config::embedded().read("report.toml").unwrap();
    let results = folder.join("results");
    export::write_results(&session, &export::Codes::default(), &results, &report, &Options::default()).unwrap();

    let decision = |verdict: &str, code: &str, from: f64, to: f64| Decision {
        session: "S001".into(),
        dyad: "D7".into(),
        coder: "anna".into(),
        pass: "blind".into(),
        verdict: verdict.into(),
        code: code.into(),
        start_s: from,
        end_s: to,
        note: "a note, with \"quotes\"".into(),
        ..Decision::default()
    };
    let decided = [
        decision("confirm", "rs03", 42.0, 53.9),
        decision("unsure", "rs02", 50.0, 60.0),
        decision("reject", "", 100.0, 120.25),
    ];
    std::fs::create_dir_all(folder.join("decisions")).unwrap();
    let decisions_file = folder.join("decisions/anna-blind.csv");
    decisions::write(&decisions_file, &decided).unwrap();

    let out = desk.path("out");
    let args = ["export", &place, "--to", "all", "--profile", "restricted", "-o", out.to_str().unwrap()];
    check(&desk.attune(&args), 0, "1 session");
    let done = Command::new("python3")
        .arg("tests/tools/check.py")
        .args([&out, &results.join("session.json"), &decisions_file])
        .env("PYTHONPATH", packages)
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&done.stdout));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    // What pympi has written comes back: its document has one more coding, by another coder.
    let again = out.join("again.eaf");
    let args = ["import", &place, "S001", again.to_str().unwrap(), "--coder", "ben"];
    check(&desk.attune(&args), 0, "1 decision(s) of ben");
    let read = decisions::read(&folder.join("decisions/ben-flag.csv")).unwrap();
    assert_eq!((read[0].code.as_str(), read[0].start_s, read[0].end_s), ("rs03", 1.0, 2.5));
}
