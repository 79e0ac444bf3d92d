//! `txt.topic`: where the talk changes its topic, and who changed it.

use serde::Deserialize;

use super::stems::{Bag, bag, cosine, idf};
use super::words::Words;
use super::{Card, Event, Input, Marker, MarkerError, about, turns};
use crate::track::Unit;

/// ## What it sees
/// Gaps between turns where the words of the turns before and after differ much more than usual in this session
/// (TextTiling on blocks of turns); the first turn after the gap is credited. `value` = standard deviations of the
/// gap's depth over the session's mean.
/// ## Why coders care
/// A client who leaves the topic after an invitation to explore may be avoiding it.
/// ## What it does not see
/// Meaning: new words for the same matter look like a new topic. Turns without content words are passed over.
pub struct Topic;

const CARD: Card = Card {
    id: "txt.topic",
    section: "topic",
    what: "The topic changes with this turn.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "Hearst 1997 (TextTiling); block size and threshold DOMAIN B text table",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Turns in a block.
    block_turns: usize,
    /// Content words a block needs.
    min_content_words: usize,
    /// Standard deviations over the mean depth.
    depth_over_mean_sd: f64,
    /// Standard deviations over the mean for strength 1.
    full_at_sd: f64,
    /// Fewer gaps that could be measured: nothing is said.
    min_gaps: usize,
}

impl Marker for Topic {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let settings: Settings = super::settings(settings, &CARD)?;
        let words = Words::of(input, &CARD)?;
        let with_content: Vec<_> = turns
            .into_iter()
            .map(|turn| (turn, words.stems(&words.sentences(&turn.text))))
            .filter(|(_, stems)| !stems.is_empty())
            .collect();
        let bags: Vec<Bag> = with_content.iter().map(|(_, stems)| bag(stems)).collect();
        let idf = idf(&bags);
        // Likeness across the gap before each turn; `None` where a block is too thin.
        let block = settings.block_turns.max(1);
        let alike: Vec<Option<f64>> = (0..bags.len())
            .map(|gap| {
                let (before, after) =
                    (join(&bags[gap.saturating_sub(block)..gap]), join(&bags[gap..bags.len().min(gap + block)]));
                let enough = |bag: &Bag| bag.values().sum::<f64>() >= settings.min_content_words as f64;
                if enough(&before) && enough(&after) { cosine(&before, &after, &idf) } else { None }
            })
            .collect();
        let depths: Vec<(usize, f64)> = (0..alike.len()).filter_map(|gap| Some((gap, depth(&alike, gap)?))).collect();
        if depths.len() < settings.min_gaps.max(2) {
            return Ok(Vec::new());
        }
        let count = depths.len() as f64;
        let mean = depths.iter().map(|(_, depth)| depth).sum::<f64>() / count;
        let sd = (depths.iter().map(|(_, depth)| (depth - mean).powi(2)).sum::<f64>() / count).sqrt();
        let mut events = Vec::new();
        for (gap, depth) in depths {
            let over = (depth - mean) / sd.max(1e-9);
            if over <= settings.depth_over_mean_sd || !is_valley(&alike, gap) {
                continue;
            }
            let (foot, full) = (settings.depth_over_mean_sd, settings.full_at_sd);
            let strength = 0.5 + 0.5 * ((over - foot) / (full - foot).max(1e-9)).clamp(0.0, 1.0);
            events.push(about(with_content[gap].0, &CARD, over as f32, strength as f32, None));
        }
        Ok(events)
    }
}

fn join(bags: &[Bag]) -> Bag {
    let mut all = Bag::new();
    for (stem, count) in bags.iter().flatten() {
        *all.entry(stem.clone()).or_default() += count;
    }
    all
}

/// How far the likeness climbs from this gap to the next peak on both sides (Hearst 1997).
fn depth(alike: &[Option<f64>], gap: usize) -> Option<f64> {
    let here = (*alike.get(gap)?)?;
    let climb = |gaps: &mut dyn Iterator<Item = &Option<f64>>| {
        let mut peak = here;
        for value in gaps.map_while(|value| *value) {
            if value < peak {
                break;
            }
            peak = value;
        }
        peak - here
    };
    Some(climb(&mut alike[..gap].iter().rev()) + climb(&mut alike[gap + 1..].iter()))
}

/// Lower than its neighbours (the first of equal ones).
fn is_valley(alike: &[Option<f64>], gap: usize) -> bool {
    let at =
        |index: Option<usize>| index.and_then(|index| alike.get(index).copied().flatten()).unwrap_or(f64::INFINITY);
    let here = at(Some(gap));
    here < at(gap.checked_sub(1)) && here <= at(gap.checked_add(1))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    const ABOUT_THE_DOG: [&str; 2] = [
        "T: Your dog, the walks with the dog, the park and the leash.",
        "C: The dog loves the park, walks and the leash.",
    ];

    #[test]
    fn the_first_turn_after_the_change_gets_the_credit() {
        let mut lines: Vec<&str> = Vec::new();
        for _ in 0..5 {
            lines.extend(ABOUT_THE_DOG);
        }
        lines.push("T: The dog in the park again, on the leash?");
        for _ in 0..5 {
            lines.push("C: My boss wants reports, numbers, meetings and budget tables.");
            lines.push("T: Reports and meetings with the boss, numbers and budget.");
        }
        check(&Topic, &lines, &["11:-"]);
    }

    #[test]
    fn one_topic_or_few_turns_have_no_boundary() {
        check(&Topic, &ABOUT_THE_DOG, &[]);
        check(&Topic, &[ABOUT_THE_DOG; 8].concat(), &[]);
        check(&Topic, &[], &[]);
    }
}
