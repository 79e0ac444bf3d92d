//! A stretch of a film with faces made unrecognisable.
//!
//! Every picture is covered where the scan saw a face around that time. Where a face was seen shortly before or after but not
//! now, it may be turned away: the whole picture is covered then, and so it is if the scan saw no face at all. What stays is
//! what was not measured: a face on the wall, a mirror, a name on a badge.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use opencv::core::{Mat, Rect, Size};
use opencv::imgproc::{INTER_AREA, INTER_LINEAR, resize};
use opencv::prelude::*;
use serde::Deserialize;

use crate::media::{self, Frame, MediaError, MediaSettings, PictureGrid, PictureWish};
use crate::time::{SessionTime, Span, Step};
use crate::track::{Track, Tracks};

/// `config/clip.toml`; each field is explained there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/clip.toml explains each with its unit and source")]
pub struct Settings {
    pub near_secs: f64,
    pub margin: f64,
    pub cells: i32,
    pub hold_secs: f64,
    pub pictures_per_sec: u32,
}

/// How long a film's last picture is shown at most.
const LAST_PICTURE: Duration = Duration::from_millis(500);

/// What the clip lets be heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Voice {
    /// Nothing.
    None,
    /// Everything, shifted by so many semitones. Can be shifted back.
    Shifted(f64),
    /// Everything as it is.
    Plain,
}

/// What to cut out.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// The film.
    pub film: &'a Path,
    /// Session time of its zero.
    pub offset: SessionTime,
    /// Which stretch, on the session clock.
    pub span: Span,
    /// What is heard.
    pub voice: Voice,
    /// The scan scaled wider pictures down to this: boxes count in these pixels.
    pub max_width: u32,
    /// Where to write.
    pub out: &'a Path,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Pictures.
    pub pictures: u64,
    /// Of these, those that are covered as a whole.
    pub covered_whole: u64,
}

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The film does not open.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The stretch holds no picture.
    #[error("the film has no picture in this stretch of the session: choose another")]
    Nothing,
    /// The program that encodes.
    #[error("the clip cannot be encoded ({0}): the program ffmpeg does it, which must be installed with libx264")]
    Encode(String),
    /// OpenCV.
    #[error("a picture cannot be covered ({0})")]
    Cover(#[from] opencv::Error),
}

/// Makes a clip.
///
/// # Errors
/// [`ClipError`]; what was begun is removed.
pub fn make(wish: &Wish<'_>, tracks: &Tracks, settings: &Settings, media: &MediaSettings) -> Result<Made, ClipError> {
    let made = encode(wish, tracks, settings, media);
    if made.is_err() {
        // It may not have been made at all.
        let _ = std::fs::remove_file(wish.out);
    }
    made
}

fn encode(wish: &Wish<'_>, tracks: &Tracks, settings: &Settings, media: &MediaSettings) -> Result<Made, ClipError> {
    let step = Step::new(1, settings.pictures_per_sec.max(1)).ok_or(ClipError::Nothing)?;
    let grid = PictureGrid { first: wish.span.start(), step };
    let picked = PictureWish { grid: Some(grid), max_width: Some(wish.max_width) };
    let mut pictures = media::open_pictures(wish.film, wish.offset, picked, media)?;
    let boxes: Vec<&Track> = tracks.all("face_box").collect();
    let places = Places { boxes: &boxes, settings, size: pictures.size() };
    let mut child = encoder(wish, settings, pictures.size()).spawn().map_err(|e| ClipError::Encode(e.to_string()))?;
    let mut to = child.stdin.take().ok_or_else(|| ClipError::Encode("no way in".into()))?;
    let mut made = Made::default();
    let mut next = wish.span.start();
    let mut last: Option<Frame> = None;
    // Each point of the clip shows the last picture that had begun: slow films repeat theirs.
    let mut feed = || -> Result<(), ClipError> {
        loop {
            let frame = pictures.next_frame()?;
            // The last picture of a film stands for a moment, not for ever.
            let end = || last.as_ref().map_or(wish.span.end(), |last| last.time.plus(LAST_PICTURE));
            let until = frame.as_ref().map_or_else(end, |frame| frame.time).min(wish.span.end());
            while let Some(shown) = last.as_ref().filter(|_| next < until) {
                let (image, whole) = places.cover(shown, next)?;
                to.write_all(image.data_bytes()?).map_err(|e| ClipError::Encode(e.to_string()))?;
                made.pictures += 1;
                made.covered_whole += u64::from(whole);
                let count = i64::try_from(made.pictures).unwrap_or(i64::MAX);
                next = SessionTime::from_nanos(wish.span.start().nanos().saturating_add(step.nanos(count)));
            }
            match frame {
                Some(frame) if frame.time < wish.span.end() => last = Some(frame),
                _ => return Ok(()),
            }
        }
    };
    let fed = feed();
    drop(to);
    let done = child.wait_with_output().map_err(|e| ClipError::Encode(e.to_string()))?;
    match fed {
        Ok(()) if made.pictures == 0 => Err(ClipError::Nothing),
        Ok(()) if done.status.success() => Ok(made),
        Err(error) if done.status.success() => Err(error),
        _ => {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            // Its last line says why; the path of the recording stays out.
            let film = wish.film.display().to_string();
            Err(ClipError::Encode(said.lines().last().unwrap_or("no reason given").replace(&film, "the film")))
        }
    }
}

/// The program that encodes what it is given, with the sound of the film.
fn encoder(wish: &Wish<'_>, settings: &Settings, (width, height): (u32, u32)) -> Command {
    let mut command = Command::new("ffmpeg");
    let size = format!("{width}x{height}");
    let rate = settings.pictures_per_sec.max(1).to_string();
    command.args(["-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24"]);
    command.args(["-s", &size, "-r", &rate, "-i", "pipe:0"]);
    if wish.voice != Voice::None {
        let from = wish.span.start().secs_after(wish.offset).max(0.0).to_string();
        let mut film = std::ffi::OsString::from("file:");
        film.push(wish.film);
        command.args(["-ss", &from, "-t", &wish.span.secs_f64().to_string(), "-i"]).arg(film);
        command.args(["-map", "0:v", "-map", "1:a:0?", "-c:a", "aac", "-ac", "1", "-ar", "48000"]);
    }
    if let Voice::Shifted(semitones) = wish.voice {
        let ratio = (semitones / 12.0).exp2();
        let rate = 48_000.0 * ratio;
        command.args(["-af", &format!("aresample=48000,asetrate={rate:.0},aresample=48000,atempo={:.6}", 1.0 / ratio)]);
    }
    let mut out = std::ffi::OsString::from("file:");
    out.push(wish.out);
    command.args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"]);
    // Metadata of the recording may hold a place, a date or a name.
    command.args(["-pix_fmt", "yuv420p", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]);
    command.args(["-movflags", "+faststart", "-f", "mp4"]).arg(out);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Where faces are.
struct Places<'a> {
    boxes: &'a [&'a Track],
    settings: &'a Settings,
    size: (u32, u32),
}

impl Places<'_> {
    /// The picture with its faces covered, and whether all of it is.
    fn cover(&self, frame: &Frame, time: SessionTime) -> Result<(Mat, bool), ClipError> {
        let mut image = frame.image.clone();
        let pixels = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let all = Rect::new(0, 0, pixels(self.size.0), pixels(self.size.1));
        let places = self.at(time);
        let whole = places.is_none();
        for place in places.unwrap_or_else(|| vec![all]) {
            let place = place & all;
            if place.width > 0 && place.height > 0 {
                mosaic(&mut image, place, self.settings.cells)?;
            }
        }
        Ok((image, whole))
    }

    /// What is to be covered; `None`: everything.
    fn at(&self, time: SessionTime) -> Option<Vec<Rect>> {
        let mut seen_at_all = false;
        let mut places = Vec::new();
        for track in self.boxes {
            let near = self.around(track, time, self.settings.near_secs);
            if let Some(place) = near.into_iter().reduce(hull) {
                seen_at_all = true;
                places.push(self.enlarged(place));
            } else if !self.around(track, time, self.settings.hold_secs).is_empty() {
                return None;
            } else {
                seen_at_all |= track.column("x").is_some_and(|column| column.iter().any(|x| x.is_finite()));
            }
        }
        seen_at_all.then_some(places)
    }

    /// Known boxes within so many seconds.
    fn around(&self, track: &Track, time: SessionTime, secs: f64) -> Vec<[f64; 4]> {
        let margin = Duration::try_from_secs_f64(secs).unwrap_or_default();
        let Some(span) = Span::new(time.minus(margin), time.plus(margin)) else { return Vec::new() };
        let known = |frame: usize| -> Option<[f64; 4]> {
            let mut place = [0.0; 4];
            for (at, name) in place.iter_mut().zip(["x", "y", "width", "height"]) {
                *at = f64::from(*track.column(name)?.get(frame)?);
            }
            place.iter().all(|number| number.is_finite()).then_some(place)
        };
        track.grid.indices(span).filter_map(known).collect()
    }

    fn enlarged(&self, [x, y, width, height]: [f64; 4]) -> Rect {
        let margin = self.settings.margin;
        let (wide, high) = (width * margin, height * margin);
        Rect::new(
            (x - wide).floor() as i32,
            (y - high).floor() as i32,
            (width + 2.0 * wide).ceil() as i32,
            (height + 2.0 * high).ceil() as i32,
        )
    }
}

/// The smallest box around both.
fn hull(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    let (x, y) = (a[0].min(b[0]), a[1].min(b[1]));
    let (right, bottom) = ((a[0] + a[2]).max(b[0] + b[2]), (a[1] + a[3]).max(b[1] + b[3]));
    [x, y, right - x, bottom - y]
}

/// A part of the picture down to a few cells, each the mean of what was there, and up again.
fn mosaic(image: &mut Mat, place: Rect, cells: i32) -> Result<(), opencv::Error> {
    let cells = cells.max(1);
    let (mut small, mut large) = (Mat::default(), Mat::default());
    {
        let part = Mat::roi(image, place)?;
        let size = Size::new(cells.min(place.width), cells.min(place.height));
        resize(&part, &mut small, size, 0.0, 0.0, INTER_AREA)?;
    }
    resize(&small, &mut large, place.size(), 0.0, 0.0, INTER_LINEAR)?;
    let mut part = Mat::roi_mut(image, place)?;
    large.copy_to(&mut part)
}
