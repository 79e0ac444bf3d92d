//! The coders' work survives a killed program, and is kept fast enough for a roomful of coders.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what broke by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use attune::review::records::{self, By, Decision};
use attune::review::{FILE, Role, Store, chain, coders, flow};

/// Where the child writes; set only for the child.
const PLACE: &str = "ATTUNE_TEST_STORE";
const WRITERS: usize = 8;

fn decision(clip: String) -> Decision {
    serde_json::from_value(serde_json::json!({
        "clip": clip, "verdict": "confirm", "marked": true, "start_ms": 0, "end_ms": 9000, "seconds": 4.5,
        "note": "short answer, then nobody speaks",
    }))
    .unwrap()
}

fn decide(store: &Store, clip: String) {
    let by = By { coder: "ann".into(), session: "s1".into(), at_ms: 1 };
    store.write(move |c| records::put_decision(c, &by, &decision(clip))).unwrap();
}

fn prepared(folder: &Path) -> Store {
    let store = Store::open(&folder.join(FILE)).unwrap();
    store.write(|c| coders::put(c, "ann", Role::Coder, None, "server", 1)).unwrap();
    store.write(|c| flow::lock(c, &By { coder: "ann".into(), session: "s1".into(), at_ms: 1 })).unwrap();
    store
}

/// The child: eight coders decide without end; each acknowledged decision is told at once.
#[test]
#[ignore = "run by the test below, which kills it"]
fn child_that_writes_until_it_is_killed() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let store = Store::open(&Path::new(&place).join(FILE)).unwrap();
    let run = std::process::id();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || {
                for number in 0.. {
                    let clip = format!("{run}-{writer}-{number}");
                    decide(store, clip.clone());
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "kept {clip}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}

#[test]
fn a_killed_program_loses_no_acknowledged_decision() {
    let folder = tempfile::tempdir().unwrap();
    drop(prepared(folder.path()));
    let mut told = Vec::new();
    for round in 0..10_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child_that_writes_until_it_is_killed", "--nocapture"])
            .env(PLACE, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            lines
                .lines()
                .map_while(Result::ok)
                .filter_map(|l| l.split_once("kept ").map(|(_, c)| c.to_owned()))
                .collect::<Vec<_>>()
        });
        std::thread::sleep(Duration::from_millis(250 + 37 * round));
        // SIGKILL: nothing is flushed, no handler runs.
        child.kill().unwrap();
        child.wait().unwrap();
        told.extend(reader.join().unwrap());
    }
    assert!(told.len() > 100, "only {} decisions were made", told.len());
    let store = Store::open(&folder.path().join(FILE)).unwrap();
    let kept: std::collections::BTreeSet<String> =
        store.read(|c| records::decisions(c, None, None)).unwrap().into_iter().map(|(_, d)| d.clip).collect();
    let lost: Vec<_> = told.iter().filter(|clip| !kept.contains(*clip)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged decisions are lost", lost.len(), told.len());
    assert_eq!(store.read(chain::verify).unwrap().problems, Vec::<String>::new());
    println!("{} acknowledged, {} kept, 10 kills", told.len(), kept.len());
}

#[test]
#[ignore = "a measurement: cargo test --test review_store -- --ignored --nocapture sustained"]
fn sustained_rate_of_twenty_coders() {
    let folder =
        tempfile::tempdir_in(std::env::var_os("ATTUNE_BENCH_DISK").unwrap_or_else(|| "target".into())).unwrap();
    let store = prepared(folder.path());
    let begun = Instant::now();
    let each = 1000;
    std::thread::scope(|scope| {
        for coder in 0..20 {
            let store = &store;
            scope.spawn(move || (0..each).for_each(|n| decide(store, format!("{coder}-{n}"))));
        }
    });
    let secs = begun.elapsed().as_secs_f64();
    let rate = 20.0 * f64::from(each) / secs;
    println!("20 coders, {} decisions in {secs:.1} s: {rate:.0} a second", 20 * each);
    assert_eq!(store.read(|c| records::decisions(c, None, None)).unwrap().len(), 20 * each as usize);
    assert!(rate > 500.0, "{rate} a second");
}
