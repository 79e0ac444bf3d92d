//! One lane's prosody, on the thread that reads or on one of its own.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::{Measured, Prosody, Settings};

/// Blocks that may wait, so that reading never runs far ahead.
const WAITING: usize = 8;

/// Where the work is done; no influence on the result.
pub(in crate::voice) enum Lane<'scope> {
    /// By the caller.
    Here(Box<Prosody>),
    /// By a thread.
    Aside(SyncSender<Vec<f32>>, ScopedJoinHandle<'scope, Measured>),
}

impl<'scope> Lane<'scope> {
    /// Ready for the first sample; on a thread of its own if there is a scope for it.
    pub(in crate::voice) fn new(settings: &Settings, scope: Option<&'scope Scope<'scope, '_>>) -> Self {
        let mut prosody = Prosody::new(settings);
        match scope {
            None => Self::Here(Box::new(prosody)),
            Some(scope) => {
                let (samples_in, samples_out) = sync_channel::<Vec<f32>>(WAITING);
                let thread = scope.spawn(move || {
                    samples_out.iter().for_each(|samples| prosody.add(&samples));
                    prosody.finish()
                });
                Self::Aside(samples_in, thread)
            }
        }
    }

    /// Takes the next samples in.
    pub(in crate::voice) fn add(&mut self, samples: Vec<f32>) {
        match self {
            Self::Here(prosody) => prosody.add(&samples),
            // Fails only if the thread is gone, which `finish` notices.
            Self::Aside(samples_in, _) => drop(samples_in.send(samples)),
        }
    }

    /// All rows; `None` if the thread was lost.
    pub(in crate::voice) fn finish(self) -> Option<Measured> {
        match self {
            Self::Here(prosody) => Some(prosody.finish()),
            Self::Aside(samples_in, thread) => {
                drop(samples_in);
                thread.join().ok()
            }
        }
    }
}
