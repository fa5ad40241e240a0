//! What the owner of the manager may know: snapshots of sessions, and counts.

use crate::core::kit::fields::Fields;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The first handshake, or the one after expiry, is under way.
    Connecting,
    /// Requests flow.
    Ready,
    /// The session was lost; a new handshake is under way for everybody who waits.
    Recovering,
    /// The attempts are spent; probed slowly, and at the next call.
    Degraded,
    /// The server is out of reach: calls wait, and the session keeps its id.
    Outage,
    /// Our own idle or age deadline passed; the next call makes a new session.
    Expired,
    /// Ended by its owner.
    Terminated,
    /// The manager was closed, or the session never came to be.
    Closed,
}

/// What the server keeps for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An `Mcp-Session-Id` came with the answer to our `initialize`, or an event stream of HTTP+SSE is the session.
    Stateful,
    /// None came: the record is ours alone.
    Stateless,
    /// The server speaks 2026-07-28, which has no sessions: the record is ours alone.
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

/// A snapshot of one session, for the owner of the manager. It holds the whole session id: not for logs.
#[derive(Clone)]
pub struct SessionInfo {
    /// Whose session.
    pub user_id: String,
    /// With which server.
    pub server_name: String,
    /// The whole `Mcp-Session-Id`, where the server issued one.
    pub session_id: Option<String>,
    /// What the server keeps for us.
    pub kind: Kind,
    /// Where the session stands.
    pub state: State,
    /// How many handshakes have succeeded.
    pub generation: u64,
    /// The negotiated protocol version; empty before the first handshake.
    pub protocol_version: String,
    /// When this generation began, in milliseconds since the Unix epoch.
    pub created_at: u64,
    /// When it was last used, likewise.
    pub last_used_at: u64,
    /// When it expires if nobody uses it, likewise.
    pub expires_at: Option<u64>,
    /// Calls that wait for the server or for the session.
    pub in_flight: usize,
    /// Recoveries that succeeded.
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

/// Whose session with which server. One user's record is never reached through another user's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The user, as the caller names them.
    pub user: String,
    /// The name of a configured server.
    pub server: String,
}

/// Counts over the store, taken when asked for; nothing is counted twice or kept beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Users with at least one record.
    pub total_users: usize,
    /// Records, whatever their state.
    pub total_sessions: usize,
    /// Records that are ready, being recovered, or waiting for the end of an outage.
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
