//! Sound from memory.

use attune::media::{Damage, MediaError, SampleBlock, SoundSource};
use attune::time::SessionTime;
use ndarray::Array2;

/// Samples at 16 kHz, one list per channel, handed out in blocks of an odd length.
pub struct Memory {
    channels: Vec<Vec<f32>>,
    at: usize,
    /// What is said to be missing.
    pub damage: Damage,
    /// When the first sample was.
    pub start: SessionTime,
}

impl Memory {
    pub fn new(channels: Vec<Vec<f32>>) -> Self {
        Self { channels, at: 0, damage: Damage::default(), start: SessionTime::ZERO }
    }
}

impl SoundSource for Memory {
    fn channels(&self) -> usize {
        self.channels.len()
    }

    fn expected_secs(&self) -> Option<f64> {
        Some(self.channels[0].len() as f64 / 16_000.0)
    }

    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        let to = (self.at + 4_001).min(self.channels[0].len());
        if self.at == to {
            return Ok(None);
        }
        let shape = (self.channels.len(), to - self.at);
        let samples = Array2::from_shape_fn(shape, |(channel, i)| self.channels[channel][self.at + i]);
        let start = self.start.shifted(SessionTime::from_secs_f64(self.at as f64 / 16_000.0));
        self.at = to;
        Ok(Some(SampleBlock { start, samples }))
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }
}
