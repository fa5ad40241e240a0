//! Limits on memory, and their defaults.

/// Limits on the memory that users and servers can make the manager use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Users with at least one session.
    pub max_users: usize,
    /// Sessions of one user.
    pub max_sessions_per_user: usize,
    /// Requests of one session in flight.
    pub max_in_flight: usize,
    /// Requests of one session in the queue; 0 disables the queue.
    pub max_queued: usize,
    /// Bytes of one JSON response or of one event of a stream.
    pub max_message_bytes: usize,
    /// Bytes that are read from the body of an HTTP error that is neither JSON nor an event stream.
    pub max_error_bytes: usize,
    /// Bytes of a session id.
    pub max_session_id_bytes: usize,
    /// Long-lived responses of one origin, beyond which GET streams take turns; 0: derived from
    /// [`Connections`](crate::core::config::Connections).
    pub max_streams_per_origin: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // 100,000 sessions of 1.5 KB take 150 MB: the most that a page or an edge runtime can spare.
            max_users: 100_000,
            // More servers than any configuration has; a bug that invents names stops here.
            max_sessions_per_user: 64,
            // HTTP/2 recommends at least 100 concurrent streams (RFC 9113 §6.5.2); the rest is left to event streams.
            max_in_flight: 64,
            // The budget allows 10,000 calls waiting for one recovery; twice that is a leak.
            max_queued: 16_384,
            // The official Rust SDK's limit for one event.
            max_message_bytes: 16 * 1024 * 1024,
            // Fits an error message, and a proxy's HTML page.
            max_error_bytes: 64 * 1024,
            // Many proxies and servers reject longer header lines.
            max_session_id_bytes: 8192,
            max_streams_per_origin: 0,
        }
    }
}
