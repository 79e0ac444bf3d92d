//! Between a device's callback and the writer: a ring that neither side waits for.
//!
//! One thread writes, one reads. All words are atomics, so that no `unsafe` is needed; writing takes no lock, no memory
//! and no system call besides reading the clock. What finds no room is dropped and counted, at its place.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Words before the samples of a block: frames, arrival (2), dropped before (2), whether the device lost sound before.
const HEAD: u64 = 6;

struct Ring {
    words: Box<[AtomicU32]>,
    /// Words written and read since the beginning.
    written: AtomicU64,
    read: AtomicU64,
    /// Frames that found no room since the last block that did.
    dropped: AtomicU64,
    /// The device said that sound was lost since the last block.
    lost: AtomicBool,
    ended: AtomicBool,
    broken: Mutex<Option<String>>,
    epoch: Instant,
    channels: usize,
}

/// Makes a ring for `frames` samples of each of `channels` channels.
pub fn ring(frames: usize, channels: usize) -> (Inlet, Outlet) {
    let channels = channels.max(1);
    let words = frames.max(1).saturating_mul(channels) + HEAD as usize;
    let ring = Arc::new(Ring {
        words: (0..words).map(|_| AtomicU32::new(0)).collect(),
        written: AtomicU64::new(0),
        read: AtomicU64::new(0),
        dropped: AtomicU64::new(0),
        lost: AtomicBool::new(false),
        ended: AtomicBool::new(false),
        broken: Mutex::new(None),
        epoch: Instant::now(),
        channels,
    });
    (Inlet { ring: Arc::clone(&ring) }, Outlet { ring })
}

impl Ring {
    fn at(&self, place: u64) -> Option<&AtomicU32> {
        self.words.get((place % self.words.len() as u64) as usize)
    }

    fn put(&self, place: u64, word: u32) {
        if let Some(at) = self.at(place) {
            at.store(word, Ordering::Relaxed);
        }
    }

    fn get(&self, place: u64) -> u32 {
        self.at(place).map_or(0, |word| word.load(Ordering::Relaxed))
    }

    fn get_wide(&self, place: u64) -> u64 {
        u64::from(self.get(place)) | u64::from(self.get(place + 1)) << 32
    }
}

/// The device's end. [`Inlet::push`] neither waits nor asks for memory.
pub struct Inlet {
    ring: Arc<Ring>,
}

impl Inlet {
    /// Takes interleaved samples that have just arrived; `convert` gives each as a number with full scale 1.
    pub fn push<S: Copy>(&mut self, interleaved: &[S], convert: impl Fn(S) -> f32) {
        let arrived = u64::try_from(self.ring.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.push_at(interleaved, convert, arrived);
    }

    /// The same with the time of arrival, in nanoseconds since the ring was made. Whether there was room.
    pub fn push_at<S: Copy>(&mut self, interleaved: &[S], convert: impl Fn(S) -> f32, arrived: u64) -> bool {
        let ring = &*self.ring;
        let frames = interleaved.len() / ring.channels;
        let samples = frames * ring.channels;
        if frames == 0 {
            return true;
        }
        let start = ring.written.load(Ordering::Relaxed);
        let used = start - ring.read.load(Ordering::Acquire);
        let wanted = HEAD + samples as u64;
        if used + wanted > ring.words.len() as u64 {
            ring.dropped.fetch_add(frames as u64, Ordering::Relaxed);
            return false;
        }
        let dropped = ring.dropped.swap(0, Ordering::Relaxed);
        let lost = ring.lost.swap(false, Ordering::Relaxed);
        let head = [
            frames as u32,
            arrived as u32,
            (arrived >> 32) as u32,
            dropped as u32,
            (dropped >> 32) as u32,
            u32::from(lost),
        ];
        let words = head.into_iter().chain(interleaved.iter().take(samples).map(|&sample| convert(sample).to_bits()));
        for (place, word) in (start..).zip(words) {
            ring.put(place, word);
        }
        ring.written.store(start + wanted, Ordering::Release);
        true
    }

    /// The other calls of one device: its losses and its end.
    pub fn signals(&self) -> Signals {
        Signals { ring: Arc::clone(&self.ring) }
    }

    /// Share of the ring that is filled, 0 to 1.
    pub fn filled(&self) -> f64 {
        let used = self.ring.written.load(Ordering::Relaxed) - self.ring.read.load(Ordering::Relaxed);
        used as f64 / self.ring.words.len() as f64
    }
}

/// What a device says besides samples.
#[derive(Clone)]
pub struct Signals {
    ring: Arc<Ring>,
}

impl Signals {
    /// The device lost sound (an overrun); how much shows in the clock.
    pub fn lost(&self) {
        self.ring.lost.store(true, Ordering::Relaxed);
    }

    /// The device delivers nothing any more, for this reason.
    pub fn broken(&self, message: String) {
        self.ring.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
    }

    /// There is no more sound, as it should be.
    pub fn ended(&self) {
        self.ring.ended.store(true, Ordering::Release);
    }
}

/// What stands before the samples of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHead {
    /// Samples per channel.
    pub frames: u64,
    /// When the last of them arrived, in nanoseconds since the ring was made.
    pub arrived: u64,
    /// Samples per channel before these that found no room.
    pub dropped: u64,
    /// Whether the device lost sound before these.
    pub lost: bool,
}

/// The writer's end.
pub struct Outlet {
    ring: Arc<Ring>,
}

impl Outlet {
    /// Moves the next block into `samples` (interleaved); `None` if there is none yet.
    pub fn take(&mut self, samples: &mut Vec<f32>) -> Option<BlockHead> {
        let ring = &*self.ring;
        let start = ring.read.load(Ordering::Relaxed);
        if ring.written.load(Ordering::Acquire) == start {
            return None;
        }
        let head = BlockHead {
            frames: u64::from(ring.get(start)),
            arrived: ring.get_wide(start + 1),
            dropped: ring.get_wide(start + 3),
            lost: ring.get(start + 5) != 0,
        };
        let end = start + HEAD + head.frames * ring.channels as u64;
        samples.clear();
        samples.extend((start + HEAD..end).map(|place| f32::from_bits(ring.get(place))));
        ring.read.store(end, Ordering::Release);
        Some(head)
    }

    /// A new end for the device, after the earlier one is gone.
    pub fn inlet(&self) -> Inlet {
        Inlet { ring: Arc::clone(&self.ring) }
    }

    /// Why the device stopped, once.
    pub fn broken(&self) -> Option<String> {
        self.ring.broken.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether the source came to its end. What it delivered before is still in the ring.
    pub fn ended(&self) -> bool {
        self.ring.ended.load(Ordering::Acquire)
    }

    /// Samples per channel that found no room and are not told by any block yet; asking forgets them.
    pub fn dropped_at_end(&self) -> u64 {
        self.ring.dropped.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every sample says its own number: whatever the block sizes, what arrives is the ramp, or the hole is told.
    #[test]
    fn a_ramp_through_two_threads_stays_a_ramp() {
        let (mut inlet, mut outlet) = ring(1000, 2);
        let total = 200_000u32;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut next = 0u32;
                let signals = inlet.signals();
                while next < total {
                    let frames = (next % 97 + 1).min(total - next);
                    let block: Vec<u32> = (next..next + frames).flat_map(|n| [n, n + 7]).collect();
                    inlet.push_at(&block, |n| n as f32, 0);
                    next += frames;
                }
                signals.ended();
            });
            let (mut next, mut samples) = (0u64, Vec::new());
            loop {
                let ended = outlet.ended();
                match outlet.take(&mut samples) {
                    Some(head) => {
                        next += head.dropped;
                        for pair in samples.chunks_exact(2) {
                            assert_eq!((pair[0] as u64, pair[1] as u64), (next, next + 7));
                            next += 1;
                        }
                    }
                    None if ended => break,
                    None => std::thread::yield_now(),
                }
            }
            assert_eq!(next + outlet.dropped_at_end(), u64::from(total));
        });
    }

    #[test]
    fn what_finds_no_room_is_counted_at_its_place() {
        let (mut inlet, mut outlet) = ring(10, 1);
        let mut samples = Vec::new();
        assert!(inlet.push_at(&[1.0; 8], |s: f32| s, 5));
        assert!(!inlet.push_at(&[2.0; 8], |s: f32| s, 6));
        assert!(!inlet.push_at(&[3.0; 100], |s: f32| s, 7));
        assert_eq!(outlet.take(&mut samples), Some(BlockHead { frames: 8, arrived: 5, dropped: 0, lost: false }));
        inlet.signals().lost();
        let late = u64::from(u32::MAX) + 9;
        assert!(inlet.push_at(&[4.0], |s: f32| s, late));
        assert_eq!(outlet.take(&mut samples), Some(BlockHead { frames: 1, arrived: late, dropped: 108, lost: true }));
        assert_eq!(samples, [4.0]);
        assert_eq!(outlet.take(&mut samples), None);
    }

    #[test]
    fn half_a_frame_and_nothing_do_no_harm() {
        let (mut inlet, mut outlet) = ring(0, 0);
        assert!(inlet.push_at(&[] as &[f32], |s| s, 0));
        let (mut two, mut out) = ring(10, 2);
        two.push_at(&[1.0, 2.0, 3.0], |s: f32| s, 0);
        let mut samples = Vec::new();
        assert_eq!(out.take(&mut samples).map(|head| head.frames), Some(1));
        assert_eq!(outlet.take(&mut samples), None);
        out.inlet().signals().broken("gone".into());
        assert_eq!((out.broken().as_deref(), out.broken()), (Some("gone"), None));
    }
}
