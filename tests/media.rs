//! Recordings of many kinds, made with the `ffmpeg` program, and what comes out of them.
//!
//! The flash-and-beep film shows a white picture and plays a beep at each whole second; any shift between the two, or
//! against the clock, is a number here. Without the `ffmpeg` program these tests say so and pass.

#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what broke by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use attune::media::{
    Damage, Frame, FrameSource, MediaError, MediaSettings, PictureGrid, PictureWish, SOUND_RATE, SoundSource,
    open_pictures, open_sound, probe,
};
use attune::time::{SessionTime, Step};
use opencv::core::{Mat, MatTraitConst, Vec3b};
use tempfile::TempDir;

fn settings() -> MediaSettings {
    toml::from_str(&std::fs::read_to_string("config/media.toml").unwrap()).unwrap()
}

/// Whether films can be made here.
fn ffmpeg_is_there() -> bool {
    let there = Command::new("ffmpeg").arg("-version").output().is_ok_and(|out| out.status.success());
    if !there {
        println!("skipped: no ffmpeg program");
    }
    there
}

struct Films {
    folder: TempDir,
}

impl Films {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs ffmpeg; the last argument is the file to make.
    fn make(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.path(name);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y", "-threads", "1"]).args(arguments).arg(&path);
        let out = command.output().unwrap();
        assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
        path
    }

    /// Flash and beep at each whole second from 1 to 5, at `fps`, with these codecs.
    fn flash_and_beep(&self, name: &str, fps: &str, codecs: &[&str]) -> PathBuf {
        let (picture, sound) = (flash(fps), beep());
        let inputs = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound];
        self.make(name, &[&inputs[..], codecs].concat())
    }
}

/// White for 40 ms from each whole second on.
fn flash(fps: &str) -> String {
    format!("color=black:s=192x144:r={fps}:d=6,drawbox=color=white:t=fill:enable='gte(t,0.9)*lt(mod(t,1),0.039)'")
}

/// 50 ms of 1 kHz from each whole second on.
fn beep() -> String {
    "aevalsrc='if(gte(t,0.9)*lt(mod(t,1),0.05),0.5*sin(2*PI*1000*t),0)':s=48000:d=6".into()
}

struct Seen {
    times: Vec<SessionTime>,
    flashes: Vec<f64>,
    damage: Damage,
}

fn brightness(frame: &Frame) -> f64 {
    opencv::core::mean_def(&frame.image).unwrap()[0]
}

fn see(path: &Path, wish: PictureWish) -> Seen {
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

struct Heard {
    channels: Vec<Vec<f32>>,
    start: SessionTime,
    damage: Damage,
}

fn hear(path: &Path) -> Heard {
    hear_all(&mut *open_sound(path, SessionTime::ZERO, &settings()).unwrap())
}

fn hear_all(sound: &mut dyn SoundSource) -> Heard {
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
    fn beeps(&self) -> Vec<f64> {
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

    fn secs(&self) -> f64 {
        self.channels[0].len() as f64 / f64::from(SOUND_RATE)
    }
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |worst: f64, value| if value.abs() > worst.abs() { value } else { worst })
}

/// Kind of film, how far picture and sound may be apart in seconds, codecs.
const KINDS: &[(&str, f64, &[&str])] = &[
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

#[test]
fn picture_and_sound_are_together_in_every_kind_of_film() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    println!("{:24} {:>10} {:>10} {:>12} {:>7}", "film", "flash ms", "beep ms", "together ms", "frames");
    let mut wrong = Vec::new();
    for (name, limit, codecs) in KINDS {
        let path = films.flash_and_beep(name, "25", codecs);
        let seen = see(&path, PictureWish::default());
        let heard = hear(&path);
        let beeps = heard.beeps();
        let flash_error = largest(seen.flashes.iter().zip(1..).map(|(at, second)| at - f64::from(second)));
        let beep_error = largest(beeps.iter().zip(1..).map(|(at, second)| at - f64::from(second)));
        let together = largest(seen.flashes.iter().zip(&beeps).map(|(flash, beep)| beep - flash));
        println!(
            "{name:24} {:10.2} {:10.2} {:12.2} {:7}",
            flash_error * 1e3,
            beep_error * 1e3,
            together * 1e3,
            seen.times.len()
        );
        let counts = (seen.flashes.len(), beeps.len());
        if counts != (5, 5) || together.abs() > *limit || seen.damage.broken_packets + heard.damage.broken_packets > 0 {
            wrong.push((name, counts, together, seen.damage, heard.damage));
        }
        assert_eq!(heard.start, SessionTime::ZERO);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Each flash is where it should be, each beep too; both within these limits in seconds.
fn check(path: &Path, flash_at: impl Fn(usize) -> f64, beep_at: impl Fn(usize) -> f64, limit: f64) {
    let (seen, heard) = (see(path, PictureWish::default()), hear(path));
    let beeps = heard.beeps();
    assert_eq!((seen.flashes.len(), beeps.len()), (5, 5), "{seen:?}", seen = seen.flashes);
    for (index, (flash, beep)) in seen.flashes.iter().zip(&beeps).enumerate() {
        assert!((flash - flash_at(index + 1)).abs() < limit, "flash {} at {flash}", index + 1);
        assert!((beep - beep_at(index + 1)).abs() < limit, "beep {} at {beep}", index + 1);
    }
}

const H264_AAC: &[&str] = &["-c:v", "libx264", "-c:a", "aac"];

#[test]
fn a_picture_that_starts_late_stays_late() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let (picture, sound) = (flash("20"), beep());
    let inputs = ["-itsoffset", "0.5", "-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound, "-fps_mode", "vfr"];
    let path = films.make("late-picture.mp4", &[&inputs[..], H264_AAC].concat());
    check(&path, |second| second as f64 + 0.5, |second| second as f64, 0.002);
    let seen = see(&path, PictureWish::default());
    assert_eq!(seen.times[0].millis(), 500);
    assert!(hear(&path).damage.missing.is_empty());
}

#[test]
fn sound_that_starts_late_begins_with_silence() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let (picture, sound) = (flash("25"), beep());
    for name in ["late-sound.mp4", "late-sound.mkv"] {
        let inputs = ["-f", "lavfi", "-i", &picture, "-itsoffset", "0.4", "-f", "lavfi", "-i", &sound];
        let path = films.make(name, &[&inputs[..], H264_AAC].concat());
        check(&path, |second| second as f64, |second| second as f64 + 0.4, 0.002);
        let heard = hear(&path);
        assert_eq!(heard.start, SessionTime::ZERO);
        let missing = heard.damage.missing[0];
        assert!(missing.start() == SessionTime::ZERO && (missing.secs_f64() - 0.4).abs() < 0.03, "{missing:?}");
    }
}

#[test]
fn odd_rates_do_not_drift() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    for (name, rate, numer, denom) in [
        ("ntsc.mp4", "30000/1001", 1001_i64, 30_000_i64),
        ("film.mkv", "24000/1001", 1001, 24_000),
        ("film.mp4", "24000/1001", 1001, 24_000),
    ] {
        let source = format!("testsrc=s=64x48:r={rate}:d=60");
        let path = films.make(name, &["-f", "lavfi", "-i", &source, "-c:v", "libx264", "-preset", "ultrafast"]);
        let seen = see(&path, PictureWish::default());
        assert!(seen.times.len() > 1400);
        for (index, time) in seen.times.iter().enumerate() {
            let exact = (index as i64 * numer) as f64 / denom as f64;
            // Matroska rounds to milliseconds.
            let limit = if name.ends_with("mkv") { 0.000_51 } else { 1e-9 };
            assert!((time.secs_f64() - exact).abs() <= limit, "{name}: picture {index} at {time:?}, not {exact}");
        }
    }
}

#[test]
fn a_variable_rate_keeps_each_time() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    for name in ["vfr.mp4", "vfr.mkv", "vfr.webm"] {
        let codec = if name.ends_with("webm") { "libvpx" } else { "libx264" };
        let keep = "select='not(mod(n,3))+gt(random(1),0.6)'";
        let source = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=20", "-vf", keep, "-fps_mode", "vfr", "-c:v", codec];
        let path = films.make(name, &source);
        let truth = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0"])
            .arg(&path)
            .output()
            .unwrap();
        let truth = String::from_utf8(truth.stdout).unwrap();
        let truth: Vec<f64> = truth.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect();
        let seen = see(&path, PictureWish::default());
        assert!(truth.len() > 200 && truth.len() < 450, "{}", truth.len());
        assert_eq!(seen.times.len(), truth.len());
        for (time, truth) in seen.times.iter().zip(truth) {
            assert!((time.secs_f64() - truth).abs() < 1e-5);
        }
    }
}

fn colour(image: &Mat, x: i32, y: i32) -> [u8; 3] {
    image.at_2d::<Vec3b>(y, x).unwrap().0
}

#[test]
fn a_turned_film_comes_out_upright_and_scaled() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    // Red in the top left corner of the stored picture.
    let source = "color=black:s=128x64:r=25:d=1,drawbox=x=0:y=0:w=32:h=32:color=red:t=fill";
    let plain = films.make("plain.mp4", &["-f", "lavfi", "-i", source, "-c:v", "libx264"]);
    let plain = plain.to_str().unwrap().to_owned();
    // `rotate=270` is shown turned by 90 degrees clockwise: ffmpeg's tag counts the other way.
    for (tag, size, red) in [
        ("0", (128, 64), (8, 8)),
        ("270", (64, 128), (56, 8)),
        ("180", (128, 64), (120, 56)),
        ("90", (64, 128), (8, 120)),
    ] {
        let name = format!("turned-{tag}.mov");
        let rotate = format!("rotate={tag}");
        let path = films.make(&name, &["-i", &plain, "-c", "copy", "-metadata:s:v:0", &rotate]);
        let mut pictures = open_pictures(&path, SessionTime::ZERO, PictureWish::default(), &settings()).unwrap();
        assert_eq!(pictures.size(), size, "{tag}");
        let frame = pictures.next_frame().unwrap().unwrap();
        assert_eq!((frame.image.cols() as u32, frame.image.rows() as u32), size);
        let [blue, green, found] = colour(&frame.image, red.0, red.1);
        assert!(found > 200 && blue < 60 && green < 60, "{tag}: {blue} {green} {found}");
        let half = PictureWish { grid: None, max_width: Some(32) };
        let mut small = open_pictures(&path, SessionTime::ZERO, half, &settings()).unwrap();
        assert_eq!(small.size(), (32, 32 * size.1 / size.0));
        let image = small.next_frame().unwrap().unwrap().image;
        let (x, y) = (red.0 * 32 / size.0 as i32, red.1 * 32 / size.0 as i32);
        assert!(colour(&image, x, y)[2] > 200, "{tag}");
    }
}

#[test]
fn pixels_that_are_not_square_are_made_square() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let path = films.make("pal.mp4", &["-f", "lavfi", "-i", "testsrc=s=180x144:d=1,setsar=16/15", "-c:v", "libx264"]);
    assert_eq!(
        open_pictures(&path, SessionTime::ZERO, PictureWish::default(), &settings()).unwrap().size(),
        (192, 144)
    );
}

#[test]
fn an_edit_list_moves_both_tracks() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let whole = films.flash_and_beep("whole.mp4", "25", &["-c:v", "libx264", "-g", "100", "-c:a", "aac"]);
    let whole = whole.to_str().unwrap().to_owned();
    // Cut without decoding in the middle of a group of pictures: the edit list hides what stands before.
    let cut = films.make("cut.mp4", &["-ss", "0.52", "-i", &whole, "-c", "copy"]);
    let (seen, heard) = (see(&cut, PictureWish::default()), hear(&cut));
    println!("edit list: flashes {:?}, beeps {:?}", seen.flashes, heard.beeps());
    assert_eq!((seen.flashes.len(), heard.beeps().len()), (5, 5));
    for (flash, beep) in seen.flashes.iter().zip(heard.beeps()) {
        assert!((flash - beep).abs() < 0.002, "{flash} {beep}");
    }
    assert!((seen.flashes[0] - 0.48).abs() < 0.002, "{:?}", seen.flashes);
}

#[test]
fn the_grid_picks_the_nearest_pictures_only() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let path = films.flash_and_beep("grid.mp4", "30000/1001", H264_AAC);
    let grid = PictureGrid { first: SessionTime::ZERO, step: Step::new(2, 25).unwrap() };
    let seen = see(&path, PictureWish { grid: Some(grid), max_width: None });
    // 6 s, and the last picture also stands for the point at 6.0 s.
    assert_eq!(seen.times.len(), 76);
    for (index, time) in seen.times.iter().enumerate() {
        let limit = if index == 75 { 0.04 } else { 0.0167 };
        assert!((time.secs_f64() - index as f64 * 0.08).abs() < limit, "{index}: {time:?}");
    }
}

/// The same bytes with `count` of them changed, always the same ones for one seed; the first `spare` bytes stay.
fn damaged(bytes: &[u8], count: usize, spare: std::ops::Range<usize>, seed: u64) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut state = seed;
    let mut done = 0;
    while done < count {
        // Knuth's MMIX generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 24) as usize % out.len();
        if !spare.contains(&at) {
            out[at] ^= 1 + (state >> 17) as u8 % 255;
            done += 1;
        }
    }
    out
}

/// Where the index (`moov`) of an mp4 file lies.
fn index_of(bytes: &[u8]) -> std::ops::Range<usize> {
    let at = bytes.windows(4).rposition(|four| four == b"moov").unwrap() - 4;
    let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    at..at + length
}

fn long_film(films: &Films, name: &str) -> PathBuf {
    let picture = "testsrc2=s=320x240:r=25:d=40";
    let sound = "aevalsrc=0.3*sin(2*PI*(200+50*t)*t)|0.3*sin(2*PI*300*t):s=44100:d=40";
    let inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound];
    let codec: &[&str] = match name.split('.').next() {
        Some("hevc") => &["-c:v", "libx265", "-x265-params", "log-level=none"],
        Some("mpeg4") => &["-c:v", "mpeg4"],
        _ => &["-c:v", "libx264"],
    };
    films.make(name, &[&inputs[..], codec, &["-preset", "veryfast", "-g", "50", "-c:a", "aac"]].concat())
}

#[test]
fn a_damaged_film_goes_on_to_its_end_with_the_right_times() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    for (name, seed) in [("h264.mp4", 1), ("hevc.mp4", 3), ("mpeg4.mp4", 4)] {
        let bytes = std::fs::read(long_film(&films, name)).unwrap();
        let path = films.path("damaged.mp4");
        std::fs::write(&path, damaged(&bytes, 200, index_of(&bytes), seed)).unwrap();
        let all = |path: &Path, threads: usize| {
            let mut settings = settings();
            settings.picture.threads = threads;
            let mut pictures = open_pictures(path, SessionTime::ZERO, PictureWish::default(), &settings).unwrap();
            let mut frames = Vec::new();
            while let Some(frame) = pictures.next_frame().unwrap() {
                frames.push((frame.time, brightness(&frame).to_bits()));
            }
            (frames, pictures.damage().clone())
        };
        assert_eq!(all(&films.path(name), 1), all(&films.path(name), 3), "the number of threads does not matter");
        let (frames, damage) = all(&path, settings().picture.threads);
        println!("{name}: {} of 1000 pictures, {damage:?}", frames.len());
        assert_eq!((&frames, &damage), (&all(&path, settings().picture.threads).0, &damage), "the same in each run");
        assert!(frames.len() > 300 && damage.broken_packets > 0);
        assert!(frames.last().unwrap().0.secs_f64() > 38.0);
        assert!(frames.iter().all(|(time, _)| time.nanos() % 40_000_000 == 0), "times stay on the grid of the film");
        let heard = hear(&path);
        println!("        {:.3} s of sound, {:?}", heard.secs(), heard.damage);
        assert!((heard.secs() - 40.0).abs() < 0.1);
    }
}

#[test]
fn a_film_cut_off_gives_what_it_has_and_says_what_is_missing() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    for name in ["cut.mkv", "cut.mp4"] {
        let start = ["-movflags", "+faststart"];
        let whole = long_film(&films, "whole.mp4");
        let whole = whole.to_str().unwrap();
        let extra: &[&str] = if name.ends_with("mp4") { &start } else { &[] };
        let path = films.make(name, &[&["-i", whole, "-c", "copy"], extra].concat());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let (seen, heard) = (see(&path, PictureWish::default()), hear(&path));
        println!(
            "{name}: {} pictures, {:?}; {:.2} s of sound, {:?}",
            seen.times.len(),
            seen.damage,
            heard.secs(),
            heard.damage
        );
        assert!((300..800).contains(&seen.times.len()));
        assert!((12.0..32.0).contains(&heard.secs()));
        for damage in [seen.damage, heard.damage] {
            let last = damage.missing.last().unwrap();
            assert!((last.end().secs_f64() - 40.0).abs() < 0.2, "{last:?}");
        }
    }
}

#[test]
fn what_is_no_recording_says_so() {
    let films = Films::new();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(films.path(name), bytes).unwrap();
        films.path(name)
    };
    let mut cases = vec![
        (write("empty.mp4", b""), "empty"),
        (write("empty.wav", b""), "empty"),
        (write("text.mp4", b"Client: I don't know.\nTherapist: Mm-hm.\n"), "no film or sound"),
        (write("playlist.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n"), "no film or sound"),
        (write("list.mp4", b"ffconcat version 1.0\nfile other.mp4\n"), "no film or sound"),
        (write("header-only.wav", b"RIFF\x24\0\0\0WAVE"), "WAV header|no film or sound"),
        (write("noise.mkv", &damaged(&[0; 5000], 20_000, 0..0, 7)), "no film or sound"),
        (films.path(""), "this is a folder"),
        (films.path("not-there.mp4"), "cannot read"),
    ];
    if ffmpeg_is_there() {
        let bytes = std::fs::read(films.flash_and_beep("whole.mp4", "25", H264_AAC)).unwrap();
        let without_index = bytes[..index_of(&bytes).start].to_vec();
        cases.push((write("no-index.mp4", &without_index), "index is missing"));
    }
    for (path, words) in cases {
        let errors = [
            open_pictures(&path, SessionTime::ZERO, PictureWish::default(), &settings()).err(),
            open_sound(&path, SessionTime::ZERO, &settings()).err(),
            probe(&path, &settings()).err(),
        ];
        for error in errors {
            let error = error.unwrap_or_else(|| panic!("{} opened", path.display())).to_string();
            assert!(words.split('|').any(|words| error.contains(words)), "{error}");
            assert!(error.ends_with(&path.display().to_string()), "the file comes last: {error}");
        }
    }
}

#[test]
fn a_missing_track_is_named_and_the_other_one_read() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let (picture, sound) = (flash("25"), beep());
    let only_picture = films.make("picture.mp4", &["-f", "lavfi", "-i", &picture, "-c:v", "libx264"]);
    let only_sound = films.make("sound.m4a", &["-f", "lavfi", "-i", &sound, "-c:a", "aac"]);
    let error = open_sound(&only_picture, SessionTime::ZERO, &settings()).err().unwrap();
    assert!(matches!(error, MediaError::NoTrack { what: "sound", .. }), "{error}");
    assert_eq!(see(&only_picture, PictureWish::default()).flashes.len(), 5);
    let error = open_pictures(&only_sound, SessionTime::ZERO, PictureWish::default(), &settings()).err().unwrap();
    assert!(matches!(error, MediaError::NoTrack { what: "picture", .. }), "{error}");
    assert_eq!(hear(&only_sound).beeps().len(), 5);
    let facts = probe(&only_sound, &settings()).unwrap();
    assert!(facts.has_sound() && !facts.has_picture());
    assert_eq!(facts.describe(), "0:06, sound aac 48000 Hz mono");
}

#[test]
fn a_silent_track_is_silence_and_not_missing() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let path = films.make("silent.mp4", &["-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo:d=3", "-c:a", "aac"]);
    let heard = hear(&path);
    assert_eq!(heard.channels.len(), 2);
    assert!((heard.secs() - 3.0).abs() < 0.03);
    assert!(heard.channels.iter().flatten().all(|v| v.abs() < 1e-6));
    assert_eq!(heard.damage, Damage::default());
}

#[test]
fn plain_sound_files_begin_with_their_first_sample() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let sound = beep();
    for (name, codec, limit) in [
        ("sound.mp3", "libmp3lame", 0.002),
        ("sound.m4a", "aac", 0.002),
        ("sound.ogg", "libvorbis", 0.002),
        ("sound.opus", "libopus", 0.002),
        ("sound.flac", "flac", 0.000_2),
        ("sound.wma", "wmav2", 0.06),
    ] {
        let path = films.make(name, &["-f", "lavfi", "-i", &sound, "-c:a", codec]);
        let heard = hear(&path);
        println!("{name}: beeps {:?}, {:.3} s", heard.beeps(), heard.secs());
        assert_eq!(heard.beeps().len(), 5);
        assert!((heard.beeps()[0] - 1.0).abs() < limit && (heard.beeps()[4] - 5.0).abs() < limit, "{name}");
        assert!(heard.damage.broken_packets == 0 && (limit > 0.05 || heard.damage.missing.is_empty()), "{name}");
    }
}

#[test]
fn channels_are_kept_apart() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    // Channel n has its beep at second n.
    let expression: Vec<_> = (1..=6).map(|n| format!("if(between(t,{n},{n}.05),0.5*sin(2*PI*440*t),0)")).collect();
    let source = format!("aevalsrc='{}':s=44100:d=8:c=5.1", expression.join("|"));
    for (name, codec) in
        [("six.mkv", "flac"), ("six.mka", "pcm_s24le"), ("six.mov", "pcm_f32le"), ("six.caf", "pcm_s16le")]
    {
        let path = films.make(name, &["-f", "lavfi", "-i", &source, "-c:a", codec]);
        let heard = hear(&path);
        assert_eq!(heard.channels.len(), 6, "{name}");
        for (index, channel) in heard.channels.iter().enumerate() {
            let loudest = channel.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap();
            let second = loudest.0 as f64 / f64::from(SOUND_RATE);
            assert!((second - 1.025 - index as f64).abs() < 0.03, "{name}: channel {index} at {second}");
            assert!((loudest.1.abs() - 0.5).abs() < 0.01);
        }
    }
}

#[test]
fn an_offset_moves_everything() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let path = films.flash_and_beep("plain.mp4", "25", H264_AAC);
    let offset = SessionTime::from_millis(-2500);
    let mut pictures = open_pictures(&path, offset, PictureWish::default(), &settings()).unwrap();
    assert_eq!(pictures.next_frame().unwrap().unwrap().time, offset);
    let heard = hear_all(&mut *open_sound(&path, offset, &settings()).unwrap());
    assert_eq!(heard.start, offset);
    assert!((heard.beeps()[0] + 1.5).abs() < 0.002, "{:?}", heard.beeps());
}

#[test]
fn reading_ahead_changes_nothing() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let path = films.flash_and_beep("plain.mp4", "25", H264_AAC);
    let open = || open_pictures(&path, SessionTime::ZERO, PictureWish::default(), &settings()).unwrap();
    let mut ahead = attune::media::pictures_ahead(open(), 4);
    let mut plain = open();
    assert_eq!(ahead.size(), plain.size());
    while let Some(frame) = plain.next_frame().unwrap() {
        let other = ahead.next_frame().unwrap().unwrap();
        assert_eq!((frame.time, brightness(&frame).to_bits()), (other.time, brightness(&other).to_bits()));
    }
    assert!(ahead.next_frame().unwrap().is_none());
}
