//! Transcripts in, turns with speaker and time out. One file per format.
//!
//! [`read`] finds the format by content, not by the file's ending, and keeps what can be read of a damaged file: each
//! bad line becomes a warning with its number.

mod activity;
mod by_order;
mod chat;
mod clean;
mod cues;
mod decode;
mod docx;
mod elan;
mod json;
pub mod onto_clock;
pub mod own;
mod plain;
mod stamp;
mod stm;
mod table;
mod textgrid;
mod tiers;
pub mod told;
mod turns_only;
mod words;
mod xml;

use std::collections::BTreeSet;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{SessionTime, Span};
use crate::track::Who;

pub use table::ColumnMap;

/// One turn of the transcript as its author divided it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// The speaker's name as written, without a trailing colon; empty if the transcript names nobody.
    pub speaker: String,
    /// What was said, without mark-up; nonverbal notes such as `((laughs))` are taken out and kept in `notes`. Empty
    /// for a turn that holds notes only.
    pub text: String,
    /// When, on the transcript's own clock (zero = start of the recording unless an offset is given);
    /// `None` if the transcript does not give both a start and a later end.
    pub span: Option<Span>,
    /// When it starts, also where the transcript gives no (usable) end; `None` if it gives no start.
    pub start: Option<SessionTime>,
    /// Nonverbal notes of the transcriber, in order, without their brackets.
    pub notes: Vec<String>,
    /// Words that have times of their own, in order, as recognisers write them; empty in other formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timed: Vec<TimedWord>,
}

/// A word of a turn with times of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimedWord {
    /// Characters of the turn's text before it, and before what follows it.
    pub chars: (usize, usize),
    /// When, on the transcript's own clock.
    pub span: Span,
    /// How sure the recogniser is of the word, 0 to 1; `None` if it does not say.
    pub confidence: Option<f32>,
}

impl Turn {
    /// Number of words: runs without white space that hold at least one letter or digit.
    pub fn words(&self) -> u32 {
        count_words(&self.text)
    }
}

/// Number of words of a text: runs without white space that hold at least one letter or digit.
pub fn count_words(text: &str) -> u32 {
    let is_word = |word: &&str| word.chars().any(char::is_alphanumeric);
    u32::try_from(text.split_whitespace().filter(is_word).count()).unwrap_or(u32::MAX)
}

/// A whole transcript, in the order of the file (which is the order of start where there are times).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Transcript {
    /// Which reader read it, e.g. `WebVTT`.
    pub format: String,
    /// Turns in order.
    pub turns: Vec<Turn>,
    /// What was wrong with the file while the rest could be read: line number (from 1; 0 = the whole file) and a
    /// sentence.
    pub warnings: Vec<(usize, String)>,
}

impl Transcript {
    /// Whether anything was written down of what was said; some files hold only who spoke when.
    pub fn has_words(&self) -> bool {
        self.turns.iter().any(|turn| !turn.text.is_empty() || !turn.notes.is_empty())
    }

    /// The speakers' names as written, in order of first appearance, each once; the empty name is left out.
    pub fn speakers(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let names = self.turns.iter().map(|turn| turn.speaker.as_str());
        names.filter(|name| !name.is_empty() && seen.insert(*name)).collect()
    }
}

/// A turn on the session clock, with the person who spoke it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpokenTurn {
    /// Who spoke.
    pub who: Who,
    /// When, on the session clock.
    #[serde(flatten)]
    pub span: Span,
    /// What was said.
    pub text: String,
    /// How sure the time is, 0 to 1: 1 = from the transcript and in agreement with the voice.
    pub confidence: f32,
}

/// Why a transcript could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TranscriptError {
    /// Not there, not readable.
    #[error("cannot read the transcript ({source}): check that the file exists and may be read: {file}")]
    Unreadable {
        /// File name.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing in it looks like a known format.
    #[error("{what}: {advice}: {file}")]
    Unusable {
        /// What is wrong.
        what: String,
        /// What to do.
        advice: &'static str,
        /// File name.
        file: String,
    },
}

/// `[read]` of `config/transcript.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadLimits {
    /// Largest file, in bytes.
    pub max_bytes: u64,
    /// Most lines of a file.
    pub max_lines: usize,
    /// Most commas, braces and square brackets of a JSON file.
    pub max_json_parts: usize,
    /// Longest speaker name, in characters.
    pub label_max_chars: usize,
    /// Longest speaker name, in words.
    pub label_max_words: usize,
    /// How often a name must occur to count as a speaker's.
    pub label_min_repeats: usize,
    /// In files with at most this many named lines every name counts.
    pub label_few_lines: usize,
    /// Names that count even if they occur once, in lower case.
    pub speaker_words: Vec<String>,
    /// Single words further apart than this are two turns, in seconds.
    pub word_gap_secs: f64,
}

/// `[tiers]` of `config/transcript.toml`: what tiers of TextGrid and ELAN files are called, in lower case, without a plural s.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierNames {
    /// Whole utterances.
    pub utterances: Vec<String>,
    /// Single words.
    pub words: Vec<String>,
    /// Not what people said.
    pub not_speech: Vec<String>,
}

/// `[notes]` of `config/transcript.toml`: what in brackets is a transcriber's note.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteWords {
    /// Words that make a bracket a note, in lower case.
    pub words: Vec<String>,
    /// Words that make a bracket anonymised speech, in lower case.
    pub anonymised: Vec<String>,
}

/// `[columns]` of `config/transcript.toml`: names of table columns.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnNames {
    /// Who spoke.
    pub speaker: Vec<String>,
    /// What was said.
    pub text: Vec<String>,
    /// Start, in seconds or `hh:mm:ss`.
    pub start: Vec<String>,
    /// End, likewise.
    pub end: Vec<String>,
    /// Length in seconds.
    pub duration: Vec<String>,
    /// Start in milliseconds.
    pub start_ms: Vec<String>,
    /// End in milliseconds.
    pub end_ms: Vec<String>,
}

/// `config/transcript.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Limits and speaker names.
    pub read: ReadLimits,
    /// Brackets.
    pub notes: NoteWords,
    /// Tables.
    pub columns: ColumnNames,
    /// Tiers.
    pub tiers: TierNames,
    /// Laying turns on the session clock.
    pub onto_clock: onto_clock::ClockSettings,
}

const KNOWN: &str = "give it as WebVTT, SRT, ELAN, TextGrid, CHAT, STM, CTM, RTTM, a recogniser's JSON, a Word document, CSV/TSV with a \
     header line, or plain text with \"Name: what was said\" lines";

/// Reads a transcript from a file. `columns` says which columns of a table hold what, where their names do not.
///
/// # Errors
/// [`TranscriptError`]: the file cannot be read, is too large, empty, binary, or of no known format.
pub fn read(path: &Path, columns: &ColumnMap, settings: &Settings) -> Result<Transcript, TranscriptError> {
    let file = path.display().to_string();
    let unreadable = |source| TranscriptError::Unreadable { file: file.clone(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > settings.read.max_bytes {
        let what = format!("this file of {size} bytes is too large for a transcript");
        return Err(TranscriptError::Unusable {
            what,
            advice: "check that it is the transcript, or raise read.max_bytes in transcript.toml",
            file,
        });
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    parse(&bytes, &file, columns, settings)
}

/// The text of a file in whatever encoding, with `\n` line ends, and a sentence where the encoding was guessed.
///
/// # Errors
/// In words: what the file is instead of text.
pub fn text_of_bytes(bytes: &[u8]) -> Result<(String, Option<String>), String> {
    let decoded = decode::decode(bytes).map_err(|(what, advice)| format!("{what}: {advice}"))?;
    Ok((decoded.text, decoded.warning))
}

/// Reads a transcript from the bytes of a file; `file` is its name, for messages and for STM files that hold several
/// recordings.
///
/// # Errors
/// [`TranscriptError::Unusable`]: empty, binary, or of no known format.
pub fn parse(
    bytes: &[u8],
    file: &str,
    columns: &ColumnMap,
    settings: &Settings,
) -> Result<Transcript, TranscriptError> {
    let unusable = |what: String, advice| TranscriptError::Unusable { what, advice, file: file.to_owned() };
    if docx::looks_like(bytes) {
        let draft = docx::parse(bytes, columns, settings).map_err(|(what, advice)| unusable(what, advice))?;
        return finished(draft, None, file);
    }
    let decoded = decode::decode(bytes).map_err(|(what, advice)| unusable(what, advice))?;
    let text = decoded.text.as_str();
    if text.trim().is_empty() {
        return Err(unusable("the transcript is empty".into(), "check that the right file was given"));
    }
    too_many(text, &settings.read).map_or(Ok(()), |what| {
        Err(unusable(what, "check that it is the transcript, or raise that number in transcript.toml"))
    })?;
    let draft = if cues::is_webvtt(text) {
        cues::parse(text, cues::Kind::WebVtt, settings)
    } else if cues::has_arrows(text) {
        cues::parse(text, cues::Kind::Srt, settings)
    } else if cues::has_sbv_times(text) {
        cues::parse(text, cues::Kind::Sbv, settings)
    } else if elan::looks_like(text) {
        elan::parse(text, settings)
    } else if textgrid::looks_like(text) {
        textgrid::parse(text, settings)
    } else if json::looks_like(text) {
        json::parse(text, settings).map_err(|what| unusable(what, KNOWN))?
    } else if chat::looks_like(text) {
        chat::parse(text, settings)
    } else if turns_only::looks_like_rttm(text) {
        turns_only::parse_rttm(text, file)
    } else if turns_only::looks_like_ctm(text) {
        turns_only::parse_ctm(text, file, settings)
    } else if stm::looks_like(text) {
        stm::parse(text, file, settings)
    } else if own::is_table(text) {
        own::parse_table(text, file)
    } else if let Some(layout) = table::layout(text, columns, settings).map_err(|what| {
        unusable(what, "name the columns as they stand in the file's first line, or by number from 1")
    })? {
        table::parse(text, &layout, settings)
    } else if plain::looks_like(text, settings) {
        plain::parse(text, settings)
    } else {
        return Err(unusable("this is no transcript of a known format".into(), KNOWN));
    };
    finished(draft, decoded.warning, file)
}

/// What a file has too many of: small parts cost many times their bytes in memory.
fn too_many(text: &str, limits: &ReadLimits) -> Option<String> {
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    if lines > limits.max_lines {
        return Some(format!("{lines} lines are too many for a transcript (read.max_lines is {})", limits.max_lines));
    }
    let is_part = |byte: &u8| matches!(byte, b',' | b'{' | b'[');
    let parts = if json::looks_like(text) { text.bytes().filter(is_part).count() } else { 0 };
    (parts > limits.max_json_parts).then(|| {
        let most = limits.max_json_parts;
        format!("JSON of {parts} parts has too many for a transcript (read.max_json_parts is {most})")
    })
}

/// The transcript, if there is a turn in it.
fn finished(draft: Draft, warning: Option<String>, file: &str) -> Result<Transcript, TranscriptError> {
    let mut transcript = draft.finish(warning);
    if transcript.turns.is_empty() {
        let what = match transcript.warnings.first() {
            Some((line, first)) => {
                format!("no turn could be read from this {} file (line {line}: {first})", transcript.format)
            }
            None => format!("there is no turn in this {} file", transcript.format),
        };
        let file = file.to_owned();
        return Err(TranscriptError::Unusable { what, advice: "check that the file is complete", file });
    }
    transcript.warnings.sort_by_key(|(line, _)| *line);
    Ok(transcript)
}

/// What a format's reader hands over.
#[derive(Debug, Default)]
struct Draft {
    format: &'static str,
    /// First line of each turn, and the turn.
    turns: Vec<Turn>,
    warnings: Vec<(usize, String)>,
}

impl Draft {
    fn new(format: &'static str) -> Self {
        Self { format, ..Self::default() }
    }

    fn warn(&mut self, line: usize, sentence: impl Into<String>) {
        self.warnings.push((line, sentence.into()));
    }

    /// The recording to read of a file that holds several: the one the file is named like, else the first.
    fn one_recording<'a>(&mut self, names: impl Iterator<Item = &'a str>, file: &str) -> &'a str {
        let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut names = names.peekable();
        let first = names.peek().copied();
        let recordings: BTreeSet<&str> = names.collect();
        let wanted = recordings.get(stem.as_str()).copied().or(first).unwrap_or_default();
        if recordings.len() > 1 {
            self.warn(
                0,
                format!(
                    "the file holds {} recordings; only one is read: to choose, name the file like it: {wanted}",
                    recordings.len()
                ),
            );
        }
        wanted
    }

    /// Adds a turn unless there is nothing in it.
    fn push(&mut self, turn: Turn) {
        if !turn.text.is_empty() || !turn.notes.is_empty() {
            self.turns.push(turn);
        }
    }

    /// Puts turns into the order of their starts where all have one.
    fn finish(mut self, warning: Option<String>) -> Transcript {
        let starts: Option<Vec<SessionTime>> = self.turns.iter().map(|turn| turn.start).collect();
        if starts.is_some_and(|starts| !starts.is_sorted()) {
            self.warn(0, "turns were not in the order of their start times and have been sorted");
            self.turns.sort_by_key(|turn| turn.start);
        }
        if let Some(warning) = warning {
            self.warn(0, warning);
        }
        Transcript { format: self.format.to_owned(), turns: self.turns, warnings: self.warnings }
    }
}

/// Start and end as a turn keeps them; the sentence says what was wrong with them.
fn times(
    start: Option<SessionTime>,
    end: Option<SessionTime>,
) -> (Option<SessionTime>, Option<Span>, Option<&'static str>) {
    match (start, end) {
        (Some(start), Some(end)) => match Span::new(start, end) {
            Some(span) => (Some(start), Some(span), None),
            None => (Some(start), None, Some("ends before it starts; its end is taken as unknown")),
        },
        (start, _) => (start, None, None),
    }
}

#[cfg(test)]
mod tests;
