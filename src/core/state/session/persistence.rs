//! What a session has to do with the storage.

use crate::core::kit::time::Instant;
use crate::core::protocol::headers::SessionId;

/// What a session has to do with the storage.
#[derive(Default)]
pub(crate) struct Persistence {
    /// The storage is being asked.
    pub(crate) asked: bool,
    /// It is asked before the session expires: who shares the session may have used it.
    pub(crate) ending: bool,
    /// When what has changed is written.
    pub(crate) due: Option<Instant>,
    /// The id that was lost last: a storage that still has it knows nothing new.
    pub(crate) lost: Option<SessionId>,
}
