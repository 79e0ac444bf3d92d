//! The codebook as pages for people: one per axial code, and a list of all. Generated into `docs/codebook/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::show::{cannot_see, cap, measured, modality, polarity, speaker, status};
use super::{Code, Codebook, Observability};
use crate::rules::in_words;

/// Every page's file name and text, the list first.
pub fn pages(codebook: &Codebook) -> Vec<(String, String)> {
    let mut by_axial: BTreeMap<&str, Vec<&Code>> = BTreeMap::new();
    for code in codebook.codes() {
        by_axial.entry(&code.axial).or_default().push(code);
    }
    let mut pages = vec![("README.md".to_owned(), list(codebook, &by_axial))];
    pages.extend(by_axial.iter().map(|(axial, codes)| (file_of(axial), page(codebook, axial, codes))));
    pages
}

/// `Intervening Conditions / Resistance` is `resistance.md`.
fn file_of(axial: &str) -> String {
    let last = axial.rsplit(" / ").next().unwrap_or(axial);
    let last = last.split('(').next().unwrap_or(last).trim();
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    format!("{}.md", last.chars().map(plain).collect::<String>())
}

const MADE: &str =
    "<!-- Made from config/codebook by the test `codes`: ATTUNE_WRITE_DOCS=1 cargo test --test codes -->\n";

fn list(codebook: &Codebook, by_axial: &BTreeMap<&str, Vec<&Code>>) -> String {
    let mut text = format!("{MADE}\n# The codebook ({})\n\n", codebook.title());
    text.push_str(
        "The paper's codes in its own words, with how the engine looks for each. Nothing here is a finding: a rule flags a place, a\n\
         coder says what it is. `attune codebook show CODE` prints the same for one code.\n\n\
         Seen: **direct** = the definition itself is a signal fact; **proxy** = a signal fact that usually comes with it; **weak** =\n\
         better than nothing for ordering; **coder only** = never flagged, with moments to look at by hand.\n",
    );
    for (axial, codes) in by_axial {
        let file = file_of(axial);
        let _ =
            write!(text, "\n## [{axial}]({file})\n\n| id | wording | seen | says | rules |\n|---|---|---|---|---|\n");
        for code in codes {
            let rules = match (&code.same_as, &code.aid, code.rules.len()) {
                (Some(other), ..) => format!("as {other}"),
                (None, Some(_), 0) => "aid".to_owned(),
                (None, _, number) => number.to_string(),
            };
            let _ = writeln!(
                text,
                "| [{}]({file}#{}) | {} | {} | {} | {rules} |",
                code.id,
                code.id,
                code.label.replace('|', "\\|"),
                class(code.observability),
                polarity(code.polarity)
            );
        }
    }
    text
}

fn class(class: Observability) -> &'static str {
    match class {
        Observability::CoderOnly => "coder only",
        other => other.as_str(),
    }
}

fn page(codebook: &Codebook, axial: &str, codes: &[&Code]) -> String {
    let mut text = format!("{MADE}\n# {axial}\n\n[All codes](README.md)\n");
    for code in codes {
        write_code(codebook, code, &mut text);
    }
    text
}

fn write_code(codebook: &Codebook, code: &Code, text: &mut String) {
    let _ = write!(text, "\n## {}\n\n**{}** ({})\n\n", code.id, code.label, code.primary);
    let mut line = |name: &str, said: &str| {
        if !said.trim().is_empty() {
            let _ = writeln!(text, "- {name}: {said}");
        }
    };
    line("Says of the alliance", polarity(code.polarity));
    line("By", speaker(code.speaker));
    line("Shows in", &code.modality.iter().map(|&one| modality(one)).collect::<Vec<_>>().join(", "));
    let shown = match code.observability {
        Observability::CoderOnly => "coder only: never flagged".to_owned(),
        seen => format!("{}, shown with a confidence of at most {}", seen.as_str(), cap(codebook, seen)),
    };
    line("Seen by a machine", &shown);
    line("Status", status(code.status));
    line("Definition", &code.definition.operational);
    line("Counts", &code.definition.include.join("; "));
    line("Does not count", &code.definition.exclude.join("; "));
    line("How to look", &code.definition.how);
    line("What cannot be seen", &cannot_see(codebook, code).join(" "));
    line("A coder should be shown", &code.definition.show);
    line("PACS", &code.mapping.pacs);
    line("Attachment", &code.mapping.attachment);
    line("3RS", &code.mapping.rrs);
    line("Source", &format!("{}, {}", code.source.document, code.source.place));
    line("Rests on", &code.source.basis);
    line("Note", &code.source.note);
    if let Some(other) = &code.same_as {
        line("Counted as", &format!("{other}, whose rules find it"));
    }
    if let Some(aid) = &code.aid {
        line("Where to look by hand", &aid.in_words(codebook.vocabulary()));
        line("While looking", &aid.note);
    }
    for rule in &code.rules {
        let seen = rule.observability.unwrap_or(code.observability);
        let _ = writeln!(text, "\nRule `{}` (version {}, {}):\n", rule.id, rule.version, class(seen));
        for sentence in in_words(rule, codebook.vocabulary()).lines() {
            let numbered = sentence.starts_with(|c: char| c.is_ascii_digit());
            let _ = writeln!(text, "{}{sentence}", if numbered { "" } else { "- " });
        }
        let blind: Vec<_> = rule.markers().into_iter().filter(|marker| !measured(codebook, marker)).collect();
        if !blind.is_empty() {
            let _ = writeln!(text, "- The engine does not measure {}.", blind.join(", "));
        }
        let named = |hit: bool| {
            let names = rule.examples.iter().filter(|example| example.hits_ms.is_empty() != hit);
            names.map(|example| example.name.trim_start_matches("look-alike: ")).collect::<Vec<_>>().join("; ")
        };
        let _ = writeln!(text, "\nFound: {}. Not found: {}.", named(true), named(false));
    }
}
