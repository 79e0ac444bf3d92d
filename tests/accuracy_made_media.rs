//! Made media sessions with planted moments (`fixtures/sessions/build.py`), scanned by the program as a user would: is every
//! planted moment among what is ranked first, in a tenth of the session's time, and is no look-alike in the list? Passes
//! without the data.
//!
//! `ATTUNE_MADE_MEDIA=folder` names what the build wrote; `ATTUNE_MADE_SEEDS=1-10` looks at some of it only;
//! `ATTUNE_CONFIG=config` reads settings from that folder and not from the program. Results are kept in `folder/results`, so
//! that a second run listens and looks anew only where it has to.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and prints its table"
)]
#![cfg(feature = "video")]

use std::path::{Path, PathBuf};
use std::process::Command;

use attune::episodes::{Episode, EpisodeKind};
use attune::session::Session;
use attune::time::{SessionTime, Span};
use serde::Deserialize;

/// Share of the session's time within which everything planted has to be ranked; one clip may always be watched.
const WATCHED_SHARE: f64 = 0.1;
/// Share of a planted moment that the clips have to show.
const SHOWN_SHARE: f64 = 0.8;

#[derive(Deserialize)]
struct Truth {
    length_s: f64,
    media: String,
    transcript: String,
    times: String,
    sight: String,
    sound: String,
    #[serde(default)]
    planted: Vec<Planted>,
    #[serde(default)]
    lookalike: Vec<Lookalike>,
}

#[derive(Deserialize)]
struct Planted {
    kind: String,
    what: String,
    /// One, or for a cycle one for each repeat.
    spans_s: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Lookalike {
    what: String,
    span_s: [f64; 2],
}

fn span([start, end]: [f64; 2]) -> Span {
    Span::new(SessionTime::from_secs_f64(start), SessionTime::from_secs_f64(end)).unwrap()
}

fn wanted(seed: u32) -> bool {
    let Ok(seeds) = std::env::var("ATTUNE_MADE_SEEDS") else { return true };
    let (first, last) = seeds.split_once('-').unwrap_or((&seeds, &seeds));
    (first.parse().unwrap()..=last.parse().unwrap()).contains(&seed)
}

/// Folders of sessions with their seeds, in order.
fn sessions(folder: &Path) -> Vec<(u32, PathBuf)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some((path.file_name()?.to_str()?.parse().ok()?, path)))
        .filter(|(seed, path)| wanted(*seed) && path.join("truth.toml").exists())
        .collect();
    found.sort();
    found
}

fn scan(from: &Path, truth: &Truth, out: &Path) -> Session {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.arg("scan").arg(from.join(&truth.media)).arg("--transcript").arg(from.join(&truth.transcript));
    command.arg("--out").arg(out).arg("--quiet");
    if let Ok(config) = std::env::var("ATTUNE_CONFIG") {
        command.args(["--config", &config]);
    }
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}: {}", from.display(), String::from_utf8_lossy(&done.stderr));
    attune::session::read(out).unwrap()
}

fn in_order(session: &Session) -> Vec<&Episode> {
    let mut order: Vec<&Episode> = session.episodes.iter().collect();
    order.sort_by_key(|episode| episode.rank);
    order
}

fn watch_secs(episode: &Episode) -> f64 {
    episode.watch.iter().map(|clip| clip.secs_f64()).sum()
}

/// How many of the first clips may be watched.
fn affordable(order: &[&Episode], length_s: f64) -> usize {
    let mut left = WATCHED_SHARE * length_s;
    let within = order.iter().take_while(|episode| {
        left -= watch_secs(episode);
        left >= 0.0
    });
    within.count().max(1).min(order.len())
}

/// Share of the planted spans that these episodes show.
fn shown(planted: &Planted, episodes: &[&Episode]) -> f64 {
    let mut clips: Vec<Span> = episodes.iter().flat_map(|episode| episode.watch.iter().copied()).collect();
    clips.sort();
    let (mut seen, mut all) = (0.0, 0.0);
    for one in planted.spans_s.iter().map(|&secs| span(secs)) {
        all += one.secs_f64();
        let mut from = one.start();
        for part in clips.iter().filter_map(|clip| clip.overlap(one)) {
            let new = Span::new(part.start().max(from), part.end());
            seen += new.map_or(0.0, Span::secs_f64);
            from = from.max(part.end());
        }
    }
    seen / all
}

/// How many of the first episodes it takes to show it; `None` if all together do not.
fn rank_of(planted: &Planted, order: &[&Episode]) -> Option<usize> {
    (1..=order.len()).find(|&count| shown(planted, &order[..count]) >= SHOWN_SHARE)
}

fn is_rupture(episode: &Episode) -> bool {
    !episode.kind.is_moment()
}

/// What the engine calls it: the kinds of the candidates in it, a cycle with the number of repeats that were planted and found.
fn called(planted: &Planted, order: &[&Episode]) -> String {
    let inside = |episode: &&&Episode| {
        is_rupture(episode)
            && planted.spans_s.iter().any(|&secs| episode.units.iter().any(|u| u.overlap(span(secs)).is_some()))
    };
    let name = |episode: &&Episode| match &episode.cycle {
        Some(cycle) => {
            let hit = |secs: &&[f64; 2]| cycle.repeats.iter().any(|repeat| repeat.overlap(span(**secs)).is_some());
            let found = planted.spans_s.iter().filter(hit).count();
            format!("cycle {found}/{} of {}", planted.spans_s.len(), cycle.repeats.len())
        }
        None => episode.kind.name().to_owned(),
    };
    let names: Vec<String> = order.iter().filter(inside).map(name).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" + ") }
}

#[derive(Default)]
struct Sum {
    secs: f64,
    planted: usize,
    found: usize,
    looks: usize,
    flagged: usize,
    others: usize,
    moments: usize,
}

#[test]
fn planted_moments_are_ranked_first_and_look_alikes_are_not_listed() {
    let Ok(folder) = std::env::var("ATTUNE_MADE_MEDIA") else { return };
    let folder = PathBuf::from(folder);
    let (mut sum, mut wrong) = (Sum::default(), Vec::new());
    println!(
        "| seed | min | planted | called | rank | % watched | look-alikes listed | other candidates | moments | recording |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (seed, from) in sessions(&folder) {
        let truth: Truth = toml::from_str(&std::fs::read_to_string(from.join("truth.toml")).unwrap()).unwrap();
        let session = scan(&from, &truth, &folder.join("results").join(format!("{seed:02}")));
        let order = in_order(&session);
        let first = affordable(&order, truth.length_s);
        let mut cells: [Vec<String>; 4] = Default::default();
        for planted in &truth.planted {
            let rank = rank_of(planted, &order);
            let watched: f64 = order.iter().take(rank.unwrap_or(0)).map(|episode| watch_secs(episode)).sum();
            cells[0].push(format!("{}: {}", planted.kind, planted.what));
            cells[1].push(called(planted, &order));
            cells[2].push(rank.map_or("-".to_owned(), |rank| rank.to_string()));
            cells[3].push(rank.map_or("-".to_owned(), |_| format!("{:.0}", 100.0 * watched / truth.length_s)));
            sum.planted += 1;
            if rank.is_some_and(|rank| rank <= first) {
                sum.found += 1;
            } else {
                let at = planted.spans_s[0][0];
                wrong.push(format!(
                    "{seed}: {} ({}) at {at:.0} s has rank {rank:?}, {first} fit",
                    planted.kind, planted.what
                ));
            }
        }
        let mut flagged = 0;
        for look in &truth.lookalike {
            let inside =
                |episode: &&&Episode| episode.units.iter().any(|unit| unit.overlap(span(look.span_s)).is_some());
            if let Some(episode) = order.iter().filter(|episode| is_rupture(episode)).find(inside) {
                flagged += 1;
                wrong.push(format!(
                    "{seed}: {:?} at {:.0} s is listed: {}",
                    look.what, look.span_s[0], episode.sentence
                ));
            }
        }
        let is_planted = |episode: &Episode| {
            let mut spans = truth.planted.iter().flat_map(|planted| &planted.spans_s);
            spans.any(|&secs| episode.units.iter().any(|unit| unit.overlap(span(secs)).is_some()))
        };
        let others: Vec<_> = order.iter().filter(|episode| is_rupture(episode) && !is_planted(episode)).collect();
        for other in &others {
            let at = other.span.start().secs_f64();
            println!("    other candidate in {seed}: {} at {at:.0} s: {}", other.kind.name(), other.sentence);
        }
        let moments = order.iter().filter(|episode| !is_rupture(episode)).count();
        let [planted, called, rank, watched] = cells.map(|cell| cell.join("; "));
        println!(
            "| {seed} | {:.1} | {planted} | {called} | {rank} | {watched} | {flagged} of {} | {} | {moments} | {}; {}; times: {} |",
            truth.length_s / 60.0,
            truth.lookalike.len(),
            others.len(),
            truth.sight,
            truth.sound,
            truth.times
        );
        sum.secs += truth.length_s;
        sum.looks += truth.lookalike.len();
        sum.flagged += flagged;
        sum.others += others.len();
        sum.moments += moments;
    }
    println!(
        "{} of {} planted within a tenth of the time, {} of {} look-alikes listed, {} other candidates and {} moments in {:.2} h",
        sum.found,
        sum.planted,
        sum.flagged,
        sum.looks,
        sum.others,
        sum.moments,
        sum.secs / 3600.0
    );
    assert!(sum.secs > 0.0, "{} holds no made session", folder.display());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(kind: EpisodeKind, rank: u32, secs: [f64; 2]) -> Episode {
        let text = r#"{"id":"e001","kind":"withdrawal","start_s":0.0,"end_s":1.0,"clip":{"start_s":0.0,"end_s":1.0},"rank":1,
            "score":1.0,"ranking_weight":0.1,"sentence":"","evidence_for":[],"evidence_against":[],"missing":[],"codes":[],
            "repair":null,"cycle":null,"review_secs":1.0}"#;
        let mut made: Episode = serde_json::from_str(text).unwrap();
        (made.kind, made.rank) = (kind, rank);
        (made.span, made.clip) = (span(secs), span(secs));
        (made.units, made.watch) = (vec![span(secs)], vec![span(secs)]);
        made
    }

    #[test]
    fn only_what_fits_into_a_tenth_of_the_time_counts_but_one_clip_always() {
        let clips = [[0.0, 30.0], [100.0, 125.0], [300.0, 310.0]];
        let made: Vec<Episode> =
            clips.into_iter().zip(1..).map(|(secs, rank)| episode(EpisodeKind::Withdrawal, rank, secs)).collect();
        let order: Vec<&Episode> = made.iter().collect();
        assert_eq!((affordable(&order, 600.0), affordable(&order, 540.0), affordable(&order, 100.0)), (2, 1, 1));
        let planted = |spans_s: Vec<[f64; 2]>| Planted { kind: String::new(), what: String::new(), spans_s };
        assert_eq!(rank_of(&planted(vec![[102.0, 112.0]]), &order), Some(2));
        assert_eq!(rank_of(&planted(vec![[5.0, 10.0], [120.0, 126.0]]), &order), Some(2));
        assert_eq!(rank_of(&planted(vec![[5.0, 10.0], [200.0, 206.0]]), &order), None);
    }
}
