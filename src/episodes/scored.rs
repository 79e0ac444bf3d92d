//! What each family of evidence gives to each exchange: the numbers from which weights are learned.

use std::collections::BTreeMap;

use super::scene::Scene;
use super::score::{Sum, Unit, units};
use super::{EpisodeKind, Input, Settings};
use crate::time::Span;

/// One exchange, or one window where there is none, with its sums (DOMAIN C.1).
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredUnit {
    /// From the prompt's start to the reply's end.
    pub span: Span,
    /// S of type W by family: weight x strength x quality of the family's strongest cue. Families without a cue are left
    /// out.
    pub withdrawal: BTreeMap<String, f32>,
    /// The same of type K.
    pub confrontation: BTreeMap<String, f32>,
    /// What it is a candidate for, if for anything.
    pub kind: Option<EpisodeKind>,
}

impl ScoredUnit {
    fn of(unit: &Unit<'_>) -> Self {
        let by_family = |sum: &Sum| {
            let family = |place: usize| unit.matches[place].cue.family.clone();
            sum.parts.iter().map(|part| (family(part.place), part.value)).collect()
        };
        Self {
            span: unit.span,
            withdrawal: by_family(&unit.withdrawal),
            confrontation: by_family(&unit.confrontation),
            kind: unit.kind,
        }
    }

    /// The larger of the two sums' families, with its S.
    pub fn larger(&self) -> (&BTreeMap<String, f32>, f32) {
        let sum = |families: &BTreeMap<String, f32>| families.values().sum::<f32>();
        let (w, k) = (sum(&self.withdrawal), sum(&self.confrontation));
        if k > w { (&self.confrontation, k) } else { (&self.withdrawal, w) }
    }
}

/// Every exchange and window of a session, in order of start.
pub fn scored_units(input: &Input<'_>, settings: &Settings) -> Vec<ScoredUnit> {
    let scene = Scene::new(input, settings);
    units(&scene).iter().map(ScoredUnit::of).collect()
}
