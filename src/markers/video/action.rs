//! From a score per frame to events: the one place where facial actions get their start, peak and end.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::baseline;
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::face::{self, Face};
use crate::time::Secs;

/// Sections that every facial action reads besides its own.
pub const SHARED: &[&str] = &[face::SECTION, baseline::SECTION];

/// Settings of one facial action: what all of them have, and its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "toml::Table", bound(deserialize = "Own: DeserializeOwned"))]
pub struct Settings<Own> {
    /// What only this action has.
    pub own: Own,
    /// When the score is an event.
    pub rule: Rule,
    /// The peak's distance to rest as a strength.
    pub strength: Ramp,
    /// What a face is.
    pub face: face::Settings,
    /// What rest is.
    pub baseline: baseline::Settings,
}

/// No settings of its own.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    rule: Rule,
    strength: Ramp,
    face: face::Settings,
    baseline: baseline::Settings,
}

impl<Own: DeserializeOwned> TryFrom<toml::Table> for Settings<Own> {
    type Error = String;

    // Not `flatten`, which would let misspelt settings pass.
    fn try_from(table: toml::Table) -> Result<Self, String> {
        let is_common = |name: &str| name == "rule" || name == "strength" || SHARED.contains(&name);
        let (common, own): (toml::Table, toml::Table) = table.into_iter().partition(|(name, _)| is_common(name));
        let told = |e: toml::de::Error| e.message().to_owned();
        let Common { rule, strength, face, baseline } = common.try_into().map_err(told)?;
        Ok(Self { own: own.try_into().map_err(told)?, rule, strength, face, baseline })
    }
}

/// What makes one facial action differ from another.
pub struct Action<'a, Own> {
    /// What it is.
    pub card: &'a Card,
    /// Its height in each frame, `NaN` where it cannot be judged; `None` if the channels are not there or there is too
    /// little for a baseline.
    pub score: fn(&Face<'_>, &Settings<Own>) -> Option<Vec<f32>>,
    /// Whether it also counts while the person speaks.
    pub also_speaking: bool,
    /// What is to be said of the events besides; it may leave some out.
    pub told: fn(Vec<Event>, &Face<'_>, &Settings<Own>) -> Vec<Event>,
}

impl<Own: DeserializeOwned> Marker for Action<'static, Own> {
    fn card(&self) -> &'static Card {
        self.card
    }

    fn shared(&self) -> &'static [&'static str] {
        SHARED
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings<Own> = read(self.card, settings)?;
        require(self.card, input.tracks)?;
        let faces = Face::all(input, "face_actions", &settings.face);
        let of_face = |face: &Face<'_>| {
            let score = (self.score)(face, &settings)?;
            let allowed = if self.also_speaking { vec![true; score.len()] } else { face.listening() };
            let rule = (&settings.rule, settings.strength, &settings.baseline);
            let found = events(self.card, face, &score, &allowed, rule)?;
            Some((self.told)(found, face, &settings))
        };
        joined(self.card, faces.iter().map(of_face).collect(), settings.baseline.min_valid_secs)
    }
}

/// Nothing besides.
pub fn as_it_is<Own>(events: Vec<Event>, _: &Face<'_>, _: &Settings<Own>) -> Vec<Event> {
    events
}

/// When a score is an event (DOMAIN 1, "Events").
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Starts at this z ..
    pub on_z: f32,
    /// .. and goes on down to this one.
    pub off_z: f32,
    /// A start must also lie this far above the person's rest, in the score's own unit; what goes on, the same part of
    /// it that `off_z` is of `on_z`.
    pub floor: f32,
    /// What lies this far above rest is a start whatever its z; left out where there is no such height.
    pub always_above: Option<f32>,
    /// Shorter ones are left out.
    pub min_secs: Secs,
    /// Two that are closer than this are one.
    pub merge_secs: Secs,
    /// What most faces score at rest; left out where they differ.
    pub usual_rest: Option<f32>,
}

/// Frames `from..to` with the frame of the peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// First frame.
    pub from: usize,
    /// First frame after.
    pub to: usize,
    /// Frame with the highest score.
    pub apex: usize,
}

/// Stretches that start where `starts` holds and go on while `goes_on` holds (`starts` implies it), both given frame
/// and value; a frame without a value (`NaN`) ends one. Then those less than `merge_frames` apart become one, and
/// those shorter than `min_frames` are left out.
pub fn stretches(
    values: &[f32],
    starts: impl Fn(usize) -> bool,
    goes_on: impl Fn(usize) -> bool,
    merge_frames: f64,
    min_frames: f64,
) -> Vec<Found> {
    let known = |index: usize| values.get(index).is_some_and(|v| !v.is_nan());
    let mut joined: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < values.len() {
        if !known(at) || !starts(at) {
            at += 1;
            continue;
        }
        // What led up to the start belongs to it.
        let mut from = at;
        let earliest = joined.last().map_or(0, |last| last.1);
        while from > earliest && known(from - 1) && goes_on(from - 1) {
            from -= 1;
        }
        let mut to = at + 1;
        while known(to) && (goes_on(to) || starts(to)) {
            to += 1;
        }
        match joined.last_mut() {
            Some(last) if ((from - last.1) as f64) < merge_frames => last.1 = to,
            _ => joined.push((from, to)),
        }
        at = to;
    }
    // Half a frame of grace: lengths in frames are whole, those in seconds are not.
    joined.retain(|&(from, to)| (to - from) as f64 + 0.5 >= min_frames);
    let apex = |(from, to): (usize, usize)| {
        let best = (from..to).filter(|&i| known(i)).reduce(|best, i| if values[i] > values[best] { i } else { best });
        Found { from, to, apex: best.unwrap_or(from) }
    };
    joined.into_iter().map(apex).collect()
}

/// The events of one face in a score per frame (`NaN` = not assessable). The baseline comes from the frames in which
/// the person listens; events may lie where `allowed` holds. `value` is the peak z, strength comes from the peak's
/// distance to rest. `None` if there is too little for a baseline.
fn events(
    card: &Card,
    face: &Face<'_>,
    score: &[f32],
    allowed: &[bool],
    (rule, strength, settings): (&Rule, Ramp, &baseline::Settings),
) -> Option<Vec<Event>> {
    let step = face.grid.step.secs_f64();
    let base = face.baseline(score, rule.usual_rest, settings)?;
    let score: Vec<f32> = score.iter().zip(allowed).map(|(&x, &ok)| if ok { x } else { f32::NAN }).collect();
    let above = |index: usize| score[index] - base.neutral;
    let found = stretches(
        &score,
        |i| {
            (base.z(score[i]) >= rule.on_z && above(i) >= rule.floor)
                || rule.always_above.is_some_and(|height| above(i) >= height)
        },
        |i| base.z(score[i]) >= rule.off_z && above(i) * rule.on_z >= rule.floor * rule.off_z,
        rule.merge_secs.0.as_secs_f64() / step,
        rule.min_secs.0.as_secs_f64() / step,
    );
    let event = |found: Found| {
        let span = face.grid.span(found.from, found.to)?;
        let event = Event::new(card, face.who, span, base.z(score[found.apex]))
            .rated(strength.strength(above(found.apex)), base.sure * face.mean_quality(found.from, found.to));
        Some(Event { apex: face.grid.time(found.apex), ..event })
    };
    Some(found.into_iter().filter_map(event).collect())
}

/// Joins what each face gave, in order of start.
///
/// # Errors
/// [`MarkerError::TooLittle`] if there are faces, and for none of them there was enough.
pub fn joined(card: &Card, faces: Vec<Option<Vec<Event>>>, min_secs: Secs) -> Result<Vec<Event>, MarkerError> {
    if !faces.is_empty() && faces.iter().all(Option::is_none) {
        return Err(MarkerError::TooLittle { marker: card.id, need_secs: min_secs.0.as_secs_f64() });
    }
    let mut events: Vec<Event> = faces.into_iter().flatten().flatten().collect();
    events.sort_by_key(|e| (e.span, e.who));
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One character per frame: a digit is the value in tenths, `?` not measured. On at .5, off below .2, at least 3
    /// frames, closer than 3 frames is one. Expects from, to, apex.
    fn check(picture: &str, expect: &[(usize, usize, usize)]) {
        let values: Vec<f32> = picture.chars().map(|c| c.to_digit(10).map_or(f32::NAN, |d| d as f32 / 10.0)).collect();
        let found: Vec<_> = stretches(&values, |i| values[i] >= 0.5, |i| values[i] >= 0.2, 3.0, 3.0)
            .into_iter()
            .map(|f| (f.from, f.to, f.apex))
            .collect();
        assert_eq!(found, expect, "{picture}");
    }

    #[test]
    fn it_starts_high_and_lasts_from_foot_to_foot() {
        check("0023576420", &[(2, 9, 5)]);
        check("0023444320", &[]);
    }

    #[test]
    fn short_ones_are_left_out_and_close_ones_join() {
        check("0006600000", &[]);
        check("0660006600", &[]);
        check("0660066000", &[(1, 7, 1)]);
    }

    #[test]
    fn what_was_not_measured_ends_one() {
        check("0666????6660", &[(1, 4, 1), (8, 11, 8)]);
        check("????", &[]);
        check("", &[]);
    }

    #[test]
    fn a_misspelt_setting_is_named() {
        let table = |own: &str| -> toml::Table {
            let all = super::super::super::audio::picture::settings();
            let mut table = all["suck"].clone();
            table.extend(SHARED.iter().map(|name| ((*name).to_owned(), toml::Value::Table(all[*name].clone()))));
            table.extend(toml::from_str::<toml::Table>(own).unwrap());
            table
        };
        assert!(Settings::<Nothing>::try_from(table("")).is_ok());
        assert!(Settings::<Nothing>::try_from(table("rul = 1")).unwrap_err().contains("rul"));
    }
}
