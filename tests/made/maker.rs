//! Collects a session piece by piece: turns, faces, and what follows from them.

use std::collections::BTreeMap;

use attune::markers::{Event, EventId, SpokenTurn};
use attune::media::Damage;
use attune::origin::{Hash, ModelFile, Origin};
use attune::session::{Coverage, Media, Person, Problem, SCHEMA, Session, TranscriptSource};
use attune::time::SessionTime;
use attune::track::{Unit, Who};

use super::{Dice, span, tracks_of};

/// Collects a session piece by piece.
pub(super) struct Made {
    pub(super) session: Session,
    pub(super) face_lost: Vec<(Who, f64, f64)>,
    dice: Dice,
}

impl Made {
    pub(super) fn new(name: &str, secs: f64) -> Self {
        let hash = |what: &str| Hash::of_bytes(what.as_bytes());
        let model =
            |name: &str| ModelFile { name: name.into(), sha256: hash(name), runtime: "onnxruntime 1.32.0".into() };
        let session = Session {
            schema: SCHEMA,
            name: name.into(),
            span: span(0.0, secs),
            media: vec![Media {
                file: format!("{name}.mp4"),
                sha256: hash(name),
                what: "mov,mp4: h264 1280x720 25 fps, aac 48000 Hz 2 channels".into(),
                offset_s: SessionTime::ZERO,
                offset_from: "first file".into(),
                drift_ppm: None,
                damage: Damage { broken_packets: 3, missing: vec![span(120.0, 120.4)] },
            }],
            transcript: Some(TranscriptSource {
                cohesion: None,
                language: Some("en".into()),
                file: format!("{name}.vtt"),
                sha256: hash("transcript"),
                format: "WebVTT".into(),
                turns: 0,
                offset_s: Some(-0.12),
                drift_ppm: None,
                warnings: vec![(412, "this cue ends before it starts and was left out".into())],
            }),
            people: Vec::new(),
            turns: Vec::new(),
            notes: Vec::new(),
            words: Vec::new(),
            events: Vec::new(),
            hits: Vec::new(),
            episodes: Vec::new(),
            further: Vec::new(),
            review: None,
            controls: Vec::new(),
            moment_secs: BTreeMap::new(),
            synchrony: None,
            coverage: Vec::new(),
            problems: vec![Problem::note(
                "media",
                "3 packets of the picture could not be decoded at 2:00; these 0.4 s count as not measured.",
            )],
            origin: Origin {
                engine: "0.1.0".into(),
                settings: hash("settings"),
                codebook: hash("codebook"),
                codebook_version: "paper 2".into(),
                language: hash("language"),
                learned: None,
                models: ["face_detection_yunet_2023mar", "face_landmarks_detector", "seg3"].map(model).to_vec(),
            },
            tracks: attune::track::Tracks::new(),
        };
        Self { session, face_lost: Vec::new(), dice: Dice::new(3) }
    }

    fn event(&mut self, marker: &str, who: Who, at: (f64, f64), value: f32, unit: Unit) -> &mut Event {
        self.session.events.push(Event {
            id: EventId::default(),
            marker: marker.into(),
            who,
            span: span(at.0, at.1),
            apex: None,
            value,
            unit,
            strength: 0.8,
            confidence: 0.9,
            kind: None,
            words: None,
            seen_in: Vec::new(),
        });
        self.session.events.last_mut().unwrap()
    }

    /// A turn of the transcript and the stretches of speech in it.
    pub(super) fn says(&mut self, who: Who, from: f64, to: f64, text: &str) {
        self.session.turns.push(SpokenTurn { who, span: span(from, to), text: text.into(), confidence: 1.0 });
        let words = u32::try_from(text.split_whitespace().count()).unwrap();
        self.event("aud.turnlen", who, (from, to), (to - from) as f32, Unit::Seconds).words = Some(words);
        let mut at = from;
        while at < to {
            let end = (at + self.dice.between(1.2, 3.4)).min(to);
            let end = if to - end < 0.5 { to } else { end };
            self.event("aud.vad", who, (at, end), (end - at) as f32, Unit::Seconds);
            at = end + self.dice.between(0.18, 0.6);
        }
    }

    pub(super) fn face(&mut self, marker: &str, who: Who, at: &[(f64, f64)]) {
        for &(from, to) in at {
            let event = self.event(marker, who, (from, to), 3.1, Unit::StandardScores);
            event.apex = Some(SessionTime::from_secs_f64((from + to) / 2.0));
            event.seen_in = vec!["face_actions".into()];
        }
    }

    /// Silences and overlaps from the speech, coverage, people, order, tracks.
    pub(super) fn settle(&mut self) {
        let secs = self.session.span.secs_f64();
        let mut speech: Vec<_> = self.session.events.iter().filter(|e| e.marker == "aud.vad").cloned().collect();
        speech.sort_by_key(|e| (e.span, e.who));
        let mut until: Option<Event> = None;
        for next in speech {
            if let Some(last) = until.clone() {
                let (end, start) = (last.span.end().secs_f64(), next.span.start().secs_f64());
                let short = |who: Who| if who == Who::Client { "C" } else { "T" };
                if start - end >= 3.0 {
                    let kind = format!("{}{}", short(last.who), short(next.who));
                    let event =
                        self.event("aud.silence3", Who::Room, (end, start), (start - end) as f32, Unit::Seconds);
                    event.kind = Some(kind);
                } else if last.who != next.who && start < end {
                    let both = (start, end.min(next.span.end().secs_f64()));
                    self.event("aud.ovl_coop", next.who, both, (both.1 - both.0) as f32, Unit::Seconds);
                }
            }
            if until.as_ref().is_none_or(|last| last.span.end() < next.span.end()) {
                until = Some(next);
            }
        }
        for (who, told) in [(Who::Client, "speaker1"), (Who::Therapist, "speaker2")] {
            let of_events = |marker: &str| -> f64 {
                self.session
                    .events
                    .iter()
                    .filter(|e| e.marker == marker && e.who == who)
                    .map(|e| e.span.secs_f64())
                    .sum()
            };
            let lost: f64 = self.face_lost.iter().filter(|l| l.0 == who).map(|l| l.2 - l.1).sum();
            let person = Person {
                who,
                voice: Some(told.into()),
                face: Some(if who == Who::Client { "face1" } else { "face2" }.into()),
                told_by: "the transcript's speaker names".into(),
                confidence: 0.97,
                speaking_s: Some(of_events("aud.vad")),
            };
            self.session.people.push(person);
            let mut covers = |modality: &str, assessable_s: f64, why: &str| {
                let why_not = if assessable_s < secs { why.to_owned() } else { String::new() };
                self.session.coverage.push(Coverage {
                    modality: modality.into(),
                    who,
                    assessable_s,
                    total_s: secs,
                    why_not,
                });
            };
            covers("voice", secs - 0.4, "damaged sound");
            covers("face", secs - lost, "no face in the picture or turned away by more than 35 degrees");
            covers("gaze", (secs - lost) * 0.93, "eyes closed, or as for the face");
            covers("text", secs, "");
        }
        self.session.events.sort_by(|a, b| (a.span, &a.marker, a.who).cmp(&(b.span, &b.marker, b.who)));
        for (index, event) in (0..).zip(&mut self.session.events) {
            event.id = EventId(index);
        }
        self.session.tracks = tracks_of(&self.session, &self.face_lost);
        if let Some(source) = &mut self.session.transcript {
            source.turns = self.session.turns.len();
        }
        self.session.turns.sort_by_key(|turn| (turn.span, turn.who));
    }
}
