//! How well the face of one frame can be read: size, turn, blur, presence, edge of the picture.

use opencv::core::{BORDER_REPLICATE, CV_16S, Mat, Size, mean_std_dev, no_array};
use opencv::imgproc::{COLOR_BGR2GRAY, INTER_AREA, cvt_color, laplacian, resize};
use opencv::prelude::*;

use super::settings::{Quality, Ramp};
use super::{FaceError, library};

/// Quality at and above which a frame can be assessed (DOMAIN 1).
pub const ASSESSABLE: f32 = 0.3;

/// Side in pixels to which the looked-at square is scaled before its blur is measured: a face in it is then about 85
/// px wide, so that a large face is not called sharper than a small one.
const BLUR_PX: i32 = 128;

/// What the rating is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seeing {
    /// Height of the face, picture pixels.
    pub height_px: f32,
    /// Head turned away, degrees; sign does not matter.
    pub yaw_degrees: f32,
    /// Head lowered or raised, degrees; sign does not matter.
    pub pitch_degrees: f32,
    /// 0 sharp to 1 blurred.
    pub blur: f32,
    /// From the landmarks network, 0 to 1.
    pub presence: f32,
    /// Share of the face's box inside the picture.
    pub inside: f32,
}

impl Ramp {
    /// 1 up to `full`, 0.3 at `limit`, down to 0 on the same line.
    fn rate(self, value: f32) -> f32 {
        let way = (value - self.full) / (self.limit - self.full);
        if way.is_nan() {
            return 0.0;
        }
        (1.0 - (1.0 - ASSESSABLE) * way).clamp(0.0, 1.0)
    }
}

impl Quality {
    /// 0 to 1: the rating of the worst part, so that each limit holds by itself.
    pub fn rate(&self, seeing: &Seeing) -> f32 {
        [
            self.height_px.rate(seeing.height_px),
            self.yaw_degrees.rate(seeing.yaw_degrees.abs()),
            self.pitch_degrees.rate(seeing.pitch_degrees.abs()),
            self.blur.rate(seeing.blur),
            self.presence.rate(seeing.presence),
            self.inside.rate(seeing.inside),
        ]
        .into_iter()
        .fold(1.0, f32::min)
    }
}

/// Measures blur with its own buffers.
#[derive(Default)]
pub struct BlurMeter {
    small: Mat,
    grey: Mat,
    edges: Mat,
    mean: Mat,
    deviation: Mat,
}

impl BlurMeter {
    /// Variance of the Laplacian over variance of the grey values, of the middle of a square picture of a face. 0 for
    /// an even surface.
    ///
    /// # Errors
    /// [`FaceError::OpenCv`].
    pub fn sharpness(&mut self, crop: &Mat) -> Result<f32, FaceError> {
        let mut measure = || -> opencv::Result<f32> {
            resize(crop, &mut self.small, Size::new(BLUR_PX, BLUR_PX), 0.0, 0.0, INTER_AREA)?;
            cvt_color(&self.small, &mut self.grey, COLOR_BGR2GRAY, 0)?;
            // The face itself: the inner two thirds (the square is 1.5 times as large as the face).
            let edge = BLUR_PX / 6;
            let side = BLUR_PX - 2 * edge;
            let face = Mat::roi(&self.grey, opencv::core::Rect::new(edge, edge, side, side))?;
            laplacian(&face, &mut self.edges, CV_16S, 1, 1.0, 0.0, BORDER_REPLICATE)?;
            mean_std_dev(&self.edges, &mut self.mean, &mut self.deviation, &no_array())?;
            let edges = *self.deviation.at::<f64>(0)?;
            mean_std_dev(&face, &mut self.mean, &mut self.deviation, &no_array())?;
            let grey = *self.deviation.at::<f64>(0)?;
            Ok(if grey > 1.0 { ((edges * edges) / (grey * grey)) as f32 } else { 0.0 })
        };
        measure().map_err(library("measuring blur"))
    }
}

/// Blur from sharpness: 0 at `sharp` and above, 1 at `blurred` and below, logarithmic between.
pub fn blur(sharpness: f32, settings: &Quality) -> f32 {
    let way = (settings.sharp / sharpness.max(1e-9)).ln() / (settings.sharp / settings.blurred).ln();
    way.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use opencv::imgproc::gaussian_blur;

    use super::*;
    use crate::face::settings::tests::shipped;

    const GOOD: Seeing =
        Seeing { height_px: 200.0, yaw_degrees: 5.0, pitch_degrees: -5.0, blur: 0.1, presence: 0.99, inside: 1.0 };

    fn check(seeing: Seeing, expect: f32) {
        let found = shipped().quality.rate(&seeing);
        assert!((found - expect).abs() < 1e-5, "{found} instead of {expect}");
    }

    #[test]
    fn each_limit_holds_by_itself() {
        check(GOOD, 1.0);
        check(Seeing { yaw_degrees: -35.0, ..GOOD }, 0.3);
        check(Seeing { yaw_degrees: 90.0, ..GOOD }, 0.0);
        check(Seeing { pitch_degrees: 25.0, ..GOOD }, 0.3);
        check(Seeing { height_px: 80.0, ..GOOD }, 1.0);
        check(Seeing { height_px: 50.0, ..GOOD }, 0.3);
        check(Seeing { presence: 0.5, blur: 0.9, ..GOOD }, 0.3);
        check(Seeing { presence: f32::NAN, ..GOOD }, 0.0);
    }

    #[test]
    fn blurring_lowers_sharpness() {
        let bytes: Vec<u8> = (0..256 * 256 * 3).map(|i| ((i / 3 % 17) * 11 + (i / 768 % 13) * 7) as u8).collect();
        let sharp = Mat::from_bytes::<opencv::core::Vec3b>(&bytes).unwrap().reshape(3, 256).unwrap().clone_pointee();
        let mut soft = Mat::default();
        gaussian_blur(&sharp, &mut soft, Size::new(0, 0), 4.0, 4.0, BORDER_REPLICATE).unwrap();
        let mut meter = BlurMeter::default();
        let (before, after) = (meter.sharpness(&sharp).unwrap(), meter.sharpness(&soft).unwrap());
        assert!(before > 4.0 * after, "{before} {after}");
        let even = Mat::new_rows_cols_with_default(256, 256, opencv::core::CV_8UC3, 90.0.into()).unwrap();
        assert!(meter.sharpness(&even).unwrap().abs() < 1e-6);
        assert!((blur(0.0, &shipped().quality) - 1.0).abs() < 1e-6);
        assert!(blur(9.0, &shipped().quality).abs() < 1e-6);
    }
}
