//! CHAT (.cha) of TalkBank: main lines, times in bullets, and what its codes say. (MacWhinney, "Tools for Analyzing Talk,
//! part 1: the CHAT transcription format".)

use std::collections::BTreeMap;

use super::clean::speech_and_notes;
use super::{Draft, Settings, Turn, own, stamp, times};
use crate::time::SessionTime;

/// The character before and after a bullet's times.
const BULLET: char = '\u{15}';

/// `@Begin`, or `@UTF8` and a main line.
pub(super) fn looks_like(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end).take(100);
    lines.any(|line| line == "@Begin") && text.lines().any(|line| line.starts_with('*'))
}

/// A line with the lines that go on with it, which begin with a tab.
fn whole_lines(text: &str) -> Vec<(usize, String)> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match whole.last_mut() {
            Some((_, before)) if line.starts_with('\t') => {
                before.push(' ');
                before.push_str(line.trim());
            }
            _ => whole.push((index + 1, line.to_owned())),
        }
    }
    whole
}

/// What each code is called: its role where that is one of the names a therapist or client goes by, else the code.
fn people(line: &str, settings: &Settings) -> BTreeMap<String, String> {
    let each = line.split(',').filter_map(|one| {
        let mut words = one.split_whitespace();
        let code = words.next()?;
        let role = words.next_back().unwrap_or(code);
        let known = settings.read.speaker_words.contains(&role.to_lowercase()) && role != "Participant";
        Some((code.to_owned(), if known { role.to_owned() } else { code.to_owned() }))
    });
    let named: BTreeMap<String, String> = each.collect();
    // A role that two have says nothing about which of them speaks.
    let once = |name: &String| named.values().filter(|other| *other == name).count() == 1;
    named.iter().map(|(code, name)| (code.clone(), if once(name) { name.clone() } else { code.clone() })).collect()
}

pub(super) fn parse(text: &str, settings: &Settings) -> Draft {
    let mut draft = Draft::new("CHAT");
    if let Some(names) = text.lines().find_map(|line| line.strip_prefix(own::CHAT)) {
        parse_own(text, names, &mut draft);
        return draft;
    }
    let mut names = BTreeMap::new();
    for (number, line) in whole_lines(text) {
        if let Some(participants) = line.strip_prefix("@Participants:") {
            names = people(participants, settings);
        }
        let Some(main) = line.strip_prefix('*') else { continue };
        let Some((code, said)) = main.split_once(':') else {
            draft.warn(number, "a main line without a colon after its speaker; left out");
            continue;
        };
        let (said, start, end, readable) = without_bullets(said);
        if !readable {
            draft.warn(number, "a time in this line cannot be read; the text is kept without it");
        }
        let (start, span, trouble) = times(start, end);
        if let Some(trouble) = trouble {
            draft.warn(number, format!("this utterance {trouble}"));
        }
        let (speech, mut notes) = without_codes(&said);
        let (text, more) = speech_and_notes(&speech, &settings.notes);
        notes.extend(more);
        let code = code.trim();
        let speaker = names.get(code).map_or(code, String::as_str).to_owned();
        draft.push(Turn { speaker, text, span, start, notes, ..Turn::default() });
    }
    draft
}

/// Our own export: a line for each sentence, the last of a turn with its times; below it the words exactly as they stand in
/// the transcript, which count unless somebody changed those of the main lines.
fn parse_own(text: &str, names: &str, draft: &mut Draft) {
    let names: BTreeMap<&str, &str> = names.split(',').filter_map(|one| one.trim().split_once('=')).collect();
    let mut open: Option<(String, String)> = None;
    let mut last = String::new();
    for (number, line) in whole_lines(text) {
        if let (Some(exact), Some(turn)) = (line.strip_prefix(own::CHAT_TEXT), draft.turns.last_mut()) {
            let (text, notes) = own::read(exact);
            if letters_of_main(&last) == letters(&text) {
                (turn.text, turn.notes) = (text, notes);
            }
            continue;
        }
        let Some((code, said)) = line.strip_prefix('*').and_then(|main| main.split_once(':')) else { continue };
        let (said, start, end, readable) = without_bullets(said);
        if !readable {
            draft.warn(number, "a time in this line cannot be read; the text is kept without it");
        }
        let speaker = names.get(code.trim()).copied().unwrap_or(code.trim()).to_owned();
        // Sentences without a time go on to the one that has it.
        let before = match open.take() {
            Some((other, before)) if other == speaker => before + " ",
            Some((other, before)) => {
                push_own(draft, &other, (None, None), &before);
                String::new()
            }
            None => String::new(),
        };
        let said = before + said.trim();
        if start.is_none() {
            open = Some((speaker, said));
            continue;
        }
        push_own(draft, &speaker, (start, end), &said);
        last = said;
    }
    if let Some((speaker, said)) = open {
        push_own(draft, &speaker, (None, None), &said);
    }
}

fn push_own(draft: &mut Draft, speaker: &str, at: (Option<SessionTime>, Option<SessionTime>), said: &str) {
    own::push(draft, speaker, at, own::SPEAKS);
    if said.trim() == WITHHELD {
        return;
    }
    if let Some(turn) = draft.turns.last_mut() {
        (turn.text, turn.notes) = without_codes(said);
    }
}

/// A main line whose words are not in the export.
const WITHHELD: &str = "www .";

/// Letters and digits of a main line, without those of its codes.
fn letters_of_main(said: &str) -> String {
    let is_code = |word: &&str| word.starts_with("&=") || is_pause(word);
    letters(&said.split_whitespace().filter(|word| !is_code(word)).collect::<Vec<_>>().join(" "))
}

/// Letters and digits of a text. A lone 0 says in a main line that nothing was said.
fn letters(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| *word != "0");
    words.collect()
}

/// The text, the first start and the last end of its bullets, and whether all could be read.
fn without_bullets(text: &str) -> (String, Option<SessionTime>, Option<SessionTime>, bool) {
    let (mut said, mut start, mut end, mut readable) = (String::new(), None, None, true);
    for (index, part) in text.split(BULLET).enumerate() {
        if index % 2 == 0 {
            said.push_str(part);
            continue;
        }
        let part = part.trim_start_matches("%snd:").trim();
        // Old files: `"name"_125_475`.
        let numbers = part.rsplit('"').next().unwrap_or(part).trim_start_matches('_');
        match numbers.split_once('_').and_then(|(from, to)| Some((stamp::millis(from)?, stamp::millis(to)?))) {
            Some((from, to)) => {
                start = start.or(Some(from));
                end = end.max(Some(to));
            }
            None => readable = false,
        }
    }
    (said, start, end, readable)
}

/// Words as they were said, and events and pauses as notes.
fn without_codes(text: &str) -> (String, Vec<String>) {
    let mut notes = Vec::new();
    let mut outside = String::with_capacity(text.len());
    // `[/]`, `[=! laughs]`, `[: because]`, `[*]`, `[+ exc]`.
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        outside.push_str(&rest[..at]);
        let Some(length) = rest[at..].find(']') else { break };
        if let Some(manner) = rest[at + 1..at + length].strip_prefix("=!") {
            notes.push(manner.trim().to_owned());
        }
        outside.push(' ');
        rest = &rest[at + length + 1..];
    }
    outside.push_str(rest);
    let mut words = Vec::new();
    for word in outside.split_whitespace() {
        let word = word.trim_matches(['<', '>', '⌈', '⌉', '⌊', '⌋', '‡', '„', '∆', '°', '∙', '↑', '↓']);
        if let Some(event) = word.strip_prefix("&=") {
            notes.push(event.replace([':', '_'], " "));
        } else if let Some(omitted) = word.strip_prefix('0').filter(|rest| rest.chars().all(char::is_alphabetic)) {
            // `0is` was not said; a lone `0` is a line without speech.
            let _ = omitted;
        } else if word.starts_with('+') || word.starts_with("&*") {
            // Kinds of ending (`+...`), links (`+<`), and what the other one said meanwhile (`&*INV:mhm`).
            if let Some(other) = word.strip_prefix("&*") {
                notes.push(other.to_owned());
            }
        } else if word == "xxx" || word == "yyy" || word == "www" {
            notes.push("unintelligible".to_owned());
        } else if is_pause(word) {
            notes.push(word.trim_matches(['(', ')']).to_owned());
        } else {
            // `&-um`, `&+fr`, `(be)cause`, `word@s:deu`, `stre:tched`, `com_pound`.
            let word = word.trim_start_matches("&-").trim_start_matches("&+").trim_start_matches("&~");
            let word = word.split('@').next().unwrap_or(word);
            words.push(word.replace(['(', ')'], "").replace('_', " ").replace("::", ""));
        }
    }
    let mut speech = String::new();
    for word in words.iter().filter(|word| !word.is_empty()) {
        let is_stop = word.chars().all(|c| ".?!,;".contains(c));
        if !speech.is_empty() && !is_stop {
            speech.push(' ');
        }
        speech.push_str(word);
    }
    (speech, notes)
}

/// `(.)`, `(..)`, `(1.5)`, `(1:05.2)`.
fn is_pause(word: &str) -> bool {
    word.strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .is_some_and(|inside| !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ':'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, read_text, warned};

    #[test]
    fn main_lines_bullets_and_codes() {
        let text = "@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tCLI Ann Client, INV Investigator\n\
            *INV:\thow (.) are you ? \u{15}100_900\u{15}\n\
            *CLI:\t<I like I like> [/] I &-um like (be)cause it's 0is [=! laughs] &=sighs\n\tfine +... \u{15}1000_2500\u{15}\n\
            %mor:\tpron|I\n*CLI:\txxx .\n*INV:\tWort@s:deu . \u{15}3000_x\u{15}\n@End\n";
        let found = check(
            text,
            "CHAT",
            &[
                "100-900 INV: how are you? {.}",
                "1000-2500 Client: I like I like I um like because it's fine {laughs} {sighs}",
                "?-? Client:  {unintelligible}",
                "?-? INV: Wort.",
            ],
        );
        assert_eq!(found.warnings.len(), 1);
    }

    #[test]
    fn damaged_lines_are_told() {
        assert_eq!(warned("@Begin\n*CLI no colon\n*CLI:\tyes .\n"), [2]);
        assert_eq!(read_text("@Begin\n*CLI:\t[unclosed well\n*CLI:\tyes\n").turns.len(), 2);
    }
}
