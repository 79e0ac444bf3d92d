//! 478 landmarks of one face: a square of the picture, levelled and scaled, goes through the network.
//!
//! MediaPipe's face landmarks network (Apache-2.0, from `face_landmarker.task`; `models/models.toml` has the hash).
//! Input `[1, 3, 256, 256]`, red green blue, 0 to 1. Reference numbers: `fixtures/face_reference.py`.

use opencv::core::{BORDER_REPLICATE, Mat, Matx23d, Scalar, Size};
use opencv::imgproc::{INTER_LINEAR, WARP_INVERSE_MAP, warp_affine};
use opencv::prelude::*;

use super::{FaceError, library};
use crate::model::{Network, Shelf, Tensor};
use crate::origin::ModelFile;

/// Points of the network: 468 of the mesh, 5 of each iris.
pub const POINTS: usize = 478;

/// Landmarks in picture pixels, x to the right, y down, z away from the camera (0 about at the head's middle).
pub type Points = [[f32; 3]; POINTS];

/// Side of the network's square input, pixels.
pub const INPUT_PX: usize = 256;

/// The looked-at square is this much larger than the face (MediaPipe's graph).
const MARGIN: f32 = 1.5;

const RIGHT_EYE_OUTER: usize = 33;
const LEFT_EYE_OUTER: usize = 263;

/// An upright box in picture pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PixelBox {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width, not negative.
    pub width: f32,
    /// Height, not negative.
    pub height: f32,
}

impl PixelBox {
    /// The box around all landmarks.
    pub fn around(points: &Points) -> Self {
        let mut low = [f32::INFINITY; 2];
        let mut high = [f32::NEG_INFINITY; 2];
        for point in points {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        Self { x: low[0], y: low[1], width: high[0] - low[0], height: high[1] - low[1] }
    }

    /// Middle of the box.
    pub fn centre(&self) -> [f32; 2] {
        [self.x + self.width / 2.0, self.y + self.height / 2.0]
    }

    fn area(&self) -> f32 {
        self.width * self.height
    }

    fn common_area(&self, other: &Self) -> f32 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        width.max(0.0) * height.max(0.0)
    }

    /// Shared part of the joint area, 0 to 1 (intersection over union).
    pub fn shared_area(&self, other: &Self) -> f32 {
        let common = self.common_area(other);
        common / (self.area() + other.area() - common + 1e-9)
    }

    /// Share of this box that lies inside a picture of this size, 0 to 1.
    pub fn inside(&self, width: u32, height: u32) -> f32 {
        let picture = Self { x: 0.0, y: 0.0, width: width as f32, height: height as f32 };
        self.common_area(&picture) / (self.area() + 1e-9)
    }
}

/// A turned square of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Square {
    /// Middle, picture pixels.
    pub centre: [f32; 2],
    /// Side, picture pixels.
    pub side: f32,
    /// Clockwise turn of its upper edge, radians.
    pub turn: f32,
}

impl Square {
    /// Around a detected face with the places of its eyes (the person's right, then left).
    pub fn from_detection(face: &PixelBox, eyes: [[f32; 2]; 2]) -> Self {
        let turn = (eyes[1][1] - eyes[0][1]).atan2(eyes[1][0] - eyes[0][0]);
        Self { centre: face.centre(), side: face.width.max(face.height) * MARGIN, turn }
    }

    /// Around landmarks.
    pub fn from_points(points: &Points) -> Self {
        let [right, left] = [points[RIGHT_EYE_OUTER], points[LEFT_EYE_OUTER]];
        Self::from_detection(&PixelBox::around(points), [[right[0], right[1]], [left[0], left[1]]])
    }

    /// How far `other` is off, as a part of the side: of place, of size, or of turn, whichever is most.
    pub fn distance(&self, other: &Self) -> f32 {
        let place = (self.centre[0] - other.centre[0]).hypot(self.centre[1] - other.centre[1]) / self.side;
        let size = (other.side / self.side - 1.0).abs();
        let turn = (self.turn - other.turn).sin().atan2((self.turn - other.turn).cos()).abs();
        place.max(size).max(turn / 2.0)
    }

    /// Takes input pixels to picture pixels: rows of a 2 x 3 matrix.
    fn to_picture(self) -> [f64; 6] {
        let (sin, cos) = f64::from(self.turn).sin_cos();
        let scale = f64::from(self.side) / INPUT_PX as f64;
        let half = INPUT_PX as f64 / 2.0;
        let (a, b) = (cos * scale, sin * scale);
        let [x, y] = self.centre.map(f64::from);
        [a, -b, x - (a - b) * half, b, a, y - (b + a) * half]
    }

    /// Whether there is something to look at: a size, and at least partly in the picture.
    fn is_usable(&self, width: u32, height: u32) -> bool {
        let finite = self.centre.iter().chain([&self.side, &self.turn]).all(|value| value.is_finite());
        let half = self.side / 2.0;
        let [x, y] = self.centre;
        finite
            && self.side >= 4.0
            && self.side <= 8.0 * width.max(height) as f32
            && x > -half
            && y > -half
            && x < width as f32 + half
            && y < height as f32 + half
    }
}

/// What the network said about one square.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The landmarks.
    pub points: Points,
    /// How sure the network is that there is a face, 0 to 1.
    pub presence: f32,
}

/// The landmarks network with its buffers, for one thread.
pub struct Landmarker {
    network: Network,
    /// The last looked-at square, 256 x 256, blue green red.
    crop: Mat,
    input: Tensor,
}

impl Landmarker {
    /// Loads the network.
    ///
    /// # Errors
    /// [`FaceError::Model`].
    pub fn load(shelf: &Shelf) -> Result<Self, FaceError> {
        let shape = vec![1, 3, INPUT_PX, INPUT_PX];
        let input = Tensor { values: vec![0.0; shape.iter().product()], shape };
        Ok(Self { network: shelf.load("face_landmarks", 1)?, crop: Mat::default(), input })
    }

    /// Which network runs, on what.
    pub fn file(&self) -> &ModelFile {
        self.network.file()
    }

    /// The square that [`Self::look`] looked at last, 256 x 256 pixels, blue green red; empty before.
    pub fn crop(&self) -> &Mat {
        &self.crop
    }

    /// Landmarks in this square of the picture; `None` if the square lies outside.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or the network fails.
    pub fn look(&mut self, picture: &Mat, square: Square) -> Result<Option<Seen>, FaceError> {
        if !square.is_usable(picture.cols().unsigned_abs(), picture.rows().unsigned_abs()) {
            return Ok(None);
        }
        let map = square.to_picture();
        let size = Size::new(INPUT_PX as i32, INPUT_PX as i32);
        let how = INTER_LINEAR | WARP_INVERSE_MAP;
        // Beyond the picture's edge its last pixels go on, as in MediaPipe.
        let matrix = Matx23d::from_array(map);
        warp_affine(picture, &mut self.crop, &matrix, size, how, BORDER_REPLICATE, Scalar::default())
            .map_err(library("cutting out a face"))?;
        let pixels = self.crop.data_bytes().map_err(library("reading a picture"))?;
        planes_red_first(pixels, &mut self.input.values, 1.0 / 255.0);

        let outputs = self.network.run(&[("input_12", &self.input)], &["Identity", "Identity_1"])?;
        let [raw, logit] = outputs.as_slice() else { return Err(FaceError::Output { network: "face_landmarks" }) };
        let (Some(&logit), true) = (logit.values.first(), raw.values.len() == 3 * POINTS) else {
            return Err(FaceError::Output { network: "face_landmarks" });
        };
        let depth = square.side / INPUT_PX as f32;
        let mut points = [[0.0; 3]; POINTS];
        for (point, raw) in points.iter_mut().zip(raw.values.chunks_exact(3)) {
            let (x, y) = (f64::from(raw[0]), f64::from(raw[1]));
            *point =
                [(map[0] * x + map[1] * y + map[2]) as f32, (map[3] * x + map[4] * y + map[5]) as f32, raw[2] * depth];
        }
        Ok(Some(Seen { points, presence: 1.0 / (1.0 + (-logit).exp()) }))
    }
}

/// Interleaved blue green red bytes to a red, a green and a blue plane, each value times `scale`.
fn planes_red_first(pixels: &[u8], planes: &mut [f32], scale: f32) {
    let count = planes.len() / 3;
    let (red, rest) = planes.split_at_mut(count);
    let (green, blue) = rest.split_at_mut(count);
    for (((pixel, red), green), blue) in pixels.chunks_exact(3).zip(red).zip(green).zip(blue) {
        *blue = f32::from(pixel[0]) * scale;
        *green = f32::from(pixel[1]) * scale;
        *red = f32::from(pixel[2]) * scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_maps_its_corners() {
        let square = Square { centre: [100.0, 50.0], side: 64.0, turn: 0.0 };
        let map = square.to_picture();
        let at = |x: f64, y: f64| [map[0] * x + map[1] * y + map[2], map[3] * x + map[4] * y + map[5]];
        let near = |found: [f64; 2], expect: [f64; 2]| found.iter().zip(expect).all(|(f, e)| (f - e).abs() < 1e-3);
        assert!(near(at(0.0, 0.0), [68.0, 18.0]));
        assert!(near(at(256.0, 256.0), [132.0, 82.0]));
        // A quarter turn clockwise: what is right in the input lies below in the picture.
        let turned = Square { turn: std::f32::consts::FRAC_PI_2, ..square }.to_picture();
        let right =
            [turned[0] * 256.0 + turned[1] * 128.0 + turned[2], turned[3] * 256.0 + turned[4] * 128.0 + turned[5]];
        assert!((right[0] - 100.0).abs() < 1e-3 && (right[1] - 82.0).abs() < 1e-3, "{right:?}");
    }

    #[test]
    fn distance_sees_place_size_and_turn() {
        let square = Square { centre: [100.0, 100.0], side: 100.0, turn: 3.1 };
        let check = |other: Square, expect: f32| {
            let found = square.distance(&other);
            assert!((found - expect).abs() < 1e-3, "{found} instead of {expect}");
        };
        check(square, 0.0);
        check(Square { centre: [110.0, 100.0], ..square }, 0.1);
        check(Square { side: 120.0, ..square }, 0.2);
        check(Square { turn: 3.1 + 0.2 - std::f32::consts::TAU, ..square }, 0.1);
    }

    #[test]
    fn boxes_share_their_area() {
        let unit = PixelBox { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };
        let check = |x: f32, expect: f32| {
            let found = unit.shared_area(&PixelBox { x, ..unit });
            assert!((found - expect).abs() < 1e-5, "{found} instead of {expect}");
        };
        check(0.0, 1.0);
        check(5.0, 1.0 / 3.0);
        check(10.0, 0.0);
        check(50.0, 0.0);
        assert!((PixelBox { x: -5.0, ..unit }.inside(100, 100) - 0.5).abs() < 1e-5);
    }

    #[test]
    fn hostile_squares_are_not_looked_at() {
        let good = Square { centre: [50.0, 50.0], side: 40.0, turn: 0.0 };
        assert!(good.is_usable(100, 100));
        for bad in [
            Square { centre: [f32::NAN, 0.0], ..good },
            Square { side: f32::INFINITY, ..good },
            Square { side: 0.0, ..good },
            Square { centre: [900.0, 50.0], ..good },
            Square { centre: [50.0, -500.0], ..good },
        ] {
            assert!(!bad.is_usable(100, 100), "{bad:?}");
        }
    }

    #[test]
    fn planes_come_red_first() {
        let mut planes = [0.0; 6];
        planes_red_first(&[1, 2, 3, 4, 5, 6], &mut planes, 1.0);
        let whole: Vec<i32> = planes.iter().map(|value| value.round() as i32).collect();
        assert_eq!(whole, [3, 6, 2, 5, 1, 4]);
    }
}
