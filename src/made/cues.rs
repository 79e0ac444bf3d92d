//! Which cues an exchange has.

use super::RuptureKind;
use super::settings::{Cue, MadeSettings};
use crate::random::Random;

/// How one dyad's rates lie above or below others', as log odds: one number for each cue.
#[derive(Clone, Debug)]
pub(super) struct Lean(Vec<f64>);

impl Lean {
    pub(super) fn of_dyad(settings: &MadeSettings, random: &mut Random) -> Self {
        Self(settings.cue.iter().map(|_| settings.session.person_spread * random.normal()).collect())
    }
}

/// The cues that are there. Of one marker at most one: a reply has low or high cohesion, not both.
pub(super) fn draw<'s>(
    settings: &'s MadeSettings,
    lean: &Lean,
    random: &mut Random,
    rupture: Option<RuptureKind>,
    long_reply: bool,
) -> Vec<&'s Cue> {
    let mut found: Vec<&Cue> = Vec::new();
    for (cue, &lean) in settings.cue.iter().zip(&lean.0) {
        let rate = match rupture {
            None => cue.calm,
            Some(RuptureKind::Withdrawal) => cue.withdrawal,
            Some(RuptureKind::Confrontation) => cue.confrontation,
        };
        // Drawn for every cue, so that one cue's rate does not change the others' draws.
        let happens = random.happens(shifted(rate, lean));
        let free = found.iter().all(|other| other.marker != cue.marker);
        if happens && free && (long_reply || !cue.long_replies_only) {
            found.push(cue);
        }
    }
    found
}

/// A probability with its log odds moved.
fn shifted(rate: f64, by: f64) -> f64 {
    if rate <= 0.0 || rate >= 1.0 {
        return rate;
    }
    1.0 / (1.0 + (-((rate / (1.0 - rate)).ln() + by)).exp())
}
