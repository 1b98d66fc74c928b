//! A hook for tests: the process dies at a chosen step of writing an index.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps since the last call of [`fault`].
static TAKEN: AtomicU64 = AtomicU64::new(0);
/// The step to die at; 0: none.
static FATAL: AtomicU64 = AtomicU64::new(0);

/// Lets the process be killed (SIGKILL, with nothing cleaned up) before the given step of writing from now on (1: the
/// next one); None: never. Every file that is made, section that is written, wait for the disk, renaming and removal is a
/// step. How many there were since the last call.
pub fn fault(step: Option<u64>) -> u64 {
    FATAL.store(step.unwrap_or(0), Ordering::SeqCst);
    TAKEN.swap(0, Ordering::SeqCst)
}

/// Stands before each step.
pub(super) fn step() {
    let taken = TAKEN.fetch_add(1, Ordering::SeqCst) + 1;
    if taken == FATAL.load(Ordering::SeqCst) {
        let own = std::process::id().to_string();
        let _ = Command::new("kill").args(["-9", &own]).status();
        std::process::abort(); // only where there is no such command
    }
}
