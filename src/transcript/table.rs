//! Tables: CSV, TSV and semicolons, with a header line, or with a map that says which column holds what.

use serde::{Deserialize, Serialize};

use super::clean::speech_and_notes;
use super::{Draft, Settings, Turn, stamp, times};
use crate::time::SessionTime;

/// Which columns of a table hold what: a header's name, or a number from 1. What is `None` is found by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnMap {
    /// Who spoke.
    pub speaker: Option<String>,
    /// What was said.
    pub text: Option<String>,
    /// Start, in seconds or `hh:mm:ss`.
    pub start: Option<String>,
    /// End, likewise.
    pub end: Option<String>,
}

impl ColumnMap {
    fn is_given(&self) -> bool {
        self.speaker.is_some() || self.text.is_some() || self.start.is_some() || self.end.is_some()
    }
}

impl std::str::FromStr for ColumnMap {
    type Err = String;

    /// `text=what,speaker=who,start=2,end=3`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut map = Self::default();
        for pair in text.split(',') {
            let (part, column) =
                pair.split_once('=').ok_or_else(|| format!("{pair:?} is not of the form part=column"))?;
            let column = Some(column.trim().to_owned()).filter(|column| !column.is_empty());
            match part.trim() {
                "speaker" => map.speaker = column,
                "text" => map.text = column,
                "start" => map.start = column,
                "end" => map.end = column,
                other => return Err(format!("{other:?} is no part of a turn: say speaker, text, start or end")),
            }
        }
        Ok(map)
    }
}

/// Where things stand in this table.
pub(super) struct Layout {
    delimiter: u8,
    has_header: bool,
    text: usize,
    speaker: Option<usize>,
    start: Option<(usize, Clock)>,
    end: Option<(usize, Clock)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    Secs,
    Millis,
    /// Seconds after the start.
    Length,
}

/// `Ok(None)`: no table. The error says which given column is not there.
pub(super) fn layout(text: &str, map: &ColumnMap, settings: &Settings) -> Result<Option<Layout>, String> {
    let Some(first) = text.lines().find(|line| !line.trim().is_empty()) else { return Ok(None) };
    let names = &settings.columns;
    for delimiter in [b'\t', b',', b';', b'|'] {
        if !first.contains(delimiter as char) {
            continue;
        }
        let header: Vec<String> = cells(first, delimiter);
        let known = |list: &[String]| list.iter().find_map(|name| header.iter().position(|cell| normal(cell) == *name));
        let mut by_name = false;
        let mut given = |column: &Option<String>| -> Result<Option<usize>, String> {
            let Some(column) = column else { return Ok(None) };
            // A number is a place, also where a cell of the first line happens to hold it.
            if let Ok(number) = column.parse::<usize>() {
                let inside = (1..=header.len()).contains(&number);
                return if inside { Ok(Some(number - 1)) } else { Err(format!("the table has no column {column:?}")) };
            }
            by_name = true;
            let place = header.iter().position(|cell| normal(cell) == normal(column));
            place.map(Some).ok_or_else(|| format!("the table has no column {column:?}"))
        };
        let (map_text, map_speaker) = (given(&map.text)?, given(&map.speaker)?);
        let (map_start, map_end) = (given(&map.start)?, given(&map.end)?);
        let found = known(&names.text);
        let Some(text_column) = map_text.or(found) else { continue };
        let seconds = |column: usize| (column, Clock::Secs);
        let millis = |list: &[String]| known(list).map(|column| (column, Clock::Millis));
        let start = map_start.map(seconds).or(millis(&names.start_ms)).or(known(&names.start).map(seconds));
        let end = map_end
            .map(seconds)
            .or(millis(&names.end_ms))
            .or(known(&names.end).map(seconds))
            .or(known(&names.duration).map(|column| (column, Clock::Length)));
        let speaker = map_speaker.or(known(&names.speaker));
        // One known name might be a sentence's word ("He said, text me"); two are a header.
        if !map.is_given() && speaker.is_none() && start.is_none() {
            continue;
        }
        let has_header = by_name || found.is_some();
        return Ok(Some(Layout { delimiter, has_header, text: text_column, speaker, start, end }));
    }
    if map.is_given() { Err("no table was found in which the given columns could be".into()) } else { Ok(None) }
}

fn cells(line: &str, delimiter: u8) -> Vec<String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(line.as_bytes());
    let first = reader.records().next().and_then(Result::ok).unwrap_or_default();
    first.iter().map(str::to_owned).collect()
}

/// A column's name in lower case, with `_` for what stands between words.
fn normal(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let name = name.trim_matches(['"', '(', ')', '[', ']', ':']);
    name.split(|c: char| c.is_whitespace() || "_-.()[]".contains(c))
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

pub(super) fn parse(text: &str, layout: &Layout, settings: &Settings) -> Draft {
    let mut draft = Draft::new(if layout.delimiter == b'\t' { "TSV" } else { "CSV" });
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(layout.has_header)
        .flexible(true)
        .delimiter(layout.delimiter)
        .from_reader(text.as_bytes());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
                draft.warn(line, "this line cannot be read as part of a table; left out");
                continue;
            }
        };
        let line = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
        let cell = |column: usize| record.get(column).map(str::trim).unwrap_or_default();
        if record.get(layout.text).is_none() {
            draft.warn(line, "this line has too few columns; left out");
            continue;
        }
        let mut bad_time = false;
        let mut time = |place: Option<(usize, Clock)>| {
            let (column, clock) = place?;
            let cell = cell(column);
            let time = if clock == Clock::Millis { stamp::millis(cell) } else { stamp::clock_or_secs(cell) };
            bad_time |= time.is_none() && !cell.is_empty();
            time
        };
        let start: Option<SessionTime> = time(layout.start);
        let end = match (time(layout.end), layout.end) {
            (Some(length), Some((_, Clock::Length))) => start.map(|start| start.shifted(length)),
            (end, _) => end,
        };
        if bad_time {
            draft.warn(line, "a time cannot be read; the text is kept without it");
        }
        let (start, span, trouble) = times(start, end);
        if let Some(trouble) = trouble {
            draft.warn(line, format!("this utterance {trouble}"));
        }
        let speaker = layout.speaker.map(cell).unwrap_or_default().trim_end_matches(':').trim().to_owned();
        let (text, notes) = speech_and_notes(cell(layout.text), &settings.notes);
        draft.push(Turn { speaker, text, span, start, notes, ..Turn::default() });
    }
    draft
}
