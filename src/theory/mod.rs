//! From agreed codes to a picture of the process: what goes with what, what follows what, and whether new sessions still
//! bring new codes (DOMAIN D.8 to D.10).
//!
//! All of it describes the sessions at hand. An arrow says "followed more often than by chance", not "caused".

pub mod matrices;
pub mod paradigm;
pub mod saturation;

use serde::Serialize;

use crate::codebook::{Code, Polarity};

/// The five elements of the paradigm, in the order of all matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// Causal conditions: reflective functioning.
    Causal,
    /// Context: building rapport and goal setting.
    Context,
    /// Intervening conditions: resistance.
    Intervening,
    /// Action and interaction: engagement in learning.
    Action,
    /// Consequences: working alliance.
    Consequence,
}

impl Element {
    /// In the order of the matrices.
    pub const ALL: [Self; 5] = [Self::Causal, Self::Context, Self::Intervening, Self::Action, Self::Consequence];

    /// The element of a code; `None` for extensions, which the paper's paradigm does not hold.
    pub fn of(code: &Code) -> Option<Self> {
        let starts = ["Causal", "Context", "Intervening", "Action", "Consequences"];
        let at = starts.iter().position(|start| code.axial.starts_with(start))?;
        Self::ALL.get(at).copied()
    }

    /// Its place in [`Element::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The paper's two lines.
    pub fn words(self) -> [&'static str; 2] {
        match self {
            Self::Causal => ["Causal conditions", "Reflective functioning"],
            Self::Context => ["Context", "Building rapport and goal setting"],
            Self::Intervening => ["Intervening conditions", "Resistance"],
            Self::Action => ["Action-interaction strategies", "Engagement in learning"],
            Self::Consequence => ["Consequences", "Working alliance"],
        }
    }
}

/// An agreed code in a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Coded {
    /// Code id.
    pub code: String,
    /// Where it belongs.
    pub element: Element,
    /// Its sign.
    pub polarity: Polarity,
    /// Seconds from the session's start.
    pub start_s: f64,
    /// Seconds from the session's start.
    pub end_s: f64,
}

/// One session's agreed codes.
#[derive(Clone, Debug, PartialEq)]
pub struct CodedSession {
    /// Session id.
    pub id: String,
    /// Seconds.
    pub length_s: f64,
    /// In order of start.
    pub codes: Vec<Coded>,
    /// Seconds from the start at which coders confirmed a strain or repair: with `true` for repair.
    pub outcomes: Vec<(f64, bool)>,
}
