//! How loud the sound is, every 10 ms.

use super::grid::ROW;

/// What digital silence is written as, in dB full scale: below the last bit of 16-bit sound by 24 dB.
pub(super) const DIGITAL_SILENCE_DBFS: f32 = -120.0;

/// RMS over rows of 10 ms, taken in piece by piece.
#[derive(Clone, Debug, Default)]
pub(super) struct RowLevels {
    dbfs: Vec<f32>,
    squares: f64,
    count: usize,
}

/// dB full scale of a mean square; full scale is an amplitude of 1 all the time, so a full sine is at -3 dB.
pub(super) fn dbfs(mean_square: f64) -> f32 {
    ((10.0 * mean_square.log10()) as f32).max(DIGITAL_SILENCE_DBFS)
}

impl RowLevels {
    pub(super) fn add(&mut self, samples: &[f32]) {
        for &sample in samples {
            self.squares += f64::from(sample) * f64::from(sample);
            self.count += 1;
            if self.count == ROW {
                self.end_row();
            }
        }
    }

    fn end_row(&mut self) {
        self.dbfs.push(dbfs(self.squares / self.count as f64));
        (self.squares, self.count) = (0.0, 0);
    }

    /// One number per row; the last row may stand for less than 10 ms.
    pub(super) fn into_dbfs(mut self) -> Vec<f32> {
        if self.count > 0 {
            self.end_row();
        }
        self.dbfs
    }
}

/// Levels averaged (as power) over about `rows` rows around each row.
pub(super) fn smoothed(dbfs: &[f32], rows: usize) -> Vec<f32> {
    let half = rows / 2;
    let mut sums = Vec::with_capacity(dbfs.len() + 1);
    sums.push(0.0);
    let mut sum = 0.0;
    for &level in dbfs {
        sum += 10f64.powf(f64::from(level) / 10.0);
        sums.push(sum);
    }
    (0..dbfs.len())
        .map(|row| {
            let (from, to) = (row.saturating_sub(half), (row + half + 1).min(dbfs.len()));
            self::dbfs((sums[to] - sums[from]).max(0.0) / (to - from) as f64)
        })
        .collect()
}

/// The value below which this share of the numbers lies; `None` if there are none. Reorders them.
pub(super) fn quantile(numbers: &mut [f32], share: f64) -> Option<f32> {
    let at = (share * numbers.len().checked_sub(1)? as f64).round() as usize;
    Some(*numbers.select_nth_unstable_by(at, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_signal() {
        let mut levels = RowLevels::default();
        let sine: Vec<f32> = (0..1600).map(|n| (std::f32::consts::TAU * n as f32 / 16.0).sin()).collect();
        sine.chunks(77).for_each(|piece| levels.add(piece));
        levels.add(&[0.0; 170]);
        let dbfs = levels.into_dbfs();
        assert_eq!(dbfs.len(), 12);
        assert!(dbfs[..10].iter().all(|level| (level + 3.0103).abs() < 1e-3), "{dbfs:?}");
        assert_eq!(dbfs[10..], [DIGITAL_SILENCE_DBFS; 2]);
    }

    #[test]
    fn smoothing_spreads_power_evenly() {
        let mut levels = vec![DIGITAL_SILENCE_DBFS; 21];
        levels[10] = 0.0;
        let smooth = smoothed(&levels, 10);
        assert!((smooth[5] - -10.414).abs() < 1e-3 && (smooth[15] - -10.414).abs() < 1e-3);
        assert!(smooth[4] < -100.0 && smooth[16] < -100.0);
    }

    #[test]
    fn quantiles_are_numbers_of_the_list() {
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.0), Some(1.0));
        assert_eq!(quantile(&mut [], 0.5), None);
    }
}
