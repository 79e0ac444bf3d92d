//! Pieces of decoded sound, each with its time, to blocks without holes at [`SOUND_RATE`].

use std::collections::VecDeque;

use ndarray::Array2;

use crate::media::resample::Resampler;
use crate::media::settings::SoundSettings;
use crate::media::{Damage, MediaError, SOUND_RATE, SampleBlock, add_missing};
use crate::time::{Secs, SessionTime, Span};

/// Fills holes, drops overlaps, resamples, cuts into blocks. Sample 0 is the file's zero.
pub(super) struct Assembler {
    settings: SoundSettings,
    zero: SessionTime,
    block: usize,
    waiting: VecDeque<Piece>,
    stretch: Stretch,
    /// Sound at [`SOUND_RATE`] that is not handed out yet, per channel.
    ready: Vec<Vec<f32>>,
    given: u64,
    finished: bool,
}

enum Piece {
    Silence(u64),
    Samples(Vec<Vec<f32>>),
}

/// A stretch of one sample rate.
struct Stretch {
    resampler: Resampler,
    /// Nanoseconds of its first sample from the file's zero.
    start: i64,
    /// Samples put into `waiting` or the resampler so far.
    placed: u64,
    /// Lasting deviation of the time stamps from the count, seconds.
    deviation: f64,
    empty: bool,
}

impl Stretch {
    fn new(rate: u32, channels: usize, start: i64) -> Result<Self, MediaError> {
        Ok(Self { resampler: Resampler::new(rate, channels)?, start, placed: 0, deviation: 0.0, empty: true })
    }

    fn nanos(&self, samples: u64) -> i64 {
        let nanos = i128::from(samples) * 1_000_000_000 / i128::from(self.resampler.rate());
        self.start.saturating_add(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

fn secs(setting: Secs) -> f64 {
    setting.0.as_secs_f64()
}

impl Assembler {
    /// For a track of `channels` channels at `rate`; `zero` is the file's zero on the session clock.
    pub(super) fn new(
        settings: &SoundSettings,
        zero: SessionTime,
        rate: u32,
        channels: usize,
    ) -> Result<Self, MediaError> {
        let block = (secs(settings.block_secs) * f64::from(SOUND_RATE)).round().clamp(1.0, 1e7) as usize;
        Ok(Self {
            settings: settings.clone(),
            zero,
            block,
            waiting: VecDeque::new(),
            stretch: Stretch::new(rate, channels, 0)?,
            ready: vec![Vec::new(); channels],
            given: 0,
            finished: false,
        })
    }

    pub(super) fn channels(&self) -> usize {
        self.ready.len()
    }

    /// Where the samples taken so far end, in nanoseconds from the file's zero.
    #[cfg(any(feature = "video", test))]
    pub(super) fn end(&self) -> i64 {
        self.stretch.nanos(self.stretch.placed)
    }

    /// Takes samples (one `Vec` per channel, all of one length) whose first is at `at` nanoseconds from the file's zero.
    pub(super) fn push(
        &mut self,
        at: i64,
        rate: u32,
        mut samples: Vec<Vec<f32>>,
        damage: &mut Damage,
    ) -> Result<(), MediaError> {
        let count = samples.first().map_or(0, Vec::len) as u64;
        if count == 0 || samples.len() != self.channels() {
            return Ok(());
        }
        if rate != self.stretch.resampler.rate() {
            self.change_rate(rate)?;
        }
        let stretch = &mut self.stretch;
        let rate = f64::from(rate);
        let off = (at.saturating_sub(stretch.nanos(stretch.placed))) as f64 / 1e9;
        let length = count as f64 / rate;
        let weight = (length / secs(self.settings.slow_over_secs).max(length)).min(1.0);
        stretch.deviation += (off - stretch.deviation) * weight;
        let correction = if stretch.empty || off.abs() >= secs(self.settings.jump_secs) {
            off
        } else if stretch.deviation.abs() >= secs(self.settings.slow_secs) {
            stretch.deviation
        } else {
            0.0
        };
        let correction_samples = (correction * rate).round();
        if correction_samples > 0.0 {
            let hole = correction_samples as u64;
            if correction >= secs(self.settings.report_hole_secs) {
                let edge = |samples| self.zero.shifted(SessionTime::from_nanos(stretch.nanos(samples)));
                add_missing(damage, Span::new(edge(stretch.placed), edge(stretch.placed + hole)));
            }
            self.waiting.push_back(Piece::Silence(hole));
            stretch.placed += hole;
            stretch.deviation = 0.0;
        } else if correction_samples < 0.0 {
            let overlap = (-correction_samples as u64).min(count);
            for channel in &mut samples {
                channel.drain(..overlap as usize);
            }
            stretch.deviation = 0.0;
        }
        let left = samples.first().map_or(0, Vec::len) as u64;
        if left > 0 {
            stretch.placed += left;
            stretch.empty = false;
            self.waiting.push_back(Piece::Samples(samples));
        }
        Ok(())
    }

    /// No more samples will come.
    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    /// The next block if there is enough for it; the rest, if any, after [`Self::finish`].
    pub(super) fn take(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        while self.ready[0].len() < self.block {
            match self.waiting.pop_front() {
                Some(piece) => self.resample(piece)?,
                None if self.finished => {
                    self.stretch.resampler.finish(&mut self.ready)?;
                    break;
                }
                None => return Ok(None),
            }
        }
        let count = self.ready[0].len().min(self.block);
        if count == 0 {
            return Ok(None);
        }
        let mut samples = Array2::zeros((self.channels(), count));
        for (from, mut to) in self.ready.iter_mut().zip(samples.rows_mut()) {
            to.iter_mut().zip(from.drain(..count)).for_each(|(to, from)| *to = from);
        }
        let start = self.zero.shifted(SessionTime::from_nanos(nanos_at_sound_rate(self.given)));
        self.given += count as u64;
        Ok(Some(SampleBlock { start, samples }))
    }

    /// Puts a piece into the resampler; of a long silence, one block.
    fn resample(&mut self, piece: Piece) -> Result<(), MediaError> {
        let resampler = &mut self.stretch.resampler;
        match piece {
            Piece::Samples(samples) => {
                let count = samples.first().map_or(0, Vec::len);
                let fill = |channel: usize, from: usize, to: &mut [f32]| {
                    to.copy_from_slice(&samples[channel][from..from + to.len()]);
                };
                resampler.push(count, fill, &mut self.ready)
            }
            Piece::Silence(count) => {
                let now = count.min(u64::from(resampler.rate()));
                if count > now {
                    self.waiting.push_front(Piece::Silence(count - now));
                }
                resampler.push(now as usize, |_, _, to| to.fill(0.0), &mut self.ready)
            }
        }
    }

    /// Ends the stretch of the old rate and starts one of the new rate right after it.
    fn change_rate(&mut self, rate: u32) -> Result<(), MediaError> {
        while let Some(piece) = self.waiting.pop_front() {
            self.resample(piece)?;
        }
        self.stretch.resampler.finish(&mut self.ready)?;
        let start = nanos_at_sound_rate(self.given + self.ready[0].len() as u64);
        let was_empty = self.stretch.empty;
        self.stretch = Stretch::new(rate, self.channels(), start)?;
        self.stretch.empty = was_empty;
        Ok(())
    }
}

fn nanos_at_sound_rate(samples: u64) -> i64 {
    i64::try_from(i128::from(samples) * 1_000_000_000 / i128::from(SOUND_RATE)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces as `(milliseconds, samples)` at 16 kHz, each sample 1.0; out come the runs of ones as `(from, to)` samples.
    fn check(pieces: &[(i64, usize)], runs: &[(usize, usize)], missing_ms: &[(i64, i64)]) {
        let settings = crate::media::settings::for_tests().sound;
        let mut assembler = Assembler::new(&settings, SessionTime::from_millis(7000), 16_000, 1).unwrap();
        let mut damage = Damage::default();
        let mut out = Vec::new();
        let mut take_all = |assembler: &mut Assembler| {
            while let Some(block) = assembler.take().unwrap() {
                let at = block.start.secs_after(SessionTime::from_millis(7000)) * 16_000.0;
                assert_eq!(at.round() as usize, out.len(), "blocks follow each other");
                out.extend(block.samples.iter().copied());
            }
        };
        for &(ms, count) in pieces {
            assembler.push(ms * 1_000_000, 16_000, vec![vec![1.0; count]], &mut damage).unwrap();
            take_all(&mut assembler);
        }
        assembler.finish();
        take_all(&mut assembler);
        let mut found = Vec::new();
        let mut from = None;
        for (index, &value) in out.iter().chain([&0.0]).enumerate() {
            match (value > 0.5, from) {
                (true, None) => from = Some(index),
                (false, Some(start)) => {
                    found.push((start, index));
                    from = None;
                }
                _ => (),
            }
        }
        assert_eq!(found, runs);
        let spans: Vec<_> = missing_ms.iter().map(|&(a, b)| Span::from_millis(7000 + a, 7000 + b).unwrap()).collect();
        assert_eq!(damage.missing, spans);
    }

    #[test]
    fn a_track_that_starts_late_begins_with_silence() {
        check(&[(400, 16_000), (1400, 1600)], &[(6400, 24_000)], &[(0, 400)]);
    }

    #[test]
    fn a_hole_becomes_silence_and_an_overlap_is_dropped() {
        check(&[(0, 1600), (200, 1600)], &[(0, 1600), (3200, 4800)], &[(100, 200)]);
        check(&[(0, 1600), (50, 1600)], &[(0, 2400)], &[]);
        check(&[(-50, 1600), (50, 1600)], &[(0, 2400)], &[]);
    }

    #[test]
    fn rounded_stamps_change_nothing_but_a_lasting_deviation_does() {
        check(&[(0, 1600), (101, 1600), (199, 1600), (301, 1600)], &[(0, 6400)], &[]);
        let late: Vec<_> = (0..200).map(|index| (index * 100 + if index > 20 { 10 } else { 0 }, 1600)).collect();
        let settings = crate::media::settings::for_tests().sound;
        let mut assembler = Assembler::new(&settings, SessionTime::ZERO, 16_000, 1).unwrap();
        for (ms, count) in late {
            assembler.push(ms * 1_000_000, 16_000, vec![vec![1.0; count]], &mut Damage::default()).unwrap();
        }
        assert!((assembler.end() - 20_010_000_000).abs() < 3_500_000, "{}", assembler.end());
    }

    #[test]
    fn a_change_of_rate_keeps_the_time() {
        let settings = crate::media::settings::for_tests().sound;
        let mut assembler = Assembler::new(&settings, SessionTime::ZERO, 48_000, 2).unwrap();
        let mut damage = Damage::default();
        assembler.push(0, 48_000, vec![vec![0.5; 48_000]; 2], &mut damage).unwrap();
        assembler.push(1_000_000_000, 44_100, vec![vec![0.5; 44_100]; 2], &mut damage).unwrap();
        assembler.push(2_500_000_000, 32_000, vec![vec![0.5; 32_000]; 2], &mut damage).unwrap();
        assembler.finish();
        let mut total = 0;
        while let Some(block) = assembler.take().unwrap() {
            assert_eq!(block.samples.nrows(), 2);
            total += block.samples.ncols();
        }
        assert_eq!(total, 56_000);
        assert_eq!(damage.missing, [Span::from_millis(2000, 2500).unwrap()]);
    }
}
