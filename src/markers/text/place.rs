//! Where in a turn a pattern is looked for.

use serde::Deserialize;

use super::words::Sentence;

/// In which sentences of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// In any.
    #[default]
    Any,
    /// In those that end with a question mark.
    Question,
    /// In those that do not.
    Statement,
    /// In the first.
    First,
    /// In the last.
    Last,
    /// In the last, if it ends with a question mark.
    LastQuestion,
    /// In questions that are not the last sentence.
    EarlierQuestion,
    /// In a sentence that follows a question of the same turn: the speaker goes on after asking.
    AfterOwnQuestion,
}

impl Place {
    /// Whether the sentence at this position counts.
    pub fn holds(self, sentences: &[Sentence], at: usize) -> bool {
        let is_last = at + 1 == sentences.len();
        let asks = |at: usize| sentences.get(at).is_some_and(|sentence| sentence.is_question);
        match self {
            Self::Any => true,
            Self::Question => asks(at),
            Self::Statement => !asks(at),
            Self::First => at == 0,
            Self::Last => is_last,
            Self::LastQuestion => is_last && asks(at),
            Self::EarlierQuestion => !is_last && asks(at),
            Self::AfterOwnQuestion => at.checked_sub(1).is_some_and(asks),
        }
    }
}
