//! The budgets of long-lived responses, one for each origin.

use crate::core::api::SessionRef;
use crate::core::kit::time::{Instant, Millis};

/// Half of a browser's connections: the other half is left for POSTs.
pub(crate) const IN_PAGES: usize = 3;

/// Of the six connections that a request context of workerd has, two are left for POSTs.
pub(crate) const IN_WORKERS: usize = 4;

/// Connections to one origin in Chromium, Firefox and Safari over HTTP/1.1.
pub(crate) const CONNECTIONS: usize = 6;

/// How long a stream stays open while another one waits.
pub(crate) const TURN: Millis = 30_000;

/// The same while one waits whose session was used since it has been waiting.
const SHORT_TURN: Millis = 5_000;

/// How soon a stream that could not be closed is looked at again.
pub(crate) const RECHECK: Millis = 1_000;

/// A stream that waits for less time than this does so without an event. A connection is closed by then.
pub(crate) const UNREMARKABLE: Millis = 100;

/// A response to a POST that streams for longer than this counts.
pub(crate) const STREAMS_ON: Millis = 1_000;

/// A POST without a head for this long may be waiting for a connection.
pub(crate) const HEADLESS: Millis = 2_000;

/// The same at an origin that was seen to have more connections, or to be slow.
pub(crate) const HEADLESS_LONG: Millis = 30_000;

/// The budgets of all origins.
#[derive(Default)]
pub(crate) struct Turns {
    pub(crate) origins: Vec<Origin>,
    /// The page shares its connections with other tabs: a stream needs one of the slots that it was given.
    pub(crate) shared: bool,
}

/// One origin with its long-lived responses.
pub(crate) struct Origin {
    pub(crate) name: String,
    /// GET streams, resumed ones, and responses to POSTs that stream on.
    pub(crate) open: usize,
    /// Those of them whose head has come.
    pub(crate) live: usize,
    /// Over TLS: POSTs were seen to wait for a connection, so the origin does not speak HTTP/2.
    pub(crate) crowded: bool,
    /// How long a POST waits for its head before it counts as waiting for a connection.
    pub(crate) patience: Millis,
    /// Such a POST is waiting now.
    pub(crate) urgent: bool,
    /// Slots that the page has for this origin.
    pub(crate) slots: usize,
    /// When the turns are looked at next; never where no stream waits.
    pub(crate) due: Option<Instant>,
    /// What the page was told: streams that are open, slots that are wanted, slots that there are.
    pub(crate) told: [usize; 3],
}

/// A session whose stream is open, is being opened or waits for its turn.
pub(crate) struct Party {
    pub(crate) session: SessionRef,
    /// Since when. Of a stream that waits a turn later, unless its session was used since: that goes first, by one turn
    /// and no more, so every stream has its turn in the end.
    pub(crate) rank: Instant,
    /// It waits, and its session was used since.
    pub(crate) was_used: bool,
    /// It is open, and may be closed where nothing else helps.
    pub(crate) yields: bool,
    /// It is open, and may be closed whenever another one waits: no call is in flight.
    pub(crate) is_idle: bool,
}

impl Origin {
    /// Browsers speak HTTP/2 over TLS only, so without TLS the number of connections is known.
    pub(crate) fn is_secure(&self) -> bool {
        self.name.starts_with("https:")
    }
}

/// How long a stream stays open while these wait.
pub(crate) fn turn(waiting: &[Party]) -> Millis {
    if waiting.iter().any(|party| party.was_used) { SHORT_TURN } else { TURN }
}
