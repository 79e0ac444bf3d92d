//! The talk itself: prompts, replies, silences and the events that the markers would have seen in them.

use super::cues::{self, Lean};
use super::settings::{At, Cue, MadeSettings, Prompt};
use super::{MadeSession, Rupture, RuptureKind};
use crate::markers::{Event, EventId, SpokenTurn};
use crate::random::Random;
use crate::time::{SessionTime, Span};
use crate::track::{Unit, Who};

/// A session in the making.
pub(super) struct Talk<'s> {
    settings: &'s MadeSettings,
    random: &'s mut Random,
    lean: Lean,
    /// Seconds.
    at: f64,
    turns: Vec<SpokenTurn>,
    events: Vec<Event>,
    ruptures: Vec<Rupture>,
}

/// What is to be planted.
struct Plan {
    at: f64,
    kind: RuptureKind,
    exchanges: u32,
}

impl<'s> Talk<'s> {
    pub(super) fn new(settings: &'s MadeSettings, random: &'s mut Random, lean: Lean) -> Self {
        Self { settings, random, lean, at: 2.0, turns: Vec::new(), events: Vec::new(), ruptures: Vec::new() }
    }

    fn end(&self) -> f64 {
        self.settings.session.minutes * 60.0
    }

    pub(super) fn whole_session(&mut self) {
        let mut plans = self.plans().into_iter().peekable();
        while self.at < self.end() - 30.0 {
            match plans.next_if(|plan| plan.at <= self.at) {
                Some(plan) => self.rupture(&plan),
                None => _ = self.exchange(None),
            }
        }
    }

    /// Where ruptures begin, in order.
    fn plans(&mut self) -> Vec<Plan> {
        let settings = &self.settings.rupture;
        let count = self.random.poisson(settings.per_session * self.settings.session.minutes / 50.0);
        let mut starts: Vec<f64> = (0..count).map(|_| self.random.between(60.0, self.end() - 120.0)).collect();
        starts.sort_by(f64::total_cmp);
        let mut plans: Vec<Plan> = Vec::new();
        for at in starts {
            let near = plans.last().is_some_and(|last| at < last.at + settings.apart_secs.0.as_secs_f64());
            let kind = match self.random.happens(settings.confrontation_share) {
                true => RuptureKind::Confrontation,
                false => RuptureKind::Withdrawal,
            };
            let more = self.random.below(u64::from(settings.exchanges.most - settings.exchanges.least) + 1);
            if !near {
                plans.push(Plan { at, kind, exchanges: settings.exchanges.least + more as u32 });
            }
        }
        plans
    }

    fn rupture(&mut self, plan: &Plan) {
        let start = self.at;
        for _ in 0..plan.exchanges {
            self.exchange(Some(plan.kind));
        }
        let end = self.turns.last().map_or(self.at, |turn| turn.span.end().secs_f64());
        self.ruptures.extend(span(start, end.max(start + 1.0)).map(|span| Rupture { kind: plan.kind, span }));
    }

    /// `None` only where times are beyond what the session clock can count.
    fn exchange(&mut self, rupture: Option<RuptureKind>) -> Option<()> {
        let prompt = self.prompt_kind(rupture.is_some());
        let words = (self.random.log_normal(prompt.words, 0.4).round() as u32).clamp(3, 120);
        let prompt_span = self.says(Who::Therapist, words)?;
        let event = self.event("txt.prompt", Who::Therapist, prompt_span, 1.0, Unit::Count, 1.0);
        (event.kind, event.words) = (Some(prompt.kind.clone()), Some(words));

        let reply_words = self.reply_words(prompt, rupture);
        let cues = cues::draw(
            self.settings,
            &self.lean,
            self.random,
            rupture,
            reply_words >= self.settings.reply.long_from_words,
        );
        let silent = reply_words == 0;
        let gap = self.random.normal() * self.settings.session.gap_secs.sd + self.settings.session.gap_secs.mean;
        let cuts_in = cues.iter().any(|cue| cue.marker == "aud.ovl_comp");
        self.at += if cuts_in { -0.8 } else { gap.clamp(-0.4, 2.5) };
        let reply = if silent { None } else { self.reply(reply_words, rupture) };
        if let Some(reply) = reply {
            self.short(prompt, prompt_span, reply, reply_words);
            let latency = reply.start().secs_after(prompt_span.end());
            let event = self.event("aud.latency", Who::Client, reply, latency as f32, Unit::Seconds, 0.0);
            event.kind = Some("TC".into());
        }
        let from = reply.map_or(prompt_span.end(), Span::end).secs_f64();
        self.silence_after(prompt, rupture, reply_words, from);
        for cue in cues {
            self.cue(cue, prompt_span, reply, from);
        }
        let gap = self.random.normal() * self.settings.session.gap_secs.sd + self.settings.session.gap_secs.mean;
        self.at += gap.clamp(0.05, 2.5);
        Some(())
    }

    fn prompt_kind(&mut self, in_rupture: bool) -> &'s Prompt {
        let share = |prompt: &Prompt| if in_rupture { prompt.in_rupture } else { prompt.share };
        let total: f64 = self.settings.prompt.iter().map(share).sum();
        let mut left = self.random.unit() * total;
        let last = &self.settings.prompt[self.settings.prompt.len() - 1];
        self.settings
            .prompt
            .iter()
            .find(|prompt| {
                left -= share(prompt);
                left < 0.0
            })
            .unwrap_or(last)
    }

    /// 0 = says nothing.
    fn reply_words(&mut self, prompt: &Prompt, rupture: Option<RuptureKind>) -> u32 {
        let settings = &self.settings.reply;
        let chance = self.random.unit();
        let (none, short_3, short_5) = match rupture {
            None => (0.0, prompt.short_3, prompt.short_5),
            Some(RuptureKind::Withdrawal) => {
                let short = settings.none_in_withdrawal + settings.short_in_withdrawal;
                (settings.none_in_withdrawal, short, short + prompt.short_5 - prompt.short_3)
            }
            Some(RuptureKind::Confrontation) => (0.0, settings.short_in_confrontation, settings.short_in_confrontation),
        };
        if chance < none {
            0
        } else if chance < short_3 {
            1 + self.random.below(3) as u32
        } else if chance < short_5 {
            4 + self.random.below(2) as u32
        } else {
            let words = self.random.log_normal(prompt.reply_words, settings.spread).round() as u32;
            words.clamp(settings.long_from_words, settings.longest_words)
        }
    }

    /// A turn of the client's, perhaps with a silence inside.
    fn reply(&mut self, words: u32, rupture: Option<RuptureKind>) -> Option<Span> {
        let settings = &self.settings.silence;
        let replies = self.end() / self.settings.session.exchange_secs;
        let productive = settings.productive_per_session / replies;
        let inside = 2.0 * productive * settings.productive_inside_turn;
        let before = productive * (1.0 - settings.productive_inside_turn);
        if rupture.is_none() && words >= self.settings.reply.long_from_words && self.random.happens(before) {
            self.silence("TC", self.at);
        }
        let split = rupture.is_none() && words >= 12 && self.random.happens(inside);
        if !split {
            return self.says(Who::Client, words);
        }
        let first = words / 3 + self.random.below(u64::from(words / 3)) as u32;
        let start = self.says(Who::Client, first)?;
        self.silence("CC", start.end().secs_f64());
        Some(start.hull(self.says(Who::Client, words - first)?))
    }

    /// Speaks from now on, and moves on.
    fn says(&mut self, who: Who, words: u32) -> Option<Span> {
        let secs = (f64::from(words) / self.settings.session.words_per_sec).max(0.3);
        let start = self.at.max(0.0);
        let here = span(start, start + secs)?;
        self.at = start + secs;
        let text = vec!["word"; words as usize].join(" ");
        self.turns.push(SpokenTurn { who, span: here, text, confidence: 1.0 });
        let event = self.event("aud.turnlen", who, here, secs as f32, Unit::Seconds, 0.0);
        event.words = Some(words);
        self.event("aud.vad", who, here, secs as f32, Unit::Seconds, 0.0).kind = Some("speech".into());
        let backchannel = who == Who::Client && secs > 8.0;
        if backchannel && self.random.happens(self.settings.session.backchannel_share) {
            let at = self.random.between(start + 2.0, start + secs - 2.0);
            if let Some(token) = span(at, at + 0.4) {
                self.event("aud.backch", Who::Therapist, token, 0.4, Unit::Seconds, 0.5);
            }
        }
        Some(here)
    }

    /// What `aud.minresp` would say.
    fn short(&mut self, prompt: &Prompt, prompt_span: Span, reply: Span, words: u32) {
        let timing = &self.settings.timing;
        if !timing.short_kinds.contains(&prompt.kind) || words > timing.loose_words {
            return;
        }
        let kind = if words <= timing.strict_words { "strict" } else { "loose" };
        let strength = timing.short.at(f64::from(words));
        let span = Span::new(prompt_span.end().max(reply.start()), reply.end()).unwrap_or(reply);
        let event = self.event("aud.minresp", Who::Client, span, words as f32, Unit::Count, strength);
        (event.kind, event.words) = (Some(kind.into()), Some(words));
    }

    fn silence_after(&mut self, prompt: &Prompt, rupture: Option<RuptureKind>, words: u32, from: f64) {
        let settings = &self.settings.silence;
        let blocked = words <= self.settings.timing.loose_words;
        let probability = match rupture {
            Some(RuptureKind::Withdrawal) if words == 0 => 1.0,
            Some(RuptureKind::Withdrawal) if blocked => settings.in_withdrawal,
            Some(RuptureKind::Confrontation) => settings.in_confrontation,
            None if blocked && prompt.kind == "open_question" => settings.after_short_reply,
            _ => settings.elsewhere,
        };
        if self.random.happens(probability) {
            self.silence(if words == 0 { "TT" } else { "CT" }, from);
        }
    }

    /// Nobody speaks, and time moves on.
    fn silence(&mut self, kind: &str, from: f64) {
        let (settings, timing) = (&self.settings.silence, &self.settings.timing);
        let secs = self.random.log_normal(settings.median_secs, settings.spread).clamp(timing.silence_secs, 40.0);
        let (strength, lapse) = (timing.silence.at(secs), (secs >= timing.lapse_secs).then(|| timing.lapse.at(secs)));
        if let Some(here) = span(from, from + secs) {
            self.event("aud.silence3", Who::Room, here, secs as f32, Unit::Seconds, strength).kind = Some(kind.into());
            if let Some(strength) = lapse {
                self.event("aud.lapse", Who::Room, here, secs as f32, Unit::Seconds, strength).kind = Some(kind.into());
            }
        }
        self.at = from + secs;
    }

    fn cue(&mut self, cue: &Cue, prompt: Span, reply: Option<Span>, after: f64) {
        let (from, to) = match (cue.at, reply) {
            (At::Prompt, _) => (prompt.end().secs_f64() - 2.5_f64.min(prompt.secs_f64()), prompt.end().secs_f64()),
            (At::Reply, Some(reply)) => (reply.start().secs_f64(), reply.end().secs_f64()),
            (At::Reply, None) if cue.marker.starts_with("txt.") => return,
            _ => (after, after + self.random.between(0.8, 2.2)),
        };
        let whole = matches!(cue.marker.as_str(), "txt.cohere" | "txt.topic" | "aud.loud" | "aud.arousal");
        let length = if whole { to - from } else { self.random.between(0.5, 2.0).min(to - from) };
        let start = if whole { from } else { self.random.between(from, to - length) };
        let Some(here) = span(start, start + length.max(0.05)) else { return };
        let settings = self.settings;
        let strength = self.random.between(settings.strength.least, settings.strength.most) as f32;
        let value = cue.value.unwrap_or(length as f32);
        let unit = if cue.value.is_some() { Unit::StandardScores } else { Unit::Seconds };
        self.event(&cue.marker, Who::Client, here, value, unit, strength).kind.clone_from(&cue.kind);
    }

    fn event(&mut self, marker: &str, who: Who, span: Span, value: f32, unit: Unit, strength: f32) -> &mut Event {
        let range = self.settings.confidence;
        let confidence = self.random.between(range.least, range.most) as f32;
        let place = self.events.len();
        self.events.push(Event {
            id: EventId::default(),
            marker: marker.to_owned(),
            who,
            span,
            apex: None,
            value,
            unit,
            strength,
            confidence,
            kind: None,
            words: None,
            seen_in: Vec::new(),
        });
        &mut self.events[place]
    }

    pub(super) fn finish(mut self, name: String, dyad: u32) -> MadeSession {
        let last = self.events.iter().map(|event| event.span.end().secs_f64()).fold(self.end(), f64::max);
        let whole = from_zero(last);
        for who in [Who::Client, Who::Therapist] {
            let event = self.event("vid.quality", who, whole, 1.0, Unit::Share, 0.0);
            event.confidence = 1.0;
        }
        self.events.retain(|event| event.span.overlap(whole) == Some(event.span));
        self.events.sort_by(|a, b| {
            (a.span.start(), a.span.end(), &a.marker, a.who).cmp(&(b.span.start(), b.span.end(), &b.marker, b.who))
        });
        for (place, event) in self.events.iter_mut().enumerate() {
            event.id = EventId(u32::try_from(place).unwrap_or(u32::MAX));
        }
        self.turns.sort_by_key(|turn| turn.span);
        MadeSession { name, dyad, span: whole, turns: self.turns, events: self.events, ruptures: self.ruptures }
    }
}

fn span(from: f64, to: f64) -> Option<Span> {
    Span::new(SessionTime::from_secs_f64(from), SessionTime::from_secs_f64(to))
}

#[expect(clippy::expect_used, reason = "the settings keep a session at a minute or more")]
fn from_zero(to: f64) -> Span {
    span(0.0, to).expect("a session is longer than nothing")
}
