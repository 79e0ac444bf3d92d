//! Shoulders, elbows, wrists and hips of one body in one picture.
//!
//! BlazePose GHUM lite (Google, Apache-2.0, from npm `@mediapipe/pose`; `models/models.toml` has the hash), without its
//! mask, heat maps and world coordinates, which takes 4.6 ms instead of 12.7. Input `[1, 3, 256, 256]`, red green blue,
//! 0 to 1; `Identity` 39 x (x, y, z, visibility, presence), in input pixels and logits; `Identity_1` the probability of a
//! body. MediaPipe takes the square from a second network; here the face gives it.

use opencv::core::{BORDER_CONSTANT, Mat, Matx23d, Scalar, Size};
use opencv::imgproc::{INTER_LINEAR, WARP_INVERSE_MAP, warp_affine};
use opencv::prelude::*;

use super::settings::Pose as Settings;
use super::{BodyError, library};
use crate::face::landmarks::PixelBox;
use crate::model::{Network, Shelf, Tensor};
use crate::origin::ModelFile;

/// Name in `models.toml`.
pub const NETWORK: &str = "pose";

const INPUT_PX: usize = 256;
const VALUES: usize = 39 * 5;

/// Numbers of the points in the network's output.
const NOSE: usize = 0;
/// Left and right shoulder, elbow, wrist, hand (first and last knuckle), hip.
const LIMBS: [&[usize]; 10] = [&[11], &[12], &[13], &[14], &[15], &[16], &[17, 19], &[18, 20], &[23], &[24]];

/// One point: x and y in picture pixels, `NaN` where it is not visible; how visible, 0 to 1.
pub type Point = [f32; 3];

/// One body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body {
    /// How sure the network is that there is one, 0 to 1.
    pub presence: f32,
    /// Its nose, picture pixels.
    pub nose: [f32; 2],
    /// Left and right shoulder, elbow, wrist, hand, hip.
    pub points: [Point; LIMBS.len()],
}

impl Body {
    /// Whether both shoulders are visible.
    pub fn has_shoulders(&self) -> bool {
        self.points[..2].iter().all(|point| !point[0].is_nan())
    }
}

/// The network with its buffers, for one thread.
pub struct Reader {
    network: Network,
    crop: Mat,
    input: Tensor,
}

impl Reader {
    /// Loads the network, to run on one thread.
    ///
    /// # Errors
    /// [`BodyError::Model`].
    pub fn load(shelf: &Shelf) -> Result<Self, BodyError> {
        let shape = vec![1, 3, INPUT_PX, INPUT_PX];
        let input = Tensor { values: vec![0.0; shape.iter().product()], shape };
        Ok(Self { network: shelf.load(NETWORK, 1)?, crop: Mat::default(), input })
    }

    /// Which network runs, on what.
    pub fn file(&self) -> &ModelFile {
        self.network.file()
    }

    /// The body below this face; `None` if there is none, or another person's.
    ///
    /// # Errors
    /// [`BodyError`] if OpenCV or the network fails.
    pub fn read(&mut self, picture: &Mat, face: &PixelBox, settings: &Settings) -> Result<Option<Body>, BodyError> {
        let [x, y] = face.centre();
        let side = settings.side * face.height;
        let corner = [x - side / 2.0, y + settings.below * face.height - side / 2.0];
        self.fill(picture, corner, side)?;
        let outputs = self.network.run(&[("input_1", &self.input)], &["Identity", "Identity_1"])?;
        let body = outputs
            .first()
            .zip(outputs.get(1).and_then(|presence| presence.values.first()))
            .and_then(|(points, presence)| body(&points.values, *presence, corner, side))
            .ok_or(BodyError::Output)?;
        let nose = expected_nose(face);
        let off = (body.nose[0] - nose[0]).hypot(body.nose[1] - nose[1]) / face.height;
        let is_theirs = body.presence >= settings.min_presence && off <= settings.most_nose_off;
        let size = [picture.cols() as f32, picture.rows() as f32];
        Ok(is_theirs.then(|| hide(body, size, settings.min_visible)))
    }

    fn fill(&mut self, picture: &Mat, corner: [f32; 2], side: f32) -> Result<(), BodyError> {
        let scale = f64::from(side) / INPUT_PX as f64;
        let map = Matx23d::from_array([scale, 0.0, f64::from(corner[0]), 0.0, scale, f64::from(corner[1])]);
        let size = Size::new(INPUT_PX as i32, INPUT_PX as i32);
        let flags = INTER_LINEAR | WARP_INVERSE_MAP;
        warp_affine(picture, &mut self.crop, &map, size, flags, BORDER_CONSTANT, Scalar::default())
            .map_err(library("cutting out a body"))?;
        let pixels = self.crop.data_bytes().map_err(library("reading a picture"))?;
        let plane = INPUT_PX * INPUT_PX;
        for (index, pixel) in pixels.chunks_exact(3).enumerate() {
            for channel in 0..3 {
                self.input.values[channel * plane + index] = f32::from(pixel[2 - channel]) / 255.0;
            }
        }
        Ok(())
    }
}

/// Where the nose of a face box is, picture pixels.
pub fn expected_nose(face: &PixelBox) -> [f32; 2] {
    [face.x + face.width / 2.0, face.y + 0.6 * face.height]
}

/// Reads the network's numbers; `None` if they are too few.
fn body(values: &[f32], presence: f32, corner: [f32; 2], side: f32) -> Option<Body> {
    let values = values.get(..VALUES)?;
    let scale = side / INPUT_PX as f32;
    let point = |number: usize| {
        let value = &values[5 * number..5 * number + 5];
        let visible = 1.0 / (1.0 + (-value[3]).exp());
        [corner[0] + scale * value[0], corner[1] + scale * value[1], visible]
    };
    let [x, y, _] = point(NOSE);
    let mean = |numbers: &[usize]| {
        let mut sum = [0.0, 0.0, 1.0_f32];
        for point in numbers.iter().map(|&number| point(number)) {
            sum = [sum[0] + point[0], sum[1] + point[1], sum[2].min(point[2])];
        }
        let count = numbers.len() as f32;
        [sum[0] / count, sum[1] / count, sum[2]]
    };
    Some(Body { presence, nose: [x, y], points: LIMBS.map(mean) })
}

/// For each point the one without which it is a guess: wrists and hands hang on elbows, which in close-ups lie outside
/// the picture while the network still draws hands somewhere near the shoulders.
const HANGS_ON: [usize; LIMBS.len()] = [0, 1, 2, 3, 2, 3, 2, 3, 8, 9];

/// Takes the places off points that are not visible, outside the picture or guessed.
fn hide(body: Body, [width, height]: [f32; 2], min_visible: f32) -> Body {
    let is_seen =
        |[x, y, visible]: Point| (0.0..width).contains(&x) && (0.0..height).contains(&y) && visible >= min_visible;
    let seen = body.points.map(is_seen);
    let mut points = body.points;
    for (number, point) in points.iter_mut().enumerate() {
        if !(seen[number] && seen[HANGS_ON[number]]) {
            (point[0], point[1]) = (f32::NAN, f32::NAN);
        }
    }
    Body { points, ..body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_become_places_in_the_picture() {
        let mut values = [0.0; VALUES];
        values[5 * 12..5 * 12 + 5].copy_from_slice(&[128.0, 64.0, 0.0, 3.0, 3.0]);
        values[5 * 17..5 * 17 + 5].copy_from_slice(&[100.0, 200.0, 0.0, 3.0, 3.0]);
        values[5 * 19..5 * 19 + 5].copy_from_slice(&[120.0, 220.0, 0.0, -3.0, 3.0]);
        let body = body(&values, 0.9, [100.0, -20.0], 512.0).unwrap();
        assert_eq!(body.points[1][..2], [356.0, 108.0]);
        assert_eq!(body.points[6][..2], [320.0, 400.0]);
        let hidden = hide(body, [640.0, 480.0], 0.5);
        assert!(hidden.points[6][0].is_nan() && hidden.points[6][2] < 0.1, "one knuckle is hidden");
        assert!(hidden.points[0][1].is_nan(), "above the picture");
        assert!(!hidden.points[1][0].is_nan() && !hidden.has_shoulders());
    }

    #[test]
    fn a_hand_without_an_elbow_is_a_guess() {
        let mut points = [[100.0, 100.0, 0.9]; LIMBS.len()];
        points[2][1] = 900.0;
        let found = hide(Body { presence: 1.0, nose: [0.0; 2], points }, [640.0, 480.0], 0.5);
        let hidden: Vec<bool> = found.points.iter().map(|point| point[0].is_nan()).collect();
        assert_eq!(hidden, [false, false, true, false, true, false, true, false, false, false]);
    }

    #[test]
    fn too_few_numbers_are_no_body() {
        assert_eq!(body(&[0.0; 10], 1.0, [0.0; 2], 1.0), None);
    }
}
