//! Who speaks when.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, read, require};
use crate::time::{Secs, Span};
use crate::track::{Track, Unit, Who, runs};

/// ## What it sees
/// Stretches of speech of each voice (inter-pausal units): the probability rises to `on` and stays above `off`; holes
/// shorter than `close_holes_secs` are closed, then bursts shorter than `drop_bursts_secs` dropped. Also the stretches
/// in which a voice could not be measured (kind `unknown`).
///
/// ## What it does not see
/// What was not measured: such frames end a stretch and are never silence. A voice that the microphone does not reach.
///
/// The room's own track is used only where no voice was told apart.
pub struct Vad;

const CARD: Card = Card {
    id: "aud.vad",
    section: "vad",
    what: "One person speaks, without a break of 0.18 s or more.",
    unit: Unit::Seconds,
    kinds: &["speech", "unknown"],
    needs: &["speech"],
    after: &[],
    reads_text: false,
    source: "Heldner & Edlund 2010: holes below 180 ms are no pauses. Thresholds of the probability: config.",
};

/// Section `[vad]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Speech starts at this probability, 0 to 1.
    pub on: f32,
    /// Speech ends below this probability, 0 to 1.
    pub off: f32,
    /// Frames with a lower confidence are not measured (DOMAIN 1).
    pub min_confidence: f32,
    /// Shorter holes (strictly) belong to the speech around them.
    pub close_holes_secs: Secs,
    /// Shorter bursts (strictly) are no speech.
    pub drop_bursts_secs: Secs,
}

/// A stretch of speech with the mean confidence of its frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// When.
    pub span: Span,
    /// 0 to 1.
    pub confidence: f32,
}

/// What one speech track says: stretches of speech and stretches that were not measured, both in order of start.
/// What the session holds before and after the track is not measured either.
pub fn stretches(track: &Track, session: Span, settings: &Settings) -> (Vec<Stretch>, Vec<Span>) {
    let Some(values) = track.column("p") else { return (Vec::new(), vec![session]) };
    let confidence = |index: usize| track.confidence.as_ref().and_then(|c| c.get(index).copied()).unwrap_or(1.0);
    let measured: Vec<bool> = values
        .iter()
        .enumerate()
        // A confidence that is NaN is none.
        .map(|(index, p)| !p.is_nan() && confidence(index) >= settings.min_confidence)
        .collect();
    let mut on = false;
    let speaking: Vec<bool> = values
        .iter()
        .zip(&measured)
        .map(|(&p, &measured)| {
            on = measured && (p >= settings.on || (on && p >= settings.off));
            on
        })
        .collect();

    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (from, to) in runs(speaking) {
        let hole = joined.last().and_then(|&(_, end)| track.grid.span(end, from).map(|hole| (end, hole)));
        match (joined.last_mut(), hole) {
            (Some(last), Some((end, hole)))
                if hole.length() < settings.close_holes_secs.0 && measured[end..from].iter().all(|&m| m) =>
            {
                last.1 = to;
            }
            _ => joined.push((from, to)),
        }
    }
    let speech = joined
        .into_iter()
        .filter_map(|(from, to)| {
            let span = track.grid.span(from, to)?.overlap(session)?;
            let mean = (from..to).map(confidence).sum::<f32>() / (to - from) as f32;
            (span.length() >= settings.drop_bursts_secs.0).then_some(Stretch { span, confidence: mean })
        })
        .collect();

    let mut unknown: Vec<Span> = runs(measured.iter().map(|m| !m))
        .into_iter()
        .filter_map(|(from, to)| track.grid.span(from, to)?.overlap(session))
        .collect();
    match track.grid.span(0, track.grid.len) {
        Some(covered) => {
            unknown.extend(Span::new(session.start(), covered.start().min(session.end())));
            unknown.extend(Span::new(covered.end().max(session.start()), session.end()));
        }
        None => unknown.push(session),
    }
    unknown.sort();
    (speech, unknown)
}

impl Marker for Vad {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let told_apart = input.tracks.all("speech").any(|track| track.who != Who::Room);
        let mut events = Vec::new();
        for track in input.tracks.all("speech").filter(|track| (track.who != Who::Room) == told_apart) {
            let (speech, unknown) = stretches(track, input.session, &settings);
            events.extend(speech.into_iter().map(|Stretch { span, confidence }| {
                Event::new(&CARD, track.who, span, span.secs_f64() as f32).kind("speech").rated(1.0, confidence)
            }));
            events.extend(unknown.into_iter().map(|span| {
                Event::new(&CARD, track.who, span, span.secs_f64() as f32).kind("unknown").rated(0.0, 0.0)
            }));
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{events_ms, find, frames};
    use super::*;

    /// One character per 10 ms for one client: `C` speaks, `c` between off and on, `.` silent, `?` not measured.
    fn check(picture: &str, expect: &[(i64, i64, &str)]) {
        let tracks = frames(picture, 10);
        assert_eq!(events_ms(&find(&tracks, &[&Vad], None)), expect, "{picture}");
    }

    #[test]
    fn a_hole_below_180_ms_is_closed_and_one_of_180_is_not() {
        let speech = "C".repeat(10);
        check(&format!("{speech}{}{speech}", ".".repeat(17)), &[(0, 370, "client speech")]);
        let holes = format!("{speech}{}{speech}", ".".repeat(18));
        check(&holes, &[(0, 100, "client speech"), (280, 380, "client speech")]);
    }

    #[test]
    fn a_burst_below_90_ms_is_dropped() {
        check(&format!("..{}..", "C".repeat(8)), &[]);
        check(&format!("..{}..", "C".repeat(9)), &[(20, 110, "client speech")]);
    }

    #[test]
    fn short_bursts_that_join_are_speech() {
        check("..CCCCC..CCCCC..", &[(20, 140, "client speech")]);
    }

    #[test]
    fn between_the_thresholds_what_was_stays() {
        check("CCCCCCCCCCccc....cccc", &[(0, 130, "client speech")]);
    }

    #[test]
    fn what_was_not_measured_ends_speech_and_is_no_hole() {
        check(
            "CCCCCCCCCC?CCCCCCCCCC",
            &[(0, 100, "client speech"), (100, 110, "client unknown"), (110, 210, "client speech")],
        );
    }
}
