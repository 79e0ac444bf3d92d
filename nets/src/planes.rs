//! How numbers over time lie in memory, so that vectors run along time and none is ever taken apart.
//!
//! Numbers lie channel by channel and, within one, phase by phase: of `phases` phases, number `i` is at place
//! `i / phases` of phase `i % phases`. A layer's phases are three times those of the next, down to one, so that
//! neighbours in memory are one frame of the result apart everywhere. Neighbours in time then lie in different vectors; an
//! input that is needed a frame later is read one place further on.

use crate::dense::TILE;

/// Neighbours in time of which a layer keeps the largest.
pub const POOL: usize = 3;

/// Numbers of one layer.
#[derive(Debug, Default)]
pub struct Planes {
    values: Vec<f32>,
    /// Place of the first one: where the widest vectors are read at once.
    from: usize,
    phases: usize,
    /// Places of a phase that are computed: whole tiles; a further tile of zeros follows.
    places: usize,
    /// How many numbers of a channel are real.
    count: usize,
}

impl Planes {
    /// Makes room for `count` numbers of each channel, and for the places that vectors touch beside them.
    pub fn fit(&mut self, channels: usize, phases: usize, places: usize, count: usize) {
        let length = channels * phases * (places + TILE);
        if (self.phases, self.places, self.values.len()) != (phases, places, length + TILE) {
            self.values = vec![0.0; length + TILE];
            // Without an alignment, reading is slower and not wrong.
            self.from = self.values.as_ptr().align_offset(64).min(TILE);
        }
        (self.phases, self.places, self.count) = (phases, places, count);
    }

    /// Places for `frames` of the result and for what the inputs of the last reach beyond it.
    pub fn places_for(frames: usize) -> usize {
        (frames + POOL).next_multiple_of(TILE)
    }

    /// The numbers of a channel, `phases` after each other, from this one on.
    #[inline(always)]
    pub fn from(&self, channel: usize, number: usize) -> &[f32] {
        let (phase, place) = (number % self.phases, number / self.phases);
        &self.values[self.from + (channel * self.phases + phase) * (self.places + TILE) + place..]
    }

    /// All places of a channel's phase that are computed.
    #[inline(always)]
    pub fn phase(&mut self, channel: usize, phase: usize) -> &mut [f32] {
        let length = self.places + TILE;
        &mut self.values[self.from + (channel * self.phases + phase) * length..][..self.places]
    }

    /// How many phases, and how many places of each are computed.
    pub fn size(&self) -> [usize; 2] {
        [self.phases, self.places]
    }

    /// The real numbers of each phase of a channel, in order of phase.
    pub fn channel(&mut self, channel: usize) -> impl Iterator<Item = &mut [f32]> {
        let (phases, count, length) = (self.phases, self.count, self.places + TILE);
        let values = &mut self.values[self.from + channel * phases * length..][..phases * length];
        let real = move |phase: usize| count.saturating_sub(phase).div_ceil(phases).min(length);
        values.chunks_exact_mut(length).enumerate().map(move |(phase, values)| &mut values[..real(phase)])
    }

    /// Lays out one channel, each number multiplied by `scale` and raised by `shift`.
    pub fn lay(&mut self, numbers: &[f32], scale: f32, shift: f32) {
        let (phases, length) = (self.phases, self.places + TILE);
        let values = &mut self.values[self.from..];
        // Some phases at a time, so that what is written stays near.
        for first in (0..phases).step_by(TILE) {
            let last = phases.min(first + TILE);
            for (place, numbers) in numbers.chunks(phases).enumerate() {
                let some = numbers.get(first..last.min(numbers.len())).unwrap_or_default();
                for (number, phase) in some.iter().zip(first..) {
                    values[phase * length + place] = scale * number + shift;
                }
            }
        }
    }
}
