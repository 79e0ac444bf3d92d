//! The codebook: what coders look for, in their words, with where each word comes from.
//!
//! One TOML file per code under `config/codebook/`. A code is data: no Rust is touched to add one.
