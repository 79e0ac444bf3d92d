//! How lively a face is.

use serde::Deserialize;

use super::super::baseline::{percentile, sorted};
use super::super::{Card, Event, Input, Marker, MarkerError, read, require};
use super::action::{joined, stretches};
use super::face::{self, Face, Part};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// The mean change per second of some twenty facial actions, in windows one after the other (kind `window`); and
/// stretches in which the running window stays below the person's own `flat_percentile` for at least `flat_min_secs`
/// while somebody else speaks (kind `flat`; where no voice was measured, while the person does not speak).
///
/// ## What it does not see
/// Feeling. Medication, masks and the tracker's own smoothing make faces flat.
pub struct Expressivity;

const CARD: Card = Card {
    id: "vid.express",
    section: "express",
    what: "How much the face moves.",
    unit: Unit::PerSecond,
    kinds: &["window", "flat"],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Steppan 2023 (neutral faces and drop-out); 30 s, P15: DOMAIN B (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Facial actions that count.
    actions: Vec<String>,
    /// Length of a window.
    window_secs: Secs,
    /// A window needs this part of its frames assessable, 0 to 1.
    min_known_share: f64,
    /// Percentile of the person's own running windows below which the face is flat, 0 to 100.
    flat_percentile: f64,
    /// Shortest flat stretch.
    flat_min_secs: Secs,
    /// With less than this to compare with, nothing is flat.
    flat_min_valid_secs: Secs,
    /// The face is listening where the other speaks in this part of the running window, 0 to 1.
    other_speaks_share: f64,
    /// What a face is.
    face: face::Settings,
}

impl Marker for Expressivity {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[face::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let faces = Face::all(input, "face_actions", &settings.face);
        let found = faces.iter().map(|face| of_face(face, &settings));
        joined(&CARD, found.collect(), settings.window_secs)
    }
}

/// Mean change per second over the chosen actions between a frame and the one before; `NaN` where either is missing.
fn change(face: &Face<'_>, settings: &Settings) -> Option<Vec<f32>> {
    let step = face.grid.step.secs_f64() as f32;
    let columns: Option<Vec<_>> = settings.actions.iter().map(|name| face.column(name, Part::Mouth)).collect();
    let columns = columns.filter(|columns| !columns.is_empty())?;
    let at = |frame: usize| match frame.checked_sub(1) {
        Some(before) => {
            columns.iter().map(|c| (c[frame] - c[before]).abs()).sum::<f32>() / (columns.len() as f32 * step)
        }
        None => f32::NAN,
    };
    Some((0..face.grid.len).map(at).collect())
}

/// Sums over the first `n` frames, for `n` from 0: the sum over any window is a difference of two.
fn sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let mut all = vec![0.0];
    all.extend(values.map(|value| {
        sum += value;
        sum
    }));
    all
}

fn of_face(face: &Face<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let step = face.grid.step.secs_f64();
    let change = change(face, settings)?;
    let known = sums(change.iter().map(|c| f64::from(u8::from(!c.is_nan()))));
    if known.last()? * step < settings.window_secs.0.as_secs_f64() * settings.min_known_share {
        return None;
    }
    let total = sums(change.iter().map(|c| if c.is_nan() { 0.0 } else { f64::from(*c) }));
    let listens = |i: usize| if face.voices { face.other_speaks[i] } else { !face.speaking[i] };
    let listening = sums((0..change.len()).map(|i| f64::from(u8::from(listens(i)))));
    let mean = |from: usize, to: usize| {
        let count = known[to] - known[from];
        let enough = count >= settings.min_known_share * (to - from) as f64 && count > 0.0;
        if enough { ((total[to] - total[from]) / count) as f32 } else { f32::NAN }
    };
    let length = ((settings.window_secs.0.as_secs_f64() / step).round() as usize).max(1);
    let mut events = Vec::new();
    for from in (0..face.grid.len).step_by(length).take_while(|from| from + length <= face.grid.len) {
        let value = mean(from, from + length);
        let Some(span) = face.grid.span(from, from + length).filter(|_| !value.is_nan()) else { continue };
        let quality = face.mean_quality(from, from + length);
        events.push(Event::new(&CARD, face.who, span, value).kind("window").rated(0.0, quality));
    }

    // The window that runs around each frame, where the person listens through most of it.
    let running: Vec<f32> = (0..face.grid.len)
        .map(|i| {
            let (from, to) = (i.saturating_sub(length / 2), (i + length / 2 + 1).min(face.grid.len));
            let share = (listening[to] - listening[from]) / (to - from) as f64;
            if share >= settings.other_speaks_share { mean(from, to) } else { f32::NAN }
        })
        .collect();
    let usual = sorted(&running, &vec![true; running.len()]);
    if usual.len() as f64 * step >= settings.flat_min_valid_secs.0.as_secs_f64() {
        let flat_below = percentile(&usual, settings.flat_percentile)? as f32;
        let middle = percentile(&usual, 50.0)? as f32;
        let min_frames = settings.flat_min_secs.0.as_secs_f64() / step;
        let flat = |i: usize| running[i] < flat_below;
        for found in stretches(&running, flat, flat, 1.0, min_frames) {
            let Some(span) = face.grid.span(found.from, found.to) else { continue };
            let value = running[found.from..found.to].iter().sum::<f32>() / (found.to - found.from) as f32;
            // 0 = moves as usual, 1 = does not move at all.
            let strength = if middle > 0.0 { 1.0 - value / middle } else { 0.0 };
            let event = Event::new(&CARD, face.who, span, value).kind("flat");
            events.push(event.rated(strength, face.mean_quality(found.from, found.to)));
        }
    }
    events.sort_by_key(|e| e.span);
    Some(events)
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::*;
    use crate::track::Who;

    /// Ten minutes of a face that smiles every second, but not from 300 s to 390 s.
    fn lively() -> Made {
        let mut made = Made::new(Who::Client, 7500);
        let smiles: Vec<_> =
            (0..600).filter(|s| !(300..390).contains(s)).map(|s| (f64::from(s), f64::from(s) + 0.5, 0.6)).collect();
        made.action("mouthSmileLeft", 0.1, &smiles);
        made
    }

    #[test]
    fn a_face_that_stops_moving_is_flat_there() {
        let found = lively().find(&Expressivity);
        let flat: Vec<_> = found.iter().filter(|e| e.kind.as_deref() == Some("flat")).collect();
        assert_eq!(flat.len(), 1, "{flat:?}");
        assert!(flat[0].span.start().secs_f64() > 290.0 && flat[0].span.end().secs_f64() < 400.0, "{flat:?}");
        assert!(flat[0].strength > 0.5);
        assert_eq!(found.iter().filter(|e| e.kind.as_deref() == Some("window")).count(), 20);
    }

    #[test]
    fn only_while_somebody_else_speaks_where_voices_are_known() {
        let mut made = lively();
        made.speak(250.0, 450.0);
        assert!(made.find(&Expressivity).iter().all(|e| e.kind.as_deref() != Some("flat")));
    }
}
