//! Faces that are nobody: a picture on the wall, somebody's reflection.
//!
//! Even who sits still breathes, blinks and turns the head by more than a degree within ten seconds; a picture does none
//! of it. What moves with another face in every picture, lips and lids alike, is that face once more: in a mirror, or the
//! own picture in a call. Both are only left out beside somebody real: where nothing in the whole film moves it is frozen,
//! and who is in it is not for the machine to doubt.

use std::io;

use super::identity::Person;
use super::rows::{self, Row};
use super::settings::Nobody;
use crate::time::Step;

/// What must stand still: yaw, pitch, roll in degrees; opening of the lips in eye distances; blinking; centre in pixels;
/// and, to measure that by, the face's width in pixels.
const SIGNS: usize = 8;

/// Number of rows that make a second, at least 1.
fn rows_per_second(step: Step) -> usize {
    (1.0 / step.secs_f64()).round().max(1.0) as usize
}

/// Values of a row that must stand still in a picture.
fn signs(row: &Row) -> [f32; SIGNS] {
    let ([yaw, pitch, roll], face) = (rows::head_pose(row), rows::face_box(row));
    let [x, y] = face.centre();
    [yaw, pitch, roll, rows::lips_open(row), rows::blink(row), x, y, face.width]
}

/// How far each sign may spread in a picture of this width.
fn limits(settings: &Nobody, width: f32) -> [f32; SIGNS] {
    let Nobody { still_degrees: turn, still_lips: lips, still_blink: blink, still_widths: place, .. } = *settings;
    let place = place * width;
    [turn, turn, turn, lips, blink, place, place, place]
}

/// Means over a second at a time, without the noise of single pictures.
#[derive(Clone, Debug, Default)]
struct Seconds {
    sum: [f32; SIGNS],
    count: usize,
    since: usize,
}

impl Seconds {
    /// Takes the row at `place` on the grid; a second's mean as soon as its last row is there.
    fn take(&mut self, place: usize, row: &Row, per_second: usize) -> Option<[f32; SIGNS]> {
        if self.count > 0 && place >= self.since + per_second {
            // A gap: what was begun is too little.
            self.count = 0;
        }
        if self.count == 0 {
            (self.sum, self.since) = ([0.0; SIGNS], place);
        }
        for (sum, value) in self.sum.iter_mut().zip(signs(row)) {
            *sum += value;
        }
        self.count += 1;
        let is_whole = place + 1 >= self.since + per_second;
        let mean = self.sum.map(|sum| sum / self.count as f32);
        if is_whole {
            self.count = 0;
        }
        is_whole.then_some(mean)
    }
}

/// Watches a face that is followed for having stood still since some time.
#[derive(Clone, Debug)]
pub struct Stillness {
    per_second: usize,
    seconds: Seconds,
    low: [f32; SIGNS],
    high: [f32; SIGNS],
    still_secs: usize,
}

impl Stillness {
    /// Of a face that is new.
    pub fn new(step: Step) -> Self {
        Self {
            per_second: rows_per_second(step),
            seconds: Seconds::default(),
            low: [f32::INFINITY; SIGNS],
            high: [f32::NEG_INFINITY; SIGNS],
            still_secs: 0,
        }
    }

    /// Takes the next row.
    pub fn take(&mut self, place: usize, row: &Row, settings: &Nobody) {
        let Some(mean) = self.seconds.take(place, row, self.per_second) else { return };
        for ((low, high), value) in self.low.iter_mut().zip(&mut self.high).zip(mean) {
            (*low, *high) = (low.min(value), high.max(value));
        }
        self.still_secs += 1;
        let spread = self.low.iter().zip(&self.high).map(|(low, high)| high - low);
        // What is not a number is not still either.
        if !spread.zip(limits(settings, mean[SIGNS - 1])).all(|(spread, limit)| spread <= limit) {
            (self.low, self.high, self.still_secs) = (mean, mean, 1);
        }
    }

    /// Whether it has stood still long enough to be a picture.
    pub fn is_still(&self, settings: &Nobody) -> bool {
        self.still_secs as f64 >= settings.min_secs.0.as_secs_f64()
    }
}

/// Takes out who is a picture or a reflection, and says so; says also where the whole film stands still.
///
/// # Errors
/// What was seen cannot be read back from the disk.
pub fn leave_out(
    people: &mut Vec<Person>,
    step: Step,
    settings: &Nobody,
    problems: &mut Vec<String>,
) -> io::Result<()> {
    let drained = people.drain(..).map(|person| Ok((Moves::of(&person, step)?, person)));
    let mut all: Vec<(Moves, Person)> = drained.collect::<io::Result<_>>()?;
    let still: Vec<Option<bool>> = all.iter().map(|(moves, _)| moves.never(settings)).collect();
    let count = still.iter().filter(|still| **still == Some(true)).count();
    if count > 0 && count == all.len() {
        let secs = settings.min_secs.0.as_secs_f64();
        problems.push(format!("no face ever moves, for {secs} s and more: the picture may be frozen"));
    } else if count > 0 {
        let mut still = still.iter();
        all.retain(|_| still.next() != Some(&Some(true)));
        problems.push(match count {
            1 => "a face that never moves (a picture on the wall?) was left out".to_owned(),
            _ => format!("{count} faces that never move (pictures on the wall?) were left out"),
        });
    }
    // The larger of two stays: a reflection is further away.
    let size = |person: &Person| person.stretches.iter().map(|stretch| stretch.rows.box_sums()[2]).sum::<f64>();
    all.sort_by(|(_, a), (_, b)| size(b).total_cmp(&size(a)));
    let mut kept: Vec<(Moves, Person)> = Vec::new();
    let before = all.len();
    for (moves, person) in all {
        if !kept.iter().any(|(other, _)| other.is_the_same(&moves, step, settings)) {
            kept.push((moves, person));
        }
    }
    let count = before - kept.len();
    if count > 0 {
        problems.push(match count {
            1 => "a face that moves as another one does (a mirror, a second picture) was left out".to_owned(),
            _ => format!("{count} faces that move as others do (a mirror, a second picture) were left out"),
        });
    }
    people.extend(kept.into_iter().map(|(_, person)| person));
    Ok(())
}

/// How one person moves.
struct Moves {
    /// Signs of each whole second.
    seconds: Vec<[f32; SIGNS]>,
    /// Lips and lids in each picture, with its place on the grid.
    pictures: Vec<(u32, [f32; 2])>,
}

impl Moves {
    fn of(person: &Person, step: Step) -> io::Result<Self> {
        let per_second = rows_per_second(step);
        let mut second = Seconds::default();
        let mut moves = Self { seconds: Vec::new(), pictures: Vec::new() };
        for stretch in &person.stretches {
            stretch.rows.each(|place, row| {
                moves.seconds.extend(second.take(place as usize, row, per_second));
                moves.pictures.push((place, [rows::lips_open(row), rows::blink(row)]));
            })?;
        }
        Ok(moves)
    }

    /// Whether the person stands still in four of five seconds; `None` if seen for too short a time to tell.
    fn never(&self, settings: &Nobody) -> Option<bool> {
        let means = &self.seconds;
        if (means.len() as f64) < settings.min_secs.0.as_secs_f64() {
            return None;
        }
        let tenth = means.len() / 10;
        let spread = |sign: usize| {
            let mut values: Vec<f32> = means.iter().map(|mean| mean[sign]).collect();
            values.sort_by(f32::total_cmp);
            values[values.len() - 1 - tenth] - values[tenth]
        };
        let width = means.iter().map(|mean| mean[SIGNS - 1]).sum::<f32>() / means.len() as f32;
        Some(limits(settings, width).iter().enumerate().all(|(sign, limit)| spread(sign) <= *limit))
    }

    /// Whether lips and lids of two people move together from picture to picture.
    fn is_the_same(&self, other: &Self, step: Step, settings: &Nobody) -> bool {
        let mut theirs = other.pictures.iter().peekable();
        let mut before: Option<(u32, [f32; 4])> = None;
        let mut moves: Vec<[f32; 4]> = Vec::new();
        for (place, [lips, blink]) in &self.pictures {
            while theirs.next_if(|(at, _)| at < place).is_some() {}
            let Some((_, their)) = theirs.peek().filter(|(at, _)| at == place) else { continue };
            let now = [*lips, their[0], *blink, their[1]];
            if let Some((_, before)) = before.filter(|(at, _)| at + 1 == *place) {
                moves.push(std::array::from_fn(|value| now[value] - before[value]));
            }
            before = Some((*place, now));
        }
        moves.retain(|values| values.iter().all(|value| value.is_finite()));
        let enough = moves.len() as f64 * step.secs_f64() >= settings.min_secs.0.as_secs_f64();
        enough && [0, 2].iter().all(|&sign| correlation(&moves, sign) >= f64::from(settings.double_correlation))
    }
}

/// Pearson's, of the values at `sign` and behind it; 0 where one side is constant.
fn correlation(moves: &[[f32; 4]], sign: usize) -> f64 {
    let count = moves.len().max(1) as f64;
    let mean = |at: usize| moves.iter().map(|values| f64::from(values[at])).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(sign), mean(sign + 1));
    let (mut both, mut x, mut y) = (0.0, 0.0, 0.0);
    for values in moves {
        let (dx, dy) = (f64::from(values[sign]) - mean_x, f64::from(values[sign + 1]) - mean_y);
        both += dx * dy;
        x += dx * dx;
        y += dy * dy;
    }
    let spread = (x * y).sqrt();
    if spread > 1e-12 { both / spread } else { 0.0 }
}
