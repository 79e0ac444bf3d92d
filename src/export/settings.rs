//! `config/report.toml`: how the report draws.

use serde::Deserialize;

/// How the report draws a session.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Minutes of one row of the timeline of a long session.
    pub row_minutes: f64,
    /// A session of up to this many minutes gets one row.
    pub one_row_up_to_minutes: f64,
    /// Quality, 0 to 1, from which a moment counts as assessable.
    pub assessable_from: f32,
    /// Marker ids drawn as speech; the first with events counts.
    pub speech: Vec<String>,
    /// Marker ids drawn as silences.
    pub silence: Vec<String>,
    /// Marker ids drawn as overlaps.
    pub overlap: Vec<String>,
    /// Facial actions, one line each.
    pub face: Vec<FaceRow>,
}

/// One line of a face.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaceRow {
    /// Marker id whose events are drawn.
    pub marker: String,
    /// A word or two before the line.
    pub label: String,
    /// What is seen, for the legend.
    pub what: String,
    /// Track of the curve.
    pub track: String,
    /// Its columns; the curve is their mean.
    pub columns: Vec<String>,
    /// Percentile, 0 to 100, of the person's own assessable frames that is drawn as baseline.
    pub baseline: f64,
    /// Smallest range of values that fills the line's height, in the track's unit.
    pub least_range: f32,
}
