//! The record of one session: its state machine, and the data of the current generation.
//!
//! ```text
//!             connect            200                     404 / 400 naming the session / 410 / …
//!   (none) ──────────▶ connecting ─────▶ ready ─────────────────────────────▶ recovering ──▶ ready (generation + 1)
//!                         │               │  idle for sessionConfig.timeout         │ retryAttempts spent
//!                         ▼               ▼                                         ▼
//!                      closed          expired ── next call ──▶ connecting       degraded ── next call, or canary ▶ recovering
//!                                         terminate() from any state ──▶ terminated (final, as closed is)
//!   ready or recovering ◀──▶ outage: the server is unreachable, one canary at a time, calls wait
//! ```

use crate::core::api::{CallId, Error, Key, Kind, SessionInfo, SessionRef, State};
use crate::core::config::ServerConfig;
use crate::core::kit::backoff::STREAM_RETRY_CAP;
use crate::core::kit::table::{Named, Set};
use crate::core::kit::text::without;
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::endpoint;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::{self, HeaderList};
use crate::core::protocol::session_id::SessionId;
use crate::core::state::session::answers::Answers;
use crate::core::state::session::breaker::Breaker;
use crate::core::state::session::cache::Cache;
use crate::core::state::session::credentials::Credentials;
use crate::core::state::session::http_sse::{GUESS_CAP, HttpSse};
use crate::core::state::session::listen::Listen;
use crate::core::state::session::liveness::Check;
use crate::core::state::session::outage::Outage;
use crate::core::state::session::pace::Pace;
use crate::core::state::session::persistence::Persistence;
use crate::core::state::session::recovery::{AT_ONCE, Loss};
use crate::core::state::session::suspicion::Suspicion;
use crate::core::state::session::tools::Tools;
use crate::core::state::session::transitions::SessionState;
use std::rc::Rc;

pub(crate) mod answers;
pub(crate) mod breaker;
pub(crate) mod cache;
pub(crate) mod credentials;
pub(crate) mod handshake;
pub(crate) mod http_sse;
pub(crate) mod listen;
pub(crate) mod liveness;
pub(crate) mod outage;
pub(crate) mod pace;
pub(crate) mod persistence;
pub(crate) mod recovery;
pub(crate) mod suspicion;
pub(crate) mod tools;
pub(crate) mod transitions;

/// The record of one (user, server). There may be 100,000 of them, so rare state is boxed.
pub(crate) struct Session<J> {
    pub(crate) reference: SessionRef,
    pub(crate) key: Rc<Key>,
    pub(crate) server: Rc<ServerConfig>,
    pub(crate) url: Rc<str>,
    /// The index of the URL's origin (turns.rs).
    pub(crate) origin: usize,
    pub(crate) state: SessionState<J>,
    /// The kind found by the latest handshake; stateless before the first.
    pub(crate) kind: Kind,
    pub(crate) generation: u64,
    pub(crate) recoveries: u64,
    pub(crate) created_at: Instant,
    pub(crate) last_used_at: Instant,
    /// When the last request was sent, including the machine's own.
    pub(crate) last_sent_at: Instant,

    pub(crate) credentials: Credentials,
    /// Why the auth provider had no token when it was asked last.
    pub(crate) login_failure: Option<J>,
    /// Whether CORS may have kept the session id from us.
    pub(crate) hides_id: bool,

    /// The result of the latest handshake. Its id is cleared when the session is lost.
    pub(crate) agreed: Option<Agreed<J>>,
    /// Calls that restore settings (log level, subscriptions, tools) and that the recovery waits for.
    pub(crate) restoring: u32,
    /// The settings that a recovery restores.
    pub(crate) remembered: Remembered<J>,
    /// `_meta` of every request to a 2026-07-28 server; built on first use.
    pub(crate) meta: Option<J>,
    /// Cached results of a 2026-07-28 server.
    pub(crate) cache: Cache<J>,
    /// Capabilities of handlers and `connect` options, in addition to the manager's.
    pub(crate) declared: Option<J>,
    /// `clientInfo` from a `connect` option.
    pub(crate) client_info: Option<J>,
    /// Consecutive generations lost before any answer.
    pub(crate) early_losses: u32,
    /// Whether this generation has answered a request.
    pub(crate) has_answered: bool,
    /// The cause of the current recovery.
    pub(crate) loss: Option<Loss>,

    /// Callers of `connect` that wait for the handshake.
    pub(crate) connecting: Vec<CallId>,
    /// Queued calls. Ids only grow, so the smallest has waited longest.
    pub(crate) queue: Set<CallId>,
    /// Calls that are in flight, back off or wait for a decision.
    pub(crate) active: Set<CallId>,

    /// Outgoing messages without a caller, created on first use.
    pub(crate) answers: Option<Box<Answers<J>>>,
    pub(crate) listen: Listen,
    /// Present if the server speaks HTTP+SSE, or while that is tried.
    pub(crate) sse: Option<Box<HttpSse<J>>>,
    pub(crate) tools: Tools<J>,
    pub(crate) pace: Pace,
    pub(crate) breaker: Breaker,
    /// Consecutive deadlines without any answer.
    pub(crate) silent: u32,
    /// The ping in flight.
    pub(crate) check: Option<Box<Check>>,
    /// Calls deferred until that ping decides whether their answers mean a lost session.
    pub(crate) deferred: Vec<CallId>,
    pub(crate) suspicion: Option<Box<Suspicion>>,
    /// Whether a call was refused again on a new session, as if that were lost too, while others were answered.
    pub(crate) outlives_loss: bool,
    /// The latest generation that the server lost; 0 before the first.
    pub(crate) lost_generation: u64,
    /// The former session during a trial.
    pub(crate) former: Option<Box<Agreed<J>>>,
    /// Present while the server is unreachable.
    pub(crate) outage: Option<Box<Outage<J>>>,
    /// Whether it is in line for a lane.
    pub(crate) in_line: bool,
    /// Recoveries in a row of which all attempts failed.
    pub(crate) failed_rounds: u32,
    pub(crate) persistence: Persistence,
    /// Whether the stream is parked.
    pub(crate) parked: bool,
}

/// The result of one handshake.
#[derive(Clone)]
pub(crate) struct Agreed<J> {
    pub(crate) id: Option<SessionId>,
    pub(crate) version: &'static str,
    /// The whole `InitializeResult`.
    pub(crate) result: J,
}

impl<J> Agreed<J> {
    /// Adds the headers of every request of this generation.
    pub(crate) fn add_headers(&self, list: &mut HeaderList) {
        headers::add_session_headers(list, self.id.as_ref(), self.version);
    }
}

/// Settings of the client at the server, to be restored in a new session.
pub(crate) struct Remembered<J> {
    /// Params of the last accepted `logging/setLevel`.
    pub(crate) log_level: Option<J>,
    /// Params of each accepted `resources/subscribe`, by URI.
    pub(crate) subscriptions: Named<J>,
}

impl<J> Session<J> {
    /// A record before its first handshake.
    pub(crate) fn new(reference: SessionRef, key: Rc<Key>, server: Rc<ServerConfig>, now: Instant) -> Self {
        Self {
            reference,
            url: Rc::clone(&server.url),
            origin: 0,
            key,
            state: SessionState::Connecting(None),
            kind: Kind::Stateless,
            generation: 0,
            recoveries: 0,
            created_at: now,
            last_used_at: now,
            last_sent_at: now,
            credentials: Credentials::default(),
            login_failure: None,
            hides_id: false,
            agreed: None,
            restoring: 0,
            remembered: Remembered { log_level: None, subscriptions: Named::default() },
            meta: None,
            cache: Cache::default(),
            declared: None,
            client_info: None,
            early_losses: 0,
            has_answered: false,
            loss: None,
            connecting: Vec::new(),
            queue: Set::default(),
            active: Set::default(),
            answers: None,
            listen: Listen::default(),
            sse: HttpSse::configured(server.transport),
            tools: Tools::default(),
            pace: Pace::default(),
            breaker: Breaker::default(),
            silent: 0,
            check: None,
            deferred: Vec::new(),
            suspicion: None,
            outlives_loss: false,
            lost_generation: 0,
            former: None,
            outage: None,
            in_line: false,
            failed_rounds: 0,
            persistence: Persistence::default(),
            parked: false,
            server,
        }
    }

    /// Whether the server speaks 2026-07-28.
    pub(crate) fn is_modern(&self) -> bool {
        self.kind == Kind::Modern
    }

    /// The current session id, if the server issued one.
    pub(crate) fn id(&self) -> Option<&SessionId> {
        self.agreed.as_ref()?.id.as_ref()
    }

    /// Whether the session is agreed upon and not known to be lost, whether or not the server is reachable.
    #[inline(never)]
    pub(crate) fn is_established(&self) -> bool {
        match self.state.name() {
            State::Ready => true,
            // A session that was lost before the outage has no live generation.
            State::Outage => self.outage.as_ref().is_some_and(|outage| !outage.is_lost()),
            _ => false,
        }
    }

    /// Whether this generation is current and accepts requests, or will soon.
    pub(crate) fn is_live(&self, generation: u64) -> bool {
        let goes_on = self.is_established() || matches!(self.state.name(), State::Recovering | State::Connecting);
        goes_on && !self.state.in_handshake() && self.generation == generation
    }

    /// Whether messages of the server in this generation are handled. Over HTTP+SSE they may arrive before the response
    /// to `notifications/initialized`.
    pub(crate) fn handles_messages(&self, generation: u64) -> bool {
        self.is_live(generation)
            || (self.endpoint().is_some() && self.state.in_handshake() && self.generation == generation)
    }

    /// Whether a call waits for the server or for the session.
    pub(crate) fn is_busy(&self) -> bool {
        !self.active.is_empty() || !self.queue.is_empty() || !self.connecting.is_empty() || self.state.in_handshake()
    }

    /// Whether a call or a caller of `connect` waits for the session itself.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.queue.is_empty() || !self.connecting.is_empty() || !self.deferred.is_empty()
    }

    /// Resets the failure counters for a new or restored generation.
    pub(crate) fn start_generation(&mut self, created_at: Instant, last_used_at: Instant) {
        self.state.end_handshake();
        self.created_at = created_at;
        self.last_used_at = last_used_at;
        self.has_answered = false;
        self.silent = 0;
        self.note_accepted();
        self.pace.start_generation();
    }

    /// When the session was last used, by a call or a delivered message.
    pub(crate) fn used_at(&self) -> Instant {
        self.last_used_at.max(self.listen.delivered_at().unwrap_or_default())
    }

    /// When the session expires without further use.
    pub(crate) fn idle_deadline(&self) -> Instant {
        self.used_at().after(self.server.session.timeout)
    }

    /// When to check the session for idle time and age.
    pub(crate) fn expiry(&self) -> Instant {
        self.age_deadline().map_or_else(|| self.idle_deadline(), |age| age.min(self.idle_deadline()))
    }

    /// When the session expires regardless of use.
    pub(crate) fn age_deadline(&self) -> Option<Instant> {
        self.server.session.max_age.map(|age: Millis| self.created_at.after(age))
    }

    /// Whether a call may be sent now: the session is ready, not paused, and has room. The machine's own requests are
    /// not limited, because calls that use up all room may wait for their result.
    pub(crate) fn may_send(&self, max_in_flight: Option<usize>, now: Instant) -> bool {
        // A call sent now would get the same answer as the suspicious one.
        let suspected = self.check.as_ref().is_some_and(|check| check.suspected.is_some());
        let goes = self.state == State::Ready && self.outage.is_none() && !self.credentials.is_asking();
        goes && !suspected && !self.pace.is_paused(now) && self.pace.has_room(self.active.len(), max_in_flight)
    }

    /// The error for callers: with the server's name, without secrets.
    pub(crate) fn for_caller<E>(&self, mut error: Error<E>) -> Error<E> {
        error.message = self.discreet(&error.message);
        error.evidence = error.evidence.as_deref().map(|evidence| self.discreet(evidence));
        error.server.get_or_insert_with(|| self.key.server.clone());
        error
    }

    /// The current generation was lost. `counts`: whether that is evidence of how long the server keeps sessions.
    pub(crate) fn note_loss(&mut self, code: ErrorCode, counts: bool, now: Instant) {
        self.early_losses = match code {
            _ if self.has_answered || now.since(self.created_at) >= AT_ONCE => 0,
            // Neither silence nor a refused GET is evidence about session lifetime.
            ErrorCode::SessionTimeout => self.early_losses,
            _ => self.early_losses + u32::from(counts),
        };
        // Otherwise the client gave it up, and the server may still be at its calls.
        if matches!(code, ErrorCode::SessionTerminated | ErrorCode::SessionInvalid) {
            self.lost_generation = self.generation;
        }
        // A loss during restoration continues the same recovery.
        self.loss.get_or_insert(Loss { code, at: now });
    }

    /// A request was accepted with these credentials.
    pub(crate) fn note_accepted(&mut self) {
        if self.credentials.note_accepted() {
            self.login_failure = None;
        }
    }

    /// A server's words without this session's id and credentials: servers echo them in their errors.
    pub(crate) fn discreet(&self, text: &str) -> String {
        let mut text = self.credentials.hide(text);
        if let Some(id) = self.id() {
            text = without(&text, id.as_str());
        }
        match self.endpoint() {
            Some(endpoint) => endpoint::discreet(&text, endpoint),
            None => text,
        }
    }

    /// The public snapshot of the session.
    pub(crate) fn info(&self) -> SessionInfo {
        let state = self.state.name();
        let live = matches!(state, State::Ready | State::Recovering | State::Degraded | State::Outage);
        SessionInfo {
            user_id: self.key.user.clone(),
            server_name: self.key.server.clone(),
            session_id: self.id().map(|id| id.as_str().to_owned()),
            kind: self.kind,
            state,
            generation: self.generation,
            protocol_version: self.agreed.as_ref().map(|agreed| agreed.version.to_owned()).unwrap_or_default(),
            created_at: self.created_at.as_millis(),
            last_used_at: self.last_used_at.as_millis(),
            expires_at: live.then(|| self.expiry().as_millis()),
            in_flight: self.active.len() + self.queue.len(),
            recoveries: self.recoveries,
        }
    }

    /// Whether it is past its first `connect`, which may also fail after `initialize` was accepted.
    pub(crate) fn has_lived(&self) -> bool {
        self.state.name() != State::Connecting || self.loss.is_some()
    }

    /// Clears the id for future requests. The other results of the handshake remain.
    pub(crate) fn forget_id(&mut self) {
        if let Some(agreed) = self.agreed.as_mut() {
            agreed.id = None;
        }
    }

    /// The URL for POSTs over HTTP+SSE.
    pub(crate) fn endpoint(&self) -> Option<&Rc<str>> {
        self.sse.as_ref()?.endpoint.as_ref()
    }

    /// A handshake succeeded. Returns whether it was over HTTP+SSE.
    pub(crate) fn note_transport_works(&mut self) -> bool {
        self.sse.as_mut().map(|sse| sse.proven = true).is_some()
    }

    /// Clears the endpoint, which ends with its stream.
    pub(crate) fn leave_endpoint(&mut self) {
        if let Some(sse) = &mut self.sse {
            sse.endpoint = None;
        }
    }

    /// How long a stream may take to send its `endpoint`.
    pub(crate) fn endpoint_patience(&self) -> Millis {
        let is_guess = self.sse.as_ref().is_some_and(|sse| sse.refused.is_some());
        if is_guess { self.server.init_timeout.min(GUESS_CAP) } else { self.server.init_timeout }
    }

    /// The `retry:` of the last stream, as a lower limit for the next opening.
    pub(crate) fn retry_floor(&self) -> Millis {
        let retry = self.listen.events().retry().filter(|_| self.sse.is_some());
        retry.unwrap_or(0).min(STREAM_RETRY_CAP)
    }
}
