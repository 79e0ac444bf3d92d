//! Whether two people move together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{self as markers, Card, Event, Input, Marker, MarkerError, read, require};
use super::body::{Movement, joined};
use crate::synchrony::{Shape, Shuffle, Summary, against_chance, windows};
use crate::time::{FrameGrid, Secs};
use crate::track::{Tracks, Unit, Who};

/// ## What it sees
/// Windowed lagged cross-correlation of two people's motion energy: the mean `|Fisher's z|` over all lags (kind `mean`),
/// at lag 0 (`lag0`), where the client moves first (`client_leads`) and where the therapist does (`therapist_leads`; of
/// people without a role the first and the second one), of each window (`window`), and how far `mean` lies above the
/// same session with shuffled segments, in their standard deviations (`chance`).
///
/// ## What it does not see
/// The quality of anything: in 118 sessions it went neither with the frequency nor the intensity of ruptures. It
/// describes two people together and is never scored: its strength is always 0.
pub struct Synchrony;

const CARD: Card = Card {
    id: "vid.sync",
    section: "sync",
    what: "Two people's movements go together.",
    unit: Unit::Mixed,
    kinds: &["mean", "lag0", "client_leads", "therapist_leads", "window", "chance"],
    needs: &["motion"],
    after: &[],
    reads_text: false,
    source: "Ramseyer & Tschacher 2011/2014; Kleinbub & Ramseyer 2020 (rMEA): DOMAIN B.2.",
};

/// Section `[sync]` of `config/markers/video.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Movement is the mean over this length.
    pub smooth_secs: Secs,
    /// What exceeds so many standard deviations is left out.
    pub most_sd: f64,
    /// Length of a window.
    pub window_secs: Secs,
    /// From one window to the next.
    pub step_secs: Secs,
    /// Longest lag to either side.
    pub max_lag_secs: Secs,
    /// Whether moving against each other counts as together.
    pub absolute: bool,
    /// Length of the segments that are shuffled.
    pub segment_secs: Secs,
    /// How many shuffled sessions.
    pub shuffles: usize,
    /// With fewer segments chance is not told.
    pub min_segments: usize,
    /// Where the generator begins.
    pub seed: u64,
    /// Fewer windows say nothing.
    pub min_windows: usize,
}

/// Name of the section that holds [`Settings`].
pub const SECTION: &str = "sync";

/// What the whole session gave, with all that it was computed with: results move with every choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Together {
    /// The one of the two that leads at positive lags: the client, or the first face.
    pub first: Who,
    /// The other one.
    pub second: Who,
    /// Mean over windows and lags: of `|Fisher's z|`, or of z where `absolute` is false.
    pub mean: f32,
    /// The same at lag 0; `None` if it could not be computed.
    pub lag0: Option<f32>,
    /// The same where the first moves first.
    pub first_leads: Option<f32>,
    /// The same where the second moves first.
    pub second_leads: Option<f32>,
    /// How far `mean` lies above the mean of shuffled sessions, in their standard deviations; `None` in short sessions.
    pub chance_sd: Option<f32>,
    /// Windows that could be computed.
    pub windows: usize,
    /// Length of a window, seconds.
    pub window_s: f64,
    /// From one window to the next, seconds.
    pub step_s: f64,
    /// Longest lag, seconds.
    pub max_lag_s: f64,
    /// Movement is the mean over this length, seconds.
    pub smooth_s: f64,
    /// Values per second.
    pub rate_hz: f64,
    /// Whether moving against each other counts as together.
    pub absolute: bool,
    /// Length of the segments that were shuffled, seconds.
    pub segment_s: f64,
    /// How many shuffled sessions.
    pub shuffles: usize,
    /// Where the generator of the orders began.
    pub seed: u64,
}

/// The session's synchrony as its events say it; `None` if it was not measured.
pub fn together(events: &[Event], tracks: &Tracks, settings: &markers::Settings) -> Option<Together> {
    let settings: Settings = settings.get(SECTION)?.clone().try_into().ok()?;
    let of = |kind: &str| {
        let mut events = events.iter().filter(|e| e.marker == CARD.id);
        events.find(|e| e.kind.as_deref() == Some(kind)).map(|e| e.value).filter(|value| value.is_finite())
    };
    let people: Vec<Who> = tracks.all("motion").map(|track| track.who).collect();
    let (first, second) = chosen(&people)?;
    let secs = |secs: Secs| secs.0.as_secs_f64();
    let windows = events.iter().filter(|e| e.marker == CARD.id && e.kind.as_deref() == Some("window")).count();
    Some(Together {
        first,
        second,
        mean: of("mean")?,
        lag0: of("lag0"),
        first_leads: of("client_leads"),
        second_leads: of("therapist_leads"),
        chance_sd: of("chance"),
        windows,
        window_s: secs(settings.window_secs),
        step_s: secs(settings.step_secs),
        max_lag_s: secs(settings.max_lag_secs),
        smooth_s: secs(settings.smooth_secs),
        rate_hz: 1.0 / tracks.get("motion", first)?.grid.step.secs_f64(),
        absolute: settings.absolute,
        segment_s: secs(settings.segment_secs),
        shuffles: settings.shuffles,
        seed: settings.seed,
    })
}

/// Whose movements are compared: client and therapist, or the first two who are seen.
fn chosen(people: &[Who]) -> Option<(Who, Who)> {
    let both = people.contains(&Who::Client) && people.contains(&Who::Therapist);
    if both { Some((Who::Client, Who::Therapist)) } else { people.first().copied().zip(people.get(1).copied()) }
}

impl Marker for Synchrony {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let everybody = Movement::all(input, "energy", settings.smooth_secs, settings.most_sd);
        let need = settings.window_secs.0.as_secs_f64() + settings.max_lag_secs.0.as_secs_f64();
        let found = pair(&everybody).and_then(|(first, second)| of_pair(first, second, input, &settings));
        joined(&CARD, vec![found], need)
    }
}

fn pair(everybody: &[Movement]) -> Option<(&Movement, &Movement)> {
    let people: Vec<Who> = everybody.iter().map(|movement| movement.who).collect();
    let (first, second) = chosen(&people)?;
    let of = |who: Who| everybody.iter().find(|movement| movement.who == who);
    of(first).zip(of(second))
}

fn of_pair(first: &Movement, second: &Movement, input: &Input<'_>, settings: &Settings) -> Option<Vec<Event>> {
    let step = first.grid.step.secs_f64();
    let rows = |secs: Secs| (secs.0.as_secs_f64() / step).round() as usize;
    let shape = Shape {
        window: rows(settings.window_secs).max(2),
        step: rows(settings.step_secs).max(1),
        max_lag: rows(settings.max_lag_secs),
        absolute: settings.absolute,
    };
    let x: Vec<f64> = first.values.iter().map(|value| f64::from(*value)).collect();
    let y = on_grid(second, &first.grid);
    let all = windows(&x, &y, &shape);
    let summary = Summary::of(&all).filter(|summary| summary.windows >= settings.min_windows)?;
    let shuffle = Shuffle {
        segment: rows(settings.segment_secs).max(1),
        count: settings.shuffles,
        min_segments: settings.min_segments,
        seed: settings.seed,
    };
    let sure = summary.windows as f32 / all.len().max(1) as f32;
    let event = |kind: &str, value: f64, unit: Unit| Event {
        unit,
        ..Event::new(&CARD, Who::Room, input.session, value as f32).kind(kind).rated(0.0, sure)
    };
    let mut events = vec![
        event("mean", summary.mean, Unit::Mixed),
        event("lag0", summary.lag0, Unit::Mixed),
        event("client_leads", summary.first_leads, Unit::Mixed),
        event("therapist_leads", summary.second_leads, Unit::Mixed),
    ];
    if let Some(chance) = against_chance(&x, &y, &shape, &shuffle, summary.mean) {
        events.push(event("chance", chance.z, Unit::StandardScores));
    }
    for window in all.iter().flatten() {
        let end = (window.start + shape.window + shape.max_lag).min(first.grid.len);
        let Some(span) = first.grid.span(window.start, end) else { continue };
        let mean = Event::new(&CARD, Who::Room, span, window.lags.mean as f32);
        events.push(mean.kind("window").rated(0.0, 1.0));
    }
    Some(events)
}

/// The values of another grid, each at the nearest time of this one; `NaN` where there is none.
fn on_grid(movement: &Movement, grid: &FrameGrid) -> Vec<f64> {
    if movement.grid == *grid {
        return movement.values.iter().map(|value| f64::from(*value)).collect();
    }
    let at = |index: usize| {
        let place = movement.grid.index(grid.time(index)?)?;
        movement.values.get(place).map(|value| f64::from(*value))
    };
    (0..grid.len).map(|index| at(index).unwrap_or(f64::NAN)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    /// Movement that looks like nothing in particular, later by `late` seconds.
    fn moves(late: f64) -> impl Fn(f64) -> f32 {
        move |secs| {
            let at = secs - late;
            let wave = (at * 0.71).sin() * (at * 0.13).cos() + (at * at * 0.003).sin() + 0.5 * (at * 2.3).sin();
            (0.05 + 0.02 * wave).max(0.0) as f32
        }
    }

    fn pair(secs: f64, other: impl Fn(f64) -> f32) -> Figure {
        let mut figure = Figure::of(Who::Client, secs);
        figure.motion(moves(0.0));
        let mut partner = Figure::of(Who::Therapist, secs);
        partner.motion(other);
        figure.tracks.extend(partner.tracks);
        figure
    }

    fn value(events: &[Event], kind: &str) -> Option<f32> {
        events.iter().find(|e| e.kind.as_deref() == Some(kind)).map(|e| e.value)
    }

    /// As shipped, with fewer shuffles: tests run our own code slowly.
    fn find(figure: &Figure) -> Result<Vec<Event>, MarkerError> {
        let mut settings = super::super::super::audio::picture::settings()[SECTION].clone();
        settings.insert("shuffles".into(), toml::Value::Integer(15));
        Synchrony.find(&figure.input(&[]), &settings)
    }

    #[test]
    fn who_follows_is_led_and_it_is_no_chance() {
        let found = find(&pair(560.0, moves(1.5))).unwrap();
        let of = |kind: &str| value(&found, kind).unwrap();
        assert!(of("client_leads") > of("therapist_leads") + 0.05, "{found:?}");
        assert!(of("chance") > 3.0 && of("mean") > 0.0);
        assert!(found.iter().all(|e| e.strength == 0.0 && e.who == Who::Room));
        assert_eq!(found.iter().filter(|e| e.kind.as_deref() == Some("window")).count(), 17);
    }

    #[test]
    fn one_alone_and_a_short_session_say_nothing() {
        let mut alone = Figure::new(600.0);
        alone.motion(moves(0.0));
        assert!(matches!(find(&alone), Err(MarkerError::TooLittleBody { .. })));
        assert!(find(&pair(60.0, moves(1.5))).is_err());
        let short = find(&pair(200.0, moves(1.5))).unwrap();
        assert!(value(&short, "mean").is_some() && value(&short, "chance").is_none());
    }

    #[test]
    fn somebody_who_is_not_measured_says_nothing() {
        assert!(find(&pair(200.0, |_| f32::NAN)).is_err());
    }
}
