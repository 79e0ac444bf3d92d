//! Follows faces from picture to picture: look where the face was, search the whole picture when one is missing.

use super::FaceError;
use super::ahead::{Crew, Start};
use super::appearance::Appearance;
use super::find::Detection;
use super::landmarks::{PixelBox, Square};
use super::nobody::Stillness;
use super::pictures::{CutWatch, Placed};
use super::quality::ASSESSABLE;
use super::reader::{Look, Reading};
use super::rows::Rows;
use super::settings::{Nobody, Settings};
use crate::media::Frame;
use crate::model::Shelf;
use crate::origin::ModelFile;
use crate::spool::Spool;
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
    stillness: Stillness,
}

/// Follows all faces of a recording.
pub struct Follower<'a> {
    settings: &'a Settings,
    crew: Crew<'a>,
    max_faces: usize,
    cuts: CutWatch,
    cuts_seen: usize,
    live: Vec<Live>,
    done: Vec<Stretch>,
    last_search: Option<SessionTime>,
    last_loss: Option<SessionTime>,
    spool: Spool,
}

impl<'a> Follower<'a> {
    /// Loads the networks.
    ///
    /// # Errors
    /// [`FaceError`]: a network is missing or does not load.
    pub fn new(shelf: &Shelf, settings: &'a Settings, threads: usize, max_faces: usize) -> Result<Self, FaceError> {
        Ok(Self {
            settings,
            crew: Crew::load(shelf, settings, threads, max_faces)?,
            max_faces,
            cuts: CutWatch::default(),
            cuts_seen: 0,
            live: Vec::new(),
            done: Vec::new(),
            last_search: None,
            last_loss: None,
            spool: Spool::new(),
        })
    }

    /// The networks that run, in order of name.
    pub fn files(&self) -> Vec<ModelFile> {
        self.crew.files()
    }

    /// Takes the next pictures, in order of their places on the grid. However many come at once, the result is that of
    /// taking them one by one; more at once let each face run ahead of the others.
    ///
    /// # Errors
    /// [`FaceError`] if OpenCV or a network fails.
    pub fn take(&mut self, pictures: &[Placed]) -> Result<(), FaceError> {
        let mut cuts = Vec::with_capacity(pictures.len());
        for (_, frame) in pictures {
            cuts.push(self.cuts.is_cut(&frame.image, &self.settings.follow)?);
        }
        let mut next = 0;
        while next < pictures.len() {
            if cuts[next] {
                self.cuts_seen += 1;
                self.done.extend(self.live.drain(..).map(|live| live.stretch));
            }
            let end = cuts[next + 1..].iter().position(|cut| *cut).map_or(pictures.len(), |more| next + 1 + more);
            next += self.go_on(&pictures[next..end], cuts[next])?;
        }
        Ok(())
    }

    /// Drops the networks and gives all stretches, in order of their start, those of one start from left to right.
    pub fn finish(mut self) -> Vec<Stretch> {
        self.done.extend(self.live.drain(..).map(|live| live.stretch));
        self.done.sort_by(|a, b| a.ends[0].cmp(&b.ends[0]).then(a.boxes[0].x.total_cmp(&b.boxes[0].x)));
        self.done
    }

    fn search_is_due(&self, now: SessionTime) -> bool {
        let settings = &self.settings.search;
        let Some(last) = self.last_search else { return true };
        let missing = self.live.len() < self.seats();
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

    /// How many faces to follow: what has stood still like a picture takes nobody's place.
    fn seats(&self) -> usize {
        self.max_faces + self.live.iter().filter(|live| live.stillness.is_still(&self.settings.nobody)).count()
    }

    /// Goes on through pictures of which only the first may follow a camera cut, until the faces that are followed
    /// change; how many pictures that were (at least 1).
    ///
    /// All followed faces are read through all pictures beforehand, each as if it were alone. That holds as long as
    /// none is lost, found or dropped; what was read beyond such a change is thrown away.
    fn go_on(&mut self, pictures: &[Placed], cut: bool) -> Result<usize, FaceError> {
        let min_presence = self.settings.follow.min_presence;
        let starts: Vec<_> = self.live.iter().map(|live| Start { square: live.square, min_presence }).collect();
        let due = if cut { Some(0) } else { pictures.iter().position(|(_, frame)| self.search_is_due(frame.time)) };
        let ahead = self.crew.run_ahead(pictures, &starts, due)?;
        let mut readings: Vec<_> = ahead.faces.into_iter().map(Vec::into_iter).collect();
        let mut found = due.zip(ahead.found);
        for (number, (place, frame)) in pictures.iter().enumerate() {
            let before = self.live.len();
            self.keep(*place, readings.iter_mut().map(Iterator::next));
            let lost = self.live.len() < before;
            if lost {
                self.last_loss = Some(frame.time);
            }
            let mut changed = lost;
            if (cut && number == 0) || lost || self.search_is_due(frame.time) {
                self.last_search = Some(frame.time);
                let found = match found.take_if(|(at, _)| *at == number) {
                    Some((_, found)) => found,
                    None => self.crew.find(&frame.image)?,
                };
                changed |= self.search(*place, frame, found)?;
            }
            if changed {
                return Ok(number + 1);
            }
        }
        Ok(pictures.len())
    }

    /// Takes one reading of each followed face; a face without one ends.
    fn keep(&mut self, place: usize, readings: impl Iterator<Item = Option<Reading>>) {
        for (mut live, reading) in std::mem::take(&mut self.live).into_iter().zip(readings) {
            match reading {
                Some(reading) => {
                    live.take(place, &reading, &self.settings.nobody);
                    self.live.push(live);
                }
                None => self.done.push(live.stretch),
            }
        }
        self.drop_doubles();
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

    /// Takes what was found in the whole picture: confirms what is followed and starts on what is new. Whether the
    /// faces that are followed changed.
    fn search(&mut self, place: usize, frame: &Frame, mut found: Vec<Detection>) -> Result<bool, FaceError> {
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
        let mut changed = !go.is_empty();
        if changed {
            self.last_loss = Some(frame.time);
        }
        self.done.extend(go.into_iter().map(|live| live.stretch));

        // The largest and surest first.
        let weight = |detection: &Detection| detection.score * detection.face.width * detection.face.height;
        found.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        found.retain(|new| self.live.iter().all(|live| !is_same_place(&live.stretch.boxes[1], &new.face)));
        found.truncate(self.seats().saturating_sub(self.live.len()));
        let min_presence = self.settings.follow.min_presence_new;
        let looks: Vec<_> = found.iter().map(|new| Look { square: new.square(), min_presence, twice: true }).collect();
        for (new, reading) in found.iter().zip(self.crew.read_all(&frame.image, &looks)?) {
            if let Some(reading) = reading {
                self.live.push(Live::new(place, self.cuts_seen, new.score, &reading, (self.settings, &self.spool)));
                changed = true;
            }
        }
        self.drop_doubles();
        Ok(changed)
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
    fn new(
        place: usize,
        cuts_before: usize,
        detector: f32,
        reading: &Reading,
        (settings, spool): (&Settings, &Spool),
    ) -> Self {
        let face = reading.measures.face;
        let stretch = Stretch {
            rows: Rows::new(spool),
            ends: [place; 2],
            boxes: [face; 2],
            cuts_before,
            appearance: Appearance::default(),
        };
        let square = Square::from_points(&reading.points);
        let mut live = Self { stretch, square, detector, unseen: 0, stillness: Stillness::new(settings.step) };
        live.take(place, reading, &settings.nobody);
        live
    }

    fn take(&mut self, place: usize, reading: &Reading, settings: &Nobody) {
        self.square = Square::from_points(&reading.points);
        let stretch = &mut self.stretch;
        stretch.ends[1] = place;
        stretch.boxes[1] = reading.measures.face;
        let row = reading.measures.row(self.detector);
        stretch.rows.push(u32::try_from(place).unwrap_or(u32::MAX), row);
        self.stillness.take(place, &row, settings);
        // A face that is seen badly says little about what the person looks like.
        let weight = if reading.measures.quality >= ASSESSABLE { 1.0 } else { 0.01 };
        stretch.appearance.add(&reading.appearance, weight);
    }
}
