//! A turn's text made ready for patterns: lower case, straight apostrophes, dashes as spaces, hesitations and stutters
//! out, cut into sentences, each word with its place in the original text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use regex::Regex;
use serde::Deserialize;

use super::{Card, Input, MarkerError};
use crate::markers::SpokenTurn;
use crate::time::{SessionTime, Span};

/// `words.toml` of a language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsAsWritten {
    fillers: Vec<String>,
    stop: Vec<String>,
    stem_endings: Vec<String>,
    stem_min_letters: usize,
}

/// What a language's words are good for.
pub(super) struct Words {
    fillers: BTreeSet<String>,
    pub stop: BTreeSet<String>,
    /// Longest first.
    pub endings: Vec<String>,
    pub min_letters: usize,
}

impl Words {
    pub fn of(input: &Input<'_>, card: &Card) -> Result<Self, MarkerError> {
        let WordsAsWritten { fillers, stop, mut stem_endings, stem_min_letters } =
            super::language(input, card, "words")?;
        stem_endings.sort_by_key(|ending| std::cmp::Reverse(ending.chars().count()));
        Ok(Self {
            fillers: fillers.into_iter().collect(),
            stop: stop.into_iter().collect(),
            endings: stem_endings,
            min_letters: stem_min_letters,
        })
    }

    /// The sentences of a text.
    pub fn sentences(&self, text: &str) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        let mut current = Sentence::default();
        for token in tokens(text) {
            match token {
                Token::End { is_question } => {
                    if !current.words.is_empty() {
                        current.is_question = is_question;
                        sentences.push(std::mem::take(&mut current));
                    }
                }
                Token::Word { word, from, to } => {
                    if self.fillers.contains(&word) {
                        continue;
                    }
                    // "it-it's": the stutter goes.
                    let stutters = current.words.last().is_some_and(|last| {
                        last.word == word || word.strip_prefix(last.word.as_str()).is_some_and(|r| r.starts_with('\''))
                    });
                    if stutters {
                        current.words.pop();
                    }
                    current.words.push(Word { word, from, to });
                }
            }
        }
        if !current.words.is_empty() {
            sentences.push(current);
        }
        sentences.iter_mut().for_each(Sentence::join);
        sentences
    }
}

/// A word and where it stands in the original text, in bytes.
#[derive(Debug)]
pub(super) struct Word {
    pub word: String,
    pub from: usize,
    pub to: usize,
}

/// One sentence, or what the transcript's author ended like one.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    /// The words with single spaces: what patterns are looked for in.
    pub text: String,
    pub words: Vec<Word>,
    pub is_question: bool,
}

impl Sentence {
    fn join(&mut self) {
        self.text = self.words.iter().map(|word| word.word.as_str()).collect::<Vec<_>>().join(" ");
    }

    /// The words that a match in `text` covers, as positions in `words`.
    pub fn words_at(&self, found: regex::Match<'_>) -> std::ops::Range<usize> {
        let word_at = |byte: usize| self.text[..byte].bytes().filter(|b| *b == b' ').count();
        let end = found.end().max(found.start() + 1).min(self.text.len());
        let last = self.text.floor_char_boundary(end.saturating_sub(1));
        word_at(found.start())..(word_at(last) + 1).min(self.words.len())
    }
}

enum Token {
    Word { word: String, from: usize, to: usize },
    End { is_question: bool },
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word: Option<(usize, String)> = None;
    let mut skip_to = 0;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        if at < skip_to {
            continue;
        }
        let straight = if matches!(letter, '’' | '‘' | '`' | '´') { '\'' } else { letter };
        if straight.is_alphanumeric() || straight == '\'' {
            word.get_or_insert((at, String::new())).1.extend(straight.to_lowercase());
            continue;
        }
        if let Some((from, whole)) = word.take() {
            let trimmed = whole.trim_matches('\'');
            if !trimmed.is_empty() {
                tokens.push(Token::Word { word: trimmed.to_owned(), from, to: at });
            }
        }
        match letter {
            '.' | '!' | '…' | '。' | '！' | ';' => tokens.push(Token::End { is_question: false }),
            '?' | '？' => tokens.push(Token::End { is_question: true }),
            // [NAME] stands for a word that nobody may see: no pattern should match its letters. Names are short.
            '[' => {
                let near = &text[at..text.floor_char_boundary(at + 60)];
                skip_to = near.find(']').map_or(0, |end| at + end + 1);
            }
            _ => {}
        }
    }
    tokens
}

/// One pattern out of many that may stand anywhere (`^` and `$` = the sentence's ends).
pub(super) fn anywhere(patterns: &[String], card: &Card, file: &str) -> Result<Regex, MarkerError> {
    compile(&patterns.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>().join("|"), card, file)
}

/// One pattern out of many that must begin and end at the edges of words.
pub(super) fn whole_words(patterns: &[String], card: &Card, file: &str) -> Result<Regex, MarkerError> {
    let any = patterns.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>().join("|");
    compile(&format!(r"\b(?:{any})\b"), card, file)
}

fn compile(pattern: &str, card: &Card, file: &str) -> Result<Regex, MarkerError> {
    // An empty list would match everywhere.
    let pattern = if pattern.is_empty() || pattern == r"\b(?:)\b" { r"[^\s\S]" } else { pattern };
    kept(&format!("(?i){pattern}")).map_err(|error| MarkerError::Language {
        marker: card.id,
        file: file.to_owned(),
        message: format!("a pattern is no regular expression: {error}"),
    })
}

/// The compiled pattern. Long lists of wordings take a moment to compile, and several sessions ask for the same ones.
fn kept(pattern: &str) -> Result<Regex, regex::Error> {
    static KEPT: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(pattern) {
        return Ok(known.clone());
    }
    let compiled = Regex::new(pattern)?;
    if kept.len() < MOST_KEPT {
        kept.insert(pattern.to_owned(), compiled.clone());
    }
    Ok(compiled)
}

/// More patterns than all languages together have.
const MOST_KEPT: usize = 2_000;

/// How often the pattern is found in these sentences, without overlap.
pub(super) fn hits(sentences: &[Sentence], pattern: &Regex) -> usize {
    sentences.iter().map(|sentence| pattern.find_iter(&sentence.text).filter(|hit| !hit.is_empty()).count()).sum()
}

/// When the bytes `from..to` of the turn's text were said, if it was spoken at an even pace.
pub(super) fn time_of(turn: &SpokenTurn, from: usize, to: usize) -> Option<Span> {
    let length = turn.text.len().max(1) as f64;
    let at = |byte: usize| {
        let part = (byte as f64 / length).clamp(0.0, 1.0);
        SessionTime::from_secs_f64(turn.span.start().secs_f64() + turn.span.secs_f64() * part)
    };
    Span::new(at(from), at(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markers::text::testing;

    fn sentences(text: &str) -> Vec<String> {
        let language = testing::english();
        let words =
            testing::with_turns(&[], &language, |input| Words::of(input, &crate::markers::text::prompt::CARD).unwrap());
        words.sentences(text).iter().map(|s| format!("{}{}", s.text, if s.is_question { "?" } else { "" })).collect()
    }

    #[test]
    fn text_is_made_even() {
        assert_eq!(sentences("It’s- it's, um, well-known. Why? [NAME] did."), ["it's well known", "why?", "did"]);
        assert_eq!(sentences("'Cause I-I said “no”..."), ["cause i said no"]);
        assert!(sentences(" -- ?! [x").iter().all(|s| s == "x"));
    }

    #[test]
    fn a_hit_lies_where_its_word_was_said() {
        let language = testing::english();
        let words =
            testing::with_turns(&[], &language, |input| Words::of(input, &crate::markers::text::prompt::CARD).unwrap());
        let sentences = words.sentences("um, one two-three");
        let found = Regex::new("two three").unwrap().find(&sentences[0].text).unwrap();
        assert_eq!(sentences[0].words_at(found), 1..3);
        assert_eq!((sentences[0].words[1].from, sentences[0].words[2].to), (8, 17));
    }
}
