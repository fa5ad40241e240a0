//! Suspicious answers of a session.

use crate::core::api::Error;
use crate::core::kit::time::Instant;
use crate::core::protocol::codes::{INVALID_PARAMS, METHOD_NOT_FOUND, RESOURCE_NOT_FOUND, URL_ELICITATION_REQUIRED};

/// The signature of an odd answer. Equal ones probably have the same cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddity {
    pub(crate) status: u16,
    pub(crate) rpc_code: Option<i32>,
}

impl Oddity {
    /// That of a JSON-RPC error.
    #[allow(clippy::cast_possible_truncation, reason = "codes are small integers; an odd one is only compared")]
    pub(crate) fn of<J>(error: &Error<J>) -> Self {
        Self { status: error.status.unwrap_or(200), rpc_code: error.rpc_code.map(|code| code as i32) }
    }

    /// Whether an error that does not mention the session may mean its loss if repeated. The specification's codes for
    /// errors in the request itself do not (JSON-RPC 2.0 §5.1; 2025-11-25 server/resources, "Error Handling", and
    /// client/elicitation, "URL Elicitation Required Errors").
    pub(crate) const fn may_mean_loss(self) -> bool {
        !matches!(
            self.rpc_code,
            Some(METHOD_NOT_FOUND | INVALID_PARAMS | RESOURCE_NOT_FOUND | URL_ELICITATION_REQUIRED)
        )
    }
}

/// A 2xx without a readable answer.
pub(crate) const UNREADABLE: Oddity = Oddity { status: 200, rpc_code: None };

/// Suspicious answers of a session.
#[derive(Debug, Default)]
pub(crate) struct Suspicion {
    pub(crate) last: Oddity,
    pub(crate) times: u32,
    /// When a ping last checked an odd answer to a POST, in which generation, and which answer.
    pub(crate) asked: Option<(Instant, u64, Oddity)>,
    /// When a ping last checked a refused GET.
    pub(crate) asked_by_stream: Option<Instant>,
}

impl Suspicion {
    /// A normal answer in this generation. If the generation is newer than the last check, the suspicion was right, and
    /// the next check needs no delay.
    pub(crate) fn clear(&mut self, generation: u64) {
        self.times = 0;
        self.asked = self.asked.filter(|(_, asked_in, _)| *asked_in == generation);
    }
}
