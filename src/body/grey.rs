//! Small grey pictures, and what changes from one to the next.

use opencv::core::{Mat, Rect, Scalar, Size, absdiff, add, count_non_zero, no_array, subtract};
use opencv::imgproc::{COLOR_BGR2GRAY, INTER_AREA, THRESH_BINARY, cvt_color, resize, threshold};
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

    fn size(&self, side: usize) -> Size {
        let length = |cells: usize| i32::try_from(cells * side).unwrap_or(i32::MAX);
        Size::new(length(self.columns), length(self.rows))
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

/// A small grey picture.
pub struct Small {
    /// `columns * side` by `rows * side` pixels.
    pixels: Mat,
    /// Mean grey value of each cell.
    means: Vec<f32>,
}

impl Small {
    fn new(pixels: Mat, cells: Cells) -> opencv::Result<Self> {
        let mut means = Mat::default();
        resize(&pixels, &mut means, cells.size(1), 0.0, 0.0, INTER_AREA)?;
        let means = means.data_bytes()?.iter().map(|&mean| f32::from(mean)).collect();
        Ok(Self { pixels, means })
    }

    /// All its pixels, row by row.
    ///
    /// # Errors
    /// [`BodyError::OpenCv`].
    pub fn bytes(&self) -> Result<&[u8], BodyError> {
        self.pixels.data_bytes().map_err(library("reading a picture"))
    }
}

/// Makes small grey pictures of one size.
#[derive(Default)]
pub struct Shrinker {
    grey: Mat,
    half_way: Mat,
}

impl Shrinker {
    /// The picture small and in grey.
    ///
    /// # Errors
    /// [`BodyError::OpenCv`].
    pub fn shrink(&mut self, picture: &Mat, cells: Cells) -> Result<Small, BodyError> {
        self.scaled(picture, cells).and_then(|pixels| Small::new(pixels, cells)).map_err(library("scaling a picture"))
    }

    fn scaled(&mut self, picture: &Mat, cells: Cells) -> opencv::Result<Mat> {
        cvt_color(picture, &mut self.grey, COLOR_BGR2GRAY, 0)?;
        let size = cells.size(cells.side);
        // OpenCV averages over whole pixels twice as fast as over parts of them: the most of the way goes so, and up to
        // as many pixels at the edge stay out.
        let factor = (self.grey.cols() / size.width).min(self.grey.rows() / size.height).max(1);
        let mut small = Mat::default();
        if factor > 1 {
            let whole = Size::new(self.grey.cols() / factor, self.grey.rows() / factor);
            let inside = Mat::roi(&self.grey, Rect::new(0, 0, whole.width * factor, whole.height * factor))?;
            resize(&inside, &mut self.half_way, whole, 0.0, 0.0, INTER_AREA)?;
            resize(&self.half_way, &mut small, size, 0.0, 0.0, INTER_AREA)?;
        } else {
            resize(&self.grey, &mut small, size, 0.0, 0.0, INTER_AREA)?;
        }
        Ok(small)
    }
}

/// Compares two small grey pictures. What the middle cell changes by is the light and taken off first.
///
/// # Errors
/// [`BodyError::OpenCv`].
pub fn compare(before: &Small, now: &Small, cells: Cells, settings: &Motion) -> Result<Change, BodyError> {
    if before.means.len() != now.means.len() || now.means.len() != cells.count() {
        return Ok(Change::Whole { is_cut: true });
    }
    changed(before, now, cells, settings).map_err(library("comparing pictures"))
}

fn changed(before: &Small, now: &Small, cells: Cells, settings: &Motion) -> opencv::Result<Change> {
    let mut difference = Mat::default();
    absdiff(&before.pixels, &now.pixels, &mut difference)?;
    if count_non_zero(&difference)? == 0 {
        return Ok(Change::Same);
    }
    let light = middle_change(&before.means, &now.means);
    let is_cut = is_cut(&before.means, &now.means, settings);
    if is_cut || light.abs() > settings.most_light_levels {
        return Ok(Change::Whole { is_cut });
    }
    let levels = f64::from(light.round());
    if levels.abs() > 0.5 {
        let mut same_light = Mat::default();
        let by = Scalar::all(levels.abs());
        match levels > 0.0 {
            true => add(&before.pixels, &by, &mut same_light, &no_array(), -1)?,
            false => subtract(&before.pixels, &by, &mut same_light, &no_array(), -1)?,
        }
        absdiff(&same_light, &now.pixels, &mut difference)?;
    }
    // 255 where a pixel moved; the mean of a cell then tells how many did: at least 1.1 levels each.
    let (mut moved, mut means) = (Mat::default(), Mat::default());
    threshold(&difference, &mut moved, f64::from(settings.grey_levels), 255.0, THRESH_BINARY)?;
    resize(&moved, &mut means, cells.size(1), 0.0, 0.0, INTER_AREA)?;
    let pixels = (cells.side * cells.side) as f32;
    let count = |mean: &u8| (f32::from(*mean) * pixels / 255.0).round() as u8;
    let counts: Vec<u8> = means.data_bytes()?.iter().map(count).collect();
    let total: f32 = counts.iter().map(|&count| f32::from(count)).sum();
    if total > settings.most_changed * pixels * cells.count() as f32 {
        return Ok(Change::Whole { is_cut: false });
    }
    Ok(Change::Moved((0_u16..).zip(counts).filter(|(_, count)| *count > 0).collect()))
}

/// Median of `now - before`, grey levels.
fn middle_change(before: &[f32], now: &[f32]) -> f32 {
    let mut changes: Vec<f32> = before.iter().zip(now).map(|(before, now)| now - before).collect();
    changes.sort_by(f32::total_cmp);
    changes.get(changes.len() / 2).copied().unwrap_or(0.0)
}

/// Whether the camera cut: the cells' means have little to do with each other and differ much.
fn is_cut(a: &[f32], b: &[f32], settings: &Motion) -> bool {
    let count = a.len().max(1) as f32;
    let difference = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / count;
    if difference <= settings.cut_levels {
        return false;
    }
    let (middle_a, middle_b) = (a.iter().sum::<f32>() / count, b.iter().sum::<f32>() / count);
    let (mut both, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
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
    fn picture(at: impl Fn(usize, usize) -> u8) -> Small {
        let bytes: Vec<u8> = (0..16).flat_map(|y| (0..32).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
        Small::new(Mat::from_slice(&bytes).unwrap().reshape(1, 16).unwrap().clone_pointee(), CELLS).unwrap()
    }

    fn check(now: &Small, expect: &Change) {
        let before = picture(|x, y| (3 * x + 2 * y) as u8);
        assert_eq!(&compare(&before, now, CELLS, &shipped().motion).unwrap(), expect);
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
        let pixels = Mat::from_slice(&[1_u8, 2, 3]).unwrap().clone_pointee();
        check(&Small { pixels, means: vec![2.0] }, &Change::Whole { is_cut: true });
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
        let small = small.bytes().unwrap();
        assert_eq!((small.len(), small[0], small[31]), (512, 0, 200));
    }
}
