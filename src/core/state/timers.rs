//! All deadlines of the machine in one ordered set. The driver arms a single timer for the first.

use crate::core::api::{CallId, ExchangeId, SessionRef};
use crate::core::kit::index::Index;
use crate::core::kit::time::Instant;

/// What a deadline is for. A timer that fires early or without its reason is harmless, because its handler checks
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The deadline of a call.
    Deadline(CallId),
    /// The backoff of a call ends, before it is sent again or resumed.
    Backoff(CallId),
    /// The deadline of an exchange without a call.
    Exchange(ExchangeId),
    /// An open stream may be silent.
    Watchdog(ExchangeId),
    /// A session may be idle or too old.
    Expiry(SessionRef),
    /// The next attempt of a handshake, or of a degraded session.
    Handshake(SessionRef),
    /// The GET stream reopens.
    Listen(SessionRef),
    /// A pause ends.
    Pause(SessionRef),
    /// A session is persisted.
    Persist(SessionRef),
    /// The next canary of an outage is due.
    Canary(SessionRef),
    /// Streams of an origin take turns.
    Turns(u64),
    /// A POST may be queued for a connection, or its response is long-lived.
    Head(ExchangeId),
    /// An answer to the server is retried.
    Answers(SessionRef),
    /// The auth provider's time is over.
    Token(SessionRef),
    /// `keepAlive` may be due.
    KeepAlive(SessionRef),
    /// A token is about to expire.
    Renewal(SessionRef),
}

impl Timer {
    /// The timer as one number, with its kind in the lowest four bits, in the order of the declaration. Ids of calls, exchanges and records stay far
    /// below 2⁶⁰.
    const fn encode(self) -> u64 {
        let (kind, number) = match self {
            Self::Deadline(call) => (0, call.0),
            Self::Backoff(call) => (1, call.0),
            Self::Exchange(exchange) => (2, exchange.0),
            Self::Watchdog(exchange) => (3, exchange.0),
            Self::Expiry(session) => (4, session.0),
            Self::Handshake(session) => (5, session.0),
            Self::Listen(session) => (6, session.0),
            Self::Pause(session) => (7, session.0),
            Self::Persist(session) => (8, session.0),
            Self::Canary(session) => (9, session.0),
            Self::Turns(origin) => (10, origin),
            Self::Head(exchange) => (11, exchange.0),
            Self::Answers(session) => (12, session.0),
            Self::Token(session) => (13, session.0),
            Self::KeepAlive(session) => (14, session.0),
            Self::Renewal(session) => (15, session.0),
        };
        number << 4 | kind
    }

    const fn decode(code: u64) -> Self {
        let number = code >> 4;
        match code & 15 {
            0 => Self::Deadline(CallId(number)),
            1 => Self::Backoff(CallId(number)),
            2 => Self::Exchange(ExchangeId(number)),
            3 => Self::Watchdog(ExchangeId(number)),
            4 => Self::Expiry(SessionRef(number)),
            5 => Self::Handshake(SessionRef(number)),
            6 => Self::Listen(SessionRef(number)),
            7 => Self::Pause(SessionRef(number)),
            8 => Self::Persist(SessionRef(number)),
            9 => Self::Canary(SessionRef(number)),
            10 => Self::Turns(number),
            11 => Self::Head(ExchangeId(number)),
            12 => Self::Answers(SessionRef(number)),
            13 => Self::Token(SessionRef(number)),
            14 => Self::KeepAlive(SessionRef(number)),
            _ => Self::Renewal(SessionRef(number)),
        }
    }
}

/// The set of armed timers.
#[derive(Default)]
pub(crate) struct Timers(Index);

impl Timers {
    /// Arms `timer` for `at`.
    pub(crate) fn arm(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at.as_millis(), timer.encode()), 0);
    }

    /// Removes a timer armed for `at`.
    pub(crate) fn disarm(&mut self, at: Instant, timer: Timer) {
        self.0.remove((at.as_millis(), timer.encode()));
    }

    /// The first deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.first().map(|((at, _), _)| Instant::from_millis(at))
    }

    /// Takes the first timer that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let (due, _) = self.0.first().filter(|((at, _), _)| *at <= now.as_millis())?;
        self.0.remove(due);
        Some(Timer::decode(due.1))
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn timers_come_back_as_they_were_in_their_order() {
        let timers = [
            Timer::Deadline(CallId((1 << 52) + 7)),
            Timer::Backoff(CallId(1)),
            Timer::Exchange(ExchangeId(2)),
            Timer::Watchdog(ExchangeId(3)),
            Timer::Expiry(SessionRef(4)),
            Timer::Handshake(SessionRef(5)),
            Timer::Listen(SessionRef(6)),
            Timer::Pause(SessionRef(7)),
            Timer::Persist(SessionRef(8)),
            Timer::Canary(SessionRef(9)),
            Timer::Turns(10),
            Timer::Head(ExchangeId(11)),
            Timer::Answers(SessionRef(12)),
            Timer::Token(SessionRef(13)),
            Timer::KeepAlive(SessionRef(14)),
            Timer::Renewal(SessionRef(15)),
        ];
        let mut armed = Timers::default();
        for (at, timer) in timers.iter().enumerate().rev() {
            armed.arm(Instant::from_millis(at as u64), *timer);
        }
        armed.disarm(Instant::from_millis(3), timers[3]);
        let all: Vec<Timer> = std::iter::from_fn(|| armed.take_due(Instant::from_millis(100))).collect();
        assert_eq!(all, [&timers[..3], &timers[4..]].concat());
    }
}
