//! Films that are not as one would wish: dark, frozen, fast, interlaced, huge, cut off, with a poster or a
//! mirror. All are made from the bundled example.

#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what broke by panicking")]

mod face_support;

use std::path::Path;
use std::process::Command;

use attune::face::{FaceResult, Request, analyse};
use attune::job::Job;
use attune::media::{MediaSettings, PictureGrid, PictureWish, open_pictures};
use attune::time::SessionTime;
use face_support::{settings, shelf};
use opencv::prelude::*;

/// What is found in a film that ffmpeg makes of its `input` with a `filter`; `None` where there is no such program.
fn found(input: &[&str], filter: &str) -> Option<FaceResult> {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin"])
        .args(input)
        .args(["-filter_complex", filter, "-an", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"])
        .arg(&film)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no ffmpeg program that makes such films");
        return None;
    }
    let settings = settings();
    let media: MediaSettings = toml::from_str(include_str!("../config/media.toml")).unwrap();
    let grid = PictureGrid { first: SessionTime::ZERO, step: settings.step };
    let wish = PictureWish { grid: Some(grid), max_width: Some(1920) };
    let mut pictures = open_pictures(Path::new(&film), SessionTime::ZERO, wish, &media).unwrap();
    let request = Request { threads: 2, max_faces: 2, film_step: None };
    let result = analyse(&mut *pictures, &shelf(), &settings, &request, &Job::quiet()).unwrap();
    println!("{filter}: {:?} {:?}", result.faces, result.problems);
    Some(result)
}

const EXAMPLE: &str = "fixtures/example/session.mp4";

/// Some seconds of the example through a filter: how many faces, for which share of the time (of `secs`) they are seen
/// and can be assessed, and what is said.
fn check(secs: &str, filter: &str, faces: usize, says: &str) {
    let Some(result) = found(&["-t", secs, "-i", EXAMPLE], filter) else { return };
    assert_eq!(result.faces.len(), faces, "{filter}");
    let told = result.problems.join("\n");
    assert!(told.contains(says) && (says.is_empty() == told.is_empty()), "{filter}: {told}");
    for face in &result.faces {
        assert!(face.usable_secs > 0.9 * secs.parse::<f64>().unwrap(), "{filter}: {face:?}");
    }
}

#[test]
fn fast_interlaced_and_huge_films_are_films() {
    check("2", "fps=120", 1, "");
    check("2", "tinterlace=4,fieldorder=tff", 1, "");
    check("1", "scale=3840:2880", 1, "");
}

#[test]
fn where_nobody_can_be_seen_the_result_says_what_to_look_at() {
    check("2", "drawbox=t=fill:c=black", 0, "no face was followed");
    check("2", "crop=iw/2-40:ih:0:0", 0, "does the film stand upright");
    if let Some(result) = found(&["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=2"], "null") {
        assert!(result.faces.is_empty(), "{:?}", result.faces);
    }
}

#[test]
fn a_frozen_film_keeps_its_face_and_says_so() {
    check("12", "loop=loop=-1:size=1,trim=duration=12,noise=alls=4:allf=t", 1, "may be frozen");
}

#[test]
fn a_poster_beside_the_person_is_nobody() {
    let still = "split[a][b];[b]loop=loop=-1:size=1,trim=duration=14[c];[a][c]hstack=shortest=1,noise=alls=4:allf=t";
    check("14", still, 1, "never move");
}

#[test]
fn a_mirror_beside_the_person_is_nobody() {
    check("40", "fps=12.5,split[a][b];[b]hflip[c];[a][c]hstack", 1, "a mirror");
}

/// Time in ms and bytes of the pictures that are read of a film, with and without a grid.
fn pictures(film: &Path, grid: Option<PictureGrid>) -> Vec<(i64, Vec<u8>)> {
    let media: MediaSettings = toml::from_str(include_str!("../config/media.toml")).unwrap();
    let wish = PictureWish { grid, max_width: None };
    let mut source = open_pictures(film, SessionTime::ZERO, wish, &media).unwrap();
    let mut all = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        all.push((frame.time.millis(), frame.image.data_bytes().unwrap().to_vec()));
    }
    assert!(source.damage().missing.is_empty(), "{:?}", source.damage());
    all
}

#[test]
fn what_is_not_decoded_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, codec) in [("25", "libx264"), ("30", "libx264"), ("60", "libx264"), ("25", "mpeg4")] {
        let film = folder.path().join(format!("{codec}{rate}.mp4"));
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", &format!("testsrc2=s=320x240:r={rate}:d=4")])
            .args(["-vf", "noise=alls=20:allf=t", "-c:v", codec, "-bf", "3", "-pix_fmt", "yuv420p"])
            .arg(&film)
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return println!("skipped: no ffmpeg program that makes such films");
        }
        let grid = PictureGrid { first: SessionTime::ZERO, step: settings().step };
        let (all, picked) = (pictures(&film, None), pictures(&film, Some(grid)));
        assert_eq!(all.len(), 4 * rate.parse::<usize>().unwrap());
        // The nearest picture to each 80 ms, by plain search.
        let nearest = |point: i64| all.iter().min_by_key(|(ms, _)| ((ms - point).abs(), *ms)).unwrap();
        let mut expect: Vec<_> = (0..=4000).step_by(80).map(nearest).collect();
        expect.dedup();
        assert_eq!(picked.len(), expect.len(), "{codec} {rate}");
        assert!(picked.iter().zip(expect).all(|(found, expect)| found == expect), "{codec} {rate}");
    }
}
