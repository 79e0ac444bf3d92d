//! From decisions to weights and probabilities, checked on dyads that taught nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::calibrate::{Calibration, Reliability};
use super::evaluate::{Interval, share_interval};
use super::fit::{Belief, Example, Fit, logistic};
use super::look::Case;
use super::measures::area_under_curve;
use super::settings::LearnSettings;
use crate::episodes::{Level, Settings};
use crate::time::Span;

/// Why nothing can be learned.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TeachError {
    /// Too few decisions.
    #[error(
        "too few decisions to learn from: {confirmed} confirmed and {rejected} rejected clips of {dyads} dyads; needed are \
         {least} in all, {least_of_each} of each, and {least_dyads} dyads ([fit] in learn.toml). Until then the starting \
         weights stay and no probability is shown"
    )]
    TooFew {
        /// Clips.
        confirmed: usize,
        /// Clips.
        rejected: usize,
        /// Dyads.
        dyads: usize,
        /// Needed clips.
        least: usize,
        /// Needed of each.
        least_of_each: usize,
        /// Needed dyads.
        least_dyads: usize,
    },
}

/// A clip's evidence and what coders said.
struct Lesson {
    dyad: String,
    example: Example,
    starting: f64,
}

/// What one step of likelihood was worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which.
    pub level: Level,
    /// Clips that fell into it while their dyad was left out.
    pub clips: usize,
    /// Share of them that were confirmed; `None` if there were none.
    pub confirmed: Option<Interval>,
}

/// What was learned, and how it did on dyads that were left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Taught {
    /// Log odds per unit of each family's starting weights.
    pub families: BTreeMap<String, f64>,
    /// New prior, log odds.
    pub prior: f64,
    /// From log odds to probability.
    pub calibration: Calibration,
    /// Clips.
    pub decisions: usize,
    /// Of these.
    pub confirmed: usize,
    /// Dyads.
    pub dyads: usize,
    /// Clips of sessions that were not given, or in which nothing was measured at that time.
    pub without_session: usize,
    /// Left-out dyads: area under the curve with the starting weights, and with the learned ones.
    pub auc: (Option<f64>, Option<f64>),
    /// Left-out dyads: probabilities against decisions.
    pub reliability: Reliability,
    /// Low, medium, high.
    pub steps: Vec<Step>,
}

/// Learns from `decided` (session, dyad, span, confirmed) what `cases` show there. The cases must have been looked at with
/// the starting weights in `episodes`.
///
/// # Errors
/// [`TeachError`] if there is too little to learn from.
pub fn teach(
    cases: &[Case],
    decided: &[(String, String, Span, bool)],
    episodes: &Settings,
    settings: &LearnSettings,
) -> Result<Taught, TeachError> {
    let families: Vec<String> = episodes.families().into_iter().map(str::to_owned).collect();
    let by_name: BTreeMap<&str, &Case> = cases.iter().map(|case| (case.name.as_str(), case)).collect();
    let lessons: Vec<Lesson> = decided
        .iter()
        .filter_map(|(session, dyad, span, positive)| {
            let (given, sum) = by_name.get(session.as_str())?.strongest_unit(*span)?.larger();
            let values = families.iter().map(|family| given.get(family).copied().unwrap_or(0.0).into()).collect();
            let example = Example { values, positive: *positive };
            Some(Lesson { dyad: dyad.clone(), example, starting: sum.into() })
        })
        .collect();
    enough(&lessons, settings)?;

    let held_out: Vec<(&str, f64, bool)> = each_dyad_left_out(&lessons, |others, left_out| {
        let fit = fit(others.iter().map(|lesson| &lesson.example), families.len(), episodes, settings);
        left_out.iter().map(|lesson| fit.log_odds(&lesson.example.values)).collect()
    });
    let plain = |list: &[(&str, f64, bool)]| list.iter().map(|&(_, z, yes)| (z, yes)).collect::<Vec<_>>();
    // Probabilities of a dyad by the curve of the others, as a new dyad would get them.
    let dyads: BTreeSet<&str> = held_out.iter().map(|(dyad, ..)| *dyad).collect();
    let mut said: Vec<(&str, f64, bool)> = Vec::new();
    for &dyad in &dyads {
        let (own, others): (Vec<_>, Vec<_>) = held_out.iter().partition(|(other, ..)| *other == dyad);
        let curve = Calibration::learn(&plain(&others), &settings.calibration);
        said.extend(own.into_iter().map(|(dyad, z, yes)| (dyad, curve.probability(z), yes)));
    }
    let fit = fit(lessons.iter().map(|lesson| &lesson.example), families.len(), episodes, settings);
    let starting: Vec<_> = lessons.iter().map(|lesson| (lesson.starting, lesson.example.positive)).collect();
    Ok(Taught {
        families: families.into_iter().zip(fit.weights).collect(),
        prior: fit.intercept,
        calibration: Calibration::learn(&plain(&held_out), &settings.calibration),
        decisions: lessons.len(),
        confirmed: lessons.iter().filter(|lesson| lesson.example.positive).count(),
        dyads: dyads.len(),
        without_session: decided.len() - lessons.len(),
        auc: (area_under_curve(&starting), area_under_curve(&plain(&held_out))),
        reliability: Reliability::of(&plain(&said), settings.evaluation.bins),
        steps: steps(&said, settings),
    })
}

fn enough(lessons: &[Lesson], settings: &LearnSettings) -> Result<(), TeachError> {
    let confirmed = lessons.iter().filter(|lesson| lesson.example.positive).count();
    let rejected = lessons.len() - confirmed;
    let dyads = lessons.iter().map(|lesson| lesson.dyad.as_str()).collect::<BTreeSet<_>>().len();
    let fit = &settings.fit;
    let few =
        lessons.len() < fit.least_decisions || confirmed.min(rejected) < fit.least_of_each || dyads < fit.least_dyads;
    if few {
        return Err(TeachError::TooFew {
            confirmed,
            rejected,
            dyads,
            least: fit.least_decisions,
            least_of_each: fit.least_of_each,
            least_dyads: fit.least_dyads,
        });
    }
    Ok(())
}

/// Log odds per unit of each family: the slope of the settings is the starting value. Kept from changing signs and from
/// running away.
fn fit<'e>(
    examples: impl Iterator<Item = &'e Example>,
    families: usize,
    episodes: &Settings,
    settings: &LearnSettings,
) -> Fit {
    let examples: Vec<Example> = examples.cloned().collect();
    let intercept = Belief { mean: episodes.candidate.prior.into(), sd: settings.fit.prior_sd_intercept };
    let slope = f64::from(episodes.candidate.slope);
    let factor = Belief { mean: slope, sd: settings.fit.prior_sd * slope };
    let mut fit = logistic(&examples, intercept, &vec![factor; families]);
    for weight in &mut fit.weights {
        *weight = weight.clamp(0.0, settings.fit.largest_factor * slope);
    }
    fit
}

/// For each dyad, what `of` makes of it from the others: dyad, number, confirmed.
fn each_dyad_left_out(lessons: &[Lesson], of: impl Fn(&[&Lesson], &[&Lesson]) -> Vec<f64>) -> Vec<(&str, f64, bool)> {
    let dyads: BTreeSet<&str> = lessons.iter().map(|lesson| lesson.dyad.as_str()).collect();
    let mut found = Vec::with_capacity(lessons.len());
    for dyad in dyads {
        let (left_out, others): (Vec<&Lesson>, Vec<&Lesson>) = lessons.iter().partition(|lesson| lesson.dyad == dyad);
        let numbers = of(&others, &left_out);
        found
            .extend(left_out.iter().zip(numbers).map(|(lesson, z)| (lesson.dyad.as_str(), z, lesson.example.positive)));
    }
    found
}

fn steps(said: &[(&str, f64, bool)], settings: &LearnSettings) -> Vec<Step> {
    let level = |p: f64| level(p, settings.calibration.low_below, settings.calibration.high_from);
    [Level::Low, Level::Medium, Level::High]
        .into_iter()
        .map(|step| {
            let mut dyads: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
            for (dyad, p, yes) in said {
                let list = dyads.entry(dyad).or_default();
                if level(*p) == step {
                    list.push(*yes);
                }
            }
            let dyads: Vec<Vec<bool>> = dyads.into_values().collect();
            let clips = dyads.iter().map(Vec::len).sum();
            Step { level: step, clips, confirmed: share_interval(&dyads, &settings.evaluation) }
        })
        .collect()
}

/// The step that a probability falls into.
pub(super) fn level(probability: f64, low_below: f64, high_from: f64) -> Level {
    if probability < low_below {
        Level::Low
    } else if probability < high_from {
        Level::Medium
    } else {
        Level::High
    }
}
