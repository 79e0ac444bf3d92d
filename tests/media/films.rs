//! Films with flashes and beeps, and what is seen and heard of them.

use super::*;

pub fn settings() -> MediaSettings {
    toml::from_str(&std::fs::read_to_string("config/media.toml").unwrap()).unwrap()
}

/// Whether films can be made here.
pub fn ffmpeg_is_there() -> bool {
    let there = Command::new("ffmpeg").arg("-version").output().is_ok_and(|out| out.status.success());
    if !there {
        println!("skipped: no ffmpeg program");
    }
    there
}

pub struct Films {
    pub folder: TempDir,
}

impl Films {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs ffmpeg; the last argument is the file to make.
    pub fn make(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.path(name);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y", "-threads", "1"]).args(arguments).arg(&path);
        let out = command.output().unwrap();
        assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
        path
    }

    /// Flash and beep at each whole second from 1 to 5, at `fps`, with these codecs.
    pub fn flash_and_beep(&self, name: &str, fps: &str, codecs: &[&str]) -> PathBuf {
        let (picture, sound) = (flash(fps), beep());
        let inputs = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound];
        self.make(name, &[&inputs[..], codecs].concat())
    }
}

/// White for 40 ms from each whole second on.
pub fn flash(fps: &str) -> String {
    format!("color=black:s=192x144:r={fps}:d=6,drawbox=color=white:t=fill:enable='gte(t,0.9)*lt(mod(t,1),0.039)'")
}

/// 50 ms of 1 kHz from each whole second on.
pub fn beep() -> String {
    "aevalsrc='if(gte(t,0.9)*lt(mod(t,1),0.05),0.5*sin(2*PI*1000*t),0)':s=48000:d=6".into()
}

pub struct Seen {
    pub times: Vec<SessionTime>,
    pub flashes: Vec<f64>,
    pub damage: Damage,
}

pub fn brightness(frame: &Frame) -> f64 {
    opencv::core::mean_def(&frame.image).unwrap()[0]
}

pub fn see(path: &Path, wish: PictureWish) -> Seen {
    let mut pictures = open_pictures(path, SessionTime::ZERO, wish, &settings()).unwrap();
    let mut seen = Seen { times: Vec::new(), flashes: Vec::new(), damage: Damage::default() };
    let mut was_bright = false;
    while let Some(frame) = pictures.next_frame().unwrap() {
        let bright = brightness(&frame) > 100.0;
        if bright && !was_bright {
            seen.flashes.push(frame.time.secs_f64());
        }
        was_bright = bright;
        seen.times.push(frame.time);
    }
    assert!(seen.times.is_sorted_by(|a, b| a < b), "times go up");
    seen.damage = pictures.damage().clone();
    seen
}

pub struct Heard {
    pub channels: Vec<Vec<f32>>,
    pub start: SessionTime,
    pub damage: Damage,
}

pub fn hear(path: &Path) -> Heard {
    hear_all(&mut *open_sound(path, SessionTime::ZERO, &settings()).unwrap())
}

pub fn hear_all(sound: &mut dyn SoundSource) -> Heard {
    let mut channels = vec![Vec::new(); sound.channels()];
    let mut start = None;
    while let Some(block) = sound.next_block().unwrap() {
        let first = *start.get_or_insert(block.start);
        let expected = first.shifted(SessionTime::from_secs_f64(channels[0].len() as f64 / f64::from(SOUND_RATE)));
        assert!(block.start.secs_after(expected).abs() < 1e-8, "blocks follow each other");
        for (to, from) in channels.iter_mut().zip(block.samples.rows()) {
            to.extend(from.iter());
        }
    }
    Heard { channels, start: start.unwrap_or(SessionTime::ZERO), damage: sound.damage().clone() }
}

impl Heard {
    /// Onset of each beep in seconds: centre of its energy less half its length, which no filter or pre-echo moves.
    pub fn beeps(&self) -> Vec<f64> {
        let rate = SOUND_RATE as usize;
        let energy: Vec<f64> = self.channels[0].iter().map(|&v| f64::from(v) * f64::from(v)).collect();
        let mut beeps = Vec::new();
        let mut index = 0;
        while index < energy.len() {
            if energy[index] > 0.02 {
                let range = index.saturating_sub(rate / 10)..(index + rate / 5).min(energy.len());
                let sum: f64 = energy[range.clone()].iter().sum();
                let moment: f64 = range.map(|at| at as f64 * energy[at]).sum();
                beeps.push(self.start.secs_f64() + moment / sum / rate as f64 - 0.025);
                index += rate / 2;
            }
            index += 1;
        }
        beeps
    }

    pub fn secs(&self) -> f64 {
        self.channels[0].len() as f64 / f64::from(SOUND_RATE)
    }
}

pub fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |worst: f64, value| if value.abs() > worst.abs() { value } else { worst })
}

/// Kind of film, how far picture and sound may be apart in seconds, codecs.
pub const KINDS: &[(&str, f64, &[&str])] = &[
    ("h264-aac.mp4", 0.002, &["-c:v", "libx264", "-c:a", "aac"]),
    ("h264-aac.mov", 0.002, &["-c:v", "libx264", "-c:a", "aac"]),
    ("h264-aac.mkv", 0.002, &["-c:v", "libx264", "-c:a", "aac"]),
    ("h264-aac-fragments.mp4", 0.002, &["-c:v", "libx264", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"]),
    ("hevc-aac.mp4", 0.002, &["-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "aac"]),
    ("h264-mp3.mp4", 0.002, &["-c:v", "libx264", "-c:a", "libmp3lame"]),
    ("vp8-vorbis.webm", 0.02, &["-c:v", "libvpx", "-c:a", "libvorbis"]),
    ("vp9-opus.webm", 0.02, &["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]),
    ("h264-opus.mkv", 0.02, &["-c:v", "libx264", "-c:a", "libopus"]),
    ("mpeg4-mp3.avi", 0.02, &["-c:v", "mpeg4", "-c:a", "libmp3lame"]),
    ("mpeg4-pcm.avi", 0.02, &["-c:v", "mpeg4", "-c:a", "pcm_s16le"]),
    ("wmv2-wmav2.wmv", 0.02, &["-c:v", "wmv2", "-c:a", "wmav2"]),
    ("mpeg2-mp2.mpg", 0.02, &["-c:v", "mpeg2video", "-c:a", "mp2"]),
    ("mpeg1-mp2.mpg", 0.02, &["-c:v", "mpeg1video", "-c:a", "mp2"]),
    ("h264-aac.ts", 0.02, &["-c:v", "libx264", "-c:a", "aac"]),
    ("flv1-mp3.flv", 0.02, &["-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100"]),
];
