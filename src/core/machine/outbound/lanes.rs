//! The pace of a server: of all its sessions that are out of reach or being recovered, only a few try at once.

use crate::core::api::SessionRef;
use crate::core::machine::Manager;
use crate::core::protocol::json::Json;

impl<J: Json> Manager<J> {
    /// Whether a session may try to reach its server now. Otherwise it is called when it may.
    pub(crate) fn enters_lane(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        // It is in line already.
        if record.in_line {
            return false;
        }
        let enters = self.lanes.enter(&record.server, session);
        record.in_line = !enters;
        enters
    }

    /// A try is over, however it ended.
    pub(crate) fn leave_lane(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get(session) {
            self.lanes.leave(&record.server, session);
        }
    }

    /// Calls the next session in line for which there is a place by now. Each comes out of the line, so this ends.
    pub(crate) fn advance_lane(&mut self) -> bool {
        let Some(session) = self.lanes.next() else { return false };
        let Some(record) = self.store.get_mut(session) else { return true };
        record.in_line = false;
        match &record.handshake {
            Some(handshake) if handshake.next_attempt.is_none() => self.attempt(session),
            Some(_) => {}
            None => self.send_canary(session),
        }
        true
    }
}
