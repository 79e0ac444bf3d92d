//! Whether a body has moved since it was last looked at: what rests is not looked at again.
//!
//! The part below the chin is compared as a small grey picture; the head moves all the time while one speaks, and says
//! nothing about shoulders and arms.

use opencv::core::{Mat, Rect, Size};
use opencv::imgproc::{COLOR_BGR2GRAY, INTER_AREA, cvt_color, resize};
use opencv::prelude::*;

use super::pose::Body;
use super::settings::Rest as Settings;
use super::{BodyError, library};
use crate::face::landmarks::PixelBox;

/// Cells of the small picture on each side.
const SIDE: i32 = 24;

/// A body as it was when it was last looked at.
pub(super) struct Rest {
    /// The part that is compared, in pixels of the picture.
    part: Rect,
    cells: Mat,
    /// The face that leads to it, then.
    pub(super) face: PixelBox,
    /// What the network saw.
    pub(super) body: Body,
    /// Looks that were spared since.
    spared: u32,
}

impl Rest {
    /// Remembers a look; `None` where the part below the face lies outside the picture.
    pub(super) fn of(
        picture: &Mat,
        face: PixelBox,
        body: Body,
        settings: &Settings,
    ) -> Result<Option<Self>, BodyError> {
        let Some(part) = part(picture, &face, settings) else { return Ok(None) };
        Ok(Some(Self { part, cells: cells(picture, part)?, face, body, spared: 0 }))
    }

    /// Whether the body is as it was, and may be taken so once more.
    pub(super) fn holds(&mut self, picture: &Mat, settings: &Settings) -> Result<bool, BodyError> {
        if self.spared >= settings.looks {
            return Ok(false);
        }
        let now = cells(picture, self.part)?;
        let (before, now) = (self.cells.data_bytes(), now.data_bytes());
        let (Ok(before), Ok(now)) = (before, now) else { return Ok(false) };
        let still = before.iter().zip(now).all(|(a, b)| a.abs_diff(*b) <= settings.grey_levels);
        self.spared += u32::from(still);
        Ok(still)
    }
}

/// The part below the chin, inside the picture.
fn part(picture: &Mat, face: &PixelBox, settings: &Settings) -> Option<Rect> {
    let [x, y] = face.centre();
    let clamped = |value: f32, most: i32| (value.round() as i32).clamp(0, most);
    let left = clamped(x - settings.half_width * face.height, picture.cols());
    let right = clamped(x + settings.half_width * face.height, picture.cols());
    let top = clamped(y + settings.from * face.height, picture.rows());
    let bottom = clamped(y + settings.to * face.height, picture.rows());
    (right - left >= SIDE && bottom - top >= SIDE / 4).then(|| Rect::new(left, top, right - left, bottom - top))
}

fn cells(picture: &Mat, part: Rect) -> Result<Mat, BodyError> {
    let shrink = || -> opencv::Result<Mat> {
        let inside = Mat::roi(picture, part)?;
        let (mut small, mut grey) = (Mat::default(), Mat::default());
        resize(&inside, &mut small, Size::new(SIDE, SIDE), 0.0, 0.0, INTER_AREA)?;
        cvt_color(&small, &mut grey, COLOR_BGR2GRAY, 0)?;
        Ok(grey)
    };
    shrink().map_err(library("comparing a body"))
}

#[cfg(test)]
mod tests {
    use opencv::core::{CV_8UC3, Scalar};

    use super::super::settings::tests::shipped;
    use super::*;

    const FACE: PixelBox = PixelBox { x: 280.0, y: 60.0, width: 80.0, height: 100.0 };

    fn picture() -> Mat {
        Mat::new_rows_cols_with_default(480, 640, CV_8UC3, Scalar::all(90.0)).unwrap()
    }

    /// A lighter square, for a hand or a face.
    fn with_square(x: i32, y: i32, side: i32) -> Mat {
        let mut picture = picture();
        let mut square = Mat::roi_mut(&mut picture, Rect::new(x, y, side, side)).unwrap();
        square.set_to(&Scalar::all(190.0), &opencv::core::no_array()).unwrap();
        drop(square);
        picture
    }

    fn rest(picture: &Mat) -> Rest {
        let body = Body { presence: 0.9, nose: [320.0, 110.0], points: [[300.0, 300.0, 0.9]; 10] };
        Rest::of(picture, FACE, body, &shipped().pose.rest).unwrap().unwrap()
    }

    #[test]
    fn a_body_that_rests_is_spared_a_few_looks_and_then_seen_again() {
        let settings = shipped().pose.rest;
        let mut rest = rest(&picture());
        let spared = (0..20).take_while(|_| rest.holds(&picture(), &settings).unwrap()).count();
        assert_eq!(spared, usize::try_from(settings.looks).unwrap());
    }

    #[test]
    fn a_hand_that_moves_is_seen_and_a_head_that_moves_is_not() {
        let settings = shipped().pose.rest;
        let mut before = rest(&with_square(250, 300, 30));
        assert!(!before.holds(&with_square(270, 300, 30), &settings).unwrap());
        let mut before = rest(&with_square(300, 80, 50));
        assert!(before.holds(&with_square(320, 80, 50), &settings).unwrap());
    }

    #[test]
    fn a_face_at_the_lower_edge_has_no_body_to_compare() {
        let low = PixelBox { y: 400.0, ..FACE };
        let body = Body { presence: 0.9, nose: [0.0; 2], points: [[0.0; 3]; 10] };
        assert!(Rest::of(&picture(), low, body, &shipped().pose.rest).unwrap().is_none());
    }
}
