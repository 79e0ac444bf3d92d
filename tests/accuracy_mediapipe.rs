//! How near landmarks, facial actions and head pose are to those of MediaPipe's own program, which runs the same networks:
//! `docs/validation.md` shows the tables. `fixtures/mediapipe_reference.py` makes the reference; it is not kept here.
//!
//! `ATTUNE_MEDIAPIPE=folder cargo test --test accuracy_mediapipe -- --nocapture`

#![cfg(feature = "video")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and this one prints its table"
)]

mod face_support;

use std::path::PathBuf;

use attune::face::canonical::Canonical;
use attune::face::find::Finder;
use attune::face::landmarks::Square;
use attune::face::pose::Pose;
use attune::face::reader::{FaceReader, Look, Reading};
use face_support::{read_picture, settings, shelf};
use nalgebra::Matrix3;
use opencv::core::Mat;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    pictures: Vec<Picture>,
    settled: Vec<Picture>,
    films: Vec<Film>,
}

#[derive(Deserialize)]
struct Film {
    film: String,
    pictures: Vec<Picture>,
}

#[derive(Deserialize)]
struct Picture {
    file: String,
    faces: Vec<Theirs>,
}

/// Landmarks in pixels, 52 actions, the head's matrix by rows (rotation times scale, and place).
#[derive(Deserialize)]
struct Theirs {
    points: Vec<[f32; 3]>,
    actions: Vec<f32>,
    matrix: [[f64; 4]; 4],
}

/// Differences in one picture.
struct Off {
    /// Median over the landmarks, in outer-eye distances.
    landmarks: f64,
    /// Largest over the 52 actions.
    actions: f64,
    /// Yaw, pitch, roll in degrees.
    angles: [f64; 3],
}

fn off(ours: &Reading, theirs: &Theirs) -> Off {
    let eyes = (theirs.points[33][0] - theirs.points[263][0]).hypot(theirs.points[33][1] - theirs.points[263][1]);
    let apart = |(a, b): (&[f32; 3], &[f32; 3])| f64::from((a[0] - b[0]).hypot(a[1] - b[1]) / eyes);
    let landmarks = median(ours.points.iter().zip(&theirs.points).map(apart).collect());
    let actions = ours.measures.actions.iter().zip(&theirs.actions);
    let actions = actions.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    let turned = Matrix3::from_fn(|row, column| theirs.matrix[row][column]);
    let scale = turned.column(0).norm();
    let angles = Pose { rotation: turned / scale, scale }.angles();
    let angles = std::array::from_fn(|i| (f64::from(ours.measures.pose[i]) - angles[i]).abs());
    Off { landmarks, actions, angles }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report(name: &str, all: &[Off]) -> (f64, f64, [f64; 3]) {
    let of = |value: &dyn Fn(&Off) -> f64| median(all.iter().map(value).collect());
    let (landmarks, actions) = (of(&|o| o.landmarks), of(&|o| o.actions));
    let angles: [f64; 3] = std::array::from_fn(|i| of(&|o: &Off| o.angles[i]));
    println!(
        "{name:44} {:3} pictures: landmarks {:.2} %, largest action {actions:.3}, yaw {:.2} pitch {:.2} roll {:.2}",
        all.len(),
        100.0 * landmarks,
        angles[0],
        angles[1],
        angles[2],
    );
    (landmarks, actions, angles)
}

#[test]
fn landmarks_actions_and_pose_are_mediapipes() {
    let Some(folder) = std::env::var_os("ATTUNE_MEDIAPIPE").map(PathBuf::from) else {
        return println!("skipped: no ATTUNE_MEDIAPIPE");
    };
    let reference = std::fs::read_to_string(folder.join("reference.json")).unwrap();
    let reference: Reference = serde_json::from_str(&reference).unwrap();
    let (shelf, settings) = (shelf(), settings());
    let canonical = Canonical::from_bytes(&shelf.bytes("face_geometry").unwrap().0).unwrap();
    let (mut finder, mut reader) = (Finder::load(&shelf, 1).unwrap(), FaceReader::load(&shelf).unwrap());
    let mut read = |picture: &Mat, look: Look| reader.read(picture, look, &canonical, &settings).unwrap();
    let mut first = |picture: &Mat| {
        let found = finder.find(picture, &settings.search).unwrap();
        found.into_iter().max_by(|a, b| a.face.width.total_cmp(&b.face.width)).map(|face| face.square())
    };
    let look = |square: Square, twice: bool| Look { square, min_presence: 0.0, twice };

    for (name, pictures, least) in [
        ("stills, when its landmarks no longer move", &reference.settled, (0.004, 0.06)),
        ("stills, its first look (IMAGE)", &reference.pictures, (0.02, 0.3)),
    ] {
        let mut all = Vec::new();
        for picture in pictures.iter().filter(|picture| picture.faces.len() == 1) {
            let image = read_picture(&folder.join(&picture.file));
            let Some(square) = first(&image) else { continue };
            all.push(off(&read(&image, look(square, true)).unwrap(), &picture.faces[0]));
        }
        let (landmarks, actions, angles) = report(name, &all);
        assert!(landmarks <= least.0 && actions <= least.1, "{name}");
        assert!(angles[0] <= 0.5 && angles[1] <= 1.5 && angles[2] <= 0.2 || name.contains("first look"), "{angles:?}");
    }

    let mut films = Vec::new();
    for film in &reference.films {
        let (mut square, mut all) = (None, Vec::new());
        for picture in &film.pictures {
            let image = read_picture(&folder.join(&picture.file));
            let here = match square {
                Some(square) => read(&image, look(square, false)),
                None => first(&image).and_then(|square| read(&image, look(square, true))),
            };
            square = here.as_ref().map(|reading| Square::from_points(&reading.points));
            if let (Some(ours), [theirs]) = (&here, picture.faces.as_slice()) {
                all.push(off(ours, theirs));
            }
        }
        // The first pictures are still their detector's.
        let all: Vec<Off> = all.into_iter().skip(3).collect();
        report(&film.film, &all);
        films.extend(all);
    }
    let (landmarks, actions, angles) = report("all films", &films);
    assert!(landmarks <= 0.004 && actions <= 0.06, "films");
    assert!(angles[0] <= 0.5 && angles[1] <= 1.5 && angles[2] <= 0.2, "{angles:?}");
}
