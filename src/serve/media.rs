//! Recordings for the browser: as they are where browsers play them, else copied or converted once by ffmpeg.
//!
//! A request names a session and a number, never a path.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tower_http::services::ServeFile;

use super::{App, gate};

/// Whether a recording can be played now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State_ {
    /// It can.
    Ready,
    /// ffmpeg is at work.
    Making {
        /// Finished part, 0 to 1.
        share: f64,
    },
    /// It cannot, and what to do.
    Missing {
        /// In words.
        message: String,
    },
}

/// What is being made.
#[derive(Default)]
pub struct Making {
    at_work: Mutex<BTreeMap<PathBuf, State_>>,
}

impl Making {
    fn set(&self, file: &FilePath, state: Option<State_>) {
        let mut all = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        match state {
            Some(state) => _ = all.insert(file.to_owned(), state),
            None => _ = all.remove(file),
        }
    }

    fn get(&self, file: &FilePath) -> Option<State_> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner).get(file).cloned()
    }
}

/// What browsers play in which container.
const PLAYABLE: &[(&[&str], &[&str], &[&str])] = &[
    (&["mp4", "m4v", "m4a"], &["h264", "av1", "vp9"], &["aac", "mp3", "opus", "flac"]),
    (&["webm"], &["vp8", "vp9", "av1"], &["opus", "vorbis"]),
    (&["mp3"], &[], &["mp3"]),
    (&["ogg", "oga"], &[], &["vorbis", "opus"]),
    (&["flac"], &[], &["flac"]),
    (&["wav"], &[], &["pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le", "wav"]),
];

/// The codecs in the words of the results: "3:33, picture h264 640x480 25 fps, sound aac 32000 Hz mono".
fn codecs(what: &str) -> (Option<&str>, Option<&str>) {
    let after = |word: &str| what.split(word).nth(1).and_then(|rest| rest.split([' ', ',']).next());
    (after("picture "), after("sound "))
}

fn is_playable(path: &FilePath, what: &str) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (picture, sound) = codecs(what);
    // WAV files are read without libav and described without a codec.
    PLAYABLE.iter().any(|(endings, pictures, sounds)| {
        endings.contains(&ending.as_str())
            && picture.is_none_or(|codec| pictures.contains(&codec))
            && (ending == "wav" || sound.is_none_or(|codec| sounds.contains(&codec)))
    })
}

/// Where a recording is or will be, as far as the page may play it.
struct Found {
    source: PathBuf,
    copy: PathBuf,
    what: String,
    length_s: f64,
    direct: bool,
}

fn find(app: &App, session: &str, number: usize) -> Result<Found, String> {
    let place = app.desk.place(session).map_err(|e| e.to_string())?;
    let results = app.desk.session(session).map_err(|e| e.to_string())?;
    let medium = place.media.get(number).ok_or("there is no such recording")?;
    let source = medium.path.clone().ok_or(
        "the recording is not where the study says it is: put it back, or change its place in session.toml \
         (for a results folder: put it beside the folder)",
    )?;
    let what = results.media.get(number).map(|media| media.what.clone()).unwrap_or_default();
    let direct = is_playable(&source, &what);
    let copy = place.cache.join(format!("media{}.mp4", number + 1));
    Ok(Found { source, copy, what, length_s: results.span.secs_f64(), direct })
}

/// Whether it can be played; begins to make it playable where it is not.
pub async fn state(app: &Arc<App>, session: &str, number: usize) -> State_ {
    let found = match find(app, session, number) {
        Ok(found) => found,
        Err(message) => return State_::Missing { message },
    };
    if found.direct || found.copy.is_file() {
        return State_::Ready;
    }
    if let Some(state) = app.media.get(&found.copy) {
        return state;
    }
    let begun = State_::Making { share: 0.0 };
    app.media.set(&found.copy, Some(begun.clone()));
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let copy = found.copy.clone();
        let made = convert(&app, found).await;
        app.media.set(&copy, made.err().map(|message| State_::Missing { message }));
    });
    begun
}

/// One ffmpeg, which copies what browsers play and converts the rest. It reads this file and nothing else.
async fn convert(app: &App, found: Found) -> Result<(), String> {
    let (picture, sound) = codecs(&found.what);
    let folder = found.copy.parent().unwrap_or(FilePath::new("."));
    std::fs::create_dir_all(folder).map_err(|e| format!("the study's folder cannot be written ({e})"))?;
    let part = found.copy.with_extension("part");
    let mut command = tokio::process::Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file", "-progress", "pipe:1", "-i"]);
    command.arg(&found.source).args(["-map", "0:v:0?", "-map", "0:a:0?", "-sn", "-dn"]);
    match picture {
        Some("h264") => command.args(["-c:v", "copy"]),
        _ => command.args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "22", "-pix_fmt", "yuv420p"]),
    };
    match sound {
        Some("aac" | "mp3") => command.args(["-c:a", "copy"]),
        _ => command.args(["-c:a", "aac", "-b:a", "128k"]),
    };
    command.args(["-movflags", "+faststart", "-f", "mp4"]).arg(&part);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|e| {
        format!(
            "browsers cannot play this recording ({}), and ffmpeg, which could convert it, does not start ({e}): \
             install ffmpeg (Debian: apt install ffmpeg) and open the session again",
            found.what
        )
    })?;
    if let Some(out) = child.stdout.take() {
        let mut lines = BufReader::new(out).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let micros: Option<f64> = line.strip_prefix("out_time_us=").and_then(|text| text.parse().ok());
            if let Some(micros) = micros.filter(|_| found.length_s > 0.0) {
                let share = (micros / 1e6 / found.length_s).clamp(0.0, 1.0);
                app.media.set(&found.copy, Some(State_::Making { share }));
            }
        }
    }
    let ended = child.wait().await;
    if ended.is_ok_and(|status| status.success()) && std::fs::rename(&part, &found.copy).is_ok() {
        return Ok(());
    }
    _ = std::fs::remove_file(&part);
    Err(format!(
        "browsers cannot play this recording ({}), and ffmpeg could not convert it: convert it to MP4 (H.264, AAC) \
         yourself and put that file in its place",
        found.what
    ))
}

pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/{session}/{number}", get(play))
}

async fn play(
    State(app): State<Arc<App>>,
    Path((session, number)): Path<(String, usize)>,
    request: Request,
) -> Response {
    let found = match find(&app, &session, number) {
        Ok(found) => found,
        Err(message) => return gate::refusal(StatusCode::NOT_FOUND, &message),
    };
    let file = if found.direct { found.source } else { found.copy };
    match ServeFile::new(file).try_call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => gate::refusal(StatusCode::NOT_FOUND, &format!("the recording cannot be read ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_play_is_told_by_container_and_codecs() {
        let film = "3:33, picture h264 640x480 25 fps, sound aac 32000 Hz mono";
        for (file, what, plays) in [
            ("a.mp4", film, true),
            ("a.MP4", film, true),
            ("a.mkv", film, false),
            ("a.mp4", "1:00, picture hevc 640x480 25 fps", false),
            ("a.webm", "1:00, picture vp9 640x480 25 fps, sound opus 48000 Hz mono", true),
            ("a.wmv", "1:00, picture wmv2 640x480", false),
            ("a.wav", "1:00, sound 48000 Hz 16 bit stereo", true),
            ("a.mp3", "1:00, sound mp3 44100 Hz stereo", true),
        ] {
            assert_eq!(is_playable(FilePath::new(file), what), plays, "{file}: {what}");
        }
    }
}
