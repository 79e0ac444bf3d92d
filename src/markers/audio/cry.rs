//! Somebody cries.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::Floor;
use super::heard::{self, Burst, Rows, is_crosstalk, largest_near, owner};
use crate::time::{Secs, Span};
use crate::track::{Unit, Who};

/// ## What it sees
/// At least two bursts that sound like crying, sobbing, whimpering or wailing within 20 s, as one event from the first to
/// the last of them.
///
/// ## What it does not see
/// Silent tears, which are the most frequent ones. Complaining or playful voices can sound alike, and no recorded crying
/// of an adult was at hand to measure with: always weak, to be looked at as a clip only.
pub struct Cry;

const CARD: Card = Card {
    id: "aud.cry",
    section: "cry",
    what: "Repeated sounds of crying.",
    unit: Unit::Seconds,
    kinds: &[],
    needs: &["sounds", "speech"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Two or more in 20 s: DOMAIN B, judgement; classes: YAMNet. Not validated.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Probability of crying, 0 to 1.
    from: f32,
    /// Shortest burst.
    min_secs: Secs,
    /// Bursts this near are one event.
    cluster_secs: Secs,
    /// Fewest bursts of one event.
    cluster_count: usize,
    /// Laughter near a burst stays below this, 0 to 1.
    laughter_below: f32,
    /// Confidence, 0 to 1, of the clearest.
    most_confidence: f32,
    /// Probability as a strength.
    strength: Ramp,
    /// Begin, end and owner.
    heard: heard::Settings,
}

impl Settings {
    fn bursts(&self, who: Who, input: &Input<'_>) -> Vec<Burst> {
        let Some(track) = input.tracks.get("sounds", who) else { return Vec::new() };
        let rows = Rows::of(track, &self.heard);
        let laughter = largest_near(&rows.column("laughter"), rows.count(self.min_secs));
        let crying = rows.column("crying");
        let score: Vec<f32> =
            crying.iter().zip(laughter).map(|(&c, l)| if l < self.laughter_below { c } else { 0.0 }).collect();
        rows.bursts(&score, self.from, &self.heard).into_iter().filter(|b| b.span.length() >= self.min_secs.0).collect()
    }
}

impl Marker for Cry {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &["heard"]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let floor = Floor::read(input.earlier, input.session);
        let lanes: Vec<Who> = input.tracks.all("sounds").map(|track| track.who).collect();
        let all: Vec<(Who, Burst)> =
            lanes.iter().flat_map(|&who| settings.bursts(who, input).into_iter().map(move |b| (who, b))).collect();
        let mut events = Vec::new();
        for &lane in &lanes {
            let own = all.iter().filter(|(who, burst)| {
                *who == lane
                    && (lane == Who::Room || !is_crosstalk(lane, burst.span, &all, input.tracks, &settings.heard))
            });
            let mut clusters: Vec<Vec<Burst>> = Vec::new();
            for &(_, burst) in own {
                match clusters.last_mut() {
                    Some(cluster)
                        if cluster.last().is_some_and(|last| {
                            burst.span.start() <= last.span.end().plus(settings.cluster_secs.0)
                        }) =>
                    {
                        cluster.push(burst);
                    }
                    _ => clusters.push(vec![burst]),
                }
            }
            for cluster in clusters.iter().filter(|cluster| cluster.len() >= settings.cluster_count) {
                let Some(span) = cluster.iter().map(|burst| burst.span).reduce(Span::hull) else { continue };
                let Some(best) = cluster.iter().max_by(|a, b| a.peak.total_cmp(&b.peak)) else { continue };
                let (who, sure) = match lane {
                    Who::Room => {
                        let owner = owner(best.span, &floor, &settings.heard);
                        (owner.who, owner.sure)
                    }
                    who => (who, 1.0),
                };
                let strength = settings.strength.strength(best.peak);
                let mut event = Event::new(&CARD, who, span, span.secs_f64() as f32);
                event.apex = Some(best.apex);
                events.push(event.rated(strength, settings.most_confidence * sure * (0.5 + 0.5 * strength)));
            }
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{events_ms, find, frames, sounds};
    use super::super::vad::Vad;
    use super::*;

    /// Seconds of nothing, as a picture.
    fn secs(count: usize) -> String {
        ".".repeat(count * 25 / 2)
    }

    fn check(room: &str, expect: &[(i64, i64, &str)]) {
        let speech = format!("CCC{}", ".".repeat(room.len() - 3));
        let mut tracks = frames(&speech, 80);
        tracks.insert("sounds", sounds(Who::Room, room));
        let found = find(&tracks, &[&Vad, &Cry], None);
        assert_eq!(events_ms(&found), expect, "{room}");
        assert!(found.iter().all(|e| e.confidence <= 0.3));
    }

    #[test]
    fn two_bursts_within_twenty_seconds_are_one_event() {
        let sob = "XXXXXXXX";
        check(&format!("{}{sob}{}{sob}{}", secs(2), secs(4), secs(2)), &[(2000, 7280, "room")]);
        check(&format!("{}{sob}{}{sob}{}", secs(2), secs(22), secs(2)), &[]);
    }

    #[test]
    fn one_burst_short_ones_and_laughs_are_none() {
        check(&format!("{}XXXXXXXX{}", secs(2), secs(4)), &[]);
        check(&format!("{}LLLXXXXXXXXLLL{}LLLXXXXXXXXLLL{}", secs(2), secs(2), secs(2)), &[]);
    }
}
