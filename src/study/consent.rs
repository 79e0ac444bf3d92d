//! What a person has agreed to.

use serde::{Deserialize, Serialize};

/// One thing that a person can agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The sound of their voice may be measured.
    Sound,
    /// Their face and body may be measured.
    Face,
    /// Their words may be read.
    Text,
    /// What was measured may be used for research.
    Research,
    /// Supervisors may see it.
    Supervision,
    /// It may leave the study.
    Export,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Sound, Self::Face, Self::Text, Self::Research, Self::Supervision, Self::Export];

    /// As in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Face => "face",
            Self::Text => "text",
            Self::Research => "research",
            Self::Supervision => "supervision",
            Self::Export => "export",
        }
    }
}

/// What one person has agreed to. What is not said is not agreed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Consent {
    /// [`Scope::Sound`].
    pub sound: bool,
    /// [`Scope::Face`].
    pub face: bool,
    /// [`Scope::Text`].
    pub text: bool,
    /// [`Scope::Research`].
    pub research: bool,
    /// [`Scope::Supervision`].
    pub supervision: bool,
    /// [`Scope::Export`].
    pub export: bool,
}

impl Consent {
    /// To measuring and to research; not to supervision, and not to leaving the study.
    pub const USUAL: Self =
        Self { sound: true, face: true, text: true, research: true, supervision: false, export: false };

    /// Whether this was agreed to.
    pub fn has(&self, scope: Scope) -> bool {
        match scope {
            Scope::Sound => self.sound,
            Scope::Face => self.face,
            Scope::Text => self.text,
            Scope::Research => self.research,
            Scope::Supervision => self.supervision,
            Scope::Export => self.export,
        }
    }

    fn set(&mut self, scope: Scope, agreed: bool) {
        match scope {
            Scope::Sound => self.sound = agreed,
            Scope::Face => self.face = agreed,
            Scope::Text => self.text = agreed,
            Scope::Research => self.research = agreed,
            Scope::Supervision => self.supervision = agreed,
            Scope::Export => self.export = agreed,
        }
    }

    /// Changed by a list: `sound,face` or `all` or `none` says all of it; `+export,-face` changes what there is.
    ///
    /// # Errors
    /// In words, if a part of the list is no scope.
    pub fn changed(self, list: &str) -> Result<Self, String> {
        let parts: Vec<&str> =
            list.split([',', ' ', ';', '+']).map(str::trim).filter(|part| !part.is_empty()).collect();
        let relative = list.trim_start().starts_with(['+', '-']);
        let mut consent = if relative { self } else { Self::default() };
        for part in parts {
            let (name, agreed) = part.strip_prefix('-').map_or((part, true), |name| (name, false));
            match name.to_ascii_lowercase().as_str() {
                "all" => Scope::ALL.iter().for_each(|scope| consent.set(*scope, agreed)),
                "none" => consent = Self::default(),
                name => {
                    let known = Scope::ALL.into_iter().find(|scope| scope.name() == name);
                    let scope = known.ok_or_else(|| {
                        format!("{name:?} is nothing to agree to: say sound, face, text, research, supervision, export, all or none")
                    })?;
                    consent.set(scope, agreed);
                }
            }
        }
        Ok(consent)
    }

    /// `sound,face,text`; `none` if nothing.
    pub fn told(&self) -> String {
        let names: Vec<_> = Scope::ALL.into_iter().filter(|scope| self.has(*scope)).map(Scope::name).collect();
        if names.is_empty() { "none".into() } else { names.join(",") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: Consent, list: &str, expect: &str) {
        assert_eq!(from.changed(list).unwrap().told(), expect, "{list}");
    }

    #[test]
    fn lists_say_all_of_it_or_change_it() {
        check(Consent::USUAL, "sound,export", "sound,export");
        check(Consent::USUAL, "+export,-face", "sound,text,research,export");
        check(Consent::USUAL, "-face", "sound,text,research");
        check(Consent::USUAL, "none", "none");
        check(Consent::default(), "all", "sound,face,text,research,supervision,export");
        check(Consent::default(), "all,-export", "sound,face,text,research,supervision");
        check(Consent::USUAL, "", "none");
        assert!(Consent::USUAL.changed("faces").unwrap_err().contains("\"faces\""));
    }

    #[test]
    fn what_is_not_said_is_not_agreed_to() {
        let consent: Consent = toml::from_str("sound = true").unwrap();
        assert_eq!(consent.told(), "sound");
        assert!(toml::from_str::<Consent>("sond = true").is_err());
    }
}
