//! ELAN annotation files (.eaf). (Max Planck Institute for Psycholinguistics, "EAF: ELAN Annotation Format".)

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::tiers::{Interval, Tier, push_tiers};
use super::xml;
use super::{Draft, Settings, own};
use crate::time::SessionTime;

/// The name of the outermost element.
pub(super) fn looks_like(text: &str) -> bool {
    text.trim_start().starts_with('<') && text.contains("<ANNOTATION_DOCUMENT")
}

/// A tier as it stands in the file.
#[derive(Default)]
struct Raw {
    id: String,
    person: String,
    /// Its linguistic type.
    kind: String,
    parent: Option<String>,
    /// Id, first and last time slot (of the annotation it refers to: none), text.
    annotations: Vec<(String, Reference, String)>,
}

enum Reference {
    Slots(String, String),
    Annotation(String),
}

pub(super) fn parse(text: &str, settings: &Settings) -> Draft {
    let mut draft = Draft::new("ELAN");
    let mut slots: BTreeMap<String, SessionTime> = BTreeMap::new();
    let mut tiers: Vec<Raw> = Vec::new();
    let mut reader = Reader::from_str(text);
    let (mut value, mut is_own) = (None, false);
    loop {
        match reader.read_event() {
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                let line = text.get(..at).map_or(0, |before| before.matches('\n').count() + 1);
                draft.warn(line, format!("the file is damaged here ({error}); what stands before is read"));
                break;
            }
            Ok(Event::Eof) => break,
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                let word = |name: &str| xml::attribute(&tag, name);
                match tag.local_name().as_ref() {
                    "PROPERTY" => is_own |= word("NAME").as_deref() == Some(own::ELAN.0),
                    "TIME_SLOT" => {
                        if let (Some(id), Some(ms)) = (word("TIME_SLOT_ID"), word("TIME_VALUE")) {
                            slots.extend(super::stamp::millis(&ms).map(|time| (id, time)));
                        }
                    }
                    "TIER" => {
                        let id = word("TIER_ID").unwrap_or_default();
                        let person = word("PARTICIPANT").filter(|name| !name.trim().is_empty());
                        let person = person.unwrap_or_else(|| id.clone());
                        let kind = word("LINGUISTIC_TYPE_REF").unwrap_or_default();
                        tiers.push(Raw { id, person, kind, parent: word("PARENT_REF"), annotations: Vec::new() });
                    }
                    "ALIGNABLE_ANNOTATION" | "REF_ANNOTATION" => {
                        if let (Some(tier), Some(reference)) = (tiers.last_mut(), reference(&tag)) {
                            tier.annotations.push((
                                word("ANNOTATION_ID").unwrap_or_default(),
                                reference,
                                String::new(),
                            ));
                        }
                    }
                    "ANNOTATION_VALUE" => value = Some(String::new()),
                    _ => {}
                }
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref() == "ANNOTATION_VALUE" => {
                let last = tiers.last_mut().and_then(|tier| tier.annotations.last_mut());
                if let (Some(text), Some((.., said))) = (value.take(), last) {
                    *said = text;
                }
            }
            Ok(event) => {
                if let Some(value) = &mut value {
                    xml::add_text(value, &event);
                }
            }
        }
    }
    if is_own {
        tiers.retain(|tier| tier.kind == own::ELAN.1);
        let tiers = spoken(tiers, &slots).into_iter();
        own::push_tiers(&mut draft, tiers.map(|tier| (tier.speaker, tier.intervals)));
    } else {
        push_tiers(&mut draft, spoken(tiers, &slots), settings);
    }
    draft
}

fn reference(tag: &BytesStart<'_>) -> Option<Reference> {
    let slots = xml::attribute(tag, "TIME_SLOT_REF1").zip(xml::attribute(tag, "TIME_SLOT_REF2"));
    slots
        .map(|(from, to)| Reference::Slots(from, to))
        .or_else(|| xml::attribute(tag, "ANNOTATION_REF").map(Reference::Annotation))
}

/// Tiers that stand on their own. A tier that depends on another says more about it (words, parts of speech), and is what
/// was said only if the one above holds no text.
fn spoken(tiers: Vec<Raw>, slots: &BTreeMap<String, SessionTime>) -> Vec<Tier> {
    let mut spans: BTreeMap<String, (Option<SessionTime>, Option<SessionTime>)> = BTreeMap::new();
    for (id, reference, _) in tiers.iter().flat_map(|tier| &tier.annotations) {
        if let Reference::Slots(from, to) = reference {
            spans.insert(id.clone(), (slots.get(from).copied(), slots.get(to).copied()));
        }
    }
    // Annotations that refer to others have their times; a few rounds, for they may refer on.
    for _ in 0..4 {
        for (id, reference, _) in tiers.iter().flat_map(|tier| &tier.annotations) {
            if let Reference::Annotation(other) = reference
                && let Some(&span) = spans.get(other)
            {
                spans.insert(id.clone(), span);
            }
        }
    }
    let says = |tier: &Raw| tier.annotations.iter().any(|(.., text)| text.chars().any(char::is_alphanumeric));
    let empty: Vec<String> = tiers.iter().filter(|tier| !says(tier)).map(|tier| tier.id.clone()).collect();
    let on_its_own = |tier: &Raw| tier.parent.as_ref().is_none_or(|parent| empty.contains(parent));
    tiers
        .into_iter()
        .filter(on_its_own)
        .map(|tier| Tier {
            intervals: tier
                .annotations
                .into_iter()
                .map(|(id, _, text)| {
                    let (start, end) = spans.get(&id).copied().unwrap_or_default();
                    Interval { line: 0, start, end, text }
                })
                .collect(),
            speaker: tier.person,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, read_text};

    const EAF: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" FORMAT="3.0">
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="100"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="900"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>
<TIER TIER_ID="A_utterance" PARTICIPANT="Ann" LINGUISTIC_TYPE_REF="t"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>this &amp; that &#x21; &lt;f&gt;</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="words" PARENT_REF="A_utterance"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2" ANNOTATION_REF="a1">
<ANNOTATION_VALUE>this</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="Bob"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>well now</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"#;

    #[test]
    fn tiers_on_their_own_are_speech() {
        check(EAF, "ELAN", &["100-900 Ann: this & that ! f", "900-? Bob: well now"]);
    }

    #[test]
    fn a_break_keeps_what_stands_before_and_entities_do_not_grow() {
        let found = read_text(&EAF[..EAF.find("<TIER TIER_ID=\"Bob").unwrap() + 30]);
        assert_eq!(found.turns.len(), 1);
        let bomb = EAF.replacen(
            "<ANNOTATION_DOCUMENT",
            "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n<ANNOTATION_DOCUMENT",
            1,
        );
        let text = &read_text(&bomb.replace("&#x21;", "&b;")).turns[0].text;
        assert!(text.len() < 30, "{text}");
    }
}
