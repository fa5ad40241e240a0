//! Sleep: a clock that jumped past its deadlines. What is known is looked at again before anybody is told that time is up.

use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::json::Json;

/// A timer that is served so late was not late: the machine slept, or the tab was frozen. Throttled tabs are served
/// within a minute, so that much lateness is normal there.
const SLEPT: Millis = 90_000;

/// How long answers that came in the meantime have to be read.
const GRACE: Millis = 2_000;

impl<J: Json> Manager<J> {
    /// After a sleep: streams are opened anew with their cursors, which also shows whether the sessions live, and calls
    /// whose deadlines passed in the sleep get a moment for their answers.
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
