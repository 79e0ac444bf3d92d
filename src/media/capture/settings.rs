//! The parts of `config/record.toml` that recording itself needs.

use serde::{Deserialize, Serialize};

use crate::time::Secs;

/// How a recording is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptureSettings {
    /// Writing.
    pub file: FileSettings,
    /// Devices and their faults.
    pub device: DeviceSettings,
    /// Meter, clipping, silence.
    pub levels: LevelSettings,
}

/// Writing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// Between two times at which sound and header are written out.
    pub flush_secs: Secs,
    /// Sound that fits between device and file.
    pub buffer_secs: Secs,
    /// Minutes of recording for which there must be room, 0 or more.
    pub low_space_minutes: f64,
    /// Between two looks at the free space.
    pub space_every_secs: Secs,
}

/// Devices and their faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSettings {
    /// Lowest sample rate that is offered.
    pub lowest_rate_hz: u32,
    /// Highest sample rate that is offered.
    pub highest_rate_hz: u32,
    /// Beginnings of the identifiers that are not listed.
    pub not_listed: Vec<String>,
    /// For how long a device that went away is tried again.
    pub reopen_secs: Secs,
    /// How often.
    pub reopen_every_secs: Secs,
    /// Without a sample for this long, a device counts as gone.
    pub stall_secs: Secs,
    /// How much more sound than time a device may deliver.
    pub most_ahead_secs: Secs,
    /// Missing sound below this is not filled.
    pub least_gap_secs: Secs,
    /// Over how long the steadiest delivery is the device's clock.
    pub clock_secs: Secs,
    /// By how much device and computer may differ before it is told.
    pub told_clock_secs: Secs,
}

/// Meter, clipping, silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelSettings {
    /// Amplitude that counts as the end of the scale, above 0, at most 1.
    pub clip_level: f32,
    /// Samples in a row that count as clipped, at least 1.
    pub clip_samples: u32,
    /// Clipped moments closer than this are one.
    pub clip_join_secs: Secs,
    /// dB full scale below which a channel is silent.
    pub silent_dbfs: f32,
    /// For how long, until it is told.
    pub silent_secs: Secs,
    /// dB full scale at the left end of the meter, below 0.
    pub meter_from_dbfs: f32,
    /// dB per second by which the meter falls, above 0.
    pub meter_fall_db: f32,
    /// How long the highest peak stays marked.
    pub hold_secs: Secs,
    /// dB full scale: where speech should peak, at least ...
    pub good_from_dbfs: f32,
    /// ... and at most.
    pub good_to_dbfs: f32,
}

impl CaptureSettings {
    /// Whether every number is in its range: the first that is not, with its range.
    ///
    /// # Errors
    /// Name in the file and what it may be.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let Self { file, device, levels } = self;
        let secs = |secs: Secs| secs.0.as_secs_f64();
        let within = |value: f64, from: f64, to: f64| value.is_finite() && (from..=to).contains(&value);
        let checks = [
            ("file.flush_secs", within(secs(file.flush_secs), 0.05, 1.0), "0.05 to 1"),
            ("file.buffer_secs", within(secs(file.buffer_secs), 1.0, 120.0), "1 to 120"),
            ("file.low_space_minutes", within(file.low_space_minutes, 0.0, 1e6), "0 or more"),
            ("file.space_every_secs", within(secs(file.space_every_secs), 0.1, 3600.0), "0.1 to 3600"),
            ("device.lowest_rate_hz", device.lowest_rate_hz >= 1000, "1000 or more"),
            ("device.highest_rate_hz", device.highest_rate_hz >= device.lowest_rate_hz, "the lowest rate or more"),
            ("device.reopen_every_secs", within(secs(device.reopen_every_secs), 0.01, 60.0), "0.01 to 60"),
            ("device.stall_secs", within(secs(device.stall_secs), 0.1, 600.0), "0.1 to 600"),
            ("device.clock_secs", within(secs(device.clock_secs), 0.1, 600.0), "0.1 to 600"),
            ("levels.clip_level", within(f64::from(levels.clip_level), 0.01, 1.0), "0.01 to 1"),
            ("levels.clip_samples", levels.clip_samples >= 1, "1 or more"),
            ("levels.silent_dbfs", within(f64::from(levels.silent_dbfs), -200.0, 0.0), "-200 to 0"),
            ("levels.meter_from_dbfs", within(f64::from(levels.meter_from_dbfs), -200.0, -1.0), "-200 to -1"),
            ("levels.meter_fall_db", within(f64::from(levels.meter_fall_db), 0.1, 1e4), "0.1 to 10000"),
        ];
        match checks.into_iter().find(|(_, holds, _)| !holds) {
            Some((name, _, range)) => Err((name, range)),
            None => Ok(()),
        }
    }
}
