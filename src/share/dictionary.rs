//! `docs/data-dictionary.md`: every track, marker and column, from the code that writes them.

use std::fmt::Write;

use super::material::About;
use super::{Allow, Material, Profile, Settings, tables};
use crate::markers;
use crate::session::Session;

/// A track: name, columns, unit, range, what it is and where it comes from.
pub struct TrackEntry {
    /// Name.
    pub name: &'static str,
    /// Columns, or a word for them.
    pub columns: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Lowest and highest value.
    pub range: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// What an empty value means.
    pub missing: &'static str,
    /// Where measure or network come from.
    pub source: &'static str,
}

macro_rules! track {
    ($name:literal, $columns:literal, $unit:literal, $range:literal, $meaning:literal, $missing:literal, $source:literal) => {
        TrackEntry {
            name: $name,
            columns: $columns,
            unit: $unit,
            range: $range,
            meaning: $meaning,
            missing: $missing,
            source: $source,
        }
    };
}

/// Every track.
pub const TRACKS: &[TrackEntry] = &[
    track!(
        "speech",
        "p",
        "probability",
        "0 to 1",
        "somebody (room) or this person speaks; from .5 on they do",
        "sound missing or damaged",
        "pyannote segmentation 3.0"
    ),
    track!(
        "overlap",
        "p",
        "probability",
        "0 to 1",
        "two people speak at once",
        "sound missing or damaged",
        "pyannote segmentation 3.0"
    ),
    track!("loudness", "dbfs", "dB full scale", "-120 to 0", "RMS of 10 ms", "sound missing or damaged", "RMS"),
    track!(
        "pitch",
        "hz, voicing",
        "Hz, 0 to 1",
        "75 to 600",
        "fundamental frequency; height of the normalised autocorrelation",
        "hz: unvoiced",
        "Boersma 1993, as Praat"
    ),
    track!(
        "spectrum",
        "a_weighted_dbfs, above_500_hz",
        "dB, share",
        "-120 to 0, 0 to 1",
        "A-weighted level and share of energy above 500 Hz over 50 ms",
        "too faint",
        "IEC 61672 weighting"
    ),
    track!(
        "voice_quality",
        "hnr_db, pairs, period_s, period_change_s, peak, peak_pairs, peak_change",
        "mixed",
        "hnr -20 to 60 dB",
        "harmonics-to-noise ratio; sums from which jitter and shimmer of any stretch follow (docs/results.md)",
        "unvoiced",
        "Praat's definitions"
    ),
    track!(
        "sounds",
        "laughter, crying, sigh, breath, cough, whisper, speech, vocal, music, noise, rhythm",
        "score",
        "0 to 1",
        "what .96 s around sound like; a network's score, no probability",
        "the network is not installed, or sound missing",
        "YAMNet"
    ),
    track!(
        "face_actions",
        "52 actions, browDownLeft ..",
        "score",
        "0 to 1",
        "facial actions as the network gives them; left and right are the person's own",
        "no face in view, or the frame not assessable",
        "MediaPipe blendshapes"
    ),
    track!(
        "action_units",
        "AU1 .. AU43_45",
        "score",
        "0 to 1",
        "the same as units of the Facial Action Coding System; not FACS's A to E",
        "no face in view, or the frame not assessable",
        "docs/results.md"
    ),
    track!(
        "mouth_shape",
        "corner_down, mouth_width, lips_open, lower_lip_to_chin, lip_thickness",
        "eye distances",
        "about -1 to 2",
        "distances of landmarks in multiples of that between the outer eye corners",
        "no face in view, or the frame not assessable",
        "MediaPipe landmarks"
    ),
    track!(
        "head_pose",
        "yaw, pitch, roll",
        "degrees",
        "-90 to 90",
        "to the person's own left, up, towards the own right shoulder; 0 faces the camera",
        "no face in view, or the frame not assessable",
        "MediaPipe geometry"
    ),
    track!(
        "gaze",
        "yaw, pitch",
        "degrees",
        "-90 to 90",
        "head and eyes together; read changes, not degrees",
        "eyes shut, or no face",
        "iris landmarks"
    ),
    track!(
        "face_box",
        "x, y, width, height",
        "pixels",
        "within the picture",
        "around all landmarks",
        "no face in view",
        "MediaPipe landmarks"
    ),
    track!(
        "face_quality",
        "detector, presence, width_px, blur, quality",
        "mixed",
        "0 to 1; pixels",
        "how well the face can be judged",
        "no face in view",
        "docs/results.md"
    ),
    track!(
        "motion",
        "energy, head, lower",
        "share",
        "0 to 1",
        "share of the person's part of the picture that moved",
        "cut, camera move, change of light, still film",
        "Ramseyer & Tschacher, MEA"
    ),
    track!(
        "pose",
        "shoulders, elbows, wrists, hands, hips: x, y, visible",
        "pixels, 0 to 1",
        "within the picture",
        "points of the body",
        "the point cannot be seen",
        "MediaPipe pose"
    ),
];

/// The whole page. `names`: what a coder calls a marker's events, by id; `tracks_note` columns are those of results.
pub fn page(names: &toml::Table, settings: &Settings) -> String {
    let mut text = String::from(
        "# Data dictionary\n\nMade from the code (`cargo test --test share dictionary`): every table and column of an export, every marker, \
         every track. Times are seconds on the session clock. **An empty value was not measured, which is not the same as absent.** \
         Thresholds of markers stand with their sources in `config/markers/`.\n\n## Tables\n",
    );
    for table in tables_of(Profile::Restricted) {
        let open = tables_of(Profile::Open).into_iter().find(|other| other.name == table.name);
        _ = write!(
            text,
            "\n### {}\n\n| column | unit | type | meaning | open profile |\n|---|---|---|---|---|\n",
            table.name
        );
        for column in &table.columns {
            let kind = format!("{:?}", column.kind).to_lowercase();
            let is_open = open.as_ref().is_some_and(|open| open.columns.iter().any(|c| c.name == column.name));
            let meaning = column.meaning.replace('|', "\\|");
            _ = writeln!(
                text,
                "| `{}` | {} | {kind} | {meaning} | {} |",
                column.name,
                column.unit,
                if is_open { "yes" } else { "no" }
            );
        }
    }
    text += "\n## Markers\n\nRows of `events`. `value` counts the unit below; `strength` and `confidence` are 0 to 1 everywhere.\n\n\
             | marker | name | what it sees | unit of `value` | kinds | from | source |\n|---|---|---|---|---|---|---|\n";
    for marker in markers::ALL {
        let card = marker.card();
        let name = names.get(card.id).and_then(|entry| entry.get("name")).and_then(|name| name.as_str()).unwrap_or("");
        let unit =
            serde_json::to_value(card.unit).ok().and_then(|unit| unit.as_str().map(str::to_owned)).unwrap_or_default();
        let mut from: Vec<String> = card.needs.iter().map(|track| (*track).to_owned()).collect();
        if card.reads_text {
            from.push("transcript".into());
        }
        from.extend(card.after.iter().map(|marker| (*marker).to_owned()));
        let plain = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        _ = writeln!(
            text,
            "| `{}` | {} | {} | {unit} | {} | {} | {} |",
            card.id,
            plain(name),
            plain(card.what),
            card.kinds.join(", "),
            from.join(", "),
            plain(card.source)
        );
    }
    text += "\n## Tracks\n\nSeries of `tracks.parquet`; each of a person or the room, with a quality (`confidence`, 0 to 1; below .3 not assessable). \
             Sound every 10 ms, `sounds` every 80 ms, faces every 80 ms unless changed.\n\n\
             | track | columns | unit | range | what it is | empty where | source | means in the open profile |\n|---|---|---|---|---|---|---|---|\n";
    for track in TRACKS {
        let is_open = settings.open.iter().any(|open| open.track == track.name);
        _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
            track.name,
            track.columns,
            track.unit,
            track.range,
            track.meaning,
            track.missing,
            track.source,
            if is_open { "yes" } else { "no" }
        );
    }
    text + "\n## Timeline\n\nA row per second (`timeline/`): `session`, `second`, then a column for each person, track and column, such as \
            `client_face_actions_mouthPucker`: the mean over the second of the frames that could be assessed; empty if fewer than \
            half of them could. Unit and meaning of each stand in the file beside it.\n"
}

/// The tables of a session in which nothing happens: columns are the same in all.
pub fn tables_of(profile: Profile) -> Vec<super::table::Table> {
    let settings =
        &Settings { open: Vec::new(), min_measured_share: 0.5, assessable_from: 0.3, elan_series: Vec::new() };
    let Some(session) = nothing() else { return Vec::new() };
    let material = Material::new(
        About::default(),
        session,
        Vec::new(),
        super::Work::default(),
        (profile, Allow::ALL, false),
        settings,
    );
    tables::all(&material)
}

fn nothing() -> Option<Session> {
    let hash = crate::origin::Hash::of_bytes(b"");
    Some(Session {
        schema: crate::session::SCHEMA,
        name: String::new(),
        span: crate::time::Span::from_millis(0, 1000)?,
        media: Vec::new(),
        transcript: None,
        people: Vec::new(),
        turns: Vec::new(),
        notes: Vec::new(),
        words: Vec::new(),
        events: Vec::new(),
        hits: Vec::new(),
        episodes: Vec::new(),
        further: Vec::new(),
        review: None,
        controls: Vec::new(),
        moment_secs: std::collections::BTreeMap::new(),
        synchrony: None,
        coverage: Vec::new(),
        problems: Vec::new(),
        origin: crate::origin::Origin {
            engine: String::new(),
            settings: hash.clone(),
            codebook: hash.clone(),
            codebook_version: String::new(),
            language: hash,
            learned: None,
            models: Vec::new(),
        },
        tracks: crate::track::Tracks::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A track that a marker reads must be described.
    #[test]
    fn every_track_that_a_marker_reads_is_described() {
        for marker in markers::ALL {
            for name in marker.card().needs {
                assert!(TRACKS.iter().any(|track| track.name == *name), "{name}: describe it in TRACKS");
            }
        }
    }
}
