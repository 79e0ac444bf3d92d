//! The face stage as the engine meets it: numbers against an independent implementation, people across breaks and cuts,
//! the same result whatever the threads, and input that is not what it should be.

#![cfg(feature = "video")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says what broke by panicking, and what it measured"
)]

mod face_support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use attune::face::actions::NAMES;
use attune::face::canonical::Canonical;
use attune::face::find::Finder;
use attune::face::reader::{FaceReader, Look};
use attune::face::{FaceError, FaceResult, Request, analyse};
use attune::job::Job;
use attune::media::{Damage, Frame, FrameSource, MediaError};
use attune::model::{ModelError, Runtime, Shelf};
use attune::time::{SessionTime, Step};
use attune::track::{Tracks, Unit, Who};
use face_support::{Pictures, read_picture, rten_shelf, settings, shelf};
use opencv::core::{CV_8UC1, CV_8UC3, Mat, Rect, Scalar, Size};
use opencv::imgproc::{INTER_AREA, resize};
use opencv::prelude::*;

#[derive(serde::Deserialize)]
struct Reference {
    score: f32,
    #[serde(rename = "box")]
    face: [f32; 4],
    presence: f32,
    points: BTreeMap<usize, [f32; 3]>,
    actions: BTreeMap<String, f32>,
    pose: [f32; 3],
    mouth: [f32; 5],
}

fn near(what: &str, found: f32, expect: f32, tolerance: f32) {
    assert!((found - expect).abs() <= tolerance, "{what}: {found} instead of {expect}");
}

/// `fixtures/face_reference.py` made the numbers. Tolerances cover two versions of OpenCV's interpolation.
fn numbers_agree(shelf: &Shelf, pictures: &[&str]) {
    let reference: BTreeMap<String, Reference> =
        serde_json::from_str(include_str!("../fixtures/face_reference.json")).unwrap();
    let settings = settings();
    let canonical = Canonical::from_bytes(&shelf.bytes("face_geometry").unwrap().0).unwrap();
    let (mut finder, mut reader) = (Finder::load(shelf, 1).unwrap(), FaceReader::load(shelf).unwrap());
    for &name in pictures {
        let expect = &reference[name];
        let picture = read_picture(Path::new(&format!("fixtures/example/faces/{name}.png")));
        let found = finder.find(&picture, &settings.search).unwrap();
        assert_eq!(found.len(), 1, "{name}");
        near("score", found[0].score, expect.score, 0.01);
        let face = found[0].face;
        let edges = [face.x, face.y, face.x + face.width, face.y + face.height];
        edges.iter().zip(expect.face).for_each(|(&found, expect)| near("edge", found, expect, 1.0));

        let look = Look { square: found[0].square(), min_presence: 0.5, twice: true };
        let reading = reader.read(&picture, look, &canonical, &settings).unwrap().unwrap();
        let measures = reading.measures;
        near("presence", measures.presence, expect.presence, 0.01);
        for (&index, point) in &expect.points {
            for (found, expected) in reading.points[index].iter().zip(point) {
                near(&format!("{name} point {index}"), *found, *expected, 0.8);
            }
        }
        for (action, found) in NAMES.iter().zip(measures.actions) {
            near(&format!("{name} {action}"), found, expect.actions[*action], 0.04);
        }
        measures.pose.iter().zip(expect.pose).for_each(|(&found, expect)| near("pose", found, expect, 0.3));
        measures.mouth.iter().zip(expect.mouth).for_each(|(&found, expect)| near("mouth", found, expect, 0.005));
    }
}

#[test]
fn numbers_agree_with_the_reference() {
    numbers_agree(&shelf(), &["neutral", "smile", "pout", "jawOpen"]);
}

#[test]
fn numbers_agree_with_the_reference_without_onnx_runtime() {
    numbers_agree(&rten_shelf(), &["pout"]);
}

/// A face as a tile of 320 x 320 pixels; `tint` makes another person of it.
fn face(name: &str, tint: bool) -> Mat {
    let large = read_picture(Path::new(&format!("fixtures/example/faces/{name}.png")));
    let mut tile = Mat::default();
    resize(&large, &mut tile, Size::new(320, 320), 0.0, 0.0, INTER_AREA).unwrap();
    if tint {
        for pixel in tile.data_bytes_mut().unwrap().chunks_exact_mut(3) {
            pixel[2] = (f32::from(pixel[2]) * 0.55) as u8;
            pixel[1] = (f32::from(pixel[1]) * 0.6) as u8;
        }
    }
    tile
}

/// A picture of 720 x 360 pixels of one grey value, with tiles at these left edges.
fn scene(grey: f64, tiles: &[(&Mat, i32)]) -> Mat {
    let mut picture = Mat::new_rows_cols_with_default(360, 720, CV_8UC3, Scalar::all(grey)).unwrap();
    for (tile, x) in tiles {
        let mut place = Mat::roi_mut(&mut picture, Rect::new(*x, 20, 320, 320)).unwrap();
        tile.copy_to(&mut place).unwrap();
    }
    picture
}

fn run(frames: Vec<(i64, Mat)>, threads: usize, max_faces: u8) -> FaceResult {
    let mut source = Pictures::new(frames);
    analyse(&mut source, &shelf(), &settings(), &Request { threads, max_faces, film_step: None }, &Job::quiet())
        .unwrap()
}

/// Two people who move a little, `count` pictures at 80 ms.
fn two_people(count: i64) -> Vec<(i64, Mat)> {
    let (left, right) = (face("neutral", false), face("smile", true));
    let sway = |i: i64| (8.0 * (i as f32 * 0.5).sin()) as i32;
    (0..count).map(|i| (i * 80, scene(128.0, &[(&left, 10 + sway(i)), (&right, 380 - sway(i))]))).collect()
}

fn seen(tracks: &Tracks, who: u8) -> String {
    let track = tracks.get("face_box", Who::Face(who)).unwrap();
    let width = track.column("width").unwrap();
    width.iter().map(|w| if w.is_nan() { '.' } else { '#' }).collect()
}

#[test]
fn two_people_come_from_left_to_right_with_all_their_tracks() {
    let result = run(two_people(20), 2, 2);
    assert_eq!(result.pictures, 20);
    assert_eq!(result.problems, [""; 0]);
    let names: Vec<_> = result.models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names, ["face_blendshapes", "face_landmarks", "yunet"]);
    assert_eq!(result.faces.iter().map(|face| face.who).collect::<Vec<_>>(), [Who::Face(1), Who::Face(2)]);
    assert!(result.faces[0].mean_box[0] + 300.0 < result.faces[1].mean_box[0]);
    for face in &result.faces {
        assert!((face.seen_secs - 1.6).abs() < 1e-9 && (face.usable_secs - 1.6).abs() < 1e-9, "{face:?}");
    }
    for (name, unit, columns) in [
        ("face_actions", Unit::Probability, 52),
        ("mouth_shape", Unit::EyeDistances, 5),
        ("head_pose", Unit::Degrees, 3),
        ("gaze", Unit::Degrees, 2),
        ("face_box", Unit::Pixels, 4),
        ("face_quality", Unit::Mixed, 5),
    ] {
        for who in 1..=2 {
            let track = result.tracks.get(name, Who::Face(who)).unwrap();
            assert_eq!((track.unit, track.columns.len()), (unit, columns), "{name}");
            assert_eq!((track.grid.len, track.grid.first), (20, SessionTime::ZERO));
            assert_eq!(track.grid.step, Step::new(2, 25).unwrap());
            assert_eq!(track.values.dim(), (20, columns));
        }
    }
    let smile = |who| result.tracks.get("face_actions", Who::Face(who)).unwrap().column("mouthSmileLeft").unwrap()[10];
    assert!(smile(1) < 0.2 && smile(2) > 0.7, "{} {}", smile(1), smile(2));
}

/// All numbers as bits, `NaN` included.
fn bits(tracks: &Tracks) -> Vec<(String, Who, Vec<u32>)> {
    tracks
        .iter()
        .map(|(name, track)| (name.to_owned(), track.who, track.values.iter().map(|value| value.to_bits()).collect()))
        .collect()
}

#[test]
fn the_same_pictures_give_the_same_bits_on_one_and_on_more_threads() {
    let once = run(two_people(15), 1, 2);
    let more = run(two_people(15), 3, 2);
    assert_eq!(bits(&once.tracks), bits(&more.tracks));
    assert_eq!(once.faces, more.faces);
}

#[test]
fn who_is_hidden_for_a_moment_stays_the_same_person() {
    let (left, right) = (face("neutral", false), face("smile", true));
    let frames = (0..30).map(|i| match i {
        10..16 => (i * 80, scene(128.0, &[(&right, 380)])),
        _ => (i * 80, scene(128.0, &[(&left, 10), (&right, 380)])),
    });
    let result = run(frames.collect(), 2, 2);
    assert_eq!(result.faces.len(), 2);
    assert_eq!(seen(&result.tracks, 2), "#".repeat(30));
    let hidden = seen(&result.tracks, 1);
    assert!(hidden.starts_with("##########......"), "{hidden}");
    assert!(hidden.ends_with("#########"), "found again within half a second: {hidden}");
    let confidence = result.tracks.get("gaze", Who::Face(1)).unwrap().confidence.clone().unwrap();
    assert!(confidence[12] == 0.0 && confidence[5] > 0.3);
}

#[test]
fn after_a_camera_cut_people_are_known_by_their_looks() {
    let (one, other) = (face("neutral", false), face("neutral", true));
    let stripes = |grey: f64, tiles: &[(&Mat, i32)]| {
        // Another background, so that it is another picture as a whole.
        let mut picture = scene(grey, tiles);
        let mut bar = Mat::roi_mut(&mut picture, Rect::new(0, 0, 720, 20)).unwrap();
        bar.set_to_def(&Scalar::all(255.0 - grey)).unwrap();
        drop(bar);
        picture
    };
    let frames = (0..40).map(|i| match i {
        0..20 => (i * 80, scene(220.0, &[(&one, 10), (&other, 380)])),
        _ => (i * 80, stripes(20.0, &[(&other, 20), (&one, 390)])),
    });
    let result = run(frames.collect(), 2, 2);
    assert_eq!(result.faces.len(), 2, "{:?}", result.problems);
    for who in 1..=2 {
        assert_eq!(seen(&result.tracks, who), "#".repeat(40));
        let track = result.tracks.get("face_box", Who::Face(who)).unwrap();
        let x = track.column("x").unwrap();
        assert!((x[25] - x[15]).abs() > 200.0, "face {who} stays at {} and {}", x[15], x[25]);
    }
}

#[test]
fn a_picture_without_the_time_of_its_place_leaves_a_hole() {
    let mut frames = two_people(20);
    frames.drain(8..11);
    let result = run(frames, 2, 2);
    assert_eq!(seen(&result.tracks, 1), "########...#########");
}

#[test]
fn who_is_in_view_for_a_moment_only_is_left_out_and_said_so() {
    let (left, right) = (face("neutral", false), face("smile", true));
    let frames = (0..60).map(|i| match i {
        0..6 => (i * 80, scene(128.0, &[(&left, 10), (&right, 380)])),
        _ => (i * 80, scene(128.0, &[(&left, 10)])),
    });
    let result = run(frames.collect(), 2, 2);
    assert_eq!(result.faces.len(), 1);
    assert!(result.problems.iter().any(|problem| problem.contains("less than 1.0 s")), "{:?}", result.problems);
}

#[test]
fn a_picture_on_the_wall_is_nobody_and_takes_nobodys_place() {
    let (person, poster) = (face("neutral", false), face("smile", true));
    let sway = |i: i64| (8.0 * (i as f32 * 0.1).sin()) as i32;
    let film = |right: &dyn Fn(i64) -> i32| -> Vec<(i64, Mat)> {
        (0..160).map(|i| (i * 80, scene(128.0, &[(&person, 10 + sway(i)), (&poster, 390 + right(i))]))).collect()
    };
    for max_faces in [1, 2] {
        let result = run(film(&|_| 0), 2, max_faces);
        assert_eq!(result.faces.len(), 1, "{:?}", result.faces);
        assert!(result.faces[0].mean_box[0] < 300.0, "{:?}", result.faces);
        assert!(result.problems.iter().any(|text| text.contains("never move")), "{:?}", result.problems);
    }
    // Two who move are two people.
    assert_eq!(run(film(&|i| -sway(i + 20)), 2, 2).faces.len(), 2);
}

#[test]
fn a_film_that_stands_still_keeps_its_face_and_says_so() {
    let person = face("neutral", false);
    let result = run((0..130).map(|i| (i * 80, scene(128.0, &[(&person, 200)]))).collect(), 2, 2);
    assert_eq!(result.faces.len(), 1);
    assert!(result.problems.iter().any(|text| text.contains("frozen")), "{:?}", result.problems);
}

#[test]
fn a_reflection_is_the_person_once_more() {
    let faces = ["neutral", "jawOpen", "pout", "smile"].map(|name| face(name, false));
    let mirrored = faces.each_ref().map(|tile| {
        let mut turned = Mat::default();
        opencv::core::flip(tile, &mut turned, 1).unwrap();
        turned
    });
    let which = |i: i64| ((i / 5 + i / 15) % 4) as usize;
    let film = |late: i64| -> Vec<(i64, Mat)> {
        let picture = |i: i64| scene(128.0, &[(&faces[which(i)], 10), (&mirrored[which(i + late)], 390)]);
        (0..150).map(|i| (i * 80, picture(i))).collect()
    };
    let result = run(film(0), 2, 2);
    assert_eq!(result.faces.len(), 1);
    assert!(result.problems.iter().any(|text| text.contains("a mirror")), "{:?}", result.problems);
    assert_eq!(run(film(37), 2, 2).faces.len(), 2, "another one who moves otherwise");
}

#[test]
fn only_as_many_people_as_wanted() {
    let result = run(two_people(15), 2, 1);
    assert_eq!(result.faces.len(), 1);
    assert_eq!(result.tracks.all("gaze").count(), 1);
}

#[test]
fn nothing_to_see_is_a_result_that_says_so() {
    let check = |frames: Vec<(i64, Mat)>, rows: u64, expect: &str| {
        let result = run(frames, 2, 2);
        assert_eq!((result.pictures, result.faces.len()), (rows, 0));
        assert!(result.problems.iter().any(|problem| problem.contains(expect)), "{:?}", result.problems);
    };
    check(Vec::new(), 0, "no picture");
    check((0..5).map(|i| (i * 80, scene(90.0, &[]))).collect(), 5, "no face");
    let grey = || Mat::new_rows_cols_with_default(60, 60, CV_8UC1, Scalar::all(7.0)).unwrap();
    check(vec![(0, grey()), (80, Mat::default())], 0, "2 pictures were empty or not 8-bit colour");
    let tiny = Mat::new_rows_cols_with_default(2, 3000, CV_8UC3, Scalar::all(7.0)).unwrap();
    check(vec![(0, tiny)], 1, "no face");
    check(vec![(0, scene(9.0, &[])), (i64::MAX / 1_000_000, scene(9.0, &[]))], 1, "impossible times");
}

#[test]
fn size_and_content_may_change_between_pictures() {
    let mut frames = two_people(6);
    frames.push((480, face("pout", false)));
    frames.push((560, Mat::new_rows_cols_with_default(4, 4, CV_8UC3, Scalar::all(200.0)).unwrap()));
    let tile = face("pout", false);
    // A part of a larger picture: its rows do not follow each other in memory.
    let part = Mat::roi(&scene(10.0, &[(&tile, 100)]), Rect::new(100, 20, 320, 320)).unwrap().try_clone().unwrap();
    frames.push((640, part));
    assert_eq!(run(frames, 2, 2).pictures, 9);
}

/// Fails at the third picture.
struct Broken(u32);

impl FrameSource for Broken {
    fn size(&self) -> (u32, u32) {
        (10, 10)
    }
    fn expected_secs(&self) -> Option<f64> {
        None
    }
    fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
        self.0 += 1;
        match self.0 {
            3 => Err(MediaError::NoTrack { what: "picture", file: "film.mp4".into() }),
            n => Ok(Some(Frame { time: SessionTime::from_millis(i64::from(n) * 80), image: scene(50.0, &[]) })),
        }
    }
    fn damage(&self) -> &Damage {
        static NONE: Damage = Damage { broken_packets: 0, missing: Vec::new() };
        &NONE
    }
}

#[test]
fn an_unreadable_recording_and_a_stop_end_the_stage() {
    for threads in [1, 2] {
        let request = Request { threads, max_faces: 2, film_step: None };
        let broken = analyse(&mut Broken(0), &shelf(), &settings(), &request, &Job::quiet()).unwrap_err();
        assert!(matches!(broken, FaceError::Media(_)), "{broken}");

        let (report, stop) = (|_: f64| (), AtomicBool::new(true));
        let mut source = Pictures::new(two_people(8));
        let stopped = analyse(&mut source, &shelf(), &settings(), &request, &Job::new(&report, &stop)).unwrap_err();
        assert!(matches!(stopped, FaceError::Cancelled(_)), "{stopped}");
    }
}

#[test]
fn a_missing_or_damaged_network_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy("models/models.toml", folder.path().join("models.toml")).unwrap();
    let check = |expect: &str| {
        let shelf = Shelf::open(folder.path(), Runtime::Rten, None).unwrap();
        let request = Request { threads: 1, max_faces: 2, film_step: None };
        let error = analyse(&mut Broken(0), &shelf, &settings(), &request, &Job::quiet()).unwrap_err();
        assert!(
            matches!(error, FaceError::Model(ModelError::Missing { .. } | ModelError::WrongHash { .. })),
            "{error}"
        );
        assert!(error.to_string().contains(expect), "{error}");
    };
    check("face_geometry");
    let geometry = "geometry_pipeline_metadata_landmarks.binarypb";
    std::fs::copy(Path::new("models").join(geometry), folder.path().join(geometry)).unwrap();
    check("face_landmarks");
    std::fs::write(folder.path().join("face_landmarks_detector.onnx"), b"no network").unwrap();
    check("not the expected one");
}
