//! Blink rate.

use serde::Deserialize;

use super::super::baseline::{percentile, sorted};
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::action::stretches;
use super::face::{self, Face, Part};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// How often the eyes close for 80 to 500 ms, per minute, in windows of a minute. `few`: below what is ever usual;
/// `many`: above the person's own P90. The strength of a plain `window` is 0: it is there to be read, not to be scored.
///
/// ## What it does not see
/// Anything in films of less than 25 pictures per second, or when fewer are looked at (`step` in `face.toml`): a blink
/// then falls between two pictures. A look down that lasts as long as a blink is taken for one. Speaking raises the
/// rate (26 per minute against 17 at rest): compare like with like.
pub struct BlinkRate;

const CARD: Card = Card {
    id: "vid.blink",
    section: "blink",
    what: "How often the eyes blink.",
    unit: Unit::PerMinute,
    kinds: &["window", "few", "many"],
    needs: &["face_actions"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Bentivoglio 1997 (rest 17, talking 26, reading 4.5 per minute), Doughty 2001; .5, 80 to 500 ms, P90, 5 per \
             minute: DOMAIN B (judgement).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Fewer pictures per second see no blinks.
    min_per_sec: f64,
    /// Eyes are closed from this `eyeBlink` on, 0 to 1 ..
    closed_from: f32,
    /// .. and open again below this one.
    open_below: f32,
    /// Shortest closing of a blink.
    min_secs: Secs,
    /// Longest; longer ones are closed eyes or a look down.
    max_secs: Secs,
    /// Length of a window.
    window_secs: Secs,
    /// A window needs this part of its frames assessable, 0 to 1.
    min_known_share: f64,
    /// Fewer blinks per minute are few.
    few_per_minute: f32,
    /// Percentile of the person's own windows above which there are many, 0 to 100.
    many_percentile: f64,
    /// Fewer windows make no percentile.
    min_windows: usize,
    /// How far beyond the border, as a part of it, as a strength.
    strength: Ramp,
    /// What a face is.
    face: face::Settings,
}

impl Marker for BlinkRate {
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
        // A thousandth of grace: 25 per second may be 24.99.
        let quick = |face: &&Face<'_>| face.grid.step.secs_f64() * settings.min_per_sec <= 1.001;
        if !faces.iter().any(|face| quick(&face)) {
            return Err(MarkerError::TooSlow { marker: CARD.id, need_per_sec: settings.min_per_sec });
        }
        let mut events: Vec<Event> = faces.iter().filter(quick).flat_map(|face| of_face(face, &settings)).collect();
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

fn of_face(face: &Face<'_>, settings: &Settings) -> Vec<Event> {
    let step = face.grid.step.secs_f64();
    let side = |side: &str| face.raw_column(&format!("eyeBlink{side}"), Part::Mouth);
    let Some((left, right)) = side("Left").zip(side("Right")) else { return Vec::new() };
    let shut: Vec<f32> = left.iter().zip(&right).map(|(l, r)| (l + r) / 2.0).collect();
    let frames = |secs: Secs| secs.0.as_secs_f64() / step;
    let closings = stretches(
        &shut,
        |i| shut[i] >= settings.closed_from,
        |i| shut[i] >= settings.open_below,
        0.0,
        frames(settings.min_secs),
    );
    let blinks: Vec<usize> = closings
        .iter()
        .filter(|closing| (closing.to - closing.from) as f64 <= frames(settings.max_secs) + 0.5)
        .map(|closing| closing.apex)
        .collect();
    let length = (frames(settings.window_secs).round() as usize).max(1);
    let windows: Vec<(usize, f32, f32)> = (0..face.grid.len)
        .step_by(length)
        .take_while(|from| from + length <= face.grid.len)
        .filter_map(|from| {
            let known = shut.get(from..from + length)?.iter().filter(|v| !v.is_nan()).count();
            let share = known as f64 / length as f64;
            let count = blinks.iter().filter(|at| (from..from + length).contains(at)).count();
            let per_minute = 60.0 * count as f64 / (known.max(1) as f64 * step);
            let quality = face.mean_quality(from, from + length) * share as f32;
            (share >= settings.min_known_share).then_some((from, per_minute as f32, quality))
        })
        .collect();
    let rates: Vec<f32> = windows.iter().map(|window| window.1).collect();
    let usual = sorted(&rates, &vec![true; rates.len()]);
    let many = percentile(&usual, settings.many_percentile).filter(|_| rates.len() >= settings.min_windows);
    let told = |&(from, rate, quality): &(usize, f32, f32)| {
        let span = face.grid.span(from, from + length)?;
        let beyond = |by: f32| settings.strength.strength(by);
        let few = settings.few_per_minute;
        let (kind, strength) = match many.map(|many| many as f32) {
            _ if rate < few => ("few", beyond((few - rate) / few)),
            Some(many) if rate > many => ("many", beyond((rate - many) / many.max(1.0))),
            _ => ("window", 0.0),
        };
        Some(Event::new(&CARD, face.who, span, rate).kind(kind).rated(strength, quality))
    };
    windows.iter().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::*;
    use crate::track::Who;

    /// Two minutes at 25 per second with blinks (start, length in seconds).
    fn rates(blinks: &[(f64, f64)]) -> Vec<(f32, String)> {
        let mut made = Made::at_rate(Who::Client, 3000, 25);
        let shut: Vec<_> = blinks.iter().map(|(start, secs)| (*start, start + secs, 0.8)).collect();
        made.action("eyeBlinkLeft", 0.1, &shut).action("eyeBlinkRight", 0.1, &shut);
        made.find(&BlinkRate).into_iter().map(|e| (e.value, e.kind.unwrap())).collect()
    }

    #[test]
    fn closings_of_a_blinks_length_are_counted() {
        let mut blinks: Vec<_> = (0..17).map(|i| (3.0 * f64::from(i), 0.2)).collect();
        // Closed eyes and a flicker are none.
        blinks.extend([(52.0, 2.0), (57.0, 0.04), (70.0, 0.12), (80.0, 0.12)]);
        assert_eq!(rates(&blinks), [(17.0, "window".into()), (2.0, "few".into())]);
    }

    #[test]
    fn too_few_pictures_see_none() {
        let error = Made::speechless().find_result(&BlinkRate).unwrap_err().to_string();
        assert!(error.contains("vid.blink") && error.contains("25"), "{error}");
    }
}
