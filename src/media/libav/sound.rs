//! The sound track of a file.

use std::path::Path;

use ffmpeg::format::sample::{Sample, Type as Layout};
use ffmpeg_next as ffmpeg;

use crate::media::assemble::Assembler;
use crate::media::libav::{Asked, Feed, Track, failed, open, unusable};
use crate::media::probe::StreamKind;
use crate::media::settings::MediaSettings;
use crate::media::timeline::Timeline;
use crate::media::{Damage, MediaError, SampleBlock, SoundSource, add_missing, check_sound_shape};
use crate::time::{MediaClock, SessionTime, Span, Ticks};

/// The sound of a film or a sound file, all channels, at [`crate::media::SOUND_RATE`].
///
/// The first block starts at the file's zero (presentation time 0) plus the offset. The encoder's delay is taken off
/// where the container tells it.
pub struct SoundReader {
    feed: Feed,
    decoder: ffmpeg::decoder::Audio,
    frame: ffmpeg::frame::Audio,
    clock: MediaClock,
    timeline: Timeline<(u32, Vec<Vec<f32>>)>,
    assembler: Assembler,
    damage: Damage,
    zero: SessionTime,
    end: Option<i64>,
    ends_early: i64,
    expected_secs: Option<f64>,
    at_end: bool,
}

impl SoundReader {
    /// Opens the best sound track, or the one with this index of [`crate::media::Probe::streams`]; `offset` is the
    /// session time of the file's zero.
    ///
    /// # Errors
    /// [`MediaError::Unreadable`], [`MediaError::Unusable`], [`MediaError::NoTrack`].
    pub fn open(
        path: &Path,
        track: Option<usize>,
        offset: SessionTime,
        settings: &MediaSettings,
    ) -> Result<Self, MediaError> {
        let input = open(path)?;
        let track = Track::find(&input, ffmpeg::media::Type::Audio, track, &settings.time, path)?;
        let stream = input.stream(track.index).ok_or_else(|| unusable(path, "the sound track is gone"))?;
        let context = ffmpeg::codec::Context::from_parameters(stream.parameters());
        let mut context = context.map_err(|e| failed("reading the sound's parameters", e))?.decoder();
        context.set_packet_time_base(stream.time_base());
        let mut decoder = context.audio().map_err(|e| {
            unusable(path, format!("the sound ({}) cannot be decoded ({e})", stream.parameters().id().name()))
        })?;
        let mut feed = Feed::new(input, track.index);
        let mut damage = Damage::default();
        // Some decoders know rate and channels only after the first frame.
        let mut frame = ffmpeg::frame::Audio::empty();
        let got_first = first_frame(&mut feed, &mut decoder, &mut frame, &mut damage);
        let (rate, channels) =
            if got_first { (frame.rate(), frame.channels()) } else { (decoder.rate(), decoder.channels()) };
        check_sound_shape(rate, channels, &settings.sound, path)?;
        let mut reader = Self {
            feed,
            decoder,
            frame: ffmpeg::frame::Audio::empty(),
            clock: track.clock,
            timeline: Timeline::new(&settings.time),
            assembler: Assembler::new(&settings.sound, offset, rate, usize::from(channels))?,
            damage,
            zero: offset,
            end: track.end,
            ends_early: i64::try_from(settings.time.ends_early_secs.0.as_nanos()).unwrap_or(i64::MAX),
            expected_secs: track.expected_secs,
            at_end: false,
        };
        if got_first {
            reader.take_frame(&frame)?;
        }
        Ok(reader)
    }
}

fn first_frame(
    feed: &mut Feed,
    decoder: &mut ffmpeg::decoder::Audio,
    frame: &mut ffmpeg::frame::Audio,
    damage: &mut Damage,
) -> bool {
    loop {
        match feed.step(decoder, frame, &mut damage.broken_packets, |_, _| true) {
            Asked::Frame if frame.samples() > 0 && frame.rate() > 0 && frame.channels() > 0 => return true,
            Asked::Frame | Asked::Again => (),
            Asked::End => return false,
        }
    }
}

impl SoundReader {
    fn take_frame(&mut self, frame: &ffmpeg::frame::Audio) -> Result<(), MediaError> {
        let rate = frame.rate();
        let Some(samples) = planes(frame, self.assembler.channels()).filter(|_| rate > 0) else {
            self.damage.broken_packets += 1;
            return Ok(());
        };
        let stamp = frame.timestamp().or(frame.pts());
        let stamp = stamp.map(|ticks| self.clock.session_from_ticks(Ticks(ticks)).nanos());
        let length = i64::try_from(frame.samples() as u64 * 1_000_000_000 / u64::from(rate)).unwrap_or(0);
        self.timeline.push(stamp, length, (rate, samples));
        self.assemble()
    }

    fn assemble(&mut self) -> Result<(), MediaError> {
        while let Some((at, (rate, samples))) = self.timeline.pop() {
            self.assembler.push(at, rate, samples, &mut self.damage)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), MediaError> {
        self.at_end = true;
        self.timeline.finish();
        self.assemble()?;
        self.assembler.finish();
        let got = self.assembler.end();
        if let Some(end) = self.end
            && end.saturating_sub(got) >= self.ends_early
        {
            let edge = |nanos| self.zero.shifted(SessionTime::from_nanos(nanos));
            add_missing(&mut self.damage, Span::new(edge(got), edge(end)));
        }
        Ok(())
    }
}

impl SoundSource for SoundReader {
    fn channels(&self) -> usize {
        self.assembler.channels()
    }

    fn expected_secs(&self) -> Option<f64> {
        self.expected_secs
    }

    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        loop {
            if let Some(block) = self.assembler.take()? {
                return Ok(Some(block));
            }
            if self.at_end {
                return Ok(None);
            }
            match self.feed.step(&mut self.decoder, &mut self.frame, &mut self.damage.broken_packets, |_, _| true) {
                Asked::Frame => {
                    let frame = std::mem::replace(&mut self.frame, ffmpeg::frame::Audio::empty());
                    self.take_frame(&frame)?;
                    self.frame = frame;
                }
                Asked::Again => (),
                Asked::End => self.finish()?,
            }
        }
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }
}

/// The samples of a decoded frame, full scale 1.0, as `wanted` channels: a track that changes its number of channels
/// on the way repeats its first channel or loses the last ones. `None` if the frame is not as it says.
fn planes(frame: &ffmpeg::frame::Audio, wanted: usize) -> Option<Vec<Vec<f32>>> {
    let count = frame.samples();
    let channels = usize::from(frame.channels());
    let format = frame.format();
    let bytes = format.bytes();
    if channels == 0 || count == 0 || frame.planes() == 0 {
        return None;
    }
    let channel = |index: usize| -> Option<Vec<f32>> {
        let index = if index < channels { index } else { 0 };
        let (data, first, stride) = match format {
            Sample::U8(Layout::Packed)
            | Sample::I16(Layout::Packed)
            | Sample::I32(Layout::Packed)
            | Sample::I64(Layout::Packed)
            | Sample::F32(Layout::Packed)
            | Sample::F64(Layout::Packed) => (frame.data(0), index * bytes, channels * bytes),
            Sample::None => return None,
            _ => (frame.data(index), 0, bytes),
        };
        let end = first + (count - 1) * stride + bytes;
        let data = data.get(first..end)?;
        let samples = data.chunks(stride);
        let out: Vec<f32> = match format {
            Sample::U8(_) => samples.map(|b| (f32::from(b[0]) - 128.0) / 128.0).collect(),
            Sample::I16(_) => samples.map(|b| f32::from(i16::from_ne_bytes([b[0], b[1]])) / 32_768.0).collect(),
            Sample::I32(_) => {
                samples.map(|b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]) as f32 / 2_147_483_648.0).collect()
            }
            Sample::F32(_) => samples.map(|b| finite(f32::from_ne_bytes([b[0], b[1], b[2], b[3]]))).collect(),
            Sample::F64(_) => samples.map(|b| finite(f64::from_ne_bytes(eight(b)) as f32)).collect(),
            Sample::I64(_) => {
                samples.map(|b| (i64::from_ne_bytes(eight(b)) as f64 / 9_223_372_036_854_775_808.0) as f32).collect()
            }
            Sample::None => return None,
        };
        (out.len() == count).then_some(out)
    };
    (0..wanted).map(channel).collect()
}

fn eight(bytes: &[u8]) -> [u8; 8] {
    let mut out = [0; 8];
    out.copy_from_slice(&bytes[..8]);
    out
}

/// A damaged frame may decode to anything; no later stage should meet NaN.
fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

/// What the container says of a sound track.
pub(super) fn stream_kind(stream: &ffmpeg::Stream) -> StreamKind {
    let decoder = ffmpeg::codec::Context::from_parameters(stream.parameters()).and_then(|c| c.decoder().audio());
    match decoder {
        Ok(decoder) => StreamKind::Sound { rate_hz: decoder.rate(), channels: decoder.channels() },
        Err(_) => StreamKind::Other,
    }
}
