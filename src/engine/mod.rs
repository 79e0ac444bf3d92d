//! What is needed for what, in which order, on how many threads.

pub mod places;
pub mod store;
