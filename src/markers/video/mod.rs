//! Markers of face and body: what moves, relative to the same person at rest.

pub mod action;
pub mod body;
pub mod face;
pub mod oscillation;
pub mod rest;
pub mod swing;

pub mod blink;
pub mod brow;
pub mod chin;
pub mod contempt;
pub mod disgust;
pub mod duch;
pub mod express;
pub mod gazeav;
pub mod headdown;
pub mod mutual;
pub mod nod;
pub mod pout;
pub mod press;
pub mod quality;
pub mod sad;
pub mod shake;
pub mod smile;
pub mod suck;
pub mod turnaway;

pub mod arms;
pub mod fidget;
pub mod lean;
pub mod mea;
pub mod posture;
pub mod selftouch;
pub mod shrug;
pub mod still;
pub mod sync;

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
    &duch::Duchenne,
    &contempt::ONE_SIDED,
    &sad::SAD_SET,
    &disgust::UPPER_LIP,
    &blink::BlinkRate,
    &gazeav::GazeAversion,
    &headdown::HeadDown,
    &turnaway::TurnAway,
    &nod::Nod,
    &shake::Shake,
    &express::Expressivity,
    &mea::MotionEnergy,
    &sync::Synchrony,
    &posture::Posture,
    &lean::Lean,
    &selftouch::SelfTouch,
    &fidget::Fidgeting,
    &arms::Arms,
    &still::Stillness,
    &shrug::Shrug,
    &mutual::MutualSmile,
];

#[cfg(test)]
pub(crate) mod figure;
#[cfg(test)]
pub(crate) mod picture;
