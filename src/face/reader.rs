//! Everything that is measured of one face in one picture.

use opencv::core::Mat;
use opencv::prelude::*;

use super::actions::ActionReader;
use super::appearance::Appearance;
use super::canonical::Canonical;
use super::landmarks::{Landmarker, PixelBox, Points, Seen, Square};
use super::pose::{Camera, pose};
use super::quality::{self, BlurMeter, Seeing};
use super::rows::Measures;
use super::settings::Settings;
use super::{FaceError, gaze, library, mouth};
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

/// A face that was found in a picture.
#[derive(Debug)]
pub struct Sight {
    points: Points,
    presence: f32,
    /// The looked-at square.
    crop: Mat,
    /// Width and height of the picture.
    size: (u32, u32),
}

impl Sight {
    /// The square to look in next.
    pub fn square(&self) -> Square {
        Square::from_points(&self.points)
    }

    /// Width of the face in picture pixels.
    pub fn width(&self) -> f32 {
        PixelBox::around(&self.points).width
    }
}

/// Reads faces, for one thread; its two parts may work on two.
pub struct FaceReader {
    seer: Seer,
    meter: Meter,
}

/// Sees where a face is: what the next picture has to wait for.
pub struct Seer {
    landmarker: Landmarker,
}

/// Measures what was seen.
pub struct Meter {
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
        Ok(Self { seer: Seer { landmarker }, meter: Meter { actions, blur: BlurMeter::default() } })
    }

    /// Which networks run, on what.
    pub fn files(&self) -> [&ModelFile; 2] {
        [self.seer.landmarker.file(), self.meter.actions.file()]
    }

    /// The two parts.
    pub fn parts(&mut self) -> (&mut Seer, &mut Meter) {
        (&mut self.seer, &mut self.meter)
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
        let Some(sight) = self.seer.see(picture, look, settings)? else { return Ok(None) };
        self.meter.measure(&sight, canonical, settings)
    }
}

impl Seer {
    /// Looks at this part of the picture, and once more where the face lies elsewhere in it; `None` if there is none.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or a network fails.
    pub fn see(&mut self, picture: &Mat, look: Look, settings: &Settings) -> Result<Option<Sight>, FaceError> {
        let Some(mut seen) = self.look(picture, look.square, look.min_presence)? else { return Ok(None) };
        let better = Square::from_points(&seen.points);
        let again = match look.twice {
            true => settings.follow.first_looks.saturating_sub(1),
            false => u32::from(look.square.distance(&better) > settings.follow.second_look),
        };
        for _ in 0..again {
            let square = Square::from_points(&seen.points);
            let Some(closer) = self.look(picture, square, look.min_presence)? else { return Ok(None) };
            seen = closer;
        }
        let Seen { points, presence } = seen;
        let crop = self.landmarker.crop().try_clone().map_err(library("copying a picture"))?;
        let size = (picture.cols().unsigned_abs(), picture.rows().unsigned_abs());
        Ok(Some(Sight { points, presence, crop, size }))
    }

    fn look(&mut self, picture: &Mat, square: Square, min_presence: f32) -> Result<Option<Seen>, FaceError> {
        let seen = self.landmarker.look(picture, square)?;
        Ok(seen
            .filter(|seen| seen.presence >= min_presence && seen.points.as_flattened().iter().all(|v| v.is_finite())))
    }
}

impl Meter {
    /// Measures a face; `None` if its landmarks do not make one.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or a network fails.
    pub fn measure(
        &mut self,
        sight: &Sight,
        canonical: &Canonical,
        settings: &Settings,
    ) -> Result<Option<Reading>, FaceError> {
        let Sight { points, presence, crop, size } = sight;
        let camera = Camera::of_picture(size.1, &settings.pose);
        let Some(pose) = pose(canonical, points, camera) else { return Ok(None) };
        let face = PixelBox::around(points);
        let [yaw, pitch, roll] = pose.angles().map(|degrees| degrees as f32);
        let blur = quality::blur(self.blur.sharpness(crop)?, &settings.quality);
        let seeing = Seeing {
            height_px: face.height,
            yaw_degrees: yaw,
            pitch_degrees: pitch,
            blur,
            presence: *presence,
            inside: face.inside(size.0, size.1),
        };
        let measures = Measures {
            actions: self.actions.read(points)?,
            mouth: mouth::shape(points),
            pose: [yaw, pitch, roll],
            gaze: gaze::direction(points, &pose, &settings.gaze),
            face,
            presence: *presence,
            blur,
            quality: settings.quality.rate(&seeing),
        };
        let appearance = Appearance::of_frame(crop)?;
        Ok(Some(Reading { points: *points, measures, appearance }))
    }
}
