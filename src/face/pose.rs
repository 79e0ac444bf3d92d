//! Head pose: how the canonical face must be turned to lie on the landmarks.
//!
//! Weighted orthogonal Procrustes (Kabsch 1976; Umeyama 1991) on the rigid points of the canonical face. The camera is a
//! pinhole with the field of view of `pose.vertical_field_degrees`, as in MediaPipe: a landmark that lies further away
//! stands closer to the picture's middle than it would in a parallel projection, and is moved out again.
//!
//! Upwards that middle is the picture's. Sideways it is each face's own: films of two people are often two cameras put
//! side by side, and then the picture's middle is nobody's. With the picture's middle in both, the angles are those of
//! MediaPipe's matrix to 0.0001 degrees; docs/validation.md says what is left.

use nalgebra::{Matrix3, Vector3};

use super::canonical::Canonical;
use super::canonical::MESH_POINTS;
use super::landmarks::Points;
use super::settings;

/// What is assumed of the camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Distance at which a picture pixel is as large as itself, in picture pixels.
    pub focal_px: f64,
    /// Height of the optical axis in the picture, pixels from its upper edge.
    pub axis_y_px: f64,
}

impl Camera {
    /// Of a picture of this height in pixels.
    pub fn of_picture(height_px: u32, settings: &settings::Pose) -> Self {
        let half = f64::from(height_px.max(1)) / 2.0;
        let focal_px = half / (f64::from(settings.vertical_field_degrees).to_radians() / 2.0).tan();
        Self { focal_px, axis_y_px: half }
    }
}

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
pub fn pose(canonical: &Canonical, points: &Points, camera: Camera) -> Option<Pose> {
    let mesh = points.get(..MESH_POINTS).unwrap_or(points);
    let mean = |axis: usize| mesh.iter().map(|point| f64::from(point[axis])).sum::<f64>() / mesh.len() as f64;
    let (axis_x, depth) = (mean(0), mean(2));
    let straight = |index: usize| {
        let [x, y, z] = points[index].map(f64::from);
        let nearer = 1.0 + (z - depth) / camera.focal_px;
        Vector3::new((x - axis_x) * nearer, (camera.axis_y_px - y) * nearer, -z)
    };
    let mut model_centre = Vector3::zeros();
    let mut seen_centre = Vector3::zeros();
    for (index, place, weight) in &canonical.rigid {
        model_centre += place * *weight;
        seen_centre += straight(*index) * *weight;
    }
    let mut covariance = Matrix3::zeros();
    let mut model_spread = 0.0;
    for (index, place, weight) in &canonical.rigid {
        let model = place - model_centre;
        covariance += (straight(*index) - seen_centre) * model.transpose() * *weight;
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

    const CAMERA: Camera = Camera { focal_px: 400.0, axis_y_px: 240.0 };

    /// The canonical face, turned and put into a picture by [`CAMERA`], its middle this far above the axis (pixels).
    /// Only its rigid points count; the others lie in its middle.
    fn turned(canonical: &Canonical, rotation: Matrix3<f64>, scale: f64, above: f64) -> Points {
        let mut points = [[320.0, 240.0 - above as f32, 0.0]; 478];
        let place = |place: &Vector3<f64>| rotation * place * scale;
        let count = canonical.rigid.len() as f64;
        let middle = canonical.rigid.iter().map(|(_, p, _)| place(p)).sum::<Vector3<f64>>() / count;
        for (index, p, _) in &canonical.rigid {
            let at = place(p) - middle;
            let away = 1.0 - at.z / CAMERA.focal_px;
            points[*index] = [320.0 + (at.x / away) as f32, 240.0 - ((at.y + above) / away) as f32, -at.z as f32];
        }
        points
    }

    #[test]
    fn a_turned_face_gives_its_angles_back() {
        let canonical = Canonical::from_bytes(&canonical::tests::bytes()).unwrap();
        for (yaw, pitch, roll, above) in [
            (0.0, 0.0, 0.0, 0.0),
            (30.0, 0.0, 0.0, 0.0),
            (0.0, -20.0, 0.0, 0.0),
            (0.0, 0.0, 40.0, 0.0),
            (-50.0, 12.0, -8.0, 0.0),
            (0.0, 0.0, 0.0, 120.0),
            (10.0, -15.0, 5.0, -100.0),
        ] {
            let found =
                pose(&canonical, &turned(&canonical, rotation_from(yaw, pitch, roll), 9.0, above), CAMERA).unwrap();
            let angles = found.angles();
            for (angle, expect) in angles.iter().zip([yaw, pitch, roll]) {
                assert!((angle - expect).abs() < 0.3, "{angles:?} instead of {yaw} {pitch} {roll}");
            }
            assert!((found.scale - 9.0).abs() < 0.1, "{}", found.scale);
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
        assert_eq!(pose(&canonical, &[[5.0; 3]; 478], CAMERA), None);
        assert_eq!(pose(&canonical, &[[f32::NAN; 3]; 478], CAMERA), None);
    }
}
