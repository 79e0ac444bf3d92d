//! Film and sound files through libav (`ffmpeg-next`). Everything about libav stays in this folder.
//!
//! Both tracks of a film come from the same demuxer, so both are on the file's clock: edit lists, encoder delay and
//! late tracks are in libav's time stamps already. Nothing here opens a network connection or a second file: the bytes
//! come from one open file, and play lists are not accepted.

mod pictures;
mod raw;
mod sound;
mod upright;

use std::fs::File;
use std::path::Path;
use std::sync::Once;

use ffmpeg::codec::discard::Discard;
use ffmpeg::media::Type;
use ffmpeg_next as ffmpeg;

pub use self::pictures::{PictureWish, VideoReader};
pub use self::sound::SoundReader;
use crate::media::probe::{Probe, Stream, StreamKind};
use crate::media::settings::TimeSettings;
use crate::media::{MediaError, unreadable};
use crate::time::{MediaClock, SessionTime, Step};

/// Containers that are opened. Play lists (HLS, DASH, concat) are not among them: they would name other files.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,mpeg,mpegvideo,mpegts,flv,ogg,mp3,wav,w64,\
    aac,ac3,flac,aiff,au,caf,amr,dv,mxf,gif,h264,hevc,m4v,ivf,nut,rm,wv,ape,tta,eac3";
/// Containers whose first time stamp is where a player starts to count: MPEG program and transport streams have a clock
/// of their own, and the plain sound streams count the encoder's delay.
const CLOCK_STARTS_ANYWHERE: &[&str] = &["mpeg", "mpegts", "mp3", "aac", "ac3", "eac3", "ogg"];
/// Read at once: large enough that two tracks far apart in a file do not read everything twice in small pieces.
const BUFFER_BYTES: usize = 256 * 1024;
/// Errors of the demuxer in a row after which the rest of the file is given up.
const MOST_ERRORS: u32 = 1000;

fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| ffmpeg::util::log::set_level(ffmpeg::util::log::Level::Quiet));
}

fn unusable(path: &Path, what: impl Into<String>) -> MediaError {
    MediaError::Unusable {
        what: what.into(),
        advice: "check that the recording opens in a player; if it does, convert it to mp4 (H.264, AAC)",
        file: path.display().to_string(),
    }
}

/// Opens a file and finds its streams.
fn open(path: &Path) -> Result<ffmpeg::format::context::Input, MediaError> {
    quiet();
    let file = File::open(path).map_err(|e| unreadable(path, e))?;
    let facts = file.metadata().map_err(|e| unreadable(path, e))?;
    if facts.is_dir() {
        return Err(unreadable(path, std::io::Error::from(std::io::ErrorKind::IsADirectory)));
    }
    if facts.len() == 0 {
        return Err(MediaError::Unusable {
            what: "the recording is empty (0 bytes)".into(),
            advice: "copy it anew from where it was made",
            file: path.display().to_string(),
        });
    }
    let stream = ffmpeg::format::context::StreamIo::from_read_seek_with_capacity(file, BUFFER_BYTES)
        .map_err(|e| failed("opening a recording", e))?;
    let mut options = ffmpeg::Dictionary::new();
    options.set("protocol_whitelist", "none");
    options.set("format_whitelist", CONTAINERS);
    ffmpeg::format::input_from_stream(stream, None, Some(options)).map_err(|e| match e {
        ffmpeg::Error::InvalidData | ffmpeg::Error::Other { .. } => {
            unusable(path, "this is no film or sound that can be read, or its index is missing (a recording cut off)")
        }
        other => unusable(path, format!("the recording does not open ({other})")),
    })
}

fn failed(doing: &'static str, error: ffmpeg::Error) -> MediaError {
    MediaError::Library { library: "libav", doing, message: error.to_string() }
}

/// What both readers need to know about a stream.
struct Track {
    index: usize,
    clock: MediaClock,
    /// Nanoseconds from the file's zero at which the track should end, if the container tells for sure.
    end: Option<i64>,
    expected_secs: Option<f64>,
}

impl Track {
    /// The best track of a kind, or the one of this index.
    fn find(
        input: &ffmpeg::format::context::Input,
        kind: Type,
        index: Option<usize>,
        settings: &TimeSettings,
        path: &Path,
    ) -> Result<Self, MediaError> {
        let missing = || MediaError::NoTrack {
            what: if kind == Type::Video { "picture" } else { "sound" },
            file: path.display().to_string(),
        };
        let stream = match index {
            Some(index) => input.stream(index).filter(|stream| stream.parameters().medium() == kind),
            None => input.streams().best(kind).filter(|stream| !is_cover(stream)),
        };
        let stream = stream.ok_or_else(missing)?;
        let zero = SessionTime::from_nanos(-file_zero(input, settings));
        let clock = MediaClock { tick: tick(&stream), zero };
        let start =
            known(stream.start_time()).map_or(0, |ticks| clock.session_from_ticks(crate::time::Ticks(ticks)).nanos());
        let guessed = raw::length_is_guessed(input);
        let length = known(stream.duration()).filter(|ticks| *ticks > 0).map(|ticks| clock.tick.nanos(ticks));
        let whole = known(input.duration()).filter(|micros| *micros > 0);
        let end = match (length, whole) {
            _ if guessed => None,
            (Some(length), _) => Some(start.saturating_add(length)),
            (None, Some(micros)) => Some(micros.saturating_mul(1000)),
            (None, None) => None,
        };
        let expected_secs = whole.map(|micros| micros as f64 / 1e6).or(end.map(|nanos| nanos as f64 / 1e9));
        Ok(Self { index: stream.index(), clock, end, expected_secs })
    }
}

/// Nanoseconds of the file's own clock that count as zero: 0, or the first time stamp where the container's clock
/// starts anywhere or far from zero (a piece of a live stream).
fn file_zero(input: &ffmpeg::format::context::Input, settings: &TimeSettings) -> i64 {
    let first = input
        .streams()
        .filter(|stream| matches!(stream.parameters().medium(), Type::Video | Type::Audio) && !is_cover(stream))
        .filter_map(|stream| Some(tick(&stream).nanos(known(stream.start_time())?)))
        .min();
    let far = i64::try_from(settings.largest_start_secs.0.as_nanos()).unwrap_or(i64::MAX);
    match first {
        Some(first) if first > far || CLOCK_STARTS_ANYWHERE.contains(&input.format().name()) => first,
        _ => 0,
    }
}

fn tick(stream: &ffmpeg::Stream) -> Step {
    let base = stream.time_base();
    let step = u32::try_from(base.numerator()).ok().zip(u32::try_from(base.denominator()).ok());
    step.and_then(|(numer, denom)| Step::new(numer, denom)).unwrap_or(MICROSECOND)
}

const MICROSECOND: Step = match std::num::NonZeroU32::new(1_000_000) {
    Some(denom) => Step { numer: std::num::NonZeroU32::MIN, denom },
    None => Step { numer: std::num::NonZeroU32::MIN, denom: std::num::NonZeroU32::MIN },
};

/// libav writes "unknown" as the smallest number.
fn known(ticks: i64) -> Option<i64> {
    (ticks != i64::MIN).then_some(ticks)
}

/// A picture of the album, not a film.
fn is_cover(stream: &ffmpeg::Stream) -> bool {
    stream.disposition().contains(ffmpeg::format::stream::Disposition::ATTACHED_PIC)
}

/// What happened when a decoder was asked for a frame.
enum Asked {
    Frame,
    Again,
    End,
}

/// Reads packets of one track, feeds its decoder, counts what is broken.
struct Feed {
    input: ffmpeg::format::context::Input,
    index: usize,
    packets_ended: bool,
    errors: u32,
}

impl Feed {
    fn new(mut input: ffmpeg::format::context::Input, index: usize) -> Self {
        raw::keep_only(&mut input, index);
        Self { input, index, packets_ended: false, errors: 0 }
    }

    /// Asks for a frame; gives the decoder its next packet if it wants one. Of packets that are not `wanted` only those are
    /// decoded that others build on.
    fn step(
        &mut self,
        decoder: &mut ffmpeg::decoder::Opened,
        frame: &mut ffmpeg::Frame,
        broken: &mut u64,
        wanted: impl FnOnce(&ffmpeg::Packet, u64) -> bool,
    ) -> Asked {
        match decoder.receive_frame(frame) {
            Ok(()) => {
                self.errors = 0;
                return Asked::Frame;
            }
            Err(ffmpeg::Error::Eof) => return Asked::End,
            Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EAGAIN => (),
            Err(_) => {
                *broken += 1;
                self.errors += 1;
                return if self.errors > MOST_ERRORS { Asked::End } else { Asked::Again };
            }
        }
        if self.packets_ended {
            // The decoder wants more although it was told that there is none.
            return Asked::End;
        }
        let mut packet = ffmpeg::Packet::empty();
        match packet.read(&mut self.input) {
            Ok(()) if packet.stream() != self.index => (),
            Ok(()) => {
                self.errors = 0;
                decoder.skip_frame(match wanted(&packet, *broken) {
                    true => Discard::Default,
                    false => Discard::NonReference,
                });
                if decoder.send_packet(&packet).is_err() {
                    *broken += 1;
                }
            }
            Err(ffmpeg::Error::InvalidData) if self.errors < MOST_ERRORS => {
                *broken += 1;
                self.errors += 1;
            }
            Err(error) => {
                if error != ffmpeg::Error::Eof {
                    *broken += 1;
                }
                self.packets_ended = true;
                if decoder.send_eof().is_err() {
                    return Asked::End;
                }
            }
        }
        Asked::Again
    }
}

/// What libav knows of a file.
pub(super) fn probe(path: &Path, settings: &TimeSettings) -> Result<Probe, MediaError> {
    let input = open(path)?;
    let zero = file_zero(&input, settings);
    let mut streams = Vec::new();
    for stream in input.streams() {
        let parameters = stream.parameters();
        let codec = parameters.id().name().to_owned();
        let start_secs = known(stream.start_time()).map(|ticks| (tick(&stream).nanos(ticks) - zero) as f64 / 1e9);
        let kind = match parameters.medium() {
            Type::Video if !is_cover(&stream) => pictures::stream_kind(&stream),
            Type::Audio => sound::stream_kind(&stream),
            _ => StreamKind::Other,
        };
        streams.push(Stream { index: stream.index(), codec, start_secs, kind });
    }
    if !streams.iter().any(|stream| stream.kind != StreamKind::Other) {
        return Err(unusable(path, "there is neither a picture nor a sound track in it"));
    }
    let duration_secs = known(input.duration()).filter(|micros| *micros > 0).map(|micros| micros as f64 / 1e6);
    Ok(Probe { container: input.format().name().to_owned(), duration_secs, streams })
}
