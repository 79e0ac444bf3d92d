//! Speech, silence and overlap of the last ten seconds, while they are recorded.
//!
//! The same network as for whole recordings, on one window at a time. Nobody is told apart by their voice here: that
//! needs the whole recording.

use crate::model::{Network, Shelf};

use super::VoiceError;
use super::grid::{Blend, rows_of};
use super::levels::RowLevels;
use super::microphones::without_crosstalk;
use super::odds::Rows;
use super::segmentation::{WINDOW, listen};
use super::settings::Settings;

/// Seconds of sound that are listened to at once.
pub const LIVE_WINDOW_SECS: f64 = 10.0;
/// From this probability on somebody speaks.
const SPEAKS: f32 = 0.5;

/// What is heard in one row of 10 ms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveRow {
    /// Whether each lane holds speech: the room, or each microphone's own person.
    pub speech: Vec<bool>,
    /// Whether two speak at once.
    pub overlap: bool,
}

/// The segmentation network, ready to listen.
pub struct LiveEar {
    network: Network,
    settings: Settings,
}

impl LiveEar {
    /// Loads the network.
    ///
    /// # Errors
    /// [`VoiceError::Model`] if it is not there or does not run, [`VoiceError::Settings`].
    pub fn load(shelf: &Shelf, settings: &Settings) -> Result<Self, VoiceError> {
        settings.check()?;
        Ok(Self { network: shelf.load("segmentation", 1)?, settings: settings.clone() })
    }

    /// Listens to the last ten seconds at [`crate::media::SOUND_RATE`] (or to as much as there is yet): one lane of the
    /// room, or one per person's microphone, all of one length. One row for each 10 ms.
    ///
    /// # Errors
    /// [`VoiceError::Model`] if the network does not run.
    pub fn listen(&mut self, lanes: &[Vec<f32>]) -> Result<Vec<LiveRow>, VoiceError> {
        let samples = lanes.iter().map(Vec::len).max().unwrap_or(0).min(WINDOW);
        let rows = rows_of(samples);
        let segmentation = &self.settings.segmentation;
        let speech_odds = if lanes.len() > 1 { segmentation.microphone_speech_odds } else { segmentation.speech_odds };
        let silent = 10f32.powf(self.settings.silence.silent_dbfs / 20.0);
        let (mut speech, mut dbfs) = (Vec::new(), Vec::new());
        let mut overlap = vec![0.0; rows];
        for lane in lanes {
            let lane = lane.get(lane.len().saturating_sub(WINDOW)..).unwrap_or_default();
            let (mut any, mut two) = (Blend::new(rows, 1.0), Blend::new(rows, 1.0));
            if lane.iter().any(|sample| sample.abs() > silent) {
                let frames = listen(&mut self.network, &[lane])?.into_iter().next().unwrap_or_default();
                let of = |value: u8| f32::from(value) / 255.0;
                any.add(0, frames.len(), |frame| frames.get(frame).map_or(0.0, |frame| of(frame.any)));
                two.add(0, frames.len(), |frame| frames.get(frame).map_or(0.0, |frame| of(frame.two)));
            }
            // The first pass is for whole recordings; how much overlap there is, is not known yet.
            let said = Rows { any: any.into_means(), two: two.into_means() };
            let Rows { any, two } =
                said.weighed(speech_odds, self.settings.overlap.odds, &[], &self.settings.first_pass);
            speech.push(any);
            if lanes.len() == 1 {
                overlap = two;
            }
            let mut levels = RowLevels::default();
            levels.add(lane);
            dbfs.push(levels.into_dbfs());
        }
        let speech = if lanes.len() > 1 { without_crosstalk(&speech, &dbfs, &self.settings.channels) } else { speech };
        Ok((0..rows)
            .map(|row| {
                let speech: Vec<bool> =
                    speech.iter().map(|lane| lane.get(row).is_some_and(|&value| value >= SPEAKS)).collect();
                let several = speech.iter().filter(|&&speaks| speaks).count() > 1;
                LiveRow { overlap: several || overlap.get(row).is_some_and(|&value| value >= SPEAKS), speech }
            })
            .collect())
    }
}
