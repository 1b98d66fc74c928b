//! Ending a search before it is done.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// Whether a search goes on. The thread that made this, which must be the one that searches, asks its caller from time
/// to time; threads that help it obey.
pub struct Stop<'a> {
    ask: &'a (dyn Fn() -> bool + Sync),
    asker: ThreadId,
    wait: Duration,
    begun: Instant,
    /// When to ask again, in milliseconds since it was begun.
    next: AtomicU64,
    ended: AtomicBool,
}

impl<'a> Stop<'a> {
    /// The caller is asked so often: with what lies between two looks, a search ends within a tenth of a second.
    pub(super) const EVERY: Duration = Duration::from_millis(40);

    /// `ask` says whether to end; it is not asked again once it said so, nor by a search of less than 40 ms.
    pub fn new(ask: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self::every(Self::EVERY, ask)
    }

    /// The same, asking every `wait`.
    pub(super) fn every(wait: Duration, ask: &'a (dyn Fn() -> bool + Sync)) -> Self {
        let next = AtomicU64::new(wait.as_millis() as u64);
        Self { ask, asker: thread::current().id(), wait, begun: Instant::now(), next, ended: AtomicBool::new(false) }
    }

    /// [`Error::Interrupted`] if the search is to end.
    pub(super) fn check(&self) -> Result<()> {
        if self.ended.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        let passed = self.begun.elapsed();
        if passed.as_millis() as u64 >= self.next.load(Ordering::Relaxed) && thread::current().id() == self.asker {
            if (self.ask)() {
                self.ended.store(true, Ordering::Relaxed);
                return Err(Error::Interrupted);
            }
            // From now on, not from before: the answer may have taken long.
            self.next.store((self.begun.elapsed() + self.wait).as_millis() as u64, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl fmt::Debug for Stop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("ended", &self.ended).finish_non_exhaustive()
    }
}
