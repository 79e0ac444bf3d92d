//! `study.toml`.

use serde::{Deserialize, Serialize};

use super::{Consent, SCHEMA, StudyError, manifest};

/// Stands above `study.toml`.
pub(super) const HEADER: &str =
    "# A study of Attune; every line is explained in docs/study.md. May be edited by hand.\n\n";

/// What somebody who codes may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoderRole {
    /// Codes, and sees their own work.
    #[default]
    Coder,
    /// Codes, sees everybody's work once all are done, and leads the meeting on what they do not agree on.
    Lead,
    /// Sees what people have agreed to show to supervisors.
    Supervisor,
}

/// Somebody who codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coder {
    /// Short name, unique in the study: letters, digits, `-`, `_`. A pseudonym will do.
    pub name: String,
    /// What they may do.
    #[serde(default)]
    pub role: CoderRole,
}

/// Which codes are kept of several coders' work (DOMAIN D.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementRule {
    /// Only what all coders gave: the paper's rule.
    #[default]
    Unanimous,
    /// What more than half of them gave.
    Majority,
    /// What any of them gave.
    Union,
}

/// All of `study.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudySettings {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// What the study is called.
    pub name: String,
    /// Language of the transcripts: `auto`, `en`, `de` or a language of the settings' own.
    #[serde(default = "auto")]
    pub language: String,
    /// Chooses random orders (of sessions for each coder, of unmarked clips); the same number, the same orders.
    pub seed: u32,
    /// Which codes are kept.
    #[serde(default)]
    pub agreement: AgreementRule,
    /// Minutes of a coder's time for each hour of session, 0 to 60; left out: as `episodes.toml` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_minutes_per_hour: Option<f64>,
    /// Folder of the study's own code files, which replace and add to those of the program; relative to the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codebook: Option<String>,
    /// Days for which a session may be kept after it was added; left out: nothing is said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// What people in new sessions are taken to have agreed to where nothing else is said.
    #[serde(default = "usual")]
    pub consent: Consent,
    /// Who codes.
    #[serde(default, rename = "coder", skip_serializing_if = "Vec::is_empty")]
    pub coders: Vec<Coder>,
}

fn auto() -> String {
    "auto".into()
}

fn usual() -> Consent {
    Consent::USUAL
}

impl StudySettings {
    /// A study of this name with everything else as usual.
    pub fn named(name: &str, seed: u32) -> Self {
        Self {
            schema: SCHEMA,
            name: name.to_owned(),
            language: auto(),
            seed,
            agreement: AgreementRule::default(),
            review_minutes_per_hour: None,
            codebook: None,
            retention_days: None,
            consent: usual(),
            coders: Vec::new(),
        }
    }

    pub(super) fn check(&self) -> Result<(), StudyError> {
        let wrong = |message: String| Err(StudyError::Wrong(message));
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            return wrong("name must be a line of text".into());
        }
        if self.review_minutes_per_hour.is_some_and(|minutes| !(0.0..=60.0).contains(&minutes)) {
            return wrong("review_minutes_per_hour must be 0 to 60".into());
        }
        if self.language.is_empty() || !manifest::is_word(&self.language) {
            return wrong(format!("language must be auto or a language's short name, not {:?}", self.language));
        }
        for (position, coder) in self.coders.iter().enumerate() {
            if !manifest::is_word(&coder.name) {
                return wrong(format!("a coder's name is up to 40 letters, digits, - or _, not {:?}", coder.name));
            }
            if self.coders[..position].iter().any(|other| other.name == coder.name) {
                return wrong(format!("the coder {:?} is named twice", coder.name));
            }
        }
        Ok(())
    }

    /// The coder of this name.
    pub fn coder(&self, name: &str) -> Option<&Coder> {
        self.coders.iter().find(|coder| coder.name == name)
    }
}

impl std::str::FromStr for Coder {
    type Err = String;

    /// `anna` or `anna=lead`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, role) = text.split_once('=').unwrap_or((text, "coder"));
        let role = match role.trim() {
            "coder" => CoderRole::Coder,
            "lead" => CoderRole::Lead,
            "supervisor" => CoderRole::Supervisor,
            other => return Err(format!("{other:?} is no role: say coder, lead or supervisor")),
        };
        match manifest::is_word(name.trim()) {
            true => Ok(Self { name: name.trim().to_owned(), role }),
            false => Err(format!("a coder's name is up to 40 letters, digits, - or _, not {name:?}")),
        }
    }
}

impl std::str::FromStr for AgreementRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "unanimous" => Ok(Self::Unanimous),
            "majority" => Ok(Self::Majority),
            "union" => Ok(Self::Union),
            other => Err(format!("{other:?} is no rule: say unanimous, majority or union")),
        }
    }
}
