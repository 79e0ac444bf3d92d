//! Markers of the face: what moves, relative to the same person at rest.

use super::Marker;

/// Every marker of this family, in the order in which they run.
pub const ALL: &[&dyn Marker] = &[];
