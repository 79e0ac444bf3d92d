//! Recordings of many kinds, made with the `ffmpeg` program, and what comes out of them.
//!
//! The flash-and-beep film shows a white picture and plays a beep at each whole second; any shift between the two, or
//! against the clock, is a number here. Without the `ffmpeg` program these tests say so and pass.

#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what broke by panicking")]

#[path = "media/damage.rs"]
mod damage;
#[path = "media/films.rs"]
mod films;

use std::path::{Path, PathBuf};
use std::process::Command;

use attune::media::{
    Damage, Frame, FrameSource, MediaError, MediaSettings, PictureGrid, PictureWish, SOUND_RATE, SoundSource,
    open_pictures, open_sound, probe,
};
use attune::time::{SessionTime, Step};
use opencv::core::{Mat, MatTraitConst, Vec3b};
use tempfile::TempDir;

use films::*;

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
