//! Streams the sound through the networks and keeps what they say in order.

use std::ops::Range;

use crate::job::Job;
use crate::media::{SOUND_RATE, SampleBlock, SoundSource};
use crate::model::{ModelError, Shelf};
use crate::origin::ModelFile;
use crate::time::{Secs, SessionTime};

use super::choice::{Choice, Next};
use super::cutter::Cutter;
use super::detector::Detector;
use super::ears::{Done, Ears, Pool, Task, no_sounds};
use super::levels::RowLevels;
use super::offset::Offset;
use super::prosody::{Lane, Measured};
use super::reserve::Reserve;
use super::segmentation::{FRAMES, FrameVoices, WINDOW};
use super::settings::Settings;
use super::sounds::{Lane as SoundLane, Tagged};
use super::windows::Windows;
use super::{Channels, Request, VoiceError};

/// What the segmentation network said about one window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    /// Its first sample, counted from the recording's start.
    pub start_sample: usize,
    /// One entry every 270 samples; none if nobody listened to it, because those around it say the same.
    pub frames: Vec<FrameVoices>,
}

impl Window {
    /// A window in which nobody speaks.
    pub(super) fn quiet(start_sample: usize) -> Self {
        Self { start_sample, frames: vec![FrameVoices::default(); FRAMES] }
    }

    /// A window that nobody listened to.
    pub(super) fn left_out(start_sample: usize) -> Self {
        Self { start_sample, frames: Vec::new() }
    }
}

/// A part of speech in which one person speaks alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// Rows of 10 ms.
    pub rows: Range<usize>,
    /// Fingerprint, of length 1.
    pub print: Option<Vec<f32>>,
}

/// Everything the networks said.
pub(super) struct Heard {
    /// Time of the first sample.
    pub start: SessionTime,
    /// Length of the recording.
    pub samples: usize,
    /// Windows in order of start, one list per lane: one lane for the room, or one for each microphone.
    pub lanes: Vec<Vec<Window>>,
    /// Parts of speech of the room, in order; empty with a microphone each.
    pub parts: Vec<Part>,
    /// Whether parts could be fingerprinted.
    pub fingerprinted: bool,
    /// What the first pass says of each lane: the probability of speech every [`super::detector::FRAME`] samples; empty
    /// without its network.
    pub first_pass: Vec<Vec<f32>>,
    /// dB full scale every 10 ms of each lane.
    pub lane_dbfs: Vec<Vec<f32>>,
    /// The same of all channels mixed.
    pub room_dbfs: Vec<f32>,
    /// What each lane sounds like, piece by piece; `None` without the network for it.
    pub sounds: Option<Vec<Vec<Tagged>>>,
    /// Prosody of each lane.
    pub prosody: Vec<Measured>,
    /// Networks that ran, in order of name.
    pub models: Vec<ModelFile>,
    /// What did not go as it should.
    pub problems: Vec<String>,
}

/// The first pass of each lane; its network is optional, and its absence a problem line.
fn detectors(shelf: &Shelf, lanes: usize, models: &mut Vec<ModelFile>, problems: &mut Vec<String>) -> Vec<Detector> {
    match (0..lanes).map(|_| shelf.load("speech", 1)).collect::<Result<Vec<_>, _>>() {
        Ok(networks) => {
            models.extend(networks.first().map(|network| network.file().clone()));
            networks.into_iter().map(Detector::new).collect()
        }
        Err(error) => {
            problems.push(format!("silences are listened to as thoroughly as speech, which takes longer ({error})"));
            Vec::new()
        }
    }
}

/// Samples of a step, in whole rows of 10 ms.
fn step_samples(step: Secs) -> usize {
    ((step.0.as_secs_f64() * 100.0).round() as usize).max(1) * (SOUND_RATE as usize / 100)
}

/// Streams the sound through the networks.
pub(super) fn hear(
    source: &mut dyn SoundSource,
    shelf: &Shelf,
    settings: &Settings,
    request: &Request,
    wants_prints: bool,
    job: &Job<'_>,
) -> Result<Heard, VoiceError> {
    let channels = request.channels;
    let mut problems = Vec::new();
    let ears = Ears::load(shelf, settings, request.threads.max(1), wants_prints, &mut problems)?;
    let mut models = ears.first().map_or_else(Vec::new, Ears::models);
    let fingerprinted = ears.first().is_some_and(Ears::knows_voices);
    let (lanes, step) = match channels {
        Channels::OnePerPerson => (source.channels(), settings.segmentation.channel_step_secs),
        Channels::Mixed | Channels::Only(_) => (1, settings.segmentation.step_secs),
    };
    let detectors = detectors(shelf, lanes, &mut models, &mut problems);
    models.sort_by(|a, b| a.name.cmp(&b.name));
    let lag = if detectors.is_empty() { 0 } else { Detector::LAG };
    let mut stream = Stream {
        start: None,
        samples: 0,
        no_numbers: 0,
        offsets: Vec::new(),
        cutters: (0..lanes).map(|lane| Cutter::new(lane, step_samples(step), lag)).collect(),
        choices: (0..lanes)
            .map(|_| {
                let every = channels == Channels::OnePerPerson;
                Choice::new(step_samples(step), every, &settings.segmentation)
            })
            .collect(),
        reserve: fingerprinted.then(|| Reserve::new(settings, step_samples(step))),
        sounds: vec![SoundLane::new(); if ears.first().is_some_and(Ears::knows_sounds) { lanes } else { 0 }],
        detectors,
        lane_levels: vec![RowLevels::default(); lanes],
        room_levels: RowLevels::default(),
    };
    let mut kept = Kept {
        windows: (0..lanes).map(|_| Windows::default()).collect(),
        stretches: Vec::new(),
        sounds: vec![Vec::new(); stream.sounds.len()],
        no_sounds: None,
        done: 0,
        job,
    };
    let prosody = std::thread::scope(|scope| {
        // With one thread asked for, prosody runs where the sound is read; else beside it.
        let aside = (request.threads > 1).then_some(scope);
        let mut prosody: Vec<Lane<'_>> = (0..lanes).map(|_| Lane::new(&settings.prosody, aside)).collect();
        let mut pool = Pool::start(scope, ears);
        while let Some(block) = source.next_block()? {
            stream.take_in(&block, channels, &mut prosody)?;
            stream.give_out_windows(&mut pool, &mut kept, settings)?;
            stream.give_out_between(&mut pool, &mut kept, false)?;
            stream.give_out_stretches(&mut pool, &mut kept, None)?;
            stream.give_out_sounds(&mut pool, &mut kept, false)?;
        }
        stream.end()?;
        stream.give_out_windows(&mut pool, &mut kept, settings)?;
        stream.give_out_rest(&mut pool, &mut kept)?;
        stream.give_out_sounds(&mut pool, &mut kept, true)?;
        while let Some(done) = pool.wait()? {
            kept.keep(done)?;
        }
        stream.give_out_between(&mut pool, &mut kept, true)?;
        while let Some(done) = pool.wait()? {
            kept.keep(done)?;
        }
        stream.give_out_stretches(&mut pool, &mut kept, Some(stream.samples))?;
        while let Some(done) = pool.wait()? {
            kept.keep(done)?;
        }
        prosody.into_iter().map(|lane| lane.finish().ok_or(VoiceError::Stopped)).collect::<Result<Vec<_>, _>>()
    })?;

    if stream.no_numbers > 0 {
        problems.push(format!("{} samples of the sound are no numbers and were taken as silence", stream.no_numbers));
    }
    problems.extend(kept.no_sounds.as_ref().map(no_sounds));
    let sounds = (!kept.sounds.is_empty() && kept.no_sounds.is_none()).then(|| in_order(kept.sounds));
    let offset = stream.offsets.iter().map(|offset| offset.mean().abs()).fold(0.0, f64::max);
    if offset >= settings.silence.offset_from {
        problems.push(format!(
            "the sound has a constant offset ({:.0} % of full scale), as a faulty sound card adds it: it was taken out",
            100.0 * offset
        ));
    }
    Ok(Heard {
        start: stream.start.ok_or(VoiceError::Empty)?,
        samples: stream.samples,
        lanes: kept.windows.into_iter().map(Windows::into_all).collect::<Result<_, _>>()?,
        parts: kept.stretches.into_iter().flatten().flatten().collect(),
        fingerprinted,
        first_pass: stream.detectors.into_iter().map(Detector::into_frames).collect(),
        lane_dbfs: stream.lane_levels.into_iter().map(RowLevels::into_dbfs).collect(),
        room_dbfs: stream.room_levels.into_dbfs(),
        sounds,
        prosody,
        models,
        problems,
    })
}

/// What was heard up to now, in order.
struct Kept<'a, 'b> {
    windows: Vec<Windows>,
    stretches: Vec<Option<Vec<Part>>>,
    /// Of each lane; none without the network.
    sounds: Vec<Vec<Option<Tagged>>>,
    /// Why the network for sounds failed, if it did.
    no_sounds: Option<ModelError>,
    /// Samples up to which windows were heard. Windows are not finished in order; progress only goes forward.
    done: usize,
    job: &'a Job<'b>,
}

impl Kept<'_, '_> {
    fn keep(&mut self, done: Done) -> Result<(), VoiceError> {
        match done {
            Done::Windows(lane, windows) => {
                for (index, window) in windows {
                    self.done = self.done.max(window.start_sample + WINDOW);
                    self.windows[lane].put(index, window);
                }
            }
            Done::Prints(stretch, parts) => put(&mut self.stretches, stretch, parts),
            Done::Sounds(lane, index, Ok(tagged)) => put(&mut self.sounds[lane], index, tagged),
            Done::Sounds(_, _, Err(error)) => self.no_sounds = Some(error),
        }
        self.job.done_to(self.done as f64 / f64::from(SOUND_RATE))?;
        Ok(())
    }
}

fn give_out(next: Next, lane: usize, pool: &mut Pool, kept: &mut Kept) -> Result<(), VoiceError> {
    match next {
        Next::Listen(works) => pool.send(Task::Windows(works))?.into_iter().try_for_each(|done| kept.keep(done)),
        Next::Leave(index, start) => kept.keep(Done::Windows(lane, vec![(index, Window::left_out(start))])),
    }
}

fn put<T>(list: &mut Vec<Option<T>>, index: usize, value: T) {
    if list.len() <= index {
        list.resize_with(index + 1, || None);
    }
    list[index] = Some(value);
}

fn in_order<T>(lanes: Vec<Vec<Option<T>>>) -> Vec<Vec<T>> {
    lanes.into_iter().map(|lane| lane.into_iter().flatten().collect()).collect()
}

/// What is kept of the sound itself while it streams by.
struct Stream<'a> {
    start: Option<SessionTime>,
    samples: usize,
    no_numbers: usize,
    /// Of each channel.
    offsets: Vec<Offset>,
    cutters: Vec<Cutter>,
    /// Which of their windows are listened to.
    choices: Vec<Choice>,
    /// Of the room, where voices are told apart by their sound.
    reserve: Option<Reserve<'a>>,
    /// One per lane, or none without the network.
    sounds: Vec<SoundLane>,
    /// One per lane, or none.
    detectors: Vec<Detector>,
    lane_levels: Vec<RowLevels>,
    room_levels: RowLevels,
}

impl Stream<'_> {
    fn take_in(&mut self, block: &SampleBlock, channels: Channels, prosody: &mut [Lane<'_>]) -> Result<(), VoiceError> {
        let length = block.samples.ncols();
        let rows = block.samples.nrows();
        if length == 0 || rows == 0 {
            return Ok(());
        }
        self.start.get_or_insert(block.start);
        self.samples += length;
        let mut no_numbers = 0;
        let mut clean = |sample: f32| {
            // Above a million times full scale is no sound either, and its square would overflow.
            let is_sound = sample.abs() < 1e6;
            no_numbers += usize::from(!is_sound);
            if is_sound { sample } else { 0.0 }
        };
        let each: Vec<Vec<f32>> =
            block.samples.rows().into_iter().map(|row| row.iter().map(|&s| clean(s)).collect()).collect();
        self.offsets.resize(rows, Offset::default());
        let each: Vec<Vec<f32>> = each
            .into_iter()
            .zip(&mut self.offsets)
            .map(|(row, offset): (Vec<f32>, _)| row.into_iter().map(|s| offset.without(s)).collect())
            .collect();
        self.no_numbers += no_numbers;
        let mixed = || (0..length).map(|at| each.iter().map(|row| row[at]).sum::<f32>() / rows as f32).collect();
        let lanes: Vec<Vec<f32>> = match channels {
            Channels::Mixed => vec![mixed()],
            Channels::Only(channel) => vec![each.get(channel).cloned().unwrap_or_else(mixed)],
            Channels::OnePerPerson => each.clone(),
        };
        match channels {
            Channels::OnePerPerson => self.room_levels.add(&mixed()),
            _ => lanes.iter().for_each(|lane| self.room_levels.add(lane)),
        }
        for ((cutter, levels), lane) in self.cutters.iter_mut().zip(&mut self.lane_levels).zip(&lanes) {
            levels.add(lane);
            cutter.add(lane);
        }
        for (detector, lane) in self.detectors.iter_mut().zip(&lanes) {
            detector.add(lane)?;
        }
        if let (Some(reserve), Some(lane)) = (&mut self.reserve, lanes.first()) {
            reserve.add(lane);
        }
        self.sounds.iter_mut().zip(&lanes).for_each(|(sounds, lane)| sounds.take(lane));
        prosody.iter_mut().zip(lanes).for_each(|(prosody, lane)| prosody.add(lane));
        Ok(())
    }

    /// The recording is over.
    fn end(&mut self) -> Result<(), VoiceError> {
        self.cutters.iter_mut().for_each(Cutter::end);
        self.detectors.iter_mut().try_for_each(Detector::end)?;
        Ok(())
    }

    /// Gives out the windows whose samples are there; where the first pass hears nobody, there is nothing to do.
    fn give_out_windows(&mut self, pool: &mut Pool, kept: &mut Kept, settings: &Settings) -> Result<(), VoiceError> {
        for (lane, cutter) in self.cutters.iter_mut().enumerate() {
            while let Some(work) = cutter.next_window() {
                let (index, start_sample) = (work.index, work.start_sample);
                let samples = start_sample..start_sample + work.samples.len();
                let detector = self.detectors.get(lane);
                if detector.is_some_and(|detector| detector.is_quiet(samples, settings.first_pass.quiet_below)) {
                    kept.keep(Done::Windows(lane, vec![(index, Window::quiet(start_sample))]))?;
                } else if let Some(next) = self.choices[lane].take(work) {
                    give_out(next, lane, pool, kept)?;
                }
            }
        }
        Ok(())
    }

    /// Gives out the windows whose company does not come.
    fn give_out_rest(&mut self, pool: &mut Pool, kept: &mut Kept) -> Result<(), VoiceError> {
        for (lane, choice) in self.choices.iter_mut().enumerate() {
            if let Some(next) = choice.rest() {
                give_out(next, lane, pool, kept)?;
            }
        }
        Ok(())
    }

    /// Gives out the windows whose neighbours are heard and say different things; `ended`: no more will be heard.
    fn give_out_between(&mut self, pool: &mut Pool, kept: &mut Kept, ended: bool) -> Result<(), VoiceError> {
        for (lane, choice) in self.choices.iter_mut().enumerate() {
            while let Some(next) = choice.between(kept.windows[lane].as_slice(), ended) {
                give_out(next, lane, pool, kept)?;
            }
        }
        Ok(())
    }

    /// Gives out the pieces that are whole; after the end also what is left.
    fn give_out_sounds(&mut self, pool: &mut Pool, kept: &mut Kept, ended: bool) -> Result<(), VoiceError> {
        for (lane, sounds) in self.sounds.iter_mut().enumerate() {
            while let Some(piece) = if ended { sounds.rest() } else { sounds.whole() } {
                pool.send(Task::Sounds(lane, piece))?.into_iter().try_for_each(|done| kept.keep(done))?;
            }
        }
        Ok(())
    }

    /// Gives out the stretches whose windows are heard. `end`: samples of the recording once it is over.
    fn give_out_stretches(&mut self, pool: &mut Pool, kept: &mut Kept, end: Option<usize>) -> Result<(), VoiceError> {
        let Some(reserve) = &mut self.reserve else {
            kept.windows.iter_mut().for_each(|windows| windows.put_away_before(usize::MAX));
            return Ok(());
        };
        let detector = self.detectors.first();
        while let Some(work) = reserve.ready(kept.windows.first().map_or(&[], Windows::as_slice), detector, end) {
            pool.send(Task::Prints(work))?.into_iter().try_for_each(|done| kept.keep(done))?;
        }
        let needed = reserve.needs_from();
        kept.windows.iter_mut().for_each(|windows| windows.put_away_before(needed));
        Ok(())
    }
}
