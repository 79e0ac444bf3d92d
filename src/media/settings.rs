//! `config/media.toml` as written and as used.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Secs;

/// All settings of reading recordings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaSettings {
    /// What time stamps are believed.
    pub time: TimeSettings,
    /// Sound.
    pub sound: SoundSettings,
    /// Pictures.
    pub picture: PictureSettings,
    /// Finding the offset between two recordings.
    pub align: AlignSettings,
}

/// Finding the offset between two recordings by their sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlignSettings {
    /// Number of places along the recording, at most.
    pub most_places: usize,
    /// Seconds of envelope per place, at least.
    pub shortest_place_secs: Secs,
    /// Seconds of envelope per place, at most.
    pub longest_place_secs: Secs,
    /// Seconds of sound for the fine step.
    pub fine_secs: Secs,
    /// Seconds to either side in which the fine step looks.
    pub fine_range_secs: Secs,
    /// Lower edge of the fine step's band.
    pub lowest_hz: u32,
    /// Upper edge of the fine step's band.
    pub highest_hz: u32,
    /// Standard deviations by which a peak must stand out.
    pub least_prominence: f32,
    /// Share of the places that must agree, 0 to 1.
    pub least_agreement: f32,
    /// Distance from the common line at which a place still agrees.
    pub agree_within_secs: Secs,
    /// Parts per million by which two clocks differ at most.
    pub largest_drift_ppm: f64,
    /// Distance of the first and the last place from which on a drift is stated.
    pub drift_from_secs: Secs,
}

/// What time stamps are believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeSettings {
    /// A file that starts later than this counts from its first time stamp.
    pub largest_start_secs: Secs,
    /// A jump ahead by more than this (back: half of it) needs a second time stamp that agrees.
    pub doubtful_jump_secs: Secs,
    /// A jump ahead by more than this is a new clock, not a hole.
    pub largest_hole_secs: Secs,
    /// A track that ends this much before its container says is listed as missing from there on.
    pub ends_early_secs: Secs,
}

/// Sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoundSettings {
    /// Length of a block.
    pub block_secs: Secs,
    /// A time stamp this far from the counted samples is a hole or an overlap.
    pub jump_secs: Secs,
    /// A lasting deviation of this size is corrected.
    pub slow_secs: Secs,
    /// Time constant of the average that finds lasting deviations.
    pub slow_over_secs: Secs,
    /// Holes from this length on are listed as missing.
    pub report_hole_secs: Secs,
    /// More channels are taken for a damaged header.
    pub most_channels: u16,
    /// Lower sample rates are taken for a damaged header. Samples per second.
    pub lowest_rate_hz: u32,
    /// Higher sample rates are taken for a damaged header. Samples per second.
    pub highest_rate_hz: u32,
}

/// Pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureSettings {
    /// Decoder threads; the pictures of a film without damage do not depend on it.
    pub threads: usize,
    /// In MPEG program streams, a deviation of one picture from the regular row is believed after this time.
    pub steady_over_secs: Secs,
    /// A stretch this long without a new picture is listed as missing.
    pub report_hole_secs: Secs,
}

#[cfg(test)]
pub(crate) fn for_tests() -> MediaSettings {
    toml::from_str(include_str!("../../config/media.toml")).unwrap()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_misspelt_setting_is_an_error() {
        let text = include_str!("../../config/media.toml").replace("jump_secs = 0.015", "jump_sec = 0.015");
        assert!(toml::from_str::<super::MediaSettings>(&text).is_err());
    }
}
