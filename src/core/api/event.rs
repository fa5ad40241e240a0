//! What the machine reports as it happens: the events of the public contract, fed by nothing but the machine itself.

use crate::core::api::info::State;
use crate::core::kit::fields::Fields;
use crate::core::kit::time::Millis;

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
    /// The GET stream waits for its turn: too many long-lived responses are open to its origin.
    StreamWaiting,
    /// The list of tools differs from the one of the generation before.
    ToolsChanged,
    /// Nothing is sent for a while: too many failures.
    BreakerOpened,
    /// A probe succeeded.
    BreakerClosed,
    /// The server is out of reach: calls wait, and one canary request at a time finds out when that ends.
    OutageStarted,
    /// The server is within reach again, after `durationMs`; `waited` calls go on.
    OutageEnded,
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
        }
    }
}

/// One event. Fields that do not apply to its kind are absent in JavaScript.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
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

/// Declares the fields once: the struct, and a method for each that sets it.
///
/// They are set one by one through a pointer, by methods that are not inlined: a literal with `..Detail::new()` would
/// write out all fields wherever an event is told.
macro_rules! details {
    ($($(#[doc = $doc:literal])* $field:ident: $kind:ty,)*) => {
        /// The fields that some kinds of event have.
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
    /// What was seen on the wire.
    evidence: String,
    /// State before.
    from: State,
    /// State after.
    to: State,
    /// The JSON-RPC method.
    method: String,
    /// The JSON-RPC id.
    request_id: u64,
    /// The JSON-RPC id of the try that this one takes the place of.
    replaces: u64,
    /// `result`, or the error code that the caller got.
    outcome: &'static str,
    /// Which try this is, or which one failed, counted from 1.
    attempt: u32,
    /// How long until the next try, in milliseconds.
    delay_ms: Millis,
    /// How long it took, in milliseconds.
    duration_ms: Millis,
    /// How many calls waited for the end of an outage.
    waited: u64,
    /// Which stream: `listen` (the GET stream) or `call`.
    stream: &'static str,
    /// `storage`, of a session that was taken up from there.
    source: &'static str,
}

impl Detail {
    /// None of the fields.
    #[inline(never)]
    pub(crate) fn new() -> Box<Self> {
        Box::default()
    }
}
