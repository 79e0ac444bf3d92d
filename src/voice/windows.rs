//! The windows of one lane, in order: the latest in memory, what nothing asks for until the end on the disk.

use std::io;

use crate::spool::{Block, Spool};

use super::listening::Window;
use super::segmentation::{FrameVoices, WINDOW};

/// Bytes of a frame.
const FRAME: usize = 5;

/// Windows as they are heard, in any order.
#[derive(Debug, Default)]
pub(super) struct Windows {
    heard: Vec<Option<Window>>,
    /// The frames of the first ones.
    away: Vec<Away>,
    spool: Spool,
}

/// Frames of a window that was put away.
#[derive(Debug)]
enum Away {
    /// Nobody listened to it: it has none.
    LeftOut,
    /// Nobody speaks.
    Quiet,
    Frames(Block),
}

impl Windows {
    /// Keeps the window with this number.
    pub(super) fn put(&mut self, index: usize, window: Window) {
        if self.heard.len() <= index {
            self.heard.resize_with(index + 1, || None);
        }
        self.heard[index] = Some(window);
    }

    /// All windows up to the latest; `None` = not heard yet. Those that were put away have no frames.
    pub(super) fn as_slice(&self) -> &[Option<Window>] {
        &self.heard
    }

    /// Puts away the windows that end at or before this sample, as far as all before them and the next one are heard (which
    /// may be compared with it until then).
    pub(super) fn put_away_before(&mut self, sample: usize) {
        while let [Some(window), Some(_), ..] = self.heard.get_mut(self.away.len()..).unwrap_or_default()
            && window.start_sample + WINDOW <= sample
        {
            let frames = std::mem::take(&mut window.frames);
            self.away.push(match frames.iter().any(|frame| *frame != FrameVoices::default()) {
                true => Away::Frames(self.spool.put(&frames.iter().flat_map(bytes_of).collect::<Vec<u8>>())),
                false if frames.is_empty() => Away::LeftOut,
                false => Away::Quiet,
            });
        }
    }

    /// All windows that were heard, with their frames.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn into_all(self) -> io::Result<Vec<Window>> {
        let Self { mut heard, away, spool } = self;
        for (window, block) in heard.iter_mut().flatten().zip(&away) {
            window.frames = match block {
                Away::LeftOut => Vec::new(),
                Away::Quiet => Window::quiet(window.start_sample).frames,
                Away::Frames(block) => spool.get(block)?.chunks_exact(FRAME).map(frame_of).collect(),
            };
        }
        Ok(heard.into_iter().flatten().collect())
    }
}

fn bytes_of(frame: &FrameVoices) -> [u8; FRAME] {
    let [a, b, c] = frame.voices;
    [a, b, c, frame.any, frame.two]
}

fn frame_of(bytes: &[u8]) -> FrameVoices {
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    FrameVoices { voices: [at(0), at(1), at(2)], any: at(3), two: at(4) }
}

#[cfg(test)]
mod tests {
    use super::super::segmentation::FRAMES;
    use super::*;

    #[test]
    fn windows_come_back_in_order_with_what_was_said_of_them() {
        let window = |number: u8| Window {
            start_sample: usize::from(number) * 40_000,
            frames: (0..FRAMES)
                .map(|frame| FrameVoices { voices: [number, 1, frame as u8], any: number, two: 2 })
                .collect(),
        };
        let mut windows = Windows::default();
        windows.put(1, window(1));
        windows.put_away_before(usize::MAX);
        assert!(!windows.as_slice()[1].as_ref().unwrap().frames.is_empty(), "the first one is not heard yet");
        windows.put(0, Window::quiet(0));
        windows.put(3, window(3));
        windows.put(2, window(2));
        windows.put(4, Window::left_out(160_000));
        windows.put(5, window(5));
        windows.put_away_before(WINDOW + 40_000);
        let frames: Vec<usize> = windows.as_slice().iter().flatten().map(|w| w.frames.len()).collect();
        assert_eq!(frames, [0, 0, FRAMES, FRAMES, 0, FRAMES]);
        windows.put_away_before(usize::MAX);
        let frames: Vec<usize> = windows.as_slice().iter().flatten().map(|w| w.frames.len()).collect();
        assert_eq!(frames, [0, 0, 0, 0, 0, FRAMES], "the last one may be compared with the next");
        let all = [Window::quiet(0), window(1), window(2), window(3), Window::left_out(160_000), window(5)];
        assert_eq!(windows.into_all().unwrap(), all);
    }
}
