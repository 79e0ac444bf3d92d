//! Sources made of numbers, for tests.

use ndarray::Array2;

use crate::media::{Damage, MediaError, SOUND_RATE, SampleBlock, SoundSource};
use crate::time::SessionTime;

/// Sound from memory, in blocks of 1000 samples.
pub(crate) struct MadeSound {
    samples: Array2<f32>,
    offset: SessionTime,
    at: usize,
    damage: Damage,
}

impl MadeSound {
    /// Shape `[channels, samples]` at [`SOUND_RATE`].
    pub(crate) fn new(samples: Array2<f32>, offset: SessionTime) -> Self {
        Self { samples, offset, at: 0, damage: Damage::default() }
    }

    /// Every sample says where it is.
    pub(crate) fn ramp(channels: usize, len: usize) -> Self {
        Self::new(
            Array2::from_shape_fn((channels, len), |(channel, index)| (channel * len + index) as f32),
            SessionTime::ZERO,
        )
    }
}

impl SoundSource for MadeSound {
    fn channels(&self) -> usize {
        self.samples.nrows()
    }

    fn expected_secs(&self) -> Option<f64> {
        Some(self.samples.ncols() as f64 / f64::from(SOUND_RATE))
    }

    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        let end = (self.at + 1000).min(self.samples.ncols());
        if self.at == end {
            return Ok(None);
        }
        let samples = self.samples.slice(ndarray::s![.., self.at..end]).to_owned();
        let nanos = self.at as i64 * 1_000_000_000 / i64::from(SOUND_RATE);
        self.at = end;
        Ok(Some(SampleBlock { start: self.offset.shifted(SessionTime::from_nanos(nanos)), samples }))
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }
}
