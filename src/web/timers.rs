//! A single timeout, armed for the machine's next deadline.
//!
//! It is rearmed only for an earlier deadline or after it fired. An answered call removes its deadline, and a timeout
//! that then fires early is harmless; so most calls set no timeout.
//!
//! Differences between hosts are handled by the entries of the package (npm/timers.js): they pass `setTimeout`,
//! `clearTimeout` and `holdProcess` to the module.

use super::sys;
use crate::core::{Instant, Millis};
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};

/// The timeout of one driver.
#[derive(Default)]
pub(super) struct Timer {
    armed: RefCell<Option<Armed>>,
    /// Whether the timeout keeps the process alive.
    holds: Cell<bool>,
}

struct Armed {
    at: Instant,
    /// Cleared when dropped, which may happen in its own callback.
    _timeout: Timeout,
}

impl Timer {
    /// Ensures that `tick` is called at `deadline` or earlier.
    pub(super) fn arm(&self, now: Instant, deadline: Option<Instant>, tick: impl FnOnce() + 'static) {
        let Some(deadline) = deadline else { return };
        if self.armed.borrow().as_ref().is_some_and(|armed| armed.at <= deadline && now.since(armed.at) < LOST) {
            return;
        }
        self.disarm();
        // gloo-timers panics if a host refuses a timeout, as workerd does outside of a request. The entries'
        // `setTimeout` never throws; without an entry the host is checked first.
        if !sys::has_entry() && !sys::may_set_timeouts() {
            return;
        }
        let delay = deadline.since(now).clamp(1, LONGEST);
        let timeout = Timeout::new(u32::try_from(delay).unwrap_or(u32::MAX), tick);
        *self.armed.borrow_mut() = Some(Armed { at: now.after(delay), _timeout: timeout });
    }

    /// Sets whether the process stays alive for the timeout: yes while a call waits only for it.
    pub(super) fn hold(&self, hold: bool) {
        let hold = hold && self.armed.borrow().is_some();
        if self.holds.replace(hold) != hold {
            sys::hold_process(hold);
        }
    }

    /// Forgets the timeout, which fired or is cleared. Returns the time for which it was set.
    pub(super) fn disarm(&self) -> Option<Instant> {
        self.armed.take().map(|armed| armed.at)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.hold(false);
    }
}

/// Hosts store the delay in 32 bits and fire at once if it overflows.
const LONGEST: Millis = i32::MAX as Millis;

/// A timeout this many milliseconds late never fires: its I/O context is gone, or the host slept.
const LOST: Millis = 1000;
