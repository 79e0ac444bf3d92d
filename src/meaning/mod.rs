//! What a text means, as numbers: two texts about the same matter point in the same direction, also where they share no word.
//!
//! The network (all-MiniLM-L6-v2; Reimers and Gurevych 2019, Sentence-BERT) is optional and knows English. Numbers say how near
//! two texts are to each other and nothing about either.

use rten_text::Tokenizer;
use rten_text::tokenizer::EncodeOptions;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::model::{ModelError, Network, Shelf, Tensor};
use crate::origin::ModelFile;

/// `config/meaning.toml`; each field is explained there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/meaning.toml explains each with its unit and source")]
pub struct Settings {
    #[serde(rename = "use")]
    pub when: MeaningUse,
    pub languages: Vec<String>,
    pub longest_pieces: usize,
}

/// When the network is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeaningUse {
    /// Where it is there and knows the language.
    Auto,
    /// Never.
    Never,
}

/// The network's name on the shelf.
pub const NETWORK: &str = "sentences";
/// The pieces of words it knows.
const PIECES: &str = "sentence_pieces";

/// What a text means: a direction of length 1 in 384 dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning(Vec<f32>);

impl Meaning {
    /// A direction of length 1; `None` if it has no direction.
    pub fn new(mut values: Vec<f32>) -> Option<Self> {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_normal() {
            return None;
        }
        values.iter_mut().for_each(|value| *value /= length);
        Some(Self(values))
    }

    /// The direction's parts, each -1 to 1.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Cosine, -1 to 1: 1 = the same direction. Texts of nothing in common lie around 0.
    pub fn likeness(&self, other: &Self) -> f64 {
        self.0.iter().zip(&other.0).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>().clamp(-1.0, 1.0)
    }

    /// What several texts mean together, each with its weight; `None` if there are none, or they cancel each other.
    pub fn together<'a>(all: impl IntoIterator<Item = (&'a Self, f64)>) -> Option<Self> {
        let mut sum: Vec<f32> = Vec::new();
        for (Self(values), weight) in all {
            sum.resize(sum.len().max(values.len()), 0.0);
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * weight as f32);
        }
        Self::new(sum)
    }
}

/// Why a text's meaning cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MeaningError {
    /// The network.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The list of pieces of words.
    #[error("the pieces of words that the network {NETWORK:?} knows do not read ({0}): run scripts/setup.sh again")]
    Pieces(String),
}

/// The network with its pieces of words.
pub struct Reader {
    network: Network,
    pieces: Tokenizer,
    longest_pieces: usize,
}

impl Reader {
    /// Whether network and pieces are there.
    pub fn is_there(shelf: &Shelf) -> bool {
        shelf.has(NETWORK) && shelf.has(PIECES)
    }

    /// Loads the network, to run on one thread.
    ///
    /// # Errors
    /// [`MeaningError`].
    pub fn load(shelf: &Shelf, settings: &Settings) -> Result<Self, MeaningError> {
        let (bytes, _) = shelf.bytes(PIECES)?;
        let wrong = |message: String| MeaningError::Pieces(message);
        let text = String::from_utf8(bytes).map_err(|e| wrong(e.to_string()))?;
        let pieces = known_pieces(&text).map_err(wrong)?;
        Ok(Self { network: shelf.load(NETWORK, 1)?, pieces, longest_pieces: settings.longest_pieces.max(3) })
    }

    /// Name, hash and runtime of the network.
    pub fn file(&self) -> &ModelFile {
        self.network.file()
    }

    /// What a text means; `None` if there is no letter or digit in it. A long text is cut, and each part counts by its length.
    ///
    /// # Errors
    /// [`MeaningError`] if the network fails.
    pub fn meaning(&mut self, text: &str) -> Result<Option<Meaning>, MeaningError> {
        let text = plain(text);
        if !text.contains(char::is_alphanumeric) {
            return Ok(None);
        }
        let parts = cut(&self.pieces, &text, self.longest_pieces)?;
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            let ids = Tensor { shape: vec![1, part.len()], values: part };
            let weight = ids.values.len() as f64;
            let said = self.network.run(&[("ids", &ids)], &["meaning"])?.into_iter().next();
            all.extend(said.and_then(|said| Meaning::new(said.values)).map(|meaning| (meaning, weight)));
        }
        Ok(Meaning::together(all.iter().map(|(meaning, weight)| (meaning, *weight))))
    }
}

/// Lower case without accents, as the network was trained on, with straight apostrophes; what is no printed ASCII then stands for
/// nothing that it knows.
fn plain(text: &str) -> String {
    let straight = |sign: char| match sign {
        '\u{2018}' | '\u{2019}' => '\'',
        sign if sign.is_ascii_graphic() => sign.to_ascii_lowercase(),
        _ => ' ',
    };
    text.nfd().filter(|sign| !is_combining_mark(*sign)).map(straight).collect()
}

/// The list of pieces without its own way of making text even, which [`plain`] does: the library mixes up places after it, and stops
/// the program at the end of a text.
fn known_pieces(json: &str) -> Result<Tokenizer, String> {
    let mut list: serde_json::Value = serde_json::from_str(json).map_err(|e| e.to_string())?;
    if let Some(list) = list.as_object_mut() {
        list.remove("normalizer");
    }
    Tokenizer::from_json(&list.to_string()).map_err(|e| e.to_string())
}

/// The numbers of a text's pieces, in parts of at most so many.
fn cut(pieces: &Tokenizer, text: &str, longest: usize) -> Result<Vec<Vec<f32>>, MeaningError> {
    let options = EncodeOptions { max_chunk_len: Some(longest), overlap: 0 };
    let parts = pieces.encode_chunks(text.into(), options).map_err(|e| MeaningError::Pieces(e.to_string()))?;
    Ok(parts.iter().map(|part| part.token_ids().iter().map(|piece| *piece as f32).collect()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A few pieces, in the shape of the real list.
    fn few_pieces() -> Tokenizer {
        let known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "so", "it", "##s", "'", "e", "##e"];
        let known: Vec<String> = known.iter().enumerate().map(|(at, piece)| format!("{piece:?}: {at}")).collect();
        let special = r#"{"id": 2, "special": true, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false},
            {"id": 3, "special": true, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}"#;
        let json = format!(
            r###"{{"added_tokens": [{special}], "normalizer": {{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true}}, "pre_tokenizer": {{"type": "BertPreTokenizer"}}, "post_processor": {{"type":
            "TemplateProcessing", "single": [{{"SpecialToken": {{"id": "[CLS]", "type_id": 0}}}}, {{"Sequence": {{"id": "A", "type_id": 0}}}},
            {{"SpecialToken": {{"id": "[SEP]", "type_id": 0}}}}]}}, "model": {{"type": "WordPiece", "unk_token": "[UNK]",
            "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {{{}}}}}}}"###,
            known.join(", ")
        );
        known_pieces(&json).unwrap()
    }

    #[test]
    fn text_is_cut_into_pieces_and_long_text_into_parts() {
        let all = |text: &str, longest| cut(&few_pieces(), &plain(text), longest).unwrap();
        assert_eq!(all("So it\u{2019}s \u{c9}\u{e9}!", 128), [[2.0, 4.0, 5.0, 7.0, 1.0, 8.0, 9.0, 1.0, 3.0]]);
        assert_eq!(all("so\u{7}sossss", 128), [[2.0, 4.0, 4.0, 6.0, 6.0, 6.0, 6.0, 3.0]], "many pieces at the end");
        let parts = all("so so so so so", 4);
        assert_eq!(parts, [vec![2.0, 4.0, 4.0, 3.0], vec![2.0, 4.0, 4.0, 3.0], vec![2.0, 4.0, 3.0]]);
    }

    proptest! {
        #[test]
        fn no_text_stops_the_program(text in any::<String>(), longest in 3_usize..40) {
            let parts = cut(&few_pieces(), &plain(&text), longest).unwrap();
            prop_assert!(parts.iter().all(|part| part.len() <= longest));
        }
    }

    #[test]
    fn likeness_is_a_cosine_and_weights_count() {
        let meaning = |values: &[f32]| Meaning::new(values.to_vec()).unwrap();
        let (east, north) = (meaning(&[2.0, 0.0]), meaning(&[0.0, 0.5]));
        assert!((east.likeness(&east) - 1.0).abs() < 1e-6 && east.likeness(&north).abs() < 1e-6);
        let both = Meaning::together([(&east, 3.0), (&north, 4.0)]).unwrap();
        assert!((both.likeness(&east) - 0.6).abs() < 1e-6 && (both.likeness(&north) - 0.8).abs() < 1e-6);
        assert_eq!(Meaning::new(vec![0.0, 0.0]), None);
        assert_eq!(Meaning::together([]), None);
        assert_eq!(Meaning::together([(&east, 1.0), (&meaning(&[-1.0, 0.0]), 1.0)]), None);
    }
}
