//! Codes as text for the command line, and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Code, CodeSpeaker, Codebook, Modality, Observability, Polarity, Status, View};
use crate::rules::in_words;

/// Whether text may carry terminal colours. Colour stands for polarity, never for the axial name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Plain text.
    Plain,
    /// ANSI colours.
    Ansi,
}

/// Columns of a page of text.
const WIDTH: usize = 100;

/// One line per code: id, axial code, primary code, wording, observability, polarity, whether it has rules; and sums by
/// polarity.
pub fn list_table(codebook: &Codebook, paint: Paint) -> String {
    let head = ["id", "axial", "primary", "wording", "observability", "polarity", "rules"].map(str::to_owned);
    let row = |code: &Code| {
        [
            code.id.clone(),
            short(&code.axial, 24),
            short(&code.primary, 26),
            short(&code.label, 56),
            code.observability.as_str().to_owned(),
            polarity(code.polarity).to_owned(),
            if code.rules.is_empty() { "no" } else { "yes" }.to_owned(),
        ]
    };
    let rows: Vec<_> = codebook.codes().map(row).collect();
    let mut widths = head.clone().map(|cell| cell.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String; 7]| {
        let padded: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut text = format!("{}\n", line(&head));
    for (code, row) in codebook.codes().zip(&rows) {
        let _ = writeln!(text, "{}", painted(&line(row), code.polarity, paint));
    }
    text.push('\n');
    let counted = || codebook.codes().filter(|code| code.same_as.is_none());
    let mut sums = Vec::new();
    for class in [Polarity::Supporting, Polarity::Straining, Polarity::ContextDependent] {
        let number = counted().filter(|code| code.polarity == class).count();
        sums.push(painted(&format!("{number} {}", polarity(class)), class, paint));
    }
    let with_rules = codebook.codes().filter(|code| !code.rules.is_empty()).count();
    let (all, distinct) = (codebook.codes().count(), counted().count());
    let _ = writeln!(text, "{all} codes ({distinct} distinct: {}), {with_rules} with rules.", sums.join(", "));
    text
}

/// Everything about one code; `None` if there is no such code.
pub fn code_page(codebook: &Codebook, id: &str, paint: Paint) -> Option<String> {
    let code = codebook.get(id)?;
    let mut page = String::new();
    let _ = writeln!(page, "{}\n", painted(&format!("{}  {}", code.id, code.label), code.polarity, paint));
    let mut line = |name: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(page, "{}", wrapped(&format!("{name:<15}"), text));
        }
    };
    line("Axial code", &code.axial);
    line("Primary code", &code.primary);
    line("Polarity", polarity(code.polarity));
    line("By", speaker(code.speaker));
    line("Shows in", &code.modality.iter().map(|&m| modality(m)).collect::<Vec<_>>().join(", "));
    line("Observability", &observability(codebook, code.observability));
    line("Status", status(code.status));
    if let Some(other) = &code.same_as {
        line("Counted as", other);
    }
    line("Definition", &code.definition.operational);
    line("How to look", &code.definition.how);
    line("Counts", &code.definition.include.join("; "));
    line("Does not count", &code.definition.exclude.join("; "));
    line("Cannot see", &cannot_see(codebook, code).join(" "));
    line("Coder sees", &code.definition.show);
    line("PACS", &code.mapping.pacs);
    line("Attachment", &code.mapping.attachment);
    line("3RS", &code.mapping.rrs);
    line("Source", &format!("{}, {}", code.source.document, code.source.place));
    line("Rests on", &code.source.basis);
    line("Note", &code.source.note);
    line("Checked in", &code.source.checked);
    let missing: Vec<_> =
        code.markers.iter().filter(|marker| !measured(codebook, marker)).map(String::as_str).collect();
    let read: Vec<_> = code.markers.iter().filter(|marker| measured(codebook, marker)).map(String::as_str).collect();
    line("Measured", &read.join(", "));
    line("Not measured", &missing.join(", "));
    match (&code.same_as, code.rules.is_empty()) {
        (Some(other), true) => {
            let _ =
                writeln!(page, "\nIt has no rule of its own: what the rules of {other} find is counted once, there.");
        }
        (None, true) => {
            let _ = writeln!(page, "\nThe engine has no rule for this code: it never flags it.");
        }
        _ => {}
    }
    if let Some(aid) = &code.aid {
        let _ = writeln!(page, "\nWhere to look by hand");
        let _ = writeln!(page, "{}", wrapped("  ", &aid.in_words(codebook.vocabulary())));
        if !aid.note.is_empty() {
            let _ = writeln!(page, "{}", wrapped("  ", &aid.note));
        }
    }
    for rule in &code.rules {
        let class = rule.observability.unwrap_or(code.observability);
        let class = observability(codebook, class);
        let _ = writeln!(page, "\nRule {} (version {}), {class}", rule.id, rule.version);
        for sentence in in_words(rule, codebook.vocabulary()).lines() {
            let _ = writeln!(page, "{}", wrapped("  ", sentence));
        }
        let blind: Vec<_> = rule.markers().into_iter().filter(|marker| !measured(codebook, marker)).collect();
        if !blind.is_empty() {
            let _ = writeln!(
                page,
                "{}",
                wrapped("  ", &format!("Blind for {}: the engine does not measure it.", blind.join(", ")))
            );
        }
        for example in &rule.examples {
            let found = if example.hits_ms.is_empty() { "not found" } else { "found" };
            let _ = writeln!(page, "{}", wrapped("  ", &format!("Example ({found}): {}", example.name)));
        }
    }
    Some(page)
}

/// All codes as JSON: a list with what [`list_table`] shows, in full.
pub fn list_json(codebook: &Codebook) -> Value {
    codebook
        .codes()
        .map(|code| {
            json!({
                "id": code.id,
                "axial": code.axial,
                "primary": code.primary,
                "label": code.label,
                "observability": code.observability,
                "cap": cap(codebook, code.observability),
                "polarity": code.polarity,
                "status": code.status,
                "same_as": code.same_as,
                "rules": code.rules.len(),
            })
        })
        .collect()
}

/// A view as JSON: its name, note and groups with the ids of their codes.
pub fn view_json(view: &View, codebook: &Codebook) -> Value {
    let ids = |codes: Vec<&Code>| codes.into_iter().map(|code| code.id.clone()).collect::<Vec<_>>();
    let groups: Vec<Value> =
        view.grouped(codebook).into_iter().map(|(name, codes)| json!({ "name": name, "codes": ids(codes) })).collect();
    json!({ "name": view.name, "note": view.note, "groups": groups })
}

/// One code as JSON: the whole file, its cap, and each rule in words under `rules_in_words`; `None` if there is no such
/// code.
pub fn code_json(codebook: &Codebook, id: &str) -> Option<Value> {
    let code = codebook.get(id)?;
    let mut value = serde_json::to_value(code).ok()?;
    let words = |rule| in_words(rule, codebook.vocabulary()).lines().map(str::to_owned).collect::<Vec<_>>();
    let fields = value.as_object_mut()?;
    fields.insert("cap".into(), json!(cap(codebook, code.observability)));
    fields.insert("rules_in_words".into(), code.rules.iter().map(words).collect());
    Some(value)
}

pub(super) fn measured(codebook: &Codebook, marker: &str) -> bool {
    codebook.vocabulary().markers.get(marker).is_some_and(|term| term.measured)
}

/// What the rules of a code cannot see, in sentences: told by what they read.
pub(super) fn cannot_see(codebook: &Codebook, code: &Code) -> Vec<&'static str> {
    let read: Vec<&str> = code.rules.iter().flat_map(|rule| rule.markers()).collect();
    let reads = |start: &str| read.iter().any(|marker| marker.starts_with(start));
    let mut said = Vec::new();
    if reads("txt.") {
        said.push("Words are found by patterns: irony, quotes and the same thing in other words are not.");
    }
    if reads("txt.") && !reads("aud.") && !reads("vid.") {
        said.push("It rests on words alone: voice and face are left to the coder.");
    }
    if reads("aud.") {
        said.push("A length, a pause or a louder voice has no meaning by itself.");
    }
    if reads("vid.") {
        said.push("A movement of face or body is not a feeling.");
    }
    if code.observability == Observability::Weak {
        said.push("The wording of the code asks for more than any of this shows.");
    }
    if code.rules.iter().any(|rule| rule.markers().iter().any(|marker| !measured(codebook, marker))) {
        said.push("Some of what it would read is not measured.");
    }
    said
}

/// The cap as a decimal number that reads as in the settings file.
pub(super) fn cap(codebook: &Codebook, class: Observability) -> f64 {
    (f64::from(codebook.caps().of(class)) * 1000.0).round() / 1000.0
}

fn observability(codebook: &Codebook, class: Observability) -> String {
    match class {
        Observability::CoderOnly => "coder only: never flagged".to_owned(),
        _ => format!("{}, confidence shown at most {}", class.as_str(), cap(codebook, class)),
    }
}

pub(super) fn polarity(polarity: Polarity) -> &'static str {
    match polarity {
        Polarity::Supporting => "supporting",
        Polarity::Straining => "straining",
        Polarity::ContextDependent => "context-dependent",
    }
}

pub(super) fn speaker(speaker: CodeSpeaker) -> &'static str {
    match speaker {
        CodeSpeaker::Client => "client",
        CodeSpeaker::Therapist => "therapist",
        CodeSpeaker::Both => "client or therapist",
    }
}

pub(super) fn modality(modality: Modality) -> &'static str {
    match modality {
        Modality::Verbal => "words",
        Modality::Timing => "timing",
        Modality::NonverbalAudio => "voice",
        Modality::NonverbalVideo => "face and body",
        Modality::Combination => "other codes",
    }
}

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Draft => "draft: no rule runs",
        Status::Trial => "trial: rules run, not yet checked against coders",
        Status::Stable => "stable: checked against coders",
        Status::Retired => "retired: rules no longer run",
    }
}

fn painted(text: &str, class: Polarity, paint: Paint) -> String {
    // Blue and orange stay apart for most colour-blind readers.
    let colour = match class {
        Polarity::Supporting => "34",
        Polarity::Straining => "38;5;208",
        Polarity::ContextDependent => "90",
    };
    match paint {
        Paint::Plain => text.to_owned(),
        Paint::Ansi => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
    }
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// `text` after `head`, further lines indented by as much.
fn wrapped(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map(|line| line.chars().count()).unwrap_or_default();
        if line > 0 && indent + line + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    format!("{head}{}", lines.join(&format!("\n{}", " ".repeat(indent))))
}
