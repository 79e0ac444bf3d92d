//! Moments that a coder has picked as somebody's face at rest (`--neutral`).

use crate::session::Problem;
use crate::time::SessionTime;
use crate::track::{Tracks, Who};

/// What is wrong with the picked moments: nobody of that name has a face, or it could not be judged then (its quality
/// is below `floor`). Each is a failure: it was asked for and cannot be done.
pub fn problems(tracks: &Tracks, picked: &[(Who, f64)], floor: f32) -> Vec<Problem> {
    let wrong = |&(who, secs): &(Who, f64)| {
        let Some(track) = tracks.get("face_actions", who) else {
            let faces: Vec<_> = tracks.all("face_actions").map(|track| track.who.to_string()).collect();
            let known = if faces.is_empty() { "no face was found".to_owned() } else { faces.join(", ") };
            return Some(format!("--neutral {who}={secs}: there is no such face; there is: {known}"));
        };
        let frame = track.grid.index(SessionTime::from_secs_f64(secs));
        let quality = frame.map_or(0.0, |frame| match &track.confidence {
            Some(confidence) => confidence.get(frame).copied().unwrap_or(0.0),
            None => 1.0,
        });
        (quality.is_nan() || quality < floor)
            .then(|| format!("--neutral {who}={secs}: the face cannot be judged then; pick another moment"))
    };
    picked.iter().filter_map(wrong).map(|message| Problem::failure("people", message)).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2};

    use super::*;
    use crate::time::{FrameGrid, Step};
    use crate::track::{Track, Unit};

    #[test]
    fn a_face_that_is_not_there_or_not_seen_then_is_named() {
        let grid = FrameGrid { first: SessionTime::ZERO, step: Step::new(2, 25).unwrap(), len: 100 };
        let track = Track {
            who: Who::Client,
            unit: Unit::Probability,
            grid,
            columns: vec!["mouthPucker".into()],
            values: Array2::zeros((100, 1)),
            confidence: Some(Array1::from_shape_fn(100, |frame| if frame < 50 { 0.9 } else { 0.1 })),
        };
        let mut tracks = Tracks::new();
        tracks.insert("face_actions", track);
        let said = |who, secs| problems(&tracks, &[(who, secs)], 0.3).first().map(|p| p.message.clone());
        assert_eq!(said(Who::Client, 2.0), None);
        assert!(said(Who::Client, 6.0).unwrap().contains("another moment"));
        assert!(said(Who::Client, 60.0).unwrap().contains("another moment"));
        assert!(said(Who::Face(2), 2.0).unwrap().contains("there is: client"));
    }
}
