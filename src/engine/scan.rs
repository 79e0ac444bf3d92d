//! One session, from its files to its results.

use std::sync::atomic::AtomicBool;

use crate::markers::Spoken;
use crate::markers::units::action_units;
use crate::model::Shelf;
use crate::origin::{Hash, Origin};
use crate::roles::{self, UserWord};
use crate::session::{Cohesion, Problem, SCHEMA, Session, TranscriptSource};
use crate::time::{SessionTime, Span};
use crate::track::{Tracks, Who};
use crate::transcript::told::Told;
use crate::transcript::{self, Transcript, TranscriptError, onto_clock};

use super::asr;
use super::enrol::KnownVoice;
use super::interpret::interpret;
use super::language::Language;
use super::meanings;
use super::neutral;
use super::people;
use super::prepared::Prepared;
use super::recordings::{self, Opened};
use super::request::{EngineError, Request};
use super::stages::Bench;
use super::store::Store;
use super::watch::{Stage, Watch};
use super::words;

/// Reads, measures and interprets one session. Nothing is written but the stages' store in the results folder.
///
/// # Errors
/// [`EngineError`]. What can be done without a part that fails is done, and [`Session::problems`] says what could not be.
pub fn scan(
    request: &Request,
    prepared: &Prepared,
    shelf: &Shelf,
    watch: &dyn Watch,
    stop: &AtomicBool,
) -> Result<Session, EngineError> {
    if !request.listen && !request.look && request.transcript.is_none() && request.asr.is_none() {
        let message =
            "without sound, pictures and transcript nothing is left to read: leave out --no-sound or --no-video";
        return Err(EngineError::Request(message.into()));
    }
    let mut problems = Vec::new();
    watch.begins(Stage::Media, None);
    let mut opened = match request.recordings.is_empty() && request.transcript.is_some() {
        true => Vec::new(),
        false => recordings::open_all(&request.recordings, &request.withheld, &prepared.media, &mut problems)?,
    };
    if let Some(twice) = recordings::given_twice(&opened) {
        let message = format!("the same recording is given twice: leave one of them out: {}", twice.file());
        return Err(EngineError::Request(message));
    }
    let mut transcript = read_transcript(request, prepared, &mut problems);
    watch.ends(Stage::Media, false);

    if opened.iter().any(|r| r.offset_from == recordings::NOT_FOUND) {
        watch.begins(Stage::Align, None);
        recordings::align(&mut opened, &prepared.media, &mut problems);
        watch.ends(Stage::Align, false);
    }
    let withheld = &request.withheld;
    let store = Store::new(&request.out)
        .without(withheld.stages())
        .map_err(|e| EngineError::Write { message: e.to_string(), folder: request.out.display().to_string() })?;
    if transcript.is_none() {
        transcript = recognised(request, prepared, &opened, &store, watch, stop, &mut problems)?;
    }
    let span = session_span(&opened, &transcript)?;

    let known_voice = request.therapist_voice.as_deref().map(|path| KnownVoice::load(path, shelf)).transpose()?;

    let bench = Bench { request, prepared, shelf, store: &store, watch, stop };
    let mut measured = bench.measure(&opened)?;
    problems.append(&mut measured.problems);
    for (index, what, damage) in measured.damage.drain(..) {
        opened[index].add_damage(&damage, what, prepared.engine.most_missing_share, &mut problems);
    }
    if measured.tracks.iter().next().is_none() && transcript.is_none() {
        let reasons: Vec<_> = problems.iter().map(|problem| format!("  {}", problem.message)).collect();
        return Err(EngineError::Nothing(reasons.join("\n")));
    }

    watch.begins(Stage::Find, None);
    let speech = people::speech_stretches(&measured.tracks);
    let mut placed = transcript
        .as_ref()
        .map(|(transcript, _)| onto_clock::place(transcript, &speech, span, &prepared.transcript.onto_clock));
    if let Some(message) = transcript.as_ref().zip(placed.as_ref()).and_then(|((_, _), placed)| of_another(placed)) {
        problems.push(Problem::failure("transcript", message));
        (transcript, placed) = (None, None);
    }
    let language =
        prepared.languages.of(transcript.as_ref().map(|(transcript, _)| transcript), request.language.as_deref())?;
    let heard_in = super::hear::choose(&opened).ok().and_then(|chosen| opened.get(*chosen.first()?));
    // Where somebody's sound or words are not to be measured, nothing is made of both together.
    let may = request.withheld.sound.is_empty() && request.withheld.text.is_empty();
    if let (true, Some((transcript, hash)), Some(placed), Some(recording)) = (may, &transcript, &mut placed, heard_in) {
        let wish = words::Wish {
            when: request.align,
            settings: &prepared.align,
            media: &prepared.media,
            settings_hash: &prepared.hash(),
            language: language.map(|language| language.name.as_str()),
            fresh: request.fresh,
            store: &store,
            stop,
        };
        words::refine((transcript, hash), placed, recording, &speech, &wish, &mut problems)?;
    }
    let role_words = &language.unwrap_or(prepared.languages.usual()).role_words;
    let mut words = words_of_the_user(request, transcript.as_ref().map(|(transcript, _)| transcript));
    match known_voice.map(|known| known.find(&measured.voices, &prepared.roles.known_voices)) {
        // What the user says in words stands above what a file says.
        Some(Ok(word)) => words.insert(0, word),
        Some(Err(message)) => problems.push(Problem::note("people", message)),
        None => {}
    }
    let told_turns = transcript.as_ref().map(|(transcript, _)| transcript).zip(placed.as_ref());
    let assign = |tracks: &Tracks| {
        let channels = measured.are_channels;
        roles::assign(tracks, told_turns, channels, &words, role_words, &prepared.roles)
    };
    let roles = assign(&measured.tracks);
    if let Some((transcript, placed)) = told_turns.filter(|_| !measured.are_channels) {
        let turns = people::voice_turns(transcript, placed, &roles);
        roles::settle::by_transcript(&mut measured.tracks, &turns, &prepared.roles.settle);
        let words = people::voice_words(transcript, placed, &roles);
        roles::settle::by_words(&mut measured.tracks, &words, &prepared.roles.settle);
    }
    let told = |stage: &'static str| move |message: &String| Problem::note(stage, message);
    problems
        .extend(placed.iter().flat_map(|placed| placed.problems.iter().chain(&placed.rough)).map(told("transcript")));
    problems.extend(roles.problems.iter().map(told("people")));
    problems.extend(roles.unknown_words.iter().map(|message| Problem::failure("people", message)));
    let mut tracks = measured.tracks.renamed(|who| roles.rename(who));
    withheld.keep_tracks(&mut tracks);
    problems.extend(neutral::problems(&tracks, &prepared.neutral, prepared.engine.assessable_from));
    let mut people = people::told(&roles, &tracks, measured.are_channels);
    withheld.keep_people(&mut people);
    problems.extend(people::advice(&people).map(|message| Problem::note("people", message)));
    // Turns without words say who speaks, and no more.
    let with_words = transcript.as_ref().filter(|(transcript, _)| transcript.has_words());
    if let Some((transcript, _)) = transcript.as_ref().filter(|_| with_words.is_none()) {
        let message = format!(
            "the {} file says who speaks and not what is said: whatever reads the transcript was not looked for",
            transcript.format
        );
        problems.push(Problem::note("transcript", message));
    }
    let mut said = with_words.zip(placed.as_ref()).map(|((transcript, _), placed)| {
        Told::new(transcript, placed, |name| roles.of_speaker(name), prepared.transcript.onto_clock.join_turns_secs)
    });
    said.iter_mut().for_each(|said| withheld.keep_told(said));
    let episode_settings = match request.budget_minutes {
        Some(minutes) => prepared.episodes.clone().with_budget(minutes).map_err(EngineError::Request)?,
        None => prepared.episodes.clone(),
    };
    let seed = seed_of(&opened);
    if language.is_none() && with_words.is_some() {
        problems.push(Problem::note("transcript", not_a_language(prepared)));
    }
    let turns = said.as_ref().map(|said| said.turns.as_slice());
    let meant = match turns.zip(language) {
        Some((turns, language)) => {
            meanings::read(turns, &language.name, shelf, &prepared.meaning, stop, &mut problems)?
        }
        None => None,
    };
    measured.models.extend(meant.iter().map(|read| (read.network.name.clone(), read.network.clone())));
    let spoken = Spoken {
        turns,
        language: language.map(|language| &language.patterns),
        meanings: meant.as_ref().map(|read| read.meanings.as_slice()),
    };
    let interpreted = interpret(&tracks, span, spoken, prepared, (&episode_settings, withheld), seed, &mut problems)?;
    tracks.extend(action_units(&tracks, span, &interpreted.events, &prepared.markers)?);
    watch.ends(Stage::Find, false);

    let said = said.unwrap_or_default();
    Ok(Session {
        schema: SCHEMA,
        name: request.name.clone(),
        span,
        media: opened.iter().map(Opened::told).collect(),
        transcript: transcript_source(request, transcript.as_ref(), placed.as_ref(), language, meant.is_some()),
        people,
        turns: said.turns,
        notes: said.notes,
        words: said.words,
        events: interpreted.events,
        hits: interpreted.hits,
        episodes: interpreted.ranking.episodes,
        further: interpreted.ranking.further,
        review: Some(interpreted.ranking.expected),
        controls: interpreted.ranking.controls,
        moment_secs: interpreted.ranking.moment_secs,
        synchrony: interpreted.synchrony,
        coverage: interpreted.coverage,
        problems,
        origin: Origin {
            engine: env!("CARGO_PKG_VERSION").into(),
            settings: prepared.hash(),
            codebook: prepared.config.hash("codebook"),
            codebook_version: prepared.codebook.title().to_owned(),
            language: prepared.config.hash("language"),
            learned: prepared.learned.as_ref().map(|(_, hash)| hash.clone()),
            models: measured.models.into_values().collect(),
        },
        tracks,
    })
}

/// From the earliest to the latest moment that any recording holds; of the transcript if no length is known.
fn session_span(opened: &[Opened], transcript: &Option<(Transcript, Hash)>) -> Result<Span, EngineError> {
    let recorded = opened.iter().filter_map(Opened::span).reduce(Span::hull);
    let spoken = || {
        let turns = transcript.iter().flat_map(|(t, _)| &t.turns);
        let end = turns.filter_map(|turn| turn.span.map(Span::end).or(turn.start)).max()?;
        Span::new(SessionTime::ZERO, end)
    };
    recorded.or_else(spoken).ok_or_else(|| EngineError::Nothing("  the length of the recording is not known".into()))
}

/// A word that is a speaker's name in the transcript means that speaker, also if it could be a voice's number
/// ("Speaker 1" of a recogniser need not be the first voice).
fn words_of_the_user(request: &Request, transcript: Option<&Transcript>) -> Vec<(Who, UserWord)> {
    let names = transcript.map(Transcript::speakers).unwrap_or_default();
    let told =
        |role: Who, words: &[String]| words.iter().map(|text| (role, word_among(text, &names))).collect::<Vec<_>>();
    [told(Who::Client, &request.client), told(Who::Therapist, &request.therapist)].concat()
}

fn word_among(text: &str, names: &[&str]) -> UserWord {
    match names.iter().find(|name| name.to_lowercase() == text.trim().to_lowercase()) {
        Some(name) => UserWord::Name((*name).to_owned()),
        None => text.into(),
    }
}

fn not_a_language(prepared: &Prepared) -> String {
    let known: Vec<_> = prepared.languages.names().collect();
    format!(
        "the transcript is in none of the languages that have patterns ({}): what it says was not looked at; if it is in one \
         of them, say --language; a further language is a folder of files",
        known.join(", ")
    )
}

/// The control windows shall differ between sessions and be the same for the same session.
fn seed_of(opened: &[Opened]) -> u64 {
    let digits = opened.first().and_then(|recording| recording.sha256.as_str().get(..16)).unwrap_or("0");
    u64::from_str_radix(digits, 16).unwrap_or(0)
}

fn read_transcript(request: &Request, prepared: &Prepared, problems: &mut Vec<Problem>) -> Option<(Transcript, Hash)> {
    let path = request.transcript.as_ref()?;
    let read = transcript::read(path, &request.columns, &prepared.transcript).and_then(|read| {
        let fail = |source| TranscriptError::Unreadable { file: path.display().to_string(), source };
        Ok((read, Hash::of_file(path).map_err(fail)?))
    });
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            problems.push(Problem::failure("transcript", error));
            None
        }
    }
}

/// What the user's recogniser says of the first recording with sound.
fn recognised(
    request: &Request,
    prepared: &Prepared,
    opened: &[Opened],
    store: &Store,
    watch: &dyn Watch,
    stop: &AtomicBool,
    problems: &mut Vec<Problem>,
) -> Result<Option<(Transcript, Hash)>, EngineError> {
    let Some(command) = request.asr.as_deref() else { return Ok(None) };
    let first = super::hear::choose(opened).ok().and_then(|chosen| opened.get(*chosen.first()?));
    let Some(recording) = first else { return Ok(None) };
    watch.begins(Stage::Recognise, None);
    let wish = asr::Wish { command, media: &prepared.media, transcript: &prepared.transcript, fresh: request.fresh };
    let said = asr::recognise(recording, &wish, store, stop);
    watch.ends(Stage::Recognise, matches!(said, Ok((.., true))));
    match said {
        Ok((transcript, hash, _)) => Ok(Some((transcript, hash))),
        Err(asr::AsrError::Cancelled(cancelled)) => Err(cancelled.into()),
        Err(error) => {
            problems.push(Problem::failure("transcript", error));
            Ok(None)
        }
    }
}

/// What to say of a transcript most of whose turns lie outside the recordings: it is of another session, and its words are
/// not these people's.
fn of_another(placed: &onto_clock::Placed) -> Option<String> {
    let outside = placed.turns.iter().filter(|turn| turn.is_none()).count();
    (2 * outside > placed.turns.len()).then(|| {
        format!(
            "{outside} of {} turns of the transcript lie outside the recordings: it is of another session, and was not used; check \
             that both belong together",
            placed.turns.len()
        )
    })
}

fn transcript_source(
    request: &Request,
    transcript: Option<&(Transcript, Hash)>,
    placed: Option<&onto_clock::Placed>,
    language: Option<&Language>,
    by_meaning: bool,
) -> Option<TranscriptSource> {
    let (transcript, sha256) = transcript?;
    Some(TranscriptSource {
        file: request.transcript.as_deref().map_or_else(|| "--asr".to_owned(), recordings::file_name),
        sha256: sha256.clone(),
        format: transcript.format.clone(),
        language: language.filter(|_| transcript.has_words()).map(|language| language.name.clone()),
        cohesion: language.filter(|_| transcript.has_words()).map(|_| match by_meaning {
            true => Cohesion::Meaning,
            false => Cohesion::Words,
        }),
        turns: transcript.turns.len(),
        offset_s: placed.and_then(|placed| placed.offset_s),
        drift_ppm: placed.and_then(|placed| placed.drift_ppm),
        warnings: transcript.warnings.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_transcript_stands_above_a_number() {
        let names = ["Speaker 2", "speaker90"];
        assert_eq!(word_among("speaker 2", &names), UserWord::Name("Speaker 2".into()));
        assert_eq!(word_among(" speaker90", &names), UserWord::Name("speaker90".into()));
        assert_eq!(word_among("speaker2", &names), UserWord::Speaker(2));
        assert_eq!(word_among("left", &[]), UserWord::Left);
    }
}
