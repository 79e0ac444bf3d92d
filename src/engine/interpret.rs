//! From measurements to candidates: markers, exchanges, codes, episodes. Computed anew in each run: it takes a second.

use std::collections::BTreeSet;

use crate::codebook;
use crate::episodes::{self, Ranking};
use crate::markers::video::rest;
use crate::markers::video::sync::{self, Together};
use crate::markers::{self, Event, Spoken, SpokenTurn, exchange};
use crate::rules::Hit;
use crate::session::{Coverage, Problem};
use crate::time::Span;
use crate::track::Tracks;

use super::coverage::{Looked, usable};
use super::prepared::Prepared;
use super::request::EngineError;
use super::withheld::Withheld;

/// What the measurements amount to.
pub struct Interpreted {
    /// Everything measured.
    pub events: Vec<Event>,
    /// Where codes' rules hold.
    pub hits: Vec<Hit>,
    /// Candidates and how to review them.
    pub ranking: Ranking,
    /// How two people moved together.
    pub synchrony: Option<Together>,
    /// What could be assessed.
    pub coverage: Vec<Coverage>,
}

/// Runs markers, codebook and episodes. `spoken`: what the transcript gives, if there is one: turns, the patterns of their language, and
/// what they mean, if there are any. `seed` chooses the control windows.
///
/// # Errors
/// [`EngineError::Marker`] if settings do not read. What cannot look for lack of data is noted in `problems`.
pub fn interpret<'a>(
    tracks: &Tracks,
    span: Span,
    spoken: impl Into<Spoken<'a>>,
    prepared: &Prepared,
    (episode_settings, withheld): (&episodes::Settings, &Withheld),
    seed: u64,
    problems: &mut Vec<Problem>,
) -> Result<Interpreted, EngineError> {
    let spoken = spoken.into();
    let turns = spoken.turns;
    let mut run = markers::run_all_on(tracks, span, spoken, &prepared.markers)?;
    withheld.keep_events(&mut run.events);
    problems.extend(unable(&run.blind));
    let exchanges = exchange::exchanges(&run.events, turns, &prepared.exchange);
    let blind: BTreeSet<String> = run.blind.iter().map(|(marker, _)| marker.clone()).collect();
    let hits = codebook::run(&prepared.codebook, &run.events, &blind);
    problems.extend(unable_rules(&prepared.codebook, &blind));
    let usable = usable(tracks, prepared.engine.assessable_from);
    let mut ranking = episodes::find(
        &episodes::Input {
            session: span,
            events: &run.events,
            hits: &hits,
            exchanges: &exchanges,
            turns: turns.unwrap_or_default(),
            blind: &run.blind,
            codes: &episodes::CodeCard::all(&prepared.codebook),
            coverage: &usable,
            seed,
        },
        episode_settings,
    );
    if let Some((learned, _)) = &prepared.learned {
        learned.mark(&mut ranking);
    }
    let without_rest = rest::faces_without(tracks, span, &run.events, &prepared.markers)?;
    for (who, secs, enough) in rest::faces_unsure(tracks, span, &run.events, &prepared.markers)? {
        problems.push(Problem::note(
            "face",
            format!(
                "{who}: what this face does at rest is known from {secs:.0} s only ({enough:.0} s would do): what most faces do \
                 counts too, and its actions are said less surely; --neutral {who}=TIME names a moment at which it is at rest"
            ),
        ));
    }
    let mut coverage =
        Looked { tracks, span, turns, floor: prepared.engine.assessable_from }.coverage(&usable, &without_rest);
    withheld.tell(&mut coverage);
    let synchrony = sync::together(&run.events, tracks, &prepared.markers);
    Ok(Interpreted { events: run.events, hits, ranking, synchrony, coverage })
}

/// Codes and candidates of events that did not come from tracks; `vid.quality` events say when faces could be assessed.
pub fn interpret_events(
    events: &[Event],
    turns: &[SpokenTurn],
    span: Span,
    prepared: &Prepared,
) -> (Vec<Hit>, Ranking) {
    let exchanges = exchange::exchanges(events, Some(turns).filter(|turns| !turns.is_empty()), &prepared.exchange);
    let hits = codebook::run(&prepared.codebook, events, &BTreeSet::new());
    let mut ranking = episodes::find(
        &episodes::Input {
            session: span,
            events,
            hits: &hits,
            exchanges: &exchanges,
            turns,
            blind: &[],
            codes: &episodes::CodeCard::all(&prepared.codebook),
            coverage: &[],
            seed: 0,
        },
        &prepared.episodes,
    );
    if let Some((learned, _)) = &prepared.learned {
        learned.mark(&mut ranking);
    }
    (hits, ranking)
}

/// Markers that could not look, joined by reason: one sentence for "no film" and not twelve.
fn unable(blind: &[(String, String)]) -> Vec<Problem> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for (marker, reason) in blind {
        let reason = reason.replace(&format!("marker {marker:?} "), "");
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, markers)) => markers.push(marker),
            None => reasons.push((reason, vec![marker])),
        }
    }
    let told = |(reason, markers): (String, Vec<&str>)| {
        let how = if markers.len() == 1 { ", which" } else { ": each" };
        Problem::note("markers", format!("not measured: {}{how} {reason}", markers.join(", ")))
    };
    reasons.into_iter().map(told).collect()
}

/// One sentence about all rules that could not look. Markers that no session has yet are the dictionary's business, not
/// this session's.
fn unable_rules(codes: &codebook::Codebook, blind: &BTreeSet<String>) -> Option<Problem> {
    let (mut rules, mut lacking) = (BTreeSet::new(), BTreeSet::new());
    for unable in codebook::cannot_look(codes, blind) {
        let markers: Vec<_> = unable.markers.iter().filter(|marker| blind.contains(*marker)).cloned().collect();
        if !markers.is_empty() {
            rules.insert(format!("{} ({})", unable.code, unable.rule));
            lacking.extend(markers);
        }
    }
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    (!rules.is_empty()).then(|| {
        let (subject, they) = if rules.len() == 1 { ("this rule", "it reads") } else { ("these rules", "they read") };
        Problem::note("codes", format!("{subject} could not look: {}; {they} {}", list(rules), list(lacking)))
    })
}
