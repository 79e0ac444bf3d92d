//! What `config/body.toml` holds. Every number's unit and source stands there.

use serde::Deserialize;

use super::BodyError;
use crate::time::{Secs, Step};

/// All settings of bodies.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How pictures are compared.
    pub motion: Motion,
    /// Which part of the picture is whose.
    pub region: Region,
    /// How shoulders, elbows and wrists are looked for.
    pub pose: Pose,
}

/// How pictures are compared.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Motion {
    /// Height of the small grey pictures, pixels.
    pub height_px: usize,
    /// Side of their cells, pixels.
    pub cell_px: usize,
    /// A larger change has moved, grey levels.
    pub grey_levels: u8,
    /// Farthest pictures that are compared, usual distances.
    pub longest_gap_steps: f64,
    /// A larger change of the median pixel is the light, grey levels.
    pub most_light_levels: f32,
    /// More of the picture than this, 0 to 1, is no person.
    pub most_changed: f32,
    /// A cut: the cells' correlation is lower, -1 to 1 ..
    pub cut_correlation: f32,
    /// .. and their mean difference larger, grey levels.
    pub cut_levels: f32,
    /// More of what belongs to nobody, 0 to 1, is the camera.
    pub most_background: f32,
    /// A smaller part of the picture, 0 to 1, says nothing about the camera.
    pub background_from: f32,
    /// How often a picture goes into the average picture.
    pub average_every_secs: Secs,
}

/// Which part of the picture is whose; lengths in faces.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// To either side of the face's middle.
    pub half_width: f32,
    /// Above the face's middle.
    pub above: f32,
    /// Below the face's middle.
    pub below: f32,
    /// The head's part, to either side.
    pub head_half_width: f32,
    /// The head's part, up and down.
    pub head_half_height: f32,
    /// Where the part of hands and lap begins, below the face's middle.
    pub lower_from: f32,
    /// One middle face per this length.
    pub piece_secs: Secs,
    /// How long a part stays without its face.
    pub hold_secs: Secs,
    /// Difference across a seam, grey levels.
    pub seam_levels: f32,
    /// Share of the seam's length that differs so, 0 to 1.
    pub seam_share: f32,
    /// Darker on both sides is a black bar, grey levels.
    pub black_levels: f32,
}

/// How bodies are looked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pose {
    /// Distance of the pictures.
    pub step: Step,
    /// Between two searches for faces.
    pub find_secs: Secs,
    /// Looks without shoulders after which a body counts as out of view.
    pub tries: u32,
    /// Between two looks then.
    pub retry_secs: Secs,
    /// Longer side of the pictures, pixels.
    pub side_px: u32,
    /// Middle of the square below the face's, faces.
    pub below: f32,
    /// Side of the square, faces.
    pub side: f32,
    /// Narrowest face, pixels.
    pub min_face_px: f32,
    /// Lowest probability of a body.
    pub min_presence: f32,
    /// Largest distance of the two noses, faces.
    pub most_nose_off: f32,
    /// Lowest visibility of a point.
    pub min_visible: f32,
    /// How far from a pose's time its face may be.
    pub face_within_secs: Secs,
    /// Largest distance of a pose's face from a person's, faces.
    pub most_face_off: f32,
    /// When a body is taken to be as it was.
    pub rest: Rest,
}

/// When a body is taken to be as it was and not looked at again; lengths in heights of the face.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rest {
    /// Looks in a row that may be spared.
    pub looks: u32,
    /// Largest change of any cell of the part below the chin, grey levels.
    pub grey_levels: u8,
    /// That part: to either side of the face's middle,
    pub half_width: f32,
    /// from below it
    pub from: f32,
    /// to below it.
    pub to: f32,
}

impl Settings {
    /// Refuses numbers that cannot be worked with.
    ///
    /// # Errors
    /// [`BodyError::Settings`] names the first one.
    pub fn check(&self) -> Result<(), BodyError> {
        let positive = |value: f32| value > 0.0 && value.is_finite();
        let share = |value: f32| (0.0..=1.0).contains(&value);
        let (motion, region, pose) = (&self.motion, &self.region, &self.pose);
        let wrong = [
            ((32..=480).contains(&motion.height_px), "motion.height_px", "must be 32 to 480"),
            // Moved pixels of a cell are counted in 8 bits, cells in 16.
            ((2..=15).contains(&motion.cell_px), "motion.cell_px", "must be 2 to 15"),
            (motion.height_px <= 60 * motion.cell_px, "motion.height_px", "must be at most 60 cells"),
            (motion.longest_gap_steps >= 1.0, "motion.longest_gap_steps", "must be at least 1"),
            (share(motion.most_changed), "motion.most_changed", "must be 0 to 1"),
            (share(motion.most_background), "motion.most_background", "must be 0 to 1"),
            (share(motion.background_from), "motion.background_from", "must be 0 to 1"),
            (positive(region.half_width), "region.half_width", "must be above 0"),
            (positive(region.below), "region.below", "must be above 0"),
            (region.piece_secs.0.as_secs_f64() >= 1.0, "region.piece_secs", "must be at least 1"),
            (share(region.seam_share), "region.seam_share", "must be 0 to 1"),
            (pose.step.secs_f64() >= 0.02, "pose.step", "must be at least 1/50 s"),
            ((64..=4096).contains(&pose.side_px), "pose.side_px", "must be 64 to 4096"),
            (positive(pose.side), "pose.side", "must be above 0"),
            (share(pose.min_presence), "pose.min_presence", "must be 0 to 1"),
            (share(pose.min_visible), "pose.min_visible", "must be 0 to 1"),
            (positive(pose.rest.half_width), "pose.rest.half_width", "must be above 0"),
            (pose.rest.to > pose.rest.from, "pose.rest.to", "must be above pose.rest.from"),
        ];
        match wrong.into_iter().find(|(holds, ..)| !holds) {
            Some((_, name, why)) => Err(BodyError::Settings { name, why }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// As the program brings them.
    pub(crate) fn shipped() -> Settings {
        toml::from_str(include_str!("../../config/body.toml")).unwrap()
    }

    #[test]
    fn what_is_shipped_holds_and_nonsense_does_not() {
        assert!(shipped().check().is_ok());
        let mut settings = shipped();
        settings.motion.cell_px = 0;
        assert!(settings.check().unwrap_err().to_string().contains("motion.cell_px"));
    }
}
