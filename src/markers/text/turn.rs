//! `txt.turn`: a turn of the transcript.

use super::{Card, Event, Input, Marker, MarkerError, about, turns};
use crate::track::Unit;
use crate::transcript::count_words;

/// ## What it sees
/// Every turn of client or therapist that has words, as the transcript cuts it. `value` = words.
/// ## Why coders care
/// Codes told by words alone need a turn to lie in, also where there is no sound.
/// ## What it does not see
/// Who really had the floor: that is `aud.turnlen`, from the voice.
pub struct Turn;

const CARD: Card = Card {
    id: "txt.turn",
    section: "turn",
    what: "A turn as the transcript has it.",
    unit: Unit::Count,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN 1 (turn); strength: judgement",
};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Words for strength 1.
    full_at_words: f32,
}

impl Marker for Turn {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let Settings { full_at_words } = super::settings(settings, &CARD)?;
        // Others need the language's patterns; this one only words, but no rule reads it alone.
        super::language::<toml::Table>(input, &CARD, "words")?;
        let events = turns.into_iter().filter_map(|turn| {
            let words = count_words(&turn.text) as f32;
            (words > 0.0).then(|| about(turn, &CARD, words, words / full_at_words.max(1.0), None))
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, found};
    use super::*;

    #[test]
    fn every_turn_with_words_is_one() {
        check(&Turn, &["T: How are you?", "C: ", "C: Fine, thanks."], &["0:-", "2:-"]);
        assert_eq!(found(&Turn, &["C: One two three."])[0].words, Some(3));
    }
}
