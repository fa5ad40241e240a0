//! Snapshots of sessions, and counts, for the owner of the manager.

use crate::core::kit::fields::Fields;

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The first handshake, or the one after expiry, is in progress.
    Connecting,
    /// Requests are sent.
    Ready,
    /// The session was lost; a new handshake is in progress, on behalf of all waiting calls.
    Recovering,
    /// All attempts failed; the next one follows a slow timer or the next call.
    Degraded,
    /// The server is out of reach: calls wait, and the session keeps its id.
    Outage,
    /// Our own idle or age deadline passed; the next call opens a new session.
    Expired,
    /// Ended by its owner.
    Terminated,
    /// The manager was closed, or the first handshake failed.
    Closed,
}

/// What the server stores for this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The response to our `initialize` carried an `Mcp-Session-Id`, or the event stream of HTTP+SSE is the session.
    Stateful,
    /// The response carried none: only the client has a record.
    Stateless,
    /// The server speaks 2026-07-28, which has no sessions: only the client has a record.
    Modern,
}

impl Kind {
    /// The kind as JavaScript sees it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stateful => "stateful",
            Self::Stateless => "stateless",
            Self::Modern => "modern",
        }
    }
}

/// A snapshot of one session, for the owner of the manager. It contains the whole session id: not for logs.
#[derive(Clone)]
pub struct SessionInfo {
    /// The user.
    pub user_id: String,
    /// The server.
    pub server_name: String,
    /// The whole `Mcp-Session-Id`, if the server issued one.
    pub session_id: Option<String>,
    /// What the server stores for this session.
    pub kind: Kind,
    /// The state.
    pub state: State,
    /// The number of successful handshakes.
    pub generation: u64,
    /// The negotiated protocol version; empty before the first handshake.
    pub protocol_version: String,
    /// When this generation began, in milliseconds since the Unix epoch.
    pub created_at: u64,
    /// When the session was last used, likewise.
    pub last_used_at: u64,
    /// When it expires if it stays unused, likewise.
    pub expires_at: Option<u64>,
    /// Calls in progress, queued ones included.
    pub in_flight: usize,
    /// Successful recoveries.
    pub recoveries: u64,
}

impl SessionInfo {
    /// The snapshot as JavaScript sees it.
    pub fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::default();
        fields.text("userId", self.user_id.as_str());
        fields.text("serverName", self.server_name.as_str());
        fields.text("sessionId", self.session_id.as_deref());
        fields.text("kind", self.kind.as_str());
        fields.text("state", self.state.as_str());
        fields.number("generation", self.generation);
        fields.text("protocolVersion", self.protocol_version.as_str());
        fields.number("createdAt", self.created_at);
        fields.number("lastUsedAt", self.last_used_at);
        fields.number("expiresAt", self.expires_at);
        fields.number("inFlight", self.in_flight as u64);
        fields.number("recoveries", self.recoveries);
        fields
    }
}

impl State {
    /// The state as JavaScript sees it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Ready => "ready",
            Self::Recovering => "recovering",
            Self::Degraded => "degraded",
            Self::Outage => "outage",
            Self::Expired => "expired",
            Self::Terminated => "terminated",
            Self::Closed => "closed",
        }
    }
}

/// The user and the server of a session. One user's record is never reachable through another user's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The user, as named by the caller.
    pub user: String,
    /// The name of a configured server.
    pub server: String,
}

/// Counts over the store, computed on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Users with at least one record.
    pub total_users: usize,
    /// All records, whatever their state.
    pub total_sessions: usize,
    /// Records that are ready, recovering, or in an outage.
    pub active_sessions: usize,
}

impl Stats {
    /// The counts as JavaScript sees them.
    pub fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::default();
        fields.number("totalUsers", self.total_users as u64);
        fields.number("totalSessions", self.total_sessions as u64);
        fields.number("activeSessions", self.active_sessions as u64);
        fields
    }
}
