//! Runs the networks over the sound while it streams by, several windows at once, and keeps what they say in order.

use std::sync::{Mutex, PoisonError, mpsc};

use crate::job::Job;
use crate::media::{SOUND_RATE, SampleBlock, SoundSource};
use crate::model::{ModelError, Network, Shelf};
use crate::origin::ModelFile;
use crate::time::{Secs, SessionTime};

use super::fbank::Fbank;
use super::fingerprint::{Print, fingerprint};
use super::levels::RowLevels;
use super::segmentation::{FRAMES, FrameVoices, WINDOW, listen};
use super::settings::Settings;
use super::sounds::{Lane, Piece, Tagged, Tagger};
use super::{Channels, Request, VoiceError};

/// What the networks said about one window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    /// Its first sample, counted from the recording's start.
    pub start_sample: usize,
    /// Whether its voices were fingerprinted: such windows lie side by side and cover everything.
    pub anchor: bool,
    /// One entry every 270 samples.
    pub frames: Vec<FrameVoices>,
    /// Of the voices that spoke enough; only in an anchor.
    pub prints: Vec<Print>,
}

/// Everything the networks said.
pub(super) struct Heard {
    /// Time of the first sample.
    pub start: SessionTime,
    /// Length of the recording.
    pub samples: usize,
    /// Windows in order of start, one list per lane: one lane for the room, or one for each microphone.
    pub lanes: Vec<Vec<Window>>,
    /// dB full scale every 10 ms of each lane.
    pub lane_dbfs: Vec<Vec<f32>>,
    /// The same of all channels mixed.
    pub room_dbfs: Vec<f32>,
    /// What each lane sounds like, piece by piece; `None` without the network for it.
    pub sounds: Option<Vec<Vec<Tagged>>>,
    /// Networks that ran, in order of name.
    pub models: Vec<ModelFile>,
    /// What did not go as it should.
    pub problems: Vec<String>,
}

/// The networks of one thread.
struct Ears<'a> {
    segmentation: Network,
    speaker: Option<(Network, Fbank)>,
    tagger: Option<Tagger>,
    settings: &'a Settings,
}

/// What a thread is given: something of one lane.
enum Task {
    Window(Work),
    Sounds(usize, Piece),
}

/// What it made of it: lane, position in the lane, and what was heard.
enum Done {
    Window(usize, usize, Result<Window, VoiceError>),
    Sounds(usize, usize, Result<Tagged, ModelError>),
}

/// One window to listen to.
struct Work {
    lane: usize,
    index: usize,
    start_sample: usize,
    anchor: bool,
    samples: Vec<f32>,
}

impl Ears<'_> {
    fn take_on(&mut self, task: &Task) -> Done {
        match task {
            Task::Window(work) => Done::Window(work.lane, work.index, self.listen(work)),
            Task::Sounds(lane, piece) => {
                let tagged = self.tagger.as_mut().map_or(Ok(Tagged::default()), |tagger| tagger.tag(piece));
                Done::Sounds(*lane, piece.index, tagged)
            }
        }
    }

    fn listen(&mut self, work: &Work) -> Result<Window, VoiceError> {
        let Work { start_sample, anchor, samples, .. } = work;
        let (start_sample, anchor) = (*start_sample, *anchor);
        let silent = 10f32.powf(self.settings.silence.silent_dbfs / 20.0);
        if samples.iter().all(|sample| sample.abs() <= silent) {
            let frames = vec![FrameVoices::default(); FRAMES];
            return Ok(Window { start_sample, anchor, frames, prints: Vec::new() });
        }
        let frames = listen(&mut self.segmentation, samples, &self.settings.segmentation)?;
        let prints = match &mut self.speaker {
            Some((network, fbank)) if anchor => {
                fingerprint(network, fbank, samples, &frames, &self.settings.fingerprint)?
            }
            _ => Vec::new(),
        };
        Ok(Window { start_sample, anchor, frames, prints })
    }
}

/// Cuts one lane into windows as its samples arrive.
struct Cutter {
    lane: usize,
    step: usize,
    /// Every how many windows there is an anchor.
    anchor_every: usize,
    /// Samples from `kept_from` on.
    kept: Vec<f32>,
    kept_from: usize,
    next: usize,
}

impl Cutter {
    fn new(lane: usize, step: usize) -> Self {
        Self { lane, step, anchor_every: (WINDOW / step).max(1), kept: Vec::new(), kept_from: 0, next: 0 }
    }

    /// The next whole window, if its samples are there. Keeps what the last window may still need.
    fn whole_window(&mut self) -> Option<Work> {
        let start_sample = self.next * self.step;
        let inside = start_sample - self.kept_from;
        let samples = self.kept.get(inside..inside + WINDOW)?.to_vec();
        self.kept.drain(..inside);
        self.kept_from = start_sample;
        let index = self.next;
        self.next += 1;
        Some(Work { lane: self.lane, index, start_sample, anchor: index.is_multiple_of(self.anchor_every), samples })
    }

    /// The window that ends with the recording, if the anchors so far leave something out.
    fn last_window(&mut self) -> Option<Work> {
        let end = self.kept_from + self.kept.len();
        let anchors = self.next.div_ceil(self.anchor_every);
        let covered = anchors.checked_sub(1).map_or(0, |last| last * self.anchor_every * self.step + WINDOW);
        if end <= covered {
            return None;
        }
        let start_sample = end.saturating_sub(WINDOW);
        let samples = self.kept.get(start_sample.saturating_sub(self.kept_from)..)?.to_vec();
        Some(Work { lane: self.lane, index: self.next, start_sample, anchor: true, samples })
    }
}

/// Loads the networks for each thread; the speaker network is optional, and its absence a problem line.
fn load<'a>(
    shelf: &Shelf,
    settings: &'a Settings,
    threads: usize,
    wants_prints: bool,
    problems: &mut Vec<String>,
) -> Result<Vec<Ears<'a>>, VoiceError> {
    let mut ears = Vec::with_capacity(threads);
    for _ in 0..threads {
        let segmentation = shelf.load("segmentation", 1)?;
        let speaker = match wants_prints.then(|| shelf.load("speaker", 1)) {
            None => None,
            Some(Ok(network)) => Some((network, Fbank::new())),
            Some(Err(error)) => {
                if ears.is_empty() {
                    problems.push(format!(
                        "voices are not told apart by their sound, so who speaks is only followed from one moment to \
                         the next and may swap after a silence ({error})"
                    ));
                }
                None
            }
        };
        let tagger = match shelf.load("sounds", 1) {
            Ok(network) => Some(Tagger::new(network, &settings.sounds)),
            Err(error) => {
                if ears.is_empty() {
                    problems.push(no_sounds(&error));
                }
                None
            }
        };
        ears.push(Ears { segmentation, speaker, tagger, settings });
    }
    Ok(ears)
}

fn no_sounds(error: &ModelError) -> String {
    format!("laughs, sighs and crying could not be looked for ({error})")
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
    let mut settings = settings.clone();
    if channels == Channels::OnePerPerson {
        settings.segmentation.speech_odds = settings.segmentation.microphone_speech_odds;
    }
    let settings = &settings;
    let mut problems = Vec::new();
    let ears = load(shelf, settings, request.threads.max(1), wants_prints, &mut problems)?;
    let mut models: Vec<ModelFile> = ears.first().map_or_else(Vec::new, |ears| {
        let speaker = ears.speaker.as_ref().map(|(network, _)| network.file().clone());
        let tagger = ears.tagger.as_ref().map(|tagger| tagger.file().clone());
        std::iter::once(ears.segmentation.file().clone()).chain(speaker).chain(tagger).collect()
    });
    models.sort_by(|a, b| a.name.cmp(&b.name));

    let (lanes, step) = match channels {
        Channels::OnePerPerson => (source.channels(), settings.segmentation.channel_step_secs),
        Channels::Mixed | Channels::Only(_) => (1, settings.segmentation.step_secs),
    };
    let mut stream = Stream {
        start: None,
        samples: 0,
        no_numbers: 0,
        cutters: (0..lanes).map(|lane| Cutter::new(lane, step_samples(step))).collect(),
        sounds: vec![Lane::new(); if ears.iter().all(|ears| ears.tagger.is_some()) { lanes } else { 0 }],
        lane_levels: vec![RowLevels::default(); lanes],
        room_levels: RowLevels::default(),
    };
    let mut windows: Vec<Vec<Option<Window>>> = vec![Vec::new(); lanes];
    let mut sounds: Vec<Vec<Option<Tagged>>> = vec![Vec::new(); stream.sounds.len()];
    let mut no_tagging = None;

    std::thread::scope(|scope| {
        // The queue is short, so that reading never runs far ahead of listening.
        let (work_in, work_out) = mpsc::sync_channel::<Task>(2 * ears.len());
        let work_out = std::sync::Arc::new(Mutex::new(work_out));
        let (done_in, done_out) = mpsc::channel();
        for mut ears in ears {
            let (work_out, done_in) = (std::sync::Arc::clone(&work_out), done_in.clone());
            scope.spawn(move || {
                loop {
                    let task = work_out.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(task) = task else { return };
                    if done_in.send(ears.take_on(&task)).is_err() {
                        return;
                    }
                }
            });
        }
        drop((done_in, work_out));
        // Windows are not finished in order; progress only goes forward.
        let mut done = 0;
        let mut keep = |what: Done| {
            match what {
                Done::Window(lane, index, window) => {
                    let window = window?;
                    done = done.max(window.start_sample + WINDOW);
                    job.done_to(done as f64 / f64::from(SOUND_RATE))?;
                    put(&mut windows[lane], index, window);
                }
                Done::Sounds(lane, index, Ok(tagged)) => put(&mut sounds[lane], index, tagged),
                Done::Sounds(_, _, Err(error)) => no_tagging = Some(error),
            }
            Ok::<(), VoiceError>(())
        };
        let mut send = |task: Task| {
            work_in.send(task).map_err(|_| VoiceError::Stopped)?;
            done_out.try_iter().try_for_each(&mut keep)
        };
        while let Some(block) = source.next_block()? {
            stream.take_in(&block, channels);
            for cutter in &mut stream.cutters {
                while let Some(work) = cutter.whole_window() {
                    send(Task::Window(work))?;
                }
            }
            for (lane, sounds) in stream.sounds.iter_mut().enumerate() {
                while let Some(piece) = sounds.whole() {
                    send(Task::Sounds(lane, piece))?;
                }
            }
        }
        for cutter in &mut stream.cutters {
            if let Some(work) = cutter.last_window() {
                send(Task::Window(work))?;
            }
        }
        for (lane, sounds) in stream.sounds.iter_mut().enumerate() {
            while let Some(piece) = sounds.rest() {
                send(Task::Sounds(lane, piece))?;
            }
        }
        drop(work_in);
        done_out.iter().try_for_each(keep)
    })?;

    if stream.no_numbers > 0 {
        problems.push(format!("{} samples of the sound are no numbers and were taken as silence", stream.no_numbers));
    }
    problems.extend(no_tagging.as_ref().map(no_sounds));
    let sounds = (!sounds.is_empty() && no_tagging.is_none()).then(|| in_order(sounds));
    let lanes = in_order(windows);
    Ok(Heard {
        sounds,
        start: stream.start.ok_or(VoiceError::Empty)?,
        samples: stream.samples,
        lanes,
        lane_dbfs: stream.lane_levels.into_iter().map(RowLevels::into_dbfs).collect(),
        room_dbfs: stream.room_levels.into_dbfs(),
        models,
        problems,
    })
}

/// Puts what was heard at its position in the lane.
fn put<T: Clone>(lane: &mut Vec<Option<T>>, index: usize, heard: T) {
    lane.resize(lane.len().max(index + 1), None);
    lane[index] = Some(heard);
}

fn in_order<T>(lanes: Vec<Vec<Option<T>>>) -> Vec<Vec<T>> {
    lanes.into_iter().map(|lane| lane.into_iter().flatten().collect()).collect()
}

/// What is kept of the sound itself while it streams by.
struct Stream {
    start: Option<SessionTime>,
    samples: usize,
    no_numbers: usize,
    cutters: Vec<Cutter>,
    /// One per lane, or none without the network.
    sounds: Vec<Lane>,
    lane_levels: Vec<RowLevels>,
    room_levels: RowLevels,
}

impl Stream {
    fn take_in(&mut self, block: &SampleBlock, channels: Channels) {
        let length = block.samples.ncols();
        let rows = block.samples.nrows();
        if length == 0 || rows == 0 {
            return;
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
            cutter.kept.extend_from_slice(lane);
        }
        self.sounds.iter_mut().zip(&lanes).for_each(|(sounds, lane)| sounds.take(lane));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts of the windows of a recording, a dot where fingerprints are taken.
    fn check(secs: f64, step_secs: f64, expect: &str) {
        let mut cutter = Cutter::new(0, (step_secs * 16_000.0) as usize);
        let mut starts = Vec::new();
        let mut note = |work: Work| {
            let dot = if work.anchor { "." } else { "" };
            assert_eq!(work.samples[0] as usize, work.start_sample, "a ramp must begin where the window does");
            starts.push(format!("{}{dot}", work.start_sample as f64 / 16_000.0));
        };
        let samples: Vec<f32> = (0..(secs * 16_000.0) as usize).map(|n| n as f32).collect();
        for block in samples.chunks(7001) {
            cutter.kept.extend_from_slice(block);
            while let Some(work) = cutter.whole_window() {
                note(work);
            }
            assert!(cutter.kept.len() <= WINDOW + cutter.step + 7001);
        }
        if let Some(work) = cutter.last_window() {
            note(work);
        }
        assert_eq!(starts.join(" "), expect);
    }

    #[test]
    fn windows_cover_everything_and_anchors_do_too() {
        check(10.0, 2.5, "0.");
        check(4.0, 2.5, "0.");
        check(0.001, 2.5, "0.");
        check(12.5, 2.5, "0. 2.5 2.5.");
        check(24.0, 5.0, "0. 5 10. 14.");
        check(13.0, 2.5, "0. 2.5 3.");
        check(20.0, 10.0, "0. 10.");
        check(0.0, 2.5, "");
    }
}
