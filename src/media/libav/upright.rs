//! Stored pictures to upright ones in OpenCV's form.

use ffmpeg::format::Pixel;
use ffmpeg::software::scaling;
use ffmpeg_next as ffmpeg;
use opencv::core::{Mat, MatTraitConst, MatTraitManual, Vec3b};

use crate::media::MediaError;
use crate::media::libav::failed;
use crate::media::libav::raw::Scaler;

/// How stored pictures become upright ones: scaled to `width` x `height`, then transposed, then flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    width: u32,
    height: u32,
    pub(super) turn: Turn,
}

/// One of the eight ways a camera can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    transpose: bool,
    mirror_left_right: bool,
    mirror_up_down: bool,
}

impl Turn {
    const NONE: Self = Self { transpose: false, mirror_left_right: false, mirror_up_down: false };

    /// From a display matrix (nine 32 bit numbers `a b u c d v x y w`; ISO/IEC 14496-12, 6.2.2): a stored point (x, y)
    /// is shown at (a x + c y, b x + d y). Rounded to a quarter turn.
    fn from_display_matrix(bytes: &[u8]) -> Self {
        let number = |index: usize| {
            bytes.get(4 * index..4 * index + 4).map_or(0, |b| i64::from(i32::from_ne_bytes([b[0], b[1], b[2], b[3]])))
        };
        let (a, b, c, d) = (number(0), number(1), number(3), number(4));
        if a.abs() + d.abs() >= b.abs() + c.abs() {
            Self { transpose: false, mirror_left_right: a < 0, mirror_up_down: d < 0 }
        } else {
            Self { transpose: true, mirror_left_right: c < 0, mirror_up_down: b < 0 }
        }
    }

    fn of(stream: &ffmpeg::Stream) -> Self {
        let matrix = stream.side_data().find(|data| data.kind() == ffmpeg::packet::side_data::Type::DisplayMatrix);
        matrix.map_or(Self::NONE, |data| Self::from_display_matrix(data.data()))
    }

    /// Clockwise degrees, for people; a mirrored picture counts as its turn.
    pub(super) fn degrees(self) -> u16 {
        match (self.transpose, self.mirror_left_right, self.mirror_up_down) {
            (false, true, true) => 180,
            (true, true, _) => 90,
            (true, false, _) => 270,
            _ => 0,
        }
    }
}

impl Shape {
    /// As the stream's header says, scaled down to `max_width`; `None` if it does not say a size.
    pub(super) fn of(
        stream: &ffmpeg::Stream,
        decoder: &ffmpeg::decoder::Video,
        max_width: Option<u32>,
    ) -> Option<Self> {
        let (width, height) = (decoder.width(), decoder.height());
        if width == 0 || height == 0 || width > 16_384 || height > 16_384 {
            return None;
        }
        let turn = Turn::of(stream);
        let pixel = decoder.aspect_ratio();
        let pixel = f64::from(pixel.numerator()) / f64::from(pixel.denominator());
        // A ratio that no camera uses is a damaged header.
        let pixel = if (0.25..=4.0).contains(&pixel) { pixel } else { 1.0 };
        let (wide, high) = (f64::from(width) * pixel, f64::from(height));
        let shown_width = if turn.transpose { high } else { wide };
        let scale = max_width.map_or(1.0, |most| (f64::from(most.max(1)) / shown_width.round()).min(1.0));
        let size = |length: f64| (length * scale).round().max(1.0) as u32;
        Some(Self { width: size(wide), height: size(high), turn })
    }

    /// Width and height after turning.
    pub(super) fn upright_size(&self) -> (u32, u32) {
        if self.turn.transpose { (self.height, self.width) } else { (self.width, self.height) }
    }
}

/// Makes upright pictures of one shape, whatever the size and format of what comes in.
pub(super) struct Converter {
    pub(super) shape: Shape,
    scaler: Option<Scaler>,
    /// The last converted picture: its memory serves the next one, too.
    converted: ffmpeg::frame::Video,
}

impl Converter {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, scaler: None, converted: ffmpeg::frame::Video::empty() }
    }

    pub(super) fn upright(&mut self, frame: &ffmpeg::frame::Video) -> Result<Mat, MediaError> {
        let shape = self.shape;
        let same = |scaler: &Scaler| {
            let input = scaler.0.input();
            input.format == frame.format() && input.width == frame.width() && input.height == frame.height()
        };
        let scaler = match self.scaler.take().filter(same) {
            Some(scaler) => scaler,
            None => Scaler(
                scaling::Context::get(
                    frame.format(),
                    frame.width(),
                    frame.height(),
                    Pixel::BGR24,
                    shape.width,
                    shape.height,
                    scaling::Flags::AREA,
                )
                .map_err(|e| failed("preparing the colours of a picture", e))?,
            ),
        };
        let scaler = self.scaler.insert(scaler);
        scaler.0.run(frame, &mut self.converted).map_err(|e| failed("converting a picture", e))?;
        let image = image_of(&self.converted, shape).map_err(opencv_failed)?;
        turned(image, shape.turn).map_err(opencv_failed)
    }
}

fn image_of(frame: &ffmpeg::frame::Video, shape: Shape) -> opencv::Result<Mat> {
    let (rows, columns) = (shape.height as i32, shape.width as i32);
    let row_bytes = shape.width as usize * size_of::<Vec3b>();
    if let Some(data) = frame.data(0).get(..row_bytes * shape.height as usize).filter(|_| frame.stride(0) == row_bytes)
    {
        // Rows without gaps: one copy.
        return Mat::new_rows_cols_with_bytes::<Vec3b>(rows, columns, data)?.try_clone();
    }
    let mut image =
        Mat::new_rows_cols_with_default(rows, columns, opencv::core::CV_8UC3, opencv::core::Scalar::all(0.0))?;
    let stride = frame.stride(0).max(row_bytes);
    let data = frame.data(0);
    for (to, from) in image.data_bytes_mut()?.chunks_exact_mut(row_bytes).zip(data.chunks(stride)) {
        if let Some(from) = from.get(..row_bytes) {
            to.copy_from_slice(from);
        }
    }
    Ok(image)
}

fn turned(image: Mat, turn: Turn) -> opencv::Result<Mat> {
    let image = if turn.transpose {
        let mut out = Mat::default();
        opencv::core::transpose(&image, &mut out)?;
        out
    } else {
        image
    };
    let code = match (turn.mirror_left_right, turn.mirror_up_down) {
        (false, false) => return Ok(image),
        (true, false) => 1,
        (false, true) => 0,
        (true, true) => -1,
    };
    let mut out = Mat::default();
    opencv::core::flip(&image, &mut out, code)?;
    debug_assert_eq!(out.total(), image.total());
    Ok(out)
}

fn opencv_failed(error: opencv::Error) -> MediaError {
    MediaError::Library { library: "OpenCV", doing: "making a picture upright", message: error.message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(matrix: [i32; 4], degrees: u16, corner: (bool, bool)) {
        let [a, b, c, d] = matrix.map(|v| v * 65_536);
        let bytes: Vec<u8> = [a, b, 0, c, d, 0, 0, 0, 1 << 30].iter().flat_map(|v: &i32| v.to_ne_bytes()).collect();
        let turn = Turn::from_display_matrix(&bytes);
        assert_eq!(turn.degrees(), degrees);
        // A bright top left corner of a 3 x 2 picture must land where the matrix says.
        let mut image =
            Mat::new_rows_cols_with_default(2, 3, opencv::core::CV_8UC3, opencv::core::Scalar::all(0.0)).unwrap();
        image.data_bytes_mut().unwrap()[0] = 255;
        let out = turned(image, turn).unwrap();
        let (x, y) = (if corner.0 { out.cols() - 1 } else { 0 }, if corner.1 { out.rows() - 1 } else { 0 });
        assert_eq!(out.at_2d::<Vec3b>(y, x).unwrap()[0], 255);
    }

    #[test]
    fn every_way_to_hold_a_camera() {
        check([1, 0, 0, 1], 0, (false, false));
        check([0, 1, -1, 0], 90, (true, false));
        check([-1, 0, 0, -1], 180, (true, true));
        check([0, -1, 1, 0], 270, (false, true));
        check([-1, 0, 0, 1], 0, (true, false));
        check([1, 0, 0, -1], 0, (false, true));
    }

    #[test]
    fn a_damaged_matrix_turns_nothing() {
        assert_eq!(Turn::from_display_matrix(&[]), Turn::NONE);
    }
}
