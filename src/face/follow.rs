//! Follows faces from picture to picture: look where the face was, search the whole picture when one is missing.

use opencv::core::Mat;
use rayon::prelude::*;

use super::FaceError;
use super::appearance::Appearance;
use super::canonical::Canonical;
use super::find::{Detection, Finder};
use super::landmarks::{PixelBox, Square};
use super::pictures::CutWatch;
use super::quality::ASSESSABLE;
use super::reader::{FaceReader, Look, Reading};
use super::rows::Rows;
use super::settings::Settings;
use crate::model::Shelf;
use crate::origin::ModelFile;
use crate::time::SessionTime;

/// One face followed without a break.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// What was measured; never empty.
    pub rows: Rows,
    /// First and last place on the grid.
    pub ends: [usize; 2],
    /// Box at either end.
    pub boxes: [PixelBox; 2],
    /// Number of camera cuts before it.
    pub cuts_before: usize,
    /// What the person looks like.
    pub appearance: Appearance,
}

/// A face that is being followed.
struct Live {
    stretch: Stretch,
    square: Square,
    detector: f32,
    unseen: u32,
}

/// Follows all faces of a recording.
pub struct Follower<'a> {
    settings: &'a Settings,
    canonical: Canonical,
    finder: Finder,
    readers: Vec<FaceReader>,
    pool: Option<rayon::ThreadPool>,
    max_faces: usize,
    cuts: CutWatch,
    cuts_seen: usize,
    live: Vec<Live>,
    done: Vec<Stretch>,
    last_search: Option<SessionTime>,
    last_loss: Option<SessionTime>,
}

impl<'a> Follower<'a> {
    /// Loads the networks: one set per thread, at most one per face.
    ///
    /// # Errors
    /// [`FaceError`]: a network is missing or does not load.
    pub fn new(shelf: &Shelf, settings: &'a Settings, threads: usize, max_faces: usize) -> Result<Self, FaceError> {
        let canonical = Canonical::from_bytes(&shelf.bytes("face_geometry")?.0)?;
        let workers = threads.clamp(1, max_faces.max(1));
        let readers = (0..workers).map(|_| FaceReader::load(shelf)).collect::<Result<Vec<_>, _>>()?;
        let pool = match workers {
            1 => None,
            _ => Some(
                rayon::ThreadPoolBuilder::new()
                    .num_threads(workers)
                    .thread_name(|number| format!("face-{number}"))
                    .build()
                    .map_err(|e| FaceError::Threads { message: e.to_string() })?,
            ),
        };
        Ok(Self {
            settings,
            canonical,
            finder: Finder::load(shelf, 1)?,
            readers,
            pool,
            max_faces,
            cuts: CutWatch::default(),
            cuts_seen: 0,
            live: Vec::new(),
            done: Vec::new(),
            last_search: None,
            last_loss: None,
        })
    }

    /// The networks that run, in order of name.
    pub fn files(&self) -> Vec<ModelFile> {
        let readers = self.readers.iter().take(1).flat_map(FaceReader::files);
        let mut files: Vec<_> = readers.chain([self.finder.file()]).cloned().collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    }

    /// Takes the picture of one place on the grid. Places must grow.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or a network fails.
    pub fn step(&mut self, place: usize, time: SessionTime, picture: &Mat) -> Result<(), FaceError> {
        let cut = self.cuts.is_cut(picture, &self.settings.follow)?;
        if cut {
            self.cuts_seen += 1;
            self.done.extend(self.live.drain(..).map(|live| live.stretch));
        }
        let before = self.live.len();
        self.go_on(place, picture)?;
        let lost = self.live.len() < before;
        if lost {
            self.last_loss = Some(time);
        }
        if cut || lost || self.search_is_due(time) {
            self.last_search = Some(time);
            self.search(place, time, picture)?;
        }
        Ok(())
    }

    /// All stretches, in order of their start, those of one start from left to right.
    pub fn finish(mut self) -> Vec<Stretch> {
        self.done.extend(self.live.drain(..).map(|live| live.stretch));
        self.done.sort_by(|a, b| a.ends[0].cmp(&b.ends[0]).then(a.boxes[0].x.total_cmp(&b.boxes[0].x)));
        self.done
    }

    fn search_is_due(&self, now: SessionTime) -> bool {
        let settings = &self.settings.search;
        let Some(last) = self.last_search else { return true };
        let missing = self.live.len() < self.max_faces;
        let recently_lost =
            self.last_loss.and_then(|loss| now.since(loss)).is_some_and(|ago| ago <= settings.recently_lost_secs.0);
        let doubtful = self.live.iter().any(|live| live.unseen > 0);
        let wait = if self.live.is_empty() || (missing && recently_lost) || doubtful {
            settings.lost_secs
        } else if missing {
            settings.newcomer_secs
        } else {
            settings.check_secs
        };
        now.since(last).is_none_or(|ago| ago >= wait.0)
    }

    /// Looks for each followed face where it was.
    fn go_on(&mut self, place: usize, picture: &Mat) -> Result<(), FaceError> {
        let min_presence = self.settings.follow.min_presence;
        let looks: Vec<_> =
            self.live.iter().map(|live| Look { square: live.square, min_presence, twice: false }).collect();
        let readings = self.read_all(picture, &looks)?;
        let followed = std::mem::take(&mut self.live);
        for (mut live, reading) in followed.into_iter().zip(readings) {
            match reading {
                Some(reading) if self.is_large_enough(&reading) => {
                    live.take(place, &reading);
                    self.live.push(live);
                }
                _ => self.done.push(live.stretch),
            }
        }
        self.drop_doubles();
        Ok(())
    }

    fn is_large_enough(&self, reading: &Reading) -> bool {
        // A face that is followed may become somewhat smaller than one that is searched for.
        reading.measures.face.width >= 0.8 * self.settings.search.min_width_px
    }

    /// Ends the shorter of two stretches that have come to lie on one face, without the picture they share.
    fn drop_doubles(&mut self) {
        let border = self.settings.follow.max_shared_area;
        let mut order: Vec<usize> = (0..self.live.len()).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(self.live[number].stretch.rows.count()));
        let mut kept: Vec<usize> = Vec::new();
        for number in order {
            let face = self.live[number].stretch.boxes[1];
            if kept.iter().all(|&other| self.live[other].stretch.boxes[1].shared_area(&face) < border) {
                kept.push(number);
            }
        }
        for (number, live) in std::mem::take(&mut self.live).into_iter().enumerate() {
            match kept.contains(&number) {
                true => self.live.push(live),
                false => self.done.push(live.stretch),
            }
        }
    }

    /// Searches the whole picture: confirms what is followed and starts on what is new.
    fn search(&mut self, place: usize, time: SessionTime, picture: &Mat) -> Result<(), FaceError> {
        let mut found = self.finder.find(picture, &self.settings.search)?;
        for live in &mut self.live {
            let face = live.stretch.boxes[1];
            match found.iter().position(|detection| is_same_place(&face, &detection.face)) {
                Some(at) => {
                    live.detector = found.remove(at).score;
                    live.unseen = 0;
                }
                None => live.unseen += 1,
            }
        }
        let limit = self.settings.follow.unseen_searches;
        let (stay, go): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.live).into_iter().partition(|live| live.unseen < limit);
        self.live = stay;
        if !go.is_empty() {
            self.last_loss = Some(time);
        }
        self.done.extend(go.into_iter().map(|live| live.stretch));

        // The largest and surest first.
        let weight = |detection: &Detection| detection.score * detection.face.width * detection.face.height;
        found.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        found.retain(|new| self.live.iter().all(|live| !is_same_place(&live.stretch.boxes[1], &new.face)));
        found.truncate(self.max_faces.saturating_sub(self.live.len()));
        let min_presence = self.settings.follow.min_presence_new;
        let looks: Vec<_> = found.iter().map(|new| Look { square: new.square(), min_presence, twice: true }).collect();
        for (new, reading) in found.iter().zip(self.read_all(picture, &looks)?) {
            if let Some(reading) = reading {
                self.live.push(Live::new(place, self.cuts_seen, new.score, &reading));
            }
        }
        self.drop_doubles();
        Ok(())
    }

    /// Reads several faces of a picture at once; results in the order of `looks`, whatever the number of threads.
    fn read_all(&mut self, picture: &Mat, looks: &[Look]) -> Result<Vec<Option<Reading>>, FaceError> {
        let (settings, canonical) = (self.settings, &self.canonical);
        let (Some(pool), true) = (&self.pool, looks.len() > 1) else {
            let Some(reader) = self.readers.first_mut() else { return Ok(Vec::new()) };
            return looks.iter().map(|&look| reader.read(picture, look, canonical, settings)).collect();
        };
        let workers = self.readers.len();
        let readers = &mut self.readers;
        let mut numbered: Vec<_> = pool.install(|| {
            readers
                .par_iter_mut()
                .enumerate()
                .flat_map_iter(|(worker, reader)| {
                    let own = looks.iter().enumerate().skip(worker).step_by(workers);
                    own.map(move |(number, &look)| (number, reader.read(picture, look, canonical, settings)))
                })
                .collect()
        });
        numbered.sort_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, reading)| reading).collect()
    }
}

/// Whether a detection and a followed face are the same face in one picture: their boxes, cut differently by the two
/// networks, share some of their area, or the middle of one lies well inside the other.
fn is_same_place(followed: &PixelBox, detected: &PixelBox) -> bool {
    let ([x, y], [other_x, other_y]) = (followed.centre(), detected.centre());
    followed.shared_area(detected) > 0.2
        || ((x - other_x).abs() < followed.width / 4.0 && (y - other_y).abs() < followed.height / 4.0)
}

impl Live {
    fn new(place: usize, cuts_before: usize, detector: f32, reading: &Reading) -> Self {
        let face = reading.measures.face;
        let stretch = Stretch {
            rows: Rows::default(),
            ends: [place; 2],
            boxes: [face; 2],
            cuts_before,
            appearance: Appearance::default(),
        };
        let mut live = Self { stretch, square: Square::from_points(&reading.points), detector, unseen: 0 };
        live.take(place, reading);
        live
    }

    fn take(&mut self, place: usize, reading: &Reading) {
        self.square = Square::from_points(&reading.points);
        let stretch = &mut self.stretch;
        stretch.ends[1] = place;
        stretch.boxes[1] = reading.measures.face;
        stretch.rows.push(u32::try_from(place).unwrap_or(u32::MAX), reading.measures.row(self.detector));
        // A face that is seen badly says little about what the person looks like.
        let weight = if reading.measures.quality >= ASSESSABLE { 1.0 } else { 0.01 };
        stretch.appearance.add(&reading.appearance, weight);
    }
}
