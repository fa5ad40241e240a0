//! A single timeout, armed for the machine's next deadline.
//!
//! It is armed again only for an earlier deadline, or once it fired. A call that is answered takes its deadline with it,
//! and a timeout that then fires early does no harm; so most calls cost no timeout at all.
//!
//! In which way hosts differ is known to the entries of the package (npm/timers.js): they give the module its
//! `setTimeout`, `clearTimeout` and `holdProcess`.

use super::sys;
use crate::core::{Instant, Millis};
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};

/// The timeout of one driver.
#[derive(Default)]
pub(super) struct Timer {
    armed: RefCell<Option<Armed>>,
    /// Whether the process stays alive for it.
    holds: Cell<bool>,
}

struct Armed {
    at: Instant,
    /// Cleared when it is dropped, which may happen in its own callback.
    _timeout: Timeout,
}

impl Timer {
    /// Sees to it that `tick` is called at `deadline`, or earlier.
    pub(super) fn arm(&self, now: Instant, deadline: Option<Instant>, tick: impl FnOnce() + 'static) {
        let Some(deadline) = deadline else { return };
        if self.armed.borrow().as_ref().is_some_and(|armed| armed.at <= deadline && now.since(armed.at) < LOST) {
            return;
        }
        self.disarm();
        // gloo-timers panics where a host refuses a timeout, as workerd does outside of a request. The entries' `setTimeout`
        // never throws; without an entry the host is asked first.
        if !sys::has_entry() && !sys::may_set_timeouts() {
            return;
        }
        let delay = deadline.since(now).clamp(1, LONGEST);
        let timeout = Timeout::new(u32::try_from(delay).unwrap_or(u32::MAX), tick);
        *self.armed.borrow_mut() = Some(Armed { at: now.after(delay), _timeout: timeout });
    }

    /// Whether the process stays alive for the pending timeout: yes while a call waits for it alone.
    pub(super) fn hold(&self, hold: bool) {
        let hold = hold && self.armed.borrow().is_some();
        if self.holds.replace(hold) != hold {
            sys::hold_process(hold);
        }
    }

    /// There is no timeout any more: it fired, or is cleared.
    pub(super) fn disarm(&self) {
        self.armed.take();
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.hold(false);
    }
}

/// Hosts keep the delay in 32 bits, and fire at once when it does not fit.
const LONGEST: Millis = i32::MAX as Millis;

/// A timeout that is late by so many milliseconds never fires: its I/O context is gone, or the host slept.
const LOST: Millis = 1000;
