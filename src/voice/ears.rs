//! The networks, on as many threads as asked for: tasks in, what was heard out, in whatever order it is done.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::Scope;

use crate::model::{ModelError, Network, Shelf};
use crate::origin::ModelFile;

use super::VoiceError;
use super::cutter::Work;
use super::fbank::Fbank;
use super::fingerprint::fingerprints;
use super::listening::{Part, Window};
use super::segmentation::listen;
use super::settings::Settings;
use super::sounds::{Piece, Tagged, Tagger};

/// Parts of the recording to fingerprint.
pub(super) struct PrintWork {
    /// Number of the stretch they are from.
    pub stretch: usize,
    /// First row of that stretch, and the sound from there on.
    pub first_row: usize,
    pub samples: Vec<f32>,
    pub parts: Vec<Range<usize>>,
}

/// One thing to do.
pub(super) enum Task {
    /// Hear who speaks in windows of one lane.
    Windows(Vec<Work>),
    /// Fingerprint parts.
    Prints(PrintWork),
    /// Say what a piece of a lane sounds like.
    Sounds(usize, Piece),
}

/// What came of it.
pub(super) enum Done {
    /// Lane, and the windows with their numbers.
    Windows(usize, Vec<(usize, Window)>),
    /// Number of the stretch.
    Prints(usize, Vec<Part>),
    /// Lane and number of the piece; an error costs the sounds alone.
    Sounds(usize, usize, Result<Tagged, ModelError>),
}

/// What the user is told where sounds could not be looked for.
pub(super) fn no_sounds(error: &ModelError) -> String {
    format!("laughs, sighs and crying could not be looked for ({error})")
}

/// The networks of one thread.
pub(super) struct Ears<'a> {
    segmentation: Network,
    speaker: Option<(Network, Fbank)>,
    tagger: Option<Tagger>,
    settings: &'a Settings,
}

impl<'a> Ears<'a> {
    /// Loads the networks for each thread; the speaker network is optional, and its absence a problem line.
    ///
    /// # Errors
    /// The segmentation network does not load.
    pub(super) fn load(
        shelf: &Shelf,
        settings: &'a Settings,
        threads: usize,
        wants_prints: bool,
        problems: &mut Vec<String>,
    ) -> Result<Vec<Self>, VoiceError> {
        let mut ears = Vec::with_capacity(threads);
        for _ in 0..threads {
            let segmentation = shelf.load("segmentation", 1)?;
            let speaker = match wants_prints.then(|| shelf.load("speaker", 1)) {
                None => None,
                Some(Ok(network)) => Some((network, Fbank::new())),
                Some(Err(error)) => {
                    if ears.is_empty() {
                        problems.push(format!(
                            "voices are not told apart by their sound, so who speaks is only followed from one moment \
                             to the next and may swap after a silence ({error})"
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
            ears.push(Self { segmentation, speaker, tagger, settings });
        }
        Ok(ears)
    }

    /// Whether voices can be told apart by their sound.
    pub(super) fn knows_voices(&self) -> bool {
        self.speaker.is_some()
    }

    /// Whether sounds that are not words can be looked for.
    pub(super) fn knows_sounds(&self) -> bool {
        self.tagger.is_some()
    }

    /// The networks that run.
    pub(super) fn models(&self) -> Vec<ModelFile> {
        let speaker = self.speaker.as_ref().map(|(network, _)| network.file().clone());
        let tagger = self.tagger.as_ref().map(|tagger| tagger.file().clone());
        std::iter::once(self.segmentation.file().clone()).chain(speaker).chain(tagger).collect()
    }

    fn windows(&mut self, works: &[Work]) -> Result<Vec<(usize, Window)>, VoiceError> {
        let silent = 10f32.powf(self.settings.silence.silent_dbfs / 20.0);
        let (silent, loud): (Vec<&Work>, Vec<&Work>) =
            works.iter().partition(|work| work.samples.iter().all(|sample| sample.abs() <= silent));
        let mut windows: Vec<(usize, Window)> =
            silent.into_iter().map(|work| (work.index, Window::quiet(work.start_sample))).collect();
        if !loud.is_empty() {
            let samples: Vec<&[f32]> = loud.iter().map(|work| work.samples.as_slice()).collect();
            let frames = listen(&mut self.segmentation, &samples)?;
            let heard = loud.into_iter().zip(frames);
            windows
                .extend(heard.map(|(work, frames)| (work.index, Window { start_sample: work.start_sample, frames })));
        }
        Ok(windows)
    }

    fn prints(&mut self, work: PrintWork) -> Result<Vec<Part>, VoiceError> {
        let prints = match &mut self.speaker {
            Some((network, fbank)) => fingerprints(network, fbank, &work.samples, work.first_row, &work.parts)?,
            None => vec![None; work.parts.len()],
        };
        Ok(work.parts.into_iter().zip(prints).map(|(rows, print)| Part { rows, print }).collect())
    }

    fn work(&mut self, task: Task) -> Result<Done, VoiceError> {
        match task {
            Task::Windows(works) => Ok(Done::Windows(works.first().map_or(0, |work| work.lane), self.windows(&works)?)),
            Task::Sounds(lane, piece) => {
                let tagged = self.tagger.as_mut().map_or(Ok(Tagged::default()), |tagger| tagger.tag(&piece));
                Ok(Done::Sounds(lane, piece.index, tagged))
            }
            Task::Prints(work) => Ok(Done::Prints(work.stretch, self.prints(work)?)),
        }
    }
}

/// The threads and the way to and from them.
pub(super) struct Pool {
    tasks: mpsc::SyncSender<Task>,
    results: mpsc::Receiver<Result<Done, VoiceError>>,
    outstanding: usize,
}

impl Pool {
    /// Starts one thread for each pair of ears; they end when the pool is dropped.
    pub(super) fn start<'scope, 'env>(scope: &'scope Scope<'scope, 'env>, ears: Vec<Ears<'env>>) -> Self {
        // The queue is short, so that reading never runs far ahead of listening.
        let (tasks, waiting) = mpsc::sync_channel::<Task>(2 * ears.len());
        let waiting = Arc::new(Mutex::new(waiting));
        let (done, results) = mpsc::channel();
        for mut ears in ears {
            let (waiting, done) = (Arc::clone(&waiting), done.clone());
            scope.spawn(move || {
                loop {
                    let task = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(task) = task else { return };
                    if done.send(ears.work(task)).is_err() {
                        return;
                    }
                }
            });
        }
        Self { tasks, results, outstanding: 0 }
    }

    /// Gives out a task, and takes back what is done by now.
    ///
    /// # Errors
    /// A network failed.
    pub(super) fn send(&mut self, task: Task) -> Result<Vec<Done>, VoiceError> {
        self.tasks.send(task).map_err(|_| VoiceError::Stopped)?;
        self.outstanding += 1;
        let done: Vec<Done> = self.results.try_iter().collect::<Result<_, _>>()?;
        self.outstanding -= done.len();
        Ok(done)
    }

    /// Waits for the next result; `None` if nothing is to be done any more.
    ///
    /// # Errors
    /// A network failed.
    pub(super) fn wait(&mut self) -> Result<Option<Done>, VoiceError> {
        if self.outstanding == 0 {
            return Ok(None);
        }
        let done = self.results.recv().map_err(|_| VoiceError::Stopped)??;
        self.outstanding -= 1;
        Ok(Some(done))
    }
}
