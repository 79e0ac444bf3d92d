//! From what the networks said to tracks and people.

use ndarray::Array1;

use crate::media::SOUND_RATE;
use crate::time::{FrameGrid, SessionTime, Span, Step};
use crate::track::{Track, Tracks, Unit, Who};

use super::detector::on_rows;
use super::grid::{Blend, ROW, rows_of};
use super::listening::{Heard, Window};
use super::microphones::without_crosstalk;
use super::odds::Rows;
use super::people::{Whose, group};
use super::prosody::{Measured, limits};
use super::seats::seats;
use super::segmentation::{FrameVoices, VOICES};
use super::settings::{Overlap, Settings};
use super::together::ties;
use super::{MOST_PEOPLE, VoiceError, VoiceInfo, VoiceResult};

/// Seconds of one row.
const ROW_SECS: f64 = ROW as f64 / SOUND_RATE as f64;
/// What a person's probability is moved to, at least or at most, where the number of people speaking decides: the nearest numbers
/// either side of one half, which is where a track says yes or no. No thresholds of their own.
const JUST_YES: f32 = 0.51;
const JUST_NO: f32 = 0.49;

/// Probability that somebody speaks, and how sure it is whose speech it is.
struct Person {
    speech: Vec<f32>,
    confidence: Vec<f32>,
    loudness: Option<Vec<f32>>,
    prosody: Option<Measured>,
    channel: Option<usize>,
    print: Option<Vec<f32>>,
}

/// Tracks of one room: everyone in one lane.
pub(super) fn of_room(
    heard: Heard,
    settings: &Settings,
    asked: Option<usize>,
    missing: &[Span],
) -> Result<VoiceResult, VoiceError> {
    let expected = asked.unwrap_or(usize::from(MOST_PEOPLE));
    let rows = rows_of(heard.samples);
    let sounds = sounds(&heard, &[Who::Room], settings, missing);
    let mut problems = heard.problems;
    let windows = heard.lanes.into_iter().next().unwrap_or_default();
    let edge = settings.segmentation.edge_weight;
    let first = heard.first_pass.first().map_or_else(Vec::new, |frames| on_rows(frames, 0..rows));
    let said = spoken_rows(&windows, rows, edge);
    let overlap_odds = said.overlap_odds(&settings.overlap);
    let Rows { any, two } = said.weighed(settings.segmentation.speech_odds, overlap_odds, &first, &settings.first_pass);

    let ties = ties(&windows, &heard.parts, settings.people.tie_windows);
    let grouping = group(&heard.parts, &ties, expected, &settings.people);
    // Without fingerprints nobody is known, and people are followed.
    let follows = grouping.means.is_empty() && !heard.fingerprinted;
    let count = if follows { asked.unwrap_or(2) } else { grouping.means.len() };
    let seats = match count {
        0 => vec![[None; VOICES]; windows.len()],
        _ => seats(&windows, &heard.parts, &grouping.whose, count, rows),
    };
    let mut people: Vec<Person> = (0..count)
        .map(|person| {
            let (mut speech, mut confidence) = (Blend::new(rows, edge), Blend::new(rows, edge));
            for (window, seats) in windows.iter().zip(&seats) {
                let mine: Vec<(usize, f32)> = (0..VOICES)
                    .filter_map(|voice| Some((voice, seats[voice].filter(|seat| seat.person == person)?.confidence)))
                    .collect();
                let loudest = |frame: usize| {
                    mine.iter()
                        .map(|&(voice, sure)| (probability(window.frames[frame].voices[voice]), sure))
                        .fold((0.0, 1.0), |best, next| if next.0 > best.0 { next } else { best })
                };
                speech.add(window.start_sample, window.frames.len(), |frame| loudest(frame).0);
                confidence.add(window.start_sample, window.frames.len(), |frame| {
                    let (p, sure) = loudest(frame);
                    1.0 - p * (1.0 - sure)
                });
            }
            let print = grouping.means.get(person).cloned();
            Person {
                speech: speech.into_means(),
                confidence: confidence.into_means(),
                loudness: None,
                prosody: None,
                channel: None,
                print,
            }
        })
        .collect();
    let mut alone: Vec<Option<Whose>> = vec![None; rows];
    for (part, whose) in heard.parts.iter().zip(&grouping.whose) {
        alone[part.rows.start.min(rows)..part.rows.end.min(rows)].fill(*whose);
    }
    as_many_as_speak(&any, &two, &alone, &settings.overlap, &mut people);
    if follows {
        // Nobody is made of less speech than the settings ask for.
        let min_rows = settings.people.min_speech_secs.0.as_secs_f64() / ROW_SECS;
        while let Some(short) = people.iter().position(|p| (speaking_rows(&p.speech) as f64) < min_rows) {
            people.remove(short);
            as_many_as_speak(&any, &two, &alone, &settings.overlap, &mut people);
        }
    }
    people.sort_by_key(|person| person.speech.iter().position(|&p| p >= 0.5));

    let anybody = speaking_rows(&any) as f64 * ROW_SECS;
    if silent(&heard.room_dbfs, settings) {
        problems.push("the sound track is silent: nothing about voices can be said".to_owned());
    } else if people.is_empty() {
        problems
            .push(format!("nobody was heard to speak long enough to be told from noise ({anybody:.1} s of speech)"));
    } else if asked.is_some() && people.len() < expected {
        problems.push(format!(
            "only {} of {expected} expected voices could be told apart: who speaks may be wrong where two speak",
            people.len()
        ));
    }
    if asked.is_some() && heard.fingerprinted {
        // Somebody who says a word is no reason to speak up.
        let grouping = group(&heard.parts, &ties, usize::from(MOST_PEOPLE), &settings.people);
        let each = grouping.secs(&heard.parts);
        let from = settings.people.told_secs(each.iter().sum());
        let apart = each.iter().filter(|secs| **secs >= from).count();
        if apart > expected {
            problems.push(format!(
                "it sounds as if {apart} people speak, and {expected} are expected: whose speech it is may be wrong; say \
                 --speakers {apart}, or --speakers auto"
            ));
        }
    }
    let prosody = heard.prosody.into_iter().next();
    if let Some(measured) = &prosody {
        problems.extend(limits(measured, "the recording")?);
    }
    let room = Room { start: heard.start, speech: any, overlap: two, dbfs: heard.room_dbfs, prosody };
    let (mut tracks, voices) = tracks(room, people, settings, missing)?;
    tracks.extend(sounds);
    Ok(VoiceResult { tracks, voices, models: heard.models, problems })
}

/// What each lane sounds like; the room alone if there is one lane for it.
fn sounds(heard: &Heard, lanes: &[Who], settings: &Settings, missing: &[Span]) -> Tracks {
    let mut tracks = Tracks::new();
    let sure = if silent(&heard.room_dbfs, settings) { 0.0 } else { 1.0 };
    for (pieces, &who) in heard.sounds.iter().flatten().zip(lanes) {
        tracks.insert("sounds", super::sounds::track(who, heard.start, heard.samples, pieces, missing, sure));
    }
    tracks
}

/// Tracks of people who each have a microphone.
pub(super) fn of_microphones(heard: Heard, settings: &Settings, missing: &[Span]) -> Result<VoiceResult, VoiceError> {
    let rows = rows_of(heard.samples);
    let each: Vec<Who> = (1u8..).take(heard.lanes.len()).map(Who::Speaker).collect();
    let sounds = sounds(&heard, &each, settings, missing);
    let edge = settings.segmentation.edge_weight;
    let mut problems = heard.problems;
    let mut first = heard.first_pass.iter().map(|frames| on_rows(frames, 0..rows));
    let speech: Vec<Vec<f32>> = heard
        .lanes
        .iter()
        .map(|windows| {
            let odds = settings.segmentation.microphone_speech_odds;
            let first = first.next().unwrap_or_default();
            spoken_rows(windows, rows, edge).weighed(odds, 1.0, &first, &settings.first_pass).any
        })
        .collect();
    let own = without_crosstalk(&speech, &heard.lane_dbfs, &settings.channels);
    let all_silent = silent(&heard.room_dbfs, settings) && heard.lane_dbfs.iter().all(|dbfs| silent(dbfs, settings));
    if all_silent {
        problems.push("the sound track is silent: nothing about voices can be said".to_owned());
    }
    for (channel, (own, dbfs)) in own.iter().zip(&heard.lane_dbfs).enumerate() {
        let number = channel + 1;
        if silent(dbfs, settings) && !all_silent {
            problems.push(format!("microphone {number} is silent"));
        } else if speaking_rows(own) == 0 && !all_silent {
            problems.push(format!("nobody was heard to speak into microphone {number}"));
        }
    }
    let nth_largest = |row: usize, n: usize| {
        let mut each: Vec<f32> = own.iter().map(|speech| speech[row]).collect();
        each.sort_by(|a, b| b.total_cmp(a));
        each.get(n).copied().unwrap_or(0.0)
    };
    let room = Room {
        start: heard.start,
        speech: (0..rows).map(|row| nth_largest(row, 0)).collect(),
        overlap: (0..rows).map(|row| nth_largest(row, 1)).collect(),
        dbfs: heard.room_dbfs,
        prosody: None,
    };
    for (measured, number) in heard.prosody.iter().zip(1..) {
        problems.extend(limits(measured, &format!("microphone {number}"))?);
    }
    let people = own
        .into_iter()
        .zip(heard.lane_dbfs)
        .zip(speech)
        .zip(heard.prosody)
        .enumerate()
        .map(|(channel, (((own, dbfs), heard), prosody))| Person {
            // Least sure where cross-talk was half taken out.
            confidence: own.iter().zip(&heard).map(|(own, heard)| half_taken(*own, *heard)).collect(),
            speech: own,
            loudness: Some(dbfs),
            prosody: Some(prosody),
            channel: Some(channel),
            print: None,
        })
        .collect();
    let (mut tracks, voices) = tracks(room, people, settings, missing)?;
    tracks.extend(sounds);
    Ok(VoiceResult { tracks, voices, models: heard.models, problems })
}

/// 1 where all or nothing of what a microphone heard counts as its person's, 0.5 where it could as well be another's.
fn half_taken(own: f32, heard: f32) -> f32 {
    let share = if heard > 0.0 { own / heard } else { 0.0 };
    1.0 - heard * (0.5 - (share - 0.5).abs())
}

fn probability(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

/// Whether anybody, and whether two people speak, as the segmentation network says.
fn spoken_rows(windows: &[Window], rows: usize, edge_weight: f32) -> Rows {
    Rows {
        any: blend(windows, rows, edge_weight, |frame| frame.any),
        two: blend(windows, rows, edge_weight, |frame| frame.two),
    }
}

fn blend(windows: &[Window], rows: usize, edge_weight: f32, value: impl Fn(&FrameVoices) -> u8) -> Vec<f32> {
    let mut blend = Blend::new(rows, edge_weight);
    for window in windows {
        blend.add(window.start_sample, window.frames.len(), |frame| probability(value(&window.frames[frame])));
    }
    blend.into_means()
}

fn speaking_rows(speech: &[f32]) -> usize {
    speech.iter().filter(|&&p| p >= 0.5).count()
}

fn silent(dbfs: &[f32], settings: &Settings) -> bool {
    dbfs.iter().all(|&level| level <= settings.silence.silent_dbfs)
}

/// In every row, as many people speak as `any` and `two` say: first the one whose part it is, then the likeliest ones.
/// Where windows do not agree on who it is, each person alone would stay below one half although somebody surely speaks.
fn as_many_as_speak(any: &[f32], two: &[f32], alone: &[Option<Whose>], settings: &Overlap, people: &mut [Person]) {
    for row in 0..any.len() {
        let count = match (any[row] >= 0.5, two[row] >= 0.5) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        };
        let known = alone[row].map(|whose| whose.person);
        let mut order: Vec<usize> = (0..people.len()).collect();
        order.sort_by(|&a, &b| {
            let first = |person: usize| known == Some(person);
            let by_speech = || people[b].speech[row].total_cmp(&people[a].speech[row]);
            first(b).cmp(&first(a)).then_with(by_speech).then(a.cmp(&b))
        });
        for (rank, person) in order.into_iter().enumerate() {
            let p = &mut people[person].speech[row];
            // A second one only if anything at all speaks for them.
            let speaks = rank < count && (rank == 0 || *p >= settings.second_from);
            *p = match (speaks, count) {
                (true, _) => p.max(JUST_YES),
                (false, 0) => p.min(JUST_NO),
                (false, _) => p.min(settings.somebody_else),
            };
            if let Some(whose) = alone[row].filter(|whose| whose.person == person) {
                people[person].confidence[row] = whose.confidence;
            }
        }
    }
}

/// What is known of the room.
struct Room {
    start: SessionTime,
    speech: Vec<f32>,
    overlap: Vec<f32>,
    dbfs: Vec<f32>,
    prosody: Option<Measured>,
}

/// The tracks, with `NaN` where the recording lacks sound, and the people.
fn tracks(
    room: Room,
    people: Vec<Person>,
    settings: &Settings,
    missing: &[Span],
) -> Result<(Tracks, Vec<VoiceInfo>), VoiceError> {
    let rows = room.speech.len();
    let step = Step { numer: std::num::NonZeroU32::MIN, denom: std::num::NonZeroU32::MIN.saturating_add(99) };
    let grid = FrameGrid { first: room.start.shifted(SessionTime::from_millis(5)), step, len: rows };
    let lacking: Vec<bool> = {
        let mut lacking = vec![false; rows];
        missing.iter().for_each(|span| lacking[grid.indices(*span)].fill(true));
        lacking
    };
    let everywhere = if silent(&room.dbfs, settings) { 0.0 } else { 1.0 };
    let track = |who: Who, unit: Unit, mut values: Vec<f32>, mut confidence: Vec<f32>| {
        values.resize(rows, f32::NAN);
        confidence.resize(rows, 0.0);
        for (row, _) in lacking.iter().enumerate().filter(|(_, lacks)| **lacks) {
            (values[row], confidence[row]) = (f32::NAN, 0.0);
        }
        let column = if unit == Unit::Probability { "p" } else { "dbfs" };
        Track {
            who,
            unit,
            grid,
            columns: vec![column.to_owned()],
            values: Array1::from_vec(values).insert_axis(ndarray::Axis(1)),
            confidence: Some(Array1::from_vec(confidence)),
        }
    };
    let mut tracks = Tracks::new();
    let mut voices = Vec::new();
    for (person, number) in people.into_iter().zip(1u8..) {
        let who = Who::Speaker(number);
        let spoken: Vec<usize> = (0..rows).filter(|&row| person.speech[row] >= 0.5 && !lacking[row]).collect();
        let sure: f64 = spoken.iter().map(|&row| f64::from(person.confidence[row])).sum();
        voices.push(VoiceInfo {
            who,
            speaking_secs: spoken.len() as f64 * ROW_SECS,
            channel: person.channel,
            print: person.print,
            confidence: if spoken.is_empty() { 0.0 } else { (sure / spoken.len() as f64) as f32 },
        });
        if let Some(dbfs) = person.loudness {
            tracks.insert("loudness", track(who, Unit::DecibelsFullScale, dbfs, vec![1.0; rows]));
        }
        let prosody = person.prosody.map(|measured| measured.into_tracks(who, grid, &lacking)).transpose()?;
        prosody.into_iter().flatten().for_each(|(name, track)| tracks.insert(name, track));
        tracks.insert("speech", track(who, Unit::Probability, person.speech, person.confidence));
    }
    let prosody = room.prosody.map(|measured| measured.into_tracks(Who::Room, grid, &lacking)).transpose()?;
    prosody.into_iter().flatten().for_each(|(name, track)| tracks.insert(name, track));
    tracks.insert("speech", track(Who::Room, Unit::Probability, room.speech, vec![everywhere; rows]));
    tracks.insert("overlap", track(Who::Room, Unit::Probability, room.overlap, vec![everywhere; rows]));
    tracks.insert("loudness", track(Who::Room, Unit::DecibelsFullScale, room.dbfs, vec![1.0; rows]));
    Ok((tracks, voices))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(speech: &[f32]) -> Person {
        Person {
            speech: speech.to_vec(),
            confidence: vec![1.0; speech.len()],
            loudness: None,
            prosody: None,
            channel: None,
            print: None,
        }
    }

    #[test]
    fn as_many_speak_as_the_room_says_and_whose_part_it_is_comes_first() {
        // Nobody, one, one whose part it is, two.
        let (any, two) = ([0.2, 0.9, 0.9, 0.9], [0.0, 0.1, 0.1, 0.8]);
        let whose = Whose { person: 1, confidence: 0.7 };
        let alone = [None, None, Some(whose), None];
        let mut people = [person(&[0.8, 0.8, 0.8, 0.8]), person(&[0.3, 0.3, 0.3, 0.3]), person(&[0.05; 4])];
        let settings = super::super::settings::tests::default_settings().overlap;
        as_many_as_speak(&any, &two, &alone, &settings, &mut people);
        let speaks = |p: usize| -> Vec<bool> { people[p].speech.iter().map(|&p| p >= 0.5).collect() };
        assert_eq!(speaks(0), [false, true, false, true]);
        assert_eq!(speaks(1), [false, false, true, true]);
        assert_eq!(speaks(2), [false; 4]);
        // A dip of one's own speech is near the border, somebody else's speech is not.
        assert!(people[0].speech[0] > 0.4 && people[0].speech[2] <= settings.somebody_else);
        assert!((people[1].confidence[2] - 0.7).abs() < 1e-6);
    }
}
