//! What is kept of a face in one picture, and the tracks made from it.

use std::io;
use std::ops::Range;

use ndarray::{Array1, Array2};

use super::actions::ACTIONS;
use super::landmarks::PixelBox;
use super::quality::ASSESSABLE;
use crate::spool::{Records, Spool};
use crate::time::FrameGrid;
use crate::track::{Track, Tracks, Unit, Who, columns};

/// Numbers kept of one face in one picture, in the order of [`LAYOUT`].
pub type Row = [f32; ROW];

const ROW: usize = ACTIONS + 5 + 3 + 2 + 4 + 5;
const MOUTH: usize = ACTIONS;
const POSE: usize = MOUTH + 5;
const GAZE: usize = POSE + 3;
const BOX: usize = GAZE + 2;
const QUALITY: usize = BOX + 4;

/// Places of `eyeBlinkLeft` and `eyeBlinkRight` among the facial actions.
const EYE_BLINKS: [usize; 2] = [9, 10];

/// Track name, unit, columns, and their place in a [`Row`].
const LAYOUT: [(&str, Unit, &[&str], Range<usize>); 6] = [
    ("face_actions", Unit::Probability, &columns::FACE_ACTIONS, 0..MOUTH),
    ("mouth_shape", Unit::EyeDistances, &columns::MOUTH_SHAPE, MOUTH..POSE),
    ("head_pose", Unit::Degrees, &columns::HEAD_POSE, POSE..GAZE),
    ("gaze", Unit::Degrees, &columns::GAZE, GAZE..BOX),
    ("face_box", Unit::Pixels, &columns::FACE_BOX, BOX..QUALITY),
    ("face_quality", Unit::Mixed, &columns::FACE_QUALITY, QUALITY..ROW),
];

/// One face in one picture, by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// Facial actions, 0 to 1, in the order of [`columns::FACE_ACTIONS`].
    pub actions: [f32; ACTIONS],
    /// Mouth shape in eye distances, in the order of [`columns::MOUTH_SHAPE`].
    pub mouth: [f32; 5],
    /// Yaw, pitch, roll of the head in degrees.
    pub pose: [f32; 3],
    /// Yaw and pitch of looking in degrees; `NaN` with shut eyes.
    pub gaze: [f32; 2],
    /// Around all landmarks, picture pixels.
    pub face: PixelBox,
    /// Presence from the landmarks network, 0 to 1.
    pub presence: f32,
    /// 0 sharp to 1 blurred.
    pub blur: f32,
    /// 0 to 1; below 0.3 not assessable.
    pub quality: f32,
}

impl Measures {
    /// The row to keep; `detector` is the score of the last search that saw this face, 0 to 1.
    pub fn row(&self, detector: f32) -> Row {
        let face = &self.face;
        let mut row = [f32::NAN; ROW];
        row[..MOUTH].copy_from_slice(&self.actions);
        row[MOUTH..POSE].copy_from_slice(&self.mouth);
        row[POSE..GAZE].copy_from_slice(&self.pose);
        row[GAZE..BOX].copy_from_slice(&self.gaze);
        row[BOX..QUALITY].copy_from_slice(&[face.x, face.y, face.width, face.height]);
        row[QUALITY..].copy_from_slice(&[detector, self.presence, face.width, self.blur, self.quality]);
        row
    }
}

/// Rows of one stretch of following, in order of their place on the grid; all but the latest wait on the disk.
#[derive(Clone, Debug)]
pub struct Rows {
    places: Vec<u32>,
    rows: Records<ROW>,
    usable: usize,
    box_sums: [f64; 4],
}

impl Rows {
    /// None yet; they will wait in this spool.
    pub fn new(spool: &Spool) -> Self {
        Self { places: Vec::new(), rows: Records::new(spool), usable: 0, box_sums: [0.0; 4] }
    }

    /// Adds the row of this place on the grid.
    pub fn push(&mut self, index: u32, row: Row) {
        self.usable += usize::from(quality(&row) >= ASSESSABLE);
        self.box_sums.iter_mut().zip(&row[BOX..QUALITY]).for_each(|(sum, value)| *sum += f64::from(*value));
        self.places.push(index);
        self.rows.push(row);
        self.rows.put_away_before(self.places.len());
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// Number of rows that can be assessed.
    pub fn usable(&self) -> usize {
        self.usable
    }

    /// Sums of x, y, width and height of the face's boxes, picture pixels.
    pub fn box_sums(&self) -> [f64; 4] {
        self.box_sums
    }

    /// Shows place on the grid and row, in order.
    ///
    /// # Errors
    /// They cannot be read back from the disk.
    pub fn each(&self, mut show: impl FnMut(u32, &Row)) -> io::Result<()> {
        self.rows.each(|number, row| {
            if let Some(place) = self.places.get(number) {
                show(*place, row);
            }
        })
    }
}

/// Quality in a row, 0 to 1.
fn quality(row: &Row) -> f32 {
    row[ROW - 1]
}

/// Face box in a row, picture pixels.
pub fn face_box(row: &Row) -> PixelBox {
    PixelBox { x: row[BOX], y: row[BOX + 1], width: row[BOX + 2], height: row[BOX + 3] }
}

/// Yaw, pitch and roll in a row, degrees.
pub fn head_pose(row: &Row) -> [f32; 3] {
    [row[POSE], row[POSE + 1], row[POSE + 2]]
}

/// Distance of the lips' inner edges in a row, eye distances.
pub fn lips_open(row: &Row) -> f32 {
    row[MOUTH + 2]
}

/// Mean of both eyes' `eyeBlink` in a row, 0 to 1.
pub fn blink(row: &Row) -> f32 {
    (row[EYE_BLINKS[0]] + row[EYE_BLINKS[1]]) / 2.0
}

/// Puts one person's rows, given stretch by stretch, on the grid, as the six face tracks; `NaN` and quality 0 where there
/// is no row.
///
/// # Errors
/// The rows cannot be read back from the disk.
pub fn insert_tracks<'a>(
    tracks: &mut Tracks,
    who: Who,
    grid: FrameGrid,
    stretches: impl Iterator<Item = &'a Rows>,
) -> io::Result<()> {
    let mut confidence = Array1::zeros(grid.len);
    let mut values = LAYOUT.map(|(_, _, columns, _)| Array2::from_elem((grid.len, columns.len()), f32::NAN));
    for stretch in stretches {
        stretch.each(|place, row| {
            let Some(sure) = confidence.get_mut(place as usize) else { return };
            *sure = quality(row);
            for (values, (_, _, _, from)) in values.iter_mut().zip(&LAYOUT) {
                values.row_mut(place as usize).iter_mut().zip(&row[from.clone()]).for_each(|(to, from)| *to = *from);
            }
        })?;
    }
    for ((name, unit, columns, _), values) in LAYOUT.into_iter().zip(values) {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        let confidence = Some(confidence.clone());
        tracks.insert(name, Track { who, unit, grid, columns, values, confidence });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{SessionTime, Step};

    #[test]
    fn every_number_lands_in_its_column() {
        let measures = Measures {
            actions: std::array::from_fn(|i| i as f32),
            mouth: [100.0, 101.0, 102.0, 103.0, 104.0],
            pose: [110.0, 111.0, 112.0],
            gaze: [120.0, 121.0],
            face: PixelBox { x: 130.0, y: 131.0, width: 132.0, height: 133.0 },
            presence: 0.9,
            blur: 0.2,
            quality: 0.7,
        };
        let mut rows = Rows::new(&Spool::new());
        rows.push(1, measures.row(0.8));
        let grid = FrameGrid { first: SessionTime::ZERO, step: Step::new(2, 25).unwrap(), len: 3 };
        let mut tracks = Tracks::new();
        insert_tracks(&mut tracks, Who::Face(1), grid, [&rows].into_iter()).unwrap();
        let at =
            |name: &str, column: &str, row: usize| tracks.get(name, Who::Face(1)).unwrap().column(column).unwrap()[row];
        for (name, column, expect) in [
            ("face_actions", "_neutral", 0.0),
            ("face_actions", "noseSneerRight", 51.0),
            ("mouth_shape", "corner_down", 100.0),
            ("mouth_shape", "lip_thickness", 104.0),
            ("head_pose", "roll", 112.0),
            ("gaze", "pitch", 121.0),
            ("face_box", "height", 133.0),
            ("face_quality", "detector", 0.8),
            ("face_quality", "width_px", 132.0),
            ("face_quality", "quality", 0.7),
        ] {
            assert!((at(name, column, 1) - expect).abs() < 1e-6, "{name} {column}");
            assert!(at(name, column, 0).is_nan() && at(name, column, 2).is_nan(), "{name} {column}");
        }
        let confidence = tracks.get("gaze", Who::Face(1)).unwrap().confidence.clone().unwrap();
        assert_eq!(confidence.to_vec(), [0.0, 0.7, 0.0]);
        assert_eq!(EYE_BLINKS.map(|place| columns::FACE_ACTIONS[place]), ["eyeBlinkLeft", "eyeBlinkRight"]);
        assert_eq!(columns::MOUTH_SHAPE[2], "lips_open");
        let row = measures.row(0.8);
        assert_eq!([head_pose(&row)[0], lips_open(&row), blink(&row)].map(|value| value as i32), [110, 102, 9]);
    }

    #[test]
    fn rows_keep_their_places_wherever_they_wait() {
        let mut rows = Rows::new(&Spool::new());
        (0..1500).for_each(|index| rows.push(2 * index, [index as f32; ROW]));
        let mut seen = Vec::new();
        rows.each(|place, row| seen.push((place, row[ROW - 1]))).unwrap();
        assert_eq!(rows.count(), 1500);
        assert!(seen.iter().zip(0_u32..).all(|(seen, index)| *seen == (2 * index, index as f32)) && seen.len() == 1500);
    }
}
