//! The budget of long-lived responses, one for each origin, and the turns that GET streams take when it is spent.
//!
//! Over HTTP/1.1 a browser has six connections to an origin, shared by all tabs (RFC 9112 §9.4 leaves the number to the
//! client). Streams that take them all leave none for a POST, and every call of every session times out.

use super::config::Connections;
use super::event::{Detail, EventKind};
use super::exchange::Exchange;
use super::io::{ExchangeId, Output, SessionRef};
use super::json::Json;
use super::manager::Manager;
use super::session::State;
use super::text::{concat, pieces, split_once};
use super::time::{Instant, Millis};
use super::timers::Timer;

/// Half of a browser's connections: the other half is left for POSTs.
const IN_PAGES: usize = 3;
/// Of the six connections that a request context of workerd has, two are left for POSTs.
const IN_WORKERS: usize = 4;
/// Connections to one origin in Chromium, Firefox and Safari over HTTP/1.1.
const CONNECTIONS: usize = 6;
/// How long a stream stays open while another one waits.
const TURN: Millis = 30_000;
/// The same while one waits whose session was used since it has been waiting.
const SHORT_TURN: Millis = 5_000;
/// How soon a stream that could not be closed is looked at again.
const RECHECK: Millis = 1_000;
/// A stream that waits for less time than this does so without an event.
pub(super) const UNREMARKABLE: Millis = 100;
/// A POST without a head for this long may be waiting for a connection.
const HEADLESS: Millis = 2_000;
/// The same at an origin that was seen to have more connections, or to be slow.
const HEADLESS_LONG: Millis = 30_000;

/// The budgets of all origins.
#[derive(Default)]
pub(super) struct Turns {
    origins: Vec<Origin>,
    /// The page shares its connections with other tabs: a stream needs one of the slots that it was given.
    shared: bool,
}

/// One origin with its long-lived responses.
struct Origin {
    name: String,
    /// GET streams, response streams and resumed ones, from the moment that they take a connection for long.
    open: usize,
    /// Those of them whose head has come.
    live: usize,
    /// Over TLS: POSTs were seen to wait for a connection, so the origin does not speak HTTP/2.
    crowded: bool,
    /// How long a POST waits for its head before it counts as waiting for a connection.
    patience: Millis,
    /// Such a POST is waiting now.
    urgent: bool,
    /// Slots that the page has for this origin.
    slots: usize,
    /// When the turns are looked at next; never where no stream waits.
    due: Option<Instant>,
    /// What the page was told: streams that are open, slots that are wanted, slots that there are.
    told: [usize; 3],
}

/// A session whose stream waits for its turn.
struct Waiter {
    session: SessionRef,
    /// Since when it waits, or a turn later: sessions that were used since go first. One turn ahead and no more, so every
    /// stream has its turn in the end.
    rank: Instant,
    was_used: bool,
}

/// A session with an open or an opening stream.
struct Holder {
    session: SessionRef,
    since: Instant,
    /// The stream may be closed where nothing else helps.
    yields: bool,
    /// It may be closed whenever another one waits: no call is in flight.
    is_idle: bool,
}

impl Origin {
    /// Browsers speak HTTP/2 over TLS only, so without TLS the number of connections is known.
    fn is_secure(&self) -> bool {
        self.name.starts_with("https:")
    }
}

impl<J: Json> Manager<J> {
    /// The number of the origin of `url`.
    pub(super) fn origin_of(&mut self, url: &str) -> usize {
        let limits = &self.config.limits;
        // The connections of a request context are counted over all origins.
        let all = self.config.connections == Connections::Worker && limits.max_streams_per_origin == 0;
        let name = if all { String::new() } else { origin(url) };
        let origins = &mut self.turns.origins;
        origins.iter().position(|known| known.name == name).unwrap_or_else(|| {
            let due = None;
            let (patience, told) = (HEADLESS, [0; 3]);
            let (open, live, crowded, urgent, slots) = (0, 0, false, false, 0);
            origins.push(Origin { name, open, live, crowded, patience, urgent, slots, due, told });
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
    pub(super) fn waits_for_turn(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get(session) else { return false };
        // What takes the place of an open stream, or is waited for by a call, is opened at once.
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

    /// A request leaves.
    pub(super) fn note_sent(&mut self, exchange: ExchangeId, at: usize, is_long: bool) {
        let (host, shared) = (self.config.connections, self.turns.shared);
        let fixed = self.config.limits.max_streams_per_origin;
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        if is_long {
            origin.open += 1;
            return self.look_at_turns(at);
        }
        // Other tabs may have the rest of the connections; where there are slots for them, those say so.
        let many = if shared && origin.is_secure() { 1 } else { IN_PAGES + 1 };
        if fixed == 0 && host == Connections::Page && origin.open >= many {
            let due = self.now.after(origin.patience);
            self.timers.arm(due, Timer::Head(exchange));
        }
    }

    /// A head came. `is_stream`: of a response that goes on as an event stream.
    pub(super) fn note_head(&mut self, exchange: ExchangeId, is_stream: bool) {
        let Some(record) = self.exchanges.get_mut(exchange) else { return };
        let begins = is_stream && !record.is_long;
        record.is_long |= is_stream;
        let (at, is_long) = (record.origin, record.is_long);
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        origin.open += usize::from(begins);
        origin.live += usize::from(is_long);
        // More responses at once than a browser has connections: they share one (RFC 9113 §5).
        if origin.live + usize::from(!is_long) > CONNECTIONS {
            origin.patience = HEADLESS_LONG;
            origin.crowded = false;
        }
        if begins {
            self.look_at_turns(at);
        }
    }

    /// A stream goes on only until another one is open in its place.
    pub(super) fn note_replaced(&mut self, exchange: ExchangeId) {
        let Some(record) = self.exchanges.get_mut(exchange).filter(|record| record.is_long) else { return };
        record.is_long = false;
        let (at, is_live) = (record.origin, record.head.is_some());
        if let Some(origin) = self.turns.origins.get_mut(at) {
            origin.open = origin.open.saturating_sub(1);
            origin.live = origin.live.saturating_sub(usize::from(is_live));
        }
    }

    /// An exchange is over.
    pub(super) fn note_over(&mut self, record: &Exchange) {
        if !record.is_long {
            return;
        }
        let Some(origin) = self.turns.origins.get_mut(record.origin) else { return };
        origin.open = origin.open.saturating_sub(1);
        origin.live = origin.live.saturating_sub(usize::from(record.head.is_some()));
        self.look_at_turns(record.origin);
    }

    /// A session that waits for its turn is used, or waits no longer.
    pub(super) fn look_at_turns(&mut self, at: usize) {
        let room = self.room(at);
        let Some(origin) = self.turns.origins.get(at) else { return };
        if self.turns.shared || origin.due.is_some() || origin.open > room {
            self.arm_turns(at, self.now);
        }
    }

    /// Nothing is closed or opened before the input is handled: a stream may be about to take the place of another.
    fn arm_turns(&mut self, at: usize, when: Instant) {
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        if let Some(before) = origin.due.replace(when) {
            self.timers.disarm(before, Timer::Turns(at as u64));
        }
        self.timers.arm(when, Timer::Turns(at as u64));
    }

    /// A POST has been without a head for long.
    pub(super) fn on_headless(&mut self, exchange: ExchangeId) {
        let Some(record) = self.exchanges.get(exchange).filter(|record| record.head.is_none()) else { return };
        let at = record.origin;
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        if origin.crowded && origin.open <= IN_PAGES {
            // Connections are free now, so it is the server that takes its time.
            origin.crowded = false;
            origin.patience = HEADLESS_LONG;
        } else {
            origin.crowded = true;
            origin.urgent = true;
            self.timers.arm(self.now.after(HEADLESS), Timer::Head(exchange));
        }
        self.arm_turns(at, self.now);
    }

    /// The page has this many slots of an origin, out of those that its tabs share.
    pub(super) fn on_slots(&mut self, name: &str, slots: usize) {
        let Some(at) = self.turns.origins.iter().position(|origin| origin.name == name) else { return };
        if let Some(origin) = self.turns.origins.get_mut(at) {
            origin.slots = slots;
            self.arm_turns(at, self.now);
        }
    }

    /// The page begins to share its connections with other tabs, or stops doing so.
    pub(super) fn share_turns(&mut self, shared: bool) {
        self.turns.shared = shared;
        for origin in &mut self.turns.origins {
            (origin.slots, origin.told) = (0, [0; 3]);
        }
        self.look_at_all_turns();
    }

    /// Sessions may use the network again.
    pub(super) fn look_at_all_turns(&mut self) {
        for at in 0..self.turns.origins.len() {
            self.arm_turns(at, self.now);
        }
    }

    /// Closes streams that are too many or have had their turn, and opens those that have waited longest.
    pub(super) fn on_turns(&mut self, at: usize) {
        let room = self.room(at);
        let (waiting, holders) = self.parties(at);
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        let (is_urgent, tabs) = (std::mem::take(&mut origin.urgent), self.turns.shared && origin.is_secure());
        for holder in holders.iter().filter(|holder| holder.is_idle) {
            if self.open_streams(at) > room {
                self.leave_turn(holder.session);
            }
        }
        for holder in holders.iter().filter(|holder| is_urgent && holder.yields && !holder.is_idle) {
            let open = self.open_streams(at);
            if open >= CONNECTIONS || (tabs && open > room) {
                self.leave_turn(holder.session);
            }
        }
        let mut queue = waiting.as_slice();
        while let Some((next, rest)) = queue.split_first().filter(|_| self.open_streams(at) < room) {
            queue = rest;
            self.take_turn(next.session);
        }
        for holder in holders.iter().filter(|holder| holder.is_idle) {
            let is_over = holder.since.after(turn(queue)) <= self.now && self.has_stream(holder.session);
            if let Some((next, rest)) = queue.split_first().filter(|_| is_over) {
                queue = rest;
                self.leave_turn(holder.session);
                self.take_turn(next.session);
            }
        }
        self.after_turns(at);
    }

    /// Tells the page and the listeners who waits, and plans the next look.
    fn after_turns(&mut self, at: usize) {
        let (now, most, open) = (self.now, self.most(at), self.open_streams(at));
        let (waiting, holders) = self.parties(at);
        let turn = turn(&waiting);
        let mut next = now.after(TURN);
        for holder in &holders {
            next = next.min(holder.since.after(turn).max(now.after(RECHECK)));
        }
        for waiter in &waiting {
            let Some(record) = self.store.get_mut(waiter.session) else { continue };
            match record.listen.report_wait(now, UNREMARKABLE) {
                Some(due) if due > now => next = next.min(due),
                Some(_) => self.event(waiter.session, EventKind::StreamWaiting, Detail::new().stream("listen")),
                None => {}
            }
        }
        let Some(origin) = self.turns.origins.get_mut(at) else { return };
        let told = if most < usize::MAX { [open, most.min(open + waiting.len()), most] } else { [0; 3] };
        if self.turns.shared && std::mem::replace(&mut origin.told, told) != told {
            let [used, wanted, slots] = told;
            self.out.push_back(Output::Turns { origin: origin.name.clone(), used, wanted, slots });
        }
        if !waiting.is_empty() {
            self.arm_turns(at, next);
        } else if let Some(due) = origin.due.take() {
            self.timers.disarm(due, Timer::Turns(at as u64));
        }
    }

    fn has_stream(&self, session: SessionRef) -> bool {
        self.store.get(session).is_some_and(|record| record.listen.stream().is_some())
    }

    fn open_streams(&self, at: usize) -> usize {
        self.turns.origins.get(at).map_or(0, |origin| origin.open)
    }

    /// The sessions that wait for their turn, the next one first, and those that have a stream, the oldest first.
    fn parties(&self, at: usize) -> (Vec<Waiter>, Vec<Holder>) {
        let (mut waiting, mut holders) = (Vec::<Waiter>::new(), Vec::<Holder>::new());
        for session in self.store.references() {
            let Some(record) = self.store.get(session).filter(|record| record.origin == at) else { continue };
            if let Some(since) = record.listen.waits_since() {
                if self.is_cut_off(session) {
                    continue;
                }
                let was_used = record.last_used_at > since;
                let rank = if was_used { since } else { since.after(TURN) };
                let place = waiting.partition_point(|other| other.rank <= rank);
                waiting.insert(place, Waiter { session, rank, was_used });
            }
            let Some(stream) = record.listen.stream().and_then(|exchange| self.exchanges.get(exchange)) else {
                continue;
            };
            // The stream of HTTP+SSE is the session, and a request of the server may be taken back on it.
            let is_asked = self.tickets.iter().any(|(_, asked)| asked.session == session);
            let yields = record.state == State::Ready && record.sse.is_none() && !is_asked;
            let is_idle = yields && !record.is_busy();
            let place = holders.partition_point(|other| other.since <= stream.opened_at);
            holders.insert(place, Holder { session, since: stream.opened_at, yields, is_idle });
        }
        (waiting, holders)
    }
}

/// How long a stream stays open while these wait.
fn turn(waiting: &[Waiter]) -> Millis {
    if waiting.iter().any(|waiter| waiter.was_used) { SHORT_TURN } else { TURN }
}

/// Scheme, host and port of a URL that has been checked, as a page writes them (WHATWG HTML §7.1.1).
fn origin(url: &str) -> String {
    let Some((scheme, rest)) = split_once(url, "://") else { return String::new() };
    let authority = pieces(rest, b"/?#").first().copied().unwrap_or_default();
    let name = concat(&[scheme, "://", authority]).to_ascii_lowercase();
    let default = if name.starts_with("https:") { ":443" } else { ":80" };
    name.strip_suffix(default).map_or_else(|| name.clone(), String::from)
}
