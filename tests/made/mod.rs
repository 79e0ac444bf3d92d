//! Made sessions for tests of what is written: two people, the vignette of three blocked exchanges, invented words.
//! Nothing here is a measurement.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "each test file uses its own part, and says what broke by panicking"
)]

use attune::time::{SessionTime, Span};

mod episodes;
mod maker;
mod measured;
mod sessions;
mod words;

pub use measured::{face_at, filmed, tracks_of};
pub use sessions::{almost_nothing, fifty_minutes, four_minutes, ten_full_minutes};

/// Seconds to a span.
pub fn span(from: f64, to: f64) -> Span {
    Span::new(SessionTime::from_secs_f64(from), SessionTime::from_secs_f64(to)).unwrap()
}

/// Numbers that look random and are the same every time (xorshift64*).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// 0 to 1.
    pub fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[(self.unit() * from.len() as f64) as usize % from.len()]
    }
}
