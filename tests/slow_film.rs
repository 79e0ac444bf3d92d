//! A film with fewer pictures per second than are usually looked at.

#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what broke by panicking")]

mod face_support;

use std::process::Command;
use std::sync::atomic::AtomicBool;

use attune::config::Config;
use attune::engine::prepared::Prepared;
use attune::engine::request::{ChannelUse, Recording, Request};
use attune::engine::scan::scan;
use attune::engine::watch::Unwatched;
use attune::track::Who;
use face_support::shelf;

/// The first seconds of the example at this many pictures per second: share of places with a measured face, their
/// distance in seconds, and what the result says about it.
fn looked_at(rate: &str) -> Option<(f64, f64, String)> {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i", "fixtures/example/session.mp4", "-t", "8", "-an", "-r", rate])
        .args(["-c:v", "libx264", "-preset", "veryfast"])
        .arg(&film)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no ffmpeg program that makes such films");
        return None;
    }
    let request = Request {
        recordings: vec![Recording { path: film, offset_secs: None, of: None }],
        transcript: None,
        asr: None,
        language: None,
        columns: attune::transcript::ColumnMap::default(),
        client: Vec::new(),
        therapist: Vec::new(),
        speakers: Some(2),
        therapist_voice: None,
        channels: ChannelUse::Auto,
        look: true,
        listen: false,
        out: folder.path().join("results"),
        name: "slow".into(),
        align: Default::default(),
        budget_minutes: None,
        threads: 2,
        fresh: true,
        withheld: Default::default(),
    };
    let prepared = Prepared::read(Config::embedded()).unwrap();
    let session = scan(&request, &prepared, &shelf(), &Unwatched, &AtomicBool::new(false)).unwrap();
    let face = session.tracks.all("face_box").find(|track| matches!(track.who, Who::Face(1) | Who::Client)).unwrap();
    let known = face.column("width").unwrap().iter().filter(|width| !width.is_nan()).count();
    let told: Vec<String> = session.problems.into_iter().map(|problem| problem.message).collect();
    Some((known as f64 / face.grid.len as f64, face.grid.step.secs_f64(), told.join("\n")))
}

#[test]
fn every_picture_of_a_slow_film_is_looked_at_and_no_place_stays_empty() {
    let Some((share, step, told)) = looked_at("8") else { return };
    assert!(share > 0.99 && (step - 0.125).abs() < 1e-6, "{share} {step}");
    assert!(!told.contains("pictures per second"), "{told}");
}

#[test]
fn a_very_slow_film_says_what_may_be_missed() {
    let Some((share, step, told)) = looked_at("2") else { return };
    assert!(share > 0.9 && (step - 0.5).abs() < 1e-6, "{share} {step}");
    assert!(told.contains("2.0 pictures per second"), "{told}");
}
