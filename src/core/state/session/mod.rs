//! One session record: its state machine, and what a generation of it knows.
//!
//! ```text
//!             connect            200                     404 / 400 naming the session / 410 / …
//!   (none) ──────────▶ connecting ─────▶ ready ─────────────────────────────▶ recovering ──▶ ready (generation + 1)
//!                         │               │  idle for sessionConfig.timeout         │ retryAttempts spent
//!                         ▼               ▼                                         ▼
//!                      closed          expired ── next call ──▶ connecting       degraded ── next call, or probe ──▶ recovering
//!                                         terminate() from any state ──▶ terminated (final, as closed is)
//!   ready or recovering ◀──▶ outage: the server is out of reach, one canary goes, calls wait
//! ```

use crate::core::api::{CallId, Error, Key, Kind, SessionInfo, SessionRef, State};
use crate::core::config::ServerConfig;
use crate::core::kit::backoff::STREAM_RETRY_CAP;
use crate::core::kit::table::{Named, Set};
use crate::core::kit::text::without;
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::endpoint;
use crate::core::protocol::headers::{self, HeaderList, SessionId};
use crate::core::state::session::answers::Answers;
use crate::core::state::session::breaker::Breaker;
use crate::core::state::session::cache::Cache;
use crate::core::state::session::credentials::Credentials;
use crate::core::state::session::handshake::Handshake;
use crate::core::state::session::http_sse::{GUESS_CAP, HttpSse};
use crate::core::state::session::listen::Listen;
use crate::core::state::session::liveness::Check;
use crate::core::state::session::loss::{Degraded, Loss};
use crate::core::state::session::outage::Outage;
use crate::core::state::session::pace::Pace;
use crate::core::state::session::persistence::Persistence;
use crate::core::state::session::suspicion::Suspicion;
use crate::core::state::session::tools::Tools;
use std::rc::Rc;

pub(crate) mod answers;
pub(crate) mod breaker;
pub(crate) mod cache;
pub(crate) mod credentials;
pub(crate) mod handshake;
pub(crate) mod http_sse;
pub(crate) mod listen;
pub(crate) mod liveness;
pub(crate) mod loss;
pub(crate) mod outage;
pub(crate) mod pace;
pub(crate) mod persistence;
pub(crate) mod suspicion;
pub(crate) mod tools;
mod transitions;

/// The record of one (user, server). There may be 100,000 of them, so rare state is boxed.
pub(crate) struct Session<J> {
    pub(crate) reference: SessionRef,
    pub(crate) key: Rc<Key>,
    pub(crate) server: Rc<ServerConfig>,
    pub(crate) url: Rc<str>,
    /// The number of the URL's origin (turns.rs).
    pub(crate) origin: usize,
    pub(crate) state: State,
    /// What the latest handshake showed; stateless before the first.
    pub(crate) kind: Kind,
    pub(crate) generation: u64,
    pub(crate) recoveries: u64,
    pub(crate) created_at: Instant,
    pub(crate) last_used_at: Instant,
    /// When a request last left, whoever wanted it.
    pub(crate) last_sent_at: Instant,

    pub(crate) credentials: Credentials,
    /// Whether CORS may have kept the session id from us.
    pub(crate) hides_id: bool,

    /// What the latest handshake negotiated; its id is taken away when the session is lost.
    pub(crate) agreed: Option<Agreed<J>>,
    pub(crate) handshake: Option<Box<Handshake<J>>>,
    /// Restoring calls (log level, subscriptions, tools) that recovery still waits for.
    pub(crate) restoring: u32,
    /// What to put back after a recovery.
    pub(crate) remembered: Remembered<J>,
    /// What every request to a server of 2026-07-28 says of us in `_meta`; built when it is needed.
    pub(crate) meta: Option<J>,
    /// Results that a server of 2026-07-28 called fresh.
    pub(crate) cache: Cache<J>,
    /// Handlers and callers of `connect` declared these capabilities on top of the manager's.
    pub(crate) declared: Option<J>,
    /// The name that a caller of `connect` gave the client.
    pub(crate) client_info: Option<J>,
    /// Generations in a row that were lost before one answer.
    pub(crate) barren: u32,
    /// Whether this generation has answered a request.
    pub(crate) fruitful: bool,
    /// Why the session was lost, while it is being recovered.
    pub(crate) loss: Option<Loss>,

    /// Callers of `connect` that wait for the handshake.
    pub(crate) connecting: Vec<CallId>,
    /// Calls that wait for their turn: numbers only grow, so the smallest has waited longest.
    pub(crate) queue: Set<CallId>,
    /// Calls that are on the wire, rest before a retry or wait for a decision.
    pub(crate) active: Set<CallId>,

    /// What is to be sent without a caller, once there was something.
    pub(crate) answers: Option<Box<Answers<J>>>,
    pub(crate) listen: Listen,
    /// Where the server speaks HTTP+SSE, or is being tried for it.
    pub(crate) sse: Option<Box<HttpSse<J>>>,
    pub(crate) tools: Tools<J>,
    pub(crate) pace: Pace,
    pub(crate) breaker: Breaker,
    /// Deadlines that passed in a row without any answer.
    pub(crate) silent: u32,
    /// The ping that is finding out how the session fares, if there is one.
    pub(crate) check: Option<Box<Check>>,
    /// Calls that wait for it: their answers may mean that the session is lost.
    pub(crate) doubters: Vec<CallId>,
    pub(crate) suspicion: Option<Box<Suspicion>>,
    /// The session of before, while a new one shows whether the server still has it.
    pub(crate) former: Option<Box<Agreed<J>>>,
    /// While the server is out of reach.
    pub(crate) outage: Option<Box<Outage<J>>>,
    /// It waits for its turn to try to reach its server.
    pub(crate) in_line: bool,
    /// While its attempts are spent: when to try again, and why it failed.
    pub(crate) degraded: Option<Box<Degraded<J>>>,
    pub(crate) persistence: Persistence,
    /// The page does without the stream.
    pub(crate) parked: bool,
}

/// What one handshake agreed on.
#[derive(Clone)]
pub(crate) struct Agreed<J> {
    pub(crate) id: Option<SessionId>,
    pub(crate) version: String,
    /// The whole `InitializeResult`.
    pub(crate) result: J,
}

impl<J> Agreed<J> {
    /// Adds the headers of every request of this generation.
    pub(crate) fn add_headers(&self, list: &mut HeaderList) {
        headers::add_session_headers(list, self.id.as_ref(), &self.version);
    }
}

/// What the client has set on the server, to be set again on a new session.
pub(crate) struct Remembered<J> {
    /// Params of the last accepted `logging/setLevel`.
    pub(crate) log_level: Option<J>,
    /// Params of each accepted `resources/subscribe`, by URI.
    pub(crate) subscriptions: Named<J>,
}

impl<J> Session<J> {
    /// A record that has not spoken to its server yet.
    pub(crate) fn new(reference: SessionRef, key: Rc<Key>, server: Rc<ServerConfig>, now: Instant) -> Self {
        Self {
            reference,
            url: Rc::clone(&server.url),
            origin: 0,
            key,
            state: State::Connecting,
            kind: Kind::Stateless,
            generation: 0,
            recoveries: 0,
            created_at: now,
            last_used_at: now,
            last_sent_at: now,
            credentials: Credentials::default(),
            hides_id: false,
            agreed: None,
            handshake: None,
            restoring: 0,
            remembered: Remembered { log_level: None, subscriptions: Named::default() },
            meta: None,
            cache: Cache::default(),
            declared: None,
            client_info: None,
            barren: 0,
            fruitful: false,
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
            doubters: Vec::new(),
            suspicion: None,
            former: None,
            outage: None,
            in_line: false,
            degraded: None,
            persistence: Persistence::default(),
            parked: false,
            server,
        }
    }

    /// Whether the server speaks 2026-07-28.
    pub(crate) fn is_modern(&self) -> bool {
        self.kind == Kind::Modern
    }

    /// The current session id, where the server issued one.
    pub(crate) fn id(&self) -> Option<&SessionId> {
        self.agreed.as_ref()?.id.as_ref()
    }

    /// Whether this generation is the one that requests flow on, or are about to.
    pub(crate) fn is_live(&self, generation: u64) -> bool {
        let goes_on = match self.state {
            State::Ready | State::Recovering | State::Connecting => true,
            // A session that was lost before the outage has nothing to go on with.
            State::Outage => self.outage.as_ref().is_some_and(|outage| !outage.is_lost()),
            _ => false,
        };
        goes_on && self.handshake.is_none() && self.generation == generation
    }

    /// Whether what the server asks and tells in this generation is heard. A stream that is the session may bring it before
    /// the POST of `initialized` is answered.
    pub(crate) fn hears(&self, generation: u64) -> bool {
        self.is_live(generation)
            || (self.endpoint().is_some() && self.handshake.is_some() && self.generation == generation)
    }

    /// Whether a call waits for the server or for the session.
    pub(crate) fn is_busy(&self) -> bool {
        !self.active.is_empty() || !self.queue.is_empty() || !self.connecting.is_empty() || self.handshake.is_some()
    }

    /// Whether a call or a caller of `connect` waits for the session itself.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.queue.is_empty() || !self.connecting.is_empty()
    }

    /// A generation begins, or is taken up from the storage: what was wrong with another one is forgotten.
    pub(crate) fn start_anew(&mut self, created_at: Instant, last_used_at: Instant) {
        self.handshake = None;
        self.created_at = created_at;
        self.last_used_at = last_used_at;
        self.fruitful = false;
        self.silent = 0;
        self.credentials.forgive();
        self.pace.start_anew();
    }

    /// When the session was last of use to anybody.
    pub(crate) fn used_at(&self) -> Instant {
        self.last_used_at.max(self.listen.delivered_at().unwrap_or_default())
    }

    /// When the session expires if nobody uses it from now on, and no stream delivers.
    pub(crate) fn idle_deadline(&self) -> Instant {
        self.used_at().after(self.server.session.timeout)
    }

    /// When the session has to be looked at: it may be idle or too old by then.
    pub(crate) fn expiry(&self) -> Instant {
        self.age_deadline().map_or_else(|| self.idle_deadline(), |age| age.min(self.idle_deadline()))
    }

    /// When the session expires however much it is used.
    pub(crate) fn age_deadline(&self) -> Option<Instant> {
        self.server.session.max_age.map(|age: Millis| self.created_at.after(age))
    }

    /// Whether a call may leave now: the session is there, the server does not want a pause, and there is room. The machine's
    /// own requests have no limit: calls that hold all places may be waiting for the answer.
    pub(crate) fn may_send(&self, max_in_flight: Option<usize>, now: Instant) -> bool {
        // A call that left now would meet what the ping looks for.
        let suspected = self.check.as_ref().is_some_and(|check| check.suspected.is_some());
        let goes = self.state == State::Ready && self.outage.is_none() && !self.credentials.is_asking();
        goes && !suspected && !self.pace.is_paused(now) && self.pace.has_room(self.active.len(), max_in_flight)
    }

    /// An error as the caller is told it: with the server's name, and discreet.
    pub(crate) fn told<E>(&self, mut error: Error<E>) -> Error<E> {
        error.message = self.discreet(&error.message);
        error.evidence = error.evidence.as_deref().map(|evidence| self.discreet(evidence));
        error.server.get_or_insert_with(|| self.key.server.clone());
        error
    }

    /// A server's words without this session's id and credentials: servers echo them in their errors.
    pub(crate) fn discreet(&self, text: &str) -> String {
        let mut text = self.credentials.hide(text);
        if let Some(id) = self.id() {
            text = without(&text, id.as_str());
        }
        self.endpoint().map_or_else(|| text.clone(), |endpoint| endpoint::discreet(&text, endpoint))
    }

    /// The snapshot for the owner of the manager.
    pub(crate) fn info(&self) -> SessionInfo {
        let live = matches!(self.state, State::Ready | State::Recovering | State::Degraded | State::Outage);
        SessionInfo {
            user_id: self.key.user.clone(),
            server_name: self.key.server.clone(),
            session_id: self.id().map(|id| id.as_str().to_owned()),
            kind: self.kind,
            state: self.state,
            generation: self.generation,
            protocol_version: self.agreed.as_ref().map(|agreed| agreed.version.clone()).unwrap_or_default(),
            created_at: self.created_at.as_millis(),
            last_used_at: self.last_used_at.as_millis(),
            expires_at: live.then(|| self.expiry().as_millis()),
            in_flight: self.active.len() + self.queue.len(),
            recoveries: self.recoveries,
        }
    }

    /// Takes the id out of what the session sends from now on; what it agreed on stays known.
    pub(crate) fn forget_id(&mut self) {
        if let Some(agreed) = self.agreed.as_mut() {
            agreed.id = None;
        }
    }

    /// Where POSTs go: the endpoint that the stream has named.
    pub(crate) fn endpoint(&self) -> Option<&Rc<str>> {
        self.sse.as_ref()?.endpoint.as_ref()
    }

    /// A handshake has succeeded. Returns whether it was over HTTP+SSE.
    pub(crate) fn note_transport_works(&mut self) -> bool {
        self.sse.as_mut().map(|sse| sse.proven = true).is_some()
    }

    /// The stream is gone, and its endpoint with it.
    pub(crate) fn leave_endpoint(&mut self) {
        if let Some(sse) = &mut self.sse {
            sse.endpoint = None;
        }
    }

    /// How long a stream may take to name its endpoint.
    pub(crate) fn endpoint_patience(&self) -> Millis {
        let is_guess = self.sse.as_ref().is_some_and(|sse| sse.refused.is_some());
        if is_guess { self.server.init_timeout.min(GUESS_CAP) } else { self.server.init_timeout }
    }

    /// The `retry:` of the last stream: no other is opened sooner.
    pub(crate) fn retry_floor(&self) -> Millis {
        let told = self.listen.events().retry().filter(|_| self.sse.is_some());
        told.unwrap_or(0).min(STREAM_RETRY_CAP)
    }
}
