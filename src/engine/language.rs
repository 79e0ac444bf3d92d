//! Which of the languages that have patterns a transcript is in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::config::Config;
use crate::roles::RoleWords;
use crate::transcript::Transcript;

use super::request::EngineError;

/// `[language]` of `config/engine.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageSettings {
    /// Taken where there is no transcript or too little of it.
    pub usual: String,
    /// A transcript of fewer words is taken for the usual language.
    pub min_words: usize,
    /// Least share of a transcript's words, 0 to 1, that are stop words of a language in which it is written.
    pub min_share: f64,
}

/// Patterns of one language: the files of `config/language/<name>/`.
#[derive(Clone, Debug)]
pub struct Language {
    /// Name of its folder, e.g. `en`.
    pub name: String,
    /// Each file under its name without ending.
    pub patterns: toml::Table,
    /// What a client and a therapist are called.
    pub role_words: RoleWords,
    stop: BTreeSet<String>,
}

/// All languages by name.
#[derive(Clone, Debug)]
pub struct Languages {
    all: BTreeMap<String, Language>,
    usual: Language,
    settings: LanguageSettings,
}

impl Languages {
    /// Reads every folder below `language/`.
    ///
    /// # Errors
    /// [`EngineError`] names the file that does not read or is missing.
    pub fn read(config: &Config, settings: LanguageSettings) -> Result<Self, EngineError> {
        let mut all: BTreeMap<String, toml::Table> = BTreeMap::new();
        for (path, _) in config.under("language") {
            let [_, name, file] = path.split('/').collect::<Vec<_>>()[..] else { continue };
            let stem = file.trim_end_matches(".toml").to_owned();
            all.entry(name.to_owned()).or_default().insert(stem, toml::Value::Table(config.read(path)?));
        }
        let wrong = |name: &str, file: &str, what: String| {
            EngineError::Request(format!(
                "the language {name:?} cannot be used: config/language/{name}/{file}.toml {what}"
            ))
        };
        let language = |(name, patterns): (String, toml::Table)| {
            let file = |file: &str| patterns.get(file).ok_or_else(|| wrong(&name, file, "is missing".to_owned()));
            let role_words = file("roles")?.clone().try_into();
            let role_words = role_words.map_err(|e: toml::de::Error| wrong(&name, "roles", e.message().to_owned()))?;
            let stop = file("words")?.get("stop").and_then(toml::Value::as_array);
            let stop = stop.ok_or_else(|| wrong(&name, "words", "has no list `stop`".to_owned()))?;
            let stop = stop.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
            Ok((name.clone(), Language { name, role_words, stop, patterns }))
        };
        let all = all.into_iter().map(language).collect::<Result<BTreeMap<_, _>, EngineError>>()?;
        let missing =
            || wrong(&settings.usual, "words", "is missing, and engine.toml names it as the usual one".into());
        let usual = all.get(&settings.usual).cloned().ok_or_else(missing)?;
        Ok(Self { all, usual, settings })
    }

    /// The language of this name.
    pub fn get(&self, name: &str) -> Option<&Language> {
        self.all.get(name)
    }

    /// The usual language.
    pub fn usual(&self) -> &Language {
        &self.usual
    }

    /// The one the user named, else the one whose stop words the transcript holds most of; `None` if it is none of them.
    ///
    /// # Errors
    /// [`EngineError::Request`] if the user's language has no patterns.
    pub fn of(&self, transcript: Option<&Transcript>, named: Option<&str>) -> Result<Option<&Language>, EngineError> {
        if let Some(name) = named {
            let known = || self.all.keys().cloned().collect::<Vec<_>>().join(", ");
            return self.get(name).map(Some).ok_or_else(|| {
                EngineError::Request(format!("there are no patterns for the language {name:?}: say one of {}", known()))
            });
        }
        let texts = transcript.into_iter().flat_map(|transcript| &transcript.turns).map(|turn| turn.text.as_str());
        let words: Vec<String> = texts.flat_map(words).collect();
        if words.len() < self.settings.min_words {
            return Ok(Some(&self.usual));
        }
        let share = |language: &Language| {
            words.iter().filter(|word| language.stop.contains(*word)).count() as f64 / words.len() as f64
        };
        let best = self.all.values().map(|language| (share(language), language)).max_by(|a, b| a.0.total_cmp(&b.0));
        Ok(best.filter(|(share, _)| *share >= self.settings.min_share).map(|(_, language)| language))
    }

    /// Names of all languages, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }
}

/// Lower-case words with straight apostrophes.
fn words(text: &str) -> impl Iterator<Item = String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'';
    let straight = text.to_lowercase().replace('’', "'");
    let all: Vec<String> = straight.split(|c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    all.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Turn;

    fn languages() -> Languages {
        let config = Config::embedded();
        #[derive(Deserialize)]
        struct Engine {
            language: LanguageSettings,
        }
        let engine: toml::Table = config.read("engine.toml").unwrap();
        let engine: Engine = engine.try_into().unwrap();
        Languages::read(&config, engine.language).unwrap()
    }

    fn said(text: &str) -> Transcript {
        let turn = Turn { speaker: "A".into(), text: text.into(), ..Turn::default() };
        Transcript { turns: vec![turn], ..Transcript::default() }
    }

    #[test]
    fn a_transcript_is_known_by_its_small_words() {
        let languages = languages();
        let of = |text: &str| languages.of(Some(&said(text)), None).unwrap().map(|language| language.name.clone());
        let english = "I don't know what it was that she said to me, but I felt really small and I wanted to go home, so I just \
            left and never talked about it again with her or with anybody else.";
        let german = "Ich weiß nicht, was sie zu mir gesagt hat, aber ich habe mich ganz klein gefühlt und wollte nur noch nach \
            Hause, also bin ich einfach gegangen und habe nie wieder mit ihr oder mit sonst jemand darüber gesprochen.";
        let spanish = "No sé qué me dijo, pero me sentí muy pequeña y quería irme a casa, así que me fui sin más y nunca volví a \
            hablar de eso con ella ni con nadie, porque me daba mucha vergüenza y no sabía cómo explicarlo.";
        assert_eq!(of(english).as_deref(), Some("en"));
        assert_eq!(of(german).as_deref(), Some("de"));
        assert_eq!(of(spanish), None);
        assert_eq!(of("Ja.").as_deref(), Some("en"), "too little to tell");
        assert_eq!(languages.of(None, Some("de")).unwrap().unwrap().name, "de");
        let error = languages.of(None, Some("xx")).unwrap_err().to_string();
        assert!(error.contains("say one of de, en"), "{error}");
    }
}
