//! Smiles that are taken up.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::face::{self, Face, Part};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// For each person, how often they begin to smile within 2 s after the other does, less how often they would by chance:
/// the same smiles, moved along the session together by chance amounts (circular shift). One event per person over the
/// whole session; `value` is the share above chance. Its strength is 0 unless it lies 1.96 spreads above chance.
///
/// ## What it does not see
/// Who amuses whom, or warmth. Two people who smile at a third event take nothing up.
pub struct MutualSmile;

const CARD: Card = Card {
    id: "vid.mutual",
    section: "mutual",
    what: "One person's smiles are taken up by the other, more often than by chance.",
    unit: Unit::Share,
    kinds: &[],
    needs: &["face_actions"],
    after: &["vid.smile"],
    reads_text: false,
    source: "2 s, z 1.96 against circular shifts: DOMAIN B.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Longest time from one smile's start to the other's.
    within_secs: Secs,
    /// Fewer smiles of the other one say nothing.
    min_smiles: usize,
    /// From so many on the confidence is full.
    full_smiles: usize,
    /// Chance shifts.
    shifts: usize,
    /// Smallest shift.
    min_shift_secs: Secs,
    /// Where the generator of the shifts begins: the same session gives the same numbers.
    seed: u64,
    /// Spreads above chance from which on it is more than chance.
    min_z: f64,
    /// Share above chance as a strength.
    strength: Ramp,
    /// What a face is.
    face: face::Settings,
}

impl Marker for MutualSmile {
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
        if faces.len() < 2 {
            return Err(MarkerError::OneFace { marker: CARD.id });
        }
        let mut events = Vec::new();
        for who in &faces {
            for other in faces.iter().filter(|other| other.who != who.who) {
                // With more than two people in view only client and therapist are a pair.
                if faces.len() == 2 || who.who.partner() == Some(other.who) {
                    events.extend(uptake(input, who, other, &settings));
                }
            }
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

/// Starts of a person's smiles, seconds from the session's start, in order.
fn onsets(input: &Input<'_>, face: &Face<'_>) -> Vec<f64> {
    let own = input.earlier.iter().filter(|e| e.marker == "vid.smile" && e.who == face.who);
    own.map(|smile| smile.span.start().secs_after(input.session.start())).collect()
}

fn uptake(input: &Input<'_>, who: &Face<'_>, other: &Face<'_>, settings: &Settings) -> Option<Event> {
    let length = input.session.secs_f64();
    let within = settings.within_secs.0.as_secs_f64();
    // Only smiles that this person could be seen to take up.
    let seen = |secs: f64| {
        let from = input.session.start().secs_f64() + secs;
        let at = |secs: f64| who.grid.index(crate::time::SessionTime::from_secs_f64(secs));
        [from, from + within].into_iter().all(|s| at(s).is_some_and(|i| who.assessable(i, Part::Mouth)))
    };
    let theirs: Vec<f64> = onsets(input, other).into_iter().filter(|secs| seen(*secs)).collect();
    let own = onsets(input, who);
    let most_shift = length - settings.min_shift_secs.0.as_secs_f64();
    if theirs.len() < settings.min_smiles.max(1)
        || own.is_empty()
        || most_shift <= settings.min_shift_secs.0.as_secs_f64()
    {
        return None;
    }
    let share = |shift: f64| {
        let taken = |&start: &f64| {
            let after = |own: &f64| {
                let gap = (own + shift).rem_euclid(length) - start;
                gap > 0.0 && gap <= within
            };
            own.iter().any(after)
        };
        theirs.iter().filter(|start| taken(start)).count() as f64 / theirs.len() as f64
    };
    let truth = share(0.0);
    let mut state = settings.seed;
    let low = settings.min_shift_secs.0.as_secs_f64();
    let by_chance: Vec<f64> = (0..settings.shifts.max(2))
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            share(low + (most_shift - low) * ((state >> 11) as f64 / (1_u64 << 53) as f64))
        })
        .collect();
    let count = by_chance.len() as f64;
    let mean = by_chance.iter().sum::<f64>() / count;
    let spread = (by_chance.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / count).sqrt();
    // No chance shift ever met a smile: one smile more or less is the least that can be told.
    let z = (truth - mean) / spread.max(1.0 / theirs.len() as f64 / 2.0);
    let above = (truth - mean) as f32;
    let strength = if z >= settings.min_z { settings.strength.strength(above) } else { 0.0 };
    let sure = (theirs.len() as f32 / settings.full_smiles.max(1) as f32).min(1.0);
    Some(Event::new(&CARD, who.who, input.session, above).rated(strength, sure))
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::super::smile::SMILE;
    use super::*;
    use crate::track::Who;

    /// Four minutes; each smiles for a second from these times on. What the client takes up of the therapist's smiles.
    fn taken_up(therapist: &[f64], client: &[f64]) -> Vec<Event> {
        let smiling = |who: Who, starts: &[f64]| {
            let mut made = Made::new(who, 3000);
            let smiles: Vec<_> = starts.iter().map(|start| (*start, start + 1.0, 0.8)).collect();
            made.action("mouthSmileLeft", 0.0, &smiles).action("mouthSmileRight", 0.0, &smiles);
            made
        };
        let (one, two) = (smiling(Who::Therapist, therapist), smiling(Who::Client, client));
        let mut both = smiling(Who::Client, client);
        both.tracks.extend(one.tracks.clone());
        let earlier = [one.find(&SMILE), two.find(&SMILE)].concat();
        let found = both.find_seeing(&MutualSmile, &earlier).unwrap();
        found.into_iter().filter(|e| e.who == Who::Client).collect()
    }

    #[test]
    fn smiles_that_follow_smiles_are_taken_up() {
        let therapist = [10.0, 41.0, 77.0, 103.0, 150.0, 190.0, 215.0];
        let client = therapist.map(|start| start + 1.2);
        let found = taken_up(&therapist, &client);
        assert!(found.len() == 1 && found[0].value > 0.7 && found[0].strength > 0.5, "{found:?}");
        assert_eq!(found, taken_up(&therapist, &client));
    }

    #[test]
    fn smiles_at_other_times_are_not() {
        let therapist = [10.0, 41.0, 77.0, 103.0, 150.0, 190.0, 215.0];
        let found = taken_up(&therapist, &[20.0, 60.0, 90.0, 120.0, 170.0, 204.0, 230.0]);
        assert!(found.len() == 1 && found[0].value <= 0.0 && found[0].strength <= 0.0, "{found:?}");
    }

    #[test]
    fn one_face_takes_nothing_up() {
        let error = Made::speechless().find_result(&MutualSmile).unwrap_err().to_string();
        assert!(error.contains("vid.mutual") && error.contains("two people"), "{error}");
    }
}
