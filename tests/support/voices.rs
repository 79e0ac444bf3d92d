//! Voices that are laid out as a transcript's turns have them: for sessions of words alone.

use attune::markers::SpokenTurn;
use attune::time::{FrameGrid, SessionTime, Span, Step};
use attune::track::{Track, Tracks, Unit, Who};
use ndarray::Array2;

/// A person says so much per second.
pub const WORDS_PER_SEC: f64 = 2.7;

/// Who speaks when, as the turns have it, in steps of 20 ms.
pub fn voices(turns: &[SpokenTurn], session: Span) -> Tracks {
    let mut tracks = Tracks::new();
    let step = Step::new(1, 50).unwrap();
    let len = (session.secs_f64() / step.secs_f64()) as usize;
    let grid = FrameGrid { first: SessionTime::from_millis(10), step, len };
    for who in [Who::Client, Who::Therapist, Who::Room] {
        let mut values = Array2::from_elem((len, 1), 0.0_f32);
        for turn in turns.iter().filter(|turn| turn.who == who || who == Who::Room) {
            for row in grid.indices(turn.span) {
                values[[row, 0]] = 1.0;
            }
        }
        let columns = vec!["p".to_owned()];
        tracks.insert("speech", Track { who, unit: Unit::Probability, grid, columns, values, confidence: None });
    }
    tracks
}
