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
        meanings: None,
        earlier: &[],
    };
    let prompt: &dyn Marker = *text::ALL.iter().find(|marker| marker.card().id == "txt.prompt").unwrap();
    let events = prompt.find(&input, &settings).unwrap();
    assert_eq!(events.len(), turns.len());
    let group = |kind: &str| GROUPS.iter().find(|(_, kinds)| kinds.contains(&kind)).unwrap().0;
    events.iter().map(|event| group(event.kind.as_deref().unwrap())).collect()
}

/// The four classes on which the experts were compared.
fn of_four(name: &str) -> &str {
    match name {
        "open question" | "closed question" => "question",
        "advice" | "information" => "input",
        other => other,
    }
}

/// Share that agrees, and Cohen's kappa, of pairs (coder, engine).
fn agreement(pairs: &[(&str, &str)]) -> (f64, f64) {
    let all = pairs.len() as f64;
    let share = |holds: &dyn Fn(&(&str, &str)) -> bool| pairs.iter().filter(|pair| holds(pair)).count() as f64 / all;
    let names: std::collections::BTreeSet<&str> = pairs.iter().flat_map(|(coder, engine)| [*coder, *engine]).collect();
    let agree = share(&|(coder, engine)| coder == engine);
    let chance: f64 =
        names.iter().map(|name| share(&|(coder, _)| coder == name) * share(&|(_, engine)| engine == name)).sum();
    (agree, (agree - chance) / (1.0 - chance))
}

/// Prints the table and gives the share that agrees and Cohen's kappa, of six groups and of four.
fn compare(utterances: &[(String, &'static str)], show: bool) -> [(f64, f64); 2] {
    let found = kinds(utterances);
    let names: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
    let pairs: Vec<(&str, &str)> = utterances.iter().zip(&found).map(|((_, label), kind)| (*label, *kind)).collect();
    let count = |coder: &str, engine: &str| pairs.iter().filter(|pair| **pair == (coder, engine)).count();
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
    for name in &names {
        let hits = count(name, name) as f64;
        let coders: usize = names.iter().map(|engine| count(name, engine)).sum();
        let engine: usize = names.iter().map(|coder| count(coder, name)).sum();
        println!(
            "{name:>16}: precision {:.2}, recall {:.2}, n {coders}",
            hits / (engine.max(1) as f64),
            hits / (coders.max(1) as f64)
        );
    }
    if show {
        for ((text, label), kind) in utterances.iter().zip(&found).filter(|((_, label), kind)| label != *kind) {
            println!("{label} as {kind}: {text}");
        }
    }
    let four: Vec<(&str, &str)> = pairs.iter().map(|(coder, engine)| (of_four(coder), of_four(engine))).collect();
    [agreement(&pairs), agreement(&four)]
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
        // `ATTUNE_SHOW_MISSES` shows what patterns are to be written for, and only that half.
        let show = development && std::env::var_os("ATTUNE_SHOW_MISSES").is_some();
        let [(agree, kappa), (agree_four, kappa_four)] = compare(&utterances, show);
        println!("six groups: agreement {agree:.3}, Cohen's kappa {kappa:.3}");
        println!(
            "question, reflection, input, other: {agree_four:.3}, {kappa_four:.3} (experts among themselves: Fleiss .74)"
        );
        // A real loss should be noticed.
        assert!(kappa > 0.5 && kappa_four > 0.55, "{name}: {kappa:.3} {kappa_four:.3}");
    }
}
