//! Where the GET stream of a session stands.

use crate::core::api::{CallId, ExchangeId, StreamBlock};
use crate::core::kit::time::{Instant, Millis};
use crate::core::state::stream::EventStream;

/// An opening that lasted so long was no failure, even if nothing was said: proxies cut quiet streams.
const LONG_ENOUGH: Millis = 10_000;
/// So many times in a row a 409 is waited out; then the session goes on by POST alone.
const MAX_CONFLICTS: u32 = 2;

/// Where the GET stream of one generation stands.
#[derive(Debug, Default)]
pub(crate) struct Listen {
    pub(crate) phase: Phase,
    /// What it has delivered, in this generation.
    stream: EventStream,
    conflicts: u32,
    /// Whether the stream was open before, so that something was missed.
    was_open: bool,
    /// The stream before this one, until this one is open.
    pub(crate) retiring: Option<ExchangeId>,
    /// A recovery waits until then for the stream to be open.
    pub(crate) awaited: Option<Instant>,
    /// Calls that subscribe, until the server has acknowledged it (2026-07-28).
    pub(crate) waiting: Vec<CallId>,
    /// When the stream last delivered a message: a session that is listened to is not idle.
    delivered_at: Option<Instant>,
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
    /// The stream of another generation, which goes on at `cursor`.
    pub(crate) fn start_anew(&mut self, cursor: Option<String>) {
        *self = Self { stream: EventStream::from(cursor), delivered_at: self.delivered_at, ..Self::default() };
    }

    /// The stream that is another session is being opened: nothing but its delays holds for the next one.
    pub(crate) fn start_session(&mut self, exchange: ExchangeId) {
        let retry = self.stream.retry();
        self.start_anew(None);
        self.stream.set_retry(retry);
        self.phase = Phase::Opening(exchange);
    }

    pub(crate) const fn events(&self) -> &EventStream {
        &self.stream
    }

    pub(crate) const fn events_mut(&mut self) -> &mut EventStream {
        &mut self.stream
    }

    /// When the stream last delivered a message, if it ever did.
    pub(crate) const fn delivered_at(&self) -> Option<Instant> {
        self.delivered_at
    }

    /// Takes in one block.
    pub(crate) fn note<J>(&mut self, block: &StreamBlock<J>, now: Instant) {
        if self.stream.note(block) {
            self.delivered_at = Some(now);
        }
    }

    /// The server answers this exchange with a stream. Returns whether something was missed before; `None` if it is none that
    /// is being opened.
    pub(crate) fn open(&mut self, exchange: ExchangeId) -> Option<bool> {
        if !matches!(self.phase, Phase::Opening(other) if other == exchange) {
            return None;
        }
        self.phase = Phase::Open(exchange);
        Some(std::mem::replace(&mut self.was_open, true) && self.retiring.is_none())
    }

    /// This exchange is over, which has lasted for `span`. Returns whether the stream was open; `None` if it is not ours.
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

    /// Another stream holds the session. Returns whether that is the first time in a row, and whether it was often enough.
    pub(crate) fn conflict(&mut self) -> (bool, bool) {
        self.conflicts += 1;
        self.stream.fail();
        (self.conflicts == 1, self.conflicts > MAX_CONFLICTS)
    }

    /// Where the stream of this generation goes on.
    pub(crate) fn cursor(&self) -> Option<&String> {
        self.stream.cursor()
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
    fn conflicts_are_given_up_after_two_in_a_row_and_an_open_stream_ends_the_row() {
        let mut listen = opening();
        assert_eq!([(); 3].map(|()| listen.conflict()), [(true, false), (false, false), (false, true)]);
        listen.open(STREAM);
        listen.close(STREAM, 0);
        assert_eq!(listen.conflict(), (true, false));
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
