//! Listens to the sound while it is recorded, on a thread of its own.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::media::capture::{Piece, Shape};
use crate::media::{Resampler, SOUND_RATE};
use crate::voice::{LIVE_WINDOW_SECS, LiveEar};

use super::lanes::{CELLS_PER_SEC, Cell, Lanes, Shares};
use super::settings::LiveSettings;

/// Samples of a cell.
const CELL: usize = SOUND_RATE as usize / CELLS_PER_SEC as usize;
/// Samples of the window, a whole number of cells.
const WINDOW: usize = (LIVE_WINDOW_SECS as usize) * SOUND_RATE as usize;
/// What digital silence counts as, dB full scale.
const NOTHING_DBFS: f32 = -120.0;

/// What tells speech from silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The segmentation network: speech, silence, overlap.
    Network,
    /// Loudness alone: speech and silence; overlap is not known.
    #[default]
    Levels,
}

/// What is shown now.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// What tells speech from silence.
    pub by: By,
    /// The last seconds, oldest first: a column of all lanes for each tenth of a second.
    pub columns: Vec<Vec<Cell>>,
    /// Seconds for which nobody has spoken.
    pub silence_secs: f64,
    /// Of everything so far.
    pub shares: Shares,
    /// What the view does since something failed, in words that follow "the live view".
    pub problem: Option<String>,
}

/// Where the view can be looked at.
pub type LiveView = Mutex<View>;

/// How to listen.
pub struct Wish<'a> {
    /// What comes.
    pub shape: Shape,
    /// Whether each channel is one person's microphone; else all are one room.
    pub per_person: bool,
    /// The network; without it levels decide.
    pub ear: Option<LiveEar>,
    /// Settings.
    pub settings: &'a LiveSettings,
}

/// Listens until no more pieces come. What comes faster than it can be looked at was dropped before it got here and is
/// shown as unknown.
pub fn listen(wish: Wish<'_>, pieces: &Receiver<Piece>, view: &LiveView) {
    let every = (wish.settings.every_secs.0.as_secs_f64() * f64::from(SOUND_RATE)) as u64;
    let mut due = every;
    let Some(mut listener) = Listener::new(wish) else {
        let problem = "cannot be shown at this sample rate".to_owned();
        view.lock().unwrap_or_else(PoisonError::into_inner).problem = Some(problem);
        return;
    };
    loop {
        match pieces.recv_timeout(Duration::from_millis(200)) {
            Ok(piece) => listener.take(&piece),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                listener.hear();
                listener.lanes.finish();
                listener.show(view);
                return;
            }
        }
        if listener.taken >= listener.heard + due {
            let since = Instant::now();
            listener.hear();
            listener.show(view);
            // A look that takes longer than the step makes the next step as long, so that it keeps up.
            let took = (since.elapsed().as_secs_f64() * f64::from(SOUND_RATE)) as u64;
            due = took.clamp(every, every.max(WINDOW as u64 / 2));
        }
    }
}

struct Listener<'a> {
    wish: Wish<'a>,
    lanes: Lanes,
    resampler: Resampler,
    /// The last ten seconds and a little more of each lane, at [`SOUND_RATE`].
    sound: Vec<Vec<f32>>,
    /// Samples at [`SOUND_RATE`] taken so far, and at the last look.
    taken: u64,
    heard: u64,
    /// The frame that comes next.
    next_frame: u64,
    /// Cells that hold sound that was dropped: from, to.
    unknown: Vec<(u64, u64)>,
    /// dB full scale of the last cells of each lane, where levels decide.
    levels: Vec<Vec<f32>>,
    problem: Option<String>,
}

impl<'a> Listener<'a> {
    fn new(wish: Wish<'a>) -> Option<Self> {
        let count = if wish.per_person { usize::from(wish.shape.channels.max(1)) } else { 1 };
        let settings = wish.settings;
        let secs = |secs: crate::time::Secs| secs.0.as_secs_f64();
        // Levels need no time to settle.
        let settle = if wish.ear.is_some() { secs(settings.settle_secs) } else { 0.0 };
        Some(Self {
            lanes: Lanes::new(count, secs(settings.shown_secs), settle),
            resampler: Resampler::new(wish.shape.rate, count).ok()?,
            sound: vec![Vec::new(); count],
            taken: 0,
            heard: 0,
            next_frame: 0,
            unknown: Vec::new(),
            levels: vec![Vec::new(); count],
            problem: None,
            wish,
        })
    }

    fn take(&mut self, piece: &Piece) {
        let channels = usize::from(self.wish.shape.channels.max(1));
        let missing = piece.start_frame.saturating_sub(self.next_frame);
        if missing > 0 {
            let from = self.next_frame * CELLS_PER_SEC / u64::from(self.wish.shape.rate);
            let to = piece.start_frame * CELLS_PER_SEC / u64::from(self.wish.shape.rate) + 1;
            self.unknown.push((from, to));
            let mut left = usize::try_from(missing).unwrap_or(usize::MAX);
            while left > 0 {
                let now = left.min(self.wish.shape.rate as usize);
                self.push(now, |_, _, to| to.fill(0.0));
                left -= now;
            }
        }
        let frames = piece.samples.len() / channels;
        let per_person = self.wish.per_person;
        self.push(frames, |lane, from, to| {
            let frames = piece.samples.chunks_exact(channels).skip(from);
            for (to, frame) in to.iter_mut().zip(frames) {
                *to = match per_person {
                    true => frame.get(lane).copied().unwrap_or(0.0),
                    false => frame.iter().sum::<f32>() / channels as f32,
                };
            }
        });
        self.next_frame = piece.start_frame + frames as u64;
    }

    fn push(&mut self, frames: usize, fill: impl Fn(usize, usize, &mut [f32])) {
        let before = self.sound.first().map_or(0, Vec::len);
        if let Err(error) = self.resampler.push(frames, fill, &mut self.sound) {
            self.problem.get_or_insert(format!("has holes ({error})"));
        }
        self.taken += (self.sound.first().map_or(0, Vec::len) - before) as u64;
        for lane in &mut self.sound {
            // More than a window may wait: what comes in at once is a few seconds at most.
            let over = lane.len().saturating_sub(3 * WINDOW);
            lane.drain(..over);
        }
    }

    /// Looks at the last ten seconds up to the last whole cell.
    fn hear(&mut self) {
        let end = self.taken / CELL as u64;
        let beyond = (self.taken % CELL as u64) as usize;
        for lane in &mut self.sound {
            let over = lane.len().saturating_sub(WINDOW + beyond);
            lane.drain(..over);
        }
        let cells = self.sound.first().map_or(0, |lane| lane.len().saturating_sub(beyond) / CELL);
        let windows: Vec<Vec<f32>> = self
            .sound
            .iter()
            .map(|lane| {
                let end = lane.len() - beyond.min(lane.len());
                lane.get(end - (cells * CELL).min(end)..end).unwrap_or_default().to_vec()
            })
            .collect();
        let new = usize::try_from(self.taken / CELL as u64 - self.heard / CELL as u64).unwrap_or(0).min(cells);
        self.follow_levels(&windows, new);
        let mut columns = match self.wish.ear.as_mut().map(|ear| ear.listen(&windows)) {
            Some(Ok(rows)) => rows
                .chunks(10)
                .map(|rows| {
                    let most = |holds: &dyn Fn(&crate::voice::LiveRow) -> bool| {
                        2 * rows.iter().filter(|row| holds(row)).count() >= rows.len()
                    };
                    let overlap = most(&|row| row.overlap);
                    (0..windows.len())
                        .map(|lane| match most(&|row| row.speech.get(lane) == Some(&true)) {
                            true if overlap => Cell::Overlap,
                            true => Cell::Speech,
                            false => Cell::Silence,
                        })
                        .collect()
                })
                .collect(),
            Some(Err(error)) => {
                self.problem = Some(format!("goes on by loudness alone ({error})"));
                self.wish.ear = None;
                self.by_levels(cells)
            }
            None => self.by_levels(cells),
        };
        let start = end.saturating_sub(columns.len() as u64);
        for (number, column) in (start..).zip(&mut columns) {
            if self.unknown.iter().any(|&(from, to)| (from..to).contains(&number)) {
                column.fill(Cell::Unknown);
            }
        }
        self.unknown.retain(|&(_, to)| to + 2 * WINDOW as u64 / CELL as u64 > end);
        self.lanes.hear(end, &columns);
        self.heard = self.taken;
    }

    /// Notes the levels of the newest cells.
    fn follow_levels(&mut self, windows: &[Vec<f32>], new: usize) {
        let kept = (self.wish.settings.shown_secs.0.as_secs_f64() * CELLS_PER_SEC as f64) as usize;
        for (levels, window) in self.levels.iter_mut().zip(windows) {
            let from = window.len().saturating_sub(new * CELL);
            for cell in window.get(from..).unwrap_or_default().chunks(CELL) {
                let power = cell.iter().map(|s| s * s).sum::<f32>() / cell.len() as f32;
                levels.push((10.0 * power.log10()).max(NOTHING_DBFS));
            }
            let over = levels.len().saturating_sub(kept.max(WINDOW / CELL));
            levels.drain(..over);
        }
    }

    /// Speech is what is much louder than the quiet tenth of the last half minute.
    fn by_levels(&self, cells: usize) -> Vec<Vec<Cell>> {
        let settings = self.wish.settings;
        let borders: Vec<f32> = self
            .levels
            .iter()
            .map(|levels| {
                let mut sorted = levels.clone();
                sorted.sort_by(f32::total_cmp);
                let quiet = sorted.get(sorted.len() / 10).copied().unwrap_or(NOTHING_DBFS);
                (quiet.min(settings.noisiest_dbfs) + settings.level_db).max(settings.level_dbfs)
            })
            .collect();
        (0..cells)
            .map(|cell| {
                self.levels
                    .iter()
                    .zip(&borders)
                    .map(|(levels, &border)| {
                        let at = (levels.len() + cell).checked_sub(cells);
                        match at.and_then(|at| levels.get(at)) {
                            Some(&level) if level > border => Cell::Speech,
                            Some(_) => Cell::Silence,
                            None => Cell::Unknown,
                        }
                    })
                    .collect()
            })
            .collect()
    }

    fn show(&self, view: &LiveView) {
        let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
        view.by = if self.wish.ear.is_some() { By::Network } else { By::Levels };
        view.columns = self.lanes.shown();
        view.silence_secs = self.lanes.silence_secs();
        view.shares = self.lanes.shares();
        view.problem.clone_from(&self.problem);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::super::settings::Settings;
    use super::*;
    use crate::config::Config;

    /// A tone where there is `#`, faint noise where there is `.`, nothing sent where there is `?`: a second each.
    fn check(rate: u32, lanes: &[&str], expect: &[&str]) {
        let settings = Settings::read(&Config::embedded()).unwrap().live;
        let shape = Shape { rate, channels: lanes.len() as u16 };
        let length = lanes[0].len();
        let (send, pieces) = sync_channel(100);
        for second in 0..length {
            let mut samples = Vec::new();
            for n in 0..rate {
                for lane in lanes {
                    let loud = if lane.as_bytes()[second] == b'#' { 0.3 } else { 0.001 };
                    samples.push((n as f32 / rate as f32 * 440.0 * std::f32::consts::TAU).sin() * loud);
                }
            }
            if lanes[0].as_bytes()[second] != b'?' {
                send.send(Piece { start_frame: second as u64 * u64::from(rate), samples }).unwrap();
            }
        }
        drop(send);
        let view = LiveView::default();
        listen(Wish { shape, per_person: lanes.len() > 1, ear: None, settings: &settings }, &pieces, &view);
        let view = view.into_inner().unwrap();
        assert_eq!(view.by, By::Levels);
        for (lane, expect) in expect.iter().enumerate() {
            let seen: String = (0..length)
                .filter_map(|second| view.columns.get(second * 10 + 5))
                .map(|column| match column[lane] {
                    Cell::Speech => '#',
                    Cell::Silence => '.',
                    Cell::Overlap => '%',
                    Cell::Unknown => '?',
                })
                .collect();
            assert_eq!(seen, *expect);
        }
    }

    #[test]
    fn levels_tell_speech_from_silence_at_any_rate_and_for_each_microphone() {
        for rate in [8000, 16_000, 44_100, 48_000] {
            check(rate, &["..###..#."], &["..###..#."]);
        }
        check(48_000, &["###......", "....###.."], &["###......", "....###.."]);
    }

    #[test]
    fn what_was_dropped_is_not_looked_at() {
        check(16_000, &["..###??#."], &["..###??#."]);
    }
}
