//! The one host timer, armed for the machine's nearest deadline.
//!
//! It is armed again only for an earlier deadline, or once it fired. A call that is answered takes its deadline with it,
//! and a timer that then fires early does no harm; so most calls cost no timer at all.
//!
//! It is bound by hand and not by `gloo-timers`, for two reasons. A handle is needed that gloo keeps to itself: Node, Bun
//! and Deno stay alive as long as a timer is pending, and a session that expires in an hour is no reason to keep a program
//! from ending. And gloo panics where the host refuses a timer, as workerd does outside of a request.

use super::js;
use crate::core::{Instant, Millis};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// The timer of one driver.
pub(super) struct Timer {
    armed: RefCell<Option<Armed>>,
}

struct Armed {
    at: Instant,
    handle: JsValue,
    /// Whether it keeps the process alive.
    holds: bool,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self { armed: RefCell::new(None) }
    }

    /// Sees to it that `tick` is called at `deadline`, or earlier.
    pub(super) fn arm(&self, now: Instant, deadline: Option<Instant>, tick: &JsValue) {
        let Some(deadline) = deadline else { return };
        if self.armed.borrow().as_ref().is_some_and(|armed| armed.at <= deadline && now.since(armed.at) < LOST) {
            return;
        }
        self.disarm();
        let delay = deadline.since(now).clamp(1, LONGEST);
        // Only a host that forbids timers where we are refuses one, and then there is nobody to tell.
        if let Ok(handle) = js::set_timeout(tick, i32::try_from(delay).unwrap_or(i32::MAX)) {
            *self.armed.borrow_mut() = Some(Armed { at: now.after(delay), handle, holds: true });
        }
    }

    /// Whether the pending timer keeps the process alive: yes while somebody waits for it alone.
    pub(super) fn hold(&self, hold: bool) {
        if let Some(armed) = self.armed.borrow_mut().as_mut()
            && armed.holds != hold
        {
            armed.holds = hold;
            js::hold(&armed.handle, hold);
        }
    }

    /// The timer fired: there is none any more.
    pub(super) fn fired(&self) {
        self.armed.take();
    }

    pub(super) fn disarm(&self) {
        if let Some(armed) = self.armed.take() {
            js::clear_timeout(&armed.handle);
        }
    }
}

/// Hosts keep the delay in 32 bits, and fire at once when it does not fit.
const LONGEST: Millis = i32::MAX as Millis;

/// A timer that is late by so many milliseconds never comes: its I/O context is gone, or the host slept.
const LOST: Millis = 1000;
