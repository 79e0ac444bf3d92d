//! 52 facial actions ("blendshapes") from 146 of the landmarks.
//!
//! MediaPipe's blendshapes network (Apache-2.0). Input `[1, 146, 2]`: picture pixels of the landmarks in [`WANTED`]
//! (list of MediaPipe's `face_blendshapes_graph.cc`); the network scales them itself. Some outputs never move
//! (`cheekPuff`, `cheekSquint*`, `noseSneer*`, `jawForward`), most mean something only against the person's own
//! rest (MODELS.md 5).

use super::FaceError;
use super::landmarks::Points;
use crate::model::{Network, Shelf, Tensor};
use crate::origin::ModelFile;
pub use crate::track::columns::FACE_ACTIONS as NAMES;

/// Number of facial actions.
pub const ACTIONS: usize = NAMES.len();

const WANTED: [usize; 146] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
];

/// The network with its buffer, for one thread.
pub struct ActionReader {
    network: Network,
    input: Tensor,
}

impl ActionReader {
    /// Loads the network.
    ///
    /// # Errors
    /// [`FaceError::Model`].
    pub fn load(shelf: &Shelf) -> Result<Self, FaceError> {
        let input = Tensor { shape: vec![1, WANTED.len(), 2], values: vec![0.0; 2 * WANTED.len()] };
        Ok(Self { network: shelf.load("face_blendshapes", 1)?, input })
    }

    /// Which network runs, on what.
    pub fn file(&self) -> &ModelFile {
        self.network.file()
    }

    /// Strength of each action, 0 to 1, in the order of [`NAMES`].
    ///
    /// # Errors
    /// [`FaceError`] if the network fails.
    pub fn read(&mut self, points: &Points) -> Result<[f32; ACTIONS], FaceError> {
        for (pair, &index) in self.input.values.chunks_exact_mut(2).zip(&WANTED) {
            pair.copy_from_slice(&points[index][..2]);
        }
        let name = "serving_default_input_points_0";
        let outputs = self.network.run(&[(name, &self.input)], &["StatefulPartitionedCall_0"])?;
        let values = outputs.into_iter().next().map(|tensor| tensor.values).unwrap_or_default();
        values.try_into().map_err(|_| FaceError::Output { network: "face_blendshapes" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_wanted_points_exist_in_order() {
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS);
        assert!(WANTED.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(WANTED.iter().all(|&index| index < 478));
    }
}
