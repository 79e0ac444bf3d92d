//! How often each code and each kind of candidate is found on AnnoMI transcripts: words, and who speaks when as the
//! transcript has it. No sound and no picture: voices are laid out by the transcript's times. Passes without the data.
//!
//! `ATTUNE_CONFIG=config` reads rules and patterns from that folder and not from the program; `ATTUNE_SHOW=rf06` prints what
//! was found of a code on the transcripts that patterns were written on, `ATTUNE_SHOW=episodes` their candidates and
//! `ATTUNE_SHOW=markers` how often each marker of words was found.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and prints its table"
)]

#[path = "support/annomi.rs"]
mod annomi;
#[path = "support/voices.rs"]
mod voices;

use std::collections::BTreeMap;
use std::path::Path;

use annomi::Talk;
use attune::config::Config;
use attune::engine::interpret::interpret;
use attune::engine::prepared::Prepared;
use attune::time::Span;
use voices::voices;

#[derive(Default)]
struct Sum {
    secs: f64,
    turns: usize,
    sessions: usize,
    events: BTreeMap<String, usize>,
    hits: BTreeMap<String, usize>,
    candidates: BTreeMap<String, usize>,
    in_budget: usize,
}

impl Sum {
    fn per_hour(&self, count: usize) -> f64 {
        count as f64 * 3600.0 / self.secs.max(1.0)
    }
}

fn at(span: Span) -> String {
    format!("{:.0}-{:.0} s", span.start().secs_f64(), span.end().secs_f64())
}

fn look(talks: &[&Talk], prepared: &Prepared, show: Option<&str>) -> Sum {
    let mut sum = Sum::default();
    for talk in talks {
        let (turns, session) = annomi::in_time(&talk.turns());
        let tracks = voices(&turns, session);
        let language = prepared.languages.get("en").unwrap();
        let words = (Some(&turns[..]), Some(&language.patterns));
        let found =
            interpret(&tracks, session, words, prepared, (&prepared.episodes, &Default::default()), 7, &mut Vec::new())
                .unwrap();
        sum.secs += session.secs_f64();
        sum.sessions += 1;
        sum.turns += turns.len();
        for event in found.events.iter().filter(|event| event.marker.starts_with("txt.")) {
            let kind = event.kind.as_deref().unwrap_or("-");
            *sum.events.entry(format!("{} {kind} {}", event.marker, event.who)).or_default() += 1;
        }
        for hit in &found.hits {
            *sum.hits.entry(hit.code.clone()).or_default() += 1;
            if show == Some(hit.code.as_str()) {
                println!("--- {} {} {} {:.2}", talk.id, hit.rule, at(hit.span), hit.strength);
                for turn in turns.iter().filter(|turn| turn.span.overlap(hit.span).is_some()) {
                    println!("    {}: {}", turn.who, turn.text);
                }
            }
        }
        for episode in &found.ranking.episodes {
            *sum.candidates.entry(format!("{:?}", episode.kind)).or_default() += 1;
            if show == Some("episodes") {
                println!("--- {} {:?} {} {:?}", talk.id, episode.kind, at(episode.span), episode.sentence);
            }
        }
        sum.in_budget += found.ranking.expected.clips as usize;
    }
    sum
}

#[test]
fn no_code_and_no_candidate_floods_the_coder() {
    let Some(all) = annomi::annomi() else { return println!("skipped: no ATTUNE_DATA") };
    let config = match std::env::var_os("ATTUNE_CONFIG") {
        Some(folder) => Config::with_folder(Path::new(&folder)).unwrap(),
        None => Config::embedded(),
    };
    let prepared = Prepared::read(config).unwrap();
    let show = std::env::var("ATTUNE_SHOW").ok();
    // Patterns were written while looking at the first group.
    let group = |high: bool, seen: bool| -> Vec<&Talk> {
        all.iter().filter(|talk| talk.is_high == high && talk.id.is_multiple_of(4) == seen).collect()
    };
    let sums: Vec<Sum> = [group(true, true), group(true, false), group(false, true), group(false, false)]
        .iter()
        .enumerate()
        .map(|(at, talks)| look(talks, &prepared, show.as_deref().filter(|_| at == 0)))
        .collect();
    println!("| | high, seen | high, unseen | low, seen | low, unseen |\n|---|---|---|---|---|");
    let row = |name: &str, cells: Vec<String>| println!("| {name} | {} |", cells.join(" | "));
    row("sessions", sums.iter().map(|sum| sum.sessions.to_string()).collect());
    row("hours", sums.iter().map(|sum| format!("{:.2}", sum.secs / 3600.0)).collect());
    row("turns", sums.iter().map(|sum| sum.turns.to_string()).collect());
    for code in prepared.codebook.codes().filter(|code| code.runs()) {
        let of = |sum: &Sum| sum.hits.get(&code.id).copied().unwrap_or(0);
        row(&code.id, sums.iter().map(|sum| format!("{:.1}", sum.per_hour(of(sum)))).collect());
    }
    if show.as_deref() == Some("markers") {
        let names: std::collections::BTreeSet<&String> = sums.iter().flat_map(|sum| sum.events.keys()).collect();
        for name in names {
            let of = |sum: &Sum| sum.events.get(name).copied().unwrap_or(0);
            row(name, sums.iter().map(|sum| format!("{:.1}", sum.per_hour(of(sum)))).collect());
        }
    }
    let kinds: std::collections::BTreeSet<&String> = sums.iter().flat_map(|sum| sum.candidates.keys()).collect();
    for kind in kinds {
        let of = |sum: &Sum| sum.candidates.get(kind).copied().unwrap_or(0);
        row(kind, sums.iter().map(|sum| format!("{:.1}", sum.per_hour(of(sum)))).collect());
    }
    row("all candidates", sums.iter().map(|s| format!("{:.1}", s.per_hour(s.candidates.values().sum()))).collect());
    row("in the budget", sums.iter().map(|s| format!("{:.1}", s.per_hour(s.in_budget))).collect());
    for (at, sum) in sums.iter().enumerate() {
        for (code, count) in &sum.hits {
            assert!(*count * 4 < sum.turns, "{code} fires in {count} of {} turns (group {at})", sum.turns);
        }
    }
}
