//! Files that hold several tiers (TextGrid, ELAN): which of them are what people said.

use super::clean::{speech_and_notes, without_marks};
use super::words::{Word, push_turns};
use super::{Draft, Settings, Turn, times};
use crate::time::SessionTime;

/// One labelled stretch.
#[derive(Clone, Debug, Default)]
pub(super) struct Interval {
    /// Line in the file, from 1; 0 where the format has none.
    pub line: usize,
    pub start: Option<SessionTime>,
    pub end: Option<SessionTime>,
    pub text: String,
}

/// All stretches of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Tier {
    /// The person, or the tier's own name.
    pub speaker: String,
    pub intervals: Vec<Interval>,
}

impl Tier {
    fn filled(&self) -> impl Iterator<Item = &Interval> {
        self.intervals.iter().filter(|interval| !interval.text.trim().is_empty())
    }

    /// Words of a filled interval, on average.
    fn words_each(&self) -> f64 {
        let (mut intervals, mut words) = (0_usize, 0_usize);
        for interval in self.filled() {
            (intervals, words) = (intervals + 1, words + interval.text.split_whitespace().count());
        }
        words as f64 / intervals.max(1) as f64
    }
}

/// A tier's name taken apart: the person before a separator, and what kind of tier it is: `Ann - words`, `Bob (Utterance)`.
fn person_and_kind(name: &str) -> (&str, Option<&str>) {
    for separator in [" - ", " (", "_", "/", "@", " "] {
        if let Some((person, kind)) = name.rsplit_once(separator)
            && !person.trim().is_empty()
        {
            return (person.trim(), Some(kind.trim_end_matches(')').trim()));
        }
    }
    (name.trim(), None)
}

/// A tier's name without quotes around it.
fn unquoted(name: &str) -> String {
    name.trim().trim_matches('"').trim().to_owned()
}

fn holds(list: &[String], word: &str) -> bool {
    let word = word.to_lowercase();
    list.iter().any(|known| word == *known || word.strip_suffix('s') == Some(known))
}

/// The tiers that hold speech, under the people's names; what is left out is told.
pub(super) fn push_tiers(draft: &mut Draft, tiers: Vec<Tier>, settings: &Settings) {
    let names = &settings.tiers;
    let mut kept: Vec<(String, bool, Tier)> = Vec::new();
    let mut left_out = Vec::new();
    for mut tier in tiers {
        tier.speaker = unquoted(&tier.speaker);
        if tier.filled().next().is_none() {
            continue;
        }
        let (person, kind) = person_and_kind(&tier.speaker);
        let is = |list: &[String]| holds(list, &tier.speaker) || kind.is_some_and(|kind| holds(list, kind));
        if is(&names.not_speech) {
            left_out.push(tier.speaker);
            continue;
        }
        let (words, utterances) = (is(&names.words), is(&names.utterances));
        let speaker = if words || utterances { person } else { tier.speaker.trim() };
        let speaker = if holds(&names.words, speaker) || holds(&names.utterances, speaker) { "" } else { speaker };
        let single_words = !utterances && (words || tier.words_each() < 1.0 + f64::EPSILON);
        kept.push((speaker.to_owned(), single_words, tier));
    }
    // Where a person has utterances, their single words say the same again.
    let spoken: Vec<String> =
        kept.iter().filter(|(_, single, _)| !single).map(|(speaker, ..)| speaker.clone()).collect();
    kept.retain(|(speaker, single, tier)| {
        let again = *single && holds_words_of(&spoken, speaker, &tier.speaker, &names.words);
        if again {
            left_out.push(tier.speaker.clone());
        }
        !again
    });
    if !left_out.is_empty() {
        draft.warn(0, format!("these tiers were not taken as speech: {}", left_out.join(", ")));
    }
    for (speaker, single_words, tier) in kept {
        if single_words {
            let words = tier.filled().map(|interval| Word {
                speaker: speaker.clone(),
                start: interval.start,
                end: interval.end,
                text: interval.text.trim().to_owned(),
                ..Word::default()
            });
            push_turns(draft, words, settings);
            continue;
        }
        for interval in tier.filled() {
            let (start, span, trouble) = times(interval.start, interval.end);
            if let Some(trouble) = trouble {
                draft.warn(interval.line, format!("this utterance {trouble}"));
            }
            let said = without_marks(&interval.text, &settings.notes);
            let (text, notes) = speech_and_notes(&said, &settings.notes);
            draft.push(Turn { speaker: speaker.clone(), text, span, start, notes, ..Turn::default() });
        }
    }
    // One tier after the other is how such files are; it is no disorder.
    if draft.turns.iter().all(|turn| turn.start.is_some()) {
        draft.turns.sort_by_key(|turn| turn.start);
    }
}

fn holds_words_of(spoken: &[String], speaker: &str, tier: &str, words: &[String]) -> bool {
    let named_words = holds(words, tier) || person_and_kind(tier).1.is_some_and(|kind| holds(words, kind));
    spoken.iter().any(|other| other == speaker) || (named_words && spoken.len() == 1 && speaker.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    fn tier(name: &str, texts: &[&str]) -> Tier {
        let intervals = texts.iter().zip(0_i64..).map(|(text, n)| Interval {
            line: 0,
            start: Some(SessionTime::from_millis(1000 * n)),
            end: Some(SessionTime::from_millis(1000 * n + 900)),
            text: (*text).to_owned(),
        });
        Tier { speaker: name.to_owned(), intervals: intervals.collect() }
    }

    fn told(tiers: Vec<Tier>) -> (Vec<String>, usize) {
        let mut draft = Draft::new("made");
        push_tiers(&mut draft, tiers, &settings());
        (draft.turns.iter().map(|t| format!("{}: {}", t.speaker, t.text)).collect(), draft.warnings.len())
    }

    #[test]
    fn words_are_left_out_where_utterances_say_the_same() {
        let tiers = vec![
            tier("Ann - words", &["yes", "well"]),
            tier("Ann - phones", &["j", "e", "s"]),
            tier("Ann - utterances", &["yes well"]),
            tier("Bob - words", &["no", "not"]),
            tier("gaze", &["away"]),
            tier("empty", &["", " "]),
        ];
        assert_eq!(told(tiers), (vec!["Ann: yes well".to_owned(), "Bob: no not".to_owned()], 1));
    }

    #[test]
    fn marks_of_conversation_analysis_are_no_speech_and_hide_none() {
        let tiers = vec![tier("A", &["°h cuan[do querés q]ue <<f>SÍ;> (-)", "[yes I know] ((lacht))", "na: ja="])];
        assert_eq!(told(tiers).0, ["A: cuando querés que SÍ;", "A: yes I know", "A: na ja"]);
    }

    #[test]
    fn plain_names_are_people() {
        let tiers = vec![tier("Mrs. Lee (Utterance)", &["one two"]), tier("JAN", &["una vez", "y yo"])];
        assert_eq!(told(tiers).0, ["Mrs. Lee: one two", "JAN: una vez", "JAN: y yo"]);
    }
}
