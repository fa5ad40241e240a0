//! How many sessions of a server try to reach it at once.

use crate::core::api::SessionRef;
use crate::core::config::ServerConfig;
use crate::core::kit::queue::Queue;
use crate::core::kit::table::Set;
use std::rc::Rc;

/// So many sessions of one server try at once. A server that comes back to 10,000 users is not to fall again.
pub(crate) const AT_ONCE: usize = 16;

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

    /// Whether a session may try to reach its server now; otherwise it stands in line.
    pub(crate) fn enter(&mut self, server: &Rc<ServerConfig>, session: SessionRef) -> bool {
        let Some(lane) = self.of(server) else { return false };
        let enters = lane.busy.len() < AT_ONCE || lane.busy.contains(session);
        if enters {
            lane.busy.insert(session);
        } else {
            lane.waiting += 1;
            lane.line.push_back(session);
        }
        enters
    }

    /// A try is over.
    pub(crate) fn leave(&mut self, server: &Rc<ServerConfig>, session: SessionRef) {
        if let Some(lane) = self.of(server) {
            lane.busy.remove(session);
        }
    }

    /// The next session in line for which there is a place.
    pub(crate) fn next(&mut self) -> Option<SessionRef> {
        let lane = self.0.iter_mut().find(|lane| lane.waiting > 0 && lane.busy.len() < AT_ONCE)?;
        lane.waiting -= 1;
        lane.line.pop_front()
    }
}
