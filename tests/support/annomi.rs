//! AnnoMI's transcripts as its authors' table has them: counselling talks, and what expert coders said of each utterance.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use attune::markers::SpokenTurn;
use attune::time::{SessionTime, Span};
use attune::track::Who;

use crate::voices::WORDS_PER_SEC;

/// One talk.
pub struct Talk {
    pub id: u32,
    /// Of high quality, as the authors have it.
    pub high: bool,
    /// In the order of utterances.
    pub lines: Vec<Line>,
}

/// One utterance.
pub struct Line {
    pub who: Who,
    /// Start, in whole seconds.
    secs: f64,
    pub text: String,
    /// How many coders gave each `client_talk_type`.
    votes: BTreeMap<String, usize>,
}

impl Line {
    /// What most coders call it; of equals the last in the alphabet.
    pub fn talk_type(&self) -> &str {
        self.votes.iter().max_by_key(|(_, count)| **count).map_or("", |(label, _)| label)
    }
}

impl Talk {
    /// A turn for each line, in their order. Each lasts as its number of words lets one guess, up to the next one's start.
    pub fn turns(&self) -> Vec<SpokenTurn> {
        let turn = |(at, line): (usize, &Line)| {
            let words = line.text.split_whitespace().count() as f64;
            let next = self.lines.get(at + 1).map_or(f64::INFINITY, |next| next.secs);
            // Times are whole seconds: neighbours may share one.
            let end = (line.secs + words / WORDS_PER_SEC).min(next.max(line.secs + 0.3)).max(line.secs + 0.2);
            let span = Span::new(SessionTime::from_secs_f64(line.secs), SessionTime::from_secs_f64(end)).unwrap();
            SpokenTurn { who: line.who, span, text: line.text.clone(), confidence: 0.8 }
        };
        self.lines.iter().enumerate().map(turn).collect()
    }
}

/// The turns in the order of time, and a session that ends half a second after them.
pub fn in_time(turns: &[SpokenTurn]) -> (Vec<SpokenTurn>, Span) {
    let mut sorted = turns.to_vec();
    sorted.sort_by_key(|turn| turn.span);
    let end = sorted.iter().map(|turn| turn.span.end()).max().unwrap();
    let session = Span::new(SessionTime::ZERO, end.shifted(SessionTime::from_millis(500))).unwrap();
    (sorted, session)
}

/// The table, in the folder that `ATTUNE_DATA` names; says so where there is none.
pub fn file() -> Option<PathBuf> {
    let Some(data) = std::env::var_os("ATTUNE_DATA") else {
        println!("ATTUNE_DATA is not set: nothing was measured");
        return None;
    };
    let file = PathBuf::from(data).join("therapy_text/AnnoMI-full.even_transcripts.csv");
    if !file.is_file() {
        println!("no AnnoMI transcripts: nothing was measured");
        return None;
    }
    Some(file)
}

/// Every talk once, in the order of their numbers.
pub fn talks(file: &Path) -> Vec<Talk> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let [quality, id, utterance, who, stamp, said, label] = [
        "mi_quality",
        "transcript_id",
        "utterance_id",
        "interlocutor",
        "timestamp",
        "utterance_text",
        "client_talk_type",
    ]
    .map(column);
    let mut found: BTreeMap<u32, (bool, BTreeMap<u32, Line>)> = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let (_, lines) =
            found.entry(row[id].parse().unwrap()).or_insert_with(|| (&row[quality] == "high", BTreeMap::new()));
        let line = lines.entry(row[utterance].parse().unwrap()).or_insert_with(|| Line {
            who: if &row[who] == "therapist" { Who::Therapist } else { Who::Client },
            secs: row[stamp].split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap()),
            text: row[said].to_owned(),
            votes: BTreeMap::new(),
        });
        *line.votes.entry(row[label].to_owned()).or_default() += 1;
    }
    let talk = |(id, (high, lines)): (u32, (bool, BTreeMap<u32, Line>))| Talk {
        id,
        high,
        lines: lines.into_values().collect(),
    };
    found.into_iter().map(talk).collect()
}
