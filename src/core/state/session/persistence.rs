//! The persistence state of a session.

use crate::core::kit::time::Instant;
use crate::core::protocol::session_id::SessionId;

/// The persistence state of a session.
#[derive(Default)]
pub(crate) struct Persistence {
    /// Whether a read is pending.
    pub(crate) asked: bool,
    /// Whether that read precedes expiry: another tab may have used the session.
    pub(crate) ending: bool,
    /// When pending changes are written.
    pub(crate) due: Option<Instant>,
    /// The id that was lost last. A record with this id is outdated.
    pub(crate) lost: Option<SessionId>,
}
