//! The time that the machine is told: milliseconds since the epoch that never run backwards, and know when the host slept.

use super::js;
use crate::core::time::Instant;
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
        let offset = js::performance_now().ok().map(|elapsed| Date::now() - elapsed);
        Self { offset: Cell::new(offset), last: Cell::new(0.0) }
    }

    pub(super) fn now(&self) -> Instant {
        let wall = Date::now();
        let steady = self.offset.get().map_or(wall, |offset| self.steady(offset, wall));
        self.last.set(self.last.get().max(steady));
        // Positive, and a whole number of milliseconds is all that the machine wants.
        Instant::from_millis(self.last.get() as u64)
    }

    fn steady(&self, offset: f64, wall: f64) -> f64 {
        let steady = js::performance_now().map_or(wall, |elapsed| offset + elapsed);
        if wall - steady <= ASLEEP {
            return steady;
        }
        // Some hosts stop `performance.now()` while the machine sleeps. The deadlines that passed meanwhile did pass.
        self.offset.set(Some(offset + wall - steady));
        wall
    }
}

/// Further than that, in milliseconds, the wall clock is never put forward by an adjustment of a few parts per million.
const ASLEEP: f64 = 5000.0;
