//! Every deadline of the machine in one ordered set: the driver needs a single timer for the first of them.

use super::io::{CallId, ExchangeId, SessionRef};
use super::time::Instant;
use std::collections::BTreeSet;

/// What a deadline is for. A timer that fires too early, or after its reason is gone, is harmless: its handler looks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A call's wait for an answer, or for progress, ends.
    Deadline(CallId),
    /// A call has rested before its next try, or before its stream is resumed.
    Rest(CallId),
    /// An exchange that no call's deadline guards has taken too long.
    Exchange(ExchangeId),
    /// An open stream may have gone silent.
    Watchdog(ExchangeId),
    /// A session may be idle, or too old.
    Expiry(SessionRef),
    /// A handshake, or a degraded session, tries again.
    Handshake(SessionRef),
    /// The GET stream is opened again.
    Listen(SessionRef),
    /// A server said when to come back: now.
    Hold(SessionRef),
}

/// The set of armed timers.
#[derive(Default)]
pub(super) struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    /// Arms `timer` for `at`.
    pub(super) fn arm(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    /// Takes back a timer that was armed for `at`.
    pub(super) fn disarm(&mut self, at: Instant, timer: Timer) {
        self.0.remove(&(at, timer));
    }

    /// The first deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes the first timer whose moment has come.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, timer)| timer)
    }
}
