//! Event streams: the response stream of a call, or the GET stream of a session.

use crate::core::api::{StreamBlock, StreamData};
use crate::core::kit::backoff::stream_delay;
use crate::core::kit::rng::Rng;
use crate::core::kit::time::Millis;
use crate::core::protocol::headers;

/// How a stream ends that was not cut.
pub(crate) const ENDED: &str = "the stream ended";

/// The state of one event stream. It is never shared and never outlives its generation.
#[derive(Debug, Default)]
pub(crate) struct EventStream {
    /// The newest event id, to resume from.
    cursor: Option<String>,
    /// The server's `retry:`.
    retry: Option<Millis>,
    /// Consecutive openings without new events. Without this count a server that opens and closes streams at once would
    /// cause a hot loop.
    failures: u32,
    /// Whether this opening has delivered an event.
    progressed: bool,
}

impl EventStream {
    /// A stream that resumes at `cursor`.
    pub(crate) fn from(cursor: Option<String>) -> Self {
        Self { cursor, ..Self::default() }
    }

    /// Records an event. Returns whether it is a message.
    pub(crate) fn note<J>(&mut self, block: &StreamBlock<J>) -> bool {
        self.retry = block.retry.or(self.retry);
        if let Some(id) = &block.id {
            // An empty id clears the cursor (WHATWG HTML §9.2.6), and so does one that cannot be sent: the server would
            // replay what followed an older id, which was delivered before.
            let cursor = headers::event_id(id);
            self.progressed |= cursor != self.cursor;
            self.cursor = cursor;
        }
        let delivers = !matches!(block.data, StreamData::Empty);
        self.progressed |= delivers;
        delivers
    }

    /// The stream reopens. Earlier deliveries do not count for this opening.
    pub(crate) const fn reopen(&mut self) {
        self.progressed = false;
    }

    /// The stream ended. This is a failure unless it delivered something or was open for long.
    pub(crate) fn close(&mut self, was_long: bool) {
        self.failures = if self.progressed || was_long { 0 } else { self.failures.saturating_add(1) };
        self.progressed = false;
    }

    /// The stream could not be opened.
    pub(crate) fn fail(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// Counts as `attempts` failures and one more.
    pub(crate) fn fail_beyond(&mut self, attempts: u32) {
        self.failures = self.failures.max(attempts).saturating_add(1);
    }

    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) const fn cursor(&self) -> Option<&String> {
        self.cursor.as_ref()
    }

    pub(crate) fn set_cursor(&mut self, cursor: Option<String>) {
        self.cursor = cursor;
    }

    /// Delay before the next opening.
    pub(crate) fn delay(&self, rng: &mut Rng, first: Millis) -> Millis {
        stream_delay(rng, first, self.failures, self.retry)
    }

    /// The server's `retry:`.
    pub(crate) const fn retry(&self) -> Option<Millis> {
        self.retry
    }

    /// Takes over the `retry:` of another stream.
    pub(crate) const fn set_retry(&mut self, retry: Option<Millis>) {
        self.retry = retry;
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    fn block(id: Option<&str>, data: StreamData<()>) -> StreamBlock<()> {
        StreamBlock { event: None, id: id.map(Into::into), retry: None, data }
    }

    #[test]
    fn progress_counts_and_not_openings() {
        let mut stream = EventStream::default();
        stream.close(false);
        stream.fail();
        assert_eq!(stream.failures(), 2);
        assert!(!stream.note(&block(Some("a"), StreamData::Empty)), "a new id is progress, though no message");
        stream.close(false);
        assert_eq!(stream.failures(), 0);
        stream.note(&block(Some("a"), StreamData::Empty));
        stream.close(false);
        assert_eq!(stream.failures(), 1, "the same id again is none");
        assert!(stream.note(&block(None, StreamData::Json(()))));
        stream.close(false);
        assert_eq!(stream.failures(), 0);
        stream.note(&block(None, StreamData::Json(())));
        stream.reopen();
        stream.close(false);
        assert_eq!(stream.failures(), 1, "what the opening before has delivered does not count");
    }

    #[test]
    fn a_quiet_stream_that_was_open_for_long_is_no_failure() {
        let mut stream = EventStream::default();
        stream.fail();
        stream.close(true);
        assert_eq!(stream.failures(), 0);
        stream.fail_beyond(3);
        stream.fail_beyond(3);
        assert_eq!(stream.failures(), 5);
    }

    #[test]
    fn an_empty_id_takes_the_cursor_away_and_a_missing_one_does_not() {
        let mut stream = EventStream::from(Some("a".into()));
        stream.note(&block(None, StreamData::Empty));
        assert_eq!(stream.cursor().map(String::as_str), Some("a"));
        stream.note(&block(Some(""), StreamData::Empty));
        assert_eq!(stream.cursor(), None);
    }

    #[test]
    fn the_server_decides_about_the_delay_after_progress() {
        let mut stream = EventStream::default();
        stream.note(&StreamBlock::<()> { event: None, id: None, retry: Some(700), data: StreamData::Empty });
        stream.note(&block(None, StreamData::Empty));
        assert_eq!((stream.retry(), stream.delay(&mut Rng::seeded(1), 1_000)), (Some(700), 700));
    }
}
