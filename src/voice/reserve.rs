//! Sound that is kept until all windows over it are heard, so that its parts can be fingerprinted.

use super::detector::Detector;
use super::ears::PrintWork;
use super::grid::ROW;
use super::listening::Window;
use super::parts::{parts, samples_of};
use super::segmentation::WINDOW;
use super::settings::Settings;

/// Length of a stretch whose parts are fingerprinted together; a part that lies across two is cut.
const STRETCH: usize = samples_of(30);

/// The sound of one lane from the first stretch on that still waits for its windows.
pub(super) struct Reserve<'a> {
    settings: &'a Settings,
    /// Samples between neighbouring windows.
    step: usize,
    samples: Vec<f32>,
    stretch: usize,
}

impl<'a> Reserve<'a> {
    pub(super) fn new(settings: &'a Settings, step: usize) -> Self {
        Self { settings, step, samples: Vec::new(), stretch: 0 }
    }

    /// Takes in the next samples of the lane.
    pub(super) fn add(&mut self, samples: &[f32]) {
        self.samples.extend_from_slice(samples);
    }

    /// The sample from which on windows are still asked for.
    pub(super) fn needs_from(&self) -> usize {
        self.stretch * STRETCH
    }

    /// The next stretch, if all windows that reach into it are there. `detector`: the first pass, which is ahead of them;
    /// `end`: samples of the recording once it is over.
    pub(super) fn ready(
        &mut self,
        windows: &[Option<Window>],
        detector: Option<&Detector>,
        end: Option<usize>,
    ) -> Option<PrintWork> {
        let from = self.stretch * STRETCH;
        let to = from + STRETCH;
        match end {
            Some(end) if from >= end => return None,
            Some(_) => {}
            None => {
                let needed = to.div_ceil(self.step);
                if windows.len() < needed || windows[..needed].iter().any(Option::is_none) {
                    return None;
                }
            }
        }
        let last = end.map_or(to, |end| to.min(end));
        let reaching: Vec<&Window> =
            windows.iter().flatten().filter(|w| w.start_sample < last && w.start_sample + WINDOW > from).collect();
        let first_row = from / ROW;
        let rows = first_row..last.div_ceil(ROW);
        let first = detector.map_or_else(Vec::new, |detector| detector.on_rows(rows.clone()));
        let parts = parts(&reaching, rows, end.unwrap_or(usize::MAX), &first, self.settings);
        let taken = (last - from).min(self.samples.len());
        let work =
            PrintWork { stretch: self.stretch, first_row, samples: self.samples.drain(..taken).collect(), parts };
        self.stretch += 1;
        Some(work)
    }
}
