//! What this program's own exports say. A file that carries one of these marks is read word by word as it was written, and
//! nothing in it is guessed: export and import lose nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::clean::LONGEST_NOTE_BYTES;
use super::tiers::Interval;
use super::{Draft, Turn, stamp, times};
use crate::time::SessionTime;
use crate::track::Who;

/// First line of our WebVTT.
pub const WEBVTT: &str = "WEBVTT - Attune";
/// Line of our TextGrids: what follows `!` is a comment to Praat.
pub const TEXTGRID: &str = "item []: ! Attune";
/// Property in the header of our ELAN documents, and the kind of its tiers with turns.
pub const ELAN: (&str, &str) = ("attune.export", "utterance");
/// Begins the comment in the head of our CHAT files, behind which stands what each code is called.
pub const CHAT: &str = "@Comment:\tAttune export:";
/// Dependent tier of our CHAT files with the words exactly as they stand in the transcript.
pub const CHAT_TEXT: &str = "%xtxt:\t";
/// First columns of our table of turns.
pub const TURNS: [&str; 5] = ["session", "dyad", "day", "turn", "who"];
/// Stands for a turn whose words are not written.
pub const SPEAKS: &str = "(speaks)";

/// A turn in one line: what was said, with each note behind it in double brackets; [`SPEAKS`] for one without either.
pub fn written(text: &str, notes: &[String]) -> String {
    if text.is_empty() && notes.is_empty() {
        return SPEAKS.to_owned();
    }
    let line = |mark: &str| {
        let notes: Vec<String> = notes.iter().map(|note| bracketed(note)).collect();
        [text, mark, &notes.join(" ")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let plain = line("");
    let (read_text, read_notes) = read(&plain);
    if read_text == text && read_notes == notes { plain } else { line(TEXT_ENDS) }
}

/// Between text and notes, where the text ends as a note does.
const TEXT_ENDS: &str = "(())";

/// `((laughs))`. A bracket of the note's own at its edge stands apart.
fn bracketed(note: &str) -> String {
    let before = if note.starts_with('(') { " " } else { "" };
    let after = if note.ends_with(')') { " " } else { "" };
    format!("(({before}{note}{after}))")
}

/// Text and notes of a line that [`written`] gave.
pub(super) fn read(line: &str) -> (String, Vec<String>) {
    let mut said = line.trim();
    if said == SPEAKS {
        return (String::new(), Vec::new());
    }
    let mut notes = Vec::new();
    while let Some((before, note)) = said.strip_suffix("))").and_then(|rest| rest.rsplit_once("((")) {
        if note.is_empty() {
            said = before.trim_end();
            break;
        }
        if note.trim().is_empty() || note.trim().len() > LONGEST_NOTE_BYTES {
            break;
        }
        notes.push(note.trim().to_owned());
        said = before.trim_end();
    }
    notes.reverse();
    (said.to_owned(), notes)
}

/// Start and end of a turn.
type At = (Option<SessionTime>, Option<SessionTime>);

/// Adds a turn that [`written`] wrote, also one without words.
pub(super) fn push(draft: &mut Draft, speaker: &str, at: At, said: &str) {
    let (text, notes) = read(said);
    push_parts(draft, speaker, at, text, notes);
}

fn push_parts(draft: &mut Draft, speaker: &str, at: At, text: String, notes: Vec<String>) {
    let (start, span, trouble) = times(at.0, at.1);
    if let Some(trouble) = trouble {
        draft.warn(0, format!("turn {} {trouble}", draft.turns.len() + 1));
    }
    draft.turns.push(Turn { speaker: speaker.to_owned(), text, span, start, notes, ..Turn::default() });
}

/// Tiers of an own document: those with turns, each under its person. Lines that hold what overlaps end in a number.
pub(super) fn push_tiers(draft: &mut Draft, tiers: impl Iterator<Item = (String, Vec<Interval>)>) {
    for (speaker, intervals) in tiers {
        for interval in intervals.iter().filter(|interval| !interval.text.trim().is_empty()) {
            push(draft, &speaker, (interval.start, interval.end), &interval.text);
        }
    }
    // One tier after the other is how such files are; it is no disorder.
    draft.turns.sort_by_key(|turn| (turn.start, turn.span));
}

/// Whose turns a tier of an own TextGrid holds: `client`, `client.2`; `None` for `client.voice`, `codes` ..
pub(super) fn person_of_tier(name: &str) -> Option<&str> {
    let person = match name.rsplit_once('.') {
        Some((person, number)) if number.parse::<u32>().is_ok() => person,
        _ => name,
    };
    person.parse::<Who>().is_ok().then_some(person)
}

/// Whether this is our table of turns, with or without words.
pub(super) fn is_table(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.split(',').map(|cell| cell.trim_matches('"')).take(TURNS.len()).eq(TURNS)
}

/// Our table of turns. One that holds several sessions is read for the one that the file is named like, else the first.
pub(super) fn parse_table(text: &str, file: &str) -> Draft {
    let mut draft = Draft::new("CSV");
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let mut records = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => records.push(record),
            Err(error) => {
                let line = error.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
                draft.warn(line, "this line cannot be read as part of a table; left out");
            }
        }
    }
    let place = |name: &str| header.iter().position(|cell| cell == name);
    let wanted = draft.one_recording(records.iter().filter_map(|record| record.get(0)), file).to_owned();
    for record in records.iter().filter(|record| record.get(0) == Some(&wanted)) {
        let cell = |name: &str| place(name).and_then(|at| record.get(at)).unwrap_or_default();
        let (_, notes) = read(unguarded(cell("notes")));
        let at = (stamp::clock_or_secs(cell("start_s")), stamp::clock_or_secs(cell("end_s")));
        if at.0.is_none() {
            let line = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
            draft.warn(line, "a time cannot be read; the text is kept without it");
        }
        push_parts(&mut draft, cell("who"), at, unguarded(cell("text")).trim().to_owned(), notes);
    }
    draft
}

/// Signs with which a spreadsheet program begins a formula. A cell of free text that begins so, behind whatever apostrophes,
/// is written with one apostrophe more.
pub const FORMULA: [char; 4] = ['=', '+', '-', '@'];

fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => cell,
    }
}

/// Our tables as JSON, and `session.json`: `turns` of `who`, `start_s`, `end_s`.
pub(super) fn json(value: &Value) -> Option<Draft> {
    let turns = value.get("turns")?.as_array()?;
    let ours = value.get("sessions").is_some() || value.get("origin").is_some();
    if !ours || turns.iter().any(|turn| turn.get("who").is_none()) {
        return None;
    }
    let mut draft = Draft::new("Attune JSON");
    let at = |value: &Value, key: &str| {
        value.get(key)?.as_f64().filter(|secs| secs.abs() < 1e9).map(SessionTime::from_secs_f64)
    };
    let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    // In `session.json` notes stand in a list of their own.
    let notes = value.get("notes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let told = |note: &Value| {
        let texts = note.get("texts").and_then(Value::as_array).into_iter().flatten();
        texts.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut of_turns: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (turn, note) in notes.iter().filter_map(|note| Some((note.get("turn")?.as_u64()?, note))) {
        of_turns.entry(turn).or_default().extend(told(note));
    }
    for (number, turn) in (0_u64..).zip(turns) {
        let (_, mut told) = read(&word(turn, "notes"));
        told.extend(of_turns.remove(&number).unwrap_or_default());
        let text = word(turn, "text").trim().to_owned();
        push_parts(&mut draft, &word(turn, "who"), (at(turn, "start_s"), at(turn, "end_s")), text, told);
    }
    for note in notes.iter().filter(|note| note.get("turn").is_none_or(Value::is_null)) {
        let span = (at(note, "start_s"), at(note, "end_s"));
        push_parts(&mut draft, &word(note, "who"), span, String::new(), told(note));
    }
    draft.turns.sort_by_key(|turn| (turn.start, turn.span));
    Some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for (text, notes) in [
            ("", &[][..]),
            ("So: [what] = it (maybe)?", &[]),
            ("x", &["laughs", "3.2", "(a) b (c)"]),
            ("", &["crosstalk"]),
            ("2 * 3 )] ))", &[]),
            ("a [b (c *d ((e", &["sighs"]),
            ("a (c ((e ))", &[]),
            ("a (c ((e ))", &["sighs", "laughs"]),
            ("a (c (())", &["sighs"]),
            ("(speaks)", &["sighs"]),
        ] {
            let notes: Vec<String> = notes.iter().map(|note| (*note).to_owned()).collect();
            assert_eq!(read(&written(text, &notes)), (text.to_owned(), notes));
        }
    }

    #[test]
    fn tiers_of_people_only() {
        let of = |name| person_of_tier(name);
        assert_eq!((of("client"), of("speaker1.2"), of("face2")), (Some("client"), Some("speaker1"), Some("face2")));
        assert_eq!((of("client.voice"), of("client.voice.2"), of("codes"), of("coder.anna")), (None, None, None, None));
    }

    #[test]
    fn cells_lose_the_apostrophe_that_was_added() {
        for (cell, expect) in [("'=1", "=1"), ("''=1", "'=1"), ("'tis", "'tis"), ("a", "a"), ("'", "'")] {
            assert_eq!(unguarded(cell), expect);
        }
    }
}
