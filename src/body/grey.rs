//! Small grey pictures, and what changes from one to the next.

use opencv::core::{Mat, Size};
use opencv::imgproc::{COLOR_BGR2GRAY, INTER_AREA, cvt_color, resize};
use opencv::prelude::*;

use super::settings::Motion;
use super::{BodyError, library};

/// How a picture is cut into cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Cells side by side.
    pub columns: usize,
    /// Cells on top of each other.
    pub rows: usize,
    /// Side of one, small-picture pixels.
    pub side: usize,
}

impl Cells {
    /// For pictures of this size: cells as square as whole numbers allow.
    pub fn of(width: f64, height: f64, settings: &Motion) -> Self {
        let side = settings.cell_px;
        let rows = (settings.height_px / side).max(1);
        // A ribbon has at most eight times as many columns as rows.
        let columns = (rows as f64 * width / height.max(1.0)).round() as usize;
        Self { columns: columns.clamp(1, 8 * rows), rows, side }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.columns * self.rows
    }

    fn pixels(&self) -> usize {
        self.count() * self.side * self.side
    }
}

/// What changed between two pictures.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing at all: the picture came twice, or the film stands still.
    Same,
    /// Nobody can say who moved: a cut, a flash, another exposure.
    Whole {
        /// The camera cut.
        is_cut: bool,
    },
    /// Moved pixels of each cell that has any, in order of cell.
    Moved(Vec<(u16, u8)>),
}

/// Makes small grey pictures of one size.
#[derive(Default)]
pub struct Shrinker {
    grey: Mat,
    small: Mat,
}

impl Shrinker {
    /// The picture in grey, row by row, `columns * side` wide.
    ///
    /// # Errors
    /// [`BodyError::OpenCv`].
    pub fn shrink(&mut self, picture: &Mat, cells: Cells) -> Result<Vec<u8>, BodyError> {
        let side = |cells_of: usize| i32::try_from(cells_of * cells.side).unwrap_or(i32::MAX);
        let size = Size::new(side(cells.columns), side(cells.rows));
        cvt_color(picture, &mut self.grey, COLOR_BGR2GRAY, 0)
            .and_then(|()| resize(&self.grey, &mut self.small, size, 0.0, 0.0, INTER_AREA))
            .map_err(library("scaling a picture"))?;
        Ok(self.small.data_bytes().map_err(library("reading a picture"))?.to_vec())
    }
}

/// Compares two small grey pictures. What the median pixel changes by is taken off first.
pub fn compare(before: &[u8], now: &[u8], cells: Cells, settings: &Motion) -> Change {
    if before.len() != now.len() || now.len() != cells.pixels() {
        return Change::Whole { is_cut: true };
    }
    if before == now {
        return Change::Same;
    }
    let light = median_change(before, now);
    let is_cut = is_cut(before, now, cells, settings);
    if is_cut || f32::from(light.unsigned_abs()) > settings.most_light_levels {
        return Change::Whole { is_cut };
    }
    let width = cells.columns * cells.side;
    let limit = settings.grey_levels;
    let mut counts = vec![0_u8; cells.count()];
    let mut total = 0_usize;
    for (row, (before, now)) in before.chunks_exact(width).zip(now.chunks_exact(width)).enumerate() {
        let into = &mut counts[row / cells.side * cells.columns..][..cells.columns];
        let pieces = before.chunks_exact(cells.side).zip(now.chunks_exact(cells.side));
        for (count, (before, now)) in into.iter_mut().zip(pieces) {
            let moved = |(before, now): (&u8, &u8)| {
                u8::from((i16::from(*now) - i16::from(*before) - light).unsigned_abs() > u16::from(limit))
            };
            let moved: u8 = before.iter().zip(now).map(moved).sum();
            *count = count.saturating_add(moved);
            total += usize::from(moved);
        }
    }
    if total as f32 > settings.most_changed * now.len() as f32 {
        return Change::Whole { is_cut: false };
    }
    let moved = (0_u16..).zip(counts).filter(|(_, count)| *count > 0);
    Change::Moved(moved.collect())
}

/// Median of `now - before`, grey levels.
fn median_change(before: &[u8], now: &[u8]) -> i16 {
    let mut histogram = [0_u32; 511];
    for (before, now) in before.iter().zip(now) {
        histogram[usize::from(*now) + 255 - usize::from(*before)] += 1;
    }
    let mut left = now.len() as u64 / 2;
    for (change, &count) in (-255_i16..).zip(&histogram) {
        if u64::from(count) > left {
            return change;
        }
        left -= u64::from(count);
    }
    0
}

/// Whether the camera cut: the cells' means have little to do with each other and differ much.
fn is_cut(before: &[u8], now: &[u8], cells: Cells, settings: &Motion) -> bool {
    let means = |picture: &[u8]| {
        let mut sums = vec![0.0_f32; cells.count()];
        for (row, pixels) in picture.chunks_exact(cells.columns * cells.side).enumerate() {
            let into = &mut sums[row / cells.side * cells.columns..][..cells.columns];
            for (sum, pixels) in into.iter_mut().zip(pixels.chunks_exact(cells.side)) {
                *sum += pixels.iter().map(|&pixel| f32::from(pixel)).sum::<f32>();
            }
        }
        let pixels = (cells.side * cells.side) as f32;
        sums.iter_mut().for_each(|sum| *sum /= pixels);
        sums
    };
    let (a, b) = (means(before), means(now));
    let count = a.len().max(1) as f32;
    let difference = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f32>() / count;
    if difference <= settings.cut_levels {
        return false;
    }
    let (middle_a, middle_b) = (a.iter().sum::<f32>() / count, b.iter().sum::<f32>() / count);
    let (mut both, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        both += (a - middle_a) * (b - middle_b);
        square_a += (a - middle_a).powi(2);
        square_b += (b - middle_b).powi(2);
    }
    let spread: f32 = (square_a * square_b).sqrt();
    let correlation = if spread > 1.0 { both / spread } else { 0.0 };
    correlation < settings.cut_correlation
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::shipped;
    use super::*;

    const CELLS: Cells = Cells { columns: 4, rows: 2, side: 8 };

    /// 32 x 16 pixels; `at(x, y)` is the grey value.
    fn picture(at: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        (0..16).flat_map(|y| (0..32).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect()
    }

    fn check(now: &[u8], expect: &Change) {
        let before = picture(|x, y| (3 * x + 2 * y) as u8);
        assert_eq!(&compare(&before, now, CELLS, &shipped().motion), expect);
    }

    #[test]
    fn what_moves_is_counted_where_it_moves() {
        let moved = picture(|x, y| (3 * x + 2 * y) as u8 + if (8..12).contains(&x) && y >= 14 { 40 } else { 0 });
        check(&moved, &Change::Moved(vec![(5, 8)]));
    }

    #[test]
    fn noise_and_a_slightly_brighter_lamp_are_no_movement() {
        check(&picture(|x, y| (3 * x + 2 * y + (x * 7 + y * 5) % 5) as u8), &Change::Moved(Vec::new()));
        check(&picture(|x, y| (3 * x + 2 * y + 4) as u8), &Change::Moved(Vec::new()));
    }

    #[test]
    fn a_cut_a_flash_and_a_frozen_picture_say_nothing() {
        check(&picture(|x, y| (3 * x + 2 * y + 20) as u8), &Change::Whole { is_cut: false });
        check(&picture(|x, y| 200 - (3 * x + 2 * y) as u8), &Change::Whole { is_cut: true });
        check(&picture(|x, y| (3 * x + 2 * y) as u8), &Change::Same);
        check(&[1, 2, 3], &Change::Whole { is_cut: true });
    }

    #[test]
    fn cells_fit_every_picture() {
        let cells = |width, height| Cells::of(width, height, &shipped().motion);
        assert_eq!(cells(1280.0, 720.0), Cells { columns: 36, rows: 20, side: 8 });
        assert_eq!(cells(1.0, 4000.0).columns, 1);
        assert_eq!(cells(9000.0, 2.0).columns, 160);
    }

    #[test]
    fn a_picture_becomes_small_and_grey() {
        let bytes: Vec<u8> = (0..64 * 32).flat_map(|i| [if i % 64 < 32 { 0 } else { 200 }; 3]).collect();
        let picture = Mat::from_bytes::<opencv::core::Vec3b>(&bytes).unwrap().reshape(3, 32).unwrap().clone_pointee();
        let small = Shrinker::default().shrink(&picture, CELLS).unwrap();
        assert_eq!((small.len(), small[0], small[31]), (512, 0, 200));
    }
}
