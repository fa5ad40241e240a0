//! The ends that are under way: DELETEs whose records are gone, and the callers that wait for them.

use crate::core::api::CallId;
use crate::core::kit::table::Table;
use crate::core::protocol::headers::HeaderList;

/// A DELETE on the wire, after its record is gone; or an `initialize` whose answer is waited for because it may bring an id
/// to send one for.
pub(crate) struct Farewell {
    /// The log line that says that it is done.
    pub(crate) line: String,
    /// Who waits for it.
    pub(crate) waiter: Option<CallId>,
    /// What the DELETE carries besides the id that is not there yet; the line lacks it, too.
    pub(crate) orphan: Option<HeaderList>,
}

/// Who waits for ends, and whether there is to be a beginning ever again.
#[derive(Default)]
pub(crate) struct Closing {
    pub(crate) closed: bool,
    /// How many open DELETEs a caller of `terminate` waits for.
    pub(crate) waiting: Table<CallId, usize>,
    /// Callers of `close`, who wait for all of them.
    pub(crate) closers: Vec<CallId>,
}

impl Closing {
    pub(crate) const fn is_closed(&self) -> bool {
        self.closed
    }
}
