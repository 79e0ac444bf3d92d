//! How well the prompt types agree with expert coders, on AnnoMI transcripts that the patterns were not written on.
//! Passes without the data.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and prints its table"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use attune::config::Config;
use attune::markers::{Input, Marker, SpokenTurn, text};
use attune::time::Span;
use attune::track::{Tracks, Who};

/// What AnnoMI's coders call it → how the marker's kinds are read for this comparison.
const GROUPS: &[(&str, &[&str])] = &[
    ("open question", &["open_question", "request_to_explore"]),
    ("closed question", &["closed_question"]),
    ("reflection", &["reflection", "reflection_of_distress", "challenge"]),
    ("advice", &["advice"]),
    ("information", &["information"]),
    ("other", &["other", "here_and_now"]),
];

/// Therapist utterances of one half of the transcripts with the coders' most frequent label.
fn annomi(file: PathBuf, development: bool) -> Vec<(String, &'static str)> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let [id, utterance, who, said, main, question, input] = [
        "transcript_id",
        "utterance_id",
        "interlocutor",
        "utterance_text",
        "main_therapist_behaviour",
        "question_subtype",
        "therapist_input_subtype",
    ]
    .map(column);
    type Votes = BTreeMap<&'static str, usize>;
    let mut votes: BTreeMap<(u32, u32), (String, Votes)> = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let transcript: u32 = row[id].parse().unwrap();
        if &row[who] != "therapist" || transcript.is_multiple_of(4) != development {
            continue;
        }
        let label = match (&row[main], &row[question], &row[input]) {
            ("question", "open", _) => "open question",
            ("question", ..) => "closed question",
            ("reflection", ..) => "reflection",
            ("therapist_input", _, "advice" | "negotiation" | "options") => "advice",
            ("therapist_input", ..) => "information",
            _ => "other",
        };
        let entry = votes.entry((transcript, row[utterance].parse().unwrap()));
        *entry.or_insert_with(|| (row[said].to_owned(), BTreeMap::new())).1.entry(label).or_default() += 1;
    }
    let winner = |labels: &Votes| *labels.iter().max_by_key(|(_, count)| **count).unwrap().0;
    votes.into_values().map(|(text, labels)| (text, winner(&labels))).collect()
}

fn kinds(utterances: &[(String, &'static str)]) -> Vec<&'static str> {
    let config = Config::embedded();
    let all: toml::Table = config.read("markers/text.toml").unwrap();
    let settings = all["prompt"].as_table().unwrap().clone();
    let mut language = toml::Table::new();
    for (path, text) in config.under("language/en") {
        let stem = path.rsplit('/').next().unwrap().trim_end_matches(".toml");
        language.insert(stem.to_owned(), toml::Value::Table(toml::from_str(text).unwrap()));
    }
    let turns: Vec<SpokenTurn> = utterances
        .iter()
        .zip(0_i64..)
        .map(|((text, _), index)| SpokenTurn {
            who: Who::Therapist,
            span: Span::from_millis(index * 1000, index * 1000 + 1000).unwrap(),
            text: text.clone(),
            confidence: 1.0,
        })
        .collect();
    let tracks = Tracks::new();
    let input = Input {
        tracks: &tracks,
        session: Span::from_millis(0, 10_000_000).unwrap(),
        turns: Some(&turns),
        language: Some(&language),
        earlier: &[],
    };
    let prompt: &dyn Marker = *text::ALL.iter().find(|marker| marker.card().id == "txt.prompt").unwrap();
    let events = prompt.find(&input, &settings).unwrap();
    assert_eq!(events.len(), turns.len());
    let group = |kind: &str| GROUPS.iter().find(|(_, kinds)| kinds.contains(&kind)).unwrap().0;
    events.iter().map(|event| group(event.kind.as_deref().unwrap())).collect()
}

/// Prints the table and gives the share that agrees, and Cohen's kappa.
fn compare(utterances: &[(String, &'static str)]) -> (f64, f64) {
    let found = kinds(utterances);
    let names: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
    let count = |coder: &str, engine: &str| {
        utterances.iter().zip(&found).filter(|((_, label), kind)| *label == coder && **kind == engine).count()
    };
    println!(
        "{:>16} {}  (rows: coders, columns: engine)",
        "",
        names.iter().map(|n| format!("{n:>16}")).collect::<String>()
    );
    for coder in &names {
        println!(
            "{coder:>16} {}",
            names.iter().map(|engine| format!("{:>16}", count(coder, engine))).collect::<String>()
        );
    }
    let all = utterances.len() as f64;
    let (mut agree, mut chance) = (0.0, 0.0);
    for name in &names {
        let hits = count(name, name) as f64;
        let coders: f64 = names.iter().map(|engine| count(name, engine) as f64).sum();
        let engine: f64 = names.iter().map(|coder| count(coder, name) as f64).sum();
        println!(
            "{name:>16}: precision {:.2}, recall {:.2}, n {coders}",
            hits / engine.max(1.0),
            hits / coders.max(1.0)
        );
        agree += hits / all;
        chance += coders * engine / (all * all);
    }
    let four = |name: &str| match name {
        "open question" | "closed question" => "question",
        "advice" | "information" => "input",
        _ => {
            if name == "reflection" {
                "reflection"
            } else {
                "other"
            }
        }
    };
    let same = utterances.iter().zip(&found).filter(|((_, label), kind)| four(label) == four(kind)).count();
    println!("agreement on question, reflection, input, other: {:.3}", same as f64 / all);
    (agree, (agree - chance) / (1.0 - chance))
}

#[test]
fn prompt_types_agree_with_expert_coders() {
    let data = std::env::var_os("ATTUNE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let file = data.join("therapy_text/AnnoMI-full.even_transcripts.csv");
    if !file.is_file() {
        println!("skipped: no ATTUNE_DATA");
        return;
    }
    for (name, development) in [("written on (id % 4 = 0)", true), ("held out (id % 4 = 2)", false)] {
        let utterances = annomi(file.clone(), development);
        println!("\nAnnoMI, {name}: {} therapist utterances", utterances.len());
        let (agree, kappa) = compare(&utterances);
        println!("agreement {agree:.3}, Cohen's kappa {kappa:.3} (experts among themselves: Fleiss .74 on 4 classes)");
        // Measured .64 and .54 on the held-out half when this was written; a real loss should be noticed.
        assert!(kappa > 0.5, "{name}: kappa {kappa:.3}");
    }
}
