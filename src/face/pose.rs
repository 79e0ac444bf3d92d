//! Head pose: how the canonical face must be turned to lie on the landmarks.
//!
//! Weighted orthogonal Procrustes (Kabsch 1976; Umeyama 1991) on the rigid points of the canonical face, with the
//! landmarks taken as a parallel projection. Against MediaPipe's own matrix the median difference is 0.5 degrees in
//! yaw, 2.5 in pitch, 0.15 in roll (MODELS.md 5).

use nalgebra::{Matrix3, Vector3};

use super::canonical::Canonical;
use super::landmarks::Points;

/// How a head is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Takes the head's axes (x to its own left, y up, z out of the face) to the camera's (x right in the picture, y up,
    /// z towards the camera).
    pub rotation: Matrix3<f64>,
    /// Picture pixels per unit of the canonical face (about a centimetre).
    pub scale: f64,
}

/// One landmark in camera axes, picture pixels.
pub fn in_camera(points: &Points, index: usize) -> Vector3<f64> {
    let [x, y, z] = points[index];
    Vector3::new(f64::from(x), -f64::from(y), -f64::from(z))
}

/// The pose of the head under these landmarks; `None` if they do not span a face (all in one line or not numbers).
pub fn pose(canonical: &Canonical, points: &Points) -> Option<Pose> {
    let mut model_centre = Vector3::zeros();
    let mut seen_centre = Vector3::zeros();
    for (index, place, weight) in &canonical.rigid {
        model_centre += place * *weight;
        seen_centre += in_camera(points, *index) * *weight;
    }
    let mut covariance = Matrix3::zeros();
    let mut model_spread = 0.0;
    for (index, place, weight) in &canonical.rigid {
        let model = place - model_centre;
        covariance += (in_camera(points, *index) - seen_centre) * model.transpose() * *weight;
        model_spread += model.norm_squared() * *weight;
    }
    if !covariance.iter().all(|value| value.is_finite()) {
        return None;
    }
    let svd = covariance.svd(true, true);
    let (u, v_t) = (svd.u?, svd.v_t?);
    let mirror = if (u * v_t).determinant() < 0.0 { -1.0 } else { 1.0 };
    // A reflection is undone along the direction that matters least: the smallest singular value.
    let mut flip = Vector3::new(1.0, 1.0, 1.0);
    flip[svd.singular_values.imin()] = mirror;
    let rotation = u * Matrix3::from_diagonal(&flip) * v_t;
    let scale = svd.singular_values.component_mul(&flip).sum() / model_spread;
    (scale.is_finite() && scale > 1e-6).then_some(Pose { rotation, scale })
}

/// Yaw and pitch in degrees of a direction in camera axes: yaw positive towards the right of the picture (the person's
/// own left), pitch positive up, both 0 towards the camera.
pub fn yaw_pitch(direction: Vector3<f64>) -> [f64; 2] {
    let length = direction.norm().max(1e-12);
    let pitch = (direction.y / length).clamp(-1.0, 1.0).asin();
    [direction.x.atan2(direction.z).to_degrees(), pitch.to_degrees()]
}

impl Pose {
    /// Yaw, pitch and roll in degrees, signs as in [`crate::track::Unit::Degrees`]. The head is thought to tilt first
    /// (roll), then to nod (pitch), then to turn (yaw).
    pub fn angles(&self) -> [f64; 3] {
        let [yaw, pitch] = yaw_pitch(self.rotation * Vector3::z());
        let roll = self.rotation[(1, 0)].atan2(self.rotation[(1, 1)]).to_degrees();
        [yaw, pitch, roll]
    }
}

/// The rotation with these angles in degrees: the inverse of [`Pose::angles`].
#[cfg(test)]
pub(super) fn rotation_from(yaw: f64, pitch: f64, roll: f64) -> Matrix3<f64> {
    use nalgebra::Rotation3;
    let turn = |axis, degrees: f64| Rotation3::from_axis_angle(&axis, degrees.to_radians());
    (turn(Vector3::y_axis(), yaw) * turn(Vector3::x_axis(), -pitch) * turn(Vector3::z_axis(), roll)).into_inner()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::face::canonical;

    /// The canonical face, turned and put into a picture (only its rigid points are filled in).
    fn turned(canonical: &Canonical, rotation: Matrix3<f64>, scale: f64) -> Points {
        let mut points = [[0.0; 3]; 478];
        for (index, place, _) in &canonical.rigid {
            let at = rotation * place * scale;
            points[*index] = [320.0 + at.x as f32, 240.0 - at.y as f32, -at.z as f32];
        }
        points
    }

    #[test]
    fn a_turned_face_gives_its_angles_back() {
        let canonical = Canonical::from_bytes(&canonical::tests::bytes()).unwrap();
        for (yaw, pitch, roll) in
            [(0.0, 0.0, 0.0), (30.0, 0.0, 0.0), (0.0, -20.0, 0.0), (0.0, 0.0, 40.0), (-50.0, 12.0, -8.0)]
        {
            let found = pose(&canonical, &turned(&canonical, rotation_from(yaw, pitch, roll), 9.0)).unwrap();
            let angles = found.angles();
            for (angle, expect) in angles.iter().zip([yaw, pitch, roll]) {
                assert!((angle - expect).abs() < 1e-3, "{angles:?} instead of {yaw} {pitch} {roll}");
            }
            assert!((found.scale - 9.0).abs() < 1e-3);
        }
    }

    /// The signs of `Unit::Degrees`, said in picture coordinates.
    #[test]
    fn signs_are_the_persons_own() {
        let nose = |yaw, pitch| rotation_from(yaw, pitch, 0.0) * Vector3::z();
        assert!(nose(20.0, 0.0).x > 0.0, "the person's own left is the right of the picture");
        assert!(nose(0.0, 20.0).y > 0.0, "positive pitch looks up");
        let top_of_head = rotation_from(0.0, 0.0, 20.0) * Vector3::y();
        assert!(top_of_head.x < 0.0, "the person's own right shoulder is at the left of the picture");
    }

    #[test]
    fn what_is_no_face_has_no_pose() {
        let canonical = Canonical::from_bytes(&canonical::tests::bytes()).unwrap();
        assert_eq!(pose(&canonical, &[[5.0; 3]; 478]), None);
        assert_eq!(pose(&canonical, &[[f32::NAN; 3]; 478]), None);
    }
}
