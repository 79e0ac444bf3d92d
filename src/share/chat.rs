//! CHAT, as TalkBank's tools read it: the transcript with times, and codes on dependent tiers.

use std::fmt::Write;

use super::Material;
use crate::track::Who;

/// Marks a time in the text.
const BULLET: char = '\u{15}';

/// The transcript. Without words, `xxx` (unintelligible) stands for them.
pub(super) fn document(material: &Material, language: &str) -> String {
    let session = &material.session;
    let mut speakers: Vec<Who> = session.turns.iter().map(|turn| turn.who).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let language = match language {
        "de" => "deu",
        "en" => "eng",
        _ => "und",
    };
    let mut text = format!("@UTF8\n@Begin\n@Languages:\t{language}\n");
    let people: Vec<_> =
        speakers.iter().map(|who| format!("{} {} {}", code(*who), label(material, *who), role(*who))).collect();
    _ = writeln!(text, "@Participants:\t{}", people.join(", "));
    for who in &speakers {
        _ = writeln!(text, "@ID:\t{language}|attune|{}|||||{}|||", code(*who), role(*who));
    }
    if let Some(dyad) = &material.about.dyad {
        _ = writeln!(text, "@Situation:\tsession {} of {dyad}", material.about.id);
    }
    for turn in &session.turns {
        let (from, to) = material.span_millis(turn.span);
        _ = writeln!(text, "*{}:\t{} {BULLET}{from}_{to}{BULLET}", code(turn.who), utterance(&turn.text));
        let mut codes: Vec<&str> = session
            .hits
            .iter()
            .filter(|hit| hit.span.overlap(turn.span).is_some())
            .map(|hit| hit.code.as_str())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        if !codes.is_empty() {
            let codes: Vec<_> = codes.iter().map(|code| format!("${code}")).collect();
            _ = writeln!(text, "%cod:\t{}", codes.join(" "));
        }
    }
    text + "@End\n"
}

/// Three letters.
fn code(who: Who) -> String {
    match who {
        Who::Client => "CLI".into(),
        Who::Therapist => "THE".into(),
        Who::Room => "UNK".into(),
        Who::Speaker(number) => format!("S{:02}", number.min(99)),
        Who::Face(number) => format!("F{:02}", number.min(99)),
    }
}

fn role(who: Who) -> &'static str {
    match who {
        Who::Client => "Participant",
        Who::Therapist => "Investigator",
        _ => "Unidentified",
    }
}

/// A name without spaces.
fn label(material: &Material, who: Who) -> String {
    material.name_of(who).replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// Words as CHAT wants them: none of its own signs, punctuation apart, one terminator at the end.
fn utterance(text: &str) -> String {
    let mut words = String::new();
    let mut last = '.';
    for c in text.chars() {
        match c {
            '.' | '?' | '!' => last = c,
            ',' | ';' => words += " ,",
            '\'' | '-' | '\u{2019}' => words.push(c),
            c if c.is_alphanumeric() => words.push(c),
            _ => words.push(' '),
        }
    }
    let words: Vec<_> =
        words.split_whitespace().map(|word| word.trim_matches('-')).filter(|word| !word.is_empty()).collect();
    let words = words.join(" ");
    let words = words.trim_matches([' ', ',']);
    format!("{} {last}", if words.is_empty() { "xxx" } else { words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_as_chat_wants_them() {
        for (text, expect) in [
            ("So, how was it?", "So , how was it ?"),
            ("I don't [laughs] <know>.", "I don't laughs know ."),
            ("", "xxx ."),
            ("... -- ", "xxx ."),
            ("One. Two", "One Two ."),
        ] {
            assert_eq!(utterance(text), expect);
        }
    }
}
