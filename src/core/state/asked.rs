//! Pending server requests.

use crate::core::api::{CallId, SessionRef};

/// A server request that the client has not answered yet.
pub(crate) struct Asked<J> {
    pub(crate) session: SessionRef,
    /// Answers to requests of an older generation are dropped.
    pub(crate) generation: u64,
    /// The server's id, echoed unchanged. For a question of 2026-07-28, its key.
    pub(crate) id: J,
    /// The call that waits for this question, and the question's method (2026-07-28 basic/patterns/mrtr).
    pub(crate) round_of: Option<(CallId, String)>,
}
