//! What a coder would watch, in order: by the ranking, and by two simple habits it has to beat.

use super::look::Case;
use crate::episodes::Settings;
use crate::random::Random;
use crate::time::{SessionTime, Span};

/// One thing to watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// In order of start.
    pub watch: Vec<Span>,
    /// Seconds of a coder's time.
    pub cost_secs: f64,
}

/// Everything the session lists, best first: candidates within the budget, further stretches, other candidates.
pub fn ranked(case: &Case) -> Vec<Clip> {
    let mut order: Vec<_> = case.ranking.episodes.iter().chain(&case.ranking.further).collect();
    order.sort_by_key(|episode| (!episode.in_budget, episode.rank));
    order.iter().map(|episode| Clip { watch: episode.watch.clone(), cost_secs: episode.review_secs }).collect()
}

/// A window of `secs` around each silence, the longest silence first; windows that are mostly watched already are left out.
pub fn longest_silence_first(case: &Case, secs: f64, settings: &Settings) -> Vec<Clip> {
    let mut silences = case.silences.clone();
    silences.sort_by(|a, b| b.length().cmp(&a.length()).then(a.cmp(b)));
    let after = settings.join.clip_after_secs.0.as_secs_f64();
    let ends = silences.iter().map(|silence| silence.end().secs_f64() + after);
    without_repeats(case, ends.map(|end| end - secs), secs, settings)
}

/// Windows of `secs` anywhere, in the order of chance.
pub(super) fn anywhere(case: &Case, secs: f64, settings: &Settings, random: &mut Random) -> Vec<Clip> {
    let (start, end) = (case.span.start().secs_f64(), case.span.end().secs_f64());
    // Three times as many as fit, so that little of the session is left over.
    let tries = (3.0 * case.span.secs_f64() / secs.max(1.0)).ceil() as usize;
    let starts: Vec<f64> = (0..tries).map(|_| random.between(start, (end - secs).max(start))).collect();
    without_repeats(case, starts.into_iter(), secs, settings)
}

fn without_repeats(case: &Case, starts: impl Iterator<Item = f64>, secs: f64, settings: &Settings) -> Vec<Clip> {
    let mut taken: Vec<Span> = Vec::new();
    for start in starts {
        let window = Span::new(SessionTime::from_secs_f64(start), SessionTime::from_secs_f64(start + secs))
            .and_then(|window| window.overlap(case.span));
        let Some(window) = window else { continue };
        let seen: f64 = taken.iter().filter_map(|other| other.overlap(window)).map(Span::secs_f64).sum();
        if seen < window.secs_f64() / 2.0 {
            taken.push(window);
        }
    }
    let cost = |window: &Span| {
        window.secs_f64() / settings.ranking.playing_speed + settings.ranking.overhead_secs.0.as_secs_f64()
    };
    taken.iter().map(|window| Clip { watch: vec![*window], cost_secs: cost(window) }).collect()
}

/// The clips that fit into the budget, in order; one that does not fit is passed over.
pub(super) fn within(clips: &[Clip], budget_secs: f64) -> Vec<&Clip> {
    let mut left = budget_secs;
    clips
        .iter()
        .filter(|clip| {
            let fits = clip.cost_secs <= left;
            if fits {
                left -= clip.cost_secs;
            }
            fits
        })
        .collect()
}
