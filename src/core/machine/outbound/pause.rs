//! Pauses: nothing is sent on a session for the time given by `Retry-After`, then one canary goes first.

use crate::core::api::{Detail, EventKind, SessionRef};
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Pauses the session for `delay`, then sends one canary before the other calls.
    pub(crate) fn pause(&mut self, session: SessionRef, delay: Millis, evidence: Option<String>) {
        let until = self.now.after(delay);
        let Some(record) = self.store.get_mut(session) else { return };
        if !record.pace.pause(until) {
            return;
        }
        self.timers.arm(until, Timer::Pause(session));
        self.metrics.retries += 1;
        self.event(
            session,
            EventKind::RetryScheduled,
            Detail::new().delay_ms(delay).code(ErrorCode::HttpError.as_str()).evidence(evidence),
        );
    }

    /// The pause may be over.
    pub(crate) fn on_pause_over(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        if record.pace.resume(now) {
            self.pump(session);
        }
    }
}
