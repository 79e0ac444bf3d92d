//! Is a file with two channels two people's microphones, or one room in stereo?

use serde::{Deserialize, Serialize};

use crate::media::{MediaError, SOUND_RATE, SoundSource};

use super::Channels;
use super::levels::{DIGITAL_SILENCE_DBFS, RowLevels, quantile, smoothed};
use super::microphones::two_values;
use super::settings::Layout;

/// What the channels of a recording are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelLayout {
    /// There is but one.
    Mono,
    /// All hold the same sound (one of them may be turned upside down, which would cancel it when mixed).
    Identical,
    /// All but this one, counted from 0, are silent.
    OnlyOne(usize),
    /// All are silent.
    Silent,
    /// Each person has one: while one speaks, theirs is much the louder.
    MicrophonePerPerson,
    /// One room heard from several places: all channels hear everyone about alike.
    Room,
}

impl ChannelLayout {
    /// How to use such channels.
    pub fn advice(self) -> Channels {
        match self {
            Self::Mono | Self::Silent | Self::Room => Channels::Mixed,
            Self::Identical => Channels::Only(0),
            Self::OnlyOne(channel) => Channels::Only(channel),
            Self::MicrophonePerPerson => Channels::OnePerPerson,
        }
    }

    /// What the user should know about it, if anything.
    pub fn told(self) -> Option<String> {
        match self {
            Self::OnlyOne(channel) => Some(format!(
                "only sound channel {} holds sound: the others are silent and were left aside",
                channel + 1
            )),
            Self::Mono | Self::Identical | Self::Silent | Self::MicrophonePerPerson | Self::Room => None,
        }
    }
}

/// Looks at the beginning of a recording (`look_secs` of the settings) and says what its channels are.
///
/// In order: channels whose loudest second is faint are silent; channels that are equal, up to a factor, hold the same
/// sound; channels whose level difference takes two values far apart while anybody makes a sound are two people's
/// microphones (with more than two channels: each pair of those that are not silent); all else is one room. One person
/// who speaks through the whole look cannot be told from a room and counts as one.
///
/// # Errors
/// [`MediaError`] from the source.
pub fn channel_layout(source: &mut dyn SoundSource, settings: &Layout) -> Result<ChannelLayout, MediaError> {
    let channels = source.channels();
    if channels < 2 {
        return Ok(ChannelLayout::Mono);
    }
    let look = (settings.look_secs.0.as_secs_f64() * f64::from(SOUND_RATE)) as usize;
    let mut levels = vec![RowLevels::default(); channels];
    // Per channel, against the first: sums of x*x, y*y, x*y.
    let mut products = vec![[0.0f64; 3]; channels];
    let mut seen = 0;
    while seen < look {
        let Some(block) = source.next_block()? else { break };
        seen += block.samples.ncols();
        let Some(first) = block.samples.rows().into_iter().next() else { continue };
        for ((row, levels), sums) in block.samples.rows().into_iter().zip(&mut levels).zip(&mut products) {
            let row: Vec<f32> = row.iter().map(|&s| if s.abs() < 1e6 { s } else { 0.0 }).collect();
            levels.add(&row);
            for (&x, &y) in first.iter().zip(&row).filter(|(x, _)| x.abs() < 1e6) {
                let (x, y) = (f64::from(x), f64::from(y));
                sums[0] += x * x;
                sums[1] += y * y;
                sums[2] += x * y;
            }
        }
    }
    let rows_each: Vec<Vec<f32>> = levels.into_iter().map(RowLevels::into_dbfs).collect();
    let seconds: Vec<Vec<f32>> = rows_each.iter().map(|dbfs| smoothed(dbfs, 100)).collect();
    let loudest = |dbfs: &[f32]| dbfs.iter().copied().fold(DIGITAL_SILENCE_DBFS, f32::max);
    let sounding: Vec<usize> = (0..channels).filter(|&c| loudest(&seconds[c]) > settings.silent_dbfs).collect();
    match sounding[..] {
        [] => return Ok(ChannelLayout::Silent),
        [only] => return Ok(ChannelLayout::OnlyOne(only)),
        _ => {}
    }
    let same = |sums: &[f64; 3]| {
        // What is left of y after the best factor times x is taken out, against y.
        let left = 1.0 - sums[2] * sums[2] / (sums[0] * sums[1]);
        10.0 * left.max(1e-12).log10() <= f64::from(settings.identical_db)
    };
    if sounding.len() == channels && products.iter().all(same) {
        return Ok(ChannelLayout::Identical);
    }
    let fine: Vec<Vec<f32>> = rows_each.iter().map(|dbfs| smoothed(dbfs, 20)).collect();
    let active: Vec<Vec<bool>> = fine
        .iter()
        .map(|dbfs| {
            let quiet = quantile(&mut dbfs.clone(), 0.1).unwrap_or(DIGITAL_SILENCE_DBFS);
            dbfs.iter().map(|&level| level > (quiet + settings.active_db).max(settings.silent_dbfs)).collect()
        })
        .collect();
    let apart = |a: usize, b: usize| {
        let rows = fine[a].len().min(fine[b].len());
        let differences: Vec<f32> =
            (0..rows).filter(|&row| active[a][row] || active[b][row]).map(|row| fine[a][row] - fine[b][row]).collect();
        two_values(&differences, settings.apart_db).is_some()
    };
    let all_apart = sounding.iter().enumerate().all(|(at, &a)| sounding[at + 1..].iter().all(|&b| apart(a, b)));
    Ok(if all_apart { ChannelLayout::MicrophonePerPerson } else { ChannelLayout::Room })
}
