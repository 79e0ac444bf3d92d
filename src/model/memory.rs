//! Memory that networks leave behind.

#![allow(unsafe_code, reason = "one call of the C library that takes a number and returns one")]

/// Gives back to the system what dropped networks held. Their memory comes in pieces too small for the C library to give
/// back by itself, and would otherwise stay taken while the tracks are made, which need as much again.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: may be called at any time from any thread; the number is how much to keep at the top of the heap.
    unsafe {
        libc::malloc_trim(0);
    }
}
