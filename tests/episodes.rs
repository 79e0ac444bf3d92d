//! Whole made-up sessions, as events, against the candidates they should give.

#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "a test says what broke by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use attune::codebook::{self, Polarity};
use attune::config::Config;
use attune::episodes::{self, CodeCard, Episode, EpisodeKind, Input, Outcome, Ranking, Settings, Usable};
use attune::markers::exchange::Exchange;
use attune::markers::{Event, EventId, SpokenTurn};
use attune::rules::{Hit, Vocabulary};
use attune::time::{FrameGrid, SessionTime, Span, Step};
use attune::track::{Track, Unit, Who};

#[path = "episodes/joining.rs"]
mod joining;
#[path = "episodes/look_alikes.rs"]
mod look_alikes;
#[path = "episodes/moments.rs"]
mod moments;
#[path = "episodes/not_seen.rs"]
mod not_seen;
#[path = "episodes/order.rs"]
mod order;
#[path = "episodes/page.rs"]
mod page;
#[path = "episodes/repair.rs"]
mod repair;
#[path = "episodes/score.rs"]
mod score;
#[path = "episodes/size.rs"]
mod size;
#[path = "episodes/vignette.rs"]
mod vignette;

use Who::{Client, Room, Therapist};

fn settings() -> Settings {
    toml::from_str(include_str!("../config/episodes.toml")).unwrap()
}

fn span(from_s: f64, to_s: f64) -> Span {
    Span::new(SessionTime::from_secs_f64(from_s), SessionTime::from_secs_f64(to_s)).unwrap()
}

/// A made session. Times in seconds.
struct Made {
    session: Span,
    events: Vec<Event>,
    hits: Vec<Hit>,
    exchanges: Vec<Exchange>,
    turns: Vec<SpokenTurn>,
    coverage: Vec<Usable>,
    blind: Vec<(String, String)>,
    seed: u64,
}

impl Made {
    /// With a transcript, both roles known, and the client's face always usable.
    fn new(long_s: f64) -> Self {
        let session = span(0.0, long_s);
        let turn = SpokenTurn { who: Therapist, span: span(0.0, 1.0), text: "hello".into(), confidence: 1.0 };
        let usable = |modality: &str| Usable { modality: modality.into(), who: Client, spans: vec![session] };
        Self {
            session,
            events: vec![],
            hits: vec![],
            exchanges: vec![],
            turns: vec![turn],
            coverage: vec![usable("face"), usable("gaze")],
            blind: vec![],
            seed: 7,
        }
    }

    fn event(&mut self, marker: &str, who: Who, from: f64, to: f64) -> &mut Event {
        let id = EventId(u32::try_from(self.events.len()).unwrap());
        self.events.push(Event {
            id,
            marker: marker.into(),
            who,
            span: span(from, to),
            apex: None,
            value: (to - from) as f32,
            unit: Unit::Seconds,
            strength: 0.9,
            confidence: 0.95,
            kind: None,
            words: None,
            seen_in: vec![],
        });
        self.events.last_mut().unwrap()
    }

    fn kind(&mut self, marker: &str, kind: &str, who: Who, from: f64, to: f64) -> &mut Event {
        let event = self.event(marker, who, from, to);
        event.kind = Some(kind.into());
        event
    }

    fn hit(&mut self, code: &str, rule: &str, because: &[usize]) -> &mut Hit {
        let of = |place: &usize| &self.events[*place];
        let span = because.iter().map(|place| of(place).span).reduce(Span::hull).unwrap();
        let strength = because.iter().map(|place| of(place).strength).sum::<f32>() / because.len() as f32;
        let quality = because.iter().map(|place| of(place).confidence).fold(1.0, f32::min);
        let because = because.iter().map(|place| of(place).id).collect();
        let (code, rule) = (code.to_owned(), rule.to_owned());
        self.hits.push(Hit { code, rule, rule_version: 1, span, because, strength, quality, blind: vec![] });
        self.hits.last_mut().unwrap()
    }

    /// A prompt of 4 s at `at`, RESP to `resp_end`, a reply of so many words after 1 s.
    fn exchange(&mut self, at: f64, prompt: &str, resp_end: f64, words: u32) -> &mut Exchange {
        let id = self.kind("txt.prompt", prompt, Therapist, at, at + 4.0).id;
        let reply_end = (at + 5.0 + 0.4 * f64::from(words)).min(resp_end);
        let exploring =
            matches!(prompt, "open_question" | "request_to_explore" | "reflection_of_distress" | "challenge");
        self.exchanges.push(Exchange {
            prompt: span(at, at + 4.0),
            prompt_event: Some(id),
            prompt_kind: Some(prompt.into()),
            exploring,
            reply: (words > 0).then(|| span(at + 5.0, reply_end)),
            resp: span(at + 4.0, resp_end),
            reply_words: Some(words),
            reply_speech_secs: Some(0.4 * f64::from(words)),
            latency_secs: (words > 0).then_some(1.0),
            quality: 0.95,
        });
        self.exchanges.last_mut().unwrap()
    }

    /// "How was that for you?" "Fine, yes." 4.2 s silence.
    fn short_then_silent(&mut self, at: f64) {
        self.exchange(at, "open_question", at + 10.0, 2);
        let short = self.events.len();
        self.kind("aud.minresp", "strict", Client, at + 5.0, at + 5.8).words = Some(2);
        self.kind("aud.silence3", "CT", Room, at + 5.8, at + 10.0);
        self.hit("rs03", "short-then-silent", &[short, short + 1]);
    }

    fn blocked(&mut self, at: f64) {
        self.short_then_silent(at);
        self.event("vid.pout", Client, at + 5.9, at + 7.3);
    }

    /// The client opens up: 20 words about the own mind that take up the question.
    fn opened(&mut self, at: f64) {
        self.exchange(at, "open_question", at + 20.0, 20);
        self.kind("txt.mental", "self", Client, at + 5.0, at + 13.0);
        self.kind("txt.cohere", "high", Client, at + 5.0, at + 13.0);
        self.event("txt.ack", Client, at + 5.0, at + 5.5);
    }

    fn find(&self) -> Ranking {
        let ranking = episodes::find(&self.input(&codes()), &settings());
        self.holds_for_every_ranking(&ranking);
        ranking
    }

    fn input<'a>(&'a self, codes: &'a BTreeMap<String, CodeCard>) -> Input<'a> {
        Input {
            session: self.session,
            events: &self.events,
            hits: &self.hits,
            exchanges: &self.exchanges,
            turns: &self.turns,
            blind: &self.blind,
            codes,
            coverage: &self.coverage,
            seed: self.seed,
        }
    }

    /// What is true of any result, whatever the session: checked for each made session of this file.
    fn holds_for_every_ranking(&self, ranking: &Ranking) {
        let all = &ranking.episodes;
        let ranks: BTreeSet<u32> = all.iter().map(|e| e.rank).collect();
        assert_eq!(ranks, (1..=u32::try_from(all.len()).unwrap()).collect());
        assert!(all.is_sorted_by_key(|e| e.span));
        for (place, episode) in all.iter().enumerate() {
            assert_eq!(episode.id, format!("e{:03}", place + 1));
            assert!((0.0..=1.0).contains(&episode.ranking_weight));
            assert!(episode.span.secs_f64() <= 300.0 || episode.kind == EpisodeKind::Cycle);
            assert!(episode.watch.iter().all(|clip| clip.overlap(self.session) == Some(*clip)));
            assert!(!episode.sentence.is_empty());
            for evidence in episode.evidence_for.iter().chain(&episode.evidence_against) {
                self.every_number_is_measured(episode, &evidence.sentence, &evidence.events);
            }
            let of_all: Vec<EventId> = episode.evidence_for.iter().flat_map(|e| e.events.iter().copied()).collect();
            self.every_number_is_measured(episode, &episode.sentence, &of_all);
            let text = format!("{} {:?} {:?}", episode.sentence, episode.missing, episode.evidence_for).to_lowercase();
            for judging in ["resist", "refus", "angry", "denial", "sulk", "pouted", "defensive"] {
                assert!(!text.contains(judging), "{text}");
            }
        }
        let chosen: Vec<&Episode> = all.iter().filter(|e| e.in_budget).collect();
        assert_eq!(usize::try_from(ranking.expected.clips).unwrap(), chosen.len());
        let clip_secs: f64 = chosen.iter().map(|e| e.review_secs).sum();
        assert!(clip_secs <= 60.0 * ranking.expected.budget_minutes);
        for control in &ranking.controls {
            assert_eq!(control.overlap(self.session), Some(*control));
            assert!(all.iter().flat_map(|e| &e.watch).all(|clip| clip.overlap(*control).is_none()));
        }
    }

    /// Each number of a sentence is a length, value or count of the events behind it, or of the cycle.
    fn every_number_is_measured(&self, episode: &Episode, sentence: &str, ids: &[EventId]) {
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut secs = |value: f64| {
            known.insert(format!("{value:.1}"));
            known.insert(format!("{:.1}", value / 60.0));
        };
        secs(episode.span.secs_f64());
        for unit in &episode.units {
            secs(unit.secs_f64());
        }
        for event in self.events.iter().filter(|event| ids.contains(&event.id)) {
            secs(event.span.secs_f64());
            secs(f64::from(event.value.abs()));
        }
        for event in self.events.iter().filter(|event| ids.contains(&event.id)) {
            known.extend(event.words.map(|words| words.to_string()));
        }
        for exchange in self.exchanges.iter().filter(|e| e.prompt_event.is_some_and(|id| ids.contains(&id))) {
            known.extend(exchange.reply_words.map(|words| words.to_string()));
        }
        known.insert(ids.len().to_string());
        known.insert(episode.units.len().to_string());
        known.insert(episode.units.len().saturating_sub(1).to_string());
        // Numbers of the person's own range and of shares are measured over the session, not in an event.
        let sentence = sentence.split("(own P20").next().unwrap();
        let sentence = sentence.rsplit("% of all").next().unwrap();
        for number in sentence.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|n| n.parse::<f64>().is_ok()) {
            assert!(known.contains(number), "{number} in {sentence:?} is not in {known:?}");
        }
    }
}

fn codes() -> BTreeMap<String, CodeCard> {
    [
        ("rs02", "Failure to respond to the urge to explore", 0.9, Polarity::Straining),
        ("rs03", "Very concise response to the therapist intervention and then silence", 0.9, Polarity::Straining),
        ("rs15", "Laughing at distress", 0.9, Polarity::Straining),
        ("rs20", "Focus on distress without acknowledgment", 0.6, Polarity::Straining),
        ("xt01", "[ext] pouting / angry face while the main problem is not explored", 0.6, Polarity::Straining),
        ("xt02", "[ext] detrimental cycle: three or more repeats", 0.6, Polarity::Straining),
        (
            "xt03",
            "[ext] therapist addresses the facial expression and the resistance is faced",
            0.6,
            Polarity::Supporting,
        ),
        ("rf03", "The capacity to reflect on your emotions", 0.6, Polarity::Supporting),
    ]
    .into_iter()
    .map(|(id, label, cap, polarity)| {
        (id.to_owned(), CodeCard { label: label.into(), cap, rule_caps: BTreeMap::new(), polarity })
    })
    .collect()
}

fn kinds(ranking: &Ranking) -> Vec<EpisodeKind> {
    ranking.episodes.iter().map(|episode| episode.kind).collect()
}

/// Three blocked exchanges at 30, 90 and 180 s.
fn three_blocked() -> Made {
    let mut made = Made::new(600.0);
    for at in [30.0, 90.0, 180.0] {
        made.blocked(at);
    }
    made
}

/// The therapist names the face right after the third, as a turn of its own.
fn with_remark(mut made: Made) -> Made {
    made.exchange(190.5, "open_question", 215.0, 25);
    made.kind("txt.meta", "face", Therapist, 190.5, 194.5);
    made.kind("txt.mental", "self", Client, 196.0, 206.0);
    made.opened(216.0);
    made.opened(240.0);
    made
}

fn one_and_then(remark: bool, opens: bool) -> Outcome {
    let mut made = Made::new(600.0);
    for at in [0.0, 300.0, 330.0, 360.0, 390.0] {
        made.exchange(at, "closed_question", at + 10.0, 6);
    }
    made.blocked(30.0);
    if remark {
        made.kind("txt.meta", "here_and_now", Therapist, 45.0, 50.0);
    }
    if opens {
        made.opened(60.0);
        made.opened(90.0);
    }
    let ranking = made.find();
    assert_eq!(ranking.episodes[0].kind, EpisodeKind::Withdrawal);
    ranking.episodes[0].repair.as_ref().unwrap().outcome
}

/// An hour with a cycle, 14 short answers, 14 long silences and 6 confrontations, far apart.
fn busy_hour() -> Made {
    let mut made = Made::new(3600.0);
    for at in [20.0, 60.0, 100.0] {
        made.blocked(at);
    }
    for place in 0..34 {
        let at = 200.0 + 95.0 * f64::from(place);
        match place % 5 {
            0 | 2 => made.short_then_silent(at),
            1 | 3 => {
                made.exchange(at, "open_question", at + 20.0, 0);
                let silence = made.events.len();
                made.kind("aud.silence3", "TT", Room, at + 4.0, at + 20.0);
                made.hit("rs02", "no-answer", &[silence]);
            }
            _ => {
                made.exchange(at, "challenge", at + 20.0, 15);
                made.kind("txt.critic", "therapy", Client, at + 6.0, at + 11.0).strength = 1.0;
                made.event("aud.arousal", Client, at + 6.0, at + 11.0);
                made.event("aud.ovl_comp", Client, at + 5.0, at + 6.0);
            }
        }
        // Two unmarked exchanges between, so that nothing is joined.
        made.exchange(at + 30.0, "closed_question", at + 42.0, 5);
        made.exchange(at + 50.0, "closed_question", at + 62.0, 5);
    }
    made
}
