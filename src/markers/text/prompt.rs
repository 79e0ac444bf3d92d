//! `txt.prompt`: what kind of prompt each therapist turn is.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use super::place::Place;
use super::words::{Sentence, Words, anywhere, hits, whole_words};
use super::{Card, Event, Input, Marker, MarkerError, about, is_therapist, language, turns};
use crate::track::Unit;
use crate::transcript::count_words;

/// ## What it sees
/// Every therapist turn, with the kind of prompt that its sentences look like: each cue of the language's `prompt.toml`
/// gives points to a kind, and the kind with most points is taken. A reflection that holds a word of distress is
/// `reflection_of_distress`. `value` = words of the turn.
/// ## Why coders care
/// A short answer means something else after a closed question than after an invitation to explore (DOMAIN B.3).
/// ## What it does not see
/// Tone and context: a question can be a reflection, and a coder may correct it.
pub struct Prompt;

pub(super) const CARD: Card = Card {
    id: "txt.prompt",
    section: "prompt",
    what: "A turn of the therapist, with the kind of prompt it is.",
    unit: Unit::Count,
    kinds: &[
        "open_question",
        "closed_question",
        "request_to_explore",
        "reflection",
        "reflection_of_distress",
        "challenge",
        "advice",
        "information",
        "here_and_now",
        OTHER,
    ],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "Kinds: DOMAIN section 1 and B; patterns written on AnnoMI transcripts with id % 4 = 0, measured on the others.",
};

const OTHER: &str = "other";
const REFLECTION: &str = "reflection";
const REFLECTION_OF_DISTRESS: &str = "reflection_of_distress";

/// `prompt.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    order: Vec<String>,
    min_points: f32,
    cue: Vec<CueAsWritten>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CueAsWritten {
    kind: String,
    points: f32,
    #[serde(rename = "where")]
    place: Place,
    patterns: Vec<String>,
    min_words: Option<u32>,
    max_words: Option<u32>,
}

struct Cue {
    /// Position in `order`.
    kind: usize,
    points: f32,
    place: Place,
    pattern: Regex,
    words: std::ops::RangeInclusive<u32>,
}

impl Cue {
    fn holds(&self, sentences: &[Sentence], words: u32) -> bool {
        self.words.contains(&words)
            && sentences
                .iter()
                .enumerate()
                .any(|(at, sentence)| self.place.holds(sentences, at) && self.pattern.is_match(&sentence.text))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Lead over the second kind, in points, for strength 1.
    full_margin_points: f32,
    /// How much of the experts' agreement among themselves is reached for each kind, 0 to 1.
    agreement: BTreeMap<String, f32>,
}

#[derive(Deserialize)]
struct DistressWords {
    patterns: Vec<String>,
}

struct Reader {
    words: Words,
    order: Vec<String>,
    min_points: f32,
    cues: Vec<Cue>,
    distress: Regex,
}

impl Reader {
    fn of(input: &Input<'_>) -> Result<Self, MarkerError> {
        let Patterns { order, min_points, cue } = language(input, &CARD, CARD.section)?;
        let wrong = |message| MarkerError::Language { marker: CARD.id, file: CARD.section.into(), message };
        if let Some(kind) = order.iter().find(|kind| !CARD.kinds.contains(&kind.as_str())) {
            return Err(wrong(format!("`order` names the unknown kind {kind:?}")));
        }
        let cues = cue
            .into_iter()
            .map(|cue| {
                let place = order.iter().position(|kind| *kind == cue.kind);
                let kind = place.ok_or_else(|| wrong(format!("`order` lacks the kind {:?} of a cue", cue.kind)))?;
                let pattern = anywhere(&cue.patterns, &CARD, CARD.section)?;
                let words = cue.min_words.unwrap_or(0)..=cue.max_words.unwrap_or(u32::MAX);
                Ok(Cue { kind, points: cue.points, place: cue.place, pattern, words })
            })
            .collect::<Result<_, MarkerError>>()?;
        let DistressWords { patterns } = language(input, &CARD, "distress")?;
        let distress = whole_words(&patterns, &CARD, "distress")?;
        Ok(Self { words: Words::of(input, &CARD)?, order, min_points, cues, distress })
    }

    /// The kind, and by how many points it leads.
    fn kind(&self, text: &str) -> (&str, f32) {
        let sentences = self.words.sentences(text);
        let words = sentences.iter().map(|sentence| sentence.words.len() as u32).sum();
        let mut points = vec![0.0_f32; self.order.len()];
        for cue in self.cues.iter().filter(|cue| cue.holds(&sentences, words)) {
            points[cue.kind] += cue.points;
        }
        let mut best = 0;
        for (at, here) in points.iter().enumerate() {
            if *here > points.get(best).copied().unwrap_or(0.0) {
                best = at;
            }
        }
        let top = points.get(best).copied().unwrap_or(0.0);
        if top < self.min_points {
            return (OTHER, self.min_points - top);
        }
        let second = points.iter().enumerate().filter(|(at, _)| *at != best).map(|(_, p)| *p).fold(0.0, f32::max);
        let kind = self.order[best].as_str();
        let is_about_distress = kind == REFLECTION && hits(&sentences, &self.distress) > 0;
        (if is_about_distress { REFLECTION_OF_DISTRESS } else { kind }, top - second)
    }
}

impl Marker for Prompt {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let Settings { full_margin_points, agreement } = super::settings(settings, &CARD)?;
        let reader = Reader::of(input)?;
        let mut events = Vec::new();
        for turn in turns.into_iter().filter(|turn| is_therapist(turn)) {
            let (kind, margin) = reader.kind(&turn.text);
            let sure = agreement.get(kind).copied().ok_or_else(|| MarkerError::Settings {
                marker: CARD.id,
                message: format!("`agreement` lacks the kind {kind:?}"),
            })?;
            // Half for the weakest lead: it still is the best guess.
            let strength = 0.5 + 0.5 * (margin / full_margin_points.max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
            let mut event = about(turn, &CARD, count_words(&turn.text) as f32, strength, Some(kind));
            event.confidence = (event.confidence * sure).clamp(0.0, 1.0);
            events.push(event);
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_in, english, german, settings_of, turns, with_turns};
    use super::*;

    fn kind(text: &str, expect: &str) {
        check(&Prompt, &[&format!("T: {text}")], &[&format!("0:{expect}")]);
    }

    #[test]
    fn each_kind_has_its_look() {
        kind("What was that like for you?", "open_question");
        kind("How did you feel when she left?", "open_question");
        kind("Did you sleep last night?", "closed_question");
        kind("How many days was that?", "closed_question");
        kind("Can you tell me more about that?", "request_to_explore");
        kind("Say a bit more.", "request_to_explore");
        kind("So you kept it to yourself.", "reflection");
        kind("It sounds like you felt ashamed.", "reflection_of_distress");
        kind("And yet part of you stays.", "challenge");
        kind("I would suggest that you write it down.", "advice");
        kind("Studies say that sleep needs a dark room.", "information");
        kind("I notice your face changed. What is happening right now?", "here_and_now");
        kind("Mm-hm. Okay.", "other");
    }

    #[test]
    fn each_kind_has_its_look_in_german() {
        let kind = |text: &str, expect: &str| {
            check_in(&german(), &Prompt, &[&format!("T: {text}")], &[&format!("0:{expect}")]);
        };
        // What each is, and beside it what only looks like it.
        kind("Wie war das für Sie?", "open_question");
        kind("Haben Sie Angst davor, was er sagen wird?", "closed_question");
        kind("Erzählen Sie ruhig weiter.", "request_to_explore");
        kind("Ich erzähle Ihnen weiter davon, wenn Sie das nächste Mal kommen.", "reflection");
        kind("Nehmen Sie mich mal mit in diesen Abend.", "request_to_explore");
        kind("Nehmen Sie doch das Buch mit.", "advice");
        kind("Ich würde gern besser verstehen, was da passiert ist.", "request_to_explore");
        kind("Ich würde das erst mal versuchen.", "advice");
        kind("Lassen Sie uns da genauer hinschauen.", "request_to_explore");
        kind("Lassen Sie uns jetzt aufhören.", "advice");
        kind("Sie kommen sich dabei klein vor.", "reflection");
        kind("Es macht Ihnen zu schaffen, wenn sie so redet.", "reflection");
        kind("Ihnen ist das wichtig.", "reflection");
        kind("Ihnen ist das peinlich.", "reflection_of_distress");
        kind("Das macht sie wütend, und da ist viel Scham.", "reflection_of_distress");
        kind("Ganz allein mit allem.", "reflection_of_distress");
        kind("Und doch haben Sie es getan.", "challenge");
        kind(
            "Das kann auch mit dem Schlaf helfen, und der Blutdruck sinkt davon nach einigen Wochen bei den allermeisten.",
            "information",
        );
        kind("Ihnen kann das auch helfen.", "reflection");
        kind("Kleine Schritte, sagen Sie es ihm.", "advice");
        kind("Mhm. Genau.", "other");
    }

    #[test]
    fn the_client_prompts_nobody() {
        check(&Prompt, &["C: What should I do?", "T: Hm."], &["1:other"]);
    }

    #[test]
    fn a_broken_pattern_is_named_with_its_file() {
        let mut language = english();
        let cues = language["prompt"]["cue"].as_array_mut().unwrap();
        cues[0]["patterns"] = toml::Value::Array(vec!["(".into()]);
        let error = with_turns(&turns(&["T: hm"]), &language, |input| Prompt.find(input, &settings_of(&Prompt)));
        assert!(error.unwrap_err().to_string().contains("prompt.toml"));
    }
}
