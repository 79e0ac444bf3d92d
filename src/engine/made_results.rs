//! Made sessions written as a scan writes its results, with where their ruptures are.

use std::fs;
use std::path::Path;

use crate::export;
use crate::made::MadeSession;
use crate::origin::{Hash, Origin};
use crate::session::{Coverage, Person, SCHEMA, Session};
use crate::track::{Tracks, Who};

use super::interpret::interpret_events;
use super::prepared::Prepared;
use super::request::EngineError;

/// Name of the table of ruptures.
const TRUTH: &str = "truth.csv";

/// Writes each session into a folder of its own below `folder`, which must be new or empty, and the ruptures of all into
/// `truth.csv`.
///
/// # Errors
/// [`EngineError::Request`] if the folder cannot be used.
pub fn write(made: &[MadeSession], prepared: &Prepared, folder: &Path) -> Result<(), EngineError> {
    let wrong = |e: &dyn std::fmt::Display| {
        EngineError::Request(format!(
            "cannot write the made sessions ({e}): choose another folder: {}",
            folder.display()
        ))
    };
    let used = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if used {
        return Err(wrong(&"there is something in it already"));
    }
    fs::create_dir_all(folder).map_err(|e| wrong(&e))?;
    let options = export::Options { also_ours: &[], replace_other: false };
    let mut truth = "session,dyad,kind,start_s,end_s\n".to_owned();
    for one in made {
        let session = session(one, prepared);
        export::write_results(&session, &prepared.code_words(), &folder.join(&one.name), &prepared.report, &options)
            .map_err(|e| wrong(&e))?;
        if one.ruptures.is_empty() {
            truth += &format!("{},dyad-{:03},,,\n", one.name, one.dyad);
        }
        for rupture in &one.ruptures {
            let (start, end) = (rupture.span.start().secs_f64(), rupture.span.end().secs_f64());
            truth += &format!("{},dyad-{:03},{},{start},{end}\n", one.name, one.dyad, rupture.kind.name());
        }
    }
    fs::write(folder.join(TRUTH), truth).map_err(|e| wrong(&e))
}

/// The session as a scan would have found it.
fn session(made: &MadeSession, prepared: &Prepared) -> Session {
    let (hits, ranking) = interpret_events(&made.events, &made.turns, made.span, prepared);
    let speaking = |who: Who| -> f64 {
        let turns = made.turns.iter().filter(|turn| turn.who == who);
        turns.map(|turn| turn.span.secs_f64()).sum()
    };
    let person = |who: Who| Person {
        who,
        voice: None,
        face: None,
        told_by: "made up".into(),
        confidence: 1.0,
        speaking_s: Some(speaking(who)),
    };
    let whole = |modality: &str, who: Who| Coverage {
        modality: modality.into(),
        who,
        assessable_s: made.span.secs_f64(),
        total_s: made.span.secs_f64(),
        why_not: String::new(),
    };
    let people = [Who::Client, Who::Therapist];
    Session {
        schema: SCHEMA,
        name: made.name.clone(),
        span: made.span,
        media: Vec::new(),
        transcript: None,
        people: people.map(person).to_vec(),
        turns: made.turns.clone(),
        notes: Vec::new(),
        words: Vec::new(),
        events: made.events.clone(),
        hits,
        episodes: ranking.episodes,
        further: ranking.further,
        review: Some(ranking.expected),
        controls: ranking.controls,
        moment_secs: ranking.moment_secs,
        synchrony: None,
        coverage: people.iter().flat_map(|&who| ["voice", "face", "text"].map(|what| whole(what, who))).collect(),
        problems: vec![crate::session::Problem::note(
            "markers",
            "a made session: nobody said or did any of this; its ruptures stand in truth.csv",
        )],
        origin: Origin {
            engine: env!("CARGO_PKG_VERSION").into(),
            settings: prepared.hash(),
            codebook: prepared.config.hash("codebook"),
            codebook_version: prepared.codebook.title().to_owned(),
            language: Hash::of_bytes(b""),
            learned: prepared.learned.as_ref().map(|(_, hash)| hash.clone()),
            models: Vec::new(),
        },
        tracks: Tracks::new(),
    }
}
