//! The machine's clock: milliseconds since the epoch that never run backwards and include the host's sleep.

use super::sys;
use crate::core::Instant;
use js_sys::Date;
use std::cell::Cell;

/// A monotonic clock, initialized from the wall clock.
pub(super) struct Clock {
    /// The offset of `performance.now()`; `None` if the host lacks it and the wall clock is used.
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
        // Positive. The fraction of a millisecond is irrelevant.
        Instant::from_millis(self.last.get() as u64)
    }

    /// The time is at least `at`.
    pub(super) fn reach(&self, at: Instant) {
        self.last.set(self.last.get().max(at.as_millis() as f64));
    }

    /// Detects sleep. Some hosts stop `performance.now()` meanwhile, but deadlines continue.
    pub(super) fn catch_up(&self) {
        let Some(offset) = self.offset.get() else { return };
        let behind = Date::now() - (offset + sys::ticks());
        if behind > ASLEEP {
            self.offset.set(Some(offset + behind));
        }
    }
}

/// In milliseconds. Time synchronization adjusts the wall clock by less, so a larger difference means sleep.
const ASLEEP: f64 = 5000.0;
