//! The coders' page in a real browser: three coders from a blank study to consensus and the paradigm picture.
//!
//! Needs Node, Chromium and the built page, which `scripts/setup.sh` puts in place; without them it says so and looks at
//! nothing. `ATTUNE_SHOTS=FOLDER` keeps pictures.

#![cfg(all(unix, feature = "review"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what broke by panicking")]

mod made;
mod review_support;

use std::path::Path;
use std::process::Command;

use review_support::{Served, study};

#[test]
fn three_coders_from_a_blank_study_to_the_paradigm_picture() {
    let needed = ["web/dist/index.html", "web/node_modules/playwright-core", "/usr/bin/chromium"];
    if let Some(missing) = needed.iter().find(|path| !Path::new(path).exists()) {
        println!("not looked at: {missing} is missing; scripts/setup.sh puts it in place");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut first = made::four_minutes();
    first.controls = vec![made::span(140.0, 170.0)];
    let served = Served::start(&study(folder.path(), &[first, made::fifty_minutes()]));
    // The one that the set-up brought, where the machine has none.
    let own = Path::new("vendor/node/bin/node");
    let mut command = Command::new(if own.is_file() { own } else { Path::new("node") });
    command.arg("web/tests/flow.mjs").arg(&served.url).args(std::env::var_os("ATTUNE_SHOTS"));
    let done = command.output().unwrap();
    let told = [done.stdout, done.stderr].concat();
    println!("{}", String::from_utf8_lossy(&told));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&told));
    assert_eq!(served.stop(), Some(0));
}
