//! CHAT, as TalkBank's tools read it: the transcript with times, a line for each sentence.
//!
//! Main lines hold words as CHAT wants them. What that loses (quotes, brackets, figures of punctuation) stands on `%xtxt`
//! below the last line of a turn, and only there has the turn its time: sentences have none of their own. Codes that people
//! gave stand on `%cod`; places where a rule of the codebook holds are no coding and stand on `%xhit`.

use std::fmt::Write;

use super::Material;
use super::said::{Said, said};
use crate::track::Who;
use crate::transcript::own;

/// Marks a time in the text.
const BULLET: char = '\u{15}';

/// The transcript. Words that the profile leaves out are `www`, which is CHAT's word for that.
pub(super) fn document(material: &Material, language: &str) -> String {
    let session = &material.session;
    let all = said(material);
    let mut speakers: Vec<Who> = all.iter().map(|said| said.who).collect();
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
    let names: Vec<_> = speakers.iter().map(|who| format!("{}={}", code(*who), material.name_of(*who))).collect();
    _ = writeln!(text, "{} {}", own::CHAT, names.join(", "));
    if let Some(dyad) = &material.about.dyad {
        _ = writeln!(text, "@Situation:\tsession {} of {dyad}", material.about.id);
    }
    for said in &all {
        turn(&mut text, material, said);
        let given = material.work.marks().filter(|mark| mark.verdict == "confirm" && !mark.code.is_empty());
        let during = |start: f64, end: f64| start < said.span.end().secs_f64() && said.span.start().secs_f64() < end;
        let given = given.filter(|mark| during(mark.start_s, mark.end_s));
        codes(&mut text, "%cod", given.map(|mark| format!("${}:{}", mark.code, mark.coder)));
        let hits = session.hits.iter().filter(|hit| hit.span.overlap(said.span).is_some());
        codes(&mut text, "%xhit", hits.map(|hit| format!("${}", hit.code)));
    }
    text + "@End\n"
}

/// The lines of a turn; its time stands on the last of them.
fn turn(text: &mut String, material: &Material, said: &Said<'_>) {
    let (from, to) = material.span_millis(said.span);
    let notes: Vec<String> = said.notes.iter().map(|note| event(note)).collect();
    let mut lines = sentences(said.text);
    match (lines.last_mut(), notes.is_empty()) {
        (Some((words, _)), _) => words.extend(notes),
        (None, true) => lines.push((vec!["www".to_owned()], '.')),
        (None, false) => lines.push((["0".to_owned()].into_iter().chain(notes).collect(), '.')),
    }
    let last = lines.len() - 1;
    for (number, (words, stop)) in lines.iter().enumerate() {
        _ = write!(text, "*{}:\t{} {stop}", code(said.who), words.join(" "));
        text.push_str(&if number == last { format!(" {BULLET}{from}_{to}{BULLET}\n") } else { "\n".to_owned() });
    }
    match said.text.is_empty() && said.notes.is_empty() {
        true => *text += "%exp:\tthis export holds no words\n",
        false => _ = writeln!(text, "{}{}", own::CHAT_TEXT, said.line()),
    }
}

fn codes(text: &mut String, tier: &str, codes: impl Iterator<Item = String>) {
    let mut codes: Vec<String> = codes.collect();
    codes.sort_unstable();
    codes.dedup();
    if !codes.is_empty() {
        _ = writeln!(text, "{tier}:\t{}", codes.join(" "));
    }
}

/// Three letters.
fn code(who: Who) -> String {
    match who {
        Who::Client => "CLI".into(),
        Who::Therapist => "THE".into(),
        Who::Room => "UNK".into(),
        Who::Speaker(number) => format!("S{number:02}"),
        Who::Face(number) => format!("F{number:02}"),
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

/// `&=clears:throat`; a pause as CHAT writes it.
fn event(note: &str) -> String {
    if note.parse::<f64>().is_ok_and(|secs| secs.is_finite()) && note.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("({note})");
    }
    let words: Vec<_> = note.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "&=noted".to_owned() } else { format!("&={}", words.join(":")) }
}

/// Sentences as CHAT wants them: none of its own signs, commas apart, and one terminator, which stands beside the words.
fn sentences(text: &str) -> Vec<(Vec<String>, char)> {
    let (mut found, mut words) = (Vec::new(), String::new());
    let mut close = |words: &mut String, stop: char| {
        let own: Vec<_> = words.split_whitespace().map(|word| word.trim_matches('-')).collect();
        let mut own: Vec<String> = own.into_iter().filter(|word| !word.is_empty()).map(str::to_owned).collect();
        while own.last().is_some_and(|word| word == ",") {
            own.pop();
        }
        while own.first().is_some_and(|word| word == ",") {
            own.remove(0);
        }
        if !own.is_empty() {
            found.push((own, stop));
        }
        words.clear();
    };
    let signs: Vec<char> = text.chars().collect();
    for (at, &c) in signs.iter().enumerate() {
        // `3.5` and `e.g. this` end no sentence.
        let ends = || {
            let next = signs.get(at + 1).copied();
            let after = signs[at + 1..].iter().copied().find(|c| c.is_alphanumeric());
            next.is_none_or(|next| !is_letter(next)) && after.is_none_or(|after| !after.is_lowercase())
        };
        match c {
            '.' | '\u{2026}' | '\u{3002}' if ends() => close(&mut words, '.'),
            '?' | '\u{61F}' | '\u{FF1F}' => close(&mut words, '?'),
            '!' | '\u{FF01}' => close(&mut words, '!'),
            ',' | ';' | '\u{60C}' | '\u{FF0C}' | '\u{3001}' => words += " , ",
            '\'' | '-' | '\u{2019}' => words.push(c),
            c if is_letter(c) => words.push(c),
            _ => words.push(' '),
        }
    }
    close(&mut words, '.');
    found
}

/// Letters of all scripts with their marks; none of CHAT's own signs, no punctuation.
fn is_letter(c: char) -> bool {
    let is_sign = ('\u{2000}'..='\u{2BFF}').contains(&c)
        || ('\u{3000}'..='\u{303F}').contains(&c)
        || ('\u{A0}'..='\u{BF}').contains(&c)
        || ['\u{D7}', '\u{F7}', '\u{60C}', '\u{61B}', '\u{61F}', '\u{FF0C}', '\u{FF1F}', '\u{FF01}'].contains(&c);
    c.is_alphanumeric() || (!c.is_ascii() && !c.is_whitespace() && !c.is_control() && !is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_as_chat_wants_them() {
        for (text, expect) in [
            ("So, how was it?", "So , how was it ?"),
            ("I don't [laughs] <know>.", "I don't laughs know ."),
            ("", ""),
            ("... -- ", ""),
            ("One. Two! Three", "One .|Two !|Three ."),
            ("It was 3.5 km, e.g. far... Yes.", "It was 3 5 km , e g far .|Yes ."),
            ("\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}", "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940} ."),
            ("\u{201c}No\u{201d}, she said.", "No , she said ."),
        ] {
            let found: Vec<_> =
                sentences(text).iter().map(|(words, stop)| format!("{} {stop}", words.join(" "))).collect();
            assert_eq!(found.join("|"), expect);
        }
        assert_eq!((event("3.2").as_str(), event("clears throat").as_str()), ("(3.2)", "&=clears:throat"));
    }
}
