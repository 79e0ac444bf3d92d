//! What a coder looks at in the second pass: the ranked candidates, then the stretches next below their mark, and among
//! all of these some that nothing marked.
//!
//! Nothing in a [`Clip`] tells the three apart: all have an id without meaning, the same padding, a question, and a list of
//! what was measured. Controls ask the question that another clip of the session asks. So how often a coder confirms a
//! control can be counted, and with it how far they follow the program.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::agreement::random::Random;
use crate::episodes::Episode;
use crate::markers::Event;
use crate::session::Session;
use crate::time::Span;

/// Something measured that speaks for or against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// In neutral words.
    pub sentence: String,
    /// Whom it is about.
    pub who: String,
    /// Milliseconds on the session clock.
    pub start_ms: i64,
    /// Milliseconds on the session clock.
    pub end_ms: i64,
}

/// Why a clip is shown. Coders are not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipKind {
    /// Chance chose it, from where nothing was marked.
    #[default]
    Control,
    /// The engine marked it.
    Candidate,
    /// It is next below the candidates' mark (`Session::further`).
    Further,
}

impl ClipKind {
    /// As it is stored.
    pub fn number(self) -> i64 {
        match self {
            Self::Control => 0,
            Self::Candidate => 1,
            Self::Further => 2,
        }
    }

    /// From the store.
    pub fn of_number(number: i64) -> Self {
        match number {
            0 => Self::Control,
            2 => Self::Further,
            _ => Self::Candidate,
        }
    }
}

/// A stretch to watch and to decide on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clip {
    /// Without meaning; other for each coder.
    pub id: String,
    /// What to decide on: milliseconds on the session clock.
    pub start_ms: i64,
    /// See `start_ms`.
    pub end_ms: i64,
    /// What to watch: with padding.
    pub watch: Vec<(i64, i64)>,
    /// Kind of moment that is asked about: `withdrawal` ..
    pub asked: String,
    /// What speaks for it.
    pub evidence_for: Vec<Measured>,
    /// What speaks against it.
    pub evidence_against: Vec<Measured>,
    /// What could not be looked at.
    pub missing: Vec<String>,
    /// Codes whose rules hold inside.
    pub codes: Vec<String>,
    /// Seconds of a coder's time.
    pub review_secs: f64,
    /// Why it is shown. Not for the page.
    #[serde(skip)]
    pub kind: ClipKind,
}

/// Milliseconds of a span.
pub fn millis(span: Span) -> (i64, i64) {
    let ms = |secs: f64| (secs * 1000.0).round() as i64;
    (ms(span.start().secs_f64()), ms(span.end().secs_f64()))
}

/// Words for an event of a control; the dictionary has them.
pub type InWords<'a> = &'a dyn Fn(&Event) -> Option<String>;

/// The clips of a session for one coder: candidates within the budget in order of rank, then further stretches, controls at
/// random places among all of them. The same seed, coder and session give the same clips.
pub fn clips(session: &Session, id: &str, coder: &str, seed: u64, in_words: InWords<'_>) -> Vec<Clip> {
    let mut random = Random::of(seed, &["clips", coder, id]);
    let kinds = [(ClipKind::Candidate, &session.episodes), (ClipKind::Further, &session.further)];
    let mut ranked: Vec<(ClipKind, &Episode)> = kinds
        .into_iter()
        .flat_map(|(kind, list)| list.iter().map(move |episode| (kind, episode)))
        .filter(|(_, episode)| episode.in_budget)
        .collect();
    ranked.sort_by_key(|(kind, episode)| (kind.number(), episode.rank));
    let name = |span: Span, what: &str| {
        let words = format!("{seed}/{coder}/{id}/{what}/{:?}", millis(span));
        Sha256::digest(words.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let mut clips: Vec<Clip> = ranked
        .iter()
        .map(|(kind, episode)| Clip { kind: *kind, ..ranked_clip(episode, name(episode.span, "e")) })
        .collect();
    // Without a ranked clip there is no question either, and nothing that a control would be compared with.
    for control in session.controls.iter().filter(|_| !ranked.is_empty()) {
        let Some((_, like)) = ranked.get(random.below(ranked.len())) else { break };
        let clip = self::control(session, *control, like, name(*control, "c"), in_words);
        let at = random.below(clips.len() + 1);
        clips.insert(at, clip);
    }
    clips
}

fn ranked_clip(episode: &Episode, id: String) -> Clip {
    let (start_ms, end_ms) = millis(episode.span);
    let measured = |list: &[crate::episodes::Evidence]| -> Vec<Measured> {
        list.iter()
            .map(|evidence| {
                let (start_ms, end_ms) = millis(evidence.span);
                Measured { sentence: evidence.sentence.clone(), who: evidence.who.to_string(), start_ms, end_ms }
            })
            .collect()
    };
    let watch = if episode.watch.is_empty() { vec![episode.clip] } else { episode.watch.clone() };
    Clip {
        id,
        start_ms,
        end_ms,
        watch: watch.into_iter().map(millis).collect(),
        asked: episode.kind.name().to_owned(),
        evidence_for: measured(&episode.evidence_for),
        evidence_against: measured(&episode.evidence_against),
        missing: episode.missing.clone(),
        codes: episode.codes.iter().map(|code| code.code.clone()).collect(),
        review_secs: episode.review_secs,
        kind: ClipKind::Candidate,
    }
}

/// Most lines of what was measured in a control.
const LINES: usize = 6;
/// Markers that speak for a candidate where one is found (`config/episodes.toml`): a control lists what it has of them.
const FOR: &[&str] = &[
    "aud.silence3",
    "aud.minresp",
    "aud.turnlen",
    "aud.latency",
    "aud.ovl_comp",
    "aud.laugh",
    "aud.sigh",
    "aud.loud",
    "aud.whisper",
    "aud.arousal",
    "txt.topic",
    "txt.deflect",
    "txt.minimise",
    "txt.reassure",
    "txt.vague",
    "txt.critic",
    "txt.distress",
    "vid.pout",
    "vid.press",
    "vid.suck",
    "vid.brow",
    "vid.contempt",
    "vid.disgust",
    "vid.gazeav",
    "vid.headdown",
    "vid.turnaway",
    "vid.selftouch",
    "vid.still",
    "vid.lean",
    "vid.arms",
];
/// Those that speak against one.
const AGAINST: &[&str] = &["txt.ack", "txt.mental", "vid.nod", "vid.smile"];
/// A longer turn is no short answer, as in the candidates' evidence.
const SHORT_WORDS: u32 = 5;

fn control(session: &Session, span: Span, like: &Episode, id: String, in_words: InWords<'_>) -> Clip {
    let before = like.span.start().since(like.clip.start()).unwrap_or_default();
    let after = like.clip.end().since(like.span.end()).unwrap_or_default();
    let watch = span.widened(before, after).overlap(session.span).unwrap_or(span);
    let inside = |markers: &[&str]| -> Vec<Measured> {
        let here = session.events.iter().filter(|event| {
            let tells = match event.marker.as_str() {
                "aud.turnlen" => event.words.is_some_and(|words| words <= SHORT_WORDS),
                _ => event.strength > 0.0,
            };
            markers.contains(&event.marker.as_str()) && span.contains(event.span.start()) && tells
        });
        let mut strongest: Vec<(&Event, String)> = here.filter_map(|event| Some((event, in_words(event)?))).collect();
        strongest.sort_by(|(a, _), (b, _)| b.strength.total_cmp(&a.strength).then(a.id.cmp(&b.id)));
        strongest.truncate(LINES);
        let measured = |(event, sentence): (&Event, String)| {
            let (start_ms, end_ms) = millis(event.span);
            Measured { sentence, who: event.who.to_string(), start_ms, end_ms }
        };
        strongest.into_iter().map(measured).collect()
    };
    let hits = session.hits.iter().filter(|hit| hit.span.overlap(span).is_some());
    let mut codes: Vec<String> = hits.map(|hit| hit.code.clone()).collect();
    codes.sort();
    codes.dedup();
    let (start_ms, end_ms) = millis(span);
    Clip {
        id,
        start_ms,
        end_ms,
        watch: vec![millis(watch)],
        asked: like.kind.name().to_owned(),
        evidence_for: inside(FOR),
        evidence_against: inside(AGAINST),
        missing: like.missing.clone(),
        codes,
        review_secs: watch.secs_f64() + 10.0,
        kind: ClipKind::Control,
    }
}
