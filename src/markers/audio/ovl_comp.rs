//! Somebody takes the floor while the other speaks.

use std::collections::BTreeMap;

use ndarray::ArrayView1;
use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::{Class, Floor, Person, context};
use super::turnlen::turns;
use crate::time::{Secs, SessionTime, Span};
use crate::track::{Track, Unit, Who};

/// ## What it sees
/// Somebody starts more than `before_end_secs` before the other ends, both speak for at least `min_secs`, the one who
/// came in keeps the floor for `keeps_secs` after, and is louder than usual by `louder_z`. About the one who comes in.
///
/// ## What it does not see
/// Whether it was meant as an interruption: automatic labels err in 27 to 30 % (Truong 2013). Show the clip. Without a
/// loudness of each person the last condition is left out and the confidence lower.
pub struct CompetitiveOverlap;

const CARD: Card = Card {
    id: "aud.ovl_comp",
    section: "ovl_comp",
    what: "Somebody comes in while the other speaks, and keeps the floor.",
    unit: Unit::Seconds,
    kinds: &["TC", "CT", "other"],
    needs: &["speech"],
    after: &["aud.vad", "aud.turnlen"],
    reads_text: false,
    source: "Kurtic, Brown & Wells 2013; Truong 2013; thresholds: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Came in more than this before the other ended.
    before_end_secs: Secs,
    /// Shortest overlap.
    min_secs: Secs,
    /// Keeps the floor at least this long after it.
    keeps_secs: Secs,
    /// Louder than the own median by so many robust standard deviations.
    louder_z: f32,
    /// Smallest robust standard deviation of loudness, in dB, so that an even voice does not count as loud at once.
    min_spread_db: f32,
    /// Confidence without a loudness of each person, 0 to 1.
    blind_confidence: f32,
    /// Length in seconds as a strength.
    strength: Ramp,
}

/// How loud one person usually speaks.
struct Usual<'a> {
    track: &'a Track,
    levels: ArrayView1<'a, f32>,
    /// Median level over the person's speech, dB.
    median: f32,
    /// Robust standard deviation: 1.4826 times the median distance to the median, dB.
    spread: f32,
}

impl<'a> Usual<'a> {
    /// `None` without a loudness of that person's speech.
    fn of(track: &'a Track, person: &Person, min_spread_db: f32) -> Option<Self> {
        let levels = track.column("dbfs")?;
        let own: Vec<f32> = person.speech.iter().flat_map(|s| known(track, &levels, s.span)).collect();
        let median = middle(own.clone())?;
        let spread = 1.4826 * middle(own.iter().map(|level| (level - median).abs()).collect())?;
        Some(Self { track, levels, median, spread: spread.max(min_spread_db) })
    }

    /// How much louder than usual the middle frame of `span` is, in robust standard deviations.
    fn z(&self, span: Span) -> Option<f32> {
        Some((middle(known(self.track, &self.levels, span))? - self.median) / self.spread)
    }
}

fn known(track: &Track, levels: &ArrayView1<'_, f32>, span: Span) -> Vec<f32> {
    track.grid.indices(span).filter_map(|i| levels.get(i).copied()).filter(|level| !level.is_nan()).collect()
}

fn middle(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

impl Marker for CompetitiveOverlap {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let turns = turns(input.earlier);
        let floor = Floor::read(input.earlier, input.session);
        let usual: BTreeMap<Who, Usual<'_>> = floor
            .people
            .iter()
            .filter_map(|p| Some((p.who, Usual::of(input.tracks.get("loudness", p.who)?, p, settings.min_spread_db)?)))
            .collect();
        let keeps = |who: Who, from: SessionTime| {
            turns
                .iter()
                .any(|t| t.who == who && t.span.contains(from) && t.span.end() >= from.plus(settings.keeps_secs.0))
        };
        let mut events = Vec::new();
        for interval in floor.intervals() {
            let Class::Overlap { from, to } = interval.class else { continue };
            let span = interval.span;
            let long = span.length() > settings.before_end_secs.0 && span.length() >= settings.min_secs.0;
            if !long || !keeps(to, span.end()) {
                continue;
            }
            let z = usual.get(&to).and_then(|usual| usual.z(span));
            if z.is_some_and(|z| z < settings.louder_z) {
                continue;
            }
            let sure = if z.is_some() { 1.0 } else { settings.blind_confidence };
            let secs = span.secs_f64() as f32;
            let mut event = Event::new(&CARD, to, span, secs).kind(context(from, to));
            event.seen_in.extend(z.map(|_| "loudness".to_owned()));
            events.push(event.rated(settings.strength.strength(secs), interval.confidence * sure));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::backch::Backchannel;
    use super::super::picture::{events_ms, find, frames, track};
    use super::super::turnlen::TurnLength;
    use super::super::vad::Vad;
    use super::*;
    use crate::track::Tracks;

    const MARKERS: [&dyn Marker; 4] = [&Vad, &Backchannel, &TurnLength, &CompetitiveOverlap];

    /// One character per 100 ms.
    fn check(picture: &str, expect: &[(i64, i64, &str)]) {
        assert_eq!(events_ms(&find(&frames(picture, 100), &MARKERS, None)), expect, "{picture}");
    }

    #[test]
    fn who_comes_in_and_keeps_the_floor() {
        check("TTTTTTTTBBBBBBCCCCCCCCCCCCCCCC", &[(800, 1400, "client TC")]);
    }

    #[test]
    fn at_the_end_of_a_turn_or_without_keeping_the_floor_it_is_none() {
        check("TTTTTTTTBBBBBCCCCCCCCCCCCCCCC", &[]);
        check("TTTTTTTTBBBBBBCCCCCC.TTTTTTTTTTTT", &[]);
        check("TTTTTTTTBBBBBBTTTTTTTTTTTTTTTTTT", &[]);
    }

    #[test]
    fn with_a_loudness_it_must_be_louder_than_usual() {
        let found = |db: f32| {
            let mut tracks: Tracks = frames("CCCCCCCCCC..TTTTTTTTBBBBBBCCCCCCCCCCCCCCCC", 100);
            let mut levels = vec![-30.0; 420];
            levels[200..260].fill(-30.0 + db);
            let mut loudness = track(Who::Client, levels);
            loudness.columns = vec!["dbfs".into()];
            tracks.insert("loudness", loudness);
            find(&tracks, &MARKERS, None)
        };
        assert_eq!(found(0.0), []);
        let loud = found(10.0);
        assert_eq!(events_ms(&loud), [(2000, 2600, "client TC")]);
        let blind = find(&frames("TTTTTTTTBBBBBBCCCCCCCCCCCCCCCC", 100), &MARKERS, None);
        assert!(blind[0].confidence < loud[0].confidence);
    }
}
