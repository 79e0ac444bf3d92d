//! What is needed for what, in which order, on how many threads.

pub mod asr;
#[cfg(feature = "video")]
pub mod clip;
pub mod coverage;
pub mod enrol;
pub mod hear;
pub mod interpret;
pub mod language;
#[cfg(feature = "video")]
pub mod look;
pub mod made_results;
pub mod meanings;
pub mod neutral;
pub mod people;
pub mod places;
pub mod prepared;
pub mod recordings;
pub mod request;
pub mod scan;
pub mod stages;
pub mod store;
pub mod study;
pub mod watch;
pub mod withheld;
pub mod words;
