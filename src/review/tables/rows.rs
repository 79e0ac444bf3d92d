//! The rows of the tables.

use serde::Serialize;

use crate::review::consensus::{self, Retention};

/// Agreement on one code.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CodeRow {
    /// Code id.
    pub code: String,
    /// Share of the judgements that gave it.
    pub prevalence: f64,
    /// Times it was given, all coders together.
    pub given: usize,
    /// Share of pairs of coders that agree.
    pub percent: Option<f64>,
    /// Cohen's kappa with two coders, Fleiss' with more.
    pub kappa: Option<f64>,
    /// Krippendorff's alpha, nominal.
    pub alpha: Option<f64>,
    /// 95 % of it over sessions drawn again.
    pub alpha_interval: Option<(f64, f64)>,
    /// For rare codes.
    pub pabak: Option<f64>,
    /// For rare codes.
    pub ac1: Option<f64>,
    /// Alpha on the continuum, over all sessions laid end to end.
    pub u_alpha: Option<f64>,
    /// Mean over pairs of coders of the F1 of their stretches.
    pub unit_f1: Option<f64>,
}

/// Agreement of two coders on stretches and their codes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairRow {
    /// Who.
    pub first: String,
    /// With whom.
    pub second: String,
    /// Event kappa; stretches without a partner count as disagreement.
    pub kappa_with_unmatched: Option<f64>,
    /// Event kappa of linked stretches only.
    pub kappa_linked_only: Option<f64>,
    /// F1 of stretches.
    pub unit_f1: Option<f64>,
    /// F1 of stretches with the same code.
    pub labelled_f1: Option<f64>,
}

/// Agreement on the ratings of minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SalienceRow {
    /// Minutes that all rated.
    pub minutes: usize,
    /// ICC(1,1), (2,1), (3,1), (1,k), (2,k), (3,k).
    pub icc: Option<[f64; 6]>,
    /// Krippendorff's alpha, ordinal.
    pub alpha_ordinal: Option<f64>,
    /// Krippendorff's alpha, interval.
    pub alpha_interval: Option<f64>,
}

/// One coder against what the study kept in its gold sessions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftRow {
    /// Who.
    pub coder: String,
    /// Session id.
    pub session: String,
    /// Cohen's kappa over all slots and codes in use.
    pub kappa: Option<f64>,
}

/// Everything that `attune agree` and the page show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tables {
    /// Sessions that all coders have locked.
    pub sessions: Vec<String>,
    /// Sessions that wait for somebody.
    pub waiting: Vec<String>,
    /// Those who code, and those who have left and whose work still counts somewhere.
    pub coders: Vec<String>,
    /// Those of them who coded every session that is compared: u-alpha, F1 by code and ICC are theirs.
    pub throughout: Vec<String>,
    /// `turn`, or `minute` where a session has no transcript.
    pub slot: String,
    /// Slots compared.
    pub slots: usize,
    /// By code, in order of id.
    pub codes: Vec<CodeRow>,
    /// All codes as labels on one continuum.
    pub u_alpha: Option<f64>,
    /// Whether anything was marked, whatever the code.
    pub u_alpha_binary: Option<f64>,
    /// Pairs of coders.
    pub pairs: Vec<PairRow>,
    /// Minutes.
    pub salience: SalienceRow,
    /// Gold sessions.
    pub drift: Vec<DriftRow>,
    /// The rule in force.
    pub rule: consensus::Rule,
    /// What the codes are compared on for the rule.
    pub on: consensus::On,
    /// What the rule keeps.
    pub retention: Retention,
    /// Hash of the log's last line.
    pub head: String,
}
