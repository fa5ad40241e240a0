//! The events of the public contract, emitted by the machine alone.

use crate::core::api::info::State;
use crate::core::kit::fields::Fields;
use crate::core::kit::time::Millis;

/// The `type` of the `CustomEvent` that carries an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A handshake succeeded.
    SessionCreated,
    /// `connect` found a live session.
    SessionReused,
    /// A session was lost, or a rule about sessions was broken.
    SessionError,
    /// A new handshake begins, on behalf of all waiting calls.
    RecoveryStarted,
    /// The new session works; waiting calls are released.
    RecoverySucceeded,
    /// All recovery attempts failed.
    RecoveryFailed,
    /// Another attempt follows after `delayMs`.
    RetryScheduled,
    /// Our own idle or age deadline passed.
    SessionExpired,
    /// The owner ended the session.
    SessionTerminated,
    /// The session went from state `from` to state `to`.
    StateChanged,
    /// A JSON-RPC request was sent.
    RequestSent,
    /// A call ended with `outcome`.
    RequestSettled,
    /// A response stream or the GET stream opened.
    StreamOpened,
    /// A stream ended, broke or was abandoned.
    StreamClosed,
    /// The GET stream is queued: too many long-lived responses are open to its origin.
    StreamWaiting,
    /// The list of tools differs from that of the previous generation.
    ToolsChanged,
    /// The breaker opened after too many failures; no request is sent until its cooldown ends.
    BreakerOpened,
    /// The breaker closed: its canary succeeded.
    BreakerClosed,
    /// The server is out of reach: calls wait, and one canary at a time checks for the end of the outage.
    OutageStarted,
    /// The server is reachable again after `durationMs`; `waited` calls resume.
    OutageEnded,
    /// The server refused the credentials, and the auth provider is asked.
    AuthorizationNeeded,
    /// It has a token.
    Authorized,
    /// It has none.
    AuthorizationFailed,
}

impl EventKind {
    /// The name as JavaScript sees it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionCreated => "sessionCreated",
            Self::SessionReused => "sessionReused",
            Self::SessionError => "sessionError",
            Self::RecoveryStarted => "recoveryStarted",
            Self::RecoverySucceeded => "recoverySucceeded",
            Self::RecoveryFailed => "recoveryFailed",
            Self::RetryScheduled => "retryScheduled",
            Self::SessionExpired => "sessionExpired",
            Self::SessionTerminated => "sessionTerminated",
            Self::StateChanged => "stateChanged",
            Self::RequestSent => "requestSent",
            Self::RequestSettled => "requestSettled",
            Self::StreamOpened => "streamOpened",
            Self::StreamClosed => "streamClosed",
            Self::StreamWaiting => "streamWaiting",
            Self::ToolsChanged => "toolsChanged",
            Self::BreakerOpened => "breakerOpened",
            Self::BreakerClosed => "breakerClosed",
            Self::OutageStarted => "outageStarted",
            Self::OutageEnded => "outageEnded",
            Self::AuthorizationNeeded => "authorizationNeeded",
            Self::Authorized => "authorized",
            Self::AuthorizationFailed => "authorizationFailed",
        }
    }
}

/// One event. Fields that do not apply to its kind are absent in JavaScript.
#[derive(Clone, Debug)]
pub struct Event {
    /// The kind of event.
    pub kind: EventKind,
    /// The user.
    pub user_id: String,
    /// The server.
    pub server_name: String,
    /// The generation; 0 before the first handshake.
    pub generation: u64,
    /// The time, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The fields of this kind of event.
    pub detail: Box<Detail>,
}

impl Event {
    /// The event as JavaScript sees it.
    pub fn fields(&self) -> Fields<'_> {
        let detail = &self.detail;
        let mut fields = Fields::default();
        fields.text("userId", self.user_id.as_str());
        fields.text("serverName", self.server_name.as_str());
        fields.number("generation", self.generation);
        fields.number("at", self.at);
        fields.text("sessionId", detail.session_id.as_deref());
        fields.text("code", detail.code);
        fields.text("evidence", detail.evidence.as_deref());
        fields.text("from", detail.from.map(State::as_str));
        fields.text("to", detail.to.map(State::as_str));
        fields.text("method", detail.method.as_deref());
        fields.number("requestId", detail.request_id);
        fields.number("replaces", detail.replaces);
        fields.text("outcome", detail.outcome);
        fields.number("attempt", detail.attempt.map(u64::from));
        fields.number("delayMs", detail.delay_ms);
        fields.number("durationMs", detail.duration_ms);
        fields.number("waited", detail.waited);
        fields.text("stream", detail.stream);
        fields.text("source", detail.source);
        fields
    }
}

/// Declares the fields once: the struct, and a setter for each.
///
/// The setters go through a pointer and are not inlined: a literal with `..Detail::new()` would write out all fields
/// wherever an event is emitted.
macro_rules! details {
    ($($(#[doc = $doc:literal])* $field:ident: $kind:ty,)*) => {
        /// The fields that only some kinds of event have.
        #[derive(Clone, Debug, Default)]
        pub struct Detail { $($(#[doc = $doc])* pub $field: Option<$kind>,)* }

        impl Detail {
            $(
                #[inline(never)]
                pub(crate) fn $field(mut self: Box<Self>, $field: impl Into<Option<$kind>>) -> Box<Self> {
                    self.$field = $field.into();
                    self
                }
            )*
        }
    };
}

details! {
    /// The session id, cut to 8 characters.
    session_id: String,
    /// An error code.
    code: &'static str,
    /// What was observed on the wire.
    evidence: String,
    /// The previous state.
    from: State,
    /// The new state.
    to: State,
    /// The JSON-RPC method.
    method: String,
    /// The JSON-RPC id.
    request_id: u64,
    /// The JSON-RPC id of the attempt that this one replaces.
    replaces: u64,
    /// `result`, or the error code that the caller received.
    outcome: &'static str,
    /// The number of this attempt, or of the failed one, counted from 1.
    attempt: u32,
    /// The delay before the next attempt, in milliseconds.
    delay_ms: Millis,
    /// The duration, in milliseconds.
    duration_ms: Millis,
    /// How many calls waited for the end of the outage.
    waited: u64,
    /// The kind of stream: `listen` (the GET stream) or `call`.
    stream: &'static str,
    /// `storage`, for a restored session.
    source: &'static str,
}

impl Detail {
    /// Details without any field.
    #[inline(never)]
    pub(crate) fn new() -> Box<Self> {
        Box::default()
    }
}
