//! `txt.unusual`: a turn in which somebody hedges, or is vague, much more than they usually do.

use regex::Regex;
use serde::Deserialize;

use super::stems::quantile;
use super::words::{Words, hits, whole_words};
use super::{Card, Event, Input, Marker, MarkerError, about, language, turns};
use crate::markers::SpokenTurn;
use crate::track::{Unit, Who};
use crate::transcript::count_words;

/// ## What it sees
/// Turns whose marks of doubt (`hedging`) or empty words (`vague`) per 100 words lie in the top share of the same
/// person's own longer turns of this session.
/// ## Why coders care
/// People differ in how they talk: what counts is doubting, or staying vague, more than one usually does.
/// ## What it does not see
/// Anything in somebody who says little: a few longer turns are needed to know what is usual.
pub struct Unusual;

const CARD: Card = Card {
    id: "txt.unusual",
    section: "unusual",
    what: "A person hedges, or is vague, more than they usually do.",
    unit: Unit::PerHundredWords,
    kinds: &["hedging", "vague"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN rf10 (own P80), co03 (own P85); judgement",
};

#[derive(Deserialize)]
struct Hedges {
    hedge: Vec<String>,
}

#[derive(Deserialize)]
struct Vague {
    patterns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Shorter turns are not compared.
    min_words: u32,
    /// Fewer such turns of a person: nothing is said.
    min_turns: usize,
    /// Fewer hits in a turn are not unusual.
    min_hits: usize,
    /// Percentile of the own turns, 0 to 100, from which on hedging is unusual.
    hedging_percentile: f64,
    /// The same of vague words.
    vague_percentile: f64,
    /// Times the own percentile's value for strength 1.
    full_factor: f32,
}

impl Marker for Unusual {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let settings: Settings = super::settings(settings, &CARD)?;
        let Hedges { hedge } = language(input, &CARD, "hedge")?;
        let Vague { patterns } = language(input, &CARD, "vague")?;
        let kinds = [
            ("hedging", whole_words(&hedge, &CARD, "hedge")?, settings.hedging_percentile),
            ("vague", whole_words(&patterns, &CARD, "vague")?, settings.vague_percentile),
        ];
        let words = Words::of(input, &CARD)?;
        let mut events = Vec::new();
        for who in [Who::Client, Who::Therapist] {
            let own = turns.iter().copied().filter(|turn| turn.who == who);
            let long: Vec<_> = own.filter(|turn| count_words(&turn.text) >= settings.min_words).collect();
            for (kind, pattern, percentile) in &kinds {
                events.extend(unusual(&long, &words, kind, pattern, *percentile, &settings));
            }
        }
        events.sort_by(|a, b| (a.span, a.who, &a.kind).cmp(&(b.span, b.who, &b.kind)));
        Ok(events)
    }
}

/// One person's turns that stand out from the others.
fn unusual(
    turns: &[&SpokenTurn],
    words: &Words,
    kind: &str,
    pattern: &Regex,
    percentile: f64,
    settings: &Settings,
) -> Vec<Event> {
    let counted: Vec<usize> = turns.iter().map(|turn| hits(&words.sentences(&turn.text), pattern)).collect();
    let rate = |at: usize| 100.0 * counted[at] as f64 / f64::from(count_words(&turns[at].text).max(1));
    let mut rates: Vec<f64> = (0..turns.len()).map(rate).collect();
    rates.sort_by(f64::total_cmp);
    if turns.len() < settings.min_turns.max(2) {
        return Vec::new();
    }
    let Some(usual) = quantile(&rates, percentile / 100.0) else { return Vec::new() };
    let stands_out = |at: &usize| counted[*at] >= settings.min_hits.max(1) && rate(*at) >= usual;
    let found = (0..turns.len()).filter(stands_out).map(|at| {
        let over = rate(at) / (usual.max(f64::MIN_POSITIVE) * f64::from(settings.full_factor));
        about(turns[at], &CARD, rate(at) as f32, over as f32, Some(kind))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    const PLAIN: &str =
        "C: The train to work was late again and my brother waited for me at the station in the cold rain.";
    const DOUBT: &str =
        "C: Maybe it was me, I guess, perhaps I wanted to be late and I wonder whether he saw it, I'm not sure.";

    #[test]
    fn more_than_usual_is_told_from_usual() {
        let mut lines = vec![PLAIN; 12];
        lines.push(DOUBT);
        check(&Unusual, &lines, &["12:hedging"]);
        check(&Unusual, &[PLAIN, PLAIN, DOUBT], &[]);
        check(&Unusual, &[PLAIN; 13], &[]);
    }
}
