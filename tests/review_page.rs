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

use attune::episodes::Episode;
use attune::markers::{Event, SpokenTurn};
use attune::session::Session;
use attune::time::{SessionTime, Span};
use attune::track::Who;
use review_support::{Served, study};

/// The session of fifty minutes until two hours are full.
fn two_hours() -> Session {
    let mut session = made::fifty_minutes();
    session.span = made::span(0.0, 7200.0);
    let (turns, events) = (session.turns.clone(), session.events.clone());
    for round in [1.0, 2.0] {
        let by = SessionTime::from_secs_f64(3000.0 * round);
        let fits = |span: Span| span.shifted(by).end() < session.span.end();
        let later = turns.iter().filter(|turn| fits(turn.span));
        session.turns.extend(later.map(|turn| SpokenTurn { span: turn.span.shifted(by), ..turn.clone() }));
        let later = events.iter().filter(|event| fits(event.span));
        session.events.extend(later.map(|event| Event { span: event.span.shifted(by), ..event.clone() }));
    }
    made::filmed(&mut session);
    session.tracks = made::tracks_of(&session, &[(Who::Client, 1180.0, 1342.0), (Who::Therapist, 1700.0, 3000.0)]);
    session
}

#[test]
fn three_coders_from_a_blank_study_to_the_paradigm_picture() {
    let needed = ["web/dist/index.html", "web/node_modules/playwright-core", "/usr/bin/chromium"];
    if let Some(missing) = needed.iter().find(|path| !Path::new(path).exists()) {
        println!("not looked at: {missing} is missing; scripts/setup.sh puts it in place");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut first = made::four_minutes();
    let below = made::span(20.0, 28.0);
    let like = first.episodes[0].clone();
    first.further = vec![Episode { id: "f001".into(), rank: 5, span: below, clip: below, watch: vec![below], ..like }];
    first.controls = vec![made::span(140.0, 170.0)];
    made::face_at(&mut first, [60.0, 90.0, 90.0, 110.0]);
    let served = Served::start(&study(folder.path(), &[first, two_hours()]));
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
