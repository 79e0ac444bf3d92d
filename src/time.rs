//! The session clock. Whatever the engine says about *when*, it says in [`SessionTime`].
//!
//! Media files count in ticks of their own. A tick becomes session time once, at the edge, through
//! the file's [`MediaClock`]; from there on there is one clock and one unit.

use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const NANOS_PER_SEC: i128 = 1_000_000_000;

/// A point on the session clock, in whole nanoseconds from the session's zero.
///
/// May be negative: a camera that was started before the session zero has frames there.
/// Written to files as seconds (a decimal number); nanoseconds survive the way there and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "f64", from = "f64")]
pub struct SessionTime(#[schemars(with = "f64")] i64);

impl From<SessionTime> for f64 {
    fn from(time: SessionTime) -> Self {
        time.secs_f64()
    }
}

impl From<f64> for SessionTime {
    fn from(secs: f64) -> Self {
        Self::from_secs_f64(secs)
    }
}

impl SessionTime {
    /// The session's zero.
    pub const ZERO: Self = Self(0);

    /// From whole nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole milliseconds, as transcripts and ELAN files give them.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// From seconds as a transcript writes them, rounded to the nearest nanosecond. `NaN` becomes zero, what is
    /// too large the latest time there is.
    pub fn from_secs_f64(secs: f64) -> Self {
        // `as` saturates and turns NaN into 0, which is what the doc comment promises.
        Self((secs * 1e9).round() as i64)
    }

    /// Whole nanoseconds since the session's zero.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the session's zero, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds, for showing, exporting and statistics; for comparing times use the times themselves.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// `self + length`, or the latest representable time.
    pub fn plus(self, length: Duration) -> Self {
        let nanos = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// `self - length`, or the earliest representable time.
    pub fn minus(self, length: Duration) -> Self {
        let nanos = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(nanos))
    }

    /// `self` moved by another time taken as a signed length (an offset between two clocks).
    pub fn shifted(self, by: Self) -> Self {
        Self(self.0.saturating_add(by.0))
    }

    /// How long after `earlier` this is; `None` if it is before it.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        u64::try_from(self.0.checked_sub(earlier.0)?).ok().map(Duration::from_nanos)
    }

    /// Signed seconds from `other` to `self`: positive if `self` is later.
    pub fn secs_after(self, other: Self) -> f64 {
        self.0.saturating_sub(other.0) as f64 / NANOS_PER_SEC as f64
    }
}

/// A stretch of session time, start included, end excluded. Never empty, never backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "SpanAsWritten")]
pub struct Span {
    #[serde(rename = "start_s")]
    start: SessionTime,
    #[serde(rename = "end_s")]
    end: SessionTime,
}

#[derive(Deserialize, JsonSchema)]
struct SpanAsWritten {
    start_s: SessionTime,
    end_s: SessionTime,
}

impl TryFrom<SpanAsWritten> for Span {
    type Error = String;

    fn try_from(written: SpanAsWritten) -> Result<Self, Self::Error> {
        let SpanAsWritten { start_s: start, end_s: end } = written;
        Self::new(start, end).ok_or_else(|| {
            format!("a span must end after it starts, but {} is not after {}", end.secs_f64(), start.secs_f64())
        })
    }
}

impl Span {
    /// `None` unless `start < end`.
    pub fn new(start: SessionTime, end: SessionTime) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// From whole milliseconds; `None` unless `start < end`.
    pub fn from_millis(start: i64, end: i64) -> Option<Self> {
        Self::new(SessionTime::from_millis(start), SessionTime::from_millis(end))
    }

    /// First moment inside.
    pub fn start(self) -> SessionTime {
        self.start
    }

    /// First moment after.
    pub fn end(self) -> SessionTime {
        self.end
    }

    /// Length; never zero.
    pub fn length(self) -> Duration {
        self.end.since(self.start).unwrap_or_default()
    }

    /// Length in seconds, for showing, exporting and statistics.
    pub fn secs_f64(self) -> f64 {
        self.end.secs_after(self.start)
    }

    /// Half way between start and end.
    pub fn middle(self) -> SessionTime {
        SessionTime(self.start.0 + (self.end.0.saturating_sub(self.start.0)) / 2)
    }

    /// Whether `time` lies inside.
    pub fn contains(self, time: SessionTime) -> bool {
        self.start <= time && time < self.end
    }

    /// Where both are, if anywhere.
    pub fn overlap(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// The smallest span holding both.
    pub fn hull(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Widened by these lengths.
    pub fn widened(self, before: Duration, after: Duration) -> Self {
        Self { start: self.start.minus(before), end: self.end.plus(after) }
    }

    /// Moved by an offset between two clocks.
    pub fn shifted(self, by: SessionTime) -> Self {
        Self { start: self.start.shifted(by), end: self.end.shifted(by) }
    }
}

/// A length of time from a settings file, written in seconds. A negative number does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
pub struct Secs(#[schemars(with = "f64")] pub Duration);

impl TryFrom<f64> for Secs {
    type Error = std::time::TryFromFloatSecsError;

    fn try_from(secs: f64) -> Result<Self, Self::Error> {
        Duration::try_from_secs_f64(secs).map(Self)
    }
}

impl From<Secs> for f64 {
    fn from(secs: Secs) -> Self {
        secs.0.as_secs_f64()
    }
}

/// A raw count in a media file's own unit. Means nothing without its [`MediaClock`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(pub i64);

/// Seconds per step, as an exact fraction: `1001/30000` for 29.97 frames a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Seconds.
    pub numer: NonZeroU32,
    /// Parts.
    pub denom: NonZeroU32,
}

impl Step {
    /// `numer / denom` seconds; `None` if either is zero.
    pub fn new(numer: u32, denom: u32) -> Option<Self> {
        Some(Self { numer: NonZeroU32::new(numer)?, denom: NonZeroU32::new(denom)? })
    }

    /// Length of one step in seconds.
    pub fn secs_f64(self) -> f64 {
        f64::from(self.numer.get()) / f64::from(self.denom.get())
    }

    /// Length of `count` steps in nanoseconds, rounded once to the nearest.
    pub fn nanos(self, count: i64) -> i64 {
        let denom = i128::from(self.denom.get());
        let exact = i128::from(count) * i128::from(self.numer.get()) * NANOS_PER_SEC;
        let rounded = (exact + denom / 2).div_euclid(denom);
        rounded.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }
}

/// How one media file's ticks lie on the session clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaClock {
    /// Length of one tick.
    pub tick: Step,
    /// Session time of tick 0.
    pub zero: SessionTime,
}

impl MediaClock {
    /// The one way from a file's ticks to session time.
    pub fn session_from_ticks(&self, ticks: Ticks) -> SessionTime {
        SessionTime(self.zero.0.saturating_add(self.tick.nanos(ticks.0)))
    }
}

/// Equally spaced frames: frame `i` is centred on `first + i * step`.
///
/// The step is a fraction, so frame 100 000 of a 29.97 video is where it should be; adding up a
/// rounded step would be off by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrameGrid {
    /// Centre of frame 0.
    pub first: SessionTime,
    /// Distance between neighbouring centres.
    pub step: Step,
    /// Number of frames.
    pub len: usize,
}

impl FrameGrid {
    /// Centre of frame `index`; `None` past the end.
    pub fn time(&self, index: usize) -> Option<SessionTime> {
        let count = i64::try_from(index).ok()?;
        (index < self.len).then(|| SessionTime(self.first.0.saturating_add(self.step.nanos(count))))
    }

    /// The frame whose centre is nearest to `time`; `None` if `time` lies outside all frames' stretches.
    pub fn index(&self, time: SessionTime) -> Option<usize> {
        let position = time.secs_after(self.first) / self.step.secs_f64();
        let index = (position + 0.5).floor();
        (index >= 0.0 && index < self.len as f64).then_some(index as usize)
    }

    /// Indices of the frames whose centres lie inside `span`, as a range (empty if there are none).
    pub fn indices(&self, span: Span) -> std::ops::Range<usize> {
        let edge = |time: SessionTime| {
            let position = (time.secs_after(self.first) / self.step.secs_f64()).ceil();
            position.clamp(0.0, self.len as f64) as usize
        };
        let (from, to) = (edge(span.start), edge(span.end));
        from..to.max(from)
    }

    /// The stretch frames `from..to` stand for: half a step either side of their centres.
    pub fn span(&self, from: usize, to: usize) -> Option<Span> {
        if from >= to || to > self.len {
            return None;
        }
        let half = Step { numer: self.step.numer, denom: self.step.denom.checked_mul(NonZeroU32::new(2)?)? };
        let edge = |half_steps: i64| SessionTime(self.first.0.saturating_add(half.nanos(half_steps)));
        Span::new(edge(2 * i64::try_from(from).ok()? - 1), edge(2 * i64::try_from(to).ok()? - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ntsc() -> Step {
        Step::new(1001, 30000).unwrap()
    }

    /// A ramp: frame number in, time out. Off-by-one and drift show as plain numbers.
    #[test]
    fn a_fifty_minute_ntsc_video_does_not_drift() {
        let clock = MediaClock { tick: ntsc(), zero: SessionTime::ZERO };
        let last = 89_910; // 50 min at 29.97 frames a second
        assert_eq!(clock.session_from_ticks(Ticks(last)).nanos(), 2_999_997_000_000);

        // What a rounded fps would have said, as a warning: 30 fps is 3 s off by the end.
        let rounded_fps = last as f64 / 30.0;
        assert!((clock.session_from_ticks(Ticks(last)).secs_f64() - rounded_fps).abs() > 2.9);
    }

    #[test]
    fn spans_are_never_empty_or_backwards() {
        assert!(Span::from_millis(100, 200).is_some());
        assert_eq!(Span::from_millis(100, 100), None);
        assert_eq!(Span::from_millis(200, 100), None);
        assert!(serde_json::from_str::<Span>(r#"{"start_s": 2.0, "end_s": 1.0}"#).is_err());
    }

    #[test]
    fn touching_spans_do_not_overlap() {
        let (left, right) = (Span::from_millis(0, 100).unwrap(), Span::from_millis(100, 200).unwrap());
        assert_eq!(left.overlap(right), None);
    }

    #[test]
    fn neighbouring_frames_share_their_edge() {
        let grid = FrameGrid { first: SessionTime::from_millis(5), step: Step::new(1, 100).unwrap(), len: 3 };
        assert_eq!(grid.span(0, 1).unwrap().end(), grid.span(1, 2).unwrap().start());
        assert_eq!(grid.span(0, 3).unwrap().length(), Duration::from_millis(30));
    }

    #[test]
    fn a_time_finds_its_frame_and_a_span_its_frames() {
        let grid = FrameGrid { first: SessionTime::from_millis(5), step: Step::new(1, 100).unwrap(), len: 300 };
        for index in 0..300 {
            assert_eq!(grid.index(grid.time(index).unwrap()), Some(index));
        }
        assert_eq!(grid.index(SessionTime::from_millis(-1)), None);
        assert_eq!(grid.index(SessionTime::from_millis(3001)), None);
        assert_eq!(grid.indices(Span::from_millis(10, 30).unwrap()), 1..3);
        assert_eq!(grid.indices(Span::from_millis(9000, 9900).unwrap()), 300..300);
    }

    #[test]
    fn nanoseconds_survive_a_file() {
        for nanos in [1, -1, 123_456_789, 14_400_123_456_789] {
            let text = serde_json::to_string(&SessionTime::from_nanos(nanos)).unwrap();
            assert_eq!(serde_json::from_str::<SessionTime>(&text).unwrap().nanos(), nanos);
        }
    }
}
