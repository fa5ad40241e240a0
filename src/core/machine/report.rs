//! What the machine reports: events, log lines, changes of state, and the ends of callers without a call.

use crate::core::api::{CallId, Detail, Error, Event, EventKind, Level, Output, SessionRef, State};
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;

impl<J: Json> Manager<J> {
    /// Reports an event of a session.
    pub(crate) fn event(&mut self, session: SessionRef, kind: EventKind, mut detail: Box<Detail>) {
        let Some(record) = self.store.get(session).filter(|_| self.emits_events) else { return };
        detail.evidence = detail.evidence.as_deref().map(|evidence| record.discreet(evidence));
        let (user_id, server_name) = (record.key.user.clone(), record.key.server.clone());
        let event =
            Event { kind, user_id, server_name, generation: record.generation, at: self.now.as_millis(), detail };
        self.out.push_back(Output::Event(Box::new(event)));
    }

    /// Whether events are worth making.
    pub(crate) const fn emits_events(&self) -> bool {
        self.emits_events
    }

    /// Prints `[MCP][server] text`.
    pub(crate) fn log(&mut self, session: SessionRef, level: Level, text: &str) {
        let Some(record) = self.store.get(session) else { return };
        let line = concat(&["[MCP][", &record.key.server, "] ", text]);
        self.log_line(level, line);
    }

    /// Prints a whole line; debug lines only where they are wanted.
    pub(crate) fn log_line(&mut self, level: Level, line: String) {
        if level != Level::Debug || self.config.debug {
            self.out.push_back(Output::Log(level, line));
        }
    }

    /// Moves a session to another state, and says so. The only place where a state changes: what the picture in session.rs
    /// does not allow is refused, so a session that was ended stays ended.
    pub(crate) fn enter(&mut self, session: SessionRef, to: State) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        let from = record.state;
        if from == to {
            return true;
        }
        let is_legal = from.may_become(to);
        debug_assert!(is_legal, "a session goes from {} to {}", from.as_str(), to.as_str());
        if is_legal {
            record.state = to;
            self.event(session, EventKind::StateChanged, Detail::new().from(from).to(to));
        }
        is_legal
    }

    /// Ends the wait of a caller that has no call of its own (`connect`, `terminate`, `close`).
    pub(crate) fn reject(&mut self, call: CallId, error: Error<J>) {
        self.out.push_back(Output::Settle { call, outcome: Err(error) });
    }

    /// One line and one event for what is wrong with a session.
    pub(crate) fn report_session_error(
        &mut self,
        session: SessionRef,
        code: ErrorCode,
        evidence: Option<String>,
        level: Level,
    ) {
        self.log(session, level, &concat(&["Session error: ", code.as_str(), " - ", code.session_sentence()]));
        self.event(session, EventKind::SessionError, Detail::new().code(code.as_str()).evidence(evidence));
    }
}
