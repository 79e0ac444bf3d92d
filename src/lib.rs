//! Attune reads a recorded therapy session and finds candidate resistance, rupture and attachment moments for a
//! trained coder to confirm.
//!
//! Read the modules from top to bottom: each may use the ones above it, never the ones below (`tests/layers.rs` keeps
//! that true; `ARCHITECTURE.md` is the map).

pub mod spelling;

pub mod config;
pub mod job;
pub mod origin;
pub mod random;
pub mod spool;
pub mod time;
pub mod track;

pub mod agreement;
pub mod media;
pub mod model;
pub mod synchrony;

pub mod meaning;

#[cfg(feature = "video")]
pub mod face;

#[cfg(feature = "video")]
pub mod body;
pub mod transcript;
pub mod voice;

pub mod align;

pub mod roles;

pub mod markers;

pub mod rules;

pub mod codebook;

pub mod episodes;

pub mod made;

pub mod learn;

pub mod session;

pub mod export;

pub mod record;

pub mod share;

pub mod study;

pub mod query;

pub mod review;

pub mod theory;

pub mod desk;

#[cfg(feature = "review")]
pub mod serve;

pub mod engine;
