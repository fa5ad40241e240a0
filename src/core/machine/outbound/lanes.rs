//! Lanes: of all sessions of one server that are in an outage or recovery, only a few send at a time.

use crate::core::api::SessionRef;
use crate::core::machine::Manager;
use crate::core::protocol::json::Json;

impl<J: Json> Manager<J> {
    /// Whether a session may send now. Otherwise it joins the line and is called later.
    pub(crate) fn enters_lane(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        // Already in line.
        if record.in_line {
            return false;
        }
        let enters = self.lanes.enter(&record.server, session);
        record.in_line = !enters;
        enters
    }

    /// Frees the lane of a session after an attempt, successful or not.
    pub(crate) fn leave_lane(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get(session) {
            self.lanes.leave(&record.server, session);
        }
    }

    /// Calls the next session in line if a lane is free. Each call shortens the line, so the loop ends.
    pub(crate) fn advance_lane(&mut self) -> bool {
        let Some(session) = self.lanes.next() else { return false };
        let Some(record) = self.store.get_mut(session) else { return true };
        record.in_line = false;
        match record.state.handshake() {
            Some(handshake) if handshake.next_attempt.is_none() => self.attempt(session),
            Some(_) => {}
            None => self.send_canary(session),
        }
        true
    }
}
