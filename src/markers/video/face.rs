//! One face with all its tracks on one grid, and when its owner speaks.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::super::baseline::{self, Baseline};
use super::super::{Event, Input};
use super::body::hand_at_mouth;
use super::swing::swings;
use crate::time::{FrameGrid, Secs, SessionTime, Span};
use crate::track::{Track, Who};

/// Name of the section that holds [`Settings`] in `config/markers/video.toml`.
pub const SECTION: &str = "face";

/// Section `[face]` of `config/markers/video.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Frames of a lower quality are not assessable, 0 to 1.
    pub min_quality: f32,
    /// Each channel is smoothed by the median over this length.
    pub smooth_secs: Secs,
    /// Narrower faces rate no mouth actions, pixels.
    pub mouth_min_width_px: f32,
    /// Narrower faces rate no brow actions, pixels.
    pub brow_min_width_px: f32,
    /// Mouth actions this close to own speech do not count.
    pub speech_margin_secs: Secs,
    /// Without a voice, lips that open and close by this much (eye distances) ..
    pub lip_swing: f32,
    /// .. so many times ..
    pub lip_min_swings: usize,
    /// .. within this length are speaking.
    pub lip_window_secs: Secs,
    /// .. and so are frames this close to them: the first and last words move the lips less.
    pub lip_margin_secs: Secs,
    /// A hand this near to the mouth hides it, heights of the face.
    pub hand_at_mouth_faces: f32,
    /// Turned heads, which cannot be rated for facial actions, still have a pose from this presence on, 0 to 1.
    pub head_min_presence: f32,
    /// When a person's face is at rest, in seconds on the session clock, where a coder has picked such a moment.
    #[serde(default)]
    pub neutral_at: BTreeMap<Who, f64>,
    /// The picked moment stands for frames this close to it.
    pub neutral_secs: Secs,
}

/// What a marker needs a face to be wide enough for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Mouth and chin.
    Mouth,
    /// Brows.
    Brow,
    /// The whole head: any size.
    Head,
}

/// One face.
pub struct Face<'a> {
    /// Whose.
    pub who: Who,
    /// Centre of each frame.
    pub grid: FrameGrid,
    /// Quality of each frame, 0 to 1; 0 where there is no face.
    pub quality: Vec<f32>,
    /// Whether its owner speaks in or near (`speech_margin_secs`) each frame.
    pub speaking: Vec<bool>,
    /// Whether somebody else speaks in each frame.
    pub other_speaks: Vec<bool>,
    /// Whether any voice was measured.
    pub voices: bool,
    tracks: Vec<&'a Track>,
    width_px: Option<Vec<f32>>,
    /// Whether a hand hides the mouth.
    hidden: Vec<bool>,
    presence: Option<Vec<f32>>,
    /// Frames that a coder has picked as the face at rest.
    picked: Option<Range<usize>>,
    settings: &'a Settings,
}

const NAMES: [&str; 4] = ["face_actions", "mouth_shape", "head_pose", "gaze"];

impl<'a> Face<'a> {
    /// All faces that have a track of this name, in order of person.
    pub fn all(input: &Input<'a>, name: &str, settings: &'a Settings) -> Vec<Self> {
        input.tracks.all(name).map(|track| Self::new(input, track, settings)).collect()
    }

    fn new(input: &Input<'a>, main: &Track, settings: &'a Settings) -> Self {
        let (who, grid) = (main.who, main.grid);
        let same_grid = |name: &str| input.tracks.get(name, who).filter(|track| track.grid == grid);
        let tracks: Vec<&Track> = NAMES.iter().filter_map(|name| same_grid(name)).collect();
        let box_width = same_grid("face_quality").and_then(|t| t.column("width_px"));
        let width_px = box_width.or_else(|| same_grid("face_box").and_then(|t| t.column("width")));
        let quality = |index: usize| main.confidence.as_ref().and_then(|c| c.get(index).copied()).unwrap_or(1.0);
        let mut face = Self {
            who,
            grid,
            quality: (0..grid.len).map(quality).map(|q| if q.is_nan() { 0.0 } else { q }).collect(),
            speaking: vec![false; grid.len],
            other_speaks: vec![false; grid.len],
            voices: false,
            tracks,
            width_px: width_px.map(|w| w.to_vec()),
            hidden: vec![false; grid.len],
            presence: same_grid("face_quality").and_then(|t| t.column("presence")).map(|p| p.to_vec()),
            picked: settings.neutral_at.get(&who).and_then(|secs| {
                let (at, around) = (SessionTime::from_secs_f64(*secs), settings.neutral_secs.0);
                Some(grid.indices(Span::new(at.minus(around), at.plus(around))?))
            }),
            settings,
        };
        for span in hand_at_mouth(input, who, settings.hand_at_mouth_faces) {
            face.hidden[grid.indices(span)].fill(true);
        }
        face.listen(input);
        face
    }

    /// Fills in who speaks when: by voice where this person's voice was measured, else by the movement of the lips.
    fn listen(&mut self, input: &Input<'_>) {
        let margin = self.settings.speech_margin_secs.0;
        let mut voice_known = vec![false; self.grid.len];
        let voices: Vec<&Event> = input.earlier.iter().filter(|e| e.marker == "aud.vad").collect();
        self.voices = !voices.is_empty();
        let own_voice = voices.iter().any(|e| e.who == self.who);
        voice_known.fill(own_voice);
        for event in voices {
            let speech = event.kind.as_deref() != Some("unknown");
            match (event.who == self.who, speech) {
                (true, true) => self.speaking[self.grid.indices(event.span.widened(margin, margin))].fill(true),
                (true, false) => voice_known[self.grid.indices(event.span)].fill(false),
                (false, true) => self.other_speaks[self.grid.indices(event.span)].fill(true),
                (false, false) => (),
            }
        }
        let margin = self.settings.lip_margin_secs.0;
        for span in self.lips_moving() {
            for index in self.grid.indices(span.widened(margin, margin)) {
                self.speaking[index] |= !voice_known[index];
            }
        }
    }

    /// Stretches in which the lips open and close as in speech.
    fn lips_moving(&self) -> Vec<Span> {
        let Some(open) = self.column("lips_open", Part::Head) else { return Vec::new() };
        let turns = swings(&open, self.settings.lip_swing);
        let count = self.settings.lip_min_swings.max(1);
        let window = self.settings.lip_window_secs.0.as_secs_f64();
        turns
            .windows(count)
            .filter_map(|turns| {
                let (first, last) = (turns.first()?, turns.last()?);
                let span = self.grid.span(first.from, last.to + 1)?;
                (span.secs_f64() <= window).then_some(span)
            })
            .collect()
    }

    /// One channel, smoothed; `NaN` where it was not measured, the quality is too low, or the face too small for `part`.
    /// `None` if no track of this face has such a column.
    pub fn column(&self, name: &str, part: Part) -> Option<Vec<f32>> {
        let column = self.tracks.iter().find_map(|track| track.column(name))?;
        let values: Vec<f32> = column
            .iter()
            .enumerate()
            .map(|(index, &value)| if self.assessable(index, part) { value } else { f32::NAN })
            .collect();
        let frames = self.settings.smooth_secs.0.as_secs_f64() / self.grid.step.secs_f64();
        Some(smoothed(&values, (frames / 2.0).floor() as usize))
    }

    /// The mean of two channels (left and right), as [`Face::column`].
    pub fn pair(&self, name: &str, part: Part) -> Option<Vec<f32>> {
        let left = self.column(&format!("{name}Left"), part)?;
        let right = self.column(&format!("{name}Right"), part)?;
        Some(left.iter().zip(&right).map(|(l, r)| (l + r) / 2.0).collect())
    }

    /// Whether a frame can be judged.
    pub fn assessable(&self, index: usize, part: Part) -> bool {
        let min_width = match part {
            Part::Mouth => self.settings.mouth_min_width_px,
            Part::Brow => self.settings.brow_min_width_px,
            Part::Head => 0.0,
        };
        let width = self.width_px.as_ref().and_then(|w| w.get(index).copied()).unwrap_or(f32::INFINITY);
        let hidden = part == Part::Mouth && self.hidden.get(index).copied().unwrap_or(false);
        !hidden
            && self.quality.get(index).is_some_and(|&q| q >= self.settings.min_quality)
            && (width.is_nan() || width >= min_width)
    }

    /// Whether the pose of the head is known in a frame, however far it is turned.
    pub fn is_posed(&self, index: usize) -> bool {
        let presence = self.presence.as_ref().and_then(|p| p.get(index).copied());
        self.quality.get(index).is_some_and(|&q| q >= self.settings.min_quality)
            || presence.is_some_and(|p| p >= self.settings.head_min_presence)
    }

    /// One angle of the head in degrees, `NaN` where the pose is not known; `None` without such a column.
    pub fn head(&self, angle: &str) -> Option<Vec<f32>> {
        let pose = self.tracks.iter().find(|track| track.columns.iter().any(|c| c == "roll"))?;
        let values = pose.column(angle)?;
        Some(values.iter().enumerate().map(|(i, &v)| if self.is_posed(i) { v } else { f32::NAN }).collect())
    }

    /// One channel as it was measured, not smoothed; `NaN` and `None` as in [`Face::column`].
    pub fn raw_column(&self, name: &str, part: Part) -> Option<Vec<f32>> {
        let column = self.tracks.iter().find_map(|track| track.column(name))?;
        let known = |(index, &value): (usize, &f32)| if self.assessable(index, part) { value } else { f32::NAN };
        Some(column.iter().enumerate().map(known).collect())
    }

    /// Where these values lie at rest: in the moment that a coder has picked, else at the percentile `share` of the
    /// frames in which the person listens, drawn towards `usual` (what most faces measure). `None` if there is too little.
    pub fn rest(&self, values: &[f32], share: f64, usual: Option<f32>, settings: &baseline::Settings) -> Option<f32> {
        let own = || {
            let sorted = baseline::sorted(values, &self.listening());
            settings.rest(&sorted, share, self.grid.step.secs_f64(), usual).map(|rest| rest as f32)
        };
        self.picked(values).or_else(own)
    }

    /// As [`Face::rest`], of those frames in which the person listens and which are marked `still`: there may be few, or
    /// none, as long as the person listens for long enough.
    pub fn rest_among(
        &self,
        values: &[f32],
        still: &[bool],
        share: f64,
        usual: f32,
        settings: &baseline::Settings,
    ) -> Option<f32> {
        let step_secs = self.grid.step.secs_f64();
        let own = || {
            let listening = self.listening();
            let marked: Vec<bool> =
                listening.iter().zip(still).map(|(listening, still)| *listening && *still).collect();
            let enough = settings.is_enough(&baseline::sorted(values, &listening), step_secs);
            let drawn = || settings.drawn(&baseline::sorted(values, &marked), share, step_secs, usual) as f32;
            enough.then(drawn)
        };
        self.picked(values).or_else(own)
    }

    /// Rest and usual height of these values, as [`Face::rest`].
    pub fn baseline(&self, values: &[f32], usual: Option<f32>, settings: &baseline::Settings) -> Option<Baseline> {
        let listening = self.listening();
        match self.picked(values) {
            Some(neutral) => Some(Baseline::above(neutral.into(), &baseline::sorted(values, &listening), settings)),
            None => Baseline::of(values, &listening, self.grid.step.secs_f64(), usual, settings),
        }
    }

    /// Whether a coder has picked a moment of this face at rest that holds a frame.
    pub fn is_picked(&self) -> bool {
        self.picked.as_ref().is_some_and(|frames| !frames.is_empty())
    }

    /// The middle of the values in the moment that a coder has picked.
    fn picked(&self, values: &[f32]) -> Option<f32> {
        let values = values.get(self.picked.clone()?)?;
        baseline::percentile(&baseline::sorted(values, &vec![true; values.len()]), 50.0).map(|rest| rest as f32)
    }

    /// Frames in which the person listens: those for a baseline.
    pub fn listening(&self) -> Vec<bool> {
        self.speaking.iter().map(|speaking| !speaking).collect()
    }

    /// `listening` or `speaking`, whichever holds for more of these frames.
    pub fn manner(&self, from: usize, to: usize) -> &'static str {
        let speaking = self.speaking.get(from..to).map_or(0, |frames| frames.iter().filter(|s| **s).count());
        if 2 * speaking > to.saturating_sub(from) { "speaking" } else { "listening" }
    }

    /// Mean quality of these frames, 0 to 1.
    pub fn mean_quality(&self, from: usize, to: usize) -> f32 {
        self.quality.get(from..to).map_or(0.0, |frames| frames.iter().sum::<f32>() / frames.len().max(1) as f32)
    }
}

/// Median over `half` frames either side, frames without a value left out; a frame without a value stays so.
fn smoothed(values: &[f32], half: usize) -> Vec<f32> {
    let median = |index: usize| {
        let around = values.get(index.saturating_sub(half)..(index + half + 1).min(values.len())).unwrap_or_default();
        let mut known: Vec<f32> = around.iter().copied().filter(|v| !v.is_nan()).collect();
        known.sort_by(f32::total_cmp);
        let upper = known.get(known.len() / 2).copied().unwrap_or(f32::NAN);
        let lower = known.get(known.len().saturating_sub(1) / 2).copied().unwrap_or(f32::NAN);
        (lower + upper) / 2.0
    };
    values.iter().enumerate().map(|(index, value)| if value.is_nan() { f32::NAN } else { median(index) }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::audio::picture::{find, frames};
    use super::super::super::audio::vad::Vad;
    use super::super::picture::{Made, settings_face};
    use super::*;

    #[test]
    fn smoothing_takes_out_one_frame_and_keeps_edges_and_holes() {
        let nan = f32::NAN;
        let found = smoothed(&[0.0, 0.0, 9.0, 0.0, 1.0, 1.0, nan, 1.0], 1);
        assert_eq!(found[..6], [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        assert!(found[6].is_nan());
    }

    #[test]
    fn the_own_voice_tells_who_speaks() {
        let mut made = Made::new(Who::Client, 50);
        // 4 s at 12.5 frames a second: the client speaks in the second second, the therapist in the third.
        let voice = frames("..........CCCCCCCCCCTTTTTTTTTT..........", 100);
        let events = find(&voice, &[&Vad], None);
        made.tracks.extend(voice);
        let (settings, input) = (settings_face(), made.input(&events));
        let face = &Face::all(&input, "face_actions", &settings)[0];
        let times = |marks: &[bool]| {
            let first = marks.iter().position(|m| *m).unwrap();
            (first as f64 * 0.08, marks.iter().filter(|m| **m).count() as f64 * 0.08)
        };
        let (start, length) = times(&face.speaking);
        assert!((start - 0.72).abs() < 0.09 && (length - 1.6).abs() < 0.09, "{start} {length}");
        let (start, length) = times(&face.other_speaks);
        assert!((start - 2.0).abs() < 0.09 && (length - 1.0).abs() < 0.09, "{start} {length}");
    }

    #[test]
    fn without_a_voice_the_lips_tell() {
        let mut made = Made::new(Who::Face(1), 100);
        let lips: Vec<f32> = (0..100).map(|i| if (40..60).contains(&i) && i % 4 < 2 { 0.12 } else { 0.01 }).collect();
        made.mouth("lips_open", &lips);
        let (settings, input) = (settings_face(), made.input(&[]));
        let face = &Face::all(&input, "face_actions", &settings)[0];
        assert!(face.speaking[45] && face.speaking[55]);
        assert!(!face.speaking[30] && !face.speaking[75]);
        // A mouth that opens once and stays open does not speak.
        made.mouth("lips_open", &(0..100).map(|i| if i > 50 { 0.3 } else { 0.01 }).collect::<Vec<_>>());
        let input = made.input(&[]);
        assert!(!Face::all(&input, "face_actions", &settings)[0].speaking.contains(&true));
    }

    #[test]
    fn a_small_face_rates_no_mouth_and_a_middling_one_no_brow() {
        let known = |width: f32| {
            let mut made = Made::new(Who::Client, 10);
            made.width(width);
            let (settings, input) = (settings_face(), made.input(&[]));
            let face = &Face::all(&input, "face_actions", &settings)[0];
            [Part::Mouth, Part::Brow, Part::Head].map(|part| face.assessable(5, part))
        };
        assert_eq!(known(60.0), [false, false, true]);
        assert_eq!(known(100.0), [true, false, true]);
        assert_eq!(known(130.0), [true, true, true]);
    }
}
