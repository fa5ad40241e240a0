//! A server out of reach, as one session sees it.

use crate::core::api::Error;
use crate::core::kit::time::Instant;

/// A server out of reach, as one session sees it.
pub(crate) struct Outage<J> {
    pub(crate) since: Instant,
    /// The first canary failed, so it is an outage and not one slow tool behind an impatient proxy.
    pub(crate) told: bool,
    /// Canaries that failed, up to the last attempt.
    pub(crate) failures: u32,
    /// When the next canary goes; none while one is under way. Once the attempts are spent: when it may go at the earliest.
    pub(crate) next: Option<Instant>,
    /// Canaries that failed after the last attempt, one for each call that came.
    pub(crate) spent: Option<u32>,
    /// The session was lost before the outage: the canary is a handshake.
    pub(crate) lost: bool,
    /// When a session that was lost is tried without a call.
    pub(crate) probe_at: Option<Instant>,
    /// A page may not see the answers, so a handshake may tell more than a ping.
    pub(crate) hidden: bool,
    /// A ping without the session's id was answered readably, after the browser hid the answer to one with it.
    pub(crate) shown: bool,
    /// What waiting calls are told if it does not end.
    pub(crate) error: Error<J>,
}

impl<J> Outage<J> {
    pub(crate) fn new(since: Instant, mut error: Error<J>) -> Self {
        error.retryable = true;
        Self {
            since,
            told: false,
            failures: 0,
            next: None,
            spent: None,
            lost: false,
            probe_at: None,
            hidden: false,
            shown: false,
            error,
        }
    }

    /// Whether there is a session to come back to.
    pub(crate) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether the attempts are spent.
    pub(crate) const fn is_spent(&self) -> bool {
        self.spent.is_some()
    }
}
