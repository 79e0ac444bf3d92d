//! Filled pauses: "uh", "um", and vowels held without tune.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::voices::{self, Voice, semitones, voices};
use crate::time::{Secs, SessionTime, Span};
use crate::track::{Unit, Who};

/// ## What it sees
/// Voiced stretches in which pitch, loudness and spectrum hold still for `min_secs` (kind `sound`), and the hesitations
/// that the transcript's author wrote down (kind `word`), placed in the turn by their place in the text.
///
/// ## What it does not see
/// Hesitations with a tune. A long vowel at the end of a phrase sounds alike, so that a sound alone is no sure sign.
pub struct FilledPause;

const CARD: Card = Card {
    id: "aud.fill",
    section: "fill",
    what: "A person holds a vowel or says uh or um.",
    unit: Unit::Seconds,
    kinds: &["sound", "word"],
    needs: &["pitch", "loudness", "spectrum"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: true,
    source: "Clark & Fox Tree 2002; 0.25 s and 2 semitones per second: judgement (DOMAIN B).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    /// Shortest held vowel.
    min_secs: Secs,
    /// Steepest pitch, semitones per second.
    max_slope: f64,
    /// Largest distance of any row's pitch from the first one's, besides the slope, semitones.
    max_semitones: f64,
    /// Largest range of level within it, dB.
    max_db: f64,
    /// Largest range of the share of energy above 500 Hz within it.
    max_share: f64,
    /// Confidence of a sound that no word stands for, 0 to 1.
    sound_confidence: f32,
    /// A word within this distance of a sound is that sound.
    word_near_secs: Secs,
    /// Length taken for a word that no sound was found for.
    word_secs: Secs,
    /// Length in seconds as a strength.
    strength: Ramp,
}

/// The lists of `config/language/<language>/words.toml` that are read here.
#[derive(Deserialize)]
struct Fillers {
    fillers: Vec<String>,
}

/// Rows `[from, to)` that hold still, the longest first found from left to right.
fn held(voice: &Voice<'_>, span: Span, settings: &Settings) -> Option<Vec<Span>> {
    let (pitch, loudness, spectrum) = (voice.track("pitch")?, voice.track("loudness")?, voice.track("spectrum")?);
    let (hz, levels) = (pitch.column("hz")?, loudness.column("dbfs")?);
    let shares = spectrum.column("above_500_hz")?;
    let step_secs = pitch.grid.step.secs_f64();
    let min_rows = ((settings.min_secs.0.as_secs_f64() / step_secs).round() as usize).max(2);
    let row = |row: usize| {
        let three = (hz.get(row)?, levels.get(row)?, shares.get(row)?);
        (!three.0.is_nan() && !three.2.is_nan())
            .then(|| [semitones(*three.0), f64::from(*three.1), f64::from(*three.2)])
    };
    let rows = pitch.grid.indices(span);
    let (mut found, mut from) = (Vec::new(), rows.start);
    while from < rows.end {
        let Some(first) = row(from) else {
            from += 1;
            continue;
        };
        let (mut low, mut high, mut to) = (first, first, from + 1);
        while to < rows.end {
            let Some(next) = row(to) else { break };
            let away = settings.max_slope * (to - from) as f64 * step_secs;
            if (next[0] - first[0]).abs() > away.max(settings.max_semitones) {
                break;
            }
            let (lower, higher) = ([0, 1, 2].map(|i| next[i].min(low[i])), [0, 1, 2].map(|i| next[i].max(high[i])));
            if higher[1] - lower[1] > settings.max_db || higher[2] - lower[2] > settings.max_share {
                break;
            }
            (low, high, to) = (lower, higher, to + 1);
        }
        if to - from >= min_rows {
            found.extend(pitch.grid.span(from, to));
            from = to;
        } else {
            from += 1;
        }
    }
    Some(found)
}

/// Who said a hesitation, and about when: its place in the turn is that of its letters in the text.
fn words(input: &Input<'_>) -> Vec<(Who, SessionTime, f32)> {
    let listed = input.language.and_then(|all| all.get("words")?.clone().try_into::<Fillers>().ok());
    let fillers: BTreeSet<String> = listed.map_or_else(BTreeSet::new, |list| list.fillers.into_iter().collect());
    let mut found = Vec::new();
    for turn in input.turns.unwrap_or_default() {
        let length = turn.text.len().max(1) as f64;
        let mut at = 0;
        for word in turn.text.split_inclusive(|c: char| !c.is_alphabetic()) {
            let plain = word.trim_end_matches(|c: char| !c.is_alphabetic()).to_lowercase();
            if fillers.contains(&plain) {
                let middle = (at as f64 + plain.len() as f64 / 2.0) / length;
                let time = turn.span.start().secs_f64() + middle * turn.span.secs_f64();
                found.push((turn.who, SessionTime::from_secs_f64(time), turn.confidence));
            }
            at += word.len();
        }
    }
    found
}

impl Marker for FilledPause {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[voices::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let event = |who: Who, span: Span, kind: &str, confidence: f32| {
            let secs = span.secs_f64() as f32;
            Event::new(&CARD, who, span, secs).kind(kind).rated(settings.strength.strength(secs), confidence)
        };
        let mut events = Vec::new();
        for voice in voices(input, &settings.voice_baseline) {
            for piece in &voice.pieces {
                for span in piece.alone.iter().filter_map(|span| held(&voice, *span, &settings)).flatten() {
                    events.push(event(voice.who, span, "sound", settings.sound_confidence * piece.confidence));
                }
            }
        }
        for (who, time, confidence) in words(input) {
            let near = |e: &&mut Event| {
                e.who == who && e.span.widened(settings.word_near_secs.0, settings.word_near_secs.0).contains(time)
            };
            let away = |e: &Event| e.span.middle().secs_after(time).abs();
            let sound = events.iter_mut().filter(near).filter(|e| e.kind.as_deref() == Some("sound"));
            match sound.min_by(|a, b| away(a).total_cmp(&away(b))) {
                Some(sound) => {
                    sound.kind = Some("word".to_owned());
                    sound.confidence = sound.confidence.max(confidence);
                }
                None => {
                    let half = settings.word_secs.0 / 2;
                    let span = Span::new(time.minus(half), time.plus(half));
                    events.extend(span.map(|span| event(who, span, "word", confidence)));
                }
            }
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::turn;
    use super::super::talk::Talk;
    use super::*;

    fn held_talk() -> Talk {
        let mut talk = Talk::of_turns(20, 3.0);
        // From 1 s to 1.4 s of the turn.
        talk.turn(6, |rows| {
            if (1.0..1.4).contains(&rows.secs) {
                (rows.hz, rows.dbfs, rows.high_share) = (190.0, -25.0, 0.4);
            }
        });
        talk
    }

    #[test]
    fn a_held_vowel_is_one_sound() {
        let talk = held_talk();
        let found = talk.find(&FilledPause).unwrap();
        assert_eq!(talk.turns_of(&found), ["client 6 sound"]);
        assert!((found[0].value - 0.4).abs() < 0.05 && found[0].confidence <= 0.5, "{found:?}");
    }

    #[test]
    fn a_written_um_near_it_names_it_and_one_elsewhere_stands_alone() {
        let talk = held_talk();
        let start = talk.start_ms(6);
        let text =
            [turn(Who::Client, (start, start + 3000), "I was, um, at home"), turn(Who::Client, (0, 3000), "Uh yes.")];
        let words = "fillers = ['uh', 'um']".parse::<toml::Table>().unwrap();
        let language = toml::Table::from_iter([("words".to_owned(), toml::Value::Table(words))]);
        let found = talk.find_with_text(&FilledPause, &text, &language).unwrap();
        assert_eq!(talk.turns_of(&found), ["client 0 word", "client 6 word"]);
    }
}
