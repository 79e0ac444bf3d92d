//! `txt.ack`: a reply takes up what the partner said.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::words::{Words, whole_words};
use super::{Card, Event, Input, Marker, MarkerError, about, language, replies, turns};
use crate::track::Unit;

/// ## What it sees
/// A reply that repeats a content word of the partner's turn near its beginning (`repeat`), or else begins with an
/// acknowledgement (`token`). `value` = content words repeated.
/// ## Why coders care
/// Uptake keeps contact; its lack after a therapist's turn is one sign of strain.
/// ## What it does not see
/// Whether a "yes" is meant.
pub struct Ack;

const CARD: Card = Card {
    id: "txt.ack",
    section: "ack",
    what: "A reply that begins by taking up what the partner said.",
    unit: Unit::Count,
    kinds: &["token", "repeat"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table",
};

/// `ack.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    tokens: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// An acknowledgement begins among this many words.
    first_words: usize,
    /// A repeated content word stands among this many words.
    repeat_within_words: usize,
}

impl Marker for Ack {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let Settings { first_words, repeat_within_words } = super::settings(settings, &CARD)?;
        let Patterns { tokens } = language(input, &CARD, CARD.section)?;
        let pattern = whole_words(&tokens, &CARD, CARD.section)?;
        let words = Words::of(input, &CARD)?;
        let mut events = Vec::new();
        for (_, prompt, reply) in replies(&turns) {
            let reply = turns[reply];
            let said: BTreeSet<String> = words.stems(&words.sentences(&turns[prompt].text)).into_iter().collect();
            let sentences = words.sentences(&reply.text);
            let begin: Vec<&str> = sentences.iter().flat_map(|s| &s.words).map(|word| word.word.as_str()).collect();
            let repeated = begin
                .iter()
                .take(repeat_within_words)
                .filter(|word| words.is_content(word) && said.contains(&words.stem(word)))
                .count();
            let has_token = pattern.is_match(&begin[..first_words.min(begin.len())].join(" "));
            let kind = match (repeated > 0, has_token) {
                (true, _) => "repeat",
                (false, true) => "token",
                (false, false) => continue,
            };
            events.push(about(reply, &CARD, repeated as f32, 1.0, Some(kind)));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn uptake_by_a_word_or_by_repeating() {
        check(
            &Ack,
            &[
                "T: You miss your brother.",
                "C: Yeah, a lot.",
                "T: What would he say?",
                "C: My brothers never say much.",
                "T: Your mother?",
                "C: The weather was bad.",
                "C: Yes.",
            ],
            &["1:token"],
        );
        check(&Ack, &["T: You miss your brother.", "C: My brothers live far away."], &["1:repeat"]);
    }
}
