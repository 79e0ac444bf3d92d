//! Made sessions for tests of what is written: two people, the vignette of three blocked exchanges, invented words.
//! Nothing here is a measurement.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "each test file uses its own part, and says what broke by panicking"
)]

use std::collections::BTreeMap;

use attune::episodes::{Cycle, Episode, EpisodeCode, EpisodeKind, Evidence, Outcome, Repair, ReviewPlan};
use attune::markers::{Event, EventId, SpokenTurn};
use attune::media::Damage;
use attune::origin::{Hash, ModelFile, Origin};
use attune::rules::Hit;
use attune::session::{Coverage, Media, Person, Problem, SCHEMA, Session, TranscriptSource};
use attune::time::{SessionTime, Span};
use attune::track::{Unit, Who};

mod measured;
mod words;

pub use measured::{face_at, filmed, tracks_of};

/// Seconds to a span.
pub fn span(from: f64, to: f64) -> Span {
    Span::new(SessionTime::from_secs_f64(from), SessionTime::from_secs_f64(to)).unwrap()
}

/// Numbers that look random and are the same every time (xorshift64*).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// 0 to 1.
    pub fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[(self.unit() * from.len() as f64) as usize % from.len()]
    }
}

/// The vignette in four minutes: cycle of three, broken by the therapist, then looked at together.
pub fn four_minutes() -> Session {
    let mut made = Made::new("example", 240.0);
    for &(who, from, to, text) in words::VIGNETTE {
        made.says(who, from, to, text);
    }
    made.face("vid.pout", Who::Client, &[(49.0, 51.1), (62.1, 64.0), (74.5, 77.6)]);
    made.face("vid.brow", Who::Client, &[(62.4, 63.6), (74.8, 77.0), (214.0, 215.1)]);
    made.face("vid.press", Who::Client, &[(77.8, 79.0), (199.6, 200.9)]);
    made.face("vid.smile", Who::Client, &[(2.0, 3.4), (143.0, 145.2), (232.0, 235.0)]);
    made.face("vid.smile", Who::Therapist, &[(1.2, 3.9), (143.6, 145.0), (233.1, 236.2)]);
    made.face("vid.gazeav", Who::Client, &[(49.4, 53.4), (75.0, 79.2), (160.0, 163.1)]);
    made.face_lost = vec![(Who::Client, 190.0, 199.0), (Who::Therapist, 120.0, 240.0)];
    made.settle();
    made.cycle(&[(42.0, 53.9), (53.9, 66.1), (66.1, 79.3)], Some((79.3, 88.4)), Outcome::Resolved, 1);
    made.withdrawal((66.1, 79.3), 2, Outcome::Resolved);
    made.withdrawal((186.0, 199.5), 3, Outcome::SpontaneousRecovery);
    made.secure((88.4, 131.0), 4);
    made.finish()
}

/// Fifty minutes with everything in it; `seed` chooses which.
pub fn fifty_minutes() -> Session {
    let mut made = Made::new("2024-017 session 6", 3000.0);
    let mut dice = Dice::new(7);
    let mut at = 2.0;
    let mut blocked: Vec<(f64, f64)> = Vec::new();
    let trouble =
        |at: f64| (610.0..760.0).contains(&at) || (1495.0..1530.0).contains(&at) || (2240.0..2330.0).contains(&at);
    while at < 2960.0 {
        let from = at;
        let ask = dice.between(2.0, 9.0);
        made.says(Who::Therapist, at, at + ask, dice.pick(words::QUESTIONS));
        at += ask + dice.between(0.1, 1.2);
        if trouble(at) {
            let reply = dice.between(0.4, 1.1);
            made.says(Who::Client, at, at + reply, dice.pick(words::SHORT));
            let quiet = dice.between(3.1, 6.5);
            let pout = dice.between(0.8, 2.6);
            made.face("vid.pout", Who::Client, &[(at + reply + 0.3, at + reply + 0.3 + pout)]);
            if dice.unit() < 0.6 {
                made.face("vid.brow", Who::Client, &[(at + reply + 0.5, at + reply + 1.4)]);
            }
            made.face("vid.gazeav", Who::Client, &[(at - 0.5, at + reply + 2.5)]);
            at += reply + quiet;
            blocked.push((from, at));
            continue;
        }
        for _ in 0..(dice.between(1.0, 4.0) as usize) {
            let tell = dice.between(3.0, 14.0);
            made.says(Who::Client, at, at + tell, dice.pick(words::STORIES));
            if dice.unit() < 0.5 {
                let listen = at + dice.between(0.4, 0.9) * tell;
                made.says(Who::Therapist, listen, listen + 0.4, "Mhm.");
            }
            if dice.unit() < 0.25 {
                let kind = dice.pick(&["vid.smile", "vid.brow", "vid.press", "vid.gazeav"]);
                let length = if kind == "vid.gazeav" { dice.between(2.0, 4.0) } else { dice.between(0.4, 2.0) };
                made.face(kind, dice.pick(&[Who::Client, Who::Client, Who::Therapist]), &[(at, at + length)]);
            }
            at += tell + dice.between(0.3, 1.1);
        }
        at += if dice.unit() < 0.15 { dice.between(3.0, 9.0) } else { dice.between(-0.4, 0.8) };
    }
    made.face_lost = vec![
        (Who::Client, 1180.0, 1342.0),
        (Who::Client, 2700.0, 2731.0),
        (Who::Therapist, 0.0, 400.0),
        (Who::Therapist, 1700.0, 3000.0),
    ];
    made.settle();
    let near = |blocked: &[(f64, f64)], from: f64, to: f64| -> Vec<(f64, f64)> {
        blocked.iter().copied().filter(|(start, _)| (from..to).contains(start)).collect()
    };
    let first = near(&blocked, 600.0, 780.0);
    made.cycle(&first[..4], Some((first[4].0, first[4].0 + 6.0)), Outcome::Unresolved, 1);
    let last = near(&blocked, 2230.0, 2340.0);
    made.cycle(&last[..3], None, Outcome::NeverAddressed, 2);
    for (rank, at) in [(4, first[1]), (6, first[5]), (3, near(&blocked, 1480.0, 1540.0)[0]), (7, last[2])] {
        made.withdrawal(at, rank, Outcome::SpontaneousRecovery);
    }
    made.confrontation((1822.0, 1871.0), 5);
    for (rank, at) in [(8, 905.0), (9, 2050.0), (10, 2610.0), (12, 1210.0)] {
        made.withdrawal((at, at + 22.0), rank, Outcome::NotAssessable);
    }
    made.secure((2402.0, 2466.0), 11);
    made.finish()
}

/// Ten minutes of two voices and two faces that are in view all the time.
pub fn ten_full_minutes() -> Session {
    let mut made = Made::new("full", 600.0);
    for minute in 0..10 {
        let at = f64::from(minute) * 60.0;
        made.says(Who::Therapist, at, at + 20.0, words::QUESTIONS[0]);
        made.says(Who::Client, at + 21.0, at + 58.0, words::STORIES[0]);
        made.face("vid.smile", Who::Client, &[(at + 10.0, at + 12.0)]);
        made.face("vid.smile", Who::Therapist, &[(at + 11.0, at + 12.0)]);
    }
    made.settle();
    made.finish()
}

/// A session in which nothing was found and little could be looked at: sound only, nobody told apart.
pub fn almost_nothing() -> Session {
    let mut made = Made::new("recording", 61.0);
    made.says(Who::Speaker(1), 3.0, 9.0, "");
    made.says(Who::Speaker(2), 11.0, 19.0, "");
    made.settle();
    let mut session = made.finish();
    session.turns.clear();
    session.transcript = None;
    session.coverage = vec![
        Coverage {
            modality: "voice".into(),
            who: Who::Room,
            assessable_s: 58.0,
            total_s: 61.0,
            why_not: "clipped sound".into(),
        },
        Coverage {
            modality: "text".into(),
            who: Who::Room,
            assessable_s: 0.0,
            total_s: 61.0,
            why_not: "no transcript".into(),
        },
    ];
    session.people = [1, 2]
        .map(|n| Person {
            who: Who::Speaker(n),
            voice: Some(format!("speaker{n}")),
            face: None,
            told_by: "nothing tells".into(),
            confidence: 0.0,
            speaking_s: Some(6.0),
        })
        .to_vec();
    session
}

/// Collects a session piece by piece.
struct Made {
    session: Session,
    face_lost: Vec<(Who, f64, f64)>,
    dice: Dice,
}

impl Made {
    fn new(name: &str, secs: f64) -> Self {
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
                language: Some("en".into()),
                cohesion: None,
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
    fn says(&mut self, who: Who, from: f64, to: f64, text: &str) {
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

    fn face(&mut self, marker: &str, who: Who, at: &[(f64, f64)]) {
        for &(from, to) in at {
            let event = self.event(marker, who, (from, to), 3.1, Unit::StandardScores);
            event.apex = Some(SessionTime::from_secs_f64((from + to) / 2.0));
            event.seen_in = vec!["face_actions".into()];
        }
    }

    /// Silences and overlaps from the speech, coverage, people, order, tracks.
    fn settle(&mut self) {
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

    /// Events of a marker that start inside.
    fn inside(&self, marker: &str, at: (f64, f64)) -> Vec<Event> {
        let within = span(at.0, at.1);
        self.session.events.iter().filter(|e| e.marker == marker && within.contains(e.span.start())).cloned().collect()
    }

    fn evidence(&self, at: (f64, f64)) -> Vec<Evidence> {
        let mut found = Vec::new();
        for (marker, family, weight) in [
            ("aud.silence3", "silence", 1.8),
            ("vid.pout", "face", 0.8),
            ("vid.brow", "face", 0.3),
            ("vid.gazeav", "gaze_body", 0.6),
        ] {
            if let Some(event) = self.inside(marker, at).first() {
                let secs = event.span.secs_f64();
                let sentence = match marker {
                    "aud.silence3" => {
                        format!("short answer, then {secs:.1} s silence, after which the therapist spoke")
                    }
                    "vid.pout" => format!("lips pushed out {secs:.1} s while not speaking"),
                    "vid.brow" => format!("brow lowered {secs:.1} s"),
                    _ => format!("looked away {secs:.1} s"),
                };
                found.push(Evidence {
                    family: family.into(),
                    sentence,
                    who: event.who,
                    span: event.span,
                    weight,
                    strength: 0.85,
                    quality: 0.92,
                    events: vec![event.id],
                });
            }
        }
        found
    }

    fn against(&self, at: (f64, f64), sentence: &str) -> Evidence {
        Evidence {
            family: "counter".into(),
            sentence: sentence.into(),
            who: Who::Client,
            span: span(at.0 + 0.5 * (at.1 - at.0), at.1),
            weight: -1.0,
            strength: 0.4,
            quality: 0.8,
            events: Vec::new(),
        }
    }

    fn episode(
        &mut self,
        kind: EpisodeKind,
        at: (f64, f64),
        rank: u32,
        sentence: String,
        codes: &[(&str, &str)],
    ) -> &mut Episode {
        let clip = span((at.0 - 5.0).max(0.0), (at.1 + 10.0).min(self.session.span.secs_f64()));
        let evidence_for = self.evidence(at);
        let because: Vec<_> = evidence_for.iter().flat_map(|e| e.events.clone()).collect();
        for (code, _) in codes {
            self.session.hits.push(Hit {
                code: (*code).into(),
                rule: format!("{code}-main"),
                rule_version: 1,
                span: span(at.0, at.1),
                because: because.clone(),
                strength: 0.8,
                quality: 0.9,
                blind: Vec::new(),
            });
        }
        let heavy = 4.0 / (rank as f32 + 1.0);
        self.session.episodes.push(Episode {
            id: String::new(),
            kind,
            span: span(at.0, at.1),
            clip,
            rank,
            score: heavy + 1.0,
            likelihood: None,
            ranking_weight: (0.75 - 0.05 * rank as f32).max(0.05),
            sentence,
            evidence_for,
            evidence_against: Vec::new(),
            missing: Vec::new(),
            codes: codes
                .iter()
                .map(|(code, label)| EpisodeCode { code: (*code).into(), label: (*label).into(), weight: 0.6 })
                .collect(),
            repair: None,
            cycle: None,
            in_budget: true,
            also: Vec::new(),
            units: vec![span(at.0, at.1)],
            watch: vec![clip],
            review_secs: clip.secs_f64() + 10.0,
        });
        self.session.episodes.last_mut().unwrap()
    }

    fn withdrawal(&mut self, at: (f64, f64), rank: u32, outcome: Outcome) {
        let found = self.evidence(at);
        let sentence = match found.as_slice() {
            [] => "Two short answers in a row to open questions.".to_owned(),
            [one] => format!("{}.", one.sentence),
            [one, two, ..] => format!("{}; {}.", one.sentence, two.sentence),
        };
        let mut letters = sentence.chars();
        let sentence = letters.next().map(|c| c.to_uppercase().collect::<String>() + letters.as_str()).unwrap();
        let against = self.against(at, "the reply named a feeling (\u{201c}sad\u{201d})");
        let codes = [
            ("rs03", "Very concise response to the therapist intervention and then silence"),
            ("rs02", "Failure to respond to the urge to explore"),
            ("xt01", "[ext] pouting / angry face while the main problem is not explored"),
        ];
        let thin = found.len() < 2;
        let episode =
            self.episode(EpisodeKind::Withdrawal, at, rank, sentence, if thin { &codes[1..2] } else { &codes });
        if rank % 2 == 1 {
            episode.evidence_against.push(against);
        }
        if thin {
            episode.missing.push("the client's face was not in the picture for 11.0 s of this clip".into());
        }
        episode.repair = Some(Repair {
            outcome,
            remark: None,
            remark_span: None,
            score: (outcome != Outcome::NotAssessable).then_some(0.5),
            signs: vec![
                ("reply 12 words (own median 6)".into(), true),
                ("latency back inside the own range".into(), false),
            ],
        });
    }

    fn confrontation(&mut self, at: (f64, f64), rank: u32) {
        let sentence =
            "Spoke louder than usual (+6 dB) and cut in twice after the therapist\u{2019}s suggestion.".to_owned();
        let codes = [("rs04", "Rejection of the therapist's request for support")];
        let against = self.against(at, "nodded and took up a word of the therapist");
        let episode = self.episode(EpisodeKind::Confrontation, at, rank, sentence, &codes);
        episode.evidence_against.push(against);
        episode.missing.push("voice quality: not assessable in lossy sound".into());
    }

    fn secure(&mut self, at: (f64, f64), rank: u32) {
        let sentence =
            "Named an own feeling, went on for 21 s, and took up two of the therapist\u{2019}s words.".to_owned();
        let codes = [
            ("cx05", "Revealing distressful emotions at the moment"),
            ("rf03", "The capacity to reflect on your emotions"),
        ];
        self.episode(EpisodeKind::SecureLike, at, rank, sentence, &codes);
    }

    fn cycle(&mut self, repeats: &[(f64, f64)], remark: Option<(f64, f64)>, outcome: Outcome, rank: u32) {
        let at = (repeats[0].0, repeats[repeats.len() - 1].1);
        let sentence = format!(
            "{} times within {:.0} s: open question, an answer of at most 3 words, lips pushed out, then silence.",
            repeats.len(),
            at.1 - at.0
        );
        let codes = [
            ("xt02", "[ext] detrimental cycle: three or more repeats"),
            ("xt01", "[ext] pouting / angry face while the main problem is not explored"),
            ("rs03", "Very concise response to the therapist intervention and then silence"),
            ("xt03", "[ext] therapist addresses the facial expression and the resistance is faced"),
        ];
        let moves = ["re-prompt", "re-prompt", "new topic", "silence"];
        let last = if remark.is_some() { "names the face" } else { "new topic" };
        let mut moves: Vec<String> = moves.iter().take(repeats.len() - 1).map(|m| (*m).to_owned()).collect();
        moves.push(last.into());
        let episode = self.episode(EpisodeKind::Cycle, at, rank, sentence, &codes);
        episode.cycle = Some(Cycle {
            repeats: repeats.iter().map(|r| span(r.0, r.1)).collect(),
            spacing_secs: repeats.windows(2).map(|pair| pair[1].0 - pair[0].0).collect(),
            moves,
        });
        let met = outcome == Outcome::Resolved;
        episode.repair = Some(Repair {
            outcome,
            remark: None,
            remark_span: remark.map(|r| span(r.0, r.1)),
            score: remark.map(|_| if met { 1.0 } else { 0.5 }),
            signs: remark.map_or_else(Vec::new, |_| {
                vec![
                    ("pouts 0 per minute (in the cycle 4.8)".into(), met),
                    ("reply 34 words (blocked replies: median 1)".into(), true),
                ]
            }),
        });
    }

    fn finish(mut self) -> Session {
        self.session.episodes.sort_by_key(|episode| (episode.span, episode.rank));
        for (index, episode) in (1..).zip(&mut self.session.episodes) {
            episode.id = format!("e{index:03}");
        }
        let minutes: f64 = self.session.episodes.iter().map(|episode| episode.review_secs / 60.0).sum();
        self.session.review = (!self.session.episodes.is_empty()).then(|| ReviewPlan {
            clips: u32::try_from(self.session.episodes.len().min(11)).unwrap(),
            minutes,
            further: 0,
            further_minutes: 0.0,
            budget_minutes: 10.0,
            expected_confirmed: Some(self.session.episodes.iter().map(|episode| episode.ranking_weight).sum()),
            note: "uncalibrated".into(),
        });
        for episode in self.session.episodes.iter().filter(|episode| episode.kind.is_moment()) {
            *self.session.moment_secs.entry(episode.kind).or_default() += episode.span.secs_f64();
        }
        if self.session.episodes.len() > 11 {
            let last = self.session.episodes.iter_mut().max_by_key(|episode| episode.rank).unwrap();
            last.in_budget = false;
            last.also = vec![EpisodeKind::AvoidantLike];
        }
        self.session.hits.sort_by(|a, b| (a.span, &a.code).cmp(&(b.span, &b.code)));
        self.session
    }
}
