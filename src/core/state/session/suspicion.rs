//! What is odd about a session.

use crate::core::kit::time::Instant;
use crate::core::protocol::codes::{INVALID_PARAMS, METHOD_NOT_FOUND, RESOURCE_NOT_FOUND, URL_ELICITATION_REQUIRED};

/// What an odd answer looks like: two that are alike have the same cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddity {
    pub(crate) status: u16,
    pub(crate) rpc_code: Option<i32>,
}

impl Oddity {
    /// Whether an error that names no session may be about it all the same, if it repeats. Codes that the specification
    /// gives to what the request asks for say nothing of it (JSON-RPC 2.0 §5.1; 2025-11-25 server/resources, "Error
    /// Handling", and client/elicitation, "URL Elicitation Required Errors").
    pub(crate) const fn may_tell_a_loss(self) -> bool {
        !matches!(
            self.rpc_code,
            Some(METHOD_NOT_FOUND | INVALID_PARAMS | RESOURCE_NOT_FOUND | URL_ELICITATION_REQUIRED)
        )
    }
}

/// What is odd about a session.
#[derive(Debug, Default)]
pub(crate) struct Suspicion {
    pub(crate) last: Oddity,
    pub(crate) times: u32,
    /// When a ping was last sent for what POSTs were answered, and in which generation.
    pub(crate) asked: Option<(Instant, u64)>,
    /// When one was last sent for what a GET was answered.
    pub(crate) asked_by_stream: Option<Instant>,
}

impl Suspicion {
    /// An answer as it should be, in this generation. If that is a later one, the suspicion was right, and the next is free.
    pub(crate) fn clear(&mut self, generation: u64) {
        self.times = 0;
        self.asked = self.asked.filter(|(_, asked_in)| *asked_in == generation);
    }
}
