//! Pictures made of several: the lines between them.
//!
//! In the average of many pictures of a session, what lies on either side of such a line has nothing to do with each
//! other along all of its length; edges of furniture and walls end somewhere.

/// The average of some pictures, grey.
#[derive(Clone, Debug, Default)]
pub struct Average {
    sums: Vec<f32>,
    count: u32,
}

impl Average {
    /// Takes in a picture; one of another size begins anew.
    pub fn add(&mut self, picture: &[u8]) {
        if self.sums.len() != picture.len() {
            *self = Self { sums: vec![0.0; picture.len()], count: 0 };
        }
        self.sums.iter_mut().zip(picture).for_each(|(sum, &pixel)| *sum += f32::from(pixel));
        self.count += 1;
    }

    /// Where the seams are. `width`: pixels in a row.
    pub fn tiles(&self, width: usize, settings: &super::settings::Region) -> Tiles {
        let height = self.sums.len().checked_div(width).unwrap_or(0);
        if self.count == 0 || width < 30 || height < 30 {
            return Tiles::default();
        }
        let at = |x: usize, y: usize| self.sums[y * width + x] / self.count as f32;
        let upright = seams(width, height, settings, at);
        let level = seams(height, width, settings, |y, x| at(x, y));
        Tiles { upright, level }
    }
}

/// A seam is blurred over one or two pixels, whatever the film: values this far apart are compared. No threshold.
const ACROSS: usize = 2;

/// Seams across the first axis, as parts of its length, in order.
fn seams(
    length: usize,
    across: usize,
    settings: &super::settings::Region,
    at: impl Fn(usize, usize) -> f32,
) -> Vec<f32> {
    let mut best: Vec<(usize, f32)> = Vec::new();
    // No picture is narrower than a fifth of the whole.
    for place in length / 5..length - length / 5 {
        let (mut counted, mut differs, mut sum) = (0_usize, 0_usize, 0.0_f32);
        for line in 0..across {
            let (first, last) = (place - ACROSS, place + ACROSS - 1);
            let (before, after) = (at(first, line), at(last, line));
            if before < settings.black_levels && after < settings.black_levels {
                continue;
            }
            // A step, and no slope: just beside it little changes.
            let beside = (before - at(first - 3, line)).abs().max((at(last + 3, line) - after).abs());
            let step = (before - after).abs() - beside;
            counted += 1;
            sum += step.max(0.0);
            differs += usize::from(step > settings.seam_levels);
        }
        if 2 * counted < across || (differs as f32) < settings.seam_share * counted as f32 {
            continue;
        }
        let strength = sum / counted as f32;
        match best.last_mut() {
            // One seam shows at several places: the strongest is it.
            Some((last, known)) if place - *last <= 2 * ACROSS => {
                if strength > *known {
                    (*last, *known) = (place, strength);
                }
            }
            _ => best.push((place, strength)),
        }
    }
    best.into_iter().map(|(place, _)| place as f32 / length as f32).collect()
}

/// The seams of a picture, as parts of its width and height; none in an ordinary one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tiles {
    /// Upright lines: x.
    pub upright: Vec<f32>,
    /// Level lines: y.
    pub level: Vec<f32>,
}

impl Tiles {
    /// Whether no seam lies between two places.
    pub fn is_same(&self, (x, y): (f32, f32), (other_x, other_y): (f32, f32)) -> bool {
        let apart = |seams: &[f32], a: f32, b: f32| seams.iter().any(|seam| (a < *seam) != (b < *seam));
        !apart(&self.upright, x, other_x) && !apart(&self.level, y, other_y)
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::shipped;
    use super::*;

    const WIDTH: usize = 64;

    fn tiles(at: impl Fn(usize, usize) -> u8) -> Tiles {
        let mut average = Average::default();
        average.add(&(0..32 * WIDTH).map(|i| at(i % WIDTH, i / WIDTH)).collect::<Vec<_>>());
        average.tiles(WIDTH, &shipped().region)
    }

    #[test]
    fn two_halves_have_a_seam_and_a_cupboard_has_none() {
        let halves = tiles(|x, y| if x < 32 { 60 + y as u8 } else { 150 - y as u8 });
        assert!(halves.level.is_empty() && halves.upright.len() == 1, "{halves:?}");
        assert!((halves.upright[0] - 0.5).abs() < 0.02);
        let cupboard = tiles(|x, y| if x < 32 && y > 12 { 60 } else { 150 });
        assert_eq!(cupboard, Tiles::default());
        assert_eq!(tiles(|x, _| (2 * x) as u8), Tiles::default());
    }

    #[test]
    fn four_have_two_and_black_bars_are_none() {
        let four = tiles(|x, y| [40, 90, 140, 190][usize::from(x >= 32) + 2 * usize::from(y >= 16)]);
        assert_eq!((four.upright.len(), four.level.len()), (1, 1), "{four:?}");
        assert!(!four.is_same((0.2, 0.2), (0.7, 0.2)) && four.is_same((0.2, 0.2), (0.3, 0.4)));
        assert_eq!(tiles(|_, _| 0), Tiles::default());
        assert_eq!(Average::default().tiles(0, &shipped().region), Tiles::default());
    }
}
