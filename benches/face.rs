//! How long a face takes: `cargo bench --bench face`. One picture of 720 x 360 with two rendered faces.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench says what broke by panicking")]

#[path = "../tests/face_support/mod.rs"]
mod face_support;

use std::path::Path;

use attune::face::canonical::Canonical;
use attune::face::find::Finder;
use attune::face::landmarks::Square;
use attune::face::reader::{FaceReader, Look};
use attune::face::{Request, analyse};
use attune::job::Job;
use attune::model::Shelf;
use face_support::{Pictures, read_picture, rten_shelf, settings, shelf};
use opencv::core::{CV_8UC3, Mat, Rect, Scalar, Size};
use opencv::imgproc::{INTER_AREA, resize};
use opencv::prelude::*;

fn main() {
    divan::main();
}

fn two_faces() -> Mat {
    let mut picture = Mat::new_rows_cols_with_default(360, 720, CV_8UC3, Scalar::all(128.0)).unwrap();
    for (name, x) in [("neutral", 10), ("smile", 380)] {
        let large = read_picture(Path::new(&format!("fixtures/example/faces/{name}.png")));
        let mut tile = Mat::default();
        resize(&large, &mut tile, Size::new(320, 320), 0.0, 0.0, INTER_AREA).unwrap();
        tile.copy_to(&mut Mat::roi_mut(&mut picture, Rect::new(x, 20, 320, 320)).unwrap()).unwrap();
    }
    picture
}

/// Searching one picture.
#[divan::bench]
fn search(bencher: divan::Bencher) {
    let (picture, settings, mut finder) = (two_faces(), settings(), Finder::load(&shelf(), 1).unwrap());
    bencher.bench_local(|| finder.find(&picture, &settings.search).unwrap().len());
}

fn read(bencher: divan::Bencher, shelf: &Shelf) {
    let (picture, settings) = (two_faces(), settings());
    let canonical = Canonical::from_bytes(&shelf.bytes("face_geometry").unwrap().0).unwrap();
    let (mut finder, mut reader) = (Finder::load(shelf, 1).unwrap(), FaceReader::load(shelf).unwrap());
    let found = finder.find(&picture, &settings.search).unwrap();
    let first = Look { square: found[0].square(), min_presence: 0.5, twice: true };
    let reading = reader.read(&picture, first, &canonical, &settings).unwrap().unwrap();
    let look = Look { square: Square::from_points(&reading.points), twice: false, ..first };
    bencher.bench_local(|| reader.read(&picture, look, &canonical, &settings).unwrap().is_some());
}

/// Everything that is measured of one followed face in one picture.
#[divan::bench]
fn follow(bencher: divan::Bencher) {
    read(bencher, &shelf());
}

/// The same without ONNX Runtime.
#[divan::bench]
fn follow_rten(bencher: divan::Bencher) {
    read(bencher, &rten_shelf());
}

/// Eight seconds with two people: 100 pictures.
#[divan::bench(args = [1, 2], sample_count = 5)]
fn two_people_for_eight_seconds(bencher: divan::Bencher, threads: usize) {
    let (picture, shelf, settings) = (two_faces(), shelf(), settings());
    bencher.with_inputs(|| Pictures::new((0..100).map(|i| (i * 80, picture.clone())).collect())).bench_local_values(
        |mut source| {
            analyse(&mut source, &shelf, &settings, &Request { threads, max_faces: 2, film_step: None }, &Job::quiet())
                .unwrap()
                .pictures
        },
    );
}
