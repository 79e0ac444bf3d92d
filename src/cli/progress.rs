//! Progress on the terminal: one bar per stage with the time left; plain lines where there is no terminal.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use attune::engine::watch::{Stage, Watch};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// What is shown.
pub enum Shown {
    /// Nothing.
    Nothing,
    /// A line for each finished stage.
    Lines,
    /// Bars.
    Bars,
}

pub struct Progress {
    shown: Shown,
    bars: MultiProgress,
    running: Mutex<BTreeMap<Stage, (Instant, ProgressBar)>>,
}

impl Progress {
    pub fn new(quiet: bool) -> Self {
        let shown = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Shown::Nothing,
            (false, true) => Shown::Bars,
            (false, false) => Shown::Lines,
        };
        Self { shown, bars: MultiProgress::new(), running: Mutex::default() }
    }

    fn with_running<T>(&self, act: impl FnOnce(&mut BTreeMap<Stage, (Instant, ProgressBar)>) -> T) -> T {
        act(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watch for Progress {
    fn begins(&self, stage: Stage, secs: Option<f64>) {
        let bar = match (&self.shown, secs) {
            (Shown::Bars, Some(secs)) => {
                let style = "{prefix:>12} {bar:32} {percent:>3} %  {elapsed} so far, about {eta} left";
                ProgressBar::new(secs.ceil() as u64)
                    .with_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()))
            }
            (Shown::Bars, None) => ProgressBar::new_spinner().with_style(
                ProgressStyle::with_template("{prefix:>12} {spinner} {elapsed}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            ),
            _ => ProgressBar::hidden(),
        };
        let bar = if matches!(self.shown, Shown::Bars) { self.bars.add(bar) } else { bar };
        bar.set_prefix(stage.name());
        self.with_running(|running| running.insert(stage, (Instant::now(), bar)));
    }

    fn done_to(&self, stage: Stage, secs: f64) {
        self.with_running(|running| {
            if let Some((_, bar)) = running.get(&stage) {
                bar.set_position(secs.max(0.0) as u64);
            }
        });
    }

    fn ends(&self, stage: Stage, reused: bool) {
        let Some((since, bar)) = self.with_running(|running| running.remove(&stage)) else { return };
        bar.finish_and_clear();
        let line = match reused {
            true => format!("{:>12}  unchanged, taken from the last run", stage.name()),
            false => format!("{:>12}  {:.1} s", stage.name(), since.elapsed().as_secs_f64()),
        };
        match self.shown {
            Shown::Nothing => {}
            Shown::Lines => super::tell(&line),
            Shown::Bars => _ = self.bars.println(line),
        }
    }
}
