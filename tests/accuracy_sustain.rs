//! Whether what is measured in words tells "sustain talk" (speaking for no change) from other replies, by the labels of AnnoMI's
//! expert coders: logistic regression on marker events, prompt types, words, and what the reply means where the network for it is
//! there, cross-validated over sessions. Passes without the data (`ATTUNE_DATA`). The weights are thrown away: the transcripts' licence is not stated, and nothing of it ships.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and prints its table"
)]

#[path = "support/annomi.rs"]
mod annomi;
#[path = "support/voices.rs"]
mod voices;

use std::collections::{BTreeMap, BTreeSet};

use annomi::Talk;
use attune::config::Config;
use attune::engine::interpret::interpret;
use attune::engine::places::open_shelf;
use attune::engine::prepared::Prepared;
use attune::learn::{Belief, Example, area_under_curve, logistic};
use attune::markers::SpokenTurn;
use attune::meaning::Reader;
use attune::model::Runtime;
use attune::random::Random;
use attune::track::Who;
use voices::voices;

/// A client's reply: its session, its label, and what was measured by name.
struct Reply {
    session: u32,
    sustain: bool,
    length: f64,
    features: BTreeMap<String, f64>,
    /// How often each word is there.
    words: BTreeMap<String, f64>,
    /// What it means; empty where nothing was said or the network is not there.
    meaning: Vec<f64>,
}

fn replies(talk: &Talk, prepared: &Prepared, reader: &mut Option<Reader>) -> Vec<Reply> {
    let turns = talk.turns();
    let (sorted, session) = annomi::in_time(&turns);
    let tracks = voices(&sorted, session);
    let language = prepared.languages.get("en").unwrap();
    let words = (Some(&sorted[..]), Some(&language.patterns));
    let settings = (&prepared.episodes, &Default::default());
    let found = interpret(&tracks, session, words, prepared, settings, 7, &mut Vec::new()).unwrap();
    let in_turn = |turn: &SpokenTurn, prefix: &str, into: &mut BTreeMap<String, f64>| {
        let text = found.events.iter().filter(|event| event.marker.starts_with("txt.") && event.who == turn.who);
        for event in text.filter(|event| turn.span.contains(event.span.start())) {
            let name = format!("{prefix}{} {}", event.marker, event.kind.as_deref().unwrap_or(""));
            let sum: &mut f64 = into.entry(name).or_default();
            *sum = (*sum + f64::from(event.strength.max(0.3))).min(3.0);
        }
    };
    let mut replies = Vec::new();
    let mut last_length = 0.0;
    let count = turns.iter().filter(|turn| turn.who == Who::Client).count() as f64;
    for (at, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.who == Who::Client) {
        let mut features = BTreeMap::new();
        in_turn(turn, "", &mut features);
        if let Some(prompt) = turns[..at].iter().rev().find(|turn| turn.who == Who::Therapist) {
            in_turn(prompt, "after ", &mut features);
        }
        let length = (turn.text.split_whitespace().count() as f64 + 1.0).ln();
        features.insert("length".into(), length);
        features.insert("length before".into(), last_length);
        last_length = length;
        features.insert("replies in the session".into(), count.ln());
        let plain = turn.text.to_lowercase();
        let words = plain.split(|c: char| !(c.is_alphabetic() || c == '\'')).filter(|word| !word.is_empty());
        let words = words.fold(BTreeMap::new(), |mut counts: BTreeMap<String, f64>, word| {
            *counts.entry(word.to_owned()).or_default() += 1.0;
            counts
        });
        let meaning = reader.as_mut().and_then(|reader| reader.meaning(&turn.text).unwrap());
        let meaning =
            meaning.map_or_else(Vec::new, |meaning| meaning.values().iter().copied().map(f64::from).collect());
        let sustain = talk.lines[at].is_sustain_talk();
        replies.push(Reply { session: talk.id, sustain, length, features, words, meaning });
    }
    replies
}

/// Before the name of a feature that is a word.
const WORD: &str = "word ";

/// Before the number of a part of what the reply means.
const MEANING: &str = "meaning ";

/// What was made for this, and what is known to tell something; of other markers hardly anything is expected.
const EXPECTED: [&str; 5] =
    ["length", "replies in the session", "txt.phrase sustain", "txt.phrase pressed", "txt.phrase contrast"];

/// How much is expected of each: chosen among five settings, on the same folds.
const EXPECTED_SD: f64 = 0.1;
const MARKER_SD: f64 = 0.01;
const WORD_SD: f64 = 1.0;

/// How much is expected of each part of a meaning: chosen among 1, 2 and 4 on the transcripts with id % 4 = 0 alone.
const MEANING_SD: f64 = 1.0;

/// Words of fewer training replies are left out.
const LEAST_REPLIES: usize = 10;

/// Session, log odds, and whether it is sustain talk.
type Scored = (u32, f64, bool);

/// Scores of replies whose sessions taught nothing.
fn held_out(replies: &[Reply], folds: u32, names_of: impl Fn(&[&Reply]) -> Vec<String>) -> Vec<Scored> {
    let mut scored = Vec::new();
    for fold in 0..folds {
        // Sessions have even numbers.
        let (test, train): (Vec<&Reply>, Vec<&Reply>) =
            replies.iter().partition(|reply| reply.session / 2 % folds == fold);
        let names = names_of(&train);
        // Markers by their spread; words by how rare they are (tf-idf, sublinear, each reply of length 1: Manning, Raghavan and
        // Schütze 2008, 6.2 to 6.4).
        let (markers, words): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| !name.starts_with(WORD));
        let value = |reply: &Reply, name: &String| match name.strip_prefix(MEANING) {
            Some(part) => reply.meaning.get(part.parse::<usize>().unwrap()).copied().unwrap_or(0.0),
            None => reply.features.get(name).copied().unwrap_or(0.0),
        };
        let spread: Vec<(f64, f64)> = markers
            .iter()
            .map(|name| {
                let values: Vec<f64> = train.iter().map(|reply| value(reply, name)).collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
                // The parts of a direction are told on one scale already.
                (mean, if name.starts_with(MEANING) { 1.0 } else { variance.sqrt().max(1e-6) })
            })
            .collect();
        let rarity: Vec<(&str, f64)> = words
            .iter()
            .map(|name| {
                let word = name.trim_start_matches(WORD);
                let with = train.iter().filter(|reply| reply.words.contains_key(word)).count() as f64;
                (word, ((1.0 + train.len() as f64) / (1.0 + with)).ln() + 1.0)
            })
            .collect();
        let row = |reply: &Reply| -> Vec<f64> {
            let measured = markers.iter().zip(&spread).map(|(name, (mean, sd))| (value(reply, name) - mean) / sd);
            let said: Vec<f64> = rarity
                .iter()
                .map(|(word, rarity)| reply.words.get(*word).map_or(0.0, |count| (1.0 + count.ln()) * rarity))
                .collect();
            let length = said.iter().map(|v| v * v).sum::<f64>().sqrt().max(1e-9);
            measured.chain(said.iter().map(|v| v / length)).collect()
        };
        let examples: Vec<Example> =
            train.iter().map(|reply| Example { values: row(reply), positive: reply.sustain }).collect();
        let wide = Belief { mean: 0.0, sd: 10.0 };
        let expected = |name: &String| EXPECTED.iter().any(|kind| name.starts_with(kind));
        let sd = |name: &String| match name.starts_with(MEANING) {
            true => MEANING_SD,
            false if expected(name) => EXPECTED_SD,
            false => MARKER_SD,
        };
        let of_markers = markers.iter().map(|name| Belief { mean: 0.0, sd: sd(name) });
        let of_words = words.iter().map(|_| Belief { mean: 0.0, sd: WORD_SD });
        let fit = logistic(&examples, wide, &of_markers.chain(of_words).collect::<Vec<_>>());
        scored.extend(test.iter().map(|reply| (reply.session, fit.log_odds(&row(reply)), reply.sustain)));
    }
    scored
}

#[test]
fn sustain_talk_is_told_from_other_replies() {
    let Some(talks) = annomi::annomi() else { return println!("skipped: no ATTUNE_DATA") };
    let prepared = Prepared::read(Config::embedded()).unwrap();
    let shelf = open_shelf(None, Runtime::Auto).unwrap();
    let mut reader = Reader::is_there(&shelf).then(|| Reader::load(&shelf, &prepared.meaning).unwrap());
    let all: Vec<Reply> = talks.iter().flat_map(|talk| replies(talk, &prepared, &mut reader)).collect();
    let sustain = all.iter().filter(|reply| reply.sustain).count();
    println!("{} replies, {sustain} of them sustain talk", all.len());

    let length: Vec<Scored> = all.iter().map(|reply| (reply.session, reply.length, reply.sustain)).collect();
    let markers = |train: &[&Reply]| -> Vec<String> {
        train.iter().flat_map(|reply| reply.features.keys().cloned()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let with_words = |train: &[&Reply]| -> Vec<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for word in train.iter().flat_map(|reply| reply.words.keys()) {
            *counts.entry(word).or_default() += 1;
        }
        let often =
            counts.iter().filter(|(_, count)| **count >= LEAST_REPLIES).map(|(word, _)| format!("{WORD}{word}"));
        markers(train).into_iter().chain(often).collect()
    };
    let with_meaning = |train: &[&Reply]| -> Vec<String> {
        let parts = train.iter().map(|reply| reply.meaning.len()).max().unwrap_or(0);
        markers(train).into_iter().chain((0..parts).map(|part| format!("{MEANING}{part:03}"))).collect()
    };
    println!(
        "area under the curve: all (standard error over sessions); id % 4 = 0, on which patterns were written; the others"
    );
    report("length alone", &length);
    let by_markers = report("markers and prompt types", &held_out(&all, 10, markers));
    let by_words = report("the same and words", &held_out(&all, 10, with_words));
    assert!(by_markers > 0.73 && by_words > 0.735, "{by_markers} {by_words}");
    if reader.is_none() {
        return println!("what replies mean was not read: the network is not there (scripts/setup.sh)");
    }
    let by_meaning = report("markers, prompt types and meaning", &held_out(&all, 10, with_meaning));
    assert!(by_meaning >= 0.75, "{by_meaning}");
}

/// Prints the area under the curve, of all and of the two halves by number, and gives that of all.
fn report(name: &str, scored: &[Scored]) -> f64 {
    let area = |of: &dyn Fn(u32) -> bool| -> f64 {
        let these: Vec<_> = scored.iter().filter(|(id, ..)| of(*id)).map(|&(_, odds, yes)| (odds, yes)).collect();
        area_under_curve(&these).unwrap()
    };
    let (all, seen, unseen) = (area(&|_| true), area(&|id| id % 4 == 0), area(&|id| id % 4 != 0));
    println!("  {name:36} {all:.3} ({:.3}); {seen:.3}; {unseen:.3}", spread(scored));
    all
}

/// Standard error of the area by drawing sessions with replacement.
fn spread(scored: &[Scored]) -> f64 {
    let mut sessions: BTreeMap<u32, Vec<(f64, bool)>> = BTreeMap::new();
    for &(session, odds, yes) in scored {
        sessions.entry(session).or_default().push((odds, yes));
    }
    let sessions: Vec<_> = sessions.into_values().collect();
    let mut random = Random::new(20);
    let drawn: Vec<f64> = (0..200)
        .filter_map(|_| {
            let some = (0..sessions.len()).flat_map(|_| &sessions[random.below(sessions.len() as u64) as usize]);
            area_under_curve(&some.copied().collect::<Vec<_>>())
        })
        .collect();
    let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
    (drawn.iter().map(|area| (area - mean).powi(2)).sum::<f64>() / drawn.len() as f64).sqrt()
}
