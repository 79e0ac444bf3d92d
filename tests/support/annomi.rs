//! AnnoMI's transcripts with what most of its coders say, for tests that measure on them.

#![allow(dead_code, reason = "each test reads what it measures")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use attune::track::Who;

/// One utterance.
pub struct Line {
    /// Whose.
    pub who: Who,
    /// Start in whole seconds.
    pub secs: f64,
    /// What was said.
    pub text: String,
    /// Most coders call it an open question of the therapist.
    pub is_open_question: bool,
}

/// One transcript.
pub struct Talk {
    /// Its number; this project reads the even ones only.
    pub id: u32,
    /// Its authors call the interview good.
    pub is_high: bool,
    /// What it is about.
    pub topic: String,
    /// In order.
    pub lines: Vec<Line>,
}

/// Every transcript once; `None` without the data.
pub fn annomi() -> Option<Vec<Talk>> {
    let data = std::env::var_os("ATTUNE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let mut reader = csv::Reader::from_path(data.join("therapy_text/AnnoMI-full.even_transcripts.csv")).ok()?;
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let [quality, id, topic, utterance, who, stamp, said, main, question] = [
        "mi_quality",
        "transcript_id",
        "topic",
        "utterance_id",
        "interlocutor",
        "timestamp",
        "utterance_text",
        "main_therapist_behaviour",
        "question_subtype",
    ]
    .map(column);
    let secs = |stamp: &str| stamp.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap());
    // Each coder has a row: the line, how many there are, and how many say "open question".
    type Lines = BTreeMap<u32, (Line, usize, usize)>;
    let mut talks: BTreeMap<u32, (bool, String, Lines)> = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let who = if &row[who] == "therapist" { Who::Therapist } else { Who::Client };
        let (_, _, lines) = talks
            .entry(row[id].parse().unwrap())
            .or_insert_with(|| (&row[quality] == "high", row[topic].to_owned(), Lines::new()));
        let line = Line { who, secs: secs(&row[stamp]), text: row[said].to_owned(), is_open_question: false };
        let (_, all, open) = lines.entry(row[utterance].parse().unwrap()).or_insert((line, 0, 0));
        *all += 1;
        *open += usize::from(&row[main] == "question" && &row[question] == "open");
    }
    let told = |(id, (is_high, topic, lines)): (u32, (bool, String, Lines))| {
        let voted = |(line, all, open): (Line, usize, usize)| Line { is_open_question: 2 * open > all, ..line };
        Talk { id, is_high, topic, lines: lines.into_values().map(voted).collect() }
    };
    Some(talks.into_iter().map(told).collect())
}
