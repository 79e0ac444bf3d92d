//! Motion energy: which share of each person's part of the picture moved, picture by picture.
//!
//! Ramseyer & Tschacher 2011: pixels of the part whose grey value changes by more than a floor, over all its pixels.
//! While the film is read, only what moved where is kept, some hundred bytes a picture on the disk; whose it is is told at the end,
//! when the faces are known.

use std::collections::BTreeMap;

use ndarray::Array2;
use opencv::core::Mat;

use super::BodyError;
use super::grey::{Cells, Change, Shrinker, Small, compare};
use super::region::{Part, Seat, cells_of, middle};
use super::seams::{Average, Tiles};
use super::settings::{Motion, Region};
use crate::spool::{Block, Spool};
use crate::time::{FrameGrid, SessionTime, Step};
use crate::track::columns::MOTION as COLUMNS;
use crate::track::{Track, Tracks, Unit, Who};

/// Name of the track: shares 0 to 1 of the part that moved since the picture before; `NaN` where nothing could be
/// compared (cut, flash, frozen picture, moving camera) or nobody knows where the person is.
pub const TRACK: &str = "motion";

/// One compared picture.
struct Row {
    time: SessionTime,
    /// Number of camera cuts before it.
    shot: u32,
    /// Its cells that moved, on the disk; `None`: nothing could be compared.
    moved: Option<Block>,
}

/// Takes pictures in order of time.
pub struct Recorder {
    settings: Motion,
    /// Usual distance of two pictures.
    step: Step,
    shrinker: Shrinker,
    cells: Option<Cells>,
    before: Option<(SessionTime, Small)>,
    shot: u32,
    rows: Vec<Row>,
    spool: Spool,
    average: Average,
    next_average: Option<SessionTime>,
}

impl Recorder {
    /// Nothing yet; pictures come `step` apart.
    pub fn new(settings: &Motion, step: Step) -> Self {
        Self {
            settings: settings.clone(),
            step,
            shrinker: Shrinker::default(),
            cells: None,
            before: None,
            shot: 0,
            rows: Vec::new(),
            spool: Spool::new(),
            average: Average::default(),
            next_average: None,
        }
    }

    /// Takes the next picture (8 bit, three channels).
    ///
    /// # Errors
    /// [`BodyError::OpenCv`].
    pub fn take(&mut self, time: SessionTime, picture: &Mat) -> Result<(), BodyError> {
        use opencv::prelude::MatTraitConst;
        let (width, height) = (f64::from(picture.cols()), f64::from(picture.rows()));
        let cells = *self.cells.get_or_insert_with(|| Cells::of(width, height, &self.settings));
        let now = self.shrinker.shrink(picture, cells)?;
        if self.next_average.is_none_or(|next| time >= next) {
            self.average.add(now.bytes()?);
            self.next_average =
                Some(time.shifted(SessionTime::from_secs_f64(self.settings.average_every_secs.0.as_secs_f64())));
        }
        let mut moved = None;
        if let Some((before_time, before)) = &self.before {
            let longest = self.settings.longest_gap_steps * self.step.secs_f64();
            match compare(before, &now, cells, &self.settings)? {
                // The picture before stays: what has moved since will show in the next new one.
                Change::Same => {
                    self.rows.push(Row { time, shot: self.shot, moved });
                    return Ok(());
                }
                Change::Whole { is_cut } => self.shot += u32::from(is_cut),
                Change::Moved(list) if time.secs_after(*before_time) <= longest => {
                    let bytes: Vec<u8> = list
                        .into_iter()
                        .flat_map(|(cell, count)| [cell.to_le_bytes().as_slice(), &[count]].concat())
                        .collect();
                    moved = Some(self.spool.put(&bytes));
                }
                Change::Moved(_) => {}
            }
        }
        self.rows.push(Row { time, shot: self.shot, moved });
        self.before = Some((time, now));
        Ok(())
    }

    /// Seams of the film's picture.
    pub fn tiles(&self, settings: &Region) -> Tiles {
        let width = self.cells.map_or(0, |cells| cells.columns * cells.side);
        self.average.tiles(width, settings)
    }

    /// The track [`TRACK`] of everybody who has a `face_box`, on that track's grid. `size`: width and height of the
    /// film's pictures.
    ///
    /// # Errors
    /// [`BodyError::Lost`].
    pub fn tracks(
        &self,
        faces: &Tracks,
        size: (u32, u32),
        tiles: &Tiles,
        settings: &Region,
    ) -> Result<Tracks, BodyError> {
        let mut tracks = Tracks::new();
        let boxes: Vec<&Track> = faces.all("face_box").collect();
        let (Some(cells), Some(first)) = (self.cells, boxes.first()) else { return Ok(tracks) };
        let grid = first.grid;
        let people: Vec<Who> = boxes.iter().map(|track| track.who).collect();
        let places: Vec<Option<usize>> = self.rows.iter().map(|row| place(&grid, row.time)).collect();
        let shots = self.shots(&places, grid.len);
        let pieces: Vec<_> = boxes.iter().map(|track| Pieces::of(track, &shots, size, settings)).collect();
        let shape = size.0.max(1) as f32 / size.1.max(1) as f32;
        let mut values: Vec<Array2<f32>> =
            people.iter().map(|_| Array2::from_elem((grid.len, COLUMNS.len()), f32::NAN)).collect();
        let mut known: Option<((u32, usize), Regions)> = None;
        for (row, place) in self.rows.iter().zip(places) {
            let (Some(block), Some(place)) = (&row.moved, place) else { continue };
            let piece = (row.shot, piece_of(&grid, place, settings));
            if known.as_ref().is_none_or(|(of, _)| *of != piece) {
                let seats: Vec<_> = pieces.iter().map(|pieces| pieces.seat(piece, &grid, settings)).collect();
                known =
                    Some((piece, Regions::new(cells_of(&seats, cells, shape, tiles, settings), people.len(), cells)));
            }
            let Some((_, regions)) = &known else { continue };
            let moved: Vec<(u16, u8)> = self
                .spool
                .get(block)?
                .chunks_exact(3)
                .map(|bytes| (u16::from_le_bytes([bytes[0], bytes[1]]), bytes[2]))
                .collect();
            let Some(shares) = regions.shares(&moved, &self.settings) else { continue };
            for (values, shares) in values.iter_mut().zip(shares) {
                values.row_mut(place).iter_mut().zip(shares).for_each(|(to, from)| *to = from);
            }
        }
        for (who, values) in people.into_iter().zip(values) {
            let columns = COLUMNS.iter().map(|&column| column.to_owned()).collect();
            tracks.insert(TRACK, Track { who, unit: Unit::Share, grid, columns, values, confidence: None });
        }
        Ok(tracks)
    }

    /// The shot of each place of the grid; a place without a picture belongs to the shot before it.
    fn shots(&self, places: &[Option<usize>], len: usize) -> Vec<u32> {
        let mut shots = vec![0; len];
        let mut from = 0;
        let mut last = 0;
        for (row, place) in self.rows.iter().zip(places) {
            let Some(place) = *place else { continue };
            shots[from.min(place)..place].fill(last);
            last = row.shot;
            shots[place] = last;
            from = place + 1;
        }
        if from < len {
            shots[from..].fill(last);
        }
        shots
    }
}

/// Nearest place on the grid; `None` outside.
pub(super) fn place(grid: &FrameGrid, time: SessionTime) -> Option<usize> {
    let place = (time.secs_after(grid.first) / grid.step.secs_f64() + 0.5).floor();
    (place >= 0.0 && place < grid.len as f64).then_some(place as usize)
}

fn piece_of(grid: &FrameGrid, place: usize, settings: &Region) -> usize {
    (place as f64 * grid.step.secs_f64() / settings.piece_secs.0.as_secs_f64()) as usize
}

/// Where one person's face mostly was in each piece of each shot.
struct Pieces(BTreeMap<(u32, usize), Seat>);

impl Pieces {
    fn of(boxes: &Track, shots: &[u32], size: (u32, u32), settings: &Region) -> Self {
        let mut seats: BTreeMap<(u32, usize), Vec<Seat>> = BTreeMap::new();
        for (place, (row, shot)) in boxes.values.rows().into_iter().zip(shots).enumerate() {
            if let Some(seat) = seat_of(row.as_slice().unwrap_or_default(), size) {
                seats.entry((*shot, piece_of(&boxes.grid, place, settings))).or_default().push(seat);
            }
        }
        Self(seats.into_iter().filter_map(|(piece, seats)| Some((piece, middle(&seats)?))).collect())
    }

    /// Where the person is in this piece: where the face is, or in the nearest piece of the same shot that is near
    /// enough; of two as near the earlier.
    fn seat(&self, (shot, piece): (u32, usize), _: &FrameGrid, settings: &Region) -> Option<Seat> {
        let reach = (settings.hold_secs.0.as_secs_f64() / settings.piece_secs.0.as_secs_f64()).floor() as usize;
        let around = self.0.range((shot, piece.saturating_sub(reach))..=(shot, piece.saturating_add(reach)));
        around.min_by_key(|((_, other), _)| other.abs_diff(piece)).map(|(_, seat)| *seat)
    }
}

/// A row of `face_box` as parts of the picture; `None` if there is no face.
fn seat_of(row: &[f32], (width, height): (u32, u32)) -> Option<Seat> {
    let &[x, y, w, h] = row else { return None };
    let (width, height) = (width.max(1) as f32, height.max(1) as f32);
    let seat = Seat { x: (x + w / 2.0) / width, y: (y + h / 2.0) / height, height: h / height };
    (seat.x.is_finite() && seat.y.is_finite() && seat.height > 0.0).then_some(seat)
}

/// Everybody's parts in one piece, with their sizes.
struct Regions {
    owners: Vec<Option<(usize, Part)>>,
    /// Pixels of each person's head, trunk and lower part.
    sizes: Vec<[u32; 3]>,
    background: u32,
    pixels: u32,
}

impl Regions {
    fn new(owners: Vec<Option<(usize, Part)>>, people: usize, cells: Cells) -> Self {
        let pixels = (cells.side * cells.side) as u32;
        let mut regions = Self { sizes: vec![[0; 3]; people], background: 0, pixels: 0, owners };
        for owner in &regions.owners {
            regions.pixels += pixels;
            match owner {
                Some((person, part)) => regions.sizes[*person][*part as usize] += pixels,
                None => regions.background += pixels,
            }
        }
        regions
    }

    /// Columns of each person; `None` if the camera moved.
    fn shares(&self, moved: &[(u16, u8)], settings: &Motion) -> Option<Vec<[f32; 3]>> {
        let mut counts = vec![[0_u32; 3]; self.sizes.len()];
        let mut background = 0_u32;
        for &(cell, count) in moved {
            match self.owners.get(usize::from(cell)).copied().flatten() {
                Some((person, part)) => counts[person][part as usize] += u32::from(count),
                None => background += u32::from(count),
            }
        }
        let is_large = self.background as f32 >= settings.background_from * self.pixels as f32;
        if is_large && background as f32 > settings.most_background * self.background as f32 {
            return None;
        }
        let share = |count: u32, of: u32| if of > 0 { count as f32 / of as f32 } else { f32::NAN };
        let each = counts.iter().zip(&self.sizes).map(|(count, size)| {
            let (head, lower) = (Part::Head as usize, Part::Lower as usize);
            [
                share(count.iter().sum(), size.iter().sum()),
                share(count[head], size[head]),
                share(count[lower], size[lower]),
            ]
        });
        Some(each.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::shipped;
    use super::*;

    const SIZE: (u32, u32) = (320, 160);

    fn grid(len: usize) -> FrameGrid {
        FrameGrid { first: SessionTime::ZERO, step: Step::new(2, 25).unwrap(), len }
    }

    /// Faces at these places over the whole recording.
    fn faces(len: usize, xs: &[f32]) -> Tracks {
        let mut tracks = Tracks::new();
        for (number, x) in (1_u8..).zip(xs) {
            let columns: Vec<String> = crate::track::columns::FACE_BOX.iter().map(|c| (*c).to_owned()).collect();
            let values = Array2::from_shape_fn((len, 4), |(_, column)| [*x, 30.0, 20.0, 24.0][column]);
            let track = Track {
                who: Who::Face(number),
                unit: Unit::Pixels,
                grid: grid(len),
                columns,
                values,
                confidence: None,
            };
            tracks.insert("face_box", track);
        }
        tracks
    }

    /// A picture of noise with squares of light at these places.
    fn picture(lights: &[(usize, usize, u8)], all: u8) -> Mat {
        let value = |x: usize, y: usize| {
            let light = lights.iter().find(|(lx, ly, _)| (*lx..lx + 16).contains(&x) && (*ly..ly + 16).contains(&y));
            light.map_or(all + ((x * 31 + y * 17) % 23) as u8, |light| light.2)
        };
        let bytes: Vec<u8> =
            (0..160).flat_map(|y| (0..320).flat_map(move |x| [value(x, y); 3]).collect::<Vec<_>>()).collect();
        Mat::from_bytes::<opencv::core::Vec3b>(&bytes).unwrap().reshape(3, 160).unwrap().clone_pointee()
    }

    use opencv::prelude::*;

    fn energies(pictures: &[(i64, Mat)], xs: &[f32]) -> Vec<Vec<f32>> {
        let settings = shipped();
        let mut recorder = Recorder::new(&settings.motion, Step::new(2, 25).unwrap());
        for (ms, picture) in pictures {
            recorder.take(SessionTime::from_millis(*ms), picture).unwrap();
        }
        let tracks = recorder.tracks(&faces(pictures.len(), xs), SIZE, &Tiles::default(), &settings.region).unwrap();
        tracks.all(TRACK).map(|track| track.column("energy").unwrap().to_vec()).collect()
    }

    #[test]
    fn who_moves_moves_and_who_does_not_does_not() {
        let pictures: Vec<_> = (0..4).map(|i| (80 * i, picture(&[(50, 100, 40 * i as u8)], 50))).collect();
        let found = energies(&pictures, &[50.0, 230.0]);
        assert!(found[0][0].is_nan(), "nothing to compare the first with");
        assert!(found[0][1..].iter().all(|energy| *energy > 0.005), "{found:?}");
        assert!(found[1][1..].iter().all(|energy| *energy < 1e-6), "{found:?}");
    }

    #[test]
    fn frozen_cut_and_late_pictures_are_not_measured() {
        let (a, b) = (picture(&[(50, 100, 0)], 50), picture(&[(50, 100, 200)], 50));
        let cut = picture(&[(200, 20, 0), (100, 60, 250), (30, 20, 250)], 200);
        let pictures = [(0, &a), (80, &b), (160, &b), (240, &a), (320, &cut), (400, &cut), (800, &a)];
        let pictures: Vec<_> = pictures.iter().map(|(ms, picture)| (*ms, (*picture).clone())).collect();
        let found = &energies(&pictures, &[50.0])[0];
        let known: Vec<bool> = found.iter().map(|energy| !energy.is_nan()).collect();
        assert_eq!(known, [false, true, false, true, false, false, false], "{found:?}");
    }

    #[test]
    fn without_faces_there_is_nothing_to_tell() {
        assert!(energies(&[(0, picture(&[], 50)), (80, picture(&[(9, 9, 99)], 50))], &[]).is_empty());
    }
}
