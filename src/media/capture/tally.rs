//! What happened during a recording.

use serde::Serialize;

/// How many moments are kept one by one; more are only counted.
const KEPT: usize = 1000;

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum What {
    /// A channel, counted from 0, reached the end of the scale.
    Clipped {
        /// Which one.
        channel: usize,
    },
    /// A channel has been silent as no room is.
    Silent {
        /// Which one.
        channel: usize,
    },
    /// It is heard again.
    HeardAgain {
        /// Which one.
        channel: usize,
    },
    /// The device or its driver lost sound; silence stands in its place.
    Lost {
        /// How much, estimated from the clock.
        secs: f64,
    },
    /// This program was too slow to take the sound; silence stands in its place.
    Overrun {
        /// How much, exactly.
        secs: f64,
    },
    /// The device went away.
    Gone {
        /// What the system said.
        message: String,
    },
    /// It is back; silence stands in place of what it missed.
    Back {
        /// How much, estimated from the clock.
        secs: f64,
    },
    /// The disk is filling up.
    LowSpace {
        /// Minutes of recording for which there is room.
        minutes: f64,
    },
}

/// Something, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// Seconds from the recording's start.
    pub at_secs: f64,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// Everything that happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// In order of time; at most 1000, the first ones.
    pub moments: Vec<Moment>,
    /// How many there were.
    pub count: u64,
    /// Clipped moments.
    pub clipped: u64,
    /// Losses of device, driver and program, without the device going away.
    pub dropouts: u64,
    /// Times at which the device went away.
    pub gone: u64,
    /// Seconds of silence that stand in place of lost sound.
    pub filled_secs: f64,
}

impl Tally {
    /// Notes a moment.
    pub fn note(&mut self, moment: Moment) {
        match &moment.what {
            What::Clipped { .. } => self.clipped += 1,
            What::Lost { secs } | What::Overrun { secs } => {
                self.dropouts += 1;
                self.filled_secs += secs;
            }
            What::Gone { .. } => self.gone += 1,
            What::Back { secs } => self.filled_secs += secs,
            What::Silent { .. } | What::HeardAgain { .. } | What::LowSpace { .. } => {}
        }
        self.count += 1;
        if self.moments.len() < KEPT {
            self.moments.push(moment);
        }
    }
}
