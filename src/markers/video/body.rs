//! One body with its points on one grid, and how much it moves.

use serde::Deserialize;

use super::super::{Card, Event, Input, MarkerError};
use crate::time::{FrameGrid, Secs, Span};
use crate::track::{Track, Who};

/// Name of the section that holds [`Settings`] in `config/markers/video.toml`.
pub const SECTION: &str = "body";

/// Section `[body]` of `config/markers/video.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Rows of a lower confidence are not assessable, 0 to 1.
    pub min_confidence: f32,
    /// With less than this to compare with, nothing is said about what is usual.
    pub min_valid_secs: Secs,
    /// Highest confidence of an event: where joints lie in one picture is weak evidence, 0 to 1.
    pub most_confidence: f32,
}

/// Shoulders, elbows, wrists and hands of one person.
pub struct Pose<'a> {
    /// Whose.
    pub who: Who,
    /// When each row was.
    pub grid: FrameGrid,
    track: &'a Track,
    settings: &'a Settings,
}

/// A place in the picture, pixels; `NaN` where the point cannot be seen.
pub type Place = [f32; 2];

impl<'a> Pose<'a> {
    /// All bodies, in order of person.
    pub fn all(input: &Input<'a>, settings: &'a Settings) -> Vec<Self> {
        input.tracks.all("pose").map(|track| Self { who: track.who, grid: track.grid, track, settings }).collect()
    }

    /// How sure the body of each row is, 0 to 1; 0 where none was seen.
    fn confidence(&self, row: usize) -> f32 {
        let known = self.track.confidence.as_ref().and_then(|c| c.get(row).copied()).unwrap_or(1.0);
        if known.is_nan() { 0.0 } else { known }
    }

    /// A column, `NaN` where the row is not assessable.
    pub fn column(&self, name: &str) -> Vec<f32> {
        let Some(values) = self.track.column(name) else { return vec![f32::NAN; self.grid.len] };
        let known = |(row, value): (usize, &f32)| {
            if self.confidence(row) >= self.settings.min_confidence { *value } else { f32::NAN }
        };
        values.iter().enumerate().map(known).collect()
    }

    /// A point of the body: `left_wrist`.
    pub fn places(&self, point: &str) -> Vec<Place> {
        let (x, y) = (self.column(&format!("{point}_x")), self.column(&format!("{point}_y")));
        x.into_iter().zip(y).map(|(x, y)| [x, y]).collect()
    }

    /// Middle of the shoulders and their distance, pixels.
    pub fn shoulders(&self) -> (Vec<Place>, Vec<f32>) {
        let (left, right) = (self.places("left_shoulder"), self.places("right_shoulder"));
        let middle = |(a, b): (&Place, &Place)| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
        let width = |(a, b): (&Place, &Place)| far(*a, *b);
        (left.iter().zip(&right).map(middle).collect(), left.iter().zip(&right).map(width).collect())
    }

    /// Rows in this length, at least 1.
    pub fn rows(&self, secs: Secs) -> usize {
        ((secs.0.as_secs_f64() / self.grid.step.secs_f64()).round() as usize).max(1)
    }

    /// Seconds in which a value is known.
    pub fn known_secs(&self, values: &[f32]) -> f64 {
        values.iter().filter(|value| !value.is_nan()).count() as f64 * self.grid.step.secs_f64()
    }

    /// An event over rows `[from, to)`, as sure as the rows are on average, at most [`Settings::most_confidence`].
    pub fn event(&self, card: &Card, from: usize, to: usize, value: f32, strength: f32) -> Option<Event> {
        let sure = (from..to).map(|row| self.confidence(row)).sum::<f32>() / to.saturating_sub(from).max(1) as f32;
        let span = self.grid.span(from, to)?;
        Some(Event::new(card, self.who, span, value).rated(strength, sure.min(self.settings.most_confidence)))
    }
}

/// Distance of two places, pixels; `NaN` if either is unknown.
pub fn far(a: Place, b: Place) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The median of the values that are known.
pub fn median(values: &[f32]) -> Option<f32> {
    let mut known: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    known.sort_by(f32::total_cmp);
    known.get(known.len() / 2).copied()
}

/// Everybody's events in order; an error if nobody's body could be seen for long enough (`None` for each).
///
/// # Errors
/// [`MarkerError::TooLittleBody`].
pub fn joined(card: &Card, bodies: Vec<Option<Vec<Event>>>, min_secs: f64) -> Result<Vec<Event>, MarkerError> {
    if bodies.iter().all(Option::is_none) {
        return Err(MarkerError::TooLittleBody { marker: card.id, need_secs: min_secs });
    }
    let mut events: Vec<Event> = bodies.into_iter().flatten().flatten().collect();
    events.sort_by_key(|e| (e.span, e.who));
    Ok(events)
}

/// Stretches in which a hand lies before the mouth: within `faces` heights of the face below its middle, as far as the
/// person's pose tells. Each row stands for the time around it.
pub fn hand_at_mouth(input: &Input<'_>, who: Who, faces: f32) -> Vec<Span> {
    let Some(track) = input.tracks.get("pose", who) else { return Vec::new() };
    let column = |name: &str| track.column(name);
    let (Some(x), Some(y), Some(height)) = (column("face_x"), column("face_y"), column("face_height")) else {
        return Vec::new();
    };
    let at_mouth = |row: usize| {
        ["left_hand", "right_hand", "left_wrist", "right_wrist"].iter().any(|point| {
            let of = |axis: &str| column(&format!("{point}_{axis}")).and_then(|c| c.get(row).copied());
            let (Some(hand_x), Some(hand_y)) = (of("x"), of("y")) else { return false };
            // The mouth lies a quarter of the face's height below its middle.
            far([hand_x, hand_y], [x[row], y[row] + 0.25 * height[row]]) <= faces * height[row]
        })
    };
    (0..track.grid.len).filter(|&row| at_mouth(row)).filter_map(|row| track.grid.span(row, row + 1)).collect()
}

/// How much each person moves: share of the own part of the picture, smoothed, jumps left out.
pub struct Movement {
    /// Whose.
    pub who: Who,
    /// When each value was.
    pub grid: FrameGrid,
    /// `NaN` = not measured.
    pub values: Vec<f32>,
}

impl Movement {
    /// A column of everybody's `motion`, as motion energy analysis cleans it: the mean over `smooth_secs`, without what
    /// exceeds `most_sd` standard deviations.
    pub fn all(input: &Input<'_>, column: &str, smooth_secs: Secs, most_sd: f64) -> Vec<Self> {
        let of = |track: &Track| {
            let values: Vec<f64> = track.column(column)?.iter().map(|value| f64::from(*value)).collect();
            let length = (smooth_secs.0.as_secs_f64() / track.grid.step.secs_f64()).floor().max(1.0) as usize;
            let smooth = crate::synchrony::smoothed(&values, length);
            let values = crate::synchrony::without_jumps(&smooth, most_sd).into_iter().map(|value| value as f32);
            Some(Self { who: track.who, grid: track.grid, values: values.collect() })
        };
        input.tracks.all("motion").filter_map(of).collect()
    }

    /// Mean over windows of this many values around each; `NaN` where less than half of it is known.
    pub fn running(values: &[f32], length: usize) -> Vec<f32> {
        let (mut sums, mut counts) = (vec![0.0_f64], vec![0_usize]);
        let (mut sum, mut count) = (0.0, 0);
        for value in values {
            if !value.is_nan() {
                sum += f64::from(*value);
                count += 1;
            }
            sums.push(sum);
            counts.push(count);
        }
        let half = length / 2;
        let at = |index: usize| {
            let (from, to) = (index.saturating_sub(half), (index + length - half).min(values.len()));
            let known = counts[to] - counts[from];
            if values[index].is_nan() || 2 * known < length {
                f32::NAN
            } else {
                ((sums[to] - sums[from]) / known as f64) as f32
            }
        };
        (0..values.len()).map(at).collect()
    }

    /// Whether the person speaks in each frame, where their voice is known.
    pub fn speaks(&self, input: &Input<'_>) -> Vec<bool> {
        let mut speaks = vec![false; self.grid.len];
        for event in input.earlier.iter().filter(|e| e.marker == "aud.vad" && e.who == self.who) {
            if event.kind.as_deref() == Some("speech") {
                speaks[self.grid.indices(event.span)].fill(true);
            }
        }
        speaks
    }
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    #[test]
    fn a_hand_before_the_mouth_is_seen_and_one_in_the_lap_is_not() {
        let mut figure = Figure::new(60.0);
        figure.point("left_hand", &[(10.0, 14.0, [320.0, 130.0])]);
        let spans = hand_at_mouth(&figure.input(&[]), figure.who, 0.35);
        let secs: f64 = spans.iter().map(|span| span.secs_f64()).sum();
        assert!((secs - 4.0).abs() < 0.5, "{secs}");
        assert!(spans[0].start().secs_f64() > 9.5 && spans[spans.len() - 1].end().secs_f64() < 14.5);
    }

    #[test]
    fn a_hidden_mouth_is_not_judged() {
        use super::super::face::{self, Part};
        use super::super::picture::{Made, settings_face};
        let mut made = Made::speechless();
        let mut figure = Figure::new(120.0);
        figure.point("right_hand", &[(10.0, 14.0, [320.0, 130.0])]);
        made.tracks.extend(figure.tracks);
        let (settings, input) = (settings_face(), made.input(&[]));
        let face = &face::Face::all(&input, "face_actions", &settings)[0];
        let known = |secs: f64| [Part::Mouth, Part::Brow].map(|part| face.assessable((secs / 0.08) as usize, part));
        assert_eq!((known(12.0), known(20.0)), ([false, true], [true, true]));
    }

    #[test]
    fn running_means_keep_holes() {
        let nan = f32::NAN;
        let found = Movement::running(&[1.0, 1.0, nan, 4.0, 4.0, nan, nan, nan, 2.0], 3);
        assert_eq!(found[..2], [1.0, 1.0]);
        assert!(found[2].is_nan() && found[8].is_nan(), "{found:?}");
        assert_eq!(found[3..5], [4.0, 4.0]);
    }
}
