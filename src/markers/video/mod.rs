//! Markers of the face: what moves, relative to the same person at rest.

pub mod action;
pub mod face;
pub mod oscillation;
pub mod rest;
pub mod swing;

pub mod brow;
pub mod chin;
pub mod express;
pub mod gazeav;
pub mod nod;
pub mod pout;
pub mod press;
pub mod quality;
pub mod shake;
pub mod smile;
pub mod suck;

use super::Marker;

/// Every marker of this family, in the order in which they run.
pub const ALL: &[&dyn Marker] = &[
    &quality::Quality,
    &pout::POUT,
    &press::LIP_PRESS,
    &suck::LIP_SUCK,
    &chin::CHIN_RAISE,
    &brow::BROW_LOWER,
    &smile::SMILE,
    &gazeav::GazeAversion,
    &nod::Nod,
    &shake::Shake,
    &express::Expressivity,
];

#[cfg(test)]
pub(crate) mod picture;
