//! The pace of a server: of all its sessions that are out of reach or being recovered, only a few try at once.

use crate::core::api::io::SessionRef;
use crate::core::config::ServerConfig;
use crate::core::kit::queue::Queue;
use crate::core::kit::table::Set;
use crate::core::manager::Manager;
use crate::core::protocol::json::Json;
use std::rc::Rc;

/// So many sessions of one server try at once. A server that comes back to 10,000 users is not to fall again.
const AT_ONCE: usize = 16;

/// A lane a server, made when one of its sessions needs it first: there are no more of them than servers.
#[derive(Default)]
pub(crate) struct Lanes(Vec<Lane>);

struct Lane {
    server: Rc<ServerConfig>,
    busy: Set<SessionRef>,
    line: Queue<SessionRef>,
    waiting: usize,
}

impl Lanes {
    fn of(&mut self, server: &Rc<ServerConfig>) -> Option<&mut Lane> {
        let known = self.0.iter().position(|lane| Rc::ptr_eq(&lane.server, server));
        let at = known.unwrap_or_else(|| {
            let (busy, line) = (Set::default(), Queue::default());
            self.0.push(Lane { server: Rc::clone(server), busy, line, waiting: 0 });
            self.0.len() - 1
        });
        self.0.get_mut(at)
    }

    /// The next session in line for which there is a place.
    fn next(&mut self) -> Option<SessionRef> {
        let lane = self.0.iter_mut().find(|lane| lane.waiting > 0 && lane.busy.len() < AT_ONCE)?;
        lane.waiting -= 1;
        lane.line.pop_front()
    }
}

impl<J: Json> Manager<J> {
    /// Whether a session may try to reach its server now. Otherwise it is called when it may.
    pub(crate) fn enters_lane(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        // It is in line already.
        if record.in_line {
            return false;
        }
        let Some(lane) = self.lanes.of(&record.server) else { return false };
        let enters = lane.busy.len() < AT_ONCE || lane.busy.contains(session);
        if enters {
            lane.busy.insert(session);
        } else {
            record.in_line = true;
            lane.waiting += 1;
            lane.line.push_back(session);
        }
        enters
    }

    /// A try is over, however it ended.
    pub(crate) fn leave_lane(&mut self, session: SessionRef) {
        let server = self.store.get(session).map(|record| &record.server);
        if let Some(lane) = server.and_then(|server| self.lanes.of(server)) {
            lane.busy.remove(session);
        }
    }

    /// Calls those for whom there is a place by now. Each comes out of the line, so this ends.
    pub(crate) fn advance_lanes(&mut self) {
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
