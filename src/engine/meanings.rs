//! What each turn of a transcript means, where the sentence network is there and knows its language.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::job::Cancelled;
use crate::meaning::{Meaning, MeaningError, MeaningUse, NETWORK, Reader, Settings};
use crate::model::Shelf;
use crate::origin::ModelFile;
use crate::session::Problem;
use crate::transcript::SpokenTurn;

/// What turns mean, and the network that read it.
pub struct Read {
    /// For each turn; `None` where nothing is said in it.
    pub meanings: Vec<Option<Meaning>>,
    /// The network.
    pub network: ModelFile,
}

/// Reads what the turns mean. `None`: shared words have to do, which `problems` says where the network could have been asked.
///
/// Nothing of it is stored: what a text means is as confidential as the text, and it is read again in seconds.
///
/// # Errors
/// [`Cancelled`].
pub fn read(
    turns: &[SpokenTurn],
    language: &str,
    shelf: &Shelf,
    settings: &Settings,
    stop: &AtomicBool,
    problems: &mut Vec<Problem>,
) -> Result<Option<Read>, Cancelled> {
    if settings.when == MeaningUse::Never || !settings.languages.iter().any(|known| known == language) {
        return Ok(None);
    }
    if !Reader::is_there(shelf) {
        let message = format!(
            "topics and cohesion are told from shared words alone: the network {NETWORK:?} is not installed (scripts/setup.sh)"
        );
        problems.push(Problem::note("transcript", message));
        return Ok(None);
    }
    let all = || -> Result<Option<Read>, MeaningError> {
        let mut reader = Reader::load(shelf, settings)?;
        let mut meanings = Vec::with_capacity(turns.len());
        for turn in turns {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            meanings.push(reader.meaning(&turn.text)?);
        }
        Ok(Some(Read { meanings, network: reader.file().clone() }))
    };
    let read = all();
    crate::model::give_back();
    match read {
        Ok(Some(read)) => Ok(Some(read)),
        Ok(None) => Err(Cancelled),
        Err(error) => {
            problems.push(Problem::failure(
                "transcript",
                format!("topics and cohesion are told from shared words alone: {error}"),
            ));
            Ok(None)
        }
    }
}
