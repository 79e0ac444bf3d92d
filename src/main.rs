//! The `attune` program.

fn main() {}
