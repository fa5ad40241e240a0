//! `connect`: finds or creates the session of (user, server). Concurrent callers share one handshake.

use crate::core::api::{CallId, ConnectOptions, Detail, Error, EventKind, Key, Output, SessionRef, State};
use crate::core::config::{Problem, ServerConfig};
use crate::core::kit::text::{concat, join};
use crate::core::machine::Manager;
use crate::core::machine::log_lines;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::{self, HeaderList};
use crate::core::protocol::json::{Json, completed};
use crate::core::state::session::Session;
use crate::core::state::session::transitions::SessionState;
use std::rc::Rc;

impl<J: Json> Manager<J> {
    /// Finds or creates the session of (user, server) and waits for its handshake.
    pub(crate) fn connect(&mut self, call: CallId, user: String, server: String, options: ConnectOptions<J>) {
        let key = Key { user, server };
        match self.find_or_create(key, &options) {
            Ok(session) => self.join(call, session),
            Err(error) => self.reject(call, error),
        }
    }

    pub(crate) fn join(&mut self, call: CallId, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        if record.state == State::Ready {
            self.metrics.reused += 1;
            self.report_session(session, log_lines::USING_EXISTING, EventKind::SessionReused, Detail::new());
            return self.out.push_back(Output::Connected { call, session });
        }
        record.connecting.push(call);
        // A new record has no handshake yet. A record that is restoring settings is past its handshake.
        if matches!(record.state, SessionState::Connecting(None)) && record.restoring == 0 {
            self.begin_handshake(session);
        } else {
            self.wake_session(session);
        }
    }

    fn find_or_create(&mut self, key: Key, options: &ConnectOptions<J>) -> Result<SessionRef, Error<J>> {
        let server = self.configured(&key.server)?;
        let existing = self.store.find(&key.user, &key.server);
        if existing.is_none() {
            self.check_room(&key)?;
        }
        let unchanged = options.headers.is_empty() && options.vars.is_empty();
        let headers =
            if existing.is_some() && unchanged { None } else { Some(resolve_headers(&server, &key.user, options)?) };
        let session = existing.unwrap_or_else(|| self.create(key, server));
        if let Some(record) = self.store.get_mut(session) {
            record.credentials.learn(options.has_auth, headers);
            if let Some(capabilities) = &options.capabilities {
                record.declared = Some(completed(capabilities, record.declared.as_ref()));
                record.meta = None;
            }
            if record.client_info.is_none() {
                record.client_info.clone_from(&options.client_info);
            }
        }
        Ok(session)
    }

    /// The configuration of a server.
    ///
    /// # Errors
    /// `config_error` if the name is not configured, `closed` after `close`.
    pub(crate) fn configured(&self, name: &str) -> Result<Rc<ServerConfig>, Error<J>> {
        if self.closing.closed {
            return Err(Error::new(ErrorCode::Closed, "the manager is closed"));
        }
        if let Some(server) = self.config.servers.get(name) {
            return Ok(Rc::clone(server));
        }
        let mut names = Vec::new();
        for (name, _) in self.config.servers.iter() {
            names.push(name);
        }
        let known = if names.is_empty() { String::from("none") } else { join(&names, ", ") };
        let message = concat(&["mcpServers has no server of this name; configured: ", &known]);
        Err(Error::new(ErrorCode::ConfigError, message).of(name))
    }

    fn create(&mut self, key: Key, server: Rc<ServerConfig>) -> SessionRef {
        let session = SessionRef(self.numbers.next());
        let key = Rc::new(key);
        let mut record = Session::new(session, Rc::clone(&key), server, self.now);
        record.parked = self.page.parks;
        record.origin = self.origin_of(&record.url);
        if let Some(kept) = self.breakers.iter().position(|(other, _)| *other == key) {
            record.breaker = self.breakers.remove(kept).1;
        }
        self.store.insert(record);
        self.event(session, EventKind::StateChanged, Detail::new().to(State::Connecting));
        session
    }

    fn check_room(&self, key: &Key) -> Result<(), Error<J>> {
        let limits = &self.config.limits;
        let mine = self.store.of_user(&key.user, limits.max_sessions_per_user).len();
        let what = if mine == 0 && self.store.users() >= limits.max_users {
            "too many users have sessions (limits.maxUsers)"
        } else if mine >= limits.max_sessions_per_user {
            "the user has too many sessions (limits.maxSessionsPerUser)"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorCode::LimitExceeded, what).of(&key.server))
    }

    /// Cancels a caller of `connect`. The handshake continues for other callers.
    pub(crate) fn cancel_connect(&mut self, call: CallId) {
        for session in self.store.references() {
            let Some(record) = self.store.get_mut(session) else { continue };
            if let Some(at) = record.connecting.iter().position(|waiting| *waiting == call) {
                record.connecting.remove(at);
                let error = Error::new(ErrorCode::Cancelled, "the call was cancelled by its caller");
                return self.reject(call, error);
            }
        }
    }

    /// Declares the capability of a new handler, from the next handshake on.
    pub(crate) fn declare(&mut self, session: SessionRef, capability: String) {
        if let Some(record) = self.store.get_mut(session) {
            let details = J::object();
            // 2025-11-25 client/roots: clients that send `notifications/roots/list_changed` declare it. The handler's
            // owner can send one.
            let details = if capability == "roots" { details.with("listChanged", J::boolean(true)) } else { details };
            let bare = J::object().with(&capability, details);
            record.declared = Some(record.declared.as_ref().map_or(bare.clone(), |all| completed(all, Some(&bare))));
            record.meta = None;
        }
    }
}

pub(crate) fn resolve_headers<J>(
    server: &ServerConfig,
    user: &str,
    options: &ConnectOptions<J>,
) -> Result<HeaderList, Error<J>> {
    let resolved = server
        .headers_for(user, &options.vars, &options.headers)
        .map_err(|problems| Error::new(ErrorCode::ConfigError, Problem::lines(&problems)).of(&server.name))?;
    let mut headers = HeaderList::new();
    for (name, value) in resolved {
        headers::add(&mut headers, name, value);
    }
    Ok(headers)
}
