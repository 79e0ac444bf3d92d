//! `txt.phrase`: wordings that the rules of single codes ask for.

use super::{Card, Event, Input, Marker, MarkerError, phrases, turns};
use crate::track::Unit;

/// ## What it sees
/// Each phrase of the language's `phrase.toml`, at the time at which it was said if the turn was spoken at an even pace.
/// The kinds are the tables of that file: a study's own code can bring its own (name them in `config/dictionary.toml`,
/// too). `value` = 1; `words` are those of the whole turn.
/// ## Why coders care
/// Many codes are told by a few words: "I don't need that", "everybody has that", "in my chest".
/// ## What it does not see
/// Irony, quotes, and the same thing said in other words.
pub struct PhraseMarker;

const CARD: Card = Card {
    id: "txt.phrase",
    section: "phrase",
    what: "A wording that some code asks for.",
    unit: Unit::Count,
    // Those of the dictionary.
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN A, operational rules of the codes; patterns judgement",
};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Strength of each phrase, 0 to 1: it was said or not, and that says little.
    strength: f32,
}

impl Marker for PhraseMarker {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        turns(input, &CARD)?;
        let Settings { strength } = super::settings(settings, &CARD)?;
        phrases::each(&CARD, input, &phrases::all(&CARD, input)?, strength)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;
    use super::*;

    /// The kinds found in one client turn, in order of time.
    fn kinds(text: &str) -> Vec<String> {
        found(&PhraseMarker, &[&format!("C: {text}")]).into_iter().filter_map(|event| event.kind).collect()
    }

    /// The turn holds a phrase of this kind.
    fn has(kind: &str, text: &str) {
        assert!(kinds(text).iter().any(|found| found == kind), "{text:?}: {:?}", kinds(text));
    }

    /// It does not.
    fn lacks(kind: &str, text: &str) {
        assert!(kinds(text).iter().all(|found| found != kind), "{text:?}: {:?}", kinds(text));
    }

    #[test]
    fn feelings_have_an_owner_and_a_time() {
        has("emotion_self", "I felt so lonely when she left.");
        has("emotion_now", "I'm really scared.");
        lacks("emotion_now", "I was scared.");
        lacks("emotion_self", "I'm not angry at all.");
        lacks("emotion_self", "I felt like going home.");
        has("emotion_other", "Maybe she was hurt because I forgot.");
        lacks("emotion_other", "I was hurt.");
        has("body_now", "There is a knot in my stomach right now.");
        lacks("body_now", "I had a lump on my arm.");
    }

    #[test]
    fn making_small_is_told_from_saying_so_of_others() {
        has("common", "Everybody goes through that.");
        has("common", "It's perfectly normal.");
        lacks("common", "That is not normal.");
        has("turned_good", "I get anxious, but it's good for me.");
        has("self_advice", "I just have to pull myself together.");
        lacks("self_advice", "I have to be at work at nine.");
        has("pointless", "There's no point in complaining.");
        lacks("pointless", "At this point I complained.");
    }

    #[test]
    fn answers_and_turns_of_talk() {
        has("decline", "No thanks, I'm fine.");
        lacks("decline", "He said no thanks to me yesterday, can you believe it.");
        has("maybe_so", "Yeah, I never thought about it that way.");
        has("self_answered", "And did he call? Of course not.");
        lacks("self_answered", "Did he call?");
        has("repair", "No, I mean my other brother.");
        has("repair", "What do you mean?");
        has("not_caught", "Sorry? Could you say that again?");
        lacks("not_caught", "I'm sorry about that.");
        has("bridge", "Speaking of my mother, she called.");
        has("option", "One way would be to call him.");
        lacks("option", "Maybe I should have called him.");
        has("own_will", "I'd rather do it my own way.");
        lacks("own_will", "I don't want to say that he is bad.");
    }
}
