//! Tracks that fit the made events: probabilities with noise, faces with a baseline and bumps.

use attune::session::Session;
use attune::time::{FrameGrid, SessionTime, Step};
use attune::track::{Track, Tracks, Unit, Who, columns};
use ndarray::{Array1, Array2};

use super::Dice;

fn moved_by(marker: &str) -> &'static [&'static str] {
    match marker {
        "vid.pout" => &["mouthPucker", "mouthShrugLower"],
        "vid.brow" => &["browDownLeft", "browDownRight"],
        "vid.press" => &["mouthPressLeft", "mouthPressRight"],
        "vid.smile" => &["mouthSmileLeft", "mouthSmileRight"],
        _ => &[],
    }
}

fn grid(session: &Session, first_ms: i64, step: Step) -> FrameGrid {
    let len = (session.span.secs_f64() / step.secs_f64()) as usize;
    FrameGrid { first: SessionTime::from_millis(first_ms), step, len }
}

/// All tracks of the session's voices, and of faces for those who have face events.
pub fn tracks_of(session: &Session, lost: &[(Who, f64, f64)]) -> Tracks {
    let mut tracks = Tracks::new();
    let voice = grid(session, 5, Step::new(1, 100).unwrap());
    let people: Vec<Who> = session.people.iter().map(|p| p.who).collect();
    for who in people.iter().copied().chain([Who::Room]) {
        let mut dice = Dice::new(11 + who.to_string().len() as u64);
        let mut p: Vec<f32> = (0..voice.len).map(|_| (0.05 * dice.unit() * dice.unit()) as f32).collect();
        for event in &session.events {
            if event.marker == "aud.vad" && (event.who == who || who == Who::Room) {
                for value in &mut p[voice.indices(event.span)] {
                    *value = (1.0 - 0.1 * dice.unit() * dice.unit()) as f32;
                }
            }
        }
        tracks.insert("speech", column(who, Unit::Probability, voice, "p", p.clone()));
        if who == Who::Room {
            let loud = p.iter().map(|p| -62.0 + 40.0 * p + 6.0 * dice.unit() as f32).collect();
            tracks.insert("loudness", column(who, Unit::DecibelsFullScale, voice, "dbfs", loud));
            let overlap = p.iter().map(|p| p * p * 0.04 * dice.unit() as f32).collect();
            tracks.insert("overlap", column(who, Unit::Probability, voice, "p", overlap));
        }
    }
    for who in people {
        if session.events.iter().any(|e| e.who == who && e.marker.starts_with("vid.")) {
            face(session, who, lost, &mut tracks);
        }
    }
    tracks
}

fn column(who: Who, unit: Unit, grid: FrameGrid, name: &str, values: Vec<f32>) -> Track {
    let mut dice = Dice::new(grid.len as u64);
    let confidence = Some((0..grid.len).map(|_| 0.8 + 0.2 * dice.unit() as f32).collect::<Array1<f32>>());
    let values = Array2::from_shape_vec((grid.len, 1), values).unwrap();
    Track { who, unit, grid, columns: vec![name.into()], values, confidence }
}

fn face(session: &Session, who: Who, lost: &[(Who, f64, f64)], tracks: &mut Tracks) {
    let grid = grid(session, 40, Step::new(2, 25).unwrap());
    let mut dice = Dice::new(if who == Who::Client { 5 } else { 6 });
    let quality: Vec<f32> = (0..grid.len)
        .map(|frame| {
            let at = grid.time(frame).unwrap().secs_f64();
            let gone = lost.iter().any(|&(whose, from, to)| whose == who && (from..to).contains(&at));
            if gone { 0.0 } else { 0.8 + 0.15 * dice.unit() as f32 }
        })
        .collect();
    let mut series = |level: f32, noise: f32, width: usize, bump: &dyn Fn(usize, f64) -> f32| {
        // Each column wanders slowly around its level, as the networks' outputs do.
        let mut values = Array2::zeros((grid.len, width));
        for index in 0..width {
            let own = level * (0.2 + dice.unit() as f32);
            let mut wander = 0.0;
            for frame in 0..grid.len {
                wander = 0.9 * wander + noise * (dice.unit() as f32 - 0.5);
                let at = grid.time(frame).unwrap().secs_f64();
                let value = own + wander + bump(index, at);
                values[[frame, index]] = if quality[frame] < 0.3 { f32::NAN } else { value };
            }
        }
        values
    };
    let events: Vec<_> = session.events.iter().filter(|e| e.who == who && e.marker.starts_with("vid.")).collect();
    let hill = |marker: &str, at: f64| -> f32 {
        let near = |e: &&&attune::markers::Event| {
            e.marker == marker && e.span.widened(SECOND / 3, SECOND / 3).contains(SessionTime::from_secs_f64(at))
        };
        events.iter().find(near).map_or(0.0, |e| {
            let from_middle = (at - e.span.middle().secs_f64()) / e.span.secs_f64();
            (0.55 * (1.0 - (from_middle * 1.2).powi(2)).max(0.0)) as f32
        })
    };
    let mut actions = series(0.12, 0.03, 52, &|index, at| {
        ["vid.pout", "vid.brow", "vid.press", "vid.smile"]
            .iter()
            .filter(|marker| moved_by(marker).contains(&columns::FACE_ACTIONS[index]))
            .map(|marker| hill(marker, at))
            .sum()
    });
    actions.mapv_inplace(|value| value.clamp(0.0, 1.0));
    let mut put = |name: &str, unit: Unit, columns: &[&str], values: Array2<f32>| {
        let confidence = Some(Array1::from_vec(quality.clone()));
        let columns = columns.iter().map(|c| (*c).to_owned()).collect();
        tracks.insert(name, Track { who, unit, grid, columns, values, confidence });
    };
    put("face_actions", Unit::Probability, &columns::FACE_ACTIONS, actions);
    put("mouth_shape", Unit::EyeDistances, &columns::MOUTH_SHAPE, series(0.4, 0.01, 5, &|_, _| 0.0));
    put("head_pose", Unit::Degrees, &columns::HEAD_POSE, series(6.0, 1.5, 3, &|_, _| 0.0));
    let away = |index: usize, at: f64| if index == 0 && hill("vid.gazeav", at) > 0.0 { 24.0 } else { 0.0 };
    put("gaze", Unit::Degrees, &columns::GAZE, series(5.0, 2.0, 2, &away));
    put("face_box", Unit::Pixels, &columns::FACE_BOX, series(300.0, 2.0, 4, &|_, _| 0.0));
    put("face_quality", Unit::Mixed, &columns::FACE_QUALITY, series(0.8, 0.02, 5, &|_, _| 0.0));
}

/// The recording is the bundled film.
pub fn filmed(session: &mut Session) {
    session.media[0].what = "3:33, picture h264 640x480 25 fps, sound aac 32000 Hz mono".into();
}

/// The client's face where it is known, always here: left, top, width, height in pixels.
pub fn face_at(session: &mut Session, place: [f32; 4]) {
    filmed(session);
    let mut track = session.tracks.get("face_box", Who::Client).unwrap().clone();
    for mut row in track.values.rows_mut() {
        for (value, to) in row.iter_mut().zip(place).filter(|(value, _)| value.is_finite()) {
            *value = to;
        }
    }
    session.tracks.insert("face_box", track);
}

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);
