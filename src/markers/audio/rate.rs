//! How fast somebody speaks, against the person's own usual rate.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read};
use super::syllables::{self, nuclei};
use super::voices::{self, Flag, changes, of_everybody, z_of_pieces};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Syllables per second of speaking, pauses of `pause_secs` and more left out (articulation rate), in pieces of speech
/// that are long enough, against the same person's other pieces.
///
/// ## What it does not see
/// Words: noise and laughter make syllables too, and two vowels in a row are one.
pub struct Rate;

const CARD: Card = Card {
    id: "aud.rate",
    section: "rate",
    what: "A person speaks faster or slower than they usually do.",
    unit: Unit::StandardScores,
    kinds: &["slower", "faster"],
    needs: &["pitch", "loudness"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: false,
    source: "Syllable nuclei: de Jong & Wempe 2009; z of 1.5: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    syllables: syllables::Settings,
    /// Distance from usual that counts, in robust standard deviations.
    flag_z: f64,
    /// Least robust standard deviation, syllables per second.
    min_spread_per_sec: f64,
    /// Pauses of this length do not count as speaking.
    pause_secs: Secs,
    /// Shorter pieces are not judged.
    min_secs: Secs,
    /// Distance from usual as a strength.
    strength: Ramp,
}

impl Marker for Rate {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[voices::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        let base = &settings.voice_baseline;
        let min_secs = settings.min_secs.0.as_secs_f64();
        let pause_secs = settings.pause_secs.0.as_secs_f64();
        let flag = Flag { z: settings.flag_z, min_secs, strength: settings.strength };
        of_everybody(&CARD, input, base, |voice| {
            let nuclei = nuclei(voice, &settings.syllables)?;
            let z = z_of_pieces(voice, settings.min_spread_per_sec, base, |piece| {
                syllables::articulation_rate(piece, &nuclei, pause_secs).filter(|_| piece.secs() >= min_secs)
            })?;
            Some(changes(&CARD, voice, &z, flag, ["slower", "faster"]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
    use super::*;

    #[test]
    fn a_slow_turn_and_a_fast_one() {
        let mut talk = Talk::of_turns(30, 4.0);
        talk.syllables(7, 2.5);
        talk.syllables(21, 7.0);
        assert_eq!(talk.turns_of(&talk.find(&Rate).unwrap()), ["therapist 7 slower", "therapist 21 faster"]);
    }
}
