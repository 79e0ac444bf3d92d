//! ELAN documents (EAF 3.0) with their time series.
//!
//! Tiers: what each person says; markers of each person by family (voice, face, words); codes; candidates; one for every
//! coder, with the codebook as its controlled vocabulary, and notes below it. A tier holds no overlaps, so what overlaps
//! goes to a further tier with a number.

use super::Material;
use super::lanes::lanes;
use super::said::said;
use super::xml::Xml;
use crate::codebook::Codebook;
use crate::markers::Event;
use crate::time::Span;
use crate::track::Who;
use crate::transcript::own;

/// How a coder's tier is called, before the coder's name.
pub const CODER: &str = "coder.";
/// How the notes of a coder's tier are called, after its name.
pub const NOTES: &str = ".note";
/// Kind of the tiers that hold single words.
const WORD: &str = "word";
/// The tier of hits.
pub const CODES: &str = "codes";
/// The tier of candidates.
pub const CANDIDATES: &str = "candidates";
/// Words of the controlled vocabulary beside the codes.
pub const VERDICTS: [(&str, &str); 2] =
    [("reject", "not what the candidate below says"), ("unsure", "cannot be decided from this recording")];
/// Documents have a date; ours is the same each time, so that the same session gives the same bytes.
pub(super) const DATE: &str = "2000-01-01T00:00:00+00:00";

/// Kinds of events that describe a window or the whole session: they stand in the tables and would only cover the others
/// here.
pub const NOT_SHOWN: [&str; 2] = ["window", "session"];

/// Whether an event is a moment that a coder can look at.
fn is_moment(event: &Event, session: Span) -> bool {
    let is_summary = event.kind.as_deref().is_some_and(|kind| NOT_SHOWN.contains(&kind));
    !is_summary && event.span.secs_f64() < 0.5 * session.secs_f64()
}

/// A tier without overlaps: start and end in milliseconds, and what stands there.
pub(super) struct Tier {
    pub(super) name: String,
    kind: &'static str,
    participant: String,
    pub(super) items: Vec<(i64, i64, String)>,
}

/// All tiers but the coders'.
pub(super) fn tiers(material: &Material) -> Vec<Tier> {
    let session = &material.session;
    let mut found = Vec::new();
    let mut put = |name: &str, kind: &'static str, participant: &str, items: Vec<(i64, i64, String)>| {
        for (number, items) in lanes(items).into_iter().enumerate() {
            let name = if number == 0 { name.to_owned() } else { format!("{name}.{}", number + 1) };
            found.push(Tier { name, kind, participant: participant.to_owned(), items });
        }
    };
    let at = |span| material.span_millis(span);
    let all = said(material);
    let mut people: Vec<Who> = all.iter().map(|said| said.who).collect();
    people.extend(session.events.iter().map(|event| event.who));
    people.sort_unstable();
    people.dedup();
    for who in &people {
        let own = all.iter().filter(|said| said.who == *who);
        let own = own.map(|said| {
            let (from, to) = at(said.span);
            (from, to, said.line())
        });
        put(&who.to_string(), own::ELAN.1, &material.name_of(*who), own.collect());
        let words = session.words.iter().filter(|word| word.who == *who);
        let words = words.map(|word| {
            let (from, to) = at(word.span);
            (from, to, word.text.clone())
        });
        put(&format!("{who}.word"), WORD, &material.name_of(*who), words.collect());
    }
    for who in &people {
        for (family, begin) in [("voice", "aud."), ("face", "vid."), ("words", "txt.")] {
            let own = session.events.iter().filter(|event| event.who == *who && event.marker.starts_with(begin));
            let own = own.filter(|event| is_moment(event, session.span));
            let items = own.map(|event| {
                let (from, to) = at(event.span);
                (from, to, event_label(event))
            });
            put(&format!("{who}.{family}"), "marker", &material.name_of(*who), items.collect());
        }
    }
    let hits = session.hits.iter().map(|hit| {
        let (from, to) = at(hit.span);
        (from, to, hit.code.clone())
    });
    put(CODES, "hit", "", hits.collect());
    let candidates = session.episodes.iter().map(|episode| {
        let (from, to) = at(episode.span);
        (from, to, format!("{} {} (rank {})", episode.id, episode.kind.name(), episode.rank))
    });
    put(CANDIDATES, "candidate", "", candidates.collect());
    found
}

/// `aud.silence3 CT 4.2`.
fn event_label(event: &Event) -> String {
    let kind = event.kind.as_deref().map(|kind| format!(" {kind}")).unwrap_or_default();
    let value = if event.value.is_finite() { format!(" {:.2}", event.value) } else { String::new() };
    format!("{}{kind}{value}", event.marker)
}

/// Names of a document's own files: the document, its time series and how ELAN shall draw them.
pub(super) fn names(id: &str) -> [String; 3] {
    [format!("{id}.eaf"), format!("{id}_timeseries.csv"), format!("{id}_tsconf.xml")]
}

/// The document. `coders` get a tier each, also if they have decided nothing yet.
pub(super) fn document(material: &Material, codebook: &Codebook, coders: &[String], with_series: bool) -> String {
    let tiers = tiers(material);
    let coders = coder_tiers(material, codebook, coders);
    let mut slots = Slots::default();
    let mut xml = Xml::new();
    let mut body = Body { next: 1, rows: Vec::new() };
    for tier in &tiers {
        body.tier(tier, None, &mut slots);
    }
    for (tier, notes) in &coders {
        body.tier(tier, Some(notes), &mut slots);
    }
    xml.open(
        "ANNOTATION_DOCUMENT",
        &[
            ("AUTHOR", ""),
            ("DATE", DATE),
            ("FORMAT", "3.0"),
            ("VERSION", "3.0"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            ("xsi:noNamespaceSchemaLocation", "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"),
        ],
    );
    xml.open("HEADER", &[("MEDIA_FILE", ""), ("TIME_UNITS", "milliseconds")]);
    for media in &material.media {
        let zero = media.offset.secs_f64() - material.session.span.start().secs_f64().min(0.0);
        // ELAN can begin inside a recording, not before it.
        let origin = ((-zero * 1000.0).round() as i64).to_string();
        let mut attributes = vec![("MEDIA_URL", file_url(&media.path)), ("MIME_TYPE", mime(&media.path).to_owned())];
        if zero < 0.0 {
            attributes.push(("TIME_ORIGIN", origin));
        }
        let attributes: Vec<_> = attributes.iter().map(|(key, value)| (*key, value.as_str())).collect();
        xml.leaf("MEDIA_DESCRIPTOR", &attributes);
    }
    if with_series {
        let [_, series, config] = names(&material.about.id);
        for (name, mime) in [(series, "text/csv"), (config, "text/xml")] {
            let relative = format!("./{name}");
            xml.leaf(
                "LINKED_FILE_DESCRIPTOR",
                &[("LINK_URL", &relative), ("MIME_TYPE", mime), ("RELATIVE_LINK_URL", &relative)],
            );
        }
    }
    xml.text("PROPERTY", &[("NAME", own::ELAN.0)], env!("CARGO_PKG_VERSION"));
    xml.text("PROPERTY", &[("NAME", "lastUsedAnnotationId")], &(body.next - 1).to_string());
    xml.close();
    xml.open("TIME_ORDER", &[]);
    for (id, millis) in &slots.all {
        xml.leaf("TIME_SLOT", &[("TIME_SLOT_ID", id), ("TIME_VALUE", &millis.to_string())]);
    }
    xml.close();
    body.write(&mut xml);
    types_and_vocabulary(&mut xml, codebook);
    xml.finish()
}

/// A tier for each coder and the notes to its annotations, by their position.
fn coder_tiers(material: &Material, codebook: &Codebook, coders: &[String]) -> Vec<(Tier, Vec<String>)> {
    let mut names: Vec<&str> = coders.iter().map(String::as_str).collect();
    names.extend(material.work.marks().map(|mark| mark.coder));
    let mut tiers = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if seen.contains(&name) || name.is_empty() {
            continue;
        }
        seen.push(name);
        let own = material.work.marks().filter(|mark| mark.coder == name);
        let items: Vec<(i64, i64, (String, String))> = own
            .filter_map(|mark| {
                let span = crate::time::Span::new(
                    crate::time::SessionTime::from_secs_f64(mark.start_s),
                    crate::time::SessionTime::from_secs_f64(mark.end_s),
                )?;
                let (from, to) = material.span_millis(span);
                let label = match (mark.verdict, mark.code) {
                    (verdict @ ("reject" | "unsure"), _) | (verdict, "") => verdict.to_owned(),
                    (_, code) => value_of(codebook, code),
                };
                Some((from, to, (label, mark.note.to_owned())))
            })
            .collect();
        let mut lanes = lanes(items);
        if lanes.is_empty() {
            lanes.push(Vec::new());
        }
        for (number, lane) in lanes.into_iter().enumerate() {
            let tier_name =
                if number == 0 { format!("{CODER}{name}") } else { format!("{CODER}{name}.{}", number + 1) };
            let notes = lane.iter().map(|(.., (_, note))| note.clone()).collect();
            let items = lane.into_iter().map(|(from, to, (label, _))| (from, to, label)).collect();
            tiers.push((Tier { name: tier_name, kind: "coding", participant: name.to_owned(), items }, notes));
        }
    }
    tiers
}

/// What a code is called in the vocabulary: `rs03: Very concise response ..`.
fn value_of(codebook: &Codebook, id: &str) -> String {
    codebook.codes().find(|code| code.id == id).map_or_else(|| id.to_owned(), |code| format!("{id}: {}", code.label))
}

/// Time slots, numbered as they are needed.
#[derive(Default)]
struct Slots {
    all: Vec<(String, i64)>,
}

impl Slots {
    fn at(&mut self, millis: i64) -> String {
        let id = format!("ts{}", self.all.len() + 1);
        self.all.push((id.clone(), millis));
        id
    }
}

/// An element of the tiers.
enum Row {
    Tier(Vec<(&'static str, String)>),
    Time { id: String, from: String, to: String, value: String },
    Note { id: String, of: String, value: String },
    End,
}

/// All tiers, gathered while the slots are numbered.
struct Body {
    next: usize,
    rows: Vec<Row>,
}

impl Body {
    fn id(&mut self) -> String {
        let id = format!("a{}", self.next);
        self.next += 1;
        id
    }

    fn tier(&mut self, tier: &Tier, notes: Option<&Vec<String>>, slots: &mut Slots) {
        let mut attributes = vec![("LINGUISTIC_TYPE_REF", tier.kind.to_owned())];
        if !tier.participant.is_empty() {
            attributes.push(("PARTICIPANT", tier.participant.clone()));
        }
        attributes.push(("TIER_ID", tier.name.clone()));
        self.rows.push(Row::Tier(attributes));
        let mut noted = Vec::new();
        for (index, (from, to, value)) in tier.items.iter().enumerate() {
            let id = self.id();
            if let Some(note) = notes.and_then(|notes| notes.get(index)).filter(|note| !note.is_empty()) {
                noted.push((id.clone(), note.clone()));
            }
            self.rows.push(Row::Time { id, from: slots.at(*from), to: slots.at(*to), value: value.clone() });
        }
        self.rows.push(Row::End);
        if notes.is_some() {
            self.rows.push(Row::Tier(vec![
                ("LINGUISTIC_TYPE_REF", "note".to_owned()),
                ("PARENT_REF", tier.name.clone()),
                ("PARTICIPANT", tier.participant.clone()),
                ("TIER_ID", format!("{}{NOTES}", tier.name)),
            ]));
            for (of, value) in noted {
                let id = self.id();
                self.rows.push(Row::Note { id, of, value });
            }
            self.rows.push(Row::End);
        }
    }

    fn write(&self, xml: &mut Xml) {
        for row in &self.rows {
            match row {
                Row::Tier(attributes) => {
                    let attributes: Vec<_> = attributes.iter().map(|(key, value)| (*key, value.as_str())).collect();
                    xml.open("TIER", &attributes);
                }
                Row::Time { id, from, to, value } => {
                    xml.open("ANNOTATION", &[]);
                    xml.open(
                        "ALIGNABLE_ANNOTATION",
                        &[("ANNOTATION_ID", id), ("TIME_SLOT_REF1", from), ("TIME_SLOT_REF2", to)],
                    );
                    xml.text("ANNOTATION_VALUE", &[], value);
                    xml.close();
                    xml.close();
                }
                Row::Note { id, of, value } => {
                    xml.open("ANNOTATION", &[]);
                    xml.open("REF_ANNOTATION", &[("ANNOTATION_ID", id), ("ANNOTATION_REF", of)]);
                    xml.text("ANNOTATION_VALUE", &[], value);
                    xml.close();
                    xml.close();
                }
                Row::End => xml.close(),
            }
        }
    }
}

fn types_and_vocabulary(xml: &mut Xml, codebook: &Codebook) {
    for kind in [own::ELAN.1, WORD, "marker", "hit", "candidate"] {
        xml.leaf(
            "LINGUISTIC_TYPE",
            &[("GRAPHIC_REFERENCES", "false"), ("LINGUISTIC_TYPE_ID", kind), ("TIME_ALIGNABLE", "true")],
        );
    }
    xml.leaf(
        "LINGUISTIC_TYPE",
        &[
            ("CONTROLLED_VOCABULARY_REF", "codebook"),
            ("GRAPHIC_REFERENCES", "false"),
            ("LINGUISTIC_TYPE_ID", "coding"),
            ("TIME_ALIGNABLE", "true"),
        ],
    );
    xml.leaf(
        "LINGUISTIC_TYPE",
        &[
            ("CONSTRAINTS", "Symbolic_Association"),
            ("GRAPHIC_REFERENCES", "false"),
            ("LINGUISTIC_TYPE_ID", "note"),
            ("TIME_ALIGNABLE", "false"),
        ],
    );
    xml.leaf(
        "LANGUAGE",
        &[
            ("LANG_DEF", "http://cdb.iso.org/lg/CDB-00130975-001"),
            ("LANG_ID", "und"),
            ("LANG_LABEL", "undetermined (und)"),
        ],
    );
    for (name, what) in [
        (
            "Time_Subdivision",
            "Time subdivision of parent annotation's time interval, no time gaps allowed within this interval",
        ),
        (
            "Symbolic_Subdivision",
            "Symbolic subdivision of a parent annotation. Annotations refering to the same parent are ordered",
        ),
        ("Symbolic_Association", "1-1 association with a parent annotation"),
        ("Included_In", "Time alignable annotations within the parent annotation's time interval, gaps are allowed"),
    ] {
        xml.leaf("CONSTRAINT", &[("DESCRIPTION", what), ("STEREOTYPE", name)]);
    }
    xml.open("CONTROLLED_VOCABULARY", &[("CV_ID", "codebook")]);
    xml.text("DESCRIPTION", &[("LANG_REF", "und")], "The codebook: what a coder can say of a stretch");
    let mut entry = |id: &str, value: &str, what: &str| {
        xml.open("CV_ENTRY_ML", &[("CVE_ID", &format!("cve_{id}"))]);
        xml.text("CVE_VALUE", &[("DESCRIPTION", what), ("LANG_REF", "und")], value);
        xml.close();
    };
    for code in codebook.codes() {
        entry(&code.id, &value_of(codebook, &code.id), &code.definition.operational);
    }
    for (verdict, what) in VERDICTS {
        entry(verdict, verdict, what);
    }
    xml.close();
}

/// `file:///folder/film.mp4`, with what a URL cannot hold as `%20`.
pub(super) fn file_url(path: &std::path::Path) -> String {
    let mut url = String::from("file://");
    for byte in path.to_string_lossy().replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => url.push(char::from(byte)),
            other => url += &format!("%{other:02X}"),
        }
    }
    url
}

/// What kind of recording it is, by its ending.
pub(super) fn mime(path: &std::path::Path) -> &'static str {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "wav" => "audio/x-wav",
        "mp3" | "m4a" | "aac" | "flac" | "ogg" | "opus" | "aif" | "aiff" | "wma" => "audio/*",
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        "mpg" | "mpeg" => "video/mpeg",
        _ => "video/*",
    }
}
