//! Direction of looking: where the irises sit between the eye corners, turned by the head.
//!
//! Each iris centre is taken in head axes, from the middle between the corners of its eye, as lying on a small sphere
//! (`gaze.radius_across`, `gaze.radius_upright`). Not calibrated: absolute degrees are rough, changes within a person are what markers use
//! (DOMAIN vid.gazeav takes the person's usual direction as zero). Glasses, half-shut lids and faces turned far away
//! make it worse; MODELS.md 7 lists its accuracy as not verified.

use nalgebra::Vector3;

use super::landmarks::Points;
use super::pose::{Pose, in_camera, yaw_pitch};
use super::settings::Gaze;

/// Landmarks of one eye.
struct Eye {
    corners: [usize; 2],
    lids: [[usize; 2]; 3],
    iris: usize,
}

const EYES: [Eye; 2] = [
    Eye { corners: [33, 133], lids: [[160, 144], [159, 145], [158, 153]], iris: 468 },
    Eye { corners: [263, 362], lids: [[387, 373], [386, 374], [385, 380]], iris: 473 },
];

/// Yaw and pitch in degrees relative to the camera, signs as in [`crate::track::Unit::Degrees`]; `NaN` with both eyes
/// shut.
pub fn direction(points: &Points, pose: &Pose, settings: &Gaze) -> [f32; 2] {
    let to_head = pose.rotation.transpose();
    let at = |index: usize| to_head * in_camera(points, index);
    let mut sum = Vector3::zeros();
    for eye in &EYES {
        let corners = eye.corners.map(at);
        let width = (corners[0] - corners[1]).norm();
        let opening = eye.lids.iter().map(|pair| (at(pair[0]) - at(pair[1])).norm()).sum::<f64>() / 3.0;
        if !(width > 1e-6 && opening >= f64::from(settings.min_opening) * width) {
            continue;
        }
        let offset = (at(eye.iris) - (corners[0] + corners[1]) / 2.0) / width;
        let x = offset.x / f64::from(settings.radius_across);
        let y = (offset.y - f64::from(settings.rest_above)) / f64::from(settings.radius_upright);
        // An iris beyond the sphere's rim looks along the rim.
        let rim = x.hypot(y).max(0.98) / 0.98;
        let (x, y) = (x / rim, y / rim);
        // The eye that is seen more from the front counts more.
        let [outer, inner] = eye.corners.map(|index| points[index]);
        let seen_width = f64::from((outer[0] - inner[0]).hypot(outer[1] - inner[1]));
        sum += Vector3::new(x, y, (1.0 - x * x - y * y).max(0.0).sqrt()) * seen_width;
    }
    if sum.norm() <= 0.0 {
        return [f32::NAN; 2];
    }
    yaw_pitch(pose.rotation * sum).map(|degrees| degrees as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::pose::rotation_from;
    use crate::face::settings::tests::shipped;

    /// Two eyes of 30 px, irises moved by these parts of the eye's width, seen by a head turned by `yaw`.
    fn look(yaw: f64, iris: [f64; 2], opening: f64) -> [f32; 2] {
        let rotation = rotation_from(yaw, 0.0, 0.0);
        let mut points = [[0.0; 3]; 478];
        let mut put = |index: usize, x: f64, y: f64| {
            let v = rotation * Vector3::new(x, y, 0.0);
            points[index] = [v.x as f32, -v.y as f32, -v.z as f32];
        };
        for (eye, middle) in EYES.iter().zip([-30.0, 30.0]) {
            let outwards = if middle < 0.0 { -15.0 } else { 15.0 };
            put(eye.corners[0], middle + outwards, 0.0);
            put(eye.corners[1], middle - outwards, 0.0);
            for lids in eye.lids {
                put(lids[0], middle, opening * 15.0);
                put(lids[1], middle, -opening * 15.0);
            }
            put(eye.iris, middle + iris[0] * 30.0, iris[1] * 30.0);
        }
        direction(&points, &Pose { rotation, scale: 1.0 }, &shipped().gaze)
    }

    fn check(found: [f32; 2], expect: [f32; 2]) {
        assert!((found[0] - expect[0]).abs() < 0.1 && (found[1] - expect[1]).abs() < 0.1, "{found:?}, not {expect:?}");
    }

    #[test]
    fn eyes_and_head_add_up() {
        let rest = f64::from(shipped().gaze.rest_above);
        let half = f64::from(shipped().gaze.radius_across) * 0.5;
        let half_up = f64::from(shipped().gaze.radius_upright) * 0.5;
        check(look(0.0, [0.0, rest], 0.3), [0.0, 0.0]);
        check(look(0.0, [half, rest], 0.3), [30.0, 0.0]);
        check(look(0.0, [0.0, rest - half_up], 0.3), [0.0, -30.0]);
        check(look(20.0, [0.0, rest], 0.3), [20.0, 0.0]);
        check(look(20.0, [-half, rest], 0.3), [-10.0, 0.0]);
    }

    #[test]
    fn shut_eyes_look_nowhere() {
        assert!(look(0.0, [0.0, 0.0], 0.02).iter().all(|degrees| degrees.is_nan()));
    }
}
