//! From measurements to candidates: markers, exchanges, codes, episodes. Computed anew in each run: it takes a second.

use std::collections::BTreeSet;

use crate::codebook;
use crate::episodes::{self, Ranking, Usable};
use crate::markers::{self, Event, SpokenTurn, exchange};
use crate::rules::Hit;
use crate::session::{Coverage, Problem};
use crate::time::Span;
use crate::track::{Tracks, Who};

use super::prepared::Prepared;
use super::request::EngineError;

/// What the measurements amount to.
pub struct Interpreted {
    /// Everything measured.
    pub events: Vec<Event>,
    /// Where codes' rules hold.
    pub hits: Vec<Hit>,
    /// Candidates and how to review them.
    pub ranking: Ranking,
    /// What could be assessed.
    pub coverage: Vec<Coverage>,
}

/// Runs markers, codebook and episodes. `turns`: those of the transcript, if there is one. `seed` chooses the control
/// windows.
///
/// # Errors
/// [`EngineError::Marker`] if settings do not read. What cannot look for lack of data is noted in `problems`.
pub fn interpret(
    tracks: &Tracks,
    span: Span,
    turns: Option<&[SpokenTurn]>,
    prepared: &Prepared,
    episode_settings: &episodes::Settings,
    seed: u64,
    problems: &mut Vec<Problem>,
) -> Result<Interpreted, EngineError> {
    let run = markers::run_all(tracks, span, turns, Some(&prepared.language), &prepared.markers)?;
    problems.extend(unable(&run.blind));
    let exchanges = exchange::exchanges(&run.events, turns, &prepared.exchange);
    let blind: BTreeSet<String> = run.blind.iter().map(|(marker, _)| marker.clone()).collect();
    let hits = codebook::run(&prepared.codebook, &run.events, &blind);
    for unable in codebook::cannot_look(&prepared.codebook, &blind) {
        // Markers that no session has yet are the dictionary's business, not this session's.
        let lacking: Vec<_> = unable.markers.iter().filter(|marker| blind.contains(*marker)).cloned().collect();
        if !lacking.is_empty() {
            let message = format!("the code {} was not looked for: it reads {}", unable.code, lacking.join(", "));
            problems.push(Problem::note("codes", message));
        }
    }
    let usable = usable(tracks, prepared.engine.assessable_from);
    let ranking = episodes::find(
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
    let coverage = coverage(tracks, &usable, span, turns, prepared.engine.assessable_from);
    Ok(Interpreted { events: run.events, hits, ranking, coverage })
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
        Problem::note("markers", format!("not measured: {}: each {reason}", markers.join(", ")))
    };
    reasons.into_iter().map(told).collect()
}

fn usable(tracks: &Tracks, floor: f32) -> Vec<Usable> {
    let of = |modality: &str, name: &str| -> Vec<Usable> {
        tracks.all(name).map(|track| Usable::from_track(modality, track, floor)).collect()
    };
    let mut usable = of("face", "face_actions");
    usable.extend(of("gaze", "gaze"));
    for who in [Who::Client, Who::Therapist] {
        for modality in ["face", "gaze"] {
            if !usable.iter().any(|u| u.who == who && u.modality == modality) {
                usable.push(Usable { modality: modality.into(), who, spans: Vec::new() });
            }
        }
    }
    usable
}

fn coverage(tracks: &Tracks, usable: &[Usable], span: Span, turns: Option<&[SpokenTurn]>, floor: f32) -> Vec<Coverage> {
    let total_s = span.secs_f64();
    let secs = |spans: &[Span]| spans.iter().filter_map(|s| Some(s.overlap(span)?.secs_f64())).sum::<f64>() + 0.0;
    let mut rows = Vec::new();
    let mut row = |modality: &str, who: Who, assessable_s: f64, why_not: &str| {
        // The last frame's stretch may reach half a step past the end.
        let assessable_s = assessable_s.min(total_s);
        let why_not = if assessable_s >= total_s - 0.5 { String::new() } else { why_not.to_owned() };
        rows.push(Coverage { modality: modality.into(), who, assessable_s, total_s, why_not });
    };
    match tracks.get("speech", Who::Room) {
        Some(track) => {
            let heard = Usable::from_track("voice", track, floor);
            row("voice", Who::Room, secs(&heard.spans), "sound is missing or damaged there");
        }
        None => row("voice", Who::Room, 0.0, "there is no sound that could be read"),
    }
    for who in [Who::Client, Who::Therapist] {
        let known = tracks.all("speech").any(|track| track.who == who);
        row("voice", who, if known { total_s } else { 0.0 }, "nothing tells which voice is theirs");
    }
    for one in usable {
        let seen = tracks.get(if one.modality == "face" { "face_actions" } else { "gaze" }, one.who).is_some();
        let why_not = match (seen, one.who) {
            (false, _) => "no face is known to be theirs",
            _ => "face out of view, too small, turned away or blurred",
        };
        row(&one.modality, one.who, secs(&one.spans), why_not);
    }
    match turns {
        Some(turns) => {
            for who in [Who::Client, Who::Therapist] {
                let any = turns.iter().any(|turn| turn.who == who);
                row(
                    "text",
                    who,
                    if any { total_s } else { 0.0 },
                    "the transcript has no turn that is known to be theirs",
                );
            }
        }
        None => row("text", Who::Room, 0.0, "there is no transcript"),
    }
    rows
}
