//! Where the GET stream of a session stands.

use crate::core::api::{CallId, ExchangeId};
use crate::core::kit::time::{Instant, Millis};

/// Where the GET stream of one generation stands.
#[derive(Debug, Default)]
pub(crate) struct Listen {
    pub(crate) phase: Phase,
    /// The newest event id on this stream, in this generation.
    pub(crate) cursor: Option<String>,
    /// The server's own `retry:`.
    pub(crate) retry: Option<Millis>,
    /// Openings in a row that delivered nothing new.
    pub(crate) failures: u32,
    /// Whether this opening has delivered something.
    pub(crate) progressed: bool,
    pub(crate) conflicts: u32,
    /// Whether the stream was open before, so that something was missed.
    pub(crate) was_open: bool,
    /// The stream before this one, until this one is open.
    pub(crate) retiring: Option<ExchangeId>,
    /// A recovery waits until then for the stream to be open.
    pub(crate) awaited: Option<Instant>,
    /// Calls that subscribe, until the server has acknowledged it (2026-07-28).
    pub(crate) waiting: Vec<CallId>,
    /// When the stream last delivered a message: a session that is listened to is not idle.
    pub(crate) delivered_at: Option<Instant>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No stream: there is no session, or the server offers none.
    #[default]
    Off,
    /// Being opened.
    Opening(ExchangeId),
    /// Delivering.
    Open(ExchangeId),
    /// Opened again then.
    Resting(Instant),
    /// Opened again when the page wants it, or the network is back.
    Parked,
    /// Opened when it is its turn.
    Waiting { since: Instant, is_reported: bool },
}

impl Listen {
    /// Where the stream of this generation goes on.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Whether messages of the server come on this stream, or will again: it is open, being opened, or was open before.
    pub(crate) const fn is_expected(&self) -> bool {
        match self.phase {
            Phase::Opening(_) | Phase::Open(_) => true,
            Phase::Resting(_) | Phase::Waiting { .. } => self.was_open,
            Phase::Off | Phase::Parked => false,
        }
    }

    /// Since when the stream has been waiting for its turn, if it is.
    pub(crate) const fn waits_since(&self) -> Option<Instant> {
        if let Phase::Waiting { since, .. } = self.phase { Some(since) } else { None }
    }

    /// The wait is reported once, when it has lasted for `least`: when that is, if it is not reported yet.
    pub(crate) fn report_wait(&mut self, now: Instant, least: Millis) -> Option<Instant> {
        let Phase::Waiting { since, is_reported } = &mut self.phase else { return None };
        let due = since.after(least);
        let was_reported = std::mem::replace(is_reported, *is_reported || due <= now);
        Some(due).filter(|_| !was_reported)
    }

    /// The stream that is open, or being opened.
    pub(crate) const fn stream(&self) -> Option<ExchangeId> {
        if let Phase::Opening(exchange) | Phase::Open(exchange) = self.phase { Some(exchange) } else { None }
    }

    /// Whether the next opening takes the place of an open stream, or a call depends on it.
    pub(crate) const fn is_urgent(&self) -> bool {
        self.retiring.is_some() || !self.waiting.is_empty()
    }

    /// Another tab has been listening meanwhile.
    pub(crate) fn move_cursor(&mut self, cursor: Option<String>) {
        if matches!(self.phase, Phase::Parked) && cursor.is_some() {
            self.cursor = cursor;
        }
    }
}
