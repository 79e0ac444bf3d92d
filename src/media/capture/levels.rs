//! Peak meter, clipping and silence of each channel.

use super::Shape;
use super::settings::LevelSettings;
use super::tally::What;

/// What digital silence is shown as, dB full scale.
const NOTHING_DBFS: f32 = -120.0;

/// dB full scale of an amplitude; full scale is 1.
pub(super) fn dbfs(amplitude: f32) -> f32 {
    (20.0 * amplitude.log10()).max(NOTHING_DBFS)
}

/// Levels of one channel, dB full scale.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ChannelLevels {
    /// What the meter shows now: rises at once, falls slowly.
    pub now_dbfs: f32,
    /// The highest peak of the last seconds.
    pub held_dbfs: f32,
    /// The highest peak so far.
    pub peak_dbfs: f32,
    /// Clipped moments so far.
    pub clipped: u64,
    /// Whether the last clipped moment is so near that the next one would be joined to it.
    pub clipping: bool,
    /// Whether it has been silent, as no room is, for long.
    pub silent: bool,
}

impl Default for ChannelLevels {
    fn default() -> Self {
        Self {
            now_dbfs: NOTHING_DBFS,
            held_dbfs: NOTHING_DBFS,
            peak_dbfs: NOTHING_DBFS,
            clipped: 0,
            clipping: false,
            silent: false,
        }
    }
}

/// Follows one channel.
#[derive(Clone, Debug)]
struct Follower {
    shown: ChannelLevels,
    held_at: u64,
    /// Samples in a row at the end of the scale.
    run: u32,
    clipped_at: Option<u64>,
    heard_at: u64,
}

/// Follows all channels.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    shape: Shape,
    settings: LevelSettings,
    channels: Vec<Follower>,
}

impl Levels {
    pub(super) fn new(shape: Shape, settings: &LevelSettings) -> Self {
        let follower = Follower { shown: ChannelLevels::default(), held_at: 0, run: 0, clipped_at: None, heard_at: 0 };
        Self { shape, settings: settings.clone(), channels: vec![follower; usize::from(self::channels(shape))] }
    }

    /// Takes interleaved samples, the first of which is number `start`; tells what is worth telling, with its place.
    pub(super) fn follow(&mut self, start: u64, interleaved: &[f32], mut tell: impl FnMut(u64, What)) {
        let settings = &self.settings;
        let count = self.channels.len();
        let frames = (interleaved.len() / count.max(1)) as u64;
        let end = start + frames;
        let join = self.shape.frames(settings.clip_join_secs.0.as_secs_f64());
        let fall = settings.meter_fall_db * self.shape.secs(frames) as f32;
        let silent = 10f32.powf(settings.silent_dbfs / 20.0);
        for (number, channel) in self.channels.iter_mut().enumerate() {
            let mut peak = 0f32;
            for (frame, sample) in (start..).zip(interleaved.iter().skip(number).step_by(count)) {
                let size = sample.abs();
                peak = peak.max(size);
                if size > silent {
                    channel.heard_at = frame;
                }
                channel.run = if size >= settings.clip_level { channel.run.saturating_add(1) } else { 0 };
                if channel.run >= settings.clip_samples {
                    if channel.clipped_at.is_none_or(|last| frame - last > join) {
                        channel.shown.clipped += 1;
                        tell(frame, What::Clipped { channel: number });
                    }
                    channel.clipped_at = Some(frame);
                }
            }
            let peak = dbfs(peak);
            let shown = &mut channel.shown;
            shown.now_dbfs = peak.max(shown.now_dbfs - fall);
            shown.peak_dbfs = shown.peak_dbfs.max(peak);
            if peak >= shown.held_dbfs || end - channel.held_at > self.shape.frames(settings.hold_secs.0.as_secs_f64())
            {
                (shown.held_dbfs, channel.held_at) = (peak, end);
            }
            shown.clipping = channel.clipped_at.is_some_and(|last| end - last <= join);
            let quiet = end - channel.heard_at > self.shape.frames(settings.silent_secs.0.as_secs_f64());
            if quiet && !shown.silent {
                tell(end, What::Silent { channel: number });
            }
            if shown.silent && !quiet {
                tell(end, What::HeardAgain { channel: number });
            }
            shown.silent = quiet;
        }
    }

    pub(super) fn shown(&self) -> impl Iterator<Item = &ChannelLevels> {
        self.channels.iter().map(|channel| &channel.shown)
    }
}

fn channels(shape: Shape) -> u16 {
    shape.channels.max(1)
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    const SHAPE: Shape = Shape { rate: 1000, channels: 2 };

    /// Channel 1 gets these samples in blocks of 7, channel 2 silence; what is told of channel 1, and its levels.
    fn check(samples: &[f32], expect: &[(u64, What)]) -> ChannelLevels {
        let mut levels = Levels::new(SHAPE, &settings().levels);
        let mut told = Vec::new();
        let stereo: Vec<f32> = samples.iter().flat_map(|&s| [s, 0.0]).collect();
        let mut start = 0;
        for block in stereo.chunks(14) {
            levels.follow(start, block, |frame, what| told.push((frame, what)));
            start += block.len() as u64 / 2;
        }
        told.retain(|(_, what)| !matches!(what, What::Silent { channel: 1 }));
        assert_eq!(told, expect);
        levels.shown().next().cloned().unwrap()
    }

    #[test]
    fn three_samples_at_the_end_of_the_scale_are_clipped_one_is_not() {
        check(&[0.0, 1.0, 0.5, -1.0, 0.2, 1.0, 0.9], &[]);
        check(&[0.0, 1.0, 1.0, -1.0, 0.2], &[(3, What::Clipped { channel: 0 })]);
    }

    #[test]
    fn clipped_moments_near_each_other_are_one() {
        let mut samples = vec![0.1; 5000];
        for at in [100, 900, 1700, 4000] {
            samples[at..at + 5].fill(1.0);
        }
        let clipped = What::Clipped { channel: 0 };
        let levels = check(&samples, &[(102, clipped.clone()), (4002, clipped)]);
        assert_eq!((levels.clipped, levels.clipping), (2, true));
    }

    #[test]
    fn a_muted_channel_is_told_once_and_its_return_as_well() {
        let samples = [vec![0.1; 100], vec![1e-5; 9000], vec![0.1; 50]].concat();
        let levels = check(&samples, &[(8106, What::Silent { channel: 0 }), (9107, What::HeardAgain { channel: 0 })]);
        assert!(!levels.silent);
    }

    #[test]
    fn the_meter_rises_at_once_falls_slowly_and_holds_the_peak() {
        let levels = check(&[vec![0.5; 7], vec![0.0; 1001]].concat(), &[]);
        assert!((levels.peak_dbfs - -6.02).abs() < 0.01 && (levels.held_dbfs - -6.02).abs() < 0.01);
        assert!((levels.now_dbfs - (-6.02 - 25.0)).abs() < 0.1, "{}", levels.now_dbfs);
        let later = check(&[vec![0.5; 7], vec![0.0; 2500]].concat(), &[]);
        assert!(later.held_dbfs < -100.0 && later.peak_dbfs > -7.0);
    }
}
