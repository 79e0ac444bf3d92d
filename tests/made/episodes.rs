//! The episodes of a made session, with evidence taken from what was put into it.

use attune::episodes::{Cycle, Episode, EpisodeCode, EpisodeKind, Evidence, Outcome, Repair, ReviewPlan};
use attune::markers::Event;
use attune::rules::Hit;
use attune::session::Session;
use attune::track::Who;

use super::maker::Made;
use super::span;

impl Made {
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

    pub(super) fn withdrawal(&mut self, at: (f64, f64), rank: u32, outcome: Outcome) {
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

    pub(super) fn confrontation(&mut self, at: (f64, f64), rank: u32) {
        let sentence =
            "Spoke louder than usual (+6 dB) and cut in twice after the therapist\u{2019}s suggestion.".to_owned();
        let codes = [("rs04", "Rejection of the therapist's request for support")];
        let against = self.against(at, "nodded and took up a word of the therapist");
        let episode = self.episode(EpisodeKind::Confrontation, at, rank, sentence, &codes);
        episode.evidence_against.push(against);
        episode.missing.push("voice quality: not assessable in lossy sound".into());
    }

    pub(super) fn secure(&mut self, at: (f64, f64), rank: u32) {
        let sentence =
            "Named an own feeling, went on for 21 s, and took up two of the therapist\u{2019}s words.".to_owned();
        let codes = [
            ("cx05", "Revealing distressful emotions at the moment"),
            ("rf03", "The capacity to reflect on your emotions"),
        ];
        self.episode(EpisodeKind::SecureLike, at, rank, sentence, &codes);
    }

    pub(super) fn cycle(&mut self, repeats: &[(f64, f64)], remark: Option<(f64, f64)>, outcome: Outcome, rank: u32) {
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

    pub(super) fn finish(mut self) -> Session {
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
