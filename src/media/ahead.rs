//! Reading ahead on a thread of its own, so that decoding and analysis overlap.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::media::{Damage, MediaError, SampleBlock, SoundSource};
#[cfg(feature = "video")]
use crate::media::{Frame, FrameSource};

/// A source that is read ahead by up to `depth` items. What comes out is the same as without.
pub struct Ahead<T> {
    // Dropped before `thread` is joined, which ends the thread.
    items: Option<Receiver<Item<T>>>,
    thread: Option<JoinHandle<()>>,
    shape: (usize, (u32, u32)),
    expected_secs: Option<f64>,
    damage: Damage,
}

struct Item<T> {
    result: Result<Option<T>, MediaError>,
    /// Sent only when it changed.
    damage: Option<Damage>,
}

/// Reads sound ahead: `depth` blocks at most (and at least one).
pub fn sound_ahead(source: Box<dyn SoundSource>, depth: usize) -> Ahead<SampleBlock> {
    let shape = (source.channels(), (0, 0));
    let (expected_secs, damage) = (source.expected_secs(), source.damage().clone());
    Ahead::start(shape, expected_secs, damage, depth, source, |source| source.next_block(), |source| source.damage())
}

/// Reads pictures ahead: `depth` pictures at most (and at least one), each `3 * width * height` bytes.
#[cfg(feature = "video")]
pub fn pictures_ahead(source: Box<dyn FrameSource>, depth: usize) -> Ahead<Frame> {
    let shape = (0, source.size());
    let (expected_secs, damage) = (source.expected_secs(), source.damage().clone());
    Ahead::start(shape, expected_secs, damage, depth, source, |source| source.next_frame(), |source| source.damage())
}

impl<T: Send + 'static> Ahead<T> {
    fn start<S: Send + 'static>(
        shape: (usize, (u32, u32)),
        expected_secs: Option<f64>,
        damage: Damage,
        depth: usize,
        mut source: S,
        next: fn(&mut S) -> Result<Option<T>, MediaError>,
        damage_of: fn(&S) -> &Damage,
    ) -> Self {
        let (sender, items): (SyncSender<Item<T>>, _) = sync_channel(depth.max(1));
        let mut sent = damage.clone();
        let read = move || {
            loop {
                let result = next(&mut source);
                let last = !matches!(result, Ok(Some(_)));
                let damage = damage_of(&source);
                let changed = (*damage != sent).then(|| damage.clone());
                if let Some(changed) = &changed {
                    sent.clone_from(changed);
                }
                if sender.send(Item { result, damage: changed }).is_err() || last {
                    return;
                }
            }
        };
        Self { items: Some(items), thread: Some(std::thread::spawn(read)), shape, expected_secs, damage }
    }

    fn next(&mut self) -> Result<Option<T>, MediaError> {
        let Some(items) = &self.items else { return Ok(None) };
        match items.recv() {
            Ok(item) => {
                if let Some(damage) = item.damage {
                    self.damage = damage;
                }
                item.result
            }
            // The thread has ended after its last item.
            Err(_) => Ok(None),
        }
    }
}

impl<T> Drop for Ahead<T> {
    fn drop(&mut self) {
        self.items = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by it already; there is nothing left to save here.
            let _ = thread.join();
        }
    }
}

impl SoundSource for Ahead<SampleBlock> {
    fn channels(&self) -> usize {
        self.shape.0
    }

    fn expected_secs(&self) -> Option<f64> {
        self.expected_secs
    }

    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        self.next()
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }
}

#[cfg(feature = "video")]
impl FrameSource for Ahead<Frame> {
    fn size(&self) -> (u32, u32) {
        self.shape.1
    }

    fn expected_secs(&self) -> Option<f64> {
        self.expected_secs
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
        self.next()
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::MadeSound;

    #[test]
    fn what_comes_out_is_the_same() {
        let mut plain = MadeSound::ramp(2, 50_000);
        let mut ahead = sound_ahead(Box::new(MadeSound::ramp(2, 50_000)), 2);
        assert_eq!(ahead.channels(), 2);
        while let Some(block) = plain.next_block().unwrap() {
            let other = ahead.next_block().unwrap().unwrap();
            assert_eq!((block.start, block.samples), (other.start, other.samples));
        }
        assert!(ahead.next_block().unwrap().is_none());
        assert!(ahead.next_block().unwrap().is_none());
    }

    #[test]
    fn an_early_end_waits_for_nothing() {
        let mut ahead = sound_ahead(Box::new(MadeSound::ramp(1, 10_000_000)), 1);
        assert!(ahead.next_block().unwrap().is_some());
        drop(ahead);
    }
}
