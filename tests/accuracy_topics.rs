//! How well the place is found where two talks on different topics were joined, and a reply told from one of another talk: by
//! shared words, and by what sentences mean where the network is installed. On AnnoMI transcripts. Passes without the data.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and prints its table"
)]

#[path = "support/annomi.rs"]
mod annomi;
#[path = "support/voices.rs"]
#[allow(dead_code, reason = "only how fast people speak")]
mod voices;

use std::collections::BTreeMap;
use std::time::Instant;

use attune::config::Config;
use attune::engine::places::open_shelf;
use attune::engine::prepared::Prepared;
use attune::markers::{Event, Input, Marker, SpokenTurn, text};
use attune::meaning::{Meaning, Reader};
use attune::model::Runtime;
use attune::random::Random;
use attune::time::Span;
use attune::track::{Tracks, Who};

/// Turns of each half of a joined talk, at most; talks that are shorter than this twice over lend less.
const HALF: usize = 60;
/// Each talk is joined with so many of other topics.
const PARTNERS: usize = 4;
/// So many turns off, a boundary still counts as that of the join: both sides of an exchange.
const NEAR: usize = 1;

struct Talk {
    id: u32,
    topic: String,
    turns: Vec<(Who, String)>,
}

/// What one person says in a row as one turn.
fn joined(talk: annomi::Talk) -> Talk {
    let mut turns: Vec<(Who, String)> = Vec::new();
    for line in talk.lines {
        match turns.last_mut().filter(|(last, _)| *last == line.who) {
            Some((_, text)) => *text = format!("{text} {}", line.text),
            None => turns.push((line.who, line.text)),
        }
    }
    Talk { id: talk.id, topic: talk.topic, turns }
}

/// Turns of 10 s each.
fn spoken(turns: &[(Who, String)]) -> Vec<SpokenTurn> {
    let turn = |((who, text), at): (&(Who, String), i64)| SpokenTurn {
        who: *who,
        span: Span::from_millis(at * 10_000, (at + 1) * 10_000).unwrap(),
        text: text.clone(),
        confidence: 1.0,
    };
    turns.iter().zip(0_i64..).map(turn).collect()
}

struct Bench {
    prepared: Prepared,
    reader: Option<Reader>,
    known: BTreeMap<String, Option<Meaning>>,
}

impl Bench {
    fn meanings(&mut self, turns: &[SpokenTurn]) -> Option<Vec<Option<Meaning>>> {
        let reader = self.reader.as_mut()?;
        let mut meaning =
            |text: &String| self.known.entry(text.clone()).or_insert_with(|| reader.meaning(text).unwrap()).clone();
        Some(turns.iter().map(|turn| meaning(&turn.text)).collect())
    }

    fn find(&self, id: &str, turns: &[SpokenTurn], meanings: Option<&[Option<Meaning>]>) -> Vec<Event> {
        let marker: &dyn Marker = *text::ALL.iter().find(|marker| marker.card().id == id).unwrap();
        let input = Input {
            tracks: &Tracks::new(),
            session: Span::from_millis(0, 36_000_000).unwrap(),
            turns: Some(turns),
            language: Some(&self.prepared.languages.get("en").unwrap().patterns),
            meanings,
            earlier: &[],
        };
        marker.find(&input, &self.prepared.markers[marker.card().section]).unwrap()
    }
}

/// What one way of comparing turns finds of joins.
#[derive(Default)]
struct Joins {
    talks: usize,
    found: usize,
    exactly: usize,
    boundaries: usize,
    turns: usize,
}

impl Joins {
    fn add(&mut self, events: &[Event], join: usize, turns: usize) {
        let places: Vec<usize> = events.iter().map(|event| (event.span.start().millis() / 10_000) as usize).collect();
        self.talks += 1;
        self.found += usize::from(places.iter().any(|place| place.abs_diff(join) <= NEAR));
        self.exactly += usize::from(places.contains(&join));
        self.boundaries += places.len();
        self.turns += turns;
    }

    fn share(&self) -> f64 {
        self.found as f64 / self.talks.max(1) as f64
    }

    fn tell(&self, how: &str) {
        println!(
            "{how:>10}: of {} joins {:.0} % found within a turn, {:.0} % exactly; {:.1} boundaries in 100 turns",
            self.talks,
            100.0 * self.share(),
            100.0 * self.exactly as f64 / self.talks.max(1) as f64,
            100.0 * self.boundaries as f64 / self.turns.max(1) as f64
        );
    }
}

/// The beginning of one talk and the end of another, and the first turn of the other.
fn join(first: &Talk, second: &Talk) -> (Vec<(Who, String)>, usize) {
    let mut turns = first.turns[..(first.turns.len() / 2).min(HALF)].to_vec();
    let last = turns.last().map(|(who, _)| *who);
    let rest = &second.turns[second.turns.len() / 2..];
    let rest = &rest[usize::from(rest.first().map(|(who, _)| *who) == last)..];
    let place = turns.len();
    turns.extend(rest.iter().take(HALF).cloned());
    (turns, place)
}

/// How often a reply's cohesion with its own prompt is greater than that of another talk's reply with the same prompt.
fn own_replies_are_nearer(bench: &mut Bench, talks: &[&Talk], by_meaning: bool) -> f64 {
    let mut random = Random::new(11);
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (at, talk) in talks.iter().enumerate() {
        let elsewhere: Vec<&&Talk> = talks.iter().filter(|other| other.topic != talk.topic).collect();
        if elsewhere.is_empty() {
            continue;
        }
        let mut mixed = talk.turns.clone();
        // Every second reply of the client is from another talk.
        let replies: Vec<usize> = (1..mixed.len()).filter(|turn| mixed[*turn].0 == Who::Client).collect();
        let swapped: Vec<usize> = replies.into_iter().skip(at % 2).step_by(2).collect();
        for turn in &swapped {
            let other = elsewhere[random.place(elsewhere.len())];
            let said: Vec<&(Who, String)> = other.turns.iter().filter(|(who, _)| *who == Who::Client).collect();
            mixed[*turn] = said[random.place(said.len())].clone();
        }
        let turns = spoken(&mixed);
        let meanings = bench.meanings(&turns).filter(|_| by_meaning);
        for event in bench.find("txt.cohere", &turns, meanings.as_deref()) {
            let place = (event.span.start().millis() / 10_000) as usize;
            if event.who == Who::Client {
                let values = if swapped.contains(&place) { &mut others } else { &mut own };
                values.push(f64::from(event.value));
            }
        }
    }
    let above = own.iter().map(|value| others.iter().map(|other| rank(*value, *other)).sum::<f64>()).sum::<f64>();
    println!("{} own replies, {} of other talks", own.len(), others.len());
    above / (own.len() * others.len()).max(1) as f64
}

/// 1 if greater, half if equal.
fn rank(value: f64, other: f64) -> f64 {
    match value.total_cmp(&other) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    }
}

#[test]
fn joins_of_two_talks_are_found() {
    let Some(all) = annomi::annomi() else { return println!("skipped: no ATTUNE_DATA") };
    let all: Vec<Talk> = all.into_iter().map(joined).collect();
    let prepared = Prepared::read(Config::embedded()).unwrap();
    let shelf = open_shelf(None, Runtime::Auto).unwrap();
    let reader = Reader::is_there(&shelf).then(|| Reader::load(&shelf, &prepared.meaning).unwrap());
    let mut bench = Bench { prepared, reader, known: BTreeMap::new() };
    for (name, seen) in [("settings chosen on (id % 4 = 0)", true), ("held out (id % 4 = 2)", false)] {
        let talks: Vec<&Talk> =
            all.iter().filter(|talk| talk.id.is_multiple_of(4) == seen && talk.turns.len() >= 30).collect();
        let mut random = Random::new(5);
        let (mut words, mut meaning) = (Joins::default(), Joins::default());
        for talk in &talks {
            let mut others: Vec<&&Talk> = talks.iter().filter(|other| other.topic != talk.topic).collect();
            for _ in 0..PARTNERS.min(others.len()) {
                let other = others.swap_remove(random.place(others.len()));
                let (turns, place) = join(talk, other);
                let turns = spoken(&turns);
                words.add(&bench.find("txt.topic", &turns, None), place, turns.len());
                if let Some(meanings) = bench.meanings(&turns) {
                    meaning.add(&bench.find("txt.topic", &turns, Some(&meanings)), place, turns.len());
                }
            }
        }
        println!("\nAnnoMI, {name}: {} talks", talks.len());
        words.tell("by words");
        meaning.tell("by meaning");
        let by_words = own_replies_are_nearer(&mut bench, &talks, false);
        println!("by words: a reply is nearer to its prompt than another talk's reply in {:.0} %", 100.0 * by_words);
        // A real loss should be noticed.
        assert!(words.share() > 0.35 && by_words > 0.6, "{name}: {} {by_words}", words.share());
        if bench.reader.is_none() {
            println!("the sentence network is not installed");
            continue;
        }
        let by_meaning = own_replies_are_nearer(&mut bench, &talks, true);
        println!("by meaning: in {:.0} %", 100.0 * by_meaning);
        assert!(meaning.share() > 0.5 && by_meaning > by_words, "{name}: {} {by_meaning}", meaning.share());
    }
    if let Some(reader) = bench.reader.as_mut() {
        let turns: Vec<&(Who, String)> = all.iter().flat_map(|talk| &talk.turns).collect();
        let words: usize = turns.iter().map(|(_, text)| text.split_whitespace().count()).sum();
        let begin = Instant::now();
        for (_, text) in &turns {
            reader.meaning(text).unwrap();
        }
        println!("\n{words} words in {} turns: {:.1} s on one thread", turns.len(), begin.elapsed().as_secs_f64());
    }
}
