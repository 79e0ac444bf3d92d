//! What coders did in ELAN, read back as decisions.

use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::elan::{CANDIDATES, CODER, CODES, NOTES};
use super::{Decision, ShareError};
use crate::codebook::Codebook;
use crate::spelling::nearest;

/// Largest document, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// What is known of the document beside what stands in it.
pub struct Wish<'a> {
    /// Session.
    pub session: &'a str,
    /// Pair of people; may be empty.
    pub dyad: &'a str,
    /// Who coded.
    pub coder: &'a str,
    /// Tiers to read; empty: those of this coder.
    pub tiers: &'a [String],
    /// `blind` or `flag`; `None`: `flag` if the document shows hits or candidates.
    pub pass: Option<&'a str>,
    /// Session time of the document's zero, seconds: zero unless a recording began before the first one.
    pub zero_s: f64,
    /// The codes.
    pub codebook: &'a Codebook,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// In order of start.
    pub decisions: Vec<Decision>,
    /// Annotations that could not be taken, each with where it is.
    pub errors: Vec<String>,
    /// Tiers that were read.
    pub tiers: Vec<String>,
}

#[derive(Default)]
struct Tier {
    id: String,
    parent: String,
    annotations: Vec<Annotation>,
}

#[derive(Default, Clone)]
struct Annotation {
    id: String,
    /// Slots, or the annotation that this one is a note to.
    from: String,
    to: String,
    of: String,
    value: String,
}

#[derive(Default)]
struct Document {
    date: String,
    slots: std::collections::BTreeMap<String, i64>,
    tiers: Vec<Tier>,
}

/// Reads a document.
///
/// # Errors
/// [`ShareError::Unreadable`] if it is no ELAN document, or has no tier of this coder; what there is is named.
pub fn read(file: &Path, wish: &Wish<'_>) -> Result<Read, ShareError> {
    let fail = |message: String| ShareError::Unreadable { message, file: file.to_owned() };
    let size = std::fs::metadata(file).map_err(|e| fail(format!("cannot read the document ({e})")))?.len();
    if size > MAX_BYTES {
        return Err(fail(format!("{size} bytes are too many for an ELAN document")));
    }
    let bytes = std::fs::read(file).map_err(|e| fail(format!("cannot read the document ({e})")))?;
    let text = String::from_utf8(bytes).map_err(|_| fail("this is no ELAN document (no UTF-8 text)".into()))?;
    let document = parse(&text).map_err(fail)?;
    decisions(&document, wish).map_err(fail)
}

fn parse(text: &str) -> Result<Document, String> {
    let mut reader = Reader::from_str(text);
    let mut document = Document::default();
    let (mut is_elan, mut annotation, mut in_value) = (false, None::<Annotation>, false);
    loop {
        let event = reader.read_event().map_err(|e| {
            let at = usize::try_from(reader.error_position()).unwrap_or(0).min(text.len());
            let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("this document does not read at line {line} ({e})")
        })?;
        match event {
            Event::Start(start) | Event::Empty(start) => {
                let get = |name: &str| attribute(&start, name);
                match start.name().as_ref() {
                    "ANNOTATION_DOCUMENT" => {
                        is_elan = true;
                        document.date = get("DATE");
                    }
                    "TIME_SLOT" => {
                        if let Ok(millis) = get("TIME_VALUE").parse() {
                            document.slots.insert(get("TIME_SLOT_ID"), millis);
                        }
                    }
                    "TIER" => {
                        document.tiers.push(Tier {
                            id: get("TIER_ID"),
                            parent: get("PARENT_REF"),
                            annotations: Vec::new(),
                        });
                    }
                    "ALIGNABLE_ANNOTATION" | "REF_ANNOTATION" => {
                        annotation = Some(Annotation {
                            id: get("ANNOTATION_ID"),
                            from: get("TIME_SLOT_REF1"),
                            to: get("TIME_SLOT_REF2"),
                            of: get("ANNOTATION_REF"),
                            value: String::new(),
                        });
                    }
                    "ANNOTATION_VALUE" => in_value = true,
                    _ => {}
                }
            }
            Event::Text(part) if in_value => {
                let part: &str = part.as_ref();
                annotation.iter_mut().for_each(|annotation| annotation.value += part);
            }
            Event::GeneralRef(part) if in_value => {
                let name: &str = part.as_ref();
                let whole = format!("&{name};");
                let plain = quick_xml::escape::unescape(&whole).map_err(|e| e.to_string())?;
                annotation.iter_mut().for_each(|annotation| annotation.value += &plain);
            }
            Event::CData(part) if in_value => {
                let part: &str = part.as_ref();
                annotation.iter_mut().for_each(|annotation| annotation.value += part);
            }
            Event::End(end) => match end.name().as_ref() {
                "ANNOTATION_VALUE" => in_value = false,
                "ALIGNABLE_ANNOTATION" | "REF_ANNOTATION" => {
                    if let (Some(annotation), Some(tier)) = (annotation.take(), document.tiers.last_mut()) {
                        tier.annotations.push(annotation);
                    }
                }
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    if is_elan { Ok(document) } else { Err("this is no ELAN document".into()) }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> String {
    let found = element.attributes().with_checks(false).filter_map(Result::ok).find(|a| a.key.as_ref() == name);
    let value = found.and_then(|a| Some(quick_xml::escape::unescape(&a.value).ok()?.into_owned()));
    value.unwrap_or_default()
}

/// Whether a tier is this one or a further line of it (`codes.2`).
fn is_lane_of(tier: &str, name: &str) -> bool {
    tier.strip_prefix(name).is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('.').is_some_and(|number| number.parse::<u32>().is_ok())
    })
}

fn decisions(document: &Document, wish: &Wish<'_>) -> Result<Read, String> {
    let own = format!("{CODER}{}", wish.coder);
    let is_wanted = |tier: &Tier| match wish.tiers.is_empty() {
        true => tier.id.eq_ignore_ascii_case(wish.coder) || is_lane_of(&tier.id, &own),
        false => wish.tiers.contains(&tier.id),
    };
    let wanted: Vec<&Tier> = document.tiers.iter().filter(|tier| tier.parent.is_empty() && is_wanted(tier)).collect();
    if wanted.is_empty() {
        let names: Vec<_> = document.tiers.iter().map(|tier| tier.id.as_str()).collect();
        let looked = if wish.tiers.is_empty() { format!("{own:?}") } else { format!("{:?}", wish.tiers) };
        return Err(format!("the document has no tier {looked}: say --tier with one of {}", names.join(", ")));
    }
    let shows = document
        .tiers
        .iter()
        .any(|tier| (is_lane_of(&tier.id, CODES) || is_lane_of(&tier.id, CANDIDATES)) && !tier.annotations.is_empty());
    let pass = wish.pass.unwrap_or(if shows { "flag" } else { "blind" });
    let candidates: Vec<(&str, i64, i64)> = document
        .tiers
        .iter()
        .filter(|tier| is_lane_of(&tier.id, CANDIDATES))
        .flat_map(|tier| &tier.annotations)
        .filter_map(|a| {
            let id = a.value.split_whitespace().next()?;
            Some((id, *document.slots.get(&a.from)?, *document.slots.get(&a.to)?))
        })
        .collect();
    let mut read = Read { tiers: wanted.iter().map(|tier| tier.id.clone()).collect(), ..Read::default() };
    for tier in &wanted {
        let notes =
            document.tiers.iter().filter(|other| other.parent == tier.id || other.id == format!("{}{NOTES}", tier.id));
        let notes: Vec<&Annotation> = notes.flat_map(|notes| &notes.annotations).collect();
        for annotation in &tier.annotations {
            let times = document.slots.get(&annotation.from).zip(document.slots.get(&annotation.to));
            let Some((&from, &to)) = times.filter(|(from, to)| from < to) else {
                read.errors
                    .push(format!("tier {:?}, annotation {}: it has no start before an end", tier.id, annotation.id));
                continue;
            };
            let (verdict, code) = match verdict_and_code(&annotation.value, wish.codebook) {
                Ok(found) => found,
                Err(message) => {
                    read.errors.push(format!("tier {:?} at {:.1} s: {message}", tier.id, from as f64 / 1000.0));
                    continue;
                }
            };
            let shared = |(_, start, end): &(&str, i64, i64)| (to.min(*end) - from.max(*start)).max(0);
            let episode =
                candidates.iter().filter(|c| shared(c) > 0).max_by_key(|c| shared(c)).filter(|_| pass == "flag");
            let said: Vec<_> = notes.iter().filter(|note| note.of == annotation.id).map(|n| n.value.trim()).collect();
            read.decisions.push(Decision {
                session: wish.session.to_owned(),
                dyad: wish.dyad.to_owned(),
                episode: episode.map(|(id, ..)| (*id).to_owned()).unwrap_or_default(),
                coder: wish.coder.to_owned(),
                pass: pass.to_owned(),
                verdict,
                code,
                start_s: from as f64 / 1000.0 + wish.zero_s,
                end_s: to as f64 / 1000.0 + wish.zero_s,
                // The date of a document that nobody has saved since is not one of a decision.
                made_at: if document.date.starts_with("2000-01-01T00:00:00") {
                    String::new()
                } else {
                    document.date.clone()
                },
                note: said.join(" "),
                asked: String::new(),
            });
        }
    }
    read.decisions
        .sort_by(|a, b| a.start_s.total_cmp(&b.start_s).then(a.end_s.total_cmp(&b.end_s)).then(a.code.cmp(&b.code)));
    Ok(read)
}

/// `rs03: Very concise ..`, `rs03?`, a code's label, `reject`, `unsure`, `confirm`.
fn verdict_and_code(value: &str, codebook: &Codebook) -> Result<(String, String), String> {
    let value = value.trim();
    let lower = value.to_lowercase();
    if value.is_empty() {
        return Err("it is empty: give it a code of the codebook".into());
    }
    if ["reject", "unsure", "confirm"].contains(&lower.as_str()) {
        return Ok((lower, String::new()));
    }
    let first = lower.split(|c: char| c == ':' || c.is_whitespace()).next().unwrap_or_default();
    let (first, unsure) = first.strip_suffix('?').map_or((first, false), |first| (first, true));
    let by_id = codebook.codes().find(|code| code.id.to_lowercase() == first);
    let by_label = || codebook.codes().find(|code| code.label.to_lowercase() == lower);
    match by_id.or_else(by_label) {
        Some(code) => Ok((if unsure { "unsure" } else { "confirm" }.to_owned(), code.id.clone())),
        None => {
            let meant = nearest(first, codebook.codes().map(|code| code.id.as_str()));
            let meant = meant.map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default();
            Err(format!("{value:?} is no code of the codebook{meant}"))
        }
    }
}
