//! The GET stream of a session.

use crate::core::api::{CallId, ExchangeId, StreamBlock};
use crate::core::kit::time::{Instant, Millis};
use crate::core::state::stream::EventStream;

/// A stream that was open this long did not fail, even without events: proxies close quiet streams.
const LONG_ENOUGH: Millis = 10_000;
/// Consecutive 409s after which the stream is retried slowly.
const MAX_CONFLICTS: u32 = 2;

/// The GET stream of one generation.
#[derive(Debug, Default)]
pub(crate) struct Listen {
    pub(crate) phase: Phase,
    /// Its cursor, `retry` and failures.
    stream: EventStream,
    conflicts: u32,
    /// Whether the stream was open before, so that notifications may be missing.
    was_open: bool,
    /// The predecessor, until this stream is open.
    pub(crate) retiring: Option<ExchangeId>,
    /// Until when a recovery waits for the stream to open.
    pub(crate) awaited: Option<Instant>,
    /// Subscribing calls, until the server acknowledges the stream (2026-07-28).
    pub(crate) waiting: Vec<CallId>,
    /// When the stream last delivered a message. This counts as use of the session.
    delivered_at: Option<Instant>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No stream: no session, or the server offers none.
    #[default]
    Off,
    /// Being opened.
    Opening(ExchangeId),
    /// Delivering.
    Open(ExchangeId),
    /// Reopened at this instant.
    BackingOff(Instant),
    /// Reopened when the page is visible or the network is back.
    Parked,
    /// Opened in its turn.
    Waiting { since: Instant, is_reported: bool },
}

impl Listen {
    /// Resets the stream for a new generation, which starts at `cursor`.
    pub(crate) fn start_generation(&mut self, cursor: Option<String>) {
        *self = Self { stream: EventStream::from(cursor), delivered_at: self.delivered_at, ..Self::default() };
    }

    /// The HTTP+SSE stream of the next session is opening. Only `retry` and the failures carry over.
    pub(crate) fn start_session(&mut self, exchange: ExchangeId) {
        let retry = self.stream.retry();
        self.start_generation(None);
        self.stream.set_retry(retry);
        self.phase = Phase::Opening(exchange);
    }

    pub(crate) const fn events(&self) -> &EventStream {
        &self.stream
    }

    pub(crate) const fn events_mut(&mut self) -> &mut EventStream {
        &mut self.stream
    }

    /// When the stream last delivered a message.
    pub(crate) const fn delivered_at(&self) -> Option<Instant> {
        self.delivered_at
    }

    /// Records the id and `retry` of an event.
    pub(crate) fn note<J>(&mut self, block: &StreamBlock<J>, now: Instant) {
        if self.stream.note(block) {
            self.delivered_at = Some(now);
        }
    }

    /// The exchange was answered with a stream. Returns whether notifications may be missing; `None` if it is not the
    /// opening stream.
    pub(crate) fn open(&mut self, exchange: ExchangeId) -> Option<bool> {
        if !matches!(self.phase, Phase::Opening(other) if other == exchange) {
            return None;
        }
        self.phase = Phase::Open(exchange);
        Some(std::mem::replace(&mut self.was_open, true) && self.retiring.is_none())
    }

    /// The exchange ended after `span`. Returns whether the stream was open; `None` if it is another exchange.
    pub(crate) fn close(&mut self, exchange: ExchangeId, span: Millis) -> Option<bool> {
        let was_open = match self.phase {
            Phase::Open(other) if other == exchange => true,
            Phase::Opening(other) if other == exchange => false,
            _ => return None,
        };
        self.stream.close(was_open && span >= LONG_ENOUGH);
        if was_open {
            self.conflicts = 0;
        }
        Some(was_open)
    }

    /// Counts a 409; `attempts` are those that other failures have. Returns whether it is the first in a row.
    pub(crate) fn conflict(&mut self, attempts: u32) -> bool {
        self.conflicts += 1;
        self.stream.fail_beyond(if self.conflicts > MAX_CONFLICTS { attempts } else { 0 });
        self.conflicts == 1
    }

    /// Where to resume the stream of this generation.
    pub(crate) fn cursor(&self) -> Option<&String> {
        self.stream.cursor()
    }

    /// Whether messages of the server are expected on this stream: it is open, opening or was open before.
    pub(crate) const fn is_expected(&self) -> bool {
        match self.phase {
            Phase::Opening(_) | Phase::Open(_) => true,
            Phase::BackingOff(_) | Phase::Waiting { .. } => self.was_open,
            Phase::Off | Phase::Parked => false,
        }
    }

    /// Since when the stream waits for its turn.
    pub(crate) const fn waits_since(&self) -> Option<Instant> {
        if let Phase::Waiting { since, .. } = self.phase { Some(since) } else { None }
    }

    /// When to report the wait for a turn, after `least`; `None` if it is reported. Marks a due report as made.
    pub(crate) fn report_wait(&mut self, now: Instant, least: Millis) -> Option<Instant> {
        let Phase::Waiting { since, is_reported } = &mut self.phase else { return None };
        let due = since.after(least);
        let was_reported = std::mem::replace(is_reported, *is_reported || due <= now);
        Some(due).filter(|_| !was_reported)
    }

    /// The open or opening stream.
    pub(crate) const fn stream(&self) -> Option<ExchangeId> {
        if let Phase::Opening(exchange) | Phase::Open(exchange) = self.phase { Some(exchange) } else { None }
    }

    /// Whether the next opening replaces an open stream, or a call depends on it.
    pub(crate) const fn is_urgent(&self) -> bool {
        self.retiring.is_some() || !self.waiting.is_empty()
    }

    /// Takes over the cursor of another tab.
    pub(crate) fn move_cursor(&mut self, cursor: Option<String>) {
        if matches!(self.phase, Phase::Parked) && cursor.is_some() {
            self.stream.set_cursor(cursor);
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    const STREAM: ExchangeId = ExchangeId(7);

    fn opening() -> Listen {
        Listen { phase: Phase::Opening(STREAM), ..Listen::default() }
    }

    #[test]
    fn only_the_exchange_that_opens_it_opens_or_closes_it() {
        let mut listen = opening();
        assert_eq!((listen.open(ExchangeId(6)), listen.close(ExchangeId(6), 0)), (None, None));
        assert_eq!(listen.open(STREAM), Some(false), "nothing was missed before the first");
        assert_eq!(listen.open(STREAM), None, "it is open");
        assert_eq!(listen.close(STREAM, 0), Some(true));
    }

    #[test]
    fn the_second_opening_has_a_gap_before_it_unless_it_takes_the_place_of_an_open_one() {
        let mut listen = opening();
        listen.open(STREAM);
        listen.phase = Phase::Opening(STREAM);
        assert_eq!(listen.open(STREAM), Some(true));
        listen.phase = Phase::Opening(STREAM);
        listen.retiring = Some(ExchangeId(6));
        assert_eq!(listen.open(STREAM), Some(false));
    }

    #[test]
    fn an_open_stream_ends_a_row_of_conflicts() {
        let mut listen = opening();
        assert_eq!([(); 3].map(|()| listen.conflict(5)), [true, false, false]);
        assert_eq!(listen.events().failures(), 6, "beyond the attempts");
        listen.open(STREAM);
        listen.close(STREAM, 0);
        assert!(listen.conflict(5));
    }

    #[test]
    fn a_quiet_stream_is_a_failure_unless_it_lasted() {
        let mut listen = opening();
        assert_eq!(listen.close(STREAM, LONG_ENOUGH), Some(false));
        assert_eq!(listen.events().failures(), 1, "it never opened");
        listen.open(STREAM);
        listen.close(STREAM, LONG_ENOUGH);
        assert_eq!(listen.events().failures(), 0);
    }

    #[test]
    fn the_cursor_of_another_tab_counts_only_while_the_stream_is_parked() {
        let mut listen = opening();
        listen.move_cursor(Some("a".into()));
        assert_eq!(listen.cursor(), None);
        listen.phase = Phase::Parked;
        listen.move_cursor(Some("a".into()));
        listen.move_cursor(None);
        assert_eq!(listen.cursor().map(String::as_str), Some("a"));
    }
}
