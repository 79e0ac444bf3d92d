//! Several recordings as the channels of one, for instance one microphone per person.

use std::collections::VecDeque;

use ndarray::Array2;

use crate::media::{Damage, MediaError, SOUND_RATE, SampleBlock, SoundSource};
use crate::time::SessionTime;

/// Joins sources on one clock: all channels of the first, then all of the second, and so on. It starts where the
/// earliest starts and ends where the last ends; where a source has nothing yet or no more, its channels are silent.
/// Sources start on the nearest sample (half a sample is 31 µs).
pub struct SoundMix {
    parts: Vec<Part>,
    start: SessionTime,
    given: u64,
    damage: Damage,
    channels: usize,
}

struct Part {
    source: Box<dyn SoundSource>,
    /// Samples per channel that wait to be handed out.
    waiting: Vec<VecDeque<f32>>,
    at_end: bool,
}

impl SoundMix {
    /// Joins sources that were opened with their offsets.
    ///
    /// # Errors
    /// What reading the first blocks gives; [`MediaError::NoTrack`] without any source.
    pub fn new(sources: Vec<Box<dyn SoundSource>>) -> Result<Self, MediaError> {
        let mut parts = Vec::new();
        let mut starts = Vec::new();
        for mut source in sources {
            let first = source.next_block()?;
            starts.push(first.as_ref().map(|block| block.start));
            let mut waiting = vec![VecDeque::new(); source.channels()];
            let at_end = first.is_none();
            if let Some(block) = first {
                append(&mut waiting, &block);
            }
            parts.push(Part { source, waiting, at_end });
        }
        let start = starts.iter().flatten().min().copied().unwrap_or(SessionTime::ZERO);
        for (part, own) in parts.iter_mut().zip(starts) {
            let late = own.map_or(0.0, |own| own.secs_after(start)) * f64::from(SOUND_RATE);
            for channel in &mut part.waiting {
                for _ in 0..late.round() as u64 {
                    channel.push_front(0.0);
                }
            }
        }
        let channels = parts.iter().map(|part| part.waiting.len()).sum();
        if channels == 0 {
            return Err(MediaError::NoTrack { what: "sound", file: "(no files given)".into() });
        }
        let mut mix = Self { parts, start, given: 0, damage: Damage::default(), channels };
        mix.collect_damage();
        Ok(mix)
    }

    fn collect_damage(&mut self) {
        let mut all = Damage::default();
        for part in &self.parts {
            all.broken_packets += part.source.damage().broken_packets;
            all.missing.extend(&part.source.damage().missing);
        }
        all.missing.sort();
        let mut joined = Damage { broken_packets: all.broken_packets, missing: Vec::new() };
        all.missing.into_iter().for_each(|span| super::add_missing(&mut joined, Some(span)));
        self.damage = joined;
    }
}

fn append(waiting: &mut [VecDeque<f32>], block: &SampleBlock) {
    for (to, from) in waiting.iter_mut().zip(block.samples.rows()) {
        to.extend(from.iter());
    }
}

impl SoundSource for SoundMix {
    fn channels(&self) -> usize {
        self.channels
    }

    fn expected_secs(&self) -> Option<f64> {
        self.parts.iter().filter_map(|part| part.source.expected_secs()).reduce(f64::max)
    }

    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        let wanted = SOUND_RATE as usize;
        for part in &mut self.parts {
            while !part.at_end && part.waiting[0].len() < wanted {
                match part.source.next_block()? {
                    Some(block) => append(&mut part.waiting, &block),
                    None => part.at_end = true,
                }
            }
        }
        self.collect_damage();
        let count = self.parts.iter().filter_map(|part| part.waiting.first().map(VecDeque::len)).max().unwrap_or(0);
        let count = count.min(wanted);
        if count == 0 {
            return Ok(None);
        }
        let mut samples = Array2::zeros((self.channels, count));
        let channels = self.parts.iter_mut().flat_map(|part| &mut part.waiting);
        for (from, mut to) in channels.zip(samples.rows_mut()) {
            let there = from.len().min(count);
            to.iter_mut().zip(from.drain(..there)).for_each(|(to, from)| *to = from);
        }
        let nanos = i128::from(self.given) * 1_000_000_000 / i128::from(SOUND_RATE);
        let start = self.start.shifted(SessionTime::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)));
        self.given += count as u64;
        Ok(Some(SampleBlock { start, samples }))
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }

    fn damage_of_each(&self) -> Vec<Damage> {
        self.parts.iter().map(|part| part.source.damage().clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::MadeSound;

    #[test]
    fn two_files_become_two_channels_on_one_clock() {
        let source = |value: f32, len, start_ms| -> Box<dyn SoundSource> {
            Box::new(MadeSound::new(Array2::from_elem((1, len), value), SessionTime::from_millis(start_ms)))
        };
        let mut mix = SoundMix::new(vec![source(1.0, 40_000, 500), source(2.0, 16_000, -250)]).unwrap();
        assert_eq!(mix.channels(), 2);
        let mut all = [Vec::new(), Vec::new()];
        let mut start = None;
        while let Some(block) = mix.next_block().unwrap() {
            start.get_or_insert(block.start);
            all.iter_mut().zip(block.samples.rows()).for_each(|(to, from)| to.extend(from.iter().copied()));
        }
        assert_eq!(start, Some(SessionTime::from_millis(-250)));
        assert_eq!(all[0].len(), 52_000);
        assert!(all[0].iter().enumerate().all(|(i, &v)| v.total_cmp(&if i < 12_000 { 0.0 } else { 1.0 }).is_eq()));
        assert!(all[1].iter().enumerate().all(|(i, &v)| v.total_cmp(&if i < 16_000 { 2.0 } else { 0.0 }).is_eq()));
    }

    #[test]
    fn without_sources_it_says_so() {
        assert!(SoundMix::new(Vec::new()).is_err());
    }
}
