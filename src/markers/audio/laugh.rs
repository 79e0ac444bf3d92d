//! Somebody laughs.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::Floor;
use super::heard::{self, Burst, Owner, Rows, is_crosstalk, largest_near, owner, with_level};
use crate::time::{Secs, Span};
use crate::track::{Unit, Who};

/// ## What it sees
/// Stretches that sound like laughter to the network, or in which a voice repeats its syllables evenly, with their begin
/// and end at the level's rise and fall where there is one. Whose it is: with own microphones, the one that hears it
/// loudest; in one room, the person whose voice fills it.
///
/// `alone`: nobody else laughs within 1.5 s. `in_speech`: alone, inside own speech. `starts`, `joins`: somebody else
/// laughs within 1.5 s, later or earlier. `together`: several voices at once that one microphone cannot take apart.
///
/// ## Why coders care
/// Laughing while telling something painful is one of the paper's codes; who laughs first tells a shared laugh from a
/// nervous one.
///
/// ## What it does not see
/// What it means: cheerful, polite, nervous and contemptuous laughs look alike to it (Gupta, Hill & Kivlighan 2018 tell
/// them apart). Smiling while speaking, a single breathy "hn". Who of two laughs, when one laughs over the other's speech
/// in one room.
pub struct Laugh;

const CARD: Card = Card {
    id: "aud.laugh",
    section: "laugh",
    what: "Somebody laughs.",
    unit: Unit::Seconds,
    kinds: &["alone", "in_speech", "starts", "joins", "together"],
    needs: &["sounds", "speech"],
    after: &["aud.vad"],
    reads_text: false,
    source: "YAMNet's classes of laughter, repeated syllables at 3 to 8 Hz (Bachorowski et al. 2001); lengths: DOMAIN.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Score from which on it is a laugh.
    from: f32,
    /// Rhythm from which on repeating syllables count, 0 to 1.
    rhythm_base: f32,
    /// How much what is above counts.
    rhythm_weight: f32,
    /// How far from the laughter the rhythm may be.
    rhythm_near_secs: Secs,
    /// Speech, laughter or another sound of a voice, 0 to 1, that must be near for the rhythm to count (somebody who
    /// speaks by `aud.vad` is one as well) ..
    voice_from: f32,
    /// .. this near.
    voice_near_secs: Secs,
    /// Music below which the rhythm counts, 0 to 1.
    music_below: f32,
    /// Shortest laugh.
    min_secs: Secs,
    /// From here on the confidence is halved.
    long_secs: Secs,
    /// Two people's laughs this near are shared.
    shared_secs: Secs,
    /// Own speech before or after that makes it a speech-laugh.
    in_speech_secs: Secs,
    /// Confidence, 0 to 1, of the clearest laugh.
    most_confidence: f32,
    /// What a speech-laugh's confidence is multiplied by in one room, 0 to 1.
    in_speech_confidence: f32,
    /// Score as a strength.
    strength: Ramp,
    /// Begin, end and owner.
    heard: heard::Settings,
}

/// A laugh before its kind is known.
struct Found {
    burst: Burst,
    owner: Owner,
    in_speech: bool,
}

impl Settings {
    /// Laughter, and what repeating syllables of a voice add to it, per row. `speech`: where somebody is known to speak.
    fn score(&self, rows: &Rows<'_>, speech: impl Iterator<Item = Span>) -> Vec<f32> {
        let laughter = rows.column("laughter");
        let voices = [rows.column("speech"), rows.column("vocal")];
        let mut voice: Vec<f32> =
            (0..rows.count_all()).map(|row| voices.iter().map(|v| v[row]).fold(laughter[row], f32::max)).collect();
        speech.for_each(|span| voice[rows.inside(span)].fill(1.0));
        let voice = largest_near(&voice, rows.count(self.voice_near_secs));
        let rhythm = largest_near(&rows.column("rhythm"), rows.count(self.rhythm_near_secs));
        let music = largest_near(&rows.column("music"), rows.count(self.rhythm_near_secs));
        let counts = |row: usize| voice[row] >= self.voice_from && music[row] < self.music_below;
        let added = |row: usize| self.rhythm_weight * (rhythm[row] - self.rhythm_base).max(0.0);
        (0..rows.count_all()).map(|row| laughter[row] + if counts(row) { added(row) } else { 0.0 }).collect()
    }

    /// Own speech goes on before or after the laugh.
    fn in_speech(&self, span: Span, who: Who, floor: &Floor) -> bool {
        let speech = floor.people.iter().filter(|p| p.who == who).flat_map(|p| &p.speech);
        let goes_on = |own: Span| {
            own.start() <= span.start().minus(self.in_speech_secs.0)
                || own.end() >= span.end().plus(self.in_speech_secs.0)
        };
        speech.filter(|s| s.span.overlap(span).is_some()).any(|s| goes_on(s.span))
    }

    /// All laughs of one track.
    fn bursts(&self, who: Who, floor: &Floor, input: &Input<'_>) -> Vec<Burst> {
        let Some(track) = input.tracks.get("sounds", who) else { return Vec::new() };
        let rows = Rows::of(track, &self.heard);
        let loudness = input.tracks.get("loudness", who);
        let people = floor.people.iter().filter(|person| who == Who::Room || person.who == who);
        let speech = people.flat_map(|person| &person.speech).map(|stretch| stretch.span);
        let bursts = rows.bursts(&self.score(&rows, speech), self.from, &self.heard);
        let with_edges = bursts.into_iter().map(|b| Burst { span: with_level(b.span, loudness, &self.heard), ..b });
        with_edges.filter(|b| b.span.length() >= self.min_secs.0).collect()
    }

    fn kind(&self, laugh: &Found, all: &[Found]) -> &'static str {
        let around = laugh.burst.span.widened(self.shared_secs.0, self.shared_secs.0);
        // What is nobody's may be the same person's.
        let known = |a: Who, b: Who| a != b && a != Who::Room && b != Who::Room;
        let other = all.iter().find(|o| known(o.owner.who, laugh.owner.who) && o.burst.span.overlap(around).is_some());
        match other {
            _ if laugh.owner.together => "together",
            Some(other) if other.burst.span.start() < laugh.burst.span.start() => "joins",
            Some(_) => "starts",
            None if laugh.in_speech => "in_speech",
            None => "alone",
        }
    }
}

impl Marker for Laugh {
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
        let bursts: Vec<(Who, Burst)> = lanes
            .iter()
            .flat_map(|&who| settings.bursts(who, &floor, input).into_iter().map(move |b| (who, b)))
            .collect();
        let mut all: Vec<Found> = Vec::new();
        for &(who, burst) in &bursts {
            let room = who == Who::Room;
            if !room && is_crosstalk(who, burst.span, &bursts, input.tracks, &settings.heard) {
                continue;
            }
            let own_microphone = Owner { who, sure: 1.0, together: false };
            let owner = if room { owner(burst.span, &floor, &settings.heard) } else { own_microphone };
            let in_speech = settings.in_speech(burst.span, owner.who, &floor);
            all.push(Found { burst, owner, in_speech });
        }
        all.sort_by_key(|laugh| (laugh.burst.span, laugh.owner.who));
        let events = all.iter().map(|laugh| {
            let Found { burst: Burst { span, peak, apex }, owner, in_speech } = *laugh;
            let mut sure = settings.most_confidence * owner.sure * (0.5 + 0.5 * settings.strength.strength(peak));
            if span.length() > settings.long_secs.0 {
                sure *= 0.5;
            }
            if in_speech && lanes.contains(&Who::Room) {
                sure *= settings.in_speech_confidence;
            }
            let mut event = Event::new(&CARD, owner.who, span, span.secs_f64() as f32);
            event.apex = span.contains(apex).then_some(apex);
            event.kind(settings.kind(laugh, &all)).rated(settings.strength.strength(peak), sure)
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
#[path = "laugh_tests.rs"]
mod tests;
