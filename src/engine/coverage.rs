//! What of a session could be assessed, and why the rest could not.

use crate::episodes::Usable;
use crate::markers::SpokenTurn;
use crate::markers::video::rest::WithoutRest;
use crate::session::Coverage;
use crate::time::Span;
use crate::track::{Tracks, Who};

/// When face and gaze of each person could be assessed: their quality is at least `floor`, 0 to 1.
pub fn usable(tracks: &Tracks, floor: f32) -> Vec<Usable> {
    let of = |modality: &str, name: &str| -> Vec<Usable> {
        tracks.all(name).map(|track| Usable::from_track(modality, track, floor)).collect()
    };
    let mut usable = of("face", "face_actions");
    usable.extend(of("gaze", "gaze"));
    for who in [Who::Client, Who::Therapist] {
        for modality in ["face", "gaze"] {
            if !usable.iter().any(|u| u.who == who && u.modality == modality) {
                usable.push(Usable { modality: modality.into(), who, spans: Vec::new() });
            }
        }
    }
    usable
}

/// What of a body could be assessed: modality, track, the column that is known then, why it may not be.
const BODIES: [(&str, &str, &str, &str); 2] = [
    (
        "movement",
        "motion",
        "energy",
        "nobody knows where the person is, or the camera cut or moved, the light changed, or the film stood still",
    ),
    ("body", "pose", "left_shoulder_x", "shoulders out of the picture, hidden or turned away"),
];

/// What was looked at.
pub struct Looked<'a> {
    /// Measurements.
    pub tracks: &'a Tracks,
    /// The whole session.
    pub span: Span,
    /// Turns of the transcript, if there is one.
    pub turns: Option<&'a [SpokenTurn]>,
    /// Quality, 0 to 1, below which a frame is not assessable.
    pub floor: f32,
}

impl Looked<'_> {
    /// A row for each person and respect. A face that was seen but of which nobody can say what is usual is not
    /// assessable: its actions are measured from there.
    pub fn coverage(&self, usable: &[Usable], without_rest: &[WithoutRest]) -> Vec<Coverage> {
        let &Self { tracks, span, turns, floor } = self;
        let total_s = span.secs_f64();
        let secs = |spans: &[Span]| spans.iter().filter_map(|s| Some(s.overlap(span)?.secs_f64())).sum::<f64>() + 0.0;
        let mut rows = Vec::new();
        let mut row = |modality: &str, who: Who, assessable_s: f64, why_not: &str| {
            // The last frame's stretch may reach half a step past the end.
            let assessable_s = assessable_s.min(total_s);
            let why_not = if assessable_s >= total_s - 0.5 { String::new() } else { why_not.to_owned() };
            rows.push(Coverage { modality: modality.into(), who, assessable_s, total_s, why_not });
        };
        match tracks.get("speech", Who::Room) {
            Some(track) => {
                let heard = Usable::from_track("voice", track, floor);
                row("voice", Who::Room, secs(&heard.spans), "sound is missing or damaged there");
            }
            None => row("voice", Who::Room, 0.0, "there is no sound that could be read"),
        }
        for who in [Who::Client, Who::Therapist] {
            let known = tracks.all("speech").any(|track| track.who == who);
            row("voice", who, if known { total_s } else { 0.0 }, "nothing tells which voice is theirs");
        }
        for one in usable {
            let track = if one.modality == "face" { "face_actions" } else { "gaze" };
            let seen = tracks.get(track, one.who).is_some();
            let rest = without_rest.iter().find(|face| face.who == one.who && face.track == track);
            match rest {
                _ if !seen && tracks.all("face_actions").next().is_none() => {
                    row(&one.modality, one.who, 0.0, "there is no film, or no face in it");
                }
                _ if !seen => row(&one.modality, one.who, 0.0, "no face is known to be theirs"),
                Some(rest) => row(&one.modality, one.who, 0.0, &rest.why()),
                None => {
                    let why = "face out of view, too small, turned away or blurred";
                    row(&one.modality, one.who, secs(&one.spans), why);
                }
            }
        }
        for (modality, track, column, why) in BODIES {
            for track in tracks.all(track) {
                let known = track.column(column).map_or(0, |values| values.iter().filter(|v| !v.is_nan()).count());
                row(modality, track.who, known as f64 * track.grid.step.secs_f64(), why);
            }
        }
        match turns {
            Some(turns) => {
                for who in [Who::Client, Who::Therapist] {
                    let any = turns.iter().any(|turn| turn.who == who);
                    row(
                        "text",
                        who,
                        if any { total_s } else { 0.0 },
                        "the transcript has no turn that is known to be theirs",
                    );
                }
            }
            None => row("text", Who::Room, 0.0, "there is no transcript"),
        }
        rows
    }
}
