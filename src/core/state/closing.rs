//! Pending ends: DELETEs whose records are gone, and the callers that wait for them.

use crate::core::api::CallId;
use crate::core::kit::table::Table;
use crate::core::protocol::headers::HeaderList;

/// A DELETE in flight without a record; or an `initialize` whose response may have an id that must be deleted.
pub(crate) struct PendingDelete {
    /// The log line for its completion.
    pub(crate) line: String,
    /// The caller that waits for it.
    pub(crate) waiter: Option<CallId>,
    /// For a detached `initialize`: the headers of the DELETE. Its id and the log line are completed later.
    pub(crate) detached: Option<HeaderList>,
}

/// Callers that wait for DELETEs, and whether the manager is closed.
#[derive(Default)]
pub(crate) struct Closing {
    pub(crate) closed: bool,
    /// The number of open DELETEs per caller of `terminate`.
    pub(crate) waiting: Table<CallId, usize>,
    /// Callers of `close`, which wait for all DELETEs.
    pub(crate) closers: Vec<CallId>,
}
