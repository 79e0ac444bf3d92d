//! Shape of the mouth, in distances between the outer eye corners of the same face.
//!
//! Measured in axes laid through the eye corners and the base of the nose, so that turning or tilting the head changes
//! little. `corner_down` told pouting from neutral, speaking and smiling faces best (MODELS.md 5: AUC 0.93).

use nalgebra::{Matrix3, Vector3};

use super::landmarks::Points;
pub use crate::track::columns::MOUTH_SHAPE as COLUMNS;

/// Landmark numbers of MediaPipe's mesh. Left and right are the person's own.
const RIGHT_EYE_OUTER: usize = 33;
const LEFT_EYE_OUTER: usize = 263;
const NOSE_BASE: usize = 2;
const CORNER_RIGHT: usize = 61;
const CORNER_LEFT: usize = 291;
const UPPER_LIP_TOP: usize = 0;
const UPPER_LIP_INSIDE: usize = 13;
const LOWER_LIP_INSIDE: usize = 14;
const LOWER_LIP_BOTTOM: usize = 17;
const CHIN: usize = 152;

/// The five measures of [`COLUMNS`]:
/// height of the seam between the lips above the mean of the corners (positive = corners hang), distance of the
/// corners, distance of the lips' inner edges, height of the lower lip's lower edge above the chin, thickness of both
/// lips together. All `NaN` if the landmarks do not span a face.
pub fn shape(points: &Points) -> [f32; 5] {
    let at = |index: usize| Vector3::from(points[index].map(f64::from));
    let (right, left) = (at(RIGHT_EYE_OUTER), at(LEFT_EYE_OUTER));
    let across = left - right;
    let eye_distance = across.norm();
    let middle = (left + right) / 2.0;
    let x = across / eye_distance;
    let z = x.cross(&(middle - at(NOSE_BASE)));
    let z = z / z.norm();
    let y = z.cross(&x);
    let axes = Matrix3::from_rows(&[x.transpose(), y.transpose(), z.transpose()]);
    let place = |index: usize| axes * (at(index) - middle) / eye_distance;
    let distance = |a: usize, b: usize| (place(a) - place(b)).norm();

    let corners = (place(CORNER_RIGHT) + place(CORNER_LEFT)) / 2.0;
    let seam = (place(UPPER_LIP_INSIDE) + place(LOWER_LIP_INSIDE)) / 2.0;
    let measures = [
        seam.y - corners.y,
        distance(CORNER_RIGHT, CORNER_LEFT),
        distance(UPPER_LIP_INSIDE, LOWER_LIP_INSIDE),
        place(LOWER_LIP_BOTTOM).y - place(CHIN).y,
        distance(UPPER_LIP_TOP, UPPER_LIP_INSIDE) + distance(LOWER_LIP_INSIDE, LOWER_LIP_BOTTOM),
    ];
    let whole = measures.iter().all(|measure| measure.is_finite());
    measures.map(|measure| if whole { measure as f32 } else { f32::NAN })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eyes 200 px apart, nose base 100 below, chin 260 below; y grows downwards, as in a picture.
    fn face(corner_y: f32, lips_apart: f32) -> Points {
        let mut points = [[0.0; 3]; 478];
        let mut put = |index: usize, x: f32, y: f32| points[index] = [300.0 + x, 200.0 + y, 0.0];
        put(RIGHT_EYE_OUTER, -100.0, 0.0);
        put(LEFT_EYE_OUTER, 100.0, 0.0);
        put(NOSE_BASE, 0.0, 100.0);
        put(CORNER_RIGHT, -50.0, corner_y);
        put(CORNER_LEFT, 50.0, corner_y);
        put(UPPER_LIP_TOP, 0.0, 140.0);
        put(UPPER_LIP_INSIDE, 0.0, 150.0 - lips_apart / 2.0);
        put(LOWER_LIP_INSIDE, 0.0, 150.0 + lips_apart / 2.0);
        put(LOWER_LIP_BOTTOM, 0.0, 170.0);
        put(CHIN, 0.0, 260.0);
        points
    }

    fn check(points: &Points, expect: [f32; 5]) {
        let found = shape(points);
        for (found, expect) in found.iter().zip(expect) {
            assert!((found - expect).abs() < 1e-5, "{found} instead of {expect}");
        }
    }

    #[test]
    fn measures_are_in_eye_distances() {
        check(&face(150.0, 0.0), [0.0, 0.5, 0.0, 0.45, 0.15]);
        check(&face(160.0, 0.0), [0.05, 0.5, 0.0, 0.45, 0.15]);
        check(&face(150.0, 10.0), [0.0, 0.5, 0.05, 0.45, 0.10]);
    }

    #[test]
    fn tilt_and_size_do_not_matter() {
        let (sin, cos) = 0.4_f32.sin_cos();
        let turned = face(160.0, 10.0).map(|[x, y, z]| [3.0 * (x * cos - y * sin), 3.0 * (x * sin + y * cos), 3.0 * z]);
        check(&turned, shape(&face(160.0, 10.0)));
    }

    #[test]
    fn no_face_has_no_mouth() {
        assert!(shape(&[[1.0; 3]; 478]).iter().all(|measure| measure.is_nan()));
    }
}
