//! Words on the sound: each turn of a transcript is looked for where the voice and its own times say it should be, word by
//! word, and what is not said, or not written, does not move the rest.

mod stretches;

use serde::{Deserialize, Serialize};

pub use stretches::{Stretch, stretches};

use crate::model::sphinx::{FRAMES_PER_SEC, Heard, Search, Sphinx, SphinxError};
use crate::time::{SessionTime, Span};
use crate::transcript::Turn;

/// `config/align.toml`; each field is explained there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/align.toml explains each with its unit and source")]
pub struct Settings {
    pub search: Search,
    pub stretch: StretchSettings,
    pub trust: Trust,
}

/// `[stretch]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/align.toml explains each with its unit and source")]
pub struct StretchSettings {
    pub least_secs: f64,
    pub most_secs: f64,
    pub around_secs: f64,
    pub near_timed_secs: f64,
    pub near_untimed_secs: f64,
    pub near_word_secs: f64,
    pub words_per_sec_at_most: f64,
}

/// `[trust]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/align.toml explains each with its unit and source")]
pub struct Trust {
    pub least_share_heard: f64,
    pub words_per_sec: [f64; 2],
    pub off_rate: f32,
    pub sure: f32,
    pub not_heard: f32,
    pub pause_secs: f64,
    pub stray_words: usize,
    pub stray_pause_secs: f64,
    pub onset_secs: f64,
    pub secs_per_phone: [f64; 2],
}

/// Where a turn was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// From its first word to its last.
    pub span: Span,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Each word in the order of the text ([`words_in`]); `None` for words that the dictionary does not know or that were not
    /// heard.
    pub words: Vec<Option<FoundWord>>,
}

/// When a word was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundWord {
    /// From its first sound to its last.
    pub span: Span,
    /// How sure, 0 to 1: as sure as its turn, less where it would be impossibly short or long.
    pub confidence: f32,
}

/// A word of the text.
struct Word {
    turn: usize,
    /// Place among the turn's words.
    place: usize,
    /// Empty: the dictionary does not know it.
    pronunciations: Vec<String>,
}

impl Word {
    /// Fewest sounds that it is made of.
    fn phones(&self) -> usize {
        self.pronunciations.iter().map(|phones| phones.split_whitespace().count()).min().unwrap_or(0)
    }
}

/// A word of a text, as a dictionary has it, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextWord {
    /// Lower case, letters and apostrophes.
    pub word: String,
    /// Characters of the text before it, and before what follows it.
    pub chars: (usize, usize),
}

/// Where the words of a transcript are believed to be before they are looked for.
pub struct Believed<'a> {
    /// Where each turn is; `None`: nowhere in the recording.
    pub turns: &'a [Option<Span>],
    /// Whether that comes from the transcript's own times.
    pub timed: &'a [bool],
    /// Where single words of each turn are, in the order of its text ([`words_in`]), if anything tells. A turn may have none.
    pub words: &'a [Vec<Option<Span>>],
}

/// Lays the turns on the sound. `sound` gives samples (16,000 per second, one channel) of a span.
/// Gives for each turn where it was heard; `None` = it was not.
///
/// # Errors
/// [`SphinxError::Failed`]; what `sound` says.
pub fn align<E: From<SphinxError>>(
    sphinx: &mut Sphinx,
    turns: &[Turn],
    believed: &Believed<'_>,
    speech: &[Span],
    settings: &Settings,
    mut sound: impl FnMut(Span) -> Result<Vec<i16>, E>,
) -> Result<Vec<Option<Found>>, E> {
    let words = words_of(sphinx, turns);
    let spoken = spoken(speech, settings.trust.pause_secs);
    let mut spans: Vec<Option<Span>> = vec![None; words.len()];
    let mut reached = 0;
    for stretch in stretches(speech, &settings.stretch) {
        let wanted = wanted(&words, &stretch, believed, reached, &settings.stretch);
        if wanted.is_empty() {
            continue;
        }
        let samples = sound(stretch.span)?;
        let lists: Vec<Vec<String>> = wanted.iter().map(|&word| words[word].pronunciations.clone()).collect();
        let of_turns: Vec<usize> = wanted.iter().map(|&word| words[word].turn).collect();
        let start = stretch.span.start();
        for Heard { word, from, to } in sphinx.align(&samples, &lists, &of_turns)? {
            let at = |frame: usize| start.shifted(SessionTime::from_secs_f64(frame as f64 / FRAMES_PER_SEC));
            if let Some(&place) = wanted.get(word) {
                spans[place] = Span::new(at(from), at(to)).map(|span| inside_speech(span, &spoken, &settings.trust));
                reached = place + 1;
            }
        }
    }
    Ok(turns
        .iter()
        .enumerate()
        .map(|(turn, _)| found(turn, &words, &spans, believed.turns.get(turn).copied().flatten(), &settings.trust))
        .collect())
}

/// The words of all turns, in order.
fn words_of(sphinx: &mut Sphinx, turns: &[Turn]) -> Vec<Word> {
    let mut known: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    let mut words = Vec::new();
    for (turn, one) in turns.iter().enumerate() {
        for (place, TextWord { word, .. }) in words_in(&one.text).into_iter().enumerate() {
            let pronunciations = known.entry(word.clone()).or_insert_with(|| sphinx.pronunciations(&word)).clone();
            words.push(Word { turn, place, pronunciations });
        }
    }
    words
}

/// Words of a text as they are looked for, in order.
pub fn words_in(text: &str) -> Vec<TextWord> {
    let is_apostrophe = |c: char| c == '\'' || c == '\u{2019}';
    let signs: Vec<char> = text.chars().collect();
    let is_part = |at: usize| signs.get(at).is_some_and(|c| c.is_alphanumeric() || is_apostrophe(*c));
    let (mut found, mut at) = (Vec::new(), 0);
    while at < signs.len() {
        let (mut from, mut to) = (at, at);
        while is_part(to) {
            to += 1;
        }
        at = to.max(at + 1);
        while from < to && is_apostrophe(signs[from]) {
            from += 1;
        }
        while from < to && is_apostrophe(signs[to - 1]) {
            to -= 1;
        }
        if from < to {
            let word: String = signs[from..to].iter().map(|c| if is_apostrophe(*c) { '\'' } else { *c }).collect();
            found.push(TextWord { word: word.to_lowercase(), chars: (from, to) });
        }
    }
    found
}

/// When anybody speaks, with pauses shorter than `pause_secs` closed, in order.
fn spoken(speech: &[Span], pause_secs: f64) -> Vec<Span> {
    let mut sorted = speech.to_vec();
    sorted.sort();
    let mut found: Vec<Span> = Vec::new();
    for span in sorted {
        match found.last_mut() {
            Some(last) if span.start().secs_after(last.end()) < pause_secs => *last = last.hull(span),
            _ => found.push(span),
        }
    }
    found
}

/// The part of a word in which somebody speaks. An aligner gives a silence to the words beside it; a voice that begins near
/// the word's begin, after a pause, begins with it.
fn inside_speech(word: Span, spoken: &[Span], trust: &Trust) -> Span {
    let until = spoken.partition_point(|stretch| stretch.start() < word.end());
    let near = spoken[..until].iter().rev().take_while(|stretch| stretch.end() > word.start());
    let most = near.max_by(|a, b| {
        let shared = |stretch: &Span| stretch.overlap(word).map_or(0.0, Span::secs_f64);
        shared(a).total_cmp(&shared(b))
    });
    let Some(stretch) = most else { return word };
    let late = word.start().secs_after(stretch.start());
    let start = if late.abs() <= trust.onset_secs { stretch.start() } else { word.start().max(stretch.start()) };
    Span::new(start, word.end().min(stretch.end())).unwrap_or(word)
}

/// Known words to look for in a stretch, in order: from where the last stretch ended, those that should be near, as they
/// or else their turns are believed to be.
fn wanted(
    words: &[Word],
    stretch: &Stretch,
    believed: &Believed<'_>,
    reached: usize,
    settings: &StretchSettings,
) -> Vec<usize> {
    let near = |word: &Word| {
        let anchor = believed.words.get(word.turn).and_then(|words| words.get(word.place).copied().flatten());
        let (secs, span) = match (anchor, believed.timed.get(word.turn)) {
            (Some(anchor), _) => (settings.near_word_secs, Some(anchor)),
            (None, Some(true)) => (settings.near_timed_secs, believed.turns.get(word.turn).copied().flatten()),
            _ => (settings.near_untimed_secs, believed.turns.get(word.turn).copied().flatten()),
        };
        let Some(span) = span else { return false };
        let (from, to) = (stretch.span.start().secs_f64() - secs, stretch.span.end().secs_f64() + secs);
        span.end().secs_f64() >= from && span.start().secs_f64() <= to
    };
    let most = (stretch.speech_secs * settings.words_per_sec_at_most).ceil() as usize + 3;
    (reached..words.len())
        .filter(|&word| near(&words[word]) && !words[word].pronunciations.is_empty())
        .take(most)
        .collect()
}

/// Takes out a first or last word or two that a long pause parts from the rest, if the voice says that the turn begins or
/// ends with the rest: short words are easily heard at the end of what the other one said.
fn without_strays(heard: &mut Vec<Span>, rough: Span, trust: &Trust) {
    let is_pause = |pair: &[Span]| pair[1].start().secs_after(pair[0].end()) >= trust.stray_pause_secs;
    let most = trust.stray_words.min(heard.len() / 2);
    if let Some(place) = (1..=most).rev().find(|&place| is_pause(&heard[place - 1..=place])) {
        let off = |time: SessionTime| rough.start().secs_after(time).abs();
        if off(heard[place].start()) < off(heard[0].start()) {
            heard.drain(..place);
        }
    }
    let most = trust.stray_words.min(heard.len() / 2);
    let places = heard.len().saturating_sub(most)..heard.len();
    if let Some(place) = places.filter(|&place| place > 0).find(|&place| is_pause(&heard[place - 1..=place])) {
        let off = |time: SessionTime| rough.end().secs_after(time).abs();
        if off(heard[place - 1].end()) < off(heard[heard.len() - 1].end()) {
            heard.truncate(place);
        }
    }
}

/// What the words say of a turn.
fn found(turn: usize, words: &[Word], spans: &[Option<Span>], rough: Option<Span>, trust: &Trust) -> Option<Found> {
    let first = words.partition_point(|word| word.turn < turn);
    let last_word = words.partition_point(|word| word.turn <= turn);
    let own = &words[first..last_word];
    let mut heard: Vec<Span> = spans[first..last_word].iter().copied().flatten().collect();
    if let Some(rough) = rough {
        without_strays(&mut heard, rough, trust);
    }
    let known = own.iter().filter(|word| !word.pronunciations.is_empty()).count();
    let share = heard.len() as f64 / known.max(1) as f64;
    let span = heard.iter().copied().reduce(Span::hull)?;
    if share < trust.least_share_heard {
        return None;
    }
    let rate = own.len() as f64 / span.secs_f64();
    let usual = rate >= trust.words_per_sec[0] && rate <= trust.words_per_sec[1];
    let confidence = trust.sure * share.min(1.0) as f32 * if usual { 1.0 } else { trust.off_rate };
    debug_assert!(own.iter().enumerate().all(|(place, word)| word.place == place));
    let sure = |word: &Word, heard: Span| {
        let each = heard.secs_f64() / word.phones().max(1) as f64;
        let usual = each >= trust.secs_per_phone[0] && each <= trust.secs_per_phone[1];
        confidence * if usual { 1.0 } else { trust.off_rate }
    };
    // Strays lie outside the turn; two short words at the onset of a voice both begin with it.
    let mut last = span.start();
    let heard = own.iter().zip(&spans[first..last_word]).map(|(word, heard)| {
        let span = heard.filter(|heard| heard.overlap(span) == Some(*heard))?;
        let span = Span::new(span.start().max(last), span.end())?;
        last = span.end();
        Some(FoundWord { span, confidence: sure(word, span) })
    });
    Some(Found { span, confidence, words: heard.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUST: Trust = Trust {
        least_share_heard: 0.5,
        words_per_sec: [0.7, 9.0],
        off_rate: 0.5,
        sure: 0.95,
        not_heard: 0.5,
        pause_secs: 0.25,
        stray_words: 2,
        stray_pause_secs: 0.7,
        onset_secs: 0.25,
        secs_per_phone: [0.035, 0.4],
    };

    #[test]
    fn words_beside_a_silence_stay_where_somebody_speaks() {
        let ms = |from, to| Span::from_millis(from, to).unwrap();
        let spoken = spoken(&[ms(1000, 2000), ms(2100, 3000), ms(9000, 12_000)], 0.25);
        assert_eq!(spoken, [ms(1000, 3000), ms(9000, 12_000)]);
        let check = |word: Span, expected: Span| assert_eq!(inside_speech(word, &spoken, &TRUST), expected);
        check(ms(2950, 9400), ms(9000, 9400)); // given the whole silence before it
        check(ms(2600, 8800), ms(2600, 3000)); // given the silence after it
        check(ms(8800, 9300), ms(9000, 9300)); // begins a little early
        check(ms(9150, 9600), ms(9000, 9600)); // .. and a little late
        check(ms(9600, 9900), ms(9600, 9900)); // in the middle of speech
        check(ms(5000, 6000), ms(5000, 6000)); // where nobody was heard
    }

    #[test]
    fn strays_before_a_long_pause_go_with_the_voice() {
        let ms = |from, to| Span::from_millis(from, to).unwrap();
        let words = [ms(3000, 3200), ms(7000, 7300), ms(7300, 7600), ms(7600, 8000)];
        let check = |rough: Span, first: i64| {
            let mut heard = words.to_vec();
            without_strays(&mut heard, rough, &TRUST);
            assert_eq!(heard[0].start().millis(), first);
        };
        check(ms(7050, 8000), 7000); // the voice begins after the pause
        check(ms(3050, 8000), 3000); // "Well ..", said before it
    }

    #[test]
    fn words_are_those_of_a_dictionary_and_know_their_place() {
        let text = "Well, I didn\u{2019}t \u{2013} 'really' know... [NAME] 15! \u{c4}h'";
        let found = words_in(text);
        let words: Vec<_> = found.iter().map(|word| word.word.as_str()).collect();
        assert_eq!(words, ["well", "i", "didn't", "really", "know", "name", "15", "\u{e4}h"]);
        let places = found.iter().map(|word| text.chars().skip(word.chars.0).take(word.chars.1 - word.chars.0));
        let written: Vec<String> = places.map(Iterator::collect).collect();
        assert_eq!(written, ["Well", "I", "didn\u{2019}t", "really", "know", "NAME", "15", "\u{c4}h"]);
    }

    #[test]
    fn words_outside_their_turn_are_not_told_and_odd_lengths_are_believed_less() {
        let ms = |from, to| Span::from_millis(from, to);
        let word = |place: usize| Word { turn: 0, place, pronunciations: vec!["AA B AA".into()] };
        let words = [word(0), word(1), word(2), word(3)];
        // The third begins before the second ends.
        let spans = [ms(3000, 3200), ms(7000, 7300), ms(7000, 7350), ms(7600, 8000)];
        let found = found(0, &words, &spans, ms(7050, 8000), &TRUST).unwrap();
        assert_eq!(found.words[2].as_ref().unwrap().span, ms(7300, 7350).unwrap());
        assert_eq!(found.span, ms(7000, 8000).unwrap());
        let told: Vec<_> = found.words.iter().map(|word| word.as_ref().map(|word| word.confidence)).collect();
        let (sure, unsure) = (found.confidence, found.confidence * TRUST.off_rate);
        assert_eq!(told, [None, Some(sure), Some(unsure), Some(sure)]);
    }
}
