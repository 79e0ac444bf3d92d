//! What is in a line besides speech: mark-up, brackets with notes, and the speaker's name before the colon.

use std::collections::{BTreeMap, BTreeSet};

use super::{NoteWords, ReadLimits, Settings};

/// Speech with notes taken out, white space made single, and the notes.
pub(super) fn speech_and_notes(text: &str, words: &NoteWords) -> (String, Vec<String>) {
    let mut speech = String::with_capacity(text.len());
    let mut notes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['(', '[', '*']) {
        let (before, from) = rest.split_at(at);
        speech.push_str(before);
        match bracket(from) {
            Some((inside, double, len)) if is_note(inside, from, double, words) => {
                // Double brackets stand for the whole note wherever it is written.
                let (mut note, mut last) = (String::new(), ' ');
                for c in inside.chars() {
                    if c != last || !['(', ')'].contains(&c) {
                        note.push(c);
                    }
                    last = c;
                }
                notes.extend(Some(plain(&note)).filter(|note| !note.is_empty()));
                speech.push(' ');
                rest = &from[len..];
            }
            Some((_, _, len)) => {
                speech.push_str(&from[..len]);
                rest = &from[len..];
            }
            None => {
                speech.push_str(&from[..1]);
                rest = &from[1..];
            }
        }
    }
    speech.push_str(rest);
    let speech = plain(&speech);
    // "(laughs)." leaves a lonely full stop, which is no speech.
    let speech = if speech.chars().any(char::is_alphanumeric) { speech } else { String::new() };
    (speech, notes)
}

/// White space made single, without characters that no document can hold.
pub(super) fn plain(text: &str) -> String {
    let is_held = |c: &char| c.is_whitespace() || !(c.is_control() || ('\u{FFFE}'..='\u{FFFF}').contains(c));
    let text: String = text.chars().filter(is_held).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text of conversation analysts (GAT 2, Jefferson) without their marks: brackets around what overlaps, `<<f> ..>` around
/// what is loud, `:` in long vowels, `=` between what is latched, `°h` for breath, `(-)` for a short pause.
pub(super) fn without_marks(text: &str, words: &NoteWords) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', ']', '<', '>', '=', '°', ':', '(']) {
        said.push_str(&rest[..at]);
        let from = &rest[at..];
        let inside = if from.starts_with(['[', '(']) { bracket(from) } else { None };
        let (kept, gone) = match inside {
            // Notes and names stay as they are, for the next reader.
            Some((inside, double, len))
                if double
                    || holds(&words.words, &inside.to_lowercase())
                    || (is_anonymised(inside, words) && !touches_word(&said, &from[len..])) =>
            {
                (&from[..len], len)
            }
            Some((inside, _, len)) if from.starts_with('(') && inside.chars().all(|c| c == '-' || c == '.') => {
                ("", len)
            }
            _ if from.starts_with("<<") => {
                let near = &from[..from.floor_char_boundary(LONGEST_NOTE_BYTES)];
                ("", near.find('>').map_or(2, |end| end + 1))
            }
            _ if from.starts_with('°') => {
                ("", '°'.len_utf8() + from.chars().skip(1).take_while(|c| *c == 'h').count())
            }
            _ if from.starts_with('=') => (" ", 1),
            // `10:30` is a time, and a round bracket no mark.
            _ if from.starts_with('(') || from[1..].starts_with(|c: char| c.is_ascii_digit()) => (&from[..1], 1),
            _ => ("", 1),
        };
        said.push_str(kept);
        rest = &from[gone..];
    }
    said.push_str(rest);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a bracket between these stands inside a word, as only marks of overlap do.
fn touches_word(before: &str, after: &str) -> bool {
    before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric)
}

/// No note is longer, in bytes; a bracket that does not close within it is speech (and costs no search to the end).
pub(super) const LONGEST_NOTE_BYTES: usize = 400;

/// The bracket that `text` starts with: what is inside, whether it is a double round one, and its length in bytes.
fn bracket(text: &str) -> Option<(&str, bool, usize)> {
    // Two brackets on either side, and the spaces that part them from brackets of the note's own.
    let text = &text[..text.floor_char_boundary(LONGEST_NOTE_BYTES + 6)];
    if let Some(inside) = text.strip_prefix("((")
        && let Some(end) = inside.find("))")
        && inside[..end].trim().len() <= LONGEST_NOTE_BYTES
    {
        return Some((&inside[..end], true, end + 4));
    }
    let close = match text.as_bytes().first()? {
        b'(' => ')',
        b'[' => ']',
        _ => '*',
    };
    let end = text[1..].find(close).filter(|end| *end <= LONGEST_NOTE_BYTES)?;
    Some((&text[1..1 + end], false, end + 2))
}

/// Whether a list has one of the words of a text in lower case.
fn holds(list: &[String], lower: &str) -> bool {
    if !lower.contains(char::is_alphanumeric) {
        return false;
    }
    let padded = format!(" {} ", lower.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>().join(" "));
    list.iter().any(|word| padded.contains(&format!(" {word} ")))
}

/// `[NAME]`, `[name of the town]`.
fn is_anonymised(inside: &str, words: &NoteWords) -> bool {
    let capitals = inside.chars().any(char::is_uppercase) && !inside.chars().any(char::is_lowercase);
    capitals || holds(&words.anonymised, &inside.to_lowercase())
}

fn is_note(inside: &str, from: &str, double: bool, words: &NoteWords) -> bool {
    if double {
        return true;
    }
    let lower = inside.to_lowercase();
    let holds = |list: &[String]| holds(list, &lower);
    match from.as_bytes().first() {
        Some(b'[') => {
            let has_letters = inside.chars().any(char::is_alphabetic);
            has_letters && (holds(&words.words) || !is_anonymised(inside, words))
        }
        Some(b'(') => {
            let is_pause = !inside.trim().is_empty()
                && inside.chars().all(|c| c.is_ascii_digit() || ".,s ".contains(c))
                && (inside.trim() == "." || inside.contains(|c: char| c.is_ascii_digit()));
            is_pause || holds(&words.words)
        }
        _ => holds(&words.words),
    }
}

/// Cue text without `<b>`, `<c.colour>`, `<00:17.500>` and with `&amp;` and its kin decoded.
pub(super) fn without_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        let opens = inside.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/' || c == '!');
        if !opens {
            plain.push('<');
            rest = inside;
            continue;
        }
        match inside.find('>') {
            Some(end) => rest = &inside[end + 1..],
            None => {
                rest = &rest[at..];
                break;
            }
        }
    }
    plain.push_str(rest);
    if !plain.contains('&') {
        return plain;
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", " "),
        ("&lrm;", ""),
        ("&rlm;", ""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(plain, |text, (entity, letter)| text.replace(entity, letter))
}

/// Splits `Name: text`, if what stands before the first colon could be a name.
pub(super) fn label<'a>(line: &'a str, limits: &ReadLimits) -> Option<(&'a str, &'a str)> {
    let (name, text) = line.split_once(':')?;
    let name = name.trim().trim_matches('*').trim();
    let letters = name.chars().any(char::is_alphabetic);
    let allowed = name.chars().all(|c| c.is_alphanumeric() || " .'’_-#&/()".contains(c));
    let starts = name.chars().next().is_some_and(char::is_alphanumeric);
    let short =
        name.chars().count() <= limits.label_max_chars && name.split_whitespace().count() <= limits.label_max_words;
    let spaced =
        text.is_empty() || text.starts_with(char::is_whitespace) || text.starts_with(['[', '(', '"', '*']) || letters;
    // "10:30 is fine" and "http://..." are no speakers.
    let is_time = text.starts_with(|c: char| c.is_ascii_digit()) && name.ends_with(|c: char| c.is_ascii_digit());
    (letters && allowed && starts && short && spaced && !is_time && !text.starts_with("//"))
        .then(|| (name, text.trim_start_matches('*').trim()))
}

/// The names of a file that are believed to be speakers.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// As written → as kept ("T1" → "T" where the number only counts turns).
    kept: BTreeMap<String, String>,
}

impl Names {
    /// From every line that has the shape `Name: text`.
    pub fn of<'a>(labels: impl Iterator<Item = &'a str>, settings: &Settings) -> Self {
        let limits = &settings.read;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut total = 0;
        for name in labels {
            *counts.entry(name).or_default() += 1;
            total += 1;
        }
        let mut numbered: BTreeMap<&str, usize> = BTreeMap::new();
        for name in counts.keys() {
            *numbered.entry(stem(name)).or_default() += 1;
        }
        let speakers: BTreeSet<&str> = limits.speaker_words.iter().map(String::as_str).collect();
        let mut kept = BTreeMap::new();
        for (name, count) in &counts {
            // T1, C1, T2, C2 ...: the number counts turns, not people. "Speaker 1" and "Speaker 2" each recur.
            let counts_turns = stem(name) != *name && *count == 1 && numbered.get(stem(name)).is_some_and(|n| *n >= 3);
            let known = speakers.contains(stem(&name.to_lowercase()).trim());
            if counts_turns {
                kept.insert((*name).to_owned(), stem(name).trim().to_owned());
            } else if *count >= limits.label_min_repeats || known || total <= limits.label_few_lines {
                kept.insert((*name).to_owned(), (*name).to_owned());
            }
        }
        Self { kept }
    }

    /// The speaker of this name; `None` if it is not believed to be one.
    pub fn speaker(&self, name: &str) -> Option<&str> {
        self.kept.get(name).map(String::as_str)
    }

    /// Whether nobody was found.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

/// A name without a number at its end.
fn stem(name: &str) -> &str {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches([' ', '#', '_', '-']);
    if stem.is_empty() { name } else { stem }
}
