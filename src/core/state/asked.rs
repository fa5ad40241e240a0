//! Requests of servers that the client has not answered yet.

use crate::core::api::{CallId, SessionRef};

/// One request of a server that the client has not answered yet.
pub(crate) struct Asked<J> {
    pub(crate) session: SessionRef,
    /// The session knows nothing of requests of another generation: an answer to one is dropped.
    pub(crate) generation: u64,
    /// The server's own id, echoed as it came; of a question of 2026-07-28 its key.
    pub(crate) id: J,
    /// The call that waits for this question's answer, and the question's method (2026-07-28 basic/patterns/mrtr).
    pub(crate) round_of: Option<(CallId, String)>,
}
