//! Hits and events joined into candidate episodes, in an order worth a coder's time (DOMAIN C.1 to C.6).
//!
//! Everything here is a candidate. Nothing here labels a person.

mod cycle;
mod further;
mod join;
mod missing;
mod moments;
mod rank;
mod repair;
mod scene;
mod score;
mod scored;
mod settings;
mod statistics;
mod timeline;
mod words;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::scored::{ScoredUnit, scored_units};
pub use self::settings::Settings;
pub use self::words::event as event_in_words;
use crate::codebook::{Code, Codebook, Polarity};
use crate::markers::exchange::Exchange;
use crate::markers::{Event, EventId, SpokenTurn};
use crate::rules::{Hit, Rule};
use crate::time::{FrameGrid, Span};
use crate::track::{Track, Who, runs};

/// What a candidate is a candidate for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeKind {
    /// Withdrawal rupture candidate (type W).
    Withdrawal,
    /// Confrontation rupture candidate (type K).
    Confrontation,
    /// Both W and K reach their mark.
    Mixed,
    /// The same blocked exchange three times or more (DOMAIN C.6).
    Cycle,
    /// A moment, never a person: the client's contribution shrinks.
    AvoidantLike,
    /// A moment, never a person: the therapist's contribution shrinks.
    PreoccupiedLike,
    /// A moment, never a person: distress disclosed and looked at together.
    SecureLike,
}

impl EpisodeKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Withdrawal,
        Self::Confrontation,
        Self::Mixed,
        Self::Cycle,
        Self::AvoidantLike,
        Self::PreoccupiedLike,
        Self::SecureLike,
    ];

    /// As in settings and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Withdrawal => "withdrawal",
            Self::Confrontation => "confrontation",
            Self::Mixed => "mixed",
            Self::Cycle => "cycle",
            Self::AvoidantLike => "avoidant_like",
            Self::PreoccupiedLike => "preoccupied_like",
            Self::SecureLike => "secure_like",
        }
    }

    /// Whether it is an attachment-pattern moment.
    pub fn is_moment(self) -> bool {
        matches!(self, Self::AvoidantLike | Self::PreoccupiedLike | Self::SecureLike)
    }
}

/// One thing that speaks for or against a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Evidence family (DOMAIN C.1): silence, brevity, topic, words, face, affect_split, gaze_body, voice, floor,
    /// counter; `turn` for a turn or share of speaking, `code` where only a code's rule says so.
    pub family: String,
    /// Neutral words with the measured numbers: "4.2 s silence", "lips pushed out 1.4 s".
    pub sentence: String,
    /// Whom it is about.
    pub who: Who,
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// Weight of its cue from `config/episodes.toml`; negative = speaks against.
    pub weight: f32,
    /// Strength g, 0 to 1.
    pub strength: f32,
    /// Quality r, 0 to 1.
    pub quality: f32,
    /// The events behind it.
    pub events: Vec<EventId>,
}

/// A code whose rule holds inside an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EpisodeCode {
    /// Code id.
    pub code: String,
    /// The paper's wording.
    pub label: String,
    /// Strength x quality x the cap of its observability, 0 to 1; not a probability.
    pub weight: f32,
}

/// How likely, in three steps (DOMAIN C.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Below 0.2, unless `config/learn.toml` says otherwise.
    Low,
    /// Between.
    Medium,
    /// From 0.5 on.
    High,
}

impl Level {
    /// As in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Calibrated by coders' decisions on other dyads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Likelihood {
    /// Of a confirmation, 0 to 1.
    pub probability: f32,
    /// The step it falls into.
    pub level: Level,
    /// Share of decided clips of this step that were confirmed, lower end of its 90 % interval over dyads, 0 to 1; `None`
    /// where no decided clip fell into this step.
    pub confirmed_low: Option<f32>,
    /// Upper end.
    pub confirmed_high: Option<f32>,
}

/// What came after an episode (DOMAIN C.3, C.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The therapist addressed it and the client re-engaged.
    Resolved,
    /// The client re-engaged without the therapist addressing it.
    SpontaneousRecovery,
    /// Addressed, but the client did not re-engage.
    Unresolved,
    /// Nobody spoke about it.
    NeverAddressed,
    /// Not enough was measured to say.
    NotAssessable,
}

/// Repair after an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Repair {
    /// What came of it.
    pub outcome: Outcome,
    /// The therapist's remark that addressed it, if any.
    pub remark: Option<EventId>,
    /// When that remark was.
    pub remark_span: Option<Span>,
    /// Share of the re-engagement signs that were assessable and met, 0 to 1; `None` if none was assessable.
    pub score: Option<f32>,
    /// The signs in words, each with whether it was met: "reply 12 words (own median 6)".
    pub signs: Vec<(String, bool)>,
}

/// The paper's cycle (DOMAIN C.6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cycle {
    /// Each blocked exchange.
    pub repeats: Vec<Span>,
    /// Seconds from each repeat's start to the next one's, one fewer than repeats.
    pub spacing_secs: Vec<f64>,
    /// The therapist's move after each repeat: re-prompt, new topic, advice, silence, names the face, other; not known
    /// without words.
    pub moves: Vec<String>,
}

/// A candidate for a coder to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Episode {
    /// `e001` ... in order of start.
    pub id: String,
    /// What it is a candidate for.
    pub kind: EpisodeKind,
    /// From the first prompt's start to the last reply's end.
    #[serde(flatten)]
    pub span: Span,
    /// What a coder should watch: the span with its padding.
    pub clip: Span,
    /// 1 = look here first; every episode has its own.
    pub rank: u32,
    /// Whether it lies within the review budget.
    #[serde(default)]
    pub in_budget: bool,
    /// S of DOMAIN C.1; not a probability.
    pub score: f32,
    /// Uncalibrated P of DOMAIN C.2, for ranking only; never shown as a percentage before decisions calibrate it.
    pub ranking_weight: f32,
    /// How likely a coder confirms it, by what coders said of others like it; `None` until a file of learned weights is
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likelihood: Option<Likelihood>,
    /// One sentence in neutral words, built from the evidence.
    pub sentence: String,
    /// What speaks for it, strongest first.
    pub evidence_for: Vec<Evidence>,
    /// What speaks against it, strongest first.
    pub evidence_against: Vec<Evidence>,
    /// Evidence that could not be looked at, and why, in words.
    pub missing: Vec<String>,
    /// At most 5 codes whose rules hold inside: those that a cycle is made of, then the heaviest.
    pub codes: Vec<EpisodeCode>,
    /// What came after; `None` for moments and where it does not apply.
    pub repair: Option<Repair>,
    /// Set for [`EpisodeKind::Cycle`].
    pub cycle: Option<Cycle>,
    /// Moments that lie mostly inside this episode and are not listed a second time.
    #[serde(default)]
    pub also: Vec<EpisodeKind>,
    /// The exchanges, or windows where there are none, that make it a candidate, in order.
    #[serde(default)]
    pub units: Vec<Span>,
    /// What a coder should watch, in order: the clip, or for a cycle each repeat and the break.
    #[serde(default)]
    pub watch: Vec<Span>,
    /// Seconds of a coder's time: length of `watch` plus overhead (DOMAIN C.4).
    pub review_secs: f64,
}

/// What the episodes need to know about a code.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeCard {
    /// The paper's wording.
    pub label: String,
    /// Highest weight by its observability, 0 to 1.
    pub cap: f32,
    /// The same for rules that see less than their code promises.
    pub rule_caps: BTreeMap<String, f32>,
    /// Its sign.
    pub polarity: Polarity,
}

impl CodeCard {
    /// One card per code of the codebook.
    pub fn all(codebook: &Codebook) -> BTreeMap<String, Self> {
        let card = |code: &Code| {
            let own = |rule: &Rule| Some((rule.id.clone(), codebook.caps().of(rule.observability?)));
            Self {
                label: code.label.clone(),
                cap: codebook.caps().of(code.observability),
                rule_caps: code.rules.iter().filter_map(own).collect(),
                polarity: code.polarity,
            }
        };
        codebook.codes().map(|code| (code.id.clone(), card(code))).collect()
    }

    /// Highest weight of a hit of this rule, 0 to 1.
    fn cap_of(&self, rule: &str) -> f32 {
        self.rule_caps.get(rule).copied().unwrap_or(self.cap)
    }
}

/// When one modality of one person could be assessed.
#[derive(Clone, Debug, PartialEq)]
pub struct Usable {
    /// `face` or `gaze`, as in `[[modality]]` of the settings.
    pub modality: String,
    /// Whose.
    pub who: Who,
    /// Usable stretches; they do not overlap. Empty = never.
    pub spans: Vec<Span>,
}

impl Usable {
    /// Stretches in which a track's quality is at least `floor` (0 to 1; DOMAIN 1: below 0.3 = not assessable). A track
    /// without confidence counts where its first column was measured.
    pub fn from_track(modality: &str, track: &Track, floor: f32) -> Self {
        let spans = |held: Vec<(usize, usize)>, grid: &FrameGrid| {
            held.into_iter().filter_map(|(from, to)| grid.span(from, to)).collect()
        };
        let held = match &track.confidence {
            Some(confidence) => runs(confidence.iter().map(|&quality| quality >= floor)),
            None => runs(track.values.outer_iter().map(|row| row.first().is_some_and(|value| !value.is_nan()))),
        };
        Self { modality: modality.to_owned(), who: track.who, spans: spans(held, &track.grid) }
    }
}

/// All that episodes are made from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The whole session.
    pub session: Span,
    /// Everything measured.
    pub events: &'a [Event],
    /// Every place where a code's rule holds.
    pub hits: &'a [Hit],
    /// Prompts with their replies; empty where nobody is known to be the therapist.
    pub exchanges: &'a [Exchange],
    /// Turns of the transcript; empty without one.
    pub turns: &'a [SpokenTurn],
    /// Markers that could not look at this session, each with the reason in words.
    pub blind: &'a [(String, String)],
    /// Codes by id.
    pub codes: &'a BTreeMap<String, CodeCard>,
    /// When faces could be assessed. Of whom nothing is said, the `vid.quality` events say it; where neither does, events
    /// of a modality with a least usable share do not count.
    pub coverage: &'a [Usable],
    /// Chooses the control windows; the same seed chooses the same.
    pub seed: u64,
}

/// What a review of the marked clips costs and may yield.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewPlan {
    /// Episodes within the budget.
    pub clips: u32,
    /// Minutes of a coder's time for them and for the control windows.
    pub minutes: f64,
    /// Further stretches, below the candidates' mark.
    #[serde(default)]
    pub further: u32,
    /// Minutes of a coder's time for these.
    #[serde(default)]
    pub further_minutes: f64,
    /// Minutes that the settings allow.
    pub budget_minutes: f64,
    /// How many may be confirmed, by the weights; `None` without clips. Say `note` with it.
    pub expected_confirmed: Option<f32>,
    /// What the expected number is worth.
    pub note: String,
}

/// Candidates in order of start, each with its rank, and how to review them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ranking {
    /// In order of start.
    pub episodes: Vec<Episode>,
    /// Below the candidates' mark, for the minutes that the candidates leave of the budget; `f001` ... in order of start, with
    /// ranks after those of the candidates.
    pub further: Vec<Episode>,
    /// For the budget of the settings.
    pub expected: ReviewPlan,
    /// Stretches without a candidate, to be shown among the clips without a mark: they tell how much was missed, and keep
    /// coders honest.
    pub controls: Vec<Span>,
    /// Seconds of each kind of moment, also where it lies inside another candidate; kinds without any are left out.
    pub moment_secs: BTreeMap<EpisodeKind, f64>,
}

/// Finds, joins and ranks the candidates of a session.
pub fn find(input: &Input<'_>, settings: &Settings) -> Ranking {
    let scene = scene::Scene::new(input, settings);
    let usual = statistics::Usual::of(&scene);
    let units = score::units(&scene);
    let mut taken = vec![false; units.len()];
    let mut episodes = cycle::cycles(&scene, &units, &mut taken);
    let mut ruptures = join::episodes(&scene, &units, &taken);
    for episode in &mut ruptures {
        episode.repair = Some(repair::repair(&scene, &usual, episode));
    }
    episodes.append(&mut ruptures);

    let moments = moments::moments(&scene, &units, &usual);
    let mut moment_secs = BTreeMap::new();
    for moment in &moments {
        *moment_secs.entry(moment.kind).or_default() += moment.span.secs_f64();
    }
    join::fold_moments(&mut episodes, moments);

    episodes.sort_by_key(|episode| (episode.span, episode.kind));
    for (place, episode) in episodes.iter_mut().enumerate() {
        episode.id = format!("e{:03}", place + 1);
    }
    let (expected, further, controls) = rank::plan(&scene, &units, &mut episodes);
    Ranking { episodes, further, expected, controls, moment_secs }
}
