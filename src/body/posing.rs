//! Bodies over a whole film: which picture, which face, and whose it was in the end.

use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use ndarray::{Array1, Array2};
use opencv::core::{Mat, Size};
use opencv::imgproc::{INTER_AREA, resize};
use opencv::prelude::*;

use super::motion::place;
use super::pose::{Body, NETWORK, Reader, expected_nose};
use super::rest::Rest;
use super::seams::Tiles;
use super::settings::Pose as Settings;
use super::{BodyError, library};
use crate::face::find::Finder;
use crate::face::landmarks::PixelBox;
use crate::face::{FaceError, Search};
use crate::model::Shelf;
use crate::origin::ModelFile;
use crate::time::{FrameGrid, SessionTime, Step};
use crate::track::columns::POSE;
use crate::track::{Track, Tracks, Unit, Who};

/// Name of the track: columns as in [`POSE`]; `NaN` where no body was looked for or found, confidence 0 there. A body that
/// rests keeps its last pose for a few looks (`[pose.rest]`).
pub const TRACK: &str = "pose";

/// One body at one time; all in pixels of the film's pictures.
struct Row {
    /// Place on the grid of the settings' step from the session's zero.
    number: i64,
    time: SessionTime,
    face: PixelBox,
    body: Body,
}

/// Takes pictures, at the pace of the settings.
pub struct Poser {
    step: Step,
    side_px: u32,
    last: Option<i64>,
    worker: Worker,
    models: Vec<ModelFile>,
}

enum Worker {
    Here(Box<Looker>),
    Beside(SyncSender<Job>, JoinHandle<Result<Vec<Row>, BodyError>>),
}

/// Picture, its number and time, and film pixels per pixel of it.
type Job = (Mat, i64, SessionTime, f32);

/// Pictures that may wait for the thread.
const WAITING: usize = 3;

impl Poser {
    /// Loads the networks. `beside`: on a thread of its own; the result is the same.
    ///
    /// # Errors
    /// [`BodyError`]: a network is missing or does not load.
    pub fn load(shelf: &Shelf, settings: &Settings, search: &Search, beside: bool) -> Result<Self, BodyError> {
        let looker = Looker::load(shelf, settings, search)?;
        let models = vec![looker.reader.file().clone()];
        let worker = if beside { Worker::beside(looker)? } else { Worker::Here(Box::new(looker)) };
        Ok(Self { step: settings.step, side_px: settings.side_px, last: None, worker, models })
    }

    /// Whether the network is there.
    pub fn is_possible(shelf: &Shelf) -> bool {
        shelf.has(NETWORK)
    }

    /// The networks that run and that the face stage does not name.
    pub fn models(&self) -> &[ModelFile] {
        &self.models
    }

    /// Takes the next picture, if one is due.
    ///
    /// # Errors
    /// [`BodyError`] if OpenCV or a network fails.
    pub fn take(&mut self, time: SessionTime, picture: &Mat) -> Result<(), BodyError> {
        let number = number_at(time, self.step);
        if self.last.is_some_and(|last| number <= last) {
            return Ok(());
        }
        self.last = Some(number);
        let (small, scale) = scaled(picture, self.side_px)?;
        match &mut self.worker {
            Worker::Here(looker) => looker.look(&small, number, time, scale),
            // A thread that has ended says why when it is asked for its rows.
            Worker::Beside(sender, _) => {
                let _ = sender.send((small, number, time, scale));
                Ok(())
            }
        }
    }

    /// The track [`TRACK`] of everybody whose face is in `faces`.
    ///
    /// # Errors
    /// [`BodyError`] if a network failed on the way.
    pub fn finish(
        self,
        faces: &Tracks,
        size: (u32, u32),
        tiles: &Tiles,
        settings: &Settings,
    ) -> Result<Tracks, BodyError> {
        let rows = match self.worker {
            Worker::Here(looker) => looker.rows,
            Worker::Beside(sender, thread) => {
                drop(sender);
                thread.join().unwrap_or(Err(BodyError::Thread))?
            }
        };
        Ok(tracks(&rows, faces, size, tiles, settings))
    }
}

impl Worker {
    fn beside(mut looker: Looker) -> Result<Self, BodyError> {
        let (sender, receiver) = sync_channel::<Job>(WAITING);
        let work = move || {
            for (picture, number, time, scale) in receiver {
                looker.look(&picture, number, time, scale)?;
            }
            Ok(looker.rows)
        };
        let thread = std::thread::Builder::new().name("bodies".into()).spawn(work).map_err(|_| BodyError::Thread)?;
        Ok(Self::Beside(sender, thread))
    }
}

/// The last multiple of `step` from the session's zero that is not after `time`.
fn number_at(time: SessionTime, step: Step) -> i64 {
    let mut number = (time.secs_f64() / step.secs_f64()).floor() as i64;
    number -= i64::from(step.nanos(number) > time.nanos());
    number + i64::from(step.nanos(number + 1) <= time.nanos())
}

/// The picture with at most `side_px` pixels on its longer side, and film pixels per pixel of it.
fn scaled(picture: &Mat, side_px: u32) -> Result<(Mat, f32), BodyError> {
    let longer = picture.cols().max(picture.rows()).max(1) as f64;
    let shrink = (f64::from(side_px) / longer).min(1.0);
    let side = |length: i32| ((f64::from(length) * shrink).round() as i32).max(1);
    let mut small = Mat::default();
    let size = Size::new(side(picture.cols()), side(picture.rows()));
    resize(picture, &mut small, size, 0.0, 0.0, INTER_AREA).map_err(library("scaling a picture"))?;
    Ok((small, (1.0 / shrink) as f32))
}

/// A face whose body is looked for.
struct Followed {
    face: PixelBox,
    /// Looks in a row without shoulders.
    misses: u32,
    last_look: SessionTime,
    /// What was seen then, as long as it may still hold.
    rest: Option<Rest>,
}

/// Finds faces now and then and looks at their bodies.
struct Looker {
    finder: Finder,
    reader: Reader,
    settings: Settings,
    search: Search,
    followed: Vec<Followed>,
    last_find: Option<SessionTime>,
    rows: Vec<Row>,
}

impl Looker {
    fn load(shelf: &Shelf, settings: &Settings, search: &Search) -> Result<Self, BodyError> {
        Ok(Self {
            finder: Finder::load(shelf, 1)?,
            reader: Reader::load(shelf)?,
            settings: settings.clone(),
            search: Search { min_width_px: settings.min_face_px, ..search.clone() },
            followed: Vec::new(),
            last_find: None,
            rows: Vec::new(),
        })
    }

    fn look(&mut self, picture: &Mat, number: i64, time: SessionTime, scale: f32) -> Result<(), BodyError> {
        let find_secs = self.settings.find_secs.0;
        if self.last_find.is_none_or(|last| time.since(last).is_none_or(|ago| ago >= find_secs)) {
            self.last_find = Some(time);
            self.find(picture)?;
        }
        for followed in &mut self.followed {
            let rests = followed.misses >= self.settings.tries
                && time.since(followed.last_look).is_some_and(|ago| ago < self.settings.retry_secs.0);
            if rests {
                continue;
            }
            followed.last_look = time;
            if let Some(rest) = &mut followed.rest
                && rest.holds(picture, &self.settings.rest)?
            {
                followed.face = rest.face;
                let (face, body) = (enlarged(&rest.face, scale), of_film(rest.body, scale));
                self.rows.push(Row { number, time, face, body });
                continue;
            }
            followed.rest = None;
            let Some(body) = self.reader.read(picture, &followed.face, &self.settings)? else {
                followed.misses += 1;
                continue;
            };
            followed.misses = if body.has_shoulders() { 0 } else { followed.misses + 1 };
            let nose = expected_nose(&followed.face);
            followed.face.x += body.nose[0] - nose[0];
            followed.face.y += body.nose[1] - nose[1];
            followed.rest = Rest::of(picture, followed.face, body, &self.settings.rest)?;
            self.rows.push(Row { number, time, face: enlarged(&followed.face, scale), body: of_film(body, scale) });
        }
        Ok(())
    }

    /// Looks for faces and keeps what is known of those that were there before.
    fn find(&mut self, picture: &Mat) -> Result<(), BodyError> {
        let found = self.finder.find(picture, &self.search)?;
        let mut before = std::mem::take(&mut self.followed);
        let most_off = self.settings.most_face_off;
        self.followed = found
            .into_iter()
            .map(|detection| {
                let known = before.iter_mut().find(|old| distance(&old.face, &detection.face) < most_off);
                let Some(old) = known else {
                    return Followed { face: detection.face, misses: 0, last_look: SessionTime::ZERO, rest: None };
                };
                Followed { face: detection.face, misses: old.misses, last_look: old.last_look, rest: old.rest.take() }
            })
            .collect();
        // From left to right, so that the order does not hang on scores.
        self.followed.sort_by(|a, b| a.face.x.total_cmp(&b.face.x));
        Ok(())
    }
}

/// Distance of two faces' middles in heights of the larger one.
fn distance(a: &PixelBox, b: &PixelBox) -> f32 {
    let ([ax, ay], [bx, by]) = (a.centre(), b.centre());
    (ax - bx).hypot(ay - by) / a.height.max(b.height).max(1.0)
}

fn enlarged(face: &PixelBox, scale: f32) -> PixelBox {
    PixelBox { x: face.x * scale, y: face.y * scale, width: face.width * scale, height: face.height * scale }
}

fn of_film(body: Body, scale: f32) -> Body {
    Body {
        nose: body.nose.map(|value| value * scale),
        points: body.points.map(|[x, y, visible]| [x * scale, y * scale, visible]),
        ..body
    }
}

/// Each person's rows on one grid.
fn tracks(rows: &[Row], faces: &Tracks, size: (u32, u32), tiles: &Tiles, settings: &Settings) -> Tracks {
    let mut found = Tracks::new();
    let boxes: Vec<&Track> = faces.all("face_box").collect();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return found };
    let mut best: BTreeMap<(Who, i64), (f32, &Row)> = BTreeMap::new();
    for row in rows {
        let near = boxes
            .iter()
            .filter_map(|track| Some((distance(&face_at(track, row.time, settings)?, &row.face), track.who)));
        let Some((off, who)) = near.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(off, _)| *off < settings.most_face_off)
        else {
            continue;
        };
        let kept = best.entry((who, row.number)).or_insert((off, row));
        if off < kept.0 {
            *kept = (off, row);
        }
    }
    let grid = FrameGrid {
        first: SessionTime::from_nanos(settings.step.nanos(first.number)),
        step: settings.step,
        len: usize::try_from(last.number - first.number + 1).unwrap_or(0),
    };
    for track in boxes {
        let mut values = Array2::from_elem((grid.len, POSE.len()), f32::NAN);
        let mut confidence = Array1::zeros(grid.len);
        for ((_, number), (_, row)) in best.range((track.who, i64::MIN)..=(track.who, i64::MAX)) {
            let Ok(place) = usize::try_from(number - first.number) else { continue };
            if place < grid.len {
                values.row_mut(place).iter_mut().zip(numbers(row, size, tiles)).for_each(|(to, from)| *to = from);
                confidence[place] = row.body.presence;
            }
        }
        let columns = POSE.iter().map(|&column| column.to_owned()).collect();
        let confidence = Some(confidence);
        found.insert(TRACK, Track { who: track.who, unit: Unit::Mixed, grid, columns, values, confidence });
    }
    found
}

/// The face of a person at a time or shortly before or after.
fn face_at(boxes: &Track, time: SessionTime, settings: &Settings) -> Option<PixelBox> {
    let at = place(&boxes.grid, time)?;
    let places = (settings.face_within_secs.0.as_secs_f64() / boxes.grid.step.secs_f64()).round() as usize;
    let around = (0..=places).flat_map(|off| [at.checked_sub(off), at.checked_add(off)]).flatten();
    around.filter(|place| *place < boxes.grid.len).find_map(|place| {
        let row = boxes.values.row(place);
        let &[x, y, width, height] = row.as_slice()? else { return None };
        x.is_finite().then_some(PixelBox { x, y, width, height })
    })
}

/// One row in the order of [`POSE`]; a point beyond a seam belongs to another picture.
fn numbers(row: &Row, (width, height): (u32, u32), tiles: &Tiles) -> Vec<f32> {
    let [x, y] = row.face.centre();
    let part = |x: f32, y: f32| (x / width.max(1) as f32, y / height.max(1) as f32);
    let mut all = vec![x, y, row.face.height];
    for [px, py, visible] in row.body.points {
        let inside = tiles.is_same(part(px, py), part(x, y));
        all.extend(if inside { [px, py, visible] } else { [f32::NAN, f32::NAN, visible] });
    }
    all
}

impl From<FaceError> for BodyError {
    fn from(error: FaceError) -> Self {
        Self::Face(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::shipped;
    use super::*;

    fn row(number: i64, x: f32) -> Row {
        let face = PixelBox { x, y: 100.0, width: 80.0, height: 100.0 };
        let points = [[x + 40.0, 300.0, 0.9]; 10];
        let body = Body { presence: 0.8, nose: [x + 40.0, 160.0], points };
        Row { number, time: SessionTime::from_millis(320 * number + 20), face, body }
    }

    fn faces() -> Tracks {
        let mut tracks = Tracks::new();
        let grid = FrameGrid { first: SessionTime::ZERO, step: Step::new(2, 25).unwrap(), len: 100 };
        for (who, x) in [(Who::Face(1), 100.0), (Who::Face(2), 400.0)] {
            let values = Array2::from_shape_fn((100, 4), |(row, column)| match row {
                40..60 => f32::NAN,
                _ => [x, 100.0, 80.0, 100.0][column],
            });
            let columns = crate::track::columns::FACE_BOX.iter().map(|c| (*c).to_owned()).collect();
            tracks.insert("face_box", Track { who, unit: Unit::Pixels, grid, columns, values, confidence: None });
        }
        tracks
    }

    fn found(rows: &[Row], tiles: &Tiles) -> Tracks {
        tracks(rows, &faces(), (640, 480), tiles, &shipped().pose)
    }

    #[test]
    fn each_body_goes_to_the_face_above_it() {
        let found = found(&[row(2, 410.0), row(3, 105.0), row(3, 400.0), row(4, 700.0)], &Tiles::default());
        let known = |who| found.get(TRACK, who).unwrap().column("face_x").unwrap().mapv(|x| !x.is_nan()).to_vec();
        assert_eq!(known(Who::Face(1)), [false, true, false]);
        assert_eq!(known(Who::Face(2)), [true, true, false], "one stands where nobody is");
        let track = found.get(TRACK, Who::Face(2)).unwrap();
        assert_eq!(track.grid.first, SessionTime::from_millis(640));
        assert!((track.column("left_shoulder_y").unwrap()[0] - 300.0).abs() < 1e-3);
        assert_eq!(track.confidence.as_ref().unwrap().to_vec(), [0.8, 0.8, 0.0]);
    }

    #[test]
    fn a_point_beyond_a_seam_is_somebody_elses() {
        let tiles = Tiles { upright: Vec::new(), level: vec![0.5] };
        let found = found(&[row(2, 100.0)], &tiles);
        let track = found.get(TRACK, Who::Face(1)).unwrap();
        assert!(track.column("left_hip_x").unwrap()[0].is_nan() && track.column("face_x").unwrap()[0] > 0.0);
    }

    #[test]
    fn nobody_and_nothing() {
        assert!(found(&[], &Tiles::default()).iter().next().is_none());
        let none = tracks(&[row(2, 100.0)], &Tracks::new(), (640, 480), &Tiles::default(), &shipped().pose);
        assert!(none.iter().next().is_none());
    }
}
