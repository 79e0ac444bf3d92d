//! Where each person's face is in the picture, twice a second: for the look at the face alone in the second pass.
//!
//! Made with the curves from `tracks.parquet` and kept beside them. It says nothing that the recording does not show.

use serde::{Deserialize, Serialize};

use crate::time::SessionTime;
use crate::track::columns::FACE_BOX;
use crate::track::{Tracks, Who};

/// Seconds of a row.
pub const STEP_SECS: f64 = 0.5;
/// Quality below which a box is not taken for a face (DOMAIN 1).
const ASSESSABLE: f32 = 0.3;

/// One person's face over the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Whose.
    pub who: Who,
    /// Left, top, width and height in pixels of the picture as it was looked at, one row every [`STEP_SECS`] from the
    /// session's start: the middle one of the boxes in it. `None` = no face was found.
    pub rows: Vec<Option<[f32; 4]>>,
}

/// From tracks, over `rows` rows from the session's start in seconds.
pub fn make(tracks: &Tracks, start_s: f64, rows: usize) -> Vec<Face> {
    let mut faces = Vec::new();
    for track in tracks.all("face_box") {
        let Some(columns) = FACE_BOX.iter().map(|name| track.column(name)).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let mut found: Vec<Vec<[f32; 4]>> = vec![Vec::new(); rows];
        let first = track.grid.time(0).unwrap_or(SessionTime::from_secs_f64(start_s)).secs_f64() - start_s;
        for frame in 0..track.grid.len {
            let at = ((first + frame as f64 * track.grid.step.secs_f64()) / STEP_SECS).floor();
            let sure =
                track.confidence.as_ref().and_then(|all| all.get(frame)).is_none_or(|q| q.is_nan() || *q >= ASSESSABLE);
            let mut place = [f32::NAN; 4];
            place
                .iter_mut()
                .zip(&columns)
                .for_each(|(to, column)| *to = column.get(frame).copied().unwrap_or(f32::NAN));
            let whole = place.iter().all(|value| value.is_finite()) && place[2] > 0.0 && place[3] > 0.0;
            if at >= 0.0
                && sure
                && whole
                && let Some(row) = found.get_mut(at as usize)
            {
                row.push(place);
            }
        }
        faces.push(Face { who: track.who, rows: found.iter().map(|row| middle(row)).collect() });
    }
    faces
}

/// The middle value of each number: a single box that jumped does not show.
fn middle(boxes: &[[f32; 4]]) -> Option<[f32; 4]> {
    let mut place = [0.0; 4];
    for (column, to) in place.iter_mut().enumerate() {
        let mut sorted: Vec<f32> = boxes.iter().map(|one| one[column]).collect();
        sorted.sort_by(f32::total_cmp);
        *to = *sorted.get(sorted.len() / 2)?;
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2};

    use super::*;
    use crate::time::{FrameGrid, Step};
    use crate::track::{Track, Unit};

    /// A face that moves right by its own time in tenths of a second, and is lost from 4 to 6 s.
    #[test]
    fn a_ramp_keeps_its_place_and_what_was_lost_stays_lost() {
        let grid = FrameGrid { first: SessionTime::from_secs_f64(10.05), step: Step::new(1, 10).unwrap(), len: 100 };
        let values = Array2::from_shape_fn((100, 4), |(row, column)| match column {
            _ if (40..50).contains(&row) => f32::NAN,
            0 => row as f32,
            _ => 80.0,
        });
        let quality = Array1::from_iter((0..100).map(|row| if (50..60).contains(&row) { 0.1 } else { 0.9 }));
        let columns = FACE_BOX.map(str::to_owned).to_vec();
        let mut tracks = Tracks::new();
        tracks.insert(
            "face_box",
            Track { who: Who::Client, unit: Unit::Pixels, grid, columns, values, confidence: Some(quality) },
        );
        let faces = make(&tracks, 10.0, 24);
        assert_eq!((faces.len(), faces[0].rows.len()), (1, 24));
        for (row, place) in faces[0].rows.iter().enumerate() {
            let lost = (8..12).contains(&row) || row >= 20;
            assert_eq!(place.map(|p| p[0]), (!lost).then_some(row as f32 * 5.0 + 2.0), "row {row}");
        }
    }
}
