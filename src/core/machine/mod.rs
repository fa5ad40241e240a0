//! The acting part of the core: methods of [`Manager`], one folder per direction of data.

use crate::core::api::{CallId, ExchangeId, Key, Metrics, Output, Ticket};
use crate::core::config::Config;
use crate::core::kit::queue::Queue;
use crate::core::kit::rng::Rng;
use crate::core::kit::table::Table;
use crate::core::kit::time::Instant;
use crate::core::protocol::json::Json;
use crate::core::state::asked::Asked;
use crate::core::state::call::{Call, Ended};
use crate::core::state::closing::{Closing, PendingDelete};
use crate::core::state::exchange::Exchange;
use crate::core::state::page::Page;
use crate::core::state::server::addresses::Addresses;
use crate::core::state::server::discovery::Discoveries;
use crate::core::state::server::lanes::Lanes;
use crate::core::state::server::turns::Turns;
use crate::core::state::session::breaker::Breaker;
use crate::core::state::store::Store;
use crate::core::state::timers::Timers;
use std::rc::Rc;

pub(crate) mod inbound;
mod lifecycle;
mod log_lines;
mod outbound;
mod report;

/// The identity sent in every handshake.
#[derive(Clone)]
pub struct ClientIdentity<J> {
    /// `clientInfo`: an object with `name` and `version`.
    pub info: J,
    /// `capabilities`: an object. Handlers add theirs.
    pub capabilities: J,
}

/// All sessions of one I/O context: a deterministic state machine without clock, socket or thread.
///
/// **After every [`handle`](Self::handle), drain [`poll`](Self::poll) until it returns [`Output::Wait`].**
pub struct Manager<J> {
    pub(crate) config: Config,
    pub(crate) client: ClientIdentity<J>,
    pub(crate) rng: Rng,
    pub(crate) now: Instant,
    pub(crate) store: Store<J>,
    pub(crate) calls: Table<CallId, Call<J>>,
    /// Calls in flight, by the JSON-RPC id of their latest attempt.
    pub(crate) by_request: Table<u64, CallId>,
    pub(crate) exchanges: Table<ExchangeId, Exchange>,
    pub(crate) tickets: Table<Ticket, Asked<J>>,
    pub(crate) deletes: Table<ExchangeId, PendingDelete>,
    pub(crate) closing: Closing,
    pub(crate) page: Page,
    /// The revision that each server speaks, as far as it is known.
    pub(crate) discoveries: Discoveries<J>,
    /// Redirect targets of servers.
    pub(crate) addresses: Addresses,
    /// Breakers of keys without a record: their connection never succeeded.
    pub(crate) breakers: Vec<(Rc<Key>, Breaker)>,
    /// After a sleep no call times out before this instant: answers may have arrived while the timers were late.
    pub(crate) grace_until: Instant,
    /// Limits how many sessions of one server attempt to reach it concurrently.
    pub(crate) lanes: Lanes,
    pub(crate) timers: Timers,
    /// Budgets of long-lived responses, per origin.
    pub(crate) turns: Turns,
    pub(crate) numbers: Numbers,
    /// The last JSON-RPC id and progress token used.
    last_request_id: u64,
    pub(crate) metrics: Metrics,
    /// `false` while no listener can receive events.
    pub(crate) emits_events: bool,
    /// Settled calls whose consequences are pending; see `follow_ends`.
    pub(crate) ended: Vec<Ended<J>>,
    pub(crate) out: Queue<Output<J>>,
}

/// JSON-RPC ids fit a signed 32-bit integer.
const MAX_REQUEST_ID: u64 = (1 << 31) - 1;

/// Ids of exchanges, tickets, records and the machine's own calls: one sequence, never reused.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

impl<J: Json> Manager<J> {
    /// A manager without sessions. `seed` determines all jitter.
    pub fn new(config: Config, client: ClientIdentity<J>, seed: u64) -> Self {
        let mut rng = Rng::seeded(seed);
        // A session restored from storage has seen the ids of other managers, and an id MUST NOT be used twice in a
        // session (2025-11-25 basic, "Requests"): each manager starts at a random id below 2³⁰.
        let first = if config.keeps { rng.next_u64() >> 34 } else { 0 };
        Self {
            config,
            client,
            rng,
            now: Instant::default(),
            store: Store::new(seed),
            calls: Table::default(),
            by_request: Table::default(),
            exchanges: Table::default(),
            tickets: Table::default(),
            deletes: Table::default(),
            closing: Closing::default(),
            page: Page::default(),
            discoveries: Discoveries::default(),
            addresses: Addresses::default(),
            breakers: Vec::new(),
            grace_until: Instant::default(),
            lanes: Lanes::default(),
            timers: Timers::default(),
            turns: Turns::default(),
            numbers: Numbers(0),
            last_request_id: first,
            metrics: Metrics::default(),
            emits_events: true,
            ended: Vec::new(),
            out: Queue::default(),
        }
    }

    /// A JSON-RPC id that no pending request has. Servers and gateways parse ids into 32 bits or print them with 14
    /// digits, so all ids are below 2³¹; the sequence then wraps.
    pub(crate) fn next_request_id(&mut self) -> u64 {
        loop {
            self.last_request_id = if self.last_request_id < MAX_REQUEST_ID { self.last_request_id + 1 } else { 1 };
            if !self.by_request.contains(self.last_request_id) {
                return self.last_request_id;
            }
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn manager(options: &Value, seed: u64) -> Manager<Value> {
        let (config, _) = crate::core::config::parse(&json!({"mcpServers": {}}), options, &|_| None).unwrap();
        Manager::new(config, ClientIdentity { info: json!({}), capabilities: json!({}) }, seed)
    }

    #[test]
    fn request_ids_wrap_below_2_to_the_31_and_pass_over_those_that_are_pending() {
        let mut manager = manager(&json!({}), 7);
        manager.last_request_id = MAX_REQUEST_ID - 2;
        manager.by_request.insert(1, CallId(1));
        manager.by_request.insert(2, CallId(2));
        let ids = [(); 4].map(|()| manager.next_request_id());
        assert_eq!(ids, [0x7FFF_FFFE, 0x7FFF_FFFF, 3, 4]);
    }

    #[test]
    fn managers_with_a_storage_begin_at_random_below_2_to_the_30() {
        let ids: Vec<u64> = (0..100).map(|seed| manager(&json!({"storage": true}), seed).next_request_id()).collect();
        assert!(ids.iter().all(|id| (1..=1 << 30).contains(id)), "{ids:?}");
        assert!(ids.iter().filter(|id| **id < 1 << 20).count() < 5, "{ids:?}");
    }
}
