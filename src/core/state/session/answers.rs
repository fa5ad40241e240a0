//! The outgoing messages without a caller of one generation.

use crate::core::kit::table::Table;
use crate::core::kit::time::Instant;
use crate::core::protocol::json::Json;

/// Concurrent POSTs per session.
pub(crate) const MAX_IN_FLIGHT: usize = 16;

/// At this queue length the stream that delivered the last request is paused.
pub(crate) const MAX_WAITING: usize = 256;

/// At this queue length the session is dropped: the requests arrived in a single message, which cannot be paused.
pub(crate) const MAX_IN_ALL: usize = 1024;

/// How often a message is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A notification: once, and dropped if the queue is full.
    Once,
    /// The machine's own answer, for example to a ping: up to `retryAttempts` retries. The server does not wait longer.
    Few,
    /// A handler's answer: until the server has accepted it, because a tool may be blocked on it.
    UntilDelivered,
}

/// The outgoing messages without a caller of one generation.
pub(crate) struct Answers<J> {
    /// Ordered by number.
    pub(crate) messages: Table<u64, Message<J>>,
    pub(crate) in_flight: usize,
    /// Consecutive failures.
    pub(crate) failures: u32,
    /// Backoff: nothing is sent before this instant.
    pub(crate) backoff_until: Instant,
    pub(crate) armed: Option<Instant>,
    /// Whether reading of an exchange of the session is paused.
    pub(crate) paused: bool,
    /// Whether a refused answer was logged and, if it suggested a lost session, checked by a ping.
    pub(crate) noted: bool,
}

pub(crate) struct Message<J> {
    pub(crate) body: J,
    pub(crate) effort: Effort,
    pub(crate) in_flight: bool,
    pub(crate) failures: u32,
    pub(crate) not_before: Instant,
}

impl<J> Default for Answers<J> {
    fn default() -> Self {
        Self {
            messages: Table::default(),
            in_flight: 0,
            failures: 0,
            backoff_until: Instant::default(),
            armed: None,
            paused: false,
            noted: false,
        }
    }
}

impl<J: Json> Answers<J> {
    pub(crate) fn waiting(&self) -> usize {
        self.messages.len() - self.in_flight
    }

    /// The next message to send, or when to check again. After a failure only one is in flight.
    pub(crate) fn next(&self, now: Instant) -> Result<u64, Option<Instant>> {
        let room = if self.failures > 0 { 1 } else { MAX_IN_FLIGHT };
        if self.in_flight >= room {
            return Err(None);
        }
        let mut soonest = None;
        for (number, message) in self.messages.iter() {
            if message.in_flight {
                continue;
            }
            let at = message.not_before.max(self.backoff_until);
            if at <= now {
                return Ok(number);
            }
            soonest = Some(soonest.map_or(at, |soonest: Instant| soonest.min(at)));
        }
        Err(soonest)
    }

    pub(crate) fn take(&mut self, number: u64) -> Option<Message<J>> {
        let message = self.messages.remove(number)?;
        self.in_flight -= usize::from(message.in_flight);
        Some(message)
    }

    /// The server cancelled the request with this id: its answer is not needed.
    pub(crate) fn take_back(&mut self, id: &str) {
        let is_for = |message: &Message<J>| message.body.get("id").is_some_and(|of| of.to_text() == id);
        for number in self.messages.keys_where(&is_for) {
            match self.messages.get_mut(number) {
                // No further retry; it counts until its exchange ends.
                Some(message) if message.in_flight => message.effort = Effort::Once,
                _ => drop(self.messages.remove(number)),
            }
        }
    }
}
