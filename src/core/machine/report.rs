//! Output other than requests: events, log lines, state changes, and errors for callers without a call record.

use crate::core::api::{CallId, Detail, Error, Event, EventKind, Level, Output, SessionRef};
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::machine::log_lines::{self, Line};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::session::transitions::SessionState;

impl<J: Json> Manager<J> {
    /// Emits an event of a session.
    pub(crate) fn event(&mut self, session: SessionRef, kind: EventKind, mut detail: Box<Detail>) {
        let Some(record) = self.store.get(session).filter(|_| self.emits_events) else { return };
        detail.evidence = detail.evidence.as_deref().map(|evidence| record.discreet(evidence));
        let (user_id, server_name) = (record.key.user.clone(), record.key.server.clone());
        let event =
            Event { kind, user_id, server_name, generation: record.generation, at: self.now.as_millis(), detail };
        self.out.push_back(Output::Event(Box::new(event)));
    }

    /// Logs `[MCP][server] text`.
    pub(crate) fn log(&mut self, session: SessionRef, level: Level, text: &str) {
        let Some(record) = self.store.get(session) else { return };
        let line = concat(&["[MCP][", &record.key.server, "] ", text]);
        self.log_line(level, line);
    }

    /// Logs a whole line; debug lines only if `debug` is set.
    pub(crate) fn log_line(&mut self, level: Level, line: String) {
        if level != Level::Debug || self.config.debug {
            self.out.push_back(Output::Log(level, line));
        }
    }

    /// Changes the state of a session and emits `stateChanged`. No other code changes a state. Transitions outside the
    /// diagram in `state/session/mod.rs` are refused, so an ended session stays ended.
    pub(crate) fn enter(&mut self, session: SessionRef, state: SessionState<J>) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        let (from, to) = (record.state.name(), state.name());
        let is_legal = record.state.enter(state);
        debug_assert!(is_legal, "a session goes from {} to {}", from.as_str(), to.as_str());
        if is_legal && from != to {
            self.event(session, EventKind::StateChanged, Detail::new().from(from).to(to));
        }
        is_legal
    }

    /// Fails a caller that has no call record (`connect`, `terminate`, `close`).
    pub(crate) fn reject(&mut self, call: CallId, error: Error<J>) {
        self.out.push_back(Output::Settle { call, outcome: Err(error) });
    }

    /// Logs a line that ends with the cut session id, unless the server issued none. Returns that id.
    pub(super) fn log_session(&mut self, session: SessionRef, line: Line) -> Option<String> {
        let id = self.store.get(session)?.id()?.short();
        self.log(session, line.level, &concat(&[line.text, &id]));
        Some(id)
    }

    /// Logs such a line, and emits an event with the cut id.
    pub(super) fn report_session(&mut self, session: SessionRef, line: Line, kind: EventKind, detail: Box<Detail>) {
        let id = self.log_session(session, line);
        self.event(session, kind, detail.session_id(id));
    }

    /// Logs one line and emits one event for an error of a session. A recovery follows, or the session goes on: only its
    /// failure is an error for the console.
    pub(crate) fn report_session_error(&mut self, session: SessionRef, code: ErrorCode, evidence: Option<String>) {
        self.log(session, Level::Warn, &log_lines::session_error(code));
        self.event(session, EventKind::SessionError, Detail::new().code(code.as_str()).evidence(evidence));
    }
}
