//! The terminal while recording: a line with the meter, above it the live view, above that what happened.

use std::io::Write;

use attune::media::capture::{ChannelLevels, LevelSettings, Panel, Shape, State, What};
use attune::record::{By, Cell, LiveSettings, Settings, View};
use console::{Style, Term};

use super::super::args::Record;
use super::{tell, words};

/// Narrower terminals get a plain time.
const NARROW: usize = 30;
/// Clipped moments that are told as they come where there is no meter.
const CLIPS_TOLD: usize = 5;

pub struct Screen {
    /// `None`: no terminal, or quiet.
    term: Option<Term>,
    quiet: bool,
    colours: bool,
    levels: LevelSettings,
    live: LiveSettings,
    shape: Shape,
    per_person: bool,
    /// Widths of the lines drawn last time.
    drawn: Vec<usize>,
    /// Moments looked at so far, and clipped ones told.
    told: usize,
    clips_told: usize,
    problem_told: bool,
}

impl Screen {
    pub fn new(asked: &Record, settings: &Settings, shape: Shape) -> Self {
        let term = Some(Term::stderr()).filter(|term| !asked.quiet && term.features().is_attended());
        // A terminal that cannot move its cursor gets lines only.
        let term = term.filter(|_| std::env::var("TERM").map_or(cfg!(windows), |name| name != "dumb"));
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            term,
            quiet: asked.quiet,
            colours,
            levels: settings.levels.clone(),
            live: settings.live.clone(),
            shape,
            per_person: asked.per_person,
            drawn: Vec::new(),
            told: 0,
            clips_told: 0,
            problem_told: false,
        }
    }

    /// A line that stays.
    pub fn tell(&mut self, text: &str) {
        if !self.quiet {
            self.clear();
            tell(text);
        }
    }

    /// Takes away what is drawn.
    pub fn clear(&mut self) {
        if let Some(term) = &self.term {
            let back = self.back(usize::from(term.size().1));
            _ = (&*term).write_all(format!("{back}\x1b[J").as_bytes());
        }
        self.drawn.clear();
    }

    /// Moves to the beginning of what is drawn. In a terminal that became narrower, its lines take several each.
    fn back(&self, width: usize) -> String {
        let rows: usize = self.drawn.iter().map(|&drawn| drawn.div_ceil(width.max(1)).max(1)).sum();
        match rows {
            0 | 1 => "\r".to_owned(),
            _ => format!("\r\x1b[{}A", rows - 1),
        }
    }

    pub fn draw(&mut self, panel: &Panel, view: Option<&View>) {
        // Clipping shows in the meter, where there is one; its first moment is told anywhere.
        let most_clips = if self.term.is_some() { 1 } else { CLIPS_TOLD };
        for moment in panel.tally.moments.iter().skip(self.told) {
            let clipped = matches!(moment.what, What::Clipped { .. });
            if !clipped || self.clips_told < most_clips {
                self.tell(&words::moment(moment));
            }
            self.clips_told += usize::from(clipped);
        }
        self.told = panel.tally.moments.len();
        if let Some(problem) = view.and_then(|view| view.problem.as_ref()).filter(|_| !self.problem_told) {
            self.problem_told = true;
            self.tell(&format!("the live view {problem}; the recording goes on untouched"));
        }
        let Some(term) = self.term.clone() else { return };
        let width = usize::from(term.size().1).saturating_sub(1);
        let mut lines = view.map(|view| self.view_lines(view, width)).unwrap_or_default();
        lines.push(self.meter(panel, width));
        let mut text = self.back(width + 1);
        self.drawn.clear();
        for (number, line) in lines.iter().enumerate() {
            let line = console::truncate_str(line, width, "");
            self.drawn.push(console::measure_text_width(&line));
            text += &line;
            text += if number + 1 < lines.len() { "\x1b[K\n" } else { "\x1b[K\x1b[J" };
        }
        _ = (&term).write_all(text.as_bytes()).and_then(|()| term.flush());
    }

    fn styled(&self, text: impl std::fmt::Display, style: Style) -> String {
        style.force_styling(self.colours).apply_to(text).to_string()
    }

    /// Time, then for each channel: bar with the held peak, the peak in dB, and whether it clips.
    fn meter(&self, panel: &Panel, width: usize) -> String {
        let state = match panel.state {
            State::Recording => self.styled("REC", Style::new().red().bold()),
            State::Reopening => self.styled("microphone gone, trying again", Style::new().yellow().bold()),
            State::Done => "writing".to_owned(),
        };
        let mut line = format!("{state} {}", words::clock(self.shape.secs(panel.frames)));
        if width < NARROW {
            return line;
        }
        let channels = panel.levels.len().max(1);
        let room = width.saturating_sub(console::measure_text_width(&line) + 1) / channels;
        let bar = room.saturating_sub(20).clamp(4, 40);
        for (number, level) in panel.levels.iter().enumerate() {
            line += &format!("  {} [{}] {:>5}", number + 1, self.bar(level, bar), words::db(level.held_dbfs));
            line += &match (level.clipping, level.clipped, level.silent) {
                (true, ..) => self.styled(" CLIP", Style::new().red().bold()),
                (_, _, true) => self.styled(" no sound", Style::new().yellow()),
                (_, 0, _) => String::new(),
                (_, count, _) => format!(" clip:{count}"),
            };
        }
        line
    }

    fn bar(&self, level: &ChannelLevels, width: usize) -> String {
        let from = self.levels.meter_from_dbfs;
        let place = |dbfs: f32| (((dbfs - from) / -from).clamp(0.0, 1.0) * width as f32).round() as usize;
        let (now, held) = (place(level.now_dbfs), place(level.held_dbfs));
        let good = place(self.levels.good_to_dbfs);
        (1..=width)
            .map(|at| {
                let text = match at {
                    _ if at <= now => "#",
                    _ if at == held => "|",
                    _ => "-",
                };
                let style = match at {
                    _ if text == "-" => Style::new().dim(),
                    _ if level.clipping => Style::new().red(),
                    _ if at > good => Style::new().yellow(),
                    _ => Style::new().green(),
                };
                self.styled(text, style)
            })
            .collect()
    }

    /// A lane for the room or each microphone, and a line of numbers.
    fn view_lines(&self, view: &View, width: usize) -> Vec<String> {
        let lanes = if self.per_person { usize::from(self.shape.channels) } else { 1 };
        let shown = (self.live.shown_secs.0.as_secs_f64() * 10.0) as usize;
        let room = width.saturating_sub(7).clamp(1, 100);
        let per_letter = shown.div_ceil(room).max(1);
        let mut lines = Vec::new();
        for lane in 0..lanes {
            let name = if self.per_person { format!("mic {}", lane + 1) } else { "room".to_owned() };
            let cells: Vec<Cell> = view.columns.iter().filter_map(|column| column.get(lane).copied()).collect();
            // Aligned to the newest cell, so that the picture moves evenly.
            let skip = cells.len() % per_letter;
            let letters: String = cells[skip.min(cells.len())..].chunks(per_letter).map(|c| self.letter(c)).collect();
            lines.push(format!("{name:<6} {letters}"));
        }
        let overlap = if view.by == By::Levels { "overlap not known" } else { "# several speak" };
        let ago = self.live.shown_secs.0.as_secs();
        lines.push(self.styled(format!("       last {ago} s:  = one speaks  {overlap}  . nobody"), Style::new().dim()));
        let silence = format!("silence now {:>5.1} s", view.silence_secs);
        let long = view.silence_secs >= self.live.long_silence_secs.0.as_secs_f64();
        let silence = match long {
            true => self.styled(format!("{silence} *"), Style::new().bold().reverse()),
            false => format!("{silence}  "),
        };
        lines.push(format!("{silence}   {}", words::shares(view)));
        lines
    }

    /// What most of these cells are; of equals the rarer kind.
    fn letter(&self, cells: &[Cell]) -> String {
        let kinds = [
            (Cell::Silence, ".", Style::new().dim()),
            (Cell::Unknown, "?", Style::new().yellow()),
            (Cell::Speech, "=", Style::new().cyan()),
            (Cell::Overlap, "#", Style::new().magenta()),
        ];
        let most = kinds.into_iter().max_by_key(|(kind, ..)| cells.iter().filter(|&cell| cell == kind).count());
        most.map(|(_, letter, style)| self.styled(letter, style)).unwrap_or_default()
    }
}
