//! Where the response stream of a call stands.

use crate::core::api::{StreamBlock, StreamData};
use crate::core::kit::time::Millis;
use crate::core::protocol::headers;

/// What is known of the response stream of one try. It is never shared, and never outlives its session generation.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseStream {
    /// The newest event id: where to resume.
    pub(crate) cursor: Option<String>,
    /// The server's own `retry:`.
    pub(crate) retry: Option<Millis>,
    /// Openings in a row that delivered nothing new. Counting openings instead would make a server that opens and closes hot.
    pub(crate) failures: u32,
    /// Whether this opening has delivered something.
    progressed: bool,
}

impl ResponseStream {
    /// Takes in one block.
    pub(crate) fn note<J>(&mut self, block: &StreamBlock<J>) {
        self.retry = block.retry.or(self.retry);
        if let Some(id) = &block.id {
            // An empty id takes the cursor away (WHATWG HTML §9.2.6), and so does one that cannot be sent.
            let cursor = headers::event_id(id);
            self.progressed |= cursor != self.cursor;
            self.cursor = cursor;
        }
        self.progressed |= !matches!(block.data, StreamData::Empty);
    }

    pub(crate) fn closed(&mut self) {
        self.failures = if self.progressed { 0 } else { self.failures.saturating_add(1) };
        self.progressed = false;
    }
}
