//! Which part of the picture is whose.
//!
//! The part of a person is a box around and below the face, as tall and wide as a seated upper body, cut at the seams of
//! a picture made of several, and where two people's boxes overlap each cell belongs to the nearer one. It stays where it
//! is for some seconds, so that nodding does not move it.

use super::grey::Cells;
use super::seams::Tiles;
use super::settings::Region;

/// A face in the picture, as parts of its width and height, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seat {
    /// Middle of the face.
    pub x: f32,
    /// Middle of the face.
    pub y: f32,
    /// Height of the face.
    pub height: f32,
}

/// The middle one of several.
pub fn middle(seats: &[Seat]) -> Option<Seat> {
    let median = |of: fn(&Seat) -> f32| {
        let mut values: Vec<f32> = seats.iter().map(of).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Some(Seat { x: median(|s| s.x)?, y: median(|s| s.y)?, height: median(|s| s.height)? })
}

/// What a cell is to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Head.
    Head,
    /// Shoulders and trunk.
    Trunk,
    /// Hands and lap.
    Lower,
}

/// Whose each cell is: position of the person in `seats` and the part; `None` belongs to nobody. `shape`: the picture's
/// width over its height.
pub fn cells_of(
    seats: &[Option<Seat>],
    cells: Cells,
    shape: f32,
    tiles: &Tiles,
    settings: &Region,
) -> Vec<Option<(usize, Part)>> {
    let mut owners = Vec::with_capacity(cells.count());
    for row in 0..cells.rows {
        for column in 0..cells.columns {
            let x = (column as f32 + 0.5) / cells.columns as f32;
            let y = (row as f32 + 0.5) / cells.rows as f32;
            let mut best: Option<(f32, usize, Part)> = None;
            for (person, seat) in seats.iter().enumerate() {
                let Some(seat) = seat.filter(|seat| seat.height > 0.0) else { continue };
                if !tiles.is_same((x, y), (seat.x, seat.y)) {
                    continue;
                }
                // In faces, the same to the side as down.
                let (beside, below) = ((x - seat.x).abs() * shape / seat.height, (y - seat.y) / seat.height);
                let inside = beside <= settings.half_width && (-settings.above..=settings.below).contains(&below);
                // How near, in faces: beside counts from the body's axis, above and below only from its ends.
                let far = beside + (-below).max(0.0);
                if inside && best.is_none_or(|(nearest, ..)| far < nearest) {
                    let is_head = beside <= settings.head_half_width && below.abs() <= settings.head_half_height;
                    let part = match is_head {
                        true => Part::Head,
                        false if below >= settings.lower_from => Part::Lower,
                        false => Part::Trunk,
                    };
                    best = Some((far, person, part));
                }
            }
            owners.push(best.map(|(_, person, part)| (person, part)));
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::shipped;
    use super::*;

    const CELLS: Cells = Cells { columns: 36, rows: 20, side: 8 };

    fn owners(seats: &[Option<Seat>], tiles: &Tiles) -> Vec<Option<(usize, Part)>> {
        cells_of(seats, CELLS, 16.0 / 9.0, tiles, &shipped().region)
    }

    fn at(owners: &[Option<(usize, Part)>], x: f32, y: f32) -> Option<(usize, Part)> {
        owners[(y * 20.0) as usize * 36 + (x * 36.0) as usize]
    }

    #[test]
    fn a_body_lies_around_and_below_its_face() {
        let found = owners(&[Some(Seat { x: 0.25, y: 0.3, height: 0.15 })], &Tiles::default());
        assert_eq!(at(&found, 0.25, 0.3), Some((0, Part::Head)));
        assert_eq!(at(&found, 0.25, 0.48), Some((0, Part::Trunk)));
        assert_eq!(at(&found, 0.25, 0.8), Some((0, Part::Lower)));
        assert_eq!(at(&found, 0.75, 0.5), None);
    }

    #[test]
    fn where_two_overlap_the_nearer_one_has_it() {
        let seat = |x| Some(Seat { x, y: 0.3, height: 0.2 });
        let found = owners(&[seat(0.4), None, seat(0.6)], &Tiles::default());
        assert_eq!(at(&found, 0.48, 0.6).unwrap().0, 0);
        assert_eq!(at(&found, 0.52, 0.6).unwrap().0, 2);
    }

    #[test]
    fn a_seam_is_a_wall() {
        let tiles = Tiles { upright: vec![0.5], level: Vec::new() };
        let found = owners(&[Some(Seat { x: 0.4, y: 0.3, height: 0.3 })], &tiles);
        assert!(at(&found, 0.49, 0.5).is_some() && at(&found, 0.51, 0.5).is_none());
    }

    #[test]
    fn the_middle_face_is_no_outlier() {
        let seat = |x| Seat { x, y: 0.3, height: 0.2 };
        assert_eq!(middle(&[seat(0.4), seat(0.9), seat(0.41)]), Some(seat(0.41)));
        assert_eq!(middle(&[]), None);
    }
}
