//! Budgets of long-lived responses per origin, and the turns of GET streams when a budget is used up.
//!
//! Over HTTP/1.1 a browser has six connections to an origin, shared by all tabs (RFC 9112 §9.4 leaves the number to the
//! client). Streams that use all of them block every POST, and every call times out.

use crate::core::api::{Detail, EventKind, ExchangeId, Output, SessionRef, State};
use crate::core::config::Connections;
use crate::core::kit::time::Instant;
use crate::core::machine::Manager;
use crate::core::protocol::endpoint::plain_origin;
use crate::core::protocol::json::Json;
use crate::core::state::server::turns::{
    CONNECTIONS, HEADLESS, HEADLESS_LONG, IN_PAGES, IN_WORKERS, Origin, Party, RECHECK, STREAMS_ON, TURN, UNREMARKABLE,
    turn,
};
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// The index of the origin of `url`.
    pub(crate) fn origin_of(&mut self, url: &str) -> usize {
        let limits = &self.config.limits;
        // A Worker limits the connections of one request over all origins.
        let all = self.config.connections == Connections::Worker && limits.max_streams_per_origin == 0;
        let name = if all { String::new() } else { plain_origin(url) };
        let origins = &mut self.turns.origins;
        origins.iter().position(|known| known.name == name).unwrap_or_else(|| {
            let due = None;
            let (patience, reported) = (HEADLESS, [0; 3]);
            let (open, live, crowded, urgent, slots) = (0, 0, false, false, 0);
            origins.push(Origin { name, open, live, crowded, patience, urgent, slots, due, reported });
            origins.len() - 1
        })
    }

    /// The budget of an origin, for all tabs.
    fn most(&self, at: usize) -> usize {
        let fixed = self.config.limits.max_streams_per_origin;
        match (fixed, self.config.connections, self.turns.origins.get(at)) {
            (0, Connections::Worker, _) => IN_WORKERS,
            (0, Connections::Page, Some(origin)) if origin.crowded || !origin.is_secure() => IN_PAGES,
            (0, ..) => usize::MAX,
            _ => fixed,
        }
    }

    /// The budget of an origin in this tab.
    fn room(&self, at: usize) -> usize {
        let most = self.most(at);
        let slots = self.turns.origins.get(at).filter(|_| self.turns.shared && most < usize::MAX);
        slots.map_or(most, |origin| most.min(origin.slots))
    }

    /// Whether the GET stream of a session has to wait for its turn.
    pub(crate) fn waits_for_turn(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get(session) else { return false };
        // A replacement of an open stream, and a stream that a call waits for, open at once.
        if record.listen.is_urgent() {
            return false;
        }
        let at = record.origin;
        let room = self.room(at);
        let is_full = self.turns.origins.get(at).is_some_and(|origin| origin.open >= room || origin.due.is_some());
        if is_full && room < usize::MAX {
            self.arm_turns(at, self.now);
            return true;
        }
        false
    }

    /// Counts a sent request.
    pub(crate) fn note_sent(&mut self, exchange: ExchangeId, at: usize, is_long: bool) {
        let (host, shared) = (self.config.connections, self.turns.shared);
        let fixed = self.config.limits.max_streams_per_origin;
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        if is_long {
            origin.open += 1;
            return self.look_at_turns(at);
        }
        // Other tabs may use up the connections. Without TLS the shared slots prevent that.
        let many = if shared && origin.is_secure() { 0 } else { IN_PAGES + 1 };
        if fixed == 0 && host == Connections::Page && origin.open >= many {
            let due = self.now.after(origin.patience);
            self.timers.arm(due, Timer::Head(exchange));
        }
    }

    /// Counts a response head. `is_stream`: its body is an event stream.
    pub(crate) fn note_head(&mut self, exchange: ExchangeId, is_stream: bool) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let (at, is_long) = (record.origin, record.is_long);
        if is_stream && !is_long && (self.config.connections == Connections::Page || self.most(at) < usize::MAX) {
            let due = self.now.after(STREAMS_ON);
            self.timers.arm(due, Timer::Head(exchange));
            #[cfg(any(feature = "gateway", not(target_family = "wasm")))]
            if let Some(record) = self.exchanges.get_mut(exchange) {
                record.long_from = Some(due);
            }
        }
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        origin.live += usize::from(is_long);
        // More concurrent responses than HTTP/1.1 connections: the browser uses HTTP/2 (RFC 9113 §5).
        if origin.live + usize::from(!is_long) > CONNECTIONS {
            origin.patience = HEADLESS_LONG;
            origin.crowded = false;
        }
    }

    /// The response to a POST has streamed for long: it counts against the budget, but is never closed for a turn.
    fn note_streams_on(&mut self, exchange: ExchangeId, at: usize) {
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        let Some(origin) = self.turns.origins.get_mut(at).filter(|_| !record.is_long) else { return };
        record.is_long = true;
        origin.open += 1;
        origin.live += 1;
        self.look_at_turns(at);
    }

    /// The stream is being replaced and stops counting.
    pub(crate) fn note_replaced(&mut self, exchange: ExchangeId) {
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        let (was_long, at, is_live) = (std::mem::take(&mut record.is_long), record.origin, record.head.is_some());
        self.note_over(was_long, at, is_live);
    }

    /// An exchange ended.
    pub(crate) fn note_over(&mut self, was_long: bool, at: usize, is_live: bool) {
        let Some(origin) = self.turns.origins.get_mut(at).filter(|_| was_long) else { return };
        origin.open = origin.open.saturating_sub(1);
        origin.live = origin.live.saturating_sub(usize::from(is_live));
        self.look_at_turns(at);
    }

    /// A waiting session is used, or stopped waiting.
    pub(crate) fn look_at_turns(&mut self, at: usize) {
        let room = self.room(at);
        let Some(origin) = self.turns.origins.get(at) else { return };
        if self.turns.shared || origin.due.is_some() || origin.open > room {
            self.arm_turns(at, self.now);
        }
    }

    /// Streams open and close only after the current input, because it may replace a stream.
    fn arm_turns(&mut self, at: usize, when: Instant) {
        self.disarm_turns(at);
        if let Some(origin) = self.turns.origins.get_mut(at) {
            origin.due = Some(when);
            self.timers.arm(when, Timer::Turns(at as u64));
        }
    }

    fn disarm_turns(&mut self, at: usize) {
        if let Some(due) = self.turns.origins.get_mut(at).and_then(|origin| origin.due.take()) {
            self.timers.disarm(due, Timer::Turns(at as u64));
        }
    }

    /// A POST has been in flight for long.
    pub(crate) fn on_long_post(&mut self, exchange: ExchangeId) {
        let Some(record) = self.exchanges.get(exchange) else { return };
        let at = record.origin;
        if record.head.is_some() {
            return self.note_streams_on(exchange, at);
        }
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        if origin.crowded && origin.open <= IN_PAGES {
            // Connections are free, so the server is slow.
            origin.crowded = false;
            origin.patience = HEADLESS_LONG;
        } else {
            origin.crowded = true;
            origin.urgent = true;
            self.timers.arm(self.now.after(HEADLESS), Timer::Head(exchange));
        }
        self.arm_turns(at, self.now);
    }

    /// The page assigned slots of an origin to this tab, or reports that another tab lacks connections.
    pub(crate) fn on_slots(&mut self, name: &str, slots: Option<usize>, crowded: Option<bool>) {
        let Some(at) = self.turns.origins.iter().position(|origin| origin.name == name) else { return };
        if let Some(origin) = self.turns.origins.get_mut(at) {
            origin.slots = slots.unwrap_or(origin.slots);
            origin.crowded = crowded.unwrap_or(origin.crowded);
            self.arm_turns(at, self.now);
        }
    }

    /// Starts or stops sharing connections with other tabs.
    pub(crate) fn share_turns(&mut self, shared: bool) {
        self.turns.shared = shared;
        for origin in &mut self.turns.origins {
            (origin.slots, origin.reported) = (0, [0; 3]);
        }
        self.look_at_all_turns();
    }

    /// Sessions may use the network again.
    pub(crate) fn look_at_all_turns(&mut self) {
        for at in 0..self.turns.origins.len() {
            self.arm_turns(at, self.now);
        }
    }

    /// Closes streams over the budget or past their turn, and opens those that have waited longest.
    pub(crate) fn on_turns(&mut self, at: usize) {
        let room = self.room(at);
        let [waiting, open] = self.parties(at);
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        let (is_urgent, tabs) = (std::mem::take(&mut origin.urgent), self.turns.shared && origin.is_secure());
        for party in &open {
            if party.is_idle && self.open_streams(at) > room {
                self.leave_turn(party.session);
            }
        }
        for party in &open {
            let left = self.open_streams(at);
            let must = is_urgent && (left >= CONNECTIONS || (tabs && left > room));
            if must && party.yields && !party.is_idle {
                self.leave_turn(party.session);
            }
        }
        let mut queue = waiting.as_slice();
        let mut holders = open.as_slice();
        let mut freed = 0;
        while let [next, rest @ ..] = queue {
            if self.open_streams(at) + freed < room {
                self.take_turn(next.session);
            } else {
                // Closes the stream that has been open for longest. Its slot is assigned at the next check, when the
                // connection is closed.
                let [holder, others @ ..] = holders else { break };
                holders = others;
                if !holder.is_idle || holder.rank.after(turn(queue)) > self.now || !self.has_stream(holder.session) {
                    continue;
                }
                self.leave_turn(holder.session);
                freed += 1;
            }
            queue = rest;
        }
        self.after_turns(at, room);
    }

    /// Reports waiting streams to the page and to listeners, and plans the next check.
    fn after_turns(&mut self, at: usize, room: usize) {
        let (now, most, used) = (self.now, self.most(at), self.open_streams(at));
        let [waiting, open] = self.parties(at);
        let turn = turn(&waiting);
        let mut next = now.after(if used < room { UNREMARKABLE } else { TURN });
        for party in &open {
            next = next.min(party.rank.after(turn).max(now.after(RECHECK)));
        }
        for party in &waiting {
            let Some(record) = self.store.get_mut(party.session) else { continue };
            match record.listen.report_wait(now, UNREMARKABLE) {
                Some(due) if due > now => next = next.min(due),
                Some(_) => self.event(party.session, EventKind::StreamWaiting, Detail::new().stream("listen")),
                None => {}
            }
        }
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        let reported = if most < usize::MAX { [used, most.min(used + waiting.len()), most] } else { [0; 3] };
        if self.turns.shared && std::mem::replace(&mut origin.reported, reported) != reported {
            self.out.push_back(Output::Turns { origin: origin.name.clone(), counts: reported });
        }
        if waiting.is_empty() { self.disarm_turns(at) } else { self.arm_turns(at, next) }
    }

    fn has_stream(&self, session: SessionRef) -> bool {
        self.store.get(session).is_some_and(|record| record.listen.stream().is_some())
    }

    fn open_streams(&self, at: usize) -> usize {
        self.turns.origins.get(at).map_or(0, |origin| origin.open)
    }

    /// The sessions that wait for a turn, next first, and those with a stream, oldest first.
    fn parties(&self, at: usize) -> [Vec<Party>; 2] {
        let mut parties: [Vec<Party>; 2] = [Vec::new(), Vec::new()];
        let [waiting, open] = &mut parties;
        for session in self.store.references() {
            let Some(record) = self.store.get(session).filter(|record| record.origin == at) else { continue };
            let stream = record.listen.stream().and_then(|exchange| self.exchanges.get(exchange));
            let (list, party) = if let Some(stream) = stream {
                // The stream of HTTP+SSE is the session, and a pending server request may be cancelled on its stream.
                let is_asked = !self.tickets.keys_where(&|asked| asked.session == session).is_empty();
                let yields = record.state == State::Ready && record.sse.is_none() && !is_asked;
                let is_idle = yields && !record.is_busy();
                (&mut *open, Party { session, rank: stream.opened_at, was_used: false, yields, is_idle })
            } else if let Some(since) = record.listen.waits_since().filter(|_| !self.is_cut_off(session)) {
                let was_used = record.last_used_at > since;
                let rank = if was_used { since } else { since.after(TURN) };
                (&mut *waiting, Party { session, rank, was_used, yields: false, is_idle: false })
            } else {
                continue;
            };
            let place = list.partition_point(|other| other.rank <= party.rank);
            list.insert(place, party);
        }
        parties
    }
}
