//! How much of the talking each person does.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::{Floor, Person};
use crate::time::{Secs, Span};
use crate::track::{Unit, Who};

/// ## What it sees
/// Each person's speaking time over everybody's, for the whole session and in windows. It is strong where it is low.
///
/// ## What it does not see
/// Teaching in a therapy that teaches lowers it rightly.
pub struct TalkShare;

const CARD: Card = Card {
    id: "aud.talkshare",
    section: "talkshare",
    what: "A person's part of all speaking time.",
    unit: Unit::Share,
    kinds: &["session", "window"],
    needs: &["speech"],
    after: &["aud.vad"],
    reads_text: false,
    source: "AnnoMI: client .46 in good, .385 in poor demonstrations (DOMAIN B.3); below .25 in 5 min: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Length of a window; windows follow each other from the session's start.
    window_secs: Secs,
    /// Windows (and sessions) with less speech of anybody are left out.
    min_speech_secs: Secs,
    /// Share as a strength: the lower the stronger.
    strength: Ramp,
}

fn inside(person: &Person, window: Span) -> (f64, f64) {
    let secs = |spans: &mut dyn Iterator<Item = Span>| {
        spans.filter_map(|s| s.overlap(window)).map(Span::secs_f64).sum::<f64>()
    };
    (secs(&mut person.speech.iter().map(|s| s.span)), secs(&mut person.unknown.iter().copied()))
}

impl Marker for TalkShare {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let floor = Floor::read(input.earlier, input.session);
        let people: Vec<&Person> = floor.people.iter().filter(|p| p.who != Who::Room).collect();
        let mut windows = vec![(input.session, "session")];
        let mut start = input.session.start();
        while let Some(window) = Span::new(start, start.plus(settings.window_secs.0)) {
            if window.end() > input.session.end() {
                break;
            }
            windows.push((window, "window"));
            start = window.end();
        }
        let mut events = Vec::new();
        for (window, kind) in windows {
            let secs: Vec<(f64, f64)> = people.iter().map(|p| inside(p, window)).collect();
            let all: f64 = secs.iter().map(|s| s.0).sum();
            // The share of a single voice says nothing.
            if people.len() < 2 || all < settings.min_speech_secs.0.as_secs_f64() || all <= 0.0 {
                continue;
            }
            let unknown = secs.iter().map(|s| s.1).fold(0.0, f64::max);
            let known = (1.0 - unknown / window.secs_f64()) as f32;
            for (person, (own, _)) in people.iter().zip(&secs) {
                let share = (own / all) as f32;
                let event = Event::new(&CARD, person.who, window, share).kind(kind);
                events.push(event.rated(settings.strength.strength(share), known));
            }
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{find, frames};
    use super::super::vad::Vad;
    use super::*;

    #[test]
    fn shares_of_the_session_and_of_each_window() {
        // 10 s a character: 5 minutes in which the client speaks a fifth, then 4 minutes (no whole window).
        let picture = format!("{}{}", "TTTTTTTTTTTTTTTTTTTT.....CCCCC", "C".repeat(24));
        let found = find(&frames(&picture, 10_000), &[&Vad, &TalkShare], None);
        let shares: Vec<_> = found.iter().map(|e| (e.who, e.kind.as_deref().unwrap(), e.value)).collect();
        let expect = [
            (Who::Client, "window", 0.2),
            (Who::Therapist, "window", 0.8),
            (Who::Client, "session", 29.0 / 49.0),
            (Who::Therapist, "session", 20.0 / 49.0),
        ];
        assert_eq!(shares.len(), expect.len());
        for (found, expect) in shares.iter().zip(expect) {
            assert_eq!((found.0, found.1), (expect.0, expect.1));
            assert!((found.2 - expect.2).abs() < 1e-4, "{found:?} {expect:?}");
        }
        assert!(found[0].strength > 0.5 && found[1].strength < 1e-6);
    }

    #[test]
    fn one_voice_alone_has_no_share() {
        assert_eq!(find(&frames(&"C".repeat(40), 10_000), &[&Vad, &TalkShare], None), []);
    }
}
