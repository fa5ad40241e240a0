//! Lanes: how many sessions of one server attempt to reach it concurrently.

use crate::core::api::SessionRef;
use crate::core::config::ServerConfig;
use crate::core::kit::queue::Queue;
use crate::core::kit::table::Set;
use std::rc::Rc;

/// Concurrent attempts per server, so that a server that recovers is not overloaded by 10,000 users.
pub(crate) const AT_ONCE: usize = 16;

/// One lane per server, created on first use.
#[derive(Default)]
pub(crate) struct Lanes(Vec<Lane>);

struct Lane {
    server: Rc<ServerConfig>,
    busy: Set<SessionRef>,
    line: Queue<SessionRef>,
}

impl Lanes {
    fn of(&mut self, server: &Rc<ServerConfig>) -> Option<&mut Lane> {
        let known = self.0.iter().position(|lane| Rc::ptr_eq(&lane.server, server));
        let at = known.unwrap_or_else(|| {
            let (busy, line) = (Set::default(), Queue::default());
            self.0.push(Lane { server: Rc::clone(server), busy, line });
            self.0.len() - 1
        });
        self.0.get_mut(at)
    }

    /// Whether a session may send now. Otherwise it is added to the line.
    pub(crate) fn enter(&mut self, server: &Rc<ServerConfig>, session: SessionRef) -> bool {
        let Some(lane) = self.of(server) else { return false };
        let enters = lane.busy.len() < AT_ONCE || lane.busy.contains(session);
        if enters {
            lane.busy.insert(session);
        } else {
            lane.line.push_back(session);
        }
        enters
    }

    /// Ends an attempt.
    pub(crate) fn leave(&mut self, server: &Rc<ServerConfig>, session: SessionRef) {
        if let Some(lane) = self.of(server) {
            lane.busy.remove(session);
        }
    }

    /// The next session in line with a free lane.
    pub(crate) fn next(&mut self) -> Option<SessionRef> {
        let lane = self.0.iter_mut().find(|lane| !lane.line.is_empty() && lane.busy.len() < AT_ONCE)?;
        lane.line.pop_front()
    }
}
