//! The bundled example, scanned by the program as a user would: what was planted is found, look-alikes are not, a second
//! run reuses what is stored, and the number of threads changes nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]
#![cfg(feature = "video")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use attune::episodes::{EpisodeKind, Outcome};
use attune::session::Session;
use attune::time::Span;
use attune::track::Who;
use serde::Deserialize;

#[derive(Deserialize)]
struct Truth {
    blocked: Vec<Blocked>,
    remark_on_face: Remark,
    smile: Vec<Remark>,
    lookalike: Vec<Lookalike>,
}

#[derive(Deserialize)]
struct Blocked {
    prompt_s: [f64; 2],
    words: u32,
    silence_s: [f64; 2],
    pout_s: [f64; 2],
}

#[derive(Deserialize)]
struct Remark {
    span_s: [f64; 2],
}

#[derive(Deserialize)]
struct Lookalike {
    what: String,
    span_s: [f64; 2],
}

fn truth() -> Truth {
    toml::from_str(&std::fs::read_to_string("fixtures/example/truth.toml").unwrap()).unwrap()
}

fn scan(out: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(["scan", "fixtures/example/session.mp4", "--transcript", "fixtures/example/session.vtt", "--out"])
        .arg(out)
        .args(more)
        .output()
        .unwrap()
}

/// One scan serves all tests that only read.
fn scanned() -> &'static (PathBuf, Session) {
    static SCANNED: OnceLock<(PathBuf, Session)> = OnceLock::new();
    SCANNED.get_or_init(|| {
        let out = tempfile::tempdir().unwrap().keep();
        let done = scan(&out, &["--threads", "2"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let session = attune::session::read(&out).unwrap();
        (out, session)
    })
}

/// Share of the two spans' joint length in which they agree.
fn agreement(span: Span, secs: [f64; 2]) -> f64 {
    let (start, end) = (span.start().secs_f64(), span.end().secs_f64());
    let common = (end.min(secs[1]) - start.max(secs[0])).max(0.0);
    common / (end.max(secs[1]) - start.min(secs[0]))
}

fn best_agreement<'a>(session: &'a Session, marker: &str, secs: [f64; 2]) -> (f64, &'a attune::markers::Event) {
    let events = session.events.iter().filter(|event| event.marker == marker);
    events
        .map(|event| (agreement(event.span, secs), event))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap_or_else(|| panic!("no {marker} at all"))
}

#[test]
fn every_planted_moment_is_found() {
    let (_, session) = scanned();
    let truth = truth();
    for blocked in &truth.blocked {
        let (share, silence) = best_agreement(session, "aud.silence3", blocked.silence_s);
        assert!(share > 0.9, "silence {:?}: {share:.2}", blocked.silence_s);
        assert_eq!(silence.kind.as_deref(), Some("CT"));
        let (share, pout) = best_agreement(session, "vid.pout", blocked.pout_s);
        assert!(share > 0.7, "pout {:?}: {share:.2}", blocked.pout_s);
        assert_eq!(pout.who, Who::Client);
        let (share, reply) = best_agreement(session, "aud.minresp", [blocked.silence_s[0] - 0.8, blocked.silence_s[0]]);
        assert!(share > 0.5 && reply.words == Some(blocked.words), "reply before {:?}: {reply:?}", blocked.silence_s);
    }
    for smile in &truth.smile {
        let (share, _) = best_agreement(session, "vid.smile", smile.span_s);
        assert!(share > 0.6, "smile {:?}: {share:.2}", smile.span_s);
    }
    let pouts = session.events.iter().filter(|event| event.marker == "vid.pout").count();
    assert_eq!(pouts, truth.blocked.len(), "no pout but those that were planted");
}

#[test]
fn the_cycle_is_reported_with_its_count_its_break_and_its_outcome() {
    let (_, session) = scanned();
    let truth = truth();
    let cycles: Vec<_> = session.episodes.iter().filter(|episode| episode.kind == EpisodeKind::Cycle).collect();
    let [found] = cycles[..] else { panic!("{} cycles", cycles.len()) };
    let cycle = found.cycle.as_ref().unwrap();
    assert_eq!(cycle.repeats.len(), truth.blocked.len());
    for (repeat, blocked) in cycle.repeats.iter().zip(&truth.blocked) {
        assert!(agreement(*repeat, [blocked.prompt_s[0], blocked.silence_s[1]]) > 0.8, "{repeat:?}");
    }
    assert_eq!(cycle.moves.last().map(String::as_str), Some("names the face"));
    let repair = found.repair.as_ref().unwrap();
    assert_eq!(repair.outcome, Outcome::Resolved);
    assert!(agreement(repair.remark_span.unwrap(), truth.remark_on_face.span_s) > 0.9);
    assert_eq!(found.rank, 1);
    let codes: Vec<&str> = found.codes.iter().map(|code| code.code.as_str()).collect();
    assert_eq!(codes[..2], ["xt02", "xt01"], "what the cycle is made of is listed first: {codes:?}");
}

#[test]
fn look_alikes_are_not_flagged() {
    let (_, session) = scanned();
    for lookalike in truth().lookalike {
        for episode in &session.episodes {
            let inside = Span::new(episode.span.start(), episode.span.end())
                .is_some_and(|span| agreement(span, lookalike.span_s) > 0.0);
            assert!(!inside, "{:?} lies in {}: {}", lookalike.what, episode.id, episode.sentence);
        }
    }
}

#[test]
fn one_thread_gives_the_same_bytes_as_two() {
    let (out, _) = scanned();
    let other = tempfile::tempdir().unwrap();
    let done = scan(other.path(), &["--threads", "1", "--quiet"]);
    assert!(done.status.success() && done.stdout.is_empty() && done.stderr.is_empty(), "--quiet says nothing");
    for name in attune::export::NAMES {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert!(read(out) == read(other.path()), "{name} differs between one and two threads");
    }
}

#[test]
fn a_second_run_reuses_what_is_unchanged_and_a_changed_threshold_recomputes_only_what_it_must() {
    let (out, _) = scanned();
    let stage_times = || {
        let time = |stage: &str| std::fs::metadata(out.join("stages").join(stage)).unwrap().modified().unwrap();
        (time("voice.stage"), time("face1.stage"))
    };
    let before = stage_times();
    let said = String::from_utf8_lossy(&scan(out, &[]).stderr).into_owned();
    assert_eq!(said.matches("taken from the last run").count(), 2, "{said}");
    assert_eq!(before, stage_times());

    // Silences only count from 5 s on: the stages stay, the events change.
    let config = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string("config/markers/audio.toml").unwrap();
    let at = text.find("[silence3]").unwrap();
    let changed = format!("{}{}", &text[..at], text[at..].replacen("min_secs = 3.0", "min_secs = 5.0", 1));
    assert_ne!(changed, text);
    std::fs::create_dir(config.path().join("markers")).unwrap();
    std::fs::write(config.path().join("markers/audio.toml"), changed).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let copied = elsewhere.path().join("stages");
    std::fs::create_dir(&copied).unwrap();
    for stage in ["voice.stage", "face1.stage"] {
        std::fs::copy(out.join("stages").join(stage), copied.join(stage)).unwrap();
    }
    let done = scan(elsewhere.path(), &["--config", config.path().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(said.matches("taken from the last run").count(), 2, "{said}");
    let session = attune::session::read(elsewhere.path()).unwrap();
    let silences = session.events.iter().filter(|event| event.marker == "aud.silence3").count();
    assert_eq!(silences, 1, "only the third silence is longer than 5 s");
}
