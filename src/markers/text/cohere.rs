//! `txt.cohere`: how much a reply is about what the turn that it answers was about.

use serde::Deserialize;

use super::sense::Sense;
use super::stems::quantile;
use super::words::Words;
use super::{Card, Event, Input, Marker, MarkerError, about, replies, turns};
use crate::track::{Unit, Who};

/// ## What it sees
/// For each reply with enough content words: how alike it is to the partner's turn (and, with less weight, to the same
/// person's turn before that), 0 to 1: the cosine of what both mean where the sentence network is there and knows the
/// language, of their word stems otherwise. Kind `low` in the lowest fifth of the person's own replies, `high` in the
/// upper half, else `middle`.
/// ## Why coders care
/// A reply that shares nothing with an invitation to explore may leave the topic.
/// ## What it does not see
/// By words: other words for the same thing count as different. Short replies are not judged at all.
pub struct Cohere;

const CARD: Card = Card {
    id: "txt.cohere",
    section: "cohere",
    what: "How much a reply is about what the turn that it answers was about.",
    unit: Unit::Share,
    kinds: &["low", "middle", "high"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table: cosine of stem counts with the session's idf; low = session P20",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Content words of prompt and reply together.
    min_content_words: usize,
    /// Content words of each.
    min_content_words_each: usize,
    /// Lowest share of a person's replies.
    low_share: f64,
    /// From this share of a person's replies on up.
    high_share: f64,
    /// Likeness up to which reply and prompt have nothing in common, by their words and by what they mean.
    nothing_by_words: f64,
    /// See `nothing_by_words`.
    nothing_by_meaning: f64,
    /// Fewer replies of a person: no kinds.
    min_replies: usize,
    /// Weight of the same person's turn before the prompt; 0 = does not count.
    own_previous_weight: f64,
}

impl Marker for Cohere {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let settings: Settings = super::settings(settings, &CARD)?;
        let words = Words::of(input, &CARD)?;
        let sense = Sense::of(input, &turns, &words);
        let nothing = if sense.is_by_meaning() { settings.nothing_by_meaning } else { settings.nothing_by_words };
        let mut events = Vec::new();
        for (own, prompt, reply) in replies(&turns) {
            let (asked, said) = (sense.content_words(prompt), sense.content_words(reply));
            if asked.min(said) < settings.min_content_words_each || asked + said < settings.min_content_words {
                continue;
            }
            let before: Vec<(usize, f64)> =
                [(prompt, 1.0)].into_iter().chain(own.map(|own| (own, settings.own_previous_weight))).collect();
            if let Some(alike) = sense.likeness(&before, &[(reply, 1.0)]) {
                let mut event = about(turns[reply], &CARD, alike as f32, 0.0, None);
                event.confidence = event.confidence.min(turns[prompt].confidence);
                events.push(event);
            }
        }
        for who in [Who::Client, Who::Therapist] {
            judge(&mut events, who, nothing, &settings);
        }
        Ok(events)
    }
}

/// Compares one person's replies with each other.
fn judge(events: &mut [Event], who: Who, nothing: f64, settings: &Settings) {
    let mut values: Vec<f64> =
        events.iter().filter(|event| event.who == who).map(|event| f64::from(event.value)).collect();
    values.sort_by(f64::total_cmp);
    if values.len() < settings.min_replies.max(2) {
        return;
    }
    let at = |share| quantile(&values, share).unwrap_or(0.0);
    let (low, high, top) = (at(settings.low_share), at(settings.high_share), at(0.95));
    // Where more replies than `low_share` have nothing at all in common with their prompts, each of them says less.
    let share = values.iter().filter(|value| **value <= nothing).count() as f64 / values.len() as f64;
    let rarity = (settings.low_share / share.max(1e-9)).min(1.0);
    for event in events.iter_mut().filter(|event| event.who == who) {
        let value = f64::from(event.value);
        let (kind, strength) = if value < low || (value <= nothing && low <= nothing) {
            ("low", ((high - value) / (high - nothing).max(f64::MIN_POSITIVE)) * rarity)
        } else if value >= high && value > nothing {
            ("high", (value - high) / (top - high).max(f64::MIN_POSITIVE))
        } else {
            ("middle", 0.0)
        };
        event.kind = Some(kind.to_owned());
        event.strength = strength.clamp(0.0, 1.0) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;
    use super::*;

    #[test]
    fn a_reply_on_another_matter_is_lower_than_one_that_takes_up() {
        let mut lines = Vec::new();
        for _ in 0..12 {
            lines.push("T: How does your brother treat your dog at home?");
            lines.push("C: My brother feeds the dog at home in the evening and walks around.");
        }
        lines.push("T: How does your brother treat your dog at home?");
        lines.push("C: The football match yesterday ended without goals, boring game.");
        let events = found(&Cohere, &lines);
        let clients: Vec<_> = events.iter().filter(|event| event.who == Who::Client).collect();
        assert_eq!(clients.len(), 13);
        let last = clients[12];
        assert!(last.value < clients[11].value, "{} {}", last.value, clients[11].value);
        assert_eq!(last.kind.as_deref(), Some("low"));
        assert!(last.strength > 0.5);
    }

    #[test]
    fn short_replies_are_not_judged() {
        assert!(found(&Cohere, &["T: How does your brother treat your dog?", "C: I don't know."]).is_empty());
    }
}
