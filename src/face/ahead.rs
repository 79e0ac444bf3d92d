//! The networks at work: each face on its own through several pictures, beside the search of a whole one.
//!
//! A face needs only its own place in the picture before, so it need not wait for the others. What it does not know is
//! whether it is still to be followed; [`super::follow`] decides that afterwards, in order, from what was read here.

use std::sync::mpsc::channel;

use opencv::core::Mat;
use rayon::prelude::*;

use super::FaceError;
use super::canonical::Canonical;
use super::find::{Detection, Finder};
use super::landmarks::Square;
use super::pictures::Placed;
use super::reader::{FaceReader, Look, Reading, Sight};
use super::settings::Settings;
use crate::media::Frame;
use crate::model::Shelf;
use crate::origin::ModelFile;

/// A face that is followed may become this much smaller than one that is searched for.
const SMALLER: f32 = 0.8;

/// Where a face was last.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The square to look in first.
    pub square: Square,
    /// Lowest presence, 0 to 1.
    pub min_presence: f32,
}

/// What was read ahead.
pub struct Ahead {
    /// Of each face, a reading per picture up to where it was lost.
    pub faces: Vec<Vec<Reading>>,
    /// What the search found, if there was one.
    pub found: Option<Vec<Detection>>,
}

/// The networks, one set per thread and at most one per face, and the threads.
pub struct Crew<'a> {
    settings: &'a Settings,
    canonical: Canonical,
    finder: Finder,
    readers: Vec<FaceReader>,
    pool: Option<rayon::ThreadPool>,
}

impl<'a> Crew<'a> {
    /// Loads the networks.
    ///
    /// # Errors
    /// [`FaceError`]: a network is missing or does not load, or the system refuses threads.
    pub fn load(shelf: &Shelf, settings: &'a Settings, threads: usize, max_faces: usize) -> Result<Self, FaceError> {
        let canonical = Canonical::from_bytes(&shelf.bytes("face_geometry")?.0)?;
        let workers = threads.clamp(1, max_faces.max(1));
        let readers = (0..workers).map(|_| FaceReader::load(shelf)).collect::<Result<Vec<_>, _>>()?;
        let pool = match threads {
            0 | 1 => None,
            _ => Some(
                rayon::ThreadPoolBuilder::new()
                    // Each face is seen by one and measured by another; one more for the search.
                    .num_threads(threads.min(2 * workers + 1))
                    .thread_name(|number| format!("face-{number}"))
                    .build()
                    .map_err(|e| FaceError::Threads { message: e.to_string() })?,
            ),
        };
        Ok(Self { settings, canonical, finder: Finder::load(shelf, 1)?, readers, pool })
    }

    /// The networks that run, in order of name.
    pub fn files(&self) -> Vec<ModelFile> {
        let readers = self.readers.iter().take(1).flat_map(FaceReader::files);
        let mut files: Vec<_> = readers.chain([self.finder.file()]).cloned().collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    }

    /// Searches a whole picture.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or the network fails.
    pub fn find(&mut self, picture: &Mat) -> Result<Vec<Detection>, FaceError> {
        self.finder.find(picture, &self.settings.search)
    }

    /// Reads each face through the pictures until it is lost, and searches the picture numbered `search`.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or a network fails.
    pub fn run_ahead(
        &mut self,
        pictures: &[Placed],
        starts: &[Start],
        search: Option<usize>,
    ) -> Result<Ahead, FaceError> {
        let (settings, canonical) = (self.settings, &self.canonical);
        let finder = &mut self.finder;
        let wanted = search.and_then(|number| pictures.get(number));
        let mut find = || wanted.map(|(_, frame)| finder.find(&frame.image, &settings.search)).transpose();
        let at_once = self.pool.is_some();
        let follow =
            |reader: &mut FaceReader, start: &Start| follow(reader, pictures, *start, canonical, settings, at_once);
        let readers = &mut self.readers;
        let (faces, found) = match &self.pool {
            Some(pool) => pool.install(|| rayon::join(|| share(readers, true, starts, follow), find)),
            None => (share(readers, false, starts, follow), find()),
        };
        Ok(Ahead { faces: faces?, found: found? })
    }

    /// Reads several faces of one picture; results in the order of `looks`.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or a network fails.
    pub fn read_all(&mut self, picture: &Mat, looks: &[Look]) -> Result<Vec<Option<Reading>>, FaceError> {
        let (settings, canonical) = (self.settings, &self.canonical);
        let read = |reader: &mut FaceReader, look: &Look| reader.read(picture, *look, canonical, settings);
        let readers = &mut self.readers;
        match &self.pool {
            Some(pool) => pool.install(|| share(readers, true, looks, read)),
            None => share(readers, false, looks, read),
        }
    }
}

/// Shares the work out among the readers; results in the order of `work`, whatever their number.
fn share<W: Sync, R: Send>(
    readers: &mut [FaceReader],
    at_once: bool,
    work: &[W],
    act: impl Fn(&mut FaceReader, &W) -> Result<R, FaceError> + Sync,
) -> Result<Vec<R>, FaceError> {
    if !at_once || work.len() < 2 {
        let Some(reader) = readers.first_mut() else { return Ok(Vec::new()) };
        return work.iter().map(|one| act(reader, one)).collect();
    }
    let (workers, act) = (readers.len(), &act);
    let mut numbered: Vec<_> = readers
        .par_iter_mut()
        .enumerate()
        .flat_map_iter(|(worker, reader)| {
            let own = work.iter().enumerate().skip(worker).step_by(workers);
            own.map(move |(number, one)| (number, act(reader, one)))
        })
        .collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, result)| result).collect()
}

/// Reads one face through the pictures, each where it was in the one before, until it is lost or too small. With
/// `at_once` a face is measured while it is already looked for in the next picture.
fn follow(
    reader: &mut FaceReader,
    pictures: &[Placed],
    start: Start,
    canonical: &Canonical,
    settings: &Settings,
    at_once: bool,
) -> Result<Vec<Reading>, FaceError> {
    let Start { mut square, min_presence } = start;
    let (seer, meter) = reader.parts();
    let mut see = |frame: &Frame| -> Result<Option<Sight>, FaceError> {
        let look = Look { square, min_presence, twice: false };
        let sight = seer.see(&frame.image, look, settings)?;
        let sight = sight.filter(|sight| sight.width() >= SMALLER * settings.search.min_width_px);
        if let Some(sight) = &sight {
            square = sight.square();
        }
        Ok(sight)
    };
    let mut readings = Vec::with_capacity(pictures.len());
    let mut measure = |sight: &Sight| -> Result<bool, FaceError> {
        let reading = meter.measure(sight, canonical, settings)?;
        let is_face = reading.is_some();
        readings.extend(reading);
        Ok(is_face)
    };
    if at_once {
        // The sender never waits, so that one thread alone can do first the one and then the other.
        let (send, receive) = channel();
        let see_all = move || -> Result<(), FaceError> {
            for (_, frame) in pictures {
                let Some(sight) = see(frame)? else { break };
                if send.send(sight).is_err() {
                    break;
                }
            }
            Ok(())
        };
        let measure_all = || -> Result<(), FaceError> {
            for sight in receive {
                if !measure(&sight)? {
                    break;
                }
            }
            Ok(())
        };
        let (seen, measured) = rayon::join(see_all, measure_all);
        seen.and(measured)?;
    } else {
        for (_, frame) in pictures {
            match see(frame)? {
                Some(sight) if measure(&sight)? => {}
                _ => break,
            }
        }
    }
    Ok(readings)
}
