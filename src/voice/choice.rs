//! Which windows of a lane are listened to, and which of them together.
//!
//! Where everything is dense talk, a window every three seconds costs more than all else together, and most say what is
//! known already. So every second window waits until the two around it are heard, and is listened to only where these hear
//! different people in the time they share. Two windows at once take a tenth less time than one after the other. Neither
//! depends on threads: which windows go together follows from their numbers alone.

use std::collections::VecDeque;

use super::agreement::rows_apart;
use super::cutter::Work;
use super::listening::Window;
use super::settings::Segmentation;

/// Windows the network takes at once.
const TOGETHER: usize = 2;

/// What is to be done next.
pub(super) enum Next {
    /// Listen to these together.
    Listen(Vec<Work>),
    /// Window of this number and start is not listened to: the two around it say the same.
    Leave(usize, usize),
}

/// The choice of one lane.
pub(super) struct Choice {
    /// Samples between neighbouring windows.
    step: usize,
    /// Rows that the neighbours of a window may be apart; `None`: every window is listened to.
    most_apart: Option<usize>,
    /// Rows at the ends of a window that do not count.
    edge: usize,
    /// Wait for another one to be listened to with.
    together: Vec<Work>,
    /// Wait for those around them.
    between: VecDeque<Work>,
}

impl Choice {
    /// `every`: each window is listened to.
    pub(super) fn new(step: usize, every: bool, settings: &Segmentation) -> Self {
        let rows = |secs: crate::time::Secs| (secs.0.as_secs_f64() * 100.0).round() as usize;
        let most_apart = (!every).then(|| rows(settings.agree_secs));
        let edge = rows(settings.agree_edge_secs);
        Self { step, most_apart, edge, together: Vec::new(), between: VecDeque::new() }
    }

    /// Takes in the next window in which somebody may speak.
    pub(super) fn take(&mut self, work: Work) -> Option<Next> {
        // The last window of a recording lies where it ends, not where its number says.
        let regular = work.start_sample == work.index * self.step;
        if self.most_apart.is_some() && work.index % 2 == 1 && regular {
            self.between.push_back(work);
            return None;
        }
        let before = if self.together.first().is_some_and(|first| self.group(first) != self.group(&work)) {
            self.rest()
        } else {
            None
        };
        self.together.push(work);
        before.or_else(|| if self.together.len() == TOGETHER { self.rest() } else { None })
    }

    /// What waits for another one that does not come.
    pub(super) fn rest(&mut self) -> Option<Next> {
        let works = std::mem::take(&mut self.together);
        (!works.is_empty()).then_some(Next::Listen(works))
    }

    /// The next window whose neighbours are heard; `ended`: all are heard that ever will be.
    pub(super) fn between(&mut self, heard: &[Option<Window>], ended: bool) -> Option<Next> {
        let work = self.between.front()?;
        let before = work.index.checked_sub(1).and_then(|before| heard.get(before)?.as_ref());
        let after = heard.get(work.index + 1).and_then(Option::as_ref);
        if !ended && (before.is_none() || after.is_none()) {
            return None;
        }
        let work = self.between.pop_front()?;
        let around = before.zip(after).filter(|(_, after)| after.start_sample == work.start_sample + self.step);
        let apart = around.map(|(before, after)| rows_apart(before, after, self.edge));
        let leave = apart.zip(self.most_apart).is_some_and(|(apart, most)| apart <= most);
        Some(if leave { Next::Leave(work.index, work.start_sample) } else { Next::Listen(vec![work]) })
    }

    /// Windows of one group go together, if somebody may speak in each.
    fn group(&self, work: &Work) -> usize {
        let number = if self.most_apart.is_some() { work.index / 2 } else { work.index };
        number / TOGETHER
    }
}
