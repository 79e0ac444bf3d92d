//! REFI-QDA (`.qdpx`): codebook, coders, and codings on transcripts and recordings, for MAXQDA, NVivo, ATLAS.ti, QualCoder.
//!
//! Codings: those of coders as their own; hits of rules as those of a user called "Attune (candidates)", so that nobody
//! takes them for somebody's decision. Positions count characters of the text file, which has `\n` line ends.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};

use uuid::Uuid;
use zip::write::SimpleFileOptions;

use super::Material;
use super::elan::file_url;
use super::xml::Xml;
use crate::codebook::{Code, Codebook, Polarity};
use crate::time::{SessionTime, Span};

/// Ids come from names under this one, so that the same study gives the same ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0d_4b1e_52b7_4c64_9d3c_7f5a_1c2e_8ab0);
/// Who the hits are by.
const MACHINE: &str = "Attune (candidates)";

/// A project of many sessions, one text file each.
pub(super) struct Project<'a> {
    codebook: &'a Codebook,
    users: Vec<String>,
    sessions: Vec<Told>,
}

/// What the project holds of a session.
struct Told {
    id: String,
    text: String,
    /// Start and end character of each turn, and when it is.
    turns: Vec<(usize, usize, (i64, i64))>,
    codings: Vec<Coding>,
    media: Vec<(String, String, bool)>,
}

struct Coding {
    user: String,
    code: String,
    millis: (i64, i64),
    number: usize,
}

fn guid(parts: &[&str]) -> String {
    Uuid::new_v5(&NAMESPACE, parts.join("\u{1f}").as_bytes()).hyphenated().to_string()
}

impl<'a> Project<'a> {
    pub(super) fn new(codebook: &'a Codebook, coders: &[String]) -> Self {
        let mut users = vec![MACHINE.to_owned()];
        users.extend(coders.iter().cloned());
        Self { codebook, users, sessions: Vec::new() }
    }

    /// Takes a session in.
    pub(super) fn add(&mut self, material: &Material) {
        let mut text = String::new();
        let mut chars = 0;
        let mut turns = Vec::new();
        for turn in &material.session.turns {
            let said = if turn.text.is_empty() { "(speaks)" } else { &turn.text };
            let said: Vec<_> = said.split_whitespace().collect();
            let line = format!("{}: {}\n", material.name_of(turn.who), said.join(" "));
            let length = line.chars().count();
            turns.push((chars, chars + length - 1, material.span_millis(turn.span)));
            chars += length;
            text += &line;
        }
        let hits = material
            .session
            .hits
            .iter()
            .map(|hit| (MACHINE.to_owned(), hit.code.clone(), material.span_millis(hit.span)));
        let decided = material.work.marks().filter(|mark| mark.verdict != "reject" && !mark.code.is_empty());
        let decided = decided.filter_map(|mark| {
            let (from, to) = (SessionTime::from_secs_f64(mark.start_s), SessionTime::from_secs_f64(mark.end_s));
            Some((mark.coder.to_owned(), mark.code.to_owned(), material.span_millis(Span::new(from, to)?)))
        });
        let codings: Vec<Coding> = hits
            .chain(decided)
            .enumerate()
            .map(|(number, (user, code, millis))| Coding { user, code, millis, number })
            .collect();
        for coding in &codings {
            if !self.users.contains(&coding.user) {
                self.users.push(coding.user.clone());
            }
        }
        let media = material.media.iter().enumerate().map(|(index, media)| {
            let is_sound = super::elan::mime(&media.path).starts_with("audio");
            let url = file_url(&media.path).replacen("file://", "absolute://", 1);
            (format!("media{}", index + 1), url, is_sound)
        });
        self.sessions.push(Told { id: material.about.id.clone(), text, turns, codings, media: media.collect() });
    }

    /// The whole file. The same sessions give the same bytes.
    pub(super) fn finish(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default());
        let failed = |e: zip::result::ZipError| io::Error::other(e);
        zip.start_file("project.qde", options).map_err(failed)?;
        zip.write_all(self.project(name).as_bytes())?;
        for session in self.sessions.iter().filter(|session| !session.text.is_empty()) {
            zip.start_file(format!("sources/{}.txt", source_guid(&session.id)), options).map_err(failed)?;
            zip.write_all(session.text.as_bytes())?;
        }
        Ok(zip.finish().map_err(failed)?.into_inner())
    }

    fn project(&self, name: &str) -> String {
        let mut xml = Xml::new();
        let machine = guid(&["user", MACHINE]);
        xml.open(
            "Project",
            &[
                ("xmlns", "urn:QDA-XML:project:1.0"),
                ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                (
                    "xsi:schemaLocation",
                    "urn:QDA-XML:project:1.0 http://schema.qdasoftware.org/versions/Project/v1.0/Project.xsd",
                ),
                ("name", name),
                ("origin", concat!("Attune ", env!("CARGO_PKG_VERSION"))),
                ("creatingUserGUID", &machine),
            ],
        );
        xml.open("Users", &[]);
        for user in &self.users {
            xml.leaf("User", &[("guid", &guid(&["user", user])), ("name", user)]);
        }
        xml.close();
        self.codes(&mut xml);
        xml.open("Sources", &[]);
        for session in self.sessions.iter().filter(|session| !session.text.is_empty()) {
            self.text_source(&mut xml, session);
        }
        for session in &self.sessions {
            self.media_sources(&mut xml, session);
        }
        xml.finish()
    }

    /// Axial codes, below them primary ones, below them those that can be given.
    fn codes(&self, xml: &mut Xml) {
        let mut tree: BTreeMap<&str, BTreeMap<&str, Vec<&Code>>> = BTreeMap::new();
        for code in self.codebook.codes() {
            tree.entry(&code.axial).or_default().entry(&code.primary).or_default().push(code);
        }
        xml.open("CodeBook", &[]);
        xml.open("Codes", &[]);
        for (axial, primaries) in tree {
            xml.open("Code", &[("guid", &guid(&["axial", axial])), ("name", axial), ("isCodable", "false")]);
            for (primary, codes) in primaries {
                let id = guid(&["primary", axial, primary]);
                xml.open("Code", &[("guid", &id), ("name", primary), ("isCodable", "false")]);
                for code in codes {
                    let color = match code.polarity {
                        Polarity::Supporting => "#009E73",
                        Polarity::Straining => "#D55E00",
                        Polarity::ContextDependent => "#0072B2",
                    };
                    let name = format!("{} {}", code.id, code.label);
                    let attributes = [
                        ("guid", code_guid(&code.id)),
                        ("name", name),
                        ("isCodable", "true".into()),
                        ("color", color.into()),
                    ];
                    let attributes: Vec<_> = attributes.iter().map(|(key, value)| (*key, value.as_str())).collect();
                    xml.open("Code", &attributes);
                    xml.text("Description", &[], &code.definition.operational);
                    xml.close();
                }
                xml.close();
            }
            xml.close();
        }
        xml.close();
        xml.close();
    }

    /// Codings of which the codebook knows the code: others would point nowhere.
    fn known<'s>(&'s self, session: &'s Told) -> impl Iterator<Item = &'s Coding> {
        session.codings.iter().filter(|coding| self.codebook.codes().any(|code| code.id == coding.code))
    }

    fn text_source(&self, xml: &mut Xml, session: &Told) {
        let source = source_guid(&session.id);
        let attributes = [
            ("guid", source.clone()),
            ("name", format!("{} transcript", session.id)),
            ("plainTextPath", format!("internal://{source}.txt")),
            ("creatingUser", guid(&["user", MACHINE])),
        ];
        let attributes: Vec<_> = attributes.iter().map(|(key, value)| (*key, value.as_str())).collect();
        xml.open("TextSource", &attributes);
        for coding in self.known(session) {
            if let Some((from, to)) = chars_of(session, coding.millis) {
                let number = coding.number.to_string();
                let id = guid(&["text", &session.id, &number]);
                xml.open(
                    "PlainTextSelection",
                    &[
                        ("guid", &id),
                        ("name", &coding.code),
                        ("startPosition", &from.to_string()),
                        ("endPosition", &to.to_string()),
                        ("creatingUser", &guid(&["user", &coding.user])),
                    ],
                );
                Self::coding(xml, &session.id, "text", coding);
                xml.close();
            }
        }
        xml.close();
    }

    fn coding(xml: &mut Xml, session: &str, on: &str, coding: &Coding) {
        let id = guid(&["coding", on, session, &coding.number.to_string()]);
        xml.open("Coding", &[("guid", &id), ("creatingUser", &guid(&["user", &coding.user]))]);
        xml.leaf("CodeRef", &[("targetGUID", &code_guid(&coding.code))]);
        xml.close();
    }

    /// Recordings with the same codings by their times, and the transcript laid on the first one's clock.
    fn media_sources(&self, xml: &mut Xml, session: &Told) {
        for (position, (label, url, is_sound)) in session.media.iter().enumerate() {
            let (source, selection) =
                if *is_sound { ("AudioSource", "AudioSelection") } else { ("VideoSource", "VideoSelection") };
            let id = guid(&["media", &session.id, label]);
            let name = format!("{} {label}", session.id);
            xml.open(
                source,
                &[("guid", &id), ("name", &name), ("path", url), ("creatingUser", &guid(&["user", MACHINE]))],
            );
            if position == 0 && !session.text.is_empty() {
                let transcript = guid(&["transcript", &session.id]);
                let path = format!("internal://{}.txt", source_guid(&session.id));
                xml.open("Transcript", &[("guid", &transcript), ("name", &name), ("plainTextPath", &path)]);
                for (number, (from, _, (start, _))) in session.turns.iter().enumerate() {
                    let id = guid(&["sync", &session.id, &number.to_string()]);
                    xml.leaf(
                        "SyncPoint",
                        &[("guid", &id), ("timeStamp", &start.to_string()), ("position", &from.to_string())],
                    );
                }
                xml.close();
            }
            if position == 0 {
                for coding in self.known(session) {
                    let id = guid(&["time", &session.id, &coding.number.to_string()]);
                    let (begin, end) = (coding.millis.0.to_string(), coding.millis.1.to_string());
                    let user = guid(&["user", &coding.user]);
                    xml.open(
                        selection,
                        &[
                            ("guid", &id),
                            ("name", &coding.code),
                            ("begin", &begin),
                            ("end", &end),
                            ("creatingUser", &user),
                        ],
                    );
                    Self::coding(xml, &session.id, "time", coding);
                    xml.close();
                }
            }
            xml.close();
        }
    }
}

fn code_guid(id: &str) -> String {
    guid(&["code", id])
}

fn source_guid(session: &str) -> String {
    guid(&["source", session])
}

/// The characters of all turns that a stretch touches.
fn chars_of(session: &Told, (from, to): (i64, i64)) -> Option<(usize, usize)> {
    let touched = session.turns.iter().filter(|(_, _, (start, end))| *start < to && from < *end);
    touched.map(|(start, end, _)| (*start, *end)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}
