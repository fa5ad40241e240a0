//! What the machine reports as it happens: the events of the public contract, fed by nothing but the machine itself.

use super::session::State;
use super::time::Millis;
use serde::Serialize;

/// The `type` of the `CustomEvent` that tells an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A handshake succeeded.
    SessionCreated,
    /// `connect` found a live session.
    SessionReused,
    /// A session was lost, or a rule about sessions was broken.
    SessionError,
    /// A new handshake begins for everybody who waits.
    RecoveryStarted,
    /// The new session works; what waited is released.
    RecoverySucceeded,
    /// The attempts are spent.
    RecoveryFailed,
    /// Something will be tried again after `delayMs`.
    RetryScheduled,
    /// Our own idle or age deadline passed.
    SessionExpired,
    /// The owner ended the session.
    SessionTerminated,
    /// `from` one state `to` another.
    StateChanged,
    /// A JSON-RPC request left.
    RequestSent,
    /// A call ended, `outcome` says how.
    RequestSettled,
    /// A response stream or the GET stream delivers.
    StreamOpened,
    /// A stream ended, was cut or was given up.
    StreamClosed,
    /// The list of tools differs from the one of the generation before.
    ToolsChanged,
    /// Nothing is sent for a while: too many failures.
    BreakerOpened,
    /// A probe succeeded.
    BreakerClosed,
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
            Self::ToolsChanged => "toolsChanged",
            Self::BreakerOpened => "breakerOpened",
            Self::BreakerClosed => "breakerClosed",
        }
    }
}

/// One event. Fields that do not apply to its kind are absent in JavaScript.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What happened.
    #[serde(skip)]
    pub kind: EventKind,
    /// Whose session.
    pub user_id: String,
    /// With which server.
    pub server_name: String,
    /// Which handshake of that session; 0 before the first.
    pub generation: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What belongs to this kind of event.
    #[serde(flatten)]
    pub detail: Detail,
}

/// The fields that some kinds of event have.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// The session id, cut to 8 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// An error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What was seen on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// State before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<State>,
    /// State after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<State>,
    /// The JSON-RPC method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The JSON-RPC id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<u64>,
    /// The JSON-RPC id of the try that this one takes the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
    /// `result`, or the error code that the caller got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    /// Which try this is, or which one failed, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How long until the next try, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<Millis>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<Millis>,
    /// Which stream: `listen` (the GET stream) or `call`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<&'static str>,
}
