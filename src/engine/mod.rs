//! What is needed for what, in which order, on how many threads.

pub mod hear;
#[cfg(feature = "video")]
pub mod look;
pub mod places;
pub mod recordings;
pub mod request;
pub mod store;
pub mod watch;
