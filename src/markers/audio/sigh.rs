//! Somebody sighs.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::Floor;
use super::heard::{self, Burst, Rows, is_crosstalk, owner, with_level};
use crate::time::{Secs, Span};
use crate::track::{Track, Tracks, Unit, Who};

/// ## What it sees
/// A breath or sigh by the network's ear, 0.7 to 3 s long, that swells and fades, with nobody speaking near.
///
/// ## What it does not see
/// Relief from weariness. A fan, a hand on the microphone and a breath before speaking can look the same, and no recorded
/// sigh was at hand to measure with: always weak, to be looked at as a clip only.
pub struct Sigh;

const CARD: Card = Card {
    id: "aud.sigh",
    section: "sigh",
    what: "Somebody breathes out audibly while nobody speaks.",
    unit: Unit::Seconds,
    kinds: &[],
    needs: &["sounds", "speech"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Length, swell and distance from speech: DOMAIN B, judgement; classes: YAMNet. Not validated.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Probability of a sigh or a breath, 0 to 1.
    from: f32,
    /// Shortest one.
    min_secs: Secs,
    /// Longest one.
    max_secs: Secs,
    /// Nobody speaks this near.
    speech_away_secs: Secs,
    /// How far from either end the loudest moment lies, as a share of the length, 0 to 0.5.
    swell_share: f32,
    /// Confidence, 0 to 1, of the clearest.
    most_confidence: f32,
    /// Probability as a strength.
    strength: Ramp,
    /// Begin, end and owner.
    heard: heard::Settings,
}

/// Whether the loudest 100 ms lie away from both ends; unknown levels do not speak against it.
fn swells(loudness: Option<&Track>, span: Span, share: f32) -> bool {
    let Some((track, column)) = loudness.and_then(|track| Some((track, track.column("dbfs")?))) else { return true };
    let frames: Vec<f32> = track.grid.indices(span).filter_map(|frame| column.get(frame).copied()).collect();
    let sums: Vec<f32> = frames.windows(10).map(|w| w.iter().map(|db| 10f32.powf(db / 10.0)).sum()).collect();
    let Some(loudest) = (0..sums.len()).max_by(|&a, &b| sums[a].total_cmp(&sums[b])) else { return false };
    let at = (loudest as f32 + 5.0) / frames.len() as f32;
    (share..=1.0 - share).contains(&at)
}

impl Settings {
    fn bursts(&self, who: Who, tracks: &Tracks) -> Vec<Burst> {
        let Some(track) = tracks.get("sounds", who) else { return Vec::new() };
        let rows = Rows::of(track, &self.heard);
        let loudness = tracks.get("loudness", who);
        let score: Vec<f32> = rows.column("sigh").iter().zip(rows.column("breath")).map(|(a, b)| a.max(b)).collect();
        let bursts = rows.bursts(&score, self.from, &self.heard);
        bursts
            .into_iter()
            .map(|burst| Burst { span: with_level(burst.span, loudness, &self.heard), ..burst })
            .filter(|burst| (self.min_secs.0..=self.max_secs.0).contains(&burst.span.length()))
            .filter(|burst| swells(loudness, burst.span, self.swell_share))
            .collect()
    }
}

impl Marker for Sigh {
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
        let speaks = |span: Span| {
            let around = span.widened(settings.speech_away_secs.0, settings.speech_away_secs.0);
            floor.people.iter().flat_map(|p| &p.speech).any(|s| s.span.overlap(around).is_some())
        };
        let lanes = input.tracks.all("sounds").map(|track| track.who);
        let bursts: Vec<(Who, Burst)> =
            lanes.flat_map(|who| settings.bursts(who, input.tracks).into_iter().map(move |b| (who, b))).collect();
        let mut events = Vec::new();
        for &(who, Burst { span, peak, apex }) in bursts.iter().filter(|(_, burst)| !speaks(burst.span)) {
            let room = who == Who::Room;
            if !room && is_crosstalk(who, span, &bursts, input.tracks, &settings.heard) {
                continue;
            }
            let (whose, sure) = match room {
                true => {
                    let owner = owner(span, &floor, &settings.heard);
                    (owner.who, owner.sure)
                }
                false => (who, 1.0),
            };
            let strength = settings.strength.strength(peak);
            let mut event = Event::new(&CARD, whose, span, span.secs_f64() as f32);
            event.apex = span.contains(apex).then_some(apex);
            events.push(event.rated(strength, settings.most_confidence * sure * (0.5 + 0.5 * strength)));
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{events_ms, find, frames, sounds, track};
    use super::super::vad::Vad;
    use super::*;

    /// Speech and sounds of the room, one character per 80 ms; the level is -30 dB inside the sigh, loudest after `share` of
    /// it, and -70 dB elsewhere.
    fn check(speech: &str, room: &str, share: f32, expect: &[(i64, i64, &str)]) {
        let mut tracks = frames(speech, 80);
        tracks.insert("sounds", sounds(Who::Room, room));
        let first = room.find('H').unwrap() * 8;
        let last = room.rfind('H').unwrap() * 8 + 8;
        let loudest = first as f32 + share * (last - first) as f32;
        let level =
            |n: usize| if (first..last).contains(&n) { -30.0 - (n as f32 - loudest).abs() * 0.1 } else { -70.0 };
        let mut loudness = track(Who::Room, (0..room.len() * 8).map(level).collect());
        loudness.columns = vec!["dbfs".into()];
        tracks.insert("loudness", loudness);
        let found = find(&tracks, &[&Vad, &Sigh], None);
        let rounded: Vec<(i64, i64, &str)> =
            events_ms(&found).into_iter().map(|(a, b, who)| (a / 40 * 40, b / 40 * 40, who)).collect();
        assert_eq!(rounded, expect, "{speech} {room}");
        assert!(found.iter().all(|e| e.confidence <= 0.3));
    }

    #[test]
    fn a_breath_that_swells_and_fades_while_nobody_speaks() {
        check("CCC...........................", "..........HHHHHHHHHHHH........", 0.4, &[(760, 1760, "room")]);
    }

    #[test]
    fn near_speech_too_short_or_falling_only_it_is_none() {
        check("CCC........CC.................", "..........HHHHHHHHHHHH........", 0.4, &[]);
        check("CCC...........................", "..........HHHH................", 0.4, &[]);
        check("CCC...........................", "..........HHHHHHHHHHHH........", 0.0, &[]);
    }
}
