//! What `config/face.toml` holds. Every number's unit and source stands there.

use serde::Deserialize;

use super::FaceError;
use crate::time::{Secs, Step};

/// All settings of the stage.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Distance between analysed pictures.
    pub step: Step,
    /// The same where every short movement counts.
    pub full_step: Step,
    /// With fewer pictures per second short actions and nods may be missed.
    pub enough_per_sec: f64,
    /// When and how whole pictures are searched for faces.
    pub search: Search,
    /// How a face is followed from picture to picture.
    pub follow: Follow,
    /// When two stretches of face are one person.
    pub identity: Identity,
    /// Which faces are nobody.
    pub nobody: Nobody,
    /// How well a face can be read.
    pub quality: Quality,
    /// What is assumed of the camera.
    pub pose: Pose,
    /// How the eyes' direction is computed.
    pub gaze: Gaze,
}

/// When and how whole pictures are searched.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Lowest detector score, 0 to 1.
    pub min_score: f32,
    /// Detections that share more of their joint area are one face, 0 to 1.
    pub max_shared_area: f32,
    /// Smallest face, picture pixels.
    pub min_width_px: f32,
    /// Between searches after a loss.
    pub lost_secs: Secs,
    /// How long a loss counts as recent.
    pub recently_lost_secs: Secs,
    /// Between searches for newcomers.
    pub newcomer_secs: Secs,
    /// Between searches that check what is followed.
    pub check_secs: Secs,
}

/// How a face is followed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// Lowest presence of a followed face, 0 to 1.
    pub min_presence: f32,
    /// Lowest presence of a new face, 0 to 1.
    pub min_presence_new: f32,
    /// Part of the looked-at square by which a face may be off before it is looked at again.
    pub second_look: f32,
    /// How often a face that was just found is looked at.
    pub first_looks: u32,
    /// Followed faces that share more of their joint area are one, 0 to 1.
    pub max_shared_area: f32,
    /// Searches in a row that may miss a followed face.
    pub unseen_searches: u32,
    /// Correlation of two pictures below which the camera may have cut.
    pub cut_correlation: f32,
    /// Mean difference in grey values, 0 to 255, above which it may have.
    pub cut_difference: f32,
}

/// When two stretches of face are one person.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Breaks up to this long do not need a look at the appearance.
    pub short_gap_secs: Secs,
    /// Same place: centres at most this many face widths apart.
    pub same_place_widths: f32,
    /// Same size: widths differ at most by this factor.
    pub same_size_factor: f32,
    /// Largest difference in appearance at the same place.
    pub same_place_difference: f32,
    /// Largest difference in appearance elsewhere or after a camera cut.
    pub elsewhere_difference: f32,
    /// Who is in view for less is left out.
    pub min_secs: Secs,
    /// Who is in view for a smaller share of the recording is left out.
    pub min_share: f32,
}

/// Which faces are a picture or a reflection.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nobody {
    /// Time in view from which on a face may be told to be nobody's.
    pub min_secs: Secs,
    /// Most a picture's head may seem to turn, degrees.
    pub still_degrees: f32,
    /// Most its lips may seem to open, eye distances.
    pub still_lips: f32,
    /// Most its eyes may seem to blink, 0 to 1.
    pub still_blink: f32,
    /// Most it may seem to move, in widths of the face.
    pub still_widths: f32,
    /// Correlation of lip and lid movement from which on two faces are one.
    pub double_correlation: f32,
}

/// A rating that falls from 1 at `full` to 0.3 at `limit` and on to 0.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Best and everything better.
    pub full: f32,
    /// Just assessable.
    pub limit: f32,
}

/// How well a face can be read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// Height of the face, picture pixels.
    pub height_px: Ramp,
    /// Turned away to either side, degrees.
    pub yaw_degrees: Ramp,
    /// Lowered or raised, degrees.
    pub pitch_degrees: Ramp,
    /// Blur, 0 sharp to 1.
    pub blur: Ramp,
    /// Presence, 0 to 1.
    pub presence: Ramp,
    /// Share of the face's box inside the picture.
    pub inside: Ramp,
    /// Laplacian variance over grey variance of a sharp face.
    pub sharp: f32,
    /// The same of a blurred one.
    pub blurred: f32,
}

/// What is assumed of the camera.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pose {
    /// From the lower to the upper edge of the picture, degrees.
    pub vertical_field_degrees: f32,
}

/// How the eyes' direction is computed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gaze {
    /// Radius on which the iris turns to the sides, in eye widths.
    pub radius_across: f32,
    /// Radius on which the iris turns up and down, in eye widths.
    pub radius_upright: f32,
    /// Height of the resting iris above the corners, in eye widths.
    pub rest_above: f32,
    /// Lid opening below which the eye is shut, in eye widths.
    pub min_opening: f32,
}

impl Settings {
    /// Whether every number can be worked with.
    ///
    /// # Errors
    /// [`FaceError::Settings`] names the first that cannot.
    pub fn check(&self) -> Result<(), FaceError> {
        let wrong = |name: &'static str, why: &'static str| Err(FaceError::Settings { name, why });
        let shares = [
            ("search.min_score", self.search.min_score),
            ("search.max_shared_area", self.search.max_shared_area),
            ("follow.min_presence", self.follow.min_presence),
            ("follow.min_presence_new", self.follow.min_presence_new),
            ("follow.max_shared_area", self.follow.max_shared_area),
            ("follow.second_look", self.follow.second_look),
            ("identity.min_share", self.identity.min_share),
        ];
        for (name, value) in shares {
            if !(0.0..=1.0).contains(&value) {
                return wrong(name, "must lie between 0 and 1");
            }
        }
        let positive = [
            ("nobody.still_degrees", self.nobody.still_degrees),
            ("nobody.still_lips", self.nobody.still_lips),
            ("nobody.still_blink", self.nobody.still_blink),
            ("nobody.still_widths", self.nobody.still_widths),
            ("nobody.double_correlation", self.nobody.double_correlation),
            ("search.min_width_px", self.search.min_width_px),
            ("identity.same_place_widths", self.identity.same_place_widths),
            ("identity.same_size_factor", self.identity.same_size_factor),
            ("identity.same_place_difference", self.identity.same_place_difference),
            ("identity.elsewhere_difference", self.identity.elsewhere_difference),
            ("quality.sharp", self.quality.sharp),
            ("quality.blurred", self.quality.blurred),
            ("gaze.radius_across", self.gaze.radius_across),
            ("gaze.radius_upright", self.gaze.radius_upright),
            ("gaze.min_opening", self.gaze.min_opening),
        ];
        for (name, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return wrong(name, "must be greater than 0");
            }
        }
        if self.quality.sharp <= self.quality.blurred {
            return wrong("quality.sharp", "must be greater than quality.blurred");
        }
        if !(1.0..=170.0).contains(&self.pose.vertical_field_degrees) {
            return wrong("pose.vertical_field_degrees", "must lie between 1 and 170");
        }
        if !(1..=10).contains(&self.follow.first_looks) {
            return wrong("follow.first_looks", "must lie between 1 and 10");
        }
        if !(self.enough_per_sec.is_finite() && self.enough_per_sec >= 0.0) {
            return wrong("enough_per_sec", "must be a number from 0");
        }
        for (name, step) in [("step", self.step), ("full_step", self.full_step)] {
            if !(0.001..=1.0).contains(&step.secs_f64()) {
                return wrong(name, "must lie between 1 ms and 1 s");
            }
        }
        let finite = [self.follow.cut_correlation, self.follow.cut_difference, self.gaze.rest_above];
        let ramps = [
            self.quality.height_px,
            self.quality.yaw_degrees,
            self.quality.pitch_degrees,
            self.quality.blur,
            self.quality.presence,
            self.quality.inside,
        ];
        let all = finite.into_iter().chain(ramps.into_iter().flat_map(|ramp| [ramp.full, ramp.limit]));
        if all.into_iter().any(|value| !value.is_finite()) {
            return wrong("quality, follow or gaze", "must be numbers, not nan or inf");
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::face) fn shipped() -> Settings {
        toml::from_str(include_str!("../../config/face.toml")).unwrap()
    }

    #[test]
    fn the_shipped_settings_read_and_hold() {
        shipped().check().unwrap();
    }

    #[test]
    fn a_number_that_cannot_be_is_named() {
        let check = |from: &str, to: &str, expect: &str| {
            let text = include_str!("../../config/face.toml").replace(from, to);
            let settings: Settings = toml::from_str(&text).unwrap();
            assert!(settings.check().unwrap_err().to_string().contains(expect), "{expect}");
        };
        check("min_score = 0.6", "min_score = 1.5", "search.min_score");
        check("min_width_px = 32.0", "min_width_px = nan", "search.min_width_px");
        check("numer = 2, denom = 25", "numer = 9, denom = 2", "step");
        check("blurred = 0.003", "blurred = 0.2", "quality.sharp");
        check("full = 80.0", "full = inf", "not nan or inf");
    }

    #[test]
    fn a_misspelt_or_negative_setting_does_not_read() {
        for (from, to) in
            [("min_score", "min_skore"), ("lost_secs = 0.4", "lost_secs = -1.0"), ("denom = 25", "denom = 0")]
        {
            let text = include_str!("../../config/face.toml").replacen(from, to, 1);
            assert!(toml::from_str::<Settings>(&text).is_err(), "{to}");
        }
    }
}
