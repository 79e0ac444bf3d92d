//! `config/export.toml`: what the open profile may show, and how timelines are made.

use serde::Deserialize;

/// All of `export.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Tracks and columns whose means over a second the open profile shows.
    pub open: Vec<OpenTrack>,
    /// A second has a mean if at least this share of it, 0 to 1, was measured.
    pub min_measured_share: f64,
    /// Quality, 0 to 1, from which a frame counts as measured.
    pub assessable_from: f32,
    /// Lines of an ELAN document below the picture: track and column.
    pub elan_series: Vec<Series>,
}

/// Columns of a track.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenTrack {
    /// Its name.
    pub track: String,
    /// Its columns; empty: all.
    #[serde(default)]
    pub columns: Vec<String>,
}

/// One line of a time series.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Track.
    pub track: String,
    /// Column.
    pub column: String,
    /// Lowest value shown.
    pub from: f64,
    /// Highest value shown.
    pub to: f64,
}

impl Settings {
    /// Whether the open profile may show this column's means.
    pub fn is_open(&self, track: &str, column: &str) -> bool {
        let here = |open: &&OpenTrack| open.track == track;
        self.open
            .iter()
            .find(here)
            .is_some_and(|open| open.columns.is_empty() || open.columns.iter().any(|c| c == column))
    }
}
