//! The pace of a server: of all its sessions that are out of reach or being recovered, only a few try at once.

use super::io::SessionRef;
use super::json::Json;
use super::manager::Manager;
use super::queue::Queue;
use super::table::{Named, Set};

/// So many sessions of one server try at once. A server that comes back to 10,000 users is not to fall again.
const AT_ONCE: usize = 16;

/// A lane a server, made when one of its sessions needs it first: there are no more of them than servers.
#[derive(Default)]
pub(super) struct Lanes {
    lanes: Named<Lane>,
    /// How many sessions are in line, in all lanes.
    waiting: usize,
}

#[derive(Default)]
struct Lane {
    busy: Set<SessionRef>,
    line: Queue<SessionRef>,
}

impl Lanes {
    /// Takes a place; `false`, and a place in the line, where there is none.
    fn enter(&mut self, server: &str, session: SessionRef) -> bool {
        if self.lanes.get(server).is_none() {
            self.lanes.insert(server, Lane::default());
        }
        let Some(lane) = self.lanes.get_mut(server) else { return true };
        if lane.busy.len() >= AT_ONCE && !lane.busy.contains(session) {
            lane.line.push_back(session);
            self.waiting += 1;
            return false;
        }
        lane.busy.insert(session);
        true
    }

    fn leave(&mut self, server: &str, session: SessionRef) {
        if let Some(lane) = self.lanes.get_mut(server) {
            lane.busy.remove(session);
        }
    }

    /// The next session in line for which there is a place.
    fn next(&mut self) -> Option<SessionRef> {
        if self.waiting == 0 {
            return None;
        }
        let next =
            self.lanes.values_mut().filter(|lane| lane.busy.len() < AT_ONCE).find_map(|lane| lane.line.pop_front())?;
        self.waiting -= 1;
        Some(next)
    }
}

impl<J: Json> Manager<J> {
    /// Whether a session may try to reach its server now. Otherwise it is called when it may.
    pub(super) fn enters_lane(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        // It is in line already.
        if record.in_line {
            return false;
        }
        let enters = self.lanes.enter(&record.server.name, session);
        record.in_line = !enters;
        enters
    }

    /// A try is over, however it ended.
    pub(super) fn leave_lane(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get(session) {
            self.lanes.leave(&record.server.name, session);
        }
    }

    /// Calls those for whom there is a place by now. Each comes out of the line, so this ends.
    pub(super) fn advance_lanes(&mut self) {
        while let Some(session) = self.lanes.next() {
            let Some(record) = self.store.get_mut(session) else { continue };
            record.in_line = false;
            match &record.handshake {
                Some(handshake) if handshake.next_attempt.is_none() => self.attempt(session),
                Some(_) => {}
                None => self.send_canary(session),
            }
        }
    }
}
