//! The recordings of a session: opened, hashed, put on one clock.

use std::path::{Path, PathBuf};

use crate::media::{self, Damage, MediaError, MediaSettings, Probe, SoundSource, StreamKind};
use crate::origin::Hash;
use crate::session::{Media, Problem};
use crate::time::{SessionTime, Span};

use super::request::{EngineError, Recording};
use super::withheld::{Modality, Withheld};

/// Where a recording's offset was not given and is not found yet, or could not be found.
pub const NOT_FOUND: &str = "not found";
/// The pictures of a recording, as messages call them.
pub const PICTURE: &str = "picture";
/// The sound of a recording, as messages call it.
pub const SOUND: &str = "sound";

/// One recording that can be used.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub probe: Probe,
    /// Of the whole file.
    pub sha256: Hash,
    /// Session time of its zero.
    pub offset: SessionTime,
    /// How the offset came about.
    pub offset_from: String,
    /// Parts per million by which its clock runs fast; `None` if not measured.
    pub drift_ppm: Option<f64>,
    /// What could not be read, filled in by the stages.
    pub damage: Damage,
}

impl Opened {
    /// File name without its folder.
    pub fn file(&self) -> String {
        file_name(&self.path)
    }

    /// Where it lies on the session clock, if its length is known.
    pub fn span(&self) -> Option<Span> {
        let secs = self.probe.duration_secs?;
        Span::new(self.offset, self.offset.shifted(SessionTime::from_secs_f64(secs)))
    }

    /// Its sound from its place on the session clock.
    ///
    /// # Errors
    /// As [`media::open_sound`].
    pub fn sound(&self, settings: &MediaSettings) -> Result<Box<dyn SoundSource>, MediaError> {
        media::open_sound(&self.path, self.offset, settings)
    }

    /// Takes in what a stage could not read, and says so: as a failure if more than `most_missing_share` (0 to 1) of the
    /// announced length is missing.
    pub fn add_damage(&mut self, damage: &Damage, what: &str, most_missing_share: f64, problems: &mut Vec<Problem>) {
        if *damage == Damage::default() {
            return;
        }
        self.damage.broken_packets += damage.broken_packets;
        self.damage.missing.extend(&damage.missing);
        self.damage.missing.sort();
        // A track that starts after the recording does is no damage: microphones are switched on late.
        let mut rest = damage.clone();
        let starts_late = |span: &Span| self.span().is_some_and(|there| span.start() <= there.start());
        if damage.broken_packets == 0 && rest.missing.first().is_some_and(starts_late) {
            let secs = rest.missing.remove(0).secs_f64();
            problems.push(Problem::note(
                "media",
                format!(
                    "the {what} starts {secs:.1} s after the recording does; before that it counts as not measured: {}",
                    self.file()
                ),
            ));
            if rest.missing.is_empty() {
                return;
            }
        }
        let damage = &rest;
        let share = self.missing_share(damage, what);
        let secs: f64 = damage.missing.iter().map(|span| span.secs_f64()).sum();
        let lost = format!(
            "{} packets could not be read and {secs:.1} s in {} places are missing; they count as not \
             measured",
            damage.broken_packets,
            damage.missing.len()
        );
        problems.push(if share > most_missing_share {
            let (percent, limit) = (100.0 * share, 100.0 * most_missing_share);
            let message = format!(
                "{percent:.0} % of the {what} cannot be read, and a result is taken for whole up to {limit:.0} %: {lost}: \
                 copy the recording anew from where it was made, or look in a player for what is left of it: {}",
                self.file()
            );
            Problem::failure("media", message)
        } else {
            Problem::note("media", format!("damaged {what}: {lost}: {}", self.file()))
        });
    }

    /// Share of the announced length that is missing, or of the announced pictures that are broken, whichever is more;
    /// 0 where nothing announces a length. A file that ends early is announced to the end of what is missing.
    fn missing_share(&self, damage: &Damage, what: &str) -> f64 {
        let Some(there) = self.span() else { return 0.0 };
        let announced = damage.missing.iter().copied().fold(there, Span::hull).secs_f64();
        let missing: f64 = damage.missing.iter().map(|span| span.secs_f64()).sum();
        let pictures_per_sec = self.probe.streams.iter().find_map(|stream| match stream.kind {
            StreamKind::Picture { frames_per_sec, .. } => frames_per_sec,
            _ => None,
        });
        // Broken sound leaves holes, which are listed; broken pictures do so only if there are many in a row.
        let broken = match pictures_per_sec {
            Some(per_sec) if what == PICTURE => damage.broken_packets as f64 / (per_sec * announced),
            _ => 0.0,
        };
        broken.max(missing / announced).min(1.0)
    }

    /// As results tell it.
    pub fn told(&self) -> Media {
        Media {
            file: self.file(),
            sha256: self.sha256.clone(),
            what: self.probe.describe(),
            offset_s: self.offset,
            offset_from: self.offset_from.clone(),
            drift_ppm: self.drift_ppm,
            damage: self.damage.clone(),
        }
    }
}

/// File name without its folder, for results and messages.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Opens what can be opened; each recording that cannot becomes a problem.
///
/// # Errors
/// [`EngineError::Media`] if none can be opened: the first one's reason.
pub fn open_all(
    recordings: &[Recording],
    withheld: &Withheld,
    settings: &MediaSettings,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Opened>, EngineError> {
    let mut opened = Vec::new();
    let mut first_error = None;
    for (index, recording) in recordings.iter().enumerate() {
        match open(recording, index == 0, withheld, settings) {
            Ok(recording) => opened.push(recording),
            Err(error) => {
                problems.push(Problem::failure("media", &error));
                first_error.get_or_insert(error);
            }
        }
    }
    match (opened.is_empty(), first_error) {
        (true, Some(error)) => Err(error.into()),
        (true, None) => Err(EngineError::Request("no recording was given".into())),
        _ => Ok(opened),
    }
}

/// A recording that was given twice: it would be taken for two people's microphones.
pub fn given_twice(opened: &[Opened]) -> Option<&Opened> {
    let mut rest = opened.iter();
    std::iter::from_fn(|| rest.next().map(|one| (one, rest.as_slice())))
        .find(|(one, after)| after.iter().any(|other| other.sha256 == one.sha256))
        .map(|(one, _)| one)
}

/// Hashes of those that can be opened, as [`open_all`] gives them: what tells this session from others.
pub fn hashes(recordings: &[Recording], settings: &MediaSettings) -> Vec<Hash> {
    let opened = open_all(recordings, &Withheld::default(), settings, &mut Vec::new()).unwrap_or_default();
    opened.into_iter().map(|recording| recording.sha256).collect()
}

fn open(
    recording: &Recording,
    is_first: bool,
    withheld: &Withheld,
    settings: &MediaSettings,
) -> Result<Opened, MediaError> {
    let path = &recording.path;
    let mut probe = media::probe(path, settings)?;
    if let Some(who) = recording.of {
        let may = |modality| withheld.allows(modality, who);
        probe.streams.retain(|stream| match stream.kind {
            StreamKind::Picture { .. } => may(Modality::Face),
            StreamKind::Sound { .. } => may(Modality::Sound),
            StreamKind::Other => true,
        });
    }
    let sha256 =
        Hash::of_file(path).map_err(|source| MediaError::Unreadable { file: path.display().to_string(), source })?;
    let (offset, offset_from) = match recording.offset_secs {
        Some(secs) => (SessionTime::from_secs_f64(secs), "given"),
        None if is_first => (SessionTime::ZERO, "first recording"),
        None => (SessionTime::ZERO, NOT_FOUND),
    };
    let offset_from = offset_from.to_owned();
    Ok(Opened { path: path.clone(), probe, sha256, offset, offset_from, drift_ppm: None, damage: Damage::default() })
}

/// Lays recordings whose offset is not known on the clock of the first one, by what both hear.
pub fn align(opened: &mut [Opened], settings: &MediaSettings, problems: &mut Vec<Problem>) {
    let Some((first, others)) = opened.split_first_mut() else { return };
    for other in others.iter_mut().filter(|other| other.offset_from == NOT_FOUND) {
        let path = other.path.clone();
        let found = media::find_offset(
            &mut || first.sound(settings),
            &mut || media::open_sound(&path, SessionTime::ZERO, settings),
            &settings.align,
        );
        match found {
            Ok(Some(alignment)) => {
                other.offset = alignment.offset_at(SessionTime::ZERO);
                other.offset_from = "found by sound".into();
                other.drift_ppm = alignment.drift_ppm;
            }
            Ok(None) => problems.push(Problem::failure(
                "media",
                format!(
                    "where this recording lies on the session clock is not known, because it has no sound in common with \
                     the first one; it is taken to start with it: say --offset SECONDS: {}",
                    other.file()
                ),
            )),
            Err(error) => problems.push(Problem::failure("media", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Stream;

    /// A minute of film at 25 pictures a second that starts at 10 s.
    fn film() -> Opened {
        let kind = StreamKind::Picture { width: 64, height: 48, frames_per_sec: Some(25.0), turned_degrees: 0 };
        let stream = Stream { index: 0, codec: "h264".into(), start_secs: Some(0.0), kind };
        Opened {
            path: "film.mp4".into(),
            probe: Probe { container: "mp4".into(), duration_secs: Some(60.0), streams: vec![stream] },
            sha256: Hash::of_bytes(b"film"),
            offset: SessionTime::from_secs_f64(10.0),
            offset_from: "given".into(),
            drift_ppm: None,
            damage: Damage::default(),
        }
    }

    /// Broken packets, missing stretches in seconds of the session, and the share of `what` that comes of them.
    fn check(broken_packets: u64, missing: &[(i64, i64)], what: &str, share: f64) {
        let span = |&(from, to)| Span::new(SessionTime::from_millis(from * 1000), SessionTime::from_millis(to * 1000));
        let damage = Damage { broken_packets, missing: missing.iter().filter_map(span).collect() };
        let found = film().missing_share(&damage, what);
        assert!((found - share).abs() < 1e-9, "{damage:?}: {found}");
        let mut problems = Vec::new();
        film().add_damage(&damage, what, 0.05, &mut problems);
        assert_eq!(problems.iter().any(|problem| problem.is_failure), share > 0.05, "{problems:?}");
    }

    #[test]
    fn the_share_that_is_missing_is_one_of_what_was_announced() {
        check(0, &[], SOUND, 0.0);
        check(0, &[(20, 22), (40, 41)], SOUND, 0.05);
        check(0, &[(20, 26), (40, 46)], PICTURE, 0.2);
        // A sound file that ends early says its own length and what is missing after it.
        check(0, &[(70, 130)], SOUND, 0.5);
        // Broken pictures without a hole; broken packets of sound are holes or nothing.
        check(300, &[], PICTURE, 0.2);
        check(300, &[], SOUND, 0.0);
        check(1_000_000, &[(10, 70)], PICTURE, 1.0);
    }

    #[test]
    fn a_recording_given_twice_is_found() {
        let other = Opened { sha256: Hash::of_bytes(b"other"), ..film() };
        assert!(given_twice(&[film(), other]).is_none());
        assert!(given_twice(&[film(), film()]).is_some());
    }
}
