//! Clips: what is covered, what is not, and what is refused.

#![cfg(feature = "video")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a test says what broke by panicking"
)]

#[path = "cli/desk.rs"]
mod desk;
mod made;

use std::path::Path;
use std::process::Command;

use attune::config::Config;
use attune::export::{self, Options};
use attune::origin::Hash;
use attune::time::{FrameGrid, SessionTime, Step};
use attune::track::{Track, Unit, Who};
use desk::{Desk, check};
use ndarray::Array2;

/// Where the made face is.
const FACE: [f32; 4] = [100.0, 60.0, 60.0, 80.0];

/// Four seconds of noise, and results that say there is a face in it, but for the third second.
fn film_and_results(desk: &Desk) -> Option<(String, String)> {
    let noise = "nullsrc=s=320x240:r=25:d=40,geq=random(1)*255:128:128";
    let film = desk.film(
        "film.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            noise,
            "-t",
            "40",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-crf",
            "18",
            "-pix_fmt",
            "yuv420p",
            "-metadata",
            "title=Cholmondeley",
        ],
    )?;
    let mut session = made::almost_nothing();
    session.media[0].what = "0:40, picture h264 320x240 25 fps".into();
    session.media[0].sha256 = Hash::of_file(&film).unwrap();
    session.media[0].offset_s = SessionTime::ZERO;
    let grid = FrameGrid { first: SessionTime::from_millis(40), step: Step::new(2, 25).unwrap(), len: 500 };
    let values = Array2::from_shape_fn((500, 4), |(frame, column)| {
        let at = grid.time(frame).unwrap().secs_f64();
        if (2.0..3.0).contains(&at) || at > 20.0 { f32::NAN } else { FACE[column] }
    });
    let columns = ["x", "y", "width", "height"].map(str::to_owned).to_vec();
    session
        .tracks
        .insert("face_box", Track { who: Who::Client, unit: Unit::Pixels, grid, columns, values, confidence: None });
    let folder = desk.path("results");
    let report = Config::embedded().read("report.toml").unwrap();
    export::write_results(&session, &export::Codes::default(), &folder, &report, &Options::default()).unwrap();
    Some((film.to_str().unwrap().to_owned(), folder.to_str().unwrap().to_owned()))
}

/// The grey pictures of a film, one after the other.
fn pictures(film: &Path) -> Vec<Vec<u8>> {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-i", film.to_str().unwrap(), "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"])
        .output()
        .unwrap();
    done.stdout.chunks(320 * 240).map(<[u8]>::to_vec).collect()
}

/// How much neighbouring pixels differ inside (or outside) the face: noise differs much, what is covered hardly.
fn roughness(picture: &[u8], inside: bool) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for y in 0..240_usize {
        for x in 0..319_usize {
            let (px, py) = (x as f32, y as f32);
            let is_in = px > FACE[0] && px < FACE[0] + FACE[2] && py > FACE[1] && py < FACE[1] + FACE[3];
            // The cover reaches half a face beyond; what is further away stays.
            let is_out = !(40.0..=220.0).contains(&px);
            if (inside && is_in) || (!inside && is_out) {
                sum += (f64::from(picture[y * 320 + x]) - f64::from(picture[y * 320 + x + 1])).abs();
                count += 1.0;
            }
        }
    }
    sum / count
}

#[test]
fn faces_are_covered_and_doubt_covers_everything() {
    let desk = Desk::new();
    let Some((film, results)) = film_and_results(&desk) else { return };
    let cut = |name: &str, from: &str, until: &str| {
        let out = desk.path(name);
        let args = [
            "clip",
            &results,
            "--media",
            &film,
            "--from",
            from,
            "--until",
            until,
            "--yes",
            "-o",
            out.to_str().unwrap(),
        ];
        let done = desk.attune(&args);
        check(&done, 0, "pictures");
        (pictures(&out), done.out)
    };
    let (seen, told) = cut("a.mp4", "0:00.5", "0:04");
    assert!((86..=88).contains(&seen.len()), "{} pictures", seen.len());
    for (number, picture) in seen.iter().enumerate() {
        assert!(roughness(picture, true) < 6.0, "picture {number}: the face can be seen: {}", roughness(picture, true));
    }
    // At 1 s the rest of the picture stays; at 2.5 s the face may be anywhere.
    assert!(roughness(&seen[12], false) > 20.0, "{}", roughness(&seen[12], false));
    assert!(roughness(&seen[50], false) < 6.0, "{}", roughness(&seen[50], false));
    let whole: u64 = told.split("pictures, ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((5..=30).contains(&whole), "{told}");
    // Long after the face was last seen nobody is taken to be there.
    let (later, _) = cut("b.mp4", "33", "34");
    assert!(roughness(&later[5], false) > 20.0);
    // Nothing of the recording's metadata.
    let bytes = std::fs::read(desk.path("a.mp4")).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("Cholmondeley"));
}

#[test]
fn clips_that_would_not_be_safe_are_refused() {
    let desk = Desk::new();
    let Some((film, results)) = film_and_results(&desk) else { return };
    let out = desk.path("clip.mp4");
    let cut = |film: &str, more: &[&str]| {
        let mut args = vec!["clip", &results, "--media", film, "--from", "1", "-o", out.to_str().unwrap()];
        args.extend(more);
        desk.attune(&args)
    };
    check(&cut(&film, &["--until", "2"]), 2, "--yes");
    check(&cut(&film, &["--until", "1", "--yes"]), 2, "after --from");
    check(&cut(&film, &["--until", "1:75", "--yes"]), 2, "no time");
    check(&cut(&film, &["--until", "2", "--pitch", "0.5", "--yes"]), 2, "2 to 12");
    check(&cut(&film, &["--until", "2", "--pitch", "nan", "--yes"]), 2, "2 to 12");
    let other = desk.write("other.mp4", "another film");
    check(&cut(other.to_str().unwrap(), &["--until", "2", "--yes"]), 1, "not the film that was scanned");
    let beyond =
        ["clip", &results, "--media", &film, "--from", "300", "--until", "301", "--yes", "-o", out.to_str().unwrap()];
    check(&desk.attune(&beyond), 1, "");
    assert!(!out.exists(), "what was begun is left");
    // A study asks for everybody's consent.
    let place = desk.path("study");
    let place = place.to_str().unwrap();
    check(&desk.attune(&["study", "new", place]), 0, "");
    check(&desk.attune(&["study", "add", place, &film]), 0, "S001");
    let study =
        ["clip", place, "--session", "S001", "--from", "1", "--until", "2", "--yes", "-o", out.to_str().unwrap()];
    check(&desk.attune(&study), 1, "not everybody in S001 has agreed to export");
}
