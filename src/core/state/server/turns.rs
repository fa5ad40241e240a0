//! Budgets of long-lived responses, one per origin.

use crate::core::api::SessionRef;
use crate::core::kit::time::{Instant, Millis};

/// Half of a browser's connections. The other half stays free for POSTs.
pub(crate) const IN_PAGES: usize = 3;

/// Workerd allows a request context six connections. Two stay free for POSTs.
pub(crate) const IN_WORKERS: usize = 4;

/// Connections to one origin in Chromium, Firefox and Safari over HTTP/1.1.
pub(crate) const CONNECTIONS: usize = 6;

/// How long a stream stays open while another one waits.
pub(crate) const TURN: Millis = 30_000;

/// The same while a waiting stream's session is in use.
const SHORT_TURN: Millis = 5_000;

/// Delay before a stream that could not be closed is checked again.
pub(crate) const RECHECK: Millis = 1_000;

/// Shorter waits emit no event. A closing connection takes up to this long.
pub(crate) const UNREMARKABLE: Millis = 100;

/// A response to a POST that streams for longer counts as long-lived.
pub(crate) const STREAMS_ON: Millis = 1_000;

/// A POST without a response head for this long may be queued for a connection.
pub(crate) const HEADLESS: Millis = 2_000;

/// The same for an origin known to have more connections or to be slow.
pub(crate) const HEADLESS_LONG: Millis = 30_000;

/// The budgets of all origins.
#[derive(Default)]
pub(crate) struct Turns {
    pub(crate) origins: Vec<Origin>,
    /// Whether tabs share the connections: a stream then needs one of the assigned slots.
    pub(crate) shared: bool,
}

/// One origin with its long-lived responses.
pub(crate) struct Origin {
    pub(crate) name: String,
    /// GET streams, resumed streams, and long responses to POSTs.
    pub(crate) open: usize,
    /// Those of them with a response head.
    pub(crate) live: usize,
    /// Over TLS: POSTs were queued for a connection, so the origin does not use HTTP/2.
    pub(crate) crowded: bool,
    /// How long a POST without a response head is not yet suspected to be queued for a connection.
    pub(crate) patience: Millis,
    /// Whether such a POST exists now.
    pub(crate) urgent: bool,
    /// Slots assigned to this tab for the origin.
    pub(crate) slots: usize,
    /// When the turns are checked next; `None` if no stream waits.
    pub(crate) due: Option<Instant>,
    /// The last report to the page: open streams, requested slots, available slots.
    pub(crate) reported: [usize; 3],
}

/// A session whose stream is open, opening or waiting for a turn.
pub(crate) struct Party {
    pub(crate) session: SessionRef,
    /// Since when. Waiting streams count one turn later, unless their session was used since: used sessions go first,
    /// by at most one turn, so every stream gets its turn.
    pub(crate) rank: Instant,
    /// Waiting, and its session was used since.
    pub(crate) was_used: bool,
    /// Open, and may be closed as a last resort.
    pub(crate) yields: bool,
    /// Open, and may be closed for any waiting stream, because no call is in flight.
    pub(crate) is_idle: bool,
}

impl Origin {
    /// Browsers use HTTP/2 only over TLS, so without TLS the number of connections is known.
    pub(crate) fn is_secure(&self) -> bool {
        self.name.starts_with("https:")
    }
}

/// How long a stream stays open while these wait.
pub(crate) fn turn(waiting: &[Party]) -> Millis {
    if waiting.iter().any(|party| party.was_used) { SHORT_TURN } else { TURN }
}
