//! Everything that is measured of one face in one picture.

use opencv::core::Mat;
use opencv::prelude::*;

use super::FaceError;
use super::actions::ActionReader;
use super::appearance::Appearance;
use super::canonical::Canonical;
use super::landmarks::{Landmarker, PixelBox, Points, Seen, Square};
use super::pose::{Camera, pose};
use super::quality::{self, BlurMeter, Seeing};
use super::rows::Measures;
use super::settings::Settings;
use super::{gaze, mouth};
use crate::model::Shelf;
use crate::origin::ModelFile;

/// One face in one picture.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The landmarks.
    pub points: Points,
    /// What goes into the tracks.
    pub measures: Measures,
    /// What the person looks like, for telling people apart.
    pub appearance: Appearance,
}

/// Where to look and how closely.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The square to look in.
    pub square: Square,
    /// Lowest presence, 0 to 1.
    pub min_presence: f32,
    /// Look again in the square that the landmarks ask for, even if it is near, `follow.first_looks` times in all: after
    /// a detection, whose square is laid differently.
    pub twice: bool,
}

/// Reads faces, for one thread.
pub struct FaceReader {
    landmarker: Landmarker,
    actions: ActionReader,
    blur: BlurMeter,
}

impl FaceReader {
    /// Loads the networks.
    ///
    /// # Errors
    /// [`FaceError::Model`].
    pub fn load(shelf: &Shelf) -> Result<Self, FaceError> {
        let (landmarker, actions) = (Landmarker::load(shelf)?, ActionReader::load(shelf)?);
        Ok(Self { landmarker, actions, blur: BlurMeter::default() })
    }

    /// Which networks run, on what.
    pub fn files(&self) -> [&ModelFile; 2] {
        [self.landmarker.file(), self.actions.file()]
    }

    /// Reads the face in this part of the picture; `None` if there is none.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or a network fails.
    pub fn read(
        &mut self,
        picture: &Mat,
        look: Look,
        canonical: &Canonical,
        settings: &Settings,
    ) -> Result<Option<Reading>, FaceError> {
        let Some(mut seen) = self.see(picture, look.square, look.min_presence)? else { return Ok(None) };
        let better = Square::from_points(&seen.points);
        let again = match look.twice {
            true => settings.follow.first_looks.saturating_sub(1),
            false => u32::from(look.square.distance(&better) > settings.follow.second_look),
        };
        for _ in 0..again {
            let square = Square::from_points(&seen.points);
            let Some(closer) = self.see(picture, square, look.min_presence)? else { return Ok(None) };
            seen = closer;
        }
        let Seen { points, presence } = seen;
        let camera = Camera::of_picture(picture.rows().unsigned_abs(), &settings.pose);
        let Some(pose) = pose(canonical, &points, camera) else { return Ok(None) };
        let face = PixelBox::around(&points);
        let [yaw, pitch, roll] = pose.angles().map(|degrees| degrees as f32);
        let blur = quality::blur(self.blur.sharpness(self.landmarker.crop())?, &settings.quality);
        let seeing = Seeing {
            height_px: face.height,
            yaw_degrees: yaw,
            pitch_degrees: pitch,
            blur,
            presence,
            inside: face.inside(picture.cols().unsigned_abs(), picture.rows().unsigned_abs()),
        };
        let measures = Measures {
            actions: self.actions.read(&points)?,
            mouth: mouth::shape(&points),
            pose: [yaw, pitch, roll],
            gaze: gaze::direction(&points, &pose, &settings.gaze),
            face,
            presence,
            blur,
            quality: settings.quality.rate(&seeing),
        };
        let appearance = Appearance::of_frame(self.landmarker.crop())?;
        Ok(Some(Reading { points, measures, appearance }))
    }

    fn see(&mut self, picture: &Mat, square: Square, min_presence: f32) -> Result<Option<Seen>, FaceError> {
        let seen = self.landmarker.look(picture, square)?;
        Ok(seen
            .filter(|seen| seen.presence >= min_presence && seen.points.as_flattened().iter().all(|v| v.is_finite())))
    }
}
