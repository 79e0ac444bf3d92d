//! Loudness unlike the person's own usual loudness.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read};
use super::voices::{self, Flag, changes, level, of_everybody, z_of_pieces};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Pieces of speech whose A-weighted level lies far from that of the same person's other pieces.
///
/// ## What it does not see
/// Whether the head turned or the microphone moved; a recorder that levels all speech out hides every change.
pub struct Loudness;

const CARD: Card = Card {
    id: "aud.loud",
    section: "loud",
    what: "A person speaks louder or quieter than they usually do.",
    unit: Unit::StandardScores,
    kinds: &["quieter", "louder"],
    needs: &["spectrum"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: false,
    source: "A-weighting: IEC 61672-1; z of 1.5: judgement (DOMAIN B).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    /// Distance from usual that counts, in robust standard deviations.
    flag_z: f64,
    /// Least robust standard deviation, dB.
    min_spread_db: f64,
    /// Shorter pieces are not judged.
    min_secs: Secs,
    /// Distance from usual as a strength.
    strength: Ramp,
}

impl Marker for Loudness {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[voices::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        let base = &settings.voice_baseline;
        let flag =
            Flag { z: settings.flag_z, min_secs: settings.min_secs.0.as_secs_f64(), strength: settings.strength };
        of_everybody(&CARD, input, base, |voice| {
            let z = z_of_pieces(voice, settings.min_spread_db, base, |piece| level(voice, piece))?;
            Some(changes(&CARD, voice, &z, flag, ["quieter", "louder"]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
    use super::*;

    #[test]
    fn a_quiet_turn_and_a_loud_one() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.turn(4, |rows| rows.dbfs -= 9.0);
        talk.turn(20, |rows| rows.dbfs += 9.0);
        let found = talk.find(&Loudness).unwrap();
        assert_eq!(talk.turns_of(&found), ["client 4 quieter", "client 20 louder"]);
        // The episodes read the sign: a drop speaks for withdrawal, a rise for confrontation.
        assert!(found[0].value <= -1.5 && found[1].value >= 1.5);
    }

    #[test]
    fn what_is_spoken_in_overlap_does_not_count() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.overlapped(10, 1.0);
        talk.overlap_rows(10, 1.0, |rows| rows.dbfs += 12.0);
        assert_eq!(talk.turns_of(&talk.find(&Loudness).unwrap()), [] as [&str; 0]);
    }

    #[test]
    fn without_the_track_it_says_so() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.without_tracks();
        let error = talk.find(&Loudness).unwrap_err();
        assert!(error.to_string().contains("spectrum"), "{error}");
    }
}
