//! All codes on a made session of four hours with some 40,000 events.
//!
//! `cargo bench --bench codes`

#![allow(clippy::unwrap_used, reason = "a bench says what broke by panicking")]

use std::collections::BTreeSet;

use attune::codebook::{self, Codebook};
use attune::config::Config;
use attune::engine::prepared::read_codebook;
use attune::markers::{Event, EventId};
use attune::time::Span;
use attune::track::{Unit, Who};

fn main() {
    divan::main();
}

/// Numbers that look random and are the same every time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit.max(1)
    }
}

/// An exchange every 20 s: turns, silences and answers where they belong, everything else anywhere, as often as every marker
/// of the dictionary gives about 40,000 events in four hours.
fn session(hours: i64) -> Vec<Event> {
    let known = codebook_of_today().vocabulary().markers.clone();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut events: Vec<Event> = Vec::new();
    let mut add = |marker: &str, who: Who, from: i64, to: i64, kind: Option<&str>, words: Option<u32>| {
        let Some(span) = Span::from_millis(from, to) else { return };
        events.push(Event {
            id: EventId(events.len() as u32),
            marker: marker.to_owned(),
            who,
            span,
            apex: None,
            value: (to - from) as f32 / 1000.0,
            unit: Unit::Seconds,
            strength: 0.7,
            confidence: 0.9,
            kind: kind.map(str::to_owned),
            words,
            seen_in: Vec::new(),
        });
    };
    let prompts = ["open_question", "closed_question", "reflection", "reflection_of_distress", "advice", "information"];
    for exchange in 0..hours * 180 {
        let at = exchange * 20_000;
        let answer = at + 5_000 + dice.below(3_000) as i64;
        let end = answer + 400 + dice.below(11_000) as i64;
        let words = ((end - answer) / 400) as u32;
        let kind = prompts[dice.below(6) as usize];
        add("aud.turnlen", Who::Therapist, at, at + 5_000, None, Some(12));
        add("txt.turn", Who::Therapist, at, at + 5_000, None, Some(12));
        add("txt.prompt", Who::Therapist, at, at + 5_000, Some(kind), Some(12));
        add("aud.latency", Who::Client, at + 5_000, answer, Some("TC"), None);
        for marker in ["aud.turnlen", "txt.turn", "txt.story"] {
            add(marker, Who::Client, answer, end, None, Some(words));
        }
        if at + 20_000 - end > 3_000 {
            add("aud.silence3", Who::Room, end, at + 20_000, Some(["CT", "CC", "TT"][dice.below(3) as usize]), None);
        }
        let most = known.len() as u64;
        for _ in 0..46 {
            let Some((marker, term)) = known.iter().nth(dice.below(most) as usize) else { continue };
            let who = if dice.below(3) == 0 { Who::Therapist } else { Who::Client };
            let kind = term.kinds.get(dice.below(term.kinds.len() as u64) as usize).map(String::as_str);
            let from = at + dice.below(20_000) as i64;
            add(marker, who, from, from + 300 + dice.below(4_000) as i64, kind, Some(dice.below(60) as u32));
        }
    }
    events
}

fn codebook_of_today() -> Codebook {
    read_codebook(&Config::embedded()).unwrap()
}

/// 1, 2 and 4 hours: the time should grow with the number of events.
#[divan::bench(args = [1, 2, 4])]
fn all_codes(bencher: divan::Bencher, hours: i64) {
    let (codebook, events, blind) = (codebook_of_today(), session(hours), BTreeSet::new());
    bencher.bench(|| codebook::run(&codebook, divan::black_box(&events), &blind).len());
}

/// Reading and checking all code files.
#[divan::bench]
fn read() -> usize {
    codebook_of_today().codes().count()
}
