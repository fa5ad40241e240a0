//! The bounds of what users and servers can make the manager hold.

/// Bounds on what users and servers can make the manager hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Users with at least one session.
    pub max_users: usize,
    /// Sessions of one user.
    pub max_sessions_per_user: usize,
    /// Requests of one session that are sent and not answered.
    pub max_in_flight: usize,
    /// Requests of one session that wait to be sent; 0: none may wait.
    pub max_queued: usize,
    /// Bytes of one JSON answer or one event of a stream.
    pub max_message_bytes: usize,
    /// Bytes that are read of the body of an HTTP error.
    pub max_error_bytes: usize,
    /// Bytes of a session id.
    pub max_session_id_bytes: usize,
    /// Long-lived responses of one origin, after which GET streams take turns; 0: as [`Connections`](crate::core::config::Connections) say.
    pub max_streams_per_origin: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // 100,000 sessions of 1.5 KB are 150 MB: the most that one page or worker should hold.
            max_users: 100_000,
            // More servers than anyone configures; a bug that makes up names stops here.
            max_sessions_per_user: 64,
            // HTTP/2 wants servers to allow 100 streams at least (RFC 9113 §6.5.2); this leaves room for the event streams.
            max_in_flight: 64,
            // 10,000 calls waiting for one recovery are within the budget; twice that is a leak.
            max_queued: 16_384,
            // As much as the official Rust SDK takes for one event.
            max_message_bytes: 16 * 1024 * 1024,
            // An error is a sentence; a proxy's HTML page fits as well.
            max_error_bytes: 64 * 1024,
            // Many proxies and servers refuse longer header lines.
            max_session_id_bytes: 8192,
            max_streams_per_origin: 0,
        }
    }
}
