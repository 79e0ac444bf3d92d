//! Evidence that could not be looked at, in words: not measured is not absent (DOMAIN C.5).

use std::collections::BTreeMap;

use super::scene::Scene;
use super::score::Unit;
use super::settings::Settings;
use super::{Input, words};
use crate::time::Span;
use crate::track::Who;

/// What no marker could look at in the whole session, one line per modality and reason.
pub(super) fn blind(input: &Input<'_>, settings: &Settings, modality: &BTreeMap<&str, usize>) -> Vec<String> {
    let mut groups: BTreeMap<(usize, String), Vec<&str>> = BTreeMap::new();
    for (marker, reason) in input.blind {
        let Some(&place) = modality.get(marker.as_str()) else { continue };
        if settings.modality[place].id == "text" && input.turns.is_empty() {
            continue; // one line says it for all of them
        }
        let reason = reason.replace(&format!("marker {marker:?} "), "");
        let names = groups.entry((place, reason)).or_default();
        if !names.contains(&words::name(marker)) {
            names.push(words::name(marker));
        }
    }
    groups
        .into_iter()
        .map(|((place, reason), names)| {
            let what = &settings.modality[place].says;
            format!("{what} not looked at ({}): {reason}", names.join(", "))
        })
        .collect()
}

/// All that is missing in one stretch.
pub(super) fn lines(scene: &Scene<'_>, stretch: Span, members: &[&Unit<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    if !scene.has_words {
        lines.push(words::NO_WORDS.to_owned());
    } else if members.iter().any(|unit| unit.exchange.is_some_and(|exchange| exchange.prompt_kind.is_none())) {
        lines.push(words::NO_PROMPT_KIND.to_owned());
    }
    if !scene.events.roles_known {
        lines.push(words::NO_ROLES.to_owned());
    }
    if members.iter().any(|unit| unit.exchange.is_none()) {
        lines.push(words::NO_EXCHANGE.to_owned());
    }
    let mut unknown = Vec::new();
    for modality in &scene.settings.modality {
        let Some(least) = modality.least_usable else { continue };
        let all_blind =
            modality.markers.iter().all(|marker| scene.input.blind.iter().any(|(blind, _)| blind == marker));
        if all_blind {
            continue;
        }
        for who in watched(scene) {
            let share = scene.usable_share(&modality.id, who, stretch);
            let low = |window: Span| scene.usable_share(&modality.id, who, window).is_some_and(|share| share < least);
            match share {
                Some(share) if share < least || members.iter().any(|unit| low(unit.reply)) => {
                    lines.push(words::partly_usable(who, &modality.says, share));
                }
                None if who == Who::Client => unknown.push(modality.says.as_str()),
                _ => {}
            }
        }
    }
    if !unknown.is_empty() {
        lines.push(words::usable_unknown(Who::Client, &unknown.join(" and ")));
    }
    lines.extend(scene.blind.iter().cloned());
    lines
}

/// Whose face should be seen: the client's, or everybody's while nothing tells who that is.
fn watched(scene: &Scene<'_>) -> Vec<Who> {
    if scene.events.roles_known {
        return vec![Who::Client];
    }
    let mut faces: Vec<Who> =
        scene.input.coverage.iter().map(|usable| usable.who).filter(|who| matches!(who, Who::Face(_))).collect();
    faces.sort();
    faces.dedup();
    if faces.is_empty() { vec![Who::Client] } else { faces }
}
