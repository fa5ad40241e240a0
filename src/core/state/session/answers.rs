//! What one generation of a session has to send without a caller.

use crate::core::kit::table::Table;
use crate::core::kit::time::Instant;
use crate::core::protocol::json::Json;

/// POSTs of one session at once.
pub(crate) const MAX_ON_WIRE: usize = 16;

/// With as many queued, the stream that brought the last request is not read further.
pub(crate) const MAX_WAITING: usize = 256;

/// With as many queued, the session is dropped: the requests came in one message, which no pause divides.
pub(crate) const MAX_IN_ALL: usize = 1024;

/// How often a message is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A notification: once, and not at all behind a full queue.
    Once,
    /// The machine's own answer, as to a ping: `retryAttempts` times more. Its server does not wait longer.
    Few,
    /// A handler's answer: until the server has it. A tool may wait for it.
    UntilDelivered,
}

/// What one generation of a session has to send without a caller.
pub(crate) struct Answers<J> {
    /// In the order of their numbers.
    pub(crate) messages: Table<u64, Message<J>>,
    pub(crate) on_wire: usize,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// Nothing is sent before then.
    pub(crate) rest_until: Instant,
    pub(crate) armed: Option<Instant>,
    /// Some exchange of the session is not read.
    pub(crate) paused: bool,
    /// One refused answer was logged, and the session pinged if the refusal said that it is gone.
    pub(crate) noted: bool,
}

pub(crate) struct Message<J> {
    pub(crate) body: J,
    pub(crate) effort: Effort,
    pub(crate) on_wire: bool,
    pub(crate) failures: u32,
    pub(crate) not_before: Instant,
}

impl<J> Default for Answers<J> {
    fn default() -> Self {
        Self {
            messages: Table::default(),
            on_wire: 0,
            failures: 0,
            rest_until: Instant::default(),
            armed: None,
            paused: false,
            noted: false,
        }
    }
}

impl<J: Json> Answers<J> {
    pub(crate) fn waiting(&self) -> usize {
        self.messages.len() - self.on_wire
    }

    /// The message that goes next, or when one may. After a failure one goes ahead of the others.
    pub(crate) fn next(&self, now: Instant) -> Result<u64, Option<Instant>> {
        let room = if self.failures > 0 { 1 } else { MAX_ON_WIRE };
        if self.on_wire >= room {
            return Err(None);
        }
        let mut soonest = None;
        for (number, message) in self.messages.iter() {
            if message.on_wire {
                continue;
            }
            let at = message.not_before.max(self.rest_until);
            if at <= now {
                return Ok(number);
            }
            soonest = Some(soonest.map_or(at, |soonest: Instant| soonest.min(at)));
        }
        Err(soonest)
    }

    pub(crate) fn take(&mut self, number: u64) -> Option<Message<J>> {
        let message = self.messages.remove(number)?;
        self.on_wire -= usize::from(message.on_wire);
        Some(message)
    }

    /// The server took back the request with this id: its answer need not arrive.
    pub(crate) fn take_back(&mut self, id: &str) {
        let mut found = None;
        for (number, message) in self.messages.iter() {
            if message.body.get("id").is_some_and(|of| of.to_text() == id) {
                found = Some(number);
            }
        }
        let Some(number) = found else { return };
        match self.messages.get_mut(number) {
            // It is not sent again, and counts until its exchange is over.
            Some(message) if message.on_wire => message.effort = Effort::Once,
            _ => drop(self.messages.remove(number)),
        }
    }
}
