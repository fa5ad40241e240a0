//! Sleep detection: after a clock jump, sessions are checked before deadlines are enforced.

use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::json::Json;

/// A timer this late means that the machine slept or the tab was frozen. Throttled tabs still run timers about once a
/// minute.
const SLEPT: Millis = 90_000;

/// Grace for answers that arrived during the sleep.
const GRACE: Millis = 2_000;

impl<J: Json> Manager<J> {
    /// After a sleep, streams are reopened with their cursors, which also checks the sessions, and calls whose
    /// deadlines passed during the sleep get a short grace.
    pub(crate) fn notice_sleep(&mut self) {
        let Some(due) = self.timers.next() else { return };
        if self.now.since(due) < SLEPT {
            return;
        }
        self.grace_until = self.now.after(GRACE);
        for session in self.store.references() {
            self.renew_stream(session);
        }
    }
}
