//! The picture track of a file.

use std::path::Path;

use ffmpeg_next as ffmpeg;

use crate::media::libav::upright::{Converter, Shape};
use crate::media::libav::{Asked, Feed, Track, open, unusable};
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
/// Pictures are decoded if they are wanted or others build on them; only the wanted ones are converted. A picture's time is the file's presentation time plus
/// the offset. Colours are converted as OpenCV's own reader does (ITU-R BT.601).
pub struct VideoReader {
    decoding: Decoding,
    converter: Converter,
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
        let (decoding, shape) = Decoding::open(path, offset, wish, settings)?;
        Ok(Self { decoding, converter: Converter::new(shape) })
    }
}

impl FrameSource for VideoReader {
    fn size(&self) -> (u32, u32) {
        self.converter.shape.upright_size()
    }

    fn expected_secs(&self) -> Option<f64> {
        self.decoding.expected_secs
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
        let Some((time, frame)) = self.decoding.next() else { return Ok(None) };
        Ok(Some(Frame { time, image: self.converter.upright(&frame)? }))
    }

    fn damage(&self) -> &Damage {
        &self.decoding.damage
    }
}

/// Which packets need no decoding, unless other pictures build on them: those of a film with an even rate that lie so far
/// from the next wanted point that a neighbour is nearer. What comes out is the same.
#[derive(Clone, Copy)]
struct Needs {
    /// Wanted points, and the distance of the film's pictures in nanoseconds; `None`: everything is needed.
    even: Option<(PictureGrid, i64)>,
    /// Whether the last picture stood where its time stamp says, so that the next packet's stamp can be believed.
    plain: bool,
}

impl Needs {
    /// `at`: where a packet's picture will be, by its stamp.
    fn needs(self, at: Option<SessionTime>, broken: u64) -> bool {
        match (self.even, at) {
            (Some((grid, length)), Some(at)) if self.plain && broken == 0 => grid.nanos_to_point(at) < length / 4 * 3,
            _ => true,
        }
    }
}

/// The wanted pictures as the decoder gives them.
struct Decoding {
    feed: Feed,
    decoder: ffmpeg::decoder::Video,
    clock: MediaClock,
    timeline: Timeline<(i64, ffmpeg::frame::Video)>,
    steady: Option<Steady>,
    picker: Picker<ffmpeg::frame::Video>,
    needs: Needs,
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

impl Decoding {
    fn open(
        path: &Path,
        offset: SessionTime,
        wish: PictureWish,
        settings: &MediaSettings,
    ) -> Result<(Self, Shape), MediaError> {
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
        let is_even = rate == stream.rate() && rate.numerator() > 0 && rate.denominator() > 0;
        let even = wish.grid.filter(|_| is_even && input.format().name() != "mpeg").map(|grid| (grid, usual_length));
        let nanos = |secs: crate::time::Secs| i64::try_from(secs.0.as_nanos()).unwrap_or(i64::MAX);
        let decoding = Self {
            decoder,
            clock: track.clock,
            timeline: Timeline::new(&settings.time),
            steady: (input.format().name() == "mpeg").then(|| Steady::new(&settings.picture)),
            picker: Picker::new(wish.grid),
            needs: Needs { even, plain: false },
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
        };
        Ok((decoding, shape))
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
        let stamp = frame.timestamp().or(frame.pts());
        self.needs.plain = stamp.is_some_and(|ticks| self.clock.session_from_ticks(Ticks(ticks)).nanos() == at);
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

    fn next(&mut self) -> Option<(SessionTime, ffmpeg::frame::Video)> {
        loop {
            if let Some(picked) = self.picker.pop() {
                return Some(picked);
            }
            if self.at_end {
                return None;
            }
            let mut frame = ffmpeg::frame::Video::empty();
            let (needs, clock, zero) = (self.needs, self.clock, self.zero);
            let wanted = |packet: &ffmpeg::Packet, broken: u64| {
                needs.needs(packet.pts().map(|ticks| zero.shifted(clock.session_from_ticks(Ticks(ticks)))), broken)
            };
            match self.feed.step(&mut self.decoder, &mut frame, &mut self.damage.broken_packets, wanted) {
                Asked::Frame => self.take_frame(frame),
                Asked::Again => (),
                Asked::End => self.finish(),
            }
        }
    }
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
