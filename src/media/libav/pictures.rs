//! The picture track of a file.

use std::path::Path;

use ffmpeg::format::Pixel;
use ffmpeg::software::scaling;
use ffmpeg_next as ffmpeg;
use opencv::core::{Mat, MatTraitConst, MatTraitManual, Vec3b};

use crate::media::libav::raw::Scaler;
use crate::media::libav::{Asked, Feed, Track, failed, open, unusable};
use crate::media::pick::{Picker, PictureGrid};
use crate::media::probe::StreamKind;
use crate::media::settings::MediaSettings;
use crate::media::timeline::{Steady, Timeline};
use crate::media::{Damage, Frame, FrameSource, MediaError, add_missing};
use crate::time::{MediaClock, SessionTime, Span, Ticks};

/// Which pictures are wanted, and how large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureWish {
    /// Only the picture nearest to each point; `None`: every picture. A picture nearest to several points comes once.
    pub grid: Option<PictureGrid>,
    /// Wider pictures (after rotation) are scaled down to this width in pixels.
    pub max_width: Option<u32>,
}

/// The pictures of a film, upright, with square pixels.
///
/// All pictures are decoded, only the wanted ones are converted. A picture's time is the file's presentation time plus
/// the offset. Colours are converted as OpenCV's own reader does (ITU-R BT.601).
pub struct VideoReader {
    feed: Feed,
    decoder: ffmpeg::decoder::Video,
    clock: MediaClock,
    timeline: Timeline<(i64, ffmpeg::frame::Video)>,
    steady: Option<Steady>,
    picker: Picker<ffmpeg::frame::Video>,
    converter: Converter,
    damage: Damage,
    zero: SessionTime,
    /// Usual distance of two pictures, nanoseconds.
    usual_length: i64,
    /// End of the last picture, nanoseconds from the file's zero.
    last_end: i64,
    report_hole: i64,
    end: Option<i64>,
    ends_early: i64,
    expected_secs: Option<f64>,
    at_end: bool,
}

impl VideoReader {
    /// Opens the best picture track; `offset` is the session time of the file's zero.
    ///
    /// # Errors
    /// [`MediaError::Unreadable`], [`MediaError::Unusable`], [`MediaError::NoTrack`].
    pub fn open(
        path: &Path,
        offset: SessionTime,
        wish: PictureWish,
        settings: &MediaSettings,
    ) -> Result<Self, MediaError> {
        let input = open(path)?;
        let track = Track::find(&input, ffmpeg::media::Type::Video, None, &settings.time, path)?;
        let stream = input.stream(track.index).ok_or_else(|| unusable(path, "the picture track is gone"))?;
        let cannot =
            |e| unusable(path, format!("the picture ({}) cannot be decoded ({e})", stream.parameters().id().name()));
        let mut context = ffmpeg::codec::Context::from_parameters(stream.parameters()).map_err(cannot)?.decoder();
        context.set_packet_time_base(stream.time_base());
        let codec = ffmpeg::decoder::find(context.id()).ok_or(ffmpeg::Error::DecoderNotFound).map_err(cannot)?;
        let mut options = ffmpeg::Dictionary::new();
        options.set("threads", &settings.picture.threads.clamp(1, 64).to_string());
        let decoder = context.open_as_with(codec, options).and_then(|opened| opened.video()).map_err(cannot)?;
        let shape = Shape::of(&stream, &decoder, wish.max_width)
            .ok_or_else(|| unusable(path, "the film does not say how large its pictures are"))?;
        let rate = stream.avg_frame_rate();
        let usual_length = match (i64::from(rate.numerator()), i64::from(rate.denominator())) {
            (numer @ 1.., denom @ 1..) => 1_000_000_000 * denom / numer,
            _ => 40_000_000,
        };
        let nanos = |secs: crate::time::Secs| i64::try_from(secs.0.as_nanos()).unwrap_or(i64::MAX);
        Ok(Self {
            decoder,
            clock: track.clock,
            timeline: Timeline::new(&settings.time),
            steady: (input.format().name() == "mpeg").then(|| Steady::new(&settings.picture)),
            picker: Picker::new(wish.grid),
            converter: Converter { shape, scaler: None },
            damage: Damage::default(),
            zero: offset,
            usual_length,
            last_end: 0,
            report_hole: nanos(settings.picture.report_hole_secs),
            end: track.end,
            ends_early: nanos(settings.time.ends_early_secs),
            expected_secs: track.expected_secs,
            at_end: false,
            feed: Feed::new(input, track.index),
        })
    }

    fn take_frame(&mut self, frame: ffmpeg::frame::Video) {
        if frame.is_corrupt() || frame.has_decode_errors() {
            self.damage.broken_packets += 1;
            return;
        }
        let stamp = frame.timestamp().or(frame.pts());
        let stamp = stamp.map(|ticks| self.clock.session_from_ticks(Ticks(ticks)).nanos());
        let length = match self.clock.tick.nanos(frame.packet().duration) {
            length @ 1.. => length,
            _ => self.usual_length,
        };
        let stamp = match (&mut self.steady, stamp) {
            (Some(steady), Some(stamp)) => Some(steady.correct(stamp, length)),
            _ => stamp,
        };
        self.timeline.push(stamp, length, (length, frame));
        self.pick();
    }

    fn pick(&mut self) {
        while let Some((at, (length, frame))) = self.timeline.pop() {
            self.place(at, length, frame);
        }
    }

    fn place(&mut self, at: i64, length: i64, frame: ffmpeg::frame::Video) {
        if at.saturating_sub(self.last_end) >= self.report_hole {
            self.add_missing(self.last_end, at);
        }
        self.last_end = self.last_end.max(at.saturating_add(length));
        self.picker.push(self.zero.shifted(SessionTime::from_nanos(at)), frame);
    }

    fn add_missing(&mut self, from: i64, to: i64) {
        let edge = |nanos| self.zero.shifted(SessionTime::from_nanos(nanos));
        add_missing(&mut self.damage, Span::new(edge(from), edge(to)));
    }

    fn finish(&mut self) {
        self.at_end = true;
        self.timeline.finish();
        self.pick();
        self.picker.finish();
        if let Some(end) = self.end
            && end.saturating_sub(self.last_end) >= self.ends_early
        {
            self.add_missing(self.last_end, end);
        }
    }
}

impl FrameSource for VideoReader {
    fn size(&self) -> (u32, u32) {
        self.converter.shape.upright_size()
    }

    fn expected_secs(&self) -> Option<f64> {
        self.expected_secs
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
        loop {
            if let Some((time, frame)) = self.picker.pop() {
                return Ok(Some(Frame { time, image: self.converter.upright(&frame)? }));
            }
            if self.at_end {
                return Ok(None);
            }
            let mut frame = ffmpeg::frame::Video::empty();
            match self.feed.step(&mut self.decoder, &mut frame, &mut self.damage.broken_packets) {
                Asked::Frame => self.take_frame(frame),
                Asked::Again => (),
                Asked::End => self.finish(),
            }
        }
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }
}

/// How stored pictures become upright ones: scaled to `width` x `height`, then transposed, then flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    width: u32,
    height: u32,
    turn: Turn,
}

/// One of the eight ways a camera can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
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
    fn degrees(self) -> u16 {
        match (self.transpose, self.mirror_left_right, self.mirror_up_down) {
            (false, true, true) => 180,
            (true, true, _) => 90,
            (true, false, _) => 270,
            _ => 0,
        }
    }
}

impl Shape {
    fn of(stream: &ffmpeg::Stream, decoder: &ffmpeg::decoder::Video, max_width: Option<u32>) -> Option<Self> {
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

    fn upright_size(&self) -> (u32, u32) {
        if self.turn.transpose { (self.height, self.width) } else { (self.width, self.height) }
    }
}

struct Converter {
    shape: Shape,
    scaler: Option<Scaler>,
}

impl Converter {
    fn upright(&mut self, frame: &ffmpeg::frame::Video) -> Result<Mat, MediaError> {
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
        let mut converted = ffmpeg::frame::Video::empty();
        scaler.0.run(frame, &mut converted).map_err(|e| failed("converting a picture", e))?;
        let image = image_of(&converted, shape).map_err(opencv_failed)?;
        turned(image, shape.turn).map_err(opencv_failed)
    }
}

fn image_of(frame: &ffmpeg::frame::Video, shape: Shape) -> opencv::Result<Mat> {
    let (rows, columns) = (shape.height as i32, shape.width as i32);
    let mut image =
        Mat::new_rows_cols_with_default(rows, columns, opencv::core::CV_8UC3, opencv::core::Scalar::all(0.0))?;
    let row_bytes = shape.width as usize * size_of::<Vec3b>();
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

/// What the container says of a picture track.
pub(super) fn stream_kind(stream: &ffmpeg::Stream) -> StreamKind {
    let decoder = ffmpeg::codec::Context::from_parameters(stream.parameters()).and_then(|c| c.decoder().video());
    let Ok(decoder) = decoder else { return StreamKind::Other };
    let Some(shape) = Shape::of(stream, &decoder, None) else { return StreamKind::Other };
    let (width, height) = shape.upright_size();
    let rate = stream.avg_frame_rate();
    let fps = (rate.denominator() > 0).then(|| f64::from(rate.numerator()) / f64::from(rate.denominator()));
    StreamKind::Picture {
        width,
        height,
        frames_per_sec: fps.filter(|fps| *fps > 0.0),
        turned_degrees: shape.turn.degrees(),
    }
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
