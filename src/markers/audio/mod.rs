//! Markers of sound: who speaks when, when nobody does, and what is heard besides words.
//!
//! Only [`vad`] reads the speech tracks; the others read its stretches through [`floor`], so that all of them mean the
//! same by "speaks".

pub mod floor;
pub mod heard;

pub mod backch;
pub mod cry;
pub mod gap;
pub mod lapse;
pub mod latency;
pub mod laugh;
pub mod minresp;
pub mod ovl_comp;
pub mod ovl_coop;
pub mod ovl_term;
pub mod pause;
pub mod sigh;
pub mod silence3;
pub mod talkshare;
pub mod turnlen;
pub mod vad;

use super::Marker;

/// Every marker of this family, in the order in which they run.
pub const ALL: &[&dyn Marker] = &[
    &vad::Vad,
    &backch::Backchannel,
    &turnlen::TurnLength,
    &pause::Pause,
    &gap::Gap,
    &latency::Latency,
    &silence3::Silence,
    &lapse::Lapse,
    &minresp::MinimalResponse,
    &talkshare::TalkShare,
    &ovl_term::TerminalOverlap,
    &ovl_comp::CompetitiveOverlap,
    &ovl_coop::CooperativeOverlap,
    &laugh::Laugh,
    &sigh::Sigh,
    &cry::Cry,
];

#[cfg(test)]
pub(crate) mod picture;
