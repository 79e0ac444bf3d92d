//! Empties the ring into the file, keeps the clock true, and goes on through what can go wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::levels::Levels;
use super::panel::{Panel, Piece, State};
use super::ring::{BlockHead, Outlet, ring};
use super::settings::CaptureSettings;
use super::tally::{Moment, Tally, What};
use super::wav_file::{Disk, SafeWav};
use super::{CaptureError, Microphone, Shape};

/// Pause when nothing is there to be written: devices deliver every 5 to 50 ms, and the ring holds seconds.
const NAP: Duration = Duration::from_millis(10);
/// Samples of all channels that the ring holds at most: 64 MB.
const LARGEST_RING: u64 = 1 << 24;

/// Pieces that go through the tap each second.
pub const PIECES_PER_SEC: usize = 20;

/// Why a recording ended.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum End {
    /// It was told to.
    Asked,
    /// The planned length is reached.
    Length,
    /// The source has no more.
    SourceEnded,
    /// The device went away and did not come back.
    DeviceGone {
        /// What the system said.
        message: String,
    },
    /// The file cannot be written on.
    NotWritten {
        /// What the system said.
        message: String,
    },
    /// The device delivers faster than time passes.
    NoClock,
}

/// What a recording is to be.
pub struct Plan<'a> {
    /// Samples per channel after which it ends.
    pub most_frames: Option<u64>,
    /// Bytes that may still be written, where the system tells.
    pub free_bytes: &'a (dyn Fn() -> Option<u64> + Sync),
    /// Ends the recording when raised.
    pub stop: &'a AtomicBool,
    /// Lets others see.
    pub panel: &'a Mutex<Panel>,
    /// Gets copies of the sound; those that do not fit are dropped.
    pub tap: Option<SyncSender<Piece>>,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Recorded {
    /// Samples per channel in the file.
    pub frames: u64,
    /// Highest peak of each channel, dB full scale.
    pub peak_dbfs: Vec<f32>,
    /// What happened.
    pub tally: Tally,
    /// Why it ended.
    pub end: End,
    /// Seconds by which the computer's clock passed beyond the sound's.
    pub clock_apart_secs: f64,
    /// Longest stretch between device and file, as a share of the buffer, 0 to 1.
    pub most_waiting: f64,
}

/// Records until something ends it. The file is whole then, whatever happened.
///
/// # Errors
/// [`CaptureError`] if the microphone does not open in the first place; the file then holds a header and no sound.
pub fn record<D: Disk>(
    microphone: &mut dyn Microphone,
    wav: SafeWav<D>,
    settings: &CaptureSettings,
    plan: Plan<'_>,
) -> Result<Recorded, CaptureError> {
    let shape = microphone.shape();
    let room =
        shape.frames(settings.file.buffer_secs.0.as_secs_f64()).min(LARGEST_RING / u64::from(shape.channels.max(1)));
    let (inlet, outlet) = ring(usize::try_from(room).unwrap_or(usize::MAX), usize::from(shape.channels));
    let open = microphone.start(inlet)?;
    let clock = Clock::new(shape, settings.device.clock_secs.0.as_secs_f64());
    let mut writer = Writer {
        shape,
        wav,
        settings,
        plan,
        levels: Levels::new(shape, &settings.levels),
        tally: Tally::default(),
        frames: 0,
        clock,
        gone: None,
        committed: Instant::now(),
        looked: None,
        short_of_room: false,
        most_waiting: 0.0,
        piece: Piece::default(),
    };
    let end = writer.run(microphone, outlet, open);
    Ok(writer.end(end))
}

struct Writer<'a, D: Disk> {
    shape: Shape,
    wav: SafeWav<D>,
    settings: &'a CaptureSettings,
    plan: Plan<'a>,
    levels: Levels,
    tally: Tally,
    /// Samples per channel taken so far.
    frames: u64,
    clock: Clock,
    /// Since when the device is away.
    gone: Option<Instant>,
    committed: Instant,
    looked: Option<Instant>,
    short_of_room: bool,
    most_waiting: f64,
    /// Waits for more, to be sent through the tap.
    piece: Piece,
}

impl<D: Disk> Writer<'_, D> {
    fn run(&mut self, microphone: &mut dyn Microphone, mut outlet: Outlet, open: Box<dyn Send>) -> End {
        let mut open = Some(open);
        let mut samples = Vec::new();
        let mut heard = Instant::now();
        loop {
            let stopping = self.plan.stop.load(Ordering::Relaxed);
            if stopping {
                // What the device has delivered so far is still wanted.
                drop(open.take());
            }
            // Both are asked before the ring is emptied, so that nothing delivered before them is left in it.
            let ended = outlet.ended();
            let mut broken = outlet.broken();
            let mut took = false;
            self.most_waiting = self.most_waiting.max(outlet.inlet().filled());
            while let Some(head) = outlet.take(&mut samples) {
                (took, heard) = (true, Instant::now());
                if let Err(end) = self.block(head, &samples).and_then(|()| self.housekeeping()) {
                    return end;
                }
            }
            if let Err(end) = self.housekeeping() {
                return end;
            }
            if stopping {
                return End::Asked;
            }
            if ended {
                let lost = outlet.dropped_at_end();
                return self.overrun(lost).err().unwrap_or(End::SourceEnded);
            }
            let stalled = self.settings.device.stall_secs.0;
            if open.is_some() && broken.is_none() && heard.elapsed() > stalled {
                broken = Some(format!("no sound for {:.0} s", stalled.as_secs_f64()));
            }
            if let Some(message) = broken {
                drop(open.take());
                if self.gone.is_none() {
                    self.gone = Some(Instant::now());
                    self.note(What::Gone { message: message.clone() });
                }
                match self.reopen(microphone, &outlet, &message) {
                    Ok(again) => (open, heard) = (again, Instant::now()),
                    Err(end) => return end,
                }
            } else if !took {
                std::thread::sleep(NAP);
            }
        }
    }

    /// Tries to open the device again until it works, time is up, or the user ends it (then `None`).
    fn reopen(
        &mut self,
        microphone: &mut dyn Microphone,
        outlet: &Outlet,
        message: &str,
    ) -> Result<Option<Box<dyn Send>>, End> {
        let since = self.gone.unwrap_or_else(Instant::now);
        let mut tried: Option<Instant> = None;
        while since.elapsed() < self.settings.device.reopen_secs.0 {
            if self.plan.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            self.housekeeping()?;
            if tried.is_none_or(|last| last.elapsed() >= self.settings.device.reopen_every_secs.0) {
                tried = Some(Instant::now());
                if let Ok(open) = microphone.start(outlet.inlet()) {
                    return Ok(Some(open));
                }
            }
            std::thread::sleep(NAP);
        }
        Err(End::DeviceGone { message: message.to_owned() })
    }

    /// Takes one block, with silence before it for what is missing.
    fn block(&mut self, head: BlockHead, samples: &[f32]) -> Result<(), End> {
        self.overrun(head.dropped)?;
        if head.lost || self.gone.is_some() {
            let missing = self.clock.missing(head.arrived, self.frames + head.frames);
            let secs = self.shape.secs(missing);
            let back = self.gone.take().is_some();
            if back || secs >= self.settings.device.least_gap_secs.0.as_secs_f64() {
                self.note(if back { What::Back { secs } } else { What::Lost { secs } });
                self.fill(missing)?;
            }
        }
        self.append(samples)?;
        self.clock.follow(head.arrived, self.frames);
        let ahead = self.shape.secs(self.frames) - head.arrived as f64 / 1e9;
        if ahead > self.settings.device.most_ahead_secs.0.as_secs_f64() {
            return Err(End::NoClock);
        }
        Ok(())
    }

    fn overrun(&mut self, frames: u64) -> Result<(), End> {
        if frames == 0 {
            return Ok(());
        }
        self.note(What::Overrun { secs: self.shape.secs(frames) });
        self.fill(frames)
    }

    /// Silence in place of lost sound.
    fn fill(&mut self, mut frames: u64) -> Result<(), End> {
        let second = vec![0.0; self.shape.rate as usize * usize::from(self.shape.channels)];
        while frames > 0 {
            let now = frames.min(u64::from(self.shape.rate));
            let samples = usize::try_from(now).unwrap_or(usize::MAX).saturating_mul(usize::from(self.shape.channels));
            self.append(second.get(..samples).unwrap_or(&second))?;
            frames -= now;
        }
        Ok(())
    }

    /// Samples into the file, the meter and the tap.
    fn append(&mut self, samples: &[f32]) -> Result<(), End> {
        let channels = usize::from(self.shape.channels);
        let left = self.plan.most_frames.map_or(u64::MAX, |most| most.saturating_sub(self.frames));
        let frames = ((samples.len() / channels) as u64).min(left);
        let samples = samples.get(..frames as usize * channels).unwrap_or(samples);
        self.wav.write(samples).map_err(not_written)?;
        let (shape, tally) = (self.shape, &mut self.tally);
        self.levels.follow(self.frames, samples, |frame, what| {
            tally.note(Moment { at_secs: shape.secs(frame), what });
        });
        if let Some(tap) = &self.plan.tap {
            if self.piece.samples.is_empty() {
                self.piece.start_frame = self.frames;
            }
            self.piece.samples.extend_from_slice(samples);
            if self.piece.samples.len() >= self.shape.rate as usize * channels / PIECES_PER_SEC {
                // Full: the analysis is slower than the sound, and sees the gap by the number of the next first sample.
                _ = tap.try_send(std::mem::take(&mut self.piece));
            }
        }
        self.frames += frames;
        match self.plan.most_frames {
            Some(most) if self.frames >= most => Err(End::Length),
            _ => Ok(()),
        }
    }

    fn note(&mut self, what: What) {
        self.tally.note(Moment { at_secs: self.shape.secs(self.frames), what });
    }

    /// Writes out, looks at the disk and tells the panel, each when it is time.
    fn housekeeping(&mut self) -> Result<(), End> {
        let file = &self.settings.file;
        if self.committed.elapsed() >= file.flush_secs.0 {
            self.wav.commit().map_err(not_written)?;
            self.committed = Instant::now();
        }
        if self.looked.is_none_or(|last| last.elapsed() >= file.space_every_secs.0) {
            self.looked = Some(Instant::now());
            self.look_at_disk();
        }
        self.tell(if self.gone.is_some() { State::Reopening } else { State::Recording });
        Ok(())
    }

    fn look_at_disk(&mut self) {
        let Some(free) = (self.plan.free_bytes)() else { return };
        let minutes = free as f64 / self.wav.bytes_per_sec() as f64 / 60.0;
        // What is still planned needs that much room and no more.
        let planned = self.plan.most_frames.map(|most| self.shape.secs(most.saturating_sub(self.frames)) / 60.0);
        let wanted = planned.unwrap_or(self.settings.file.low_space_minutes);
        let short = minutes < wanted;
        if short && !self.short_of_room {
            self.note(What::LowSpace { minutes });
        }
        self.short_of_room = short;
        self.plan.panel.lock().unwrap_or_else(PoisonError::into_inner).room_minutes = Some(minutes);
    }

    fn tell(&self, state: State) {
        let mut panel = self.plan.panel.lock().unwrap_or_else(PoisonError::into_inner);
        panel.state = state;
        panel.frames = self.frames;
        panel.waiting = self.most_waiting;
        panel.levels.clear();
        panel.levels.extend(self.levels.shown().cloned());
        if panel.tally.count != self.tally.count {
            panel.tally = self.tally.clone();
        }
    }

    fn end(mut self, mut end: End) -> Recorded {
        let frames = match (&end, self.wav.finish()) {
            (End::NotWritten { .. }, _) => self.wav.rescue(),
            (_, Ok(frames)) => frames,
            (_, Err(e)) => {
                end = not_written(e);
                self.wav.rescue()
            }
        };
        self.tell(State::Done);
        Recorded {
            frames,
            peak_dbfs: self.levels.shown().map(|level| level.peak_dbfs).collect(),
            tally: self.tally,
            end,
            clock_apart_secs: self.clock.apart_secs(),
            most_waiting: self.most_waiting,
        }
    }
}

fn not_written(error: std::io::Error) -> End {
    End::NotWritten { message: error.to_string() }
}
