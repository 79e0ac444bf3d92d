//! Markers of sound: who speaks when, when nobody does, how it sounds, and what is heard besides words.
//!
//! Only [`vad`] reads the speech tracks; the others read its stretches through [`floor`], so that all of them mean the
//! same by "speaks". Those of prosody read the tracks of pitch, spectrum and voice quality through [`voices`], so that all
//! of them mean the same by "usual".

pub mod floor;
pub mod heard;
pub mod syllables;
pub mod voices;

pub mod arousal;
pub mod backch;
pub mod cry;
pub mod entrain;
pub mod f0;
pub mod fill;
pub mod gap;
pub mod lapse;
pub mod latency;
pub mod laugh;
pub mod loud;
pub mod minresp;
pub mod ovl_comp;
pub mod ovl_coop;
pub mod ovl_term;
pub mod pause;
pub mod rate;
pub mod sigh;
pub mod silence3;
pub mod talkshare;
pub mod tremor;
pub mod turnlen;
pub mod vad;
pub mod voiceq;
pub mod whisper;

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
    &rate::Rate,
    &f0::Pitch,
    &loud::Loudness,
    &voiceq::VoiceQuality,
    &tremor::Tremor,
    &whisper::Whisper,
    &fill::FilledPause,
    &arousal::Arousal,
    &entrain::Entrainment,
    &laugh::Laugh,
    &sigh::Sigh,
    &cry::Cry,
];

#[cfg(test)]
pub(crate) mod picture;
#[cfg(test)]
pub(crate) mod talk;
