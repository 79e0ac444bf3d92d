//! How long somebody takes to answer.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::baseline::percentile;
use super::super::{Card, Event, Input, Marker, MarkerError, read, require};
use super::floor::context;
use super::turnlen::turns;
use crate::time::{SessionTime, Span};
use crate::track::Unit;

/// ## What it sees
/// Floor-transfer offset: from the end of one person's turn to the start of the next person's; negative where the
/// answer starts early. About the one who answers. It is strong where it is longer than `flag_secs` and than the
/// `own_percentile` of the same person's answers in this session.
///
/// ## What it does not see
/// Why an answer is late. Turns are those of the voice, not of the transcript, whose times are too coarse.
pub struct Latency;

const CARD: Card = Card {
    id: "aud.latency",
    section: "latency",
    what: "The time until the other answers; below zero if the answer starts early.",
    unit: Unit::Seconds,
    kinds: &["TC", "CT", "other"],
    needs: &["speech"],
    after: &["aud.turnlen"],
    reads_text: false,
    source: "Stivers et al. 2009; Levinson & Torreira 2015; flag above max(1.5 s, own P90): judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Shorter latencies have no strength, in seconds.
    flag_secs: f64,
    /// Those below this percentile of the same person have no strength either, 0 to 100.
    own_percentile: f64,
    /// .. once the person has answered so many times.
    own_min_count: usize,
    /// At this multiple of the flagging length the strength is 1.
    full_factor: f64,
    /// The next turn of another person later than this answers nothing any more, in seconds.
    max_secs: f64,
}

impl Marker for Latency {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let turns = turns(input.earlier);
        let transfers = || {
            turns.windows(2).filter_map(|pair| {
                let [from, to] = pair else { return None };
                let secs = to.span.start().secs_after(from.span.end());
                (from.who != to.who && secs <= settings.max_secs).then_some((from, to, secs))
            })
        };
        let mut events = Vec::new();
        for (from, to, secs) in transfers() {
            // The edges may coincide: a span is never empty.
            let (first, last) = (to.span.start().min(from.span.end()), to.span.start().max(from.span.end()));
            let Some(span) = Span::new(first, last.max(first.shifted(SessionTime::from_millis(1)))) else { continue };
            let event = Event::new(&CARD, to.who, span, secs as f32);
            events.push(event.kind(context(from.who, to.who)).rated(0.0, from.confidence.min(to.confidence)));
        }
        let own_flag = |event: &Event| {
            let same = events.iter().filter(|e| e.who == event.who && e.kind == event.kind);
            let mut values: Vec<f64> = same.map(|e| f64::from(e.value)).collect();
            values.sort_by(f64::total_cmp);
            let own = if values.len() >= settings.own_min_count {
                percentile(&values, settings.own_percentile)
            } else {
                None
            };
            own.map_or(settings.flag_secs, |own| own.max(settings.flag_secs))
        };
        let mut flags: BTreeMap<_, f64> = BTreeMap::new();
        for event in &events {
            let key = (event.who, event.kind.clone());
            flags.entry(key).or_insert_with(|| own_flag(event));
        }
        for event in &mut events {
            let flag = flags.get(&(event.who, event.kind.clone())).copied().unwrap_or(settings.flag_secs);
            let over = (f64::from(event.value) - flag) / (flag * (settings.full_factor - 1.0));
            event.strength = if over.is_nan() { 0.0 } else { over.clamp(0.0, 1.0) as f32 };
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::backch::Backchannel;
    use super::super::picture::{find, frames};
    use super::super::turnlen::TurnLength;
    use super::super::vad::Vad;
    use super::*;

    const MARKERS: [&dyn Marker; 4] = [&Vad, &Backchannel, &TurnLength, &Latency];

    /// One character per 100 ms; start, end, person and kind, milliseconds.
    fn check(picture: &str, expect: &[(i64, i64, &str, i64)]) {
        let found = find(&frames(picture, 100), &MARKERS, None);
        let found: Vec<_> = found
            .iter()
            .map(|e| {
                let ms = (f64::from(e.value) * 1000.0).round() as i64;
                (e.span.start().millis(), e.span.end().millis(), e.kind.as_deref().unwrap(), ms)
            })
            .collect();
        assert_eq!(found, expect, "{picture}");
    }

    #[test]
    fn the_answer_is_timed_from_the_end_of_the_turn() {
        check("TTTTTT...CCCCCCCCCCCC..TTTTTTTTTTTT", &[(600, 900, "TC", 300), (2100, 2300, "CT", 200)]);
    }

    #[test]
    fn an_early_answer_has_a_negative_latency() {
        check("TTTTTTBBCCCCCCCCCCC", &[(600, 800, "TC", -200)]);
    }

    #[test]
    fn an_answer_without_gap_is_a_millisecond_long() {
        check("TTTTTTCCCCCCCCCCCCC", &[(600, 601, "TC", 0)]);
    }

    #[test]
    fn a_backchannel_is_no_answer() {
        check("TTTTTTTTT..CCC..TTTTTTTTTT", &[]);
    }

    #[test]
    fn only_a_late_answer_is_strong() {
        let late = |frames_: usize| {
            let picture = format!("TTTTTTTTTTTT{}CCCCCCCCCCCC", ".".repeat(frames_));
            find(&frames(&picture, 100), &MARKERS, None)[0].strength
        };
        assert!(late(14) < 1e-6, "{}", late(14));
        assert!(late(16) > 0.0);
        assert!(late(60) > 0.99);
    }
}
