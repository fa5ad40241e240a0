//! The time that the machine is told: milliseconds since the epoch that never run backwards, and know when the host slept.

use super::sys;
use crate::core::Instant;
use js_sys::Date;
use std::cell::Cell;

/// A monotonic clock, set by the wall clock when it is made.
pub(super) struct Clock {
    /// What to add to `performance.now()`; `None` where there is no such function, and the wall clock has to do.
    offset: Cell<Option<f64>>,
    last: Cell<f64>,
}

impl Clock {
    pub(super) fn new() -> Self {
        let offset = Date::now() - sys::ticks();
        Self { offset: Cell::new((!offset.is_nan()).then_some(offset)), last: Cell::new(0.0) }
    }

    pub(super) fn now(&self) -> Instant {
        let now = self.offset.get().map_or_else(Date::now, |offset| offset + sys::ticks());
        self.last.set(self.last.get().max(now));
        // Positive, and a whole number of milliseconds is all that the machine wants.
        Instant::from_millis(self.last.get() as u64)
    }

    /// Finds out whether the host slept. Some stop `performance.now()` meanwhile, but the deadlines did pass.
    pub(super) fn catch_up(&self) {
        let Some(offset) = self.offset.get() else { return };
        let behind = Date::now() - (offset + sys::ticks());
        if behind > ASLEEP {
            self.offset.set(Some(offset + behind));
        }
    }
}

/// Further than that, in milliseconds, the wall clock is never put forward by an adjustment of a few parts per million.
const ASLEEP: f64 = 5000.0;
