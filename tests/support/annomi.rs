//! AnnoMI's transcripts with what most of its coders say, for tests that measure on them.

#![allow(dead_code, reason = "each test reads what it measures")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use attune::markers::SpokenTurn;
use attune::time::{SessionTime, Span};
use attune::track::Who;
use attune::transcript::count_words;

use crate::voices::WORDS_PER_SEC;

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
    /// How many coders gave each `client_talk_type`.
    talk_types: BTreeMap<String, usize>,
}

impl Line {
    /// Most coders call it speaking for no change.
    pub fn is_sustain_talk(&self) -> bool {
        self.talk_types.iter().max_by_key(|(_, count)| **count).is_some_and(|(label, _)| label == "sustain")
    }
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

impl Talk {
    /// Turns as the transcript has them, in the order of lines; ends from the words, at most where the next turn begins.
    pub fn turns(&self) -> Vec<SpokenTurn> {
        let turn = |(at, line): (usize, &Line)| {
            // Times are whole seconds: neighbours may share one.
            let next = self.lines.get(at + 1).map_or(f64::INFINITY, |next| next.secs);
            let words = f64::from(count_words(&line.text));
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

/// Every transcript once; `None` without the data.
pub fn annomi() -> Option<Vec<Talk>> {
    let data = std::env::var_os("ATTUNE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let mut reader = csv::Reader::from_path(data.join("therapy_text/AnnoMI-full.even_transcripts.csv")).ok()?;
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let [quality, id, topic, utterance, who, stamp, said, main, question, talk] = [
        "mi_quality",
        "transcript_id",
        "topic",
        "utterance_id",
        "interlocutor",
        "timestamp",
        "utterance_text",
        "main_therapist_behaviour",
        "question_subtype",
        "client_talk_type",
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
        let line = Line {
            who,
            secs: secs(&row[stamp]),
            text: row[said].to_owned(),
            is_open_question: false,
            talk_types: BTreeMap::new(),
        };
        let (line, all, open) = lines.entry(row[utterance].parse().unwrap()).or_insert((line, 0, 0));
        *line.talk_types.entry(row[talk].to_owned()).or_default() += 1;
        *all += 1;
        *open += usize::from(&row[main] == "question" && &row[question] == "open");
    }
    let told = |(id, (is_high, topic, lines)): (u32, (bool, String, Lines))| {
        let voted = |(line, all, open): (Line, usize, usize)| Line { is_open_question: 2 * open > all, ..line };
        Talk { id, is_high, topic, lines: lines.into_values().map(voted).collect() }
    };
    Some(talks.into_iter().map(told).collect())
}
