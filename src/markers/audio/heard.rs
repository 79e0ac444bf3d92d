//! What the markers of sounds share: rows of the `sounds` track, where a sound begins and ends, and whose it is.

use serde::Deserialize;

use super::floor::{Floor, Person};
use crate::time::{Secs, SessionTime, Span};
use crate::track::{Track, Tracks, Who, runs};

/// Section `[heard]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Rows with a lower confidence are not measured (DOMAIN 1).
    pub min_confidence: f32,
    /// A sound goes on while its score stays at this share of the score from which on it is one, 0 to 1.
    pub keep_share: f32,
    /// Shorter holes (strictly) between two parts of one sound are closed.
    pub close_holes_secs: Secs,
    /// Shortest stretch that the network's patches can tell; shorter ones are widened to it around their middle.
    pub least_secs: Secs,
    /// How far a begin or end may be moved to where the level rises or falls.
    pub edge_slack_secs: Secs,
    /// Around a sound means this far before and after.
    pub around_secs: Secs,
    /// dB by which the sound must stand out from the quietest tenth around it for that.
    pub edge_spread_db: f32,
    /// dB above the quietest tenth from which on the level counts as sound ..
    pub edge_above_db: f32,
    /// .. but not further than this many dB below the loudest moment.
    pub edge_below_loudest_db: f32,
    /// Quiet moments up to this length (strictly shorter) lie inside the sound.
    pub edge_hole_secs: Secs,
    /// Share of a sound that a person's voice fills if it is theirs, 0 to 1.
    pub own_share: f32,
    /// .. and so many times more than anybody else's.
    pub clear_factor: f32,
    /// Speech that ends or begins this near makes it that person's if it is one person's only.
    pub near_secs: Secs,
    /// Confidence, 0 to 1, in that.
    pub near_confidence: f32,
    /// Confidence, 0 to 1, in a sound that is nobody's.
    pub nobody_confidence: f32,
    /// dB by which another's microphone hears a sound less.
    pub crosstalk_db: f32,
}

/// The rows of one `sounds` track.
pub struct Rows<'a> {
    track: &'a Track,
    measured: Vec<bool>,
}

/// One sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// When.
    pub span: Span,
    /// Its largest score.
    pub peak: f32,
    /// When that was.
    pub apex: SessionTime,
}

/// Whose a sound is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Owner {
    /// [`Who::Room`] if it cannot be told.
    pub who: Who,
    /// How sure that is, 0 to 1.
    pub sure: f32,
    /// Voices of several people fill it.
    pub together: bool,
}

impl<'a> Rows<'a> {
    /// The rows of this track.
    pub fn of(track: &'a Track, settings: &Settings) -> Self {
        let sure = |row: usize| track.confidence.as_ref().and_then(|c| c.get(row).copied()).unwrap_or(1.0);
        Self { track, measured: (0..track.grid.len).map(|row| sure(row) >= settings.min_confidence).collect() }
    }

    /// Number of rows.
    pub fn count_all(&self) -> usize {
        self.track.grid.len
    }

    /// Rows of so many seconds, rounded.
    pub fn count(&self, length: Secs) -> usize {
        (length.0.as_secs_f64() / self.track.grid.step.secs_f64()).round() as usize
    }

    /// The rows whose middles lie in this span.
    pub fn inside(&self, span: Span) -> std::ops::Range<usize> {
        self.track.grid.indices(span)
    }

    /// One column; 0 where it was not measured, or there is no such column.
    pub fn column(&self, name: &str) -> Vec<f32> {
        let Some(values) = self.track.column(name) else { return vec![0.0; self.count_all()] };
        values.iter().zip(&self.measured).map(|(&v, &ok)| if ok && v.is_finite() { v } else { 0.0 }).collect()
    }

    /// Sounds whose score reaches `from` somewhere, as far as it stays at a share of it. Holes are closed unless something
    /// in them was not measured.
    pub fn bursts(&self, score: &[f32], from: f32, settings: &Settings) -> Vec<Burst> {
        let keep = from * settings.keep_share;
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for (start, end) in runs(score.iter().map(|&s| s >= keep)) {
            let hole = |last: usize| self.track.grid.span(last, start).map_or(std::time::Duration::ZERO, Span::length);
            match joined.last_mut() {
                Some(last)
                    if hole(last.1) < settings.close_holes_secs.0
                        && self.measured[last.1..start].iter().all(|&m| m) =>
                {
                    last.1 = end;
                }
                _ => joined.push((start, end)),
            }
        }
        joined.into_iter().filter_map(|(start, end)| self.burst(score, (start, end), from, settings)).collect()
    }

    /// One sound, if its score reaches `from`.
    fn burst(&self, score: &[f32], (start, end): (usize, usize), from: f32, settings: &Settings) -> Option<Burst> {
        let best = (start..end).max_by(|&a, &b| score[a].total_cmp(&score[b]).then(b.cmp(&a)))?;
        let span = if score[best] >= from { self.track.grid.span(start, end)? } else { return None };
        let lacking = settings.least_secs.0.saturating_sub(span.length()) / 2;
        let span = span.widened(lacking, lacking);
        Some(Burst { span, peak: score[best], apex: self.track.grid.time(best)? })
    }
}

/// The largest number within so many rows of each.
pub fn largest_near(values: &[f32], rows: usize) -> Vec<f32> {
    let near = |at: usize| values[at.saturating_sub(rows)..(at + rows + 1).min(values.len())].iter().copied();
    (0..values.len()).map(|at| near(at).fold(0.0, f32::max)).collect()
}

/// The level around a sound, or of it: dB of the frames of a `loudness` track in this span, `NaN` left out.
fn levels(loudness: &Track, span: Span) -> Vec<f32> {
    let Some(column) = loudness.column("dbfs") else { return Vec::new() };
    loudness.grid.indices(span).filter_map(|frame| column.get(frame).copied()).filter(|db| !db.is_nan()).collect()
}

fn tenth(mut levels: Vec<f32>) -> Option<f32> {
    levels.sort_by(f32::total_cmp);
    levels.get(levels.len() / 10).copied()
}

/// How much louder a sound is than the quietest tenth around it, in dB.
fn stands_out_db(loudness: &Track, span: Span, settings: &Settings) -> Option<f32> {
    let around = settings.around_secs.0;
    let own = levels(loudness, span);
    let mean = own.iter().map(|db| 10f32.powf(db / 10.0)).sum::<f32>() / own.len().max(1) as f32;
    Some(10.0 * mean.max(1e-12).log10() - tenth(levels(loudness, span.widened(around, around)))?)
}

/// Moves begin and end of a sound to where the level rises out of the quiet or falls back into it, if that is near.
pub fn with_level(span: Span, loudness: Option<&Track>, settings: &Settings) -> Span {
    let Some(track) = loudness else { return span };
    let (slack, beside) = (settings.edge_slack_secs.0, settings.around_secs.0);
    let around = track.grid.indices(span.widened(beside, beside));
    let Some(column) = track.column("dbfs") else { return span };
    // Mean power of 50 ms; what was not measured is as quiet as can be.
    let smooth: Vec<f32> = around
        .clone()
        .map(|frame| {
            let near = frame.saturating_sub(2)..(frame + 3).min(column.len());
            let count = near.len().max(1) as f32;
            let power = near.map(|f| column[f]).filter(|db| !db.is_nan()).map(|db| 10f32.powf(db / 10.0)).sum::<f32>();
            10.0 * (power / count).max(1e-12).log10()
        })
        .collect();
    let loudest = smooth.iter().copied().fold(f32::MIN, f32::max);
    let Some(quiet) = tenth(smooth.clone()) else { return span };
    if loudest - quiet < settings.edge_spread_db {
        return span;
    }
    let border = (quiet + settings.edge_above_db).max(loudest - settings.edge_below_loudest_db);
    let hole = (settings.edge_hole_secs.0.as_secs_f64() / track.grid.step.secs_f64()).round() as usize;
    let mut sounding: Vec<(usize, usize)> = Vec::new();
    for (from, to) in runs(smooth.iter().map(|&db| db >= border)) {
        match sounding.last_mut() {
            Some(last) if from - last.1 < hole => last.1 = to,
            _ => sounding.push((from, to)),
        }
    }
    let time = |frame: usize| track.grid.time(around.start + frame);
    let nearest = |edges: Vec<Option<SessionTime>>, to: SessionTime| {
        let apart = |edge: SessionTime| (edge.secs_after(to)).abs();
        let near = edges.into_iter().flatten().filter(|&edge| apart(edge) <= slack.as_secs_f64());
        near.min_by(|&a, &b| apart(a).total_cmp(&apart(b))).unwrap_or(to)
    };
    let start = nearest(sounding.iter().map(|run| time(run.0)).collect(), span.start());
    let end = nearest(sounding.iter().map(|run| time(run.1)).collect(), span.end());
    Span::new(start, end).unwrap_or(span)
}

/// Whose a sound of the room is: the person's whose voice fills it, or else the only one's who speaks right before or after.
pub fn owner(span: Span, floor: &Floor, settings: &Settings) -> Owner {
    let length = span.secs_f64();
    let share = |person: &Person| {
        let filled: f64 = person.speech.iter().filter_map(|s| s.span.overlap(span)).map(Span::secs_f64).sum();
        (filled / length) as f32
    };
    let mut shares: Vec<(f32, Who)> = floor.people.iter().map(|p| (share(p), p.who)).collect();
    shares.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let second = shares.get(1).map_or(0.0, |s| s.0);
    let nobody = Owner { who: Who::Room, sure: settings.nobody_confidence, together: false };
    match shares.first() {
        Some(&(most, who)) if most >= settings.own_share => {
            if second * settings.clear_factor <= most {
                return Owner { who, sure: 1.0, together: false };
            }
            Owner { together: second >= settings.own_share, ..nobody }
        }
        _ => {
            let around = span.widened(settings.near_secs.0, settings.near_secs.0);
            let near = |person: &&Person| person.speech.iter().any(|s| s.span.overlap(around).is_some());
            let mut people = floor.people.iter().filter(near);
            match (people.next(), people.next()) {
                (Some(person), None) if person.who != Who::Room => {
                    Owner { who: person.who, sure: settings.near_confidence, together: false }
                }
                _ => nobody,
            }
        }
    }
}

/// Whether this microphone hears the sound as cross-talk of another one, in which the same sound is much louder. Levels
/// are compared over each microphone's own quiet, so that gains need not match.
pub fn is_crosstalk(who: Who, span: Span, others: &[(Who, Burst)], tracks: &Tracks, settings: &Settings) -> bool {
    let own = tracks.get("loudness", who).and_then(|track| stands_out_db(track, span, settings));
    others.iter().filter(|(other, burst)| *other != who && burst.span.overlap(span).is_some()).any(|(other, _)| {
        let theirs = tracks.get("loudness", *other).and_then(|track| stands_out_db(track, span, settings));
        own.zip(theirs).is_some_and(|(own, theirs)| theirs - own >= settings.crosstalk_db)
    })
}
