//! `txt.topic`: where the talk changes its topic, and who changed it.

use serde::Deserialize;

use super::sense::Sense;
use super::words::Words;
use super::{Card, Event, Input, Marker, MarkerError, about, turns};
use crate::track::Unit;

/// ## What it sees
/// Gaps between turns where what is said before and after differs much more than usual in this session (TextTiling on
/// blocks of turns): in what it means where the sentence network is there and knows the language, in its words otherwise. The
/// first turn after the gap is credited. `value` = standard deviations of the gap's depth over the session's mean.
/// ## Why coders care
/// A client who leaves the topic after an invitation to explore may be avoiding it.
/// ## What it does not see
/// By words: new words for the same matter look like a new topic. By either: where exactly a topic ends that fades out. Turns
/// without content words are passed over.
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
    source: "Hearst 1997 (TextTiling), DOMAIN B text table; block size and thresholds measured on joined AnnoMI talks",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Content words a block needs.
    min_content_words: usize,
    /// Standard deviations over the mean for strength 1.
    full_at_sd: f64,
    /// Fewer gaps that could be measured: nothing is said.
    min_gaps: usize,
    /// Where turns are compared by their words.
    by_words: Blocks,
    /// Where turns are compared by what they mean.
    by_meaning: Blocks,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Blocks {
    /// Turns in a block.
    block_turns: usize,
    /// Standard deviations over the mean depth.
    depth_over_mean_sd: f64,
    /// Least depth, as a cosine: where all is alike the deepest place is none.
    least_depth: f64,
}

impl Marker for Topic {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let settings: Settings = super::settings(settings, &CARD)?;
        let words = Words::of(input, &CARD)?;
        let sense = Sense::of(input, &turns, &words);
        let with_content: Vec<usize> = (0..turns.len()).filter(|turn| sense.content_words(*turn) > 0).collect();
        let blocks = if sense.is_by_meaning() { settings.by_meaning } else { settings.by_words };
        // Likeness across the gap before each turn; `None` where a block is too thin.
        let block = blocks.block_turns.max(1);
        let group = |turns: &[usize]| -> Option<Vec<(usize, f64)>> {
            let words: usize = turns.iter().map(|turn| sense.content_words(*turn)).sum();
            (words >= settings.min_content_words).then(|| turns.iter().map(|turn| (*turn, 1.0)).collect())
        };
        let alike: Vec<Option<f64>> = (0..with_content.len())
            .map(|gap| {
                let before = group(&with_content[gap.saturating_sub(block)..gap])?;
                sense.likeness(&before, &group(&with_content[gap..with_content.len().min(gap + block)])?)
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
            if over <= blocks.depth_over_mean_sd || depth < blocks.least_depth || !is_valley(&alike, gap) {
                continue;
            }
            let (foot, full) = (blocks.depth_over_mean_sd, settings.full_at_sd);
            let strength = 0.5 + 0.5 * ((over - foot) / (full - foot).max(1e-9)).clamp(0.0, 1.0);
            events.push(about(turns[with_content[gap]], &CARD, over as f32, strength as f32, None));
        }
        Ok(events)
    }
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
