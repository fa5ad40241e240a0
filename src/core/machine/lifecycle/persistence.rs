//! Persistence: writes sessions to the owner's storage and restores them from there.
//!
//! The machine decides what is persisted, when, and whether a record is usable; the driver stores, reads and removes
//! text under a name. Headers, tokens and the contents of calls are never persisted. The session id is, so the storage
//! has to be as private as the user's other credentials.

use crate::core::api::{Detail, EventKind, Key, Kind, Level, Output, SessionRef};
use crate::core::config::Protocol;
use crate::core::kit::text::concat;
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::machine::log_lines;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::revisions::MODERN;
use crate::core::state::session::Agreed;
use crate::core::state::session::persistence::Persistence;
use crate::core::state::session::recovery::Loss;
use crate::core::state::session::transitions::SessionState;
use crate::core::state::stored::{Stored, is_past, name, read, verdict_name, written};
use crate::core::state::timers::Timer;

/// Timeout for reading a record. Then the handshake starts without one.
const PATIENCE: Millis = 2_000;

/// Delay for batching minor changes: last use, cursor, log level, subscriptions.
const GATHERING: Millis = 2_000;

impl<J: Json> Manager<J> {
    /// Reads the storage before a handshake: for the session, then for the server's verdict, once each. Returns whether to
    /// wait for the record.
    pub(crate) fn reads_storage_first(&mut self, session: SessionRef) -> bool {
        let until = self.now.after(PATIENCE);
        let Some(record) = self.store.get_mut(session).filter(|record| self.config.keeps && record.sse.is_none())
        else {
            return false;
        };
        let Some(handshake) = record.state.handshake_mut() else { return false };
        let name = if !std::mem::replace(&mut handshake.read_storage, true) {
            name(&record.key)
        } else if std::mem::take(&mut record.persistence.asked) {
            handshake.read_verdict = true;
            self.log(session, Level::Warn, "The storage did not answer in time; continuing without it");
            return false;
        } else if record.server.protocol == Protocol::Auto
            && self.discoveries.get(&record.url).is_none()
            && !std::mem::replace(&mut handshake.read_verdict, true)
        {
            verdict_name(&record.url)
        } else {
            return false;
        };
        handshake.next_attempt = Some(until);
        record.persistence.asked = true;
        self.timers.arm(until, Timer::Handshake(session));
        self.out.push_back(Output::Restore { session, name });
        true
    }

    /// The record of a session, if the storage has one.
    pub(crate) fn on_restored_record(&mut self, session: SessionRef, found: Option<&J>) {
        let (now, limit) = (self.now, self.config.limits.max_session_id_bytes);
        let Some(record) = self.store.get_mut(session) else { return };
        if !std::mem::take(&mut record.persistence.asked) {
            return;
        }
        let Some(handshake) = record.state.handshake_mut() else {
            let stored = found.and_then(|found| read(record, found, limit, now).ok());
            return self.on_read_again(session, stored);
        };
        handshake.next_attempt = None;
        if handshake.read_verdict {
            self.recall_verdict(session, found);
            return self.attempt(session);
        }
        match found.map(|found| read(record, found, limit, now)) {
            Some(Ok(stored)) if record.persistence.lost.is_some() && stored.agreed.id == record.persistence.lost => {}
            Some(Ok(stored)) if is_past(record, &stored, now) => self.discard_expired(session, stored),
            Some(Ok(stored)) => return self.resume_stored(session, stored),
            Some(Err(why)) => {
                self.log(session, Level::Warn, &concat(&["The stored session is not used: ", why]));
                self.forget_record(session);
            }
            None => {}
        }
        self.attempt(session);
    }

    /// Resumes a session without a handshake. The first request shows whether the server still has it.
    fn resume_stored(&mut self, session: SessionRef, stored: Stored<J>) {
        // The record is not the session lost here, so another tab has reached the server.
        self.finish_outage(session);
        let Some(record) = self.store.get_mut(session) else { return };
        record.start_generation(stored.created_at, stored.last_used_at);
        record.generation = stored.generation.max(record.generation + 1);
        record.kind = match &stored.agreed {
            Agreed { id: Some(_), .. } => Kind::Stateful,
            Agreed { version, .. } if *version == MODERN => Kind::Modern,
            _ => Kind::Stateless,
        };
        record.agreed = Some(stored.agreed);
        record.meta = None;
        record.cache.clear();
        // After a loss, settings made in this page are restored as after any other loss.
        if record.loss.is_none() {
            record.remembered = stored.remembered;
        }
        let expiry = record.expiry();
        self.timers.arm(expiry, Timer::Expiry(session));
        self.metrics.restored += 1;
        self.restore_revision(session);
        let detail = Detail::new().source("storage");
        self.report_session(session, log_lines::USING_EXISTING, EventKind::SessionReused, detail);
        self.start_listening(session, stored.cursor);
        self.restore(session);
    }

    /// A stored session is past our own deadlines: it is deleted at the server, as on expiry in memory.
    fn discard_expired(&mut self, session: SessionRef, stored: Stored<J>) {
        if let Some(record) = self.store.get_mut(session) {
            record.agreed = Some(stored.agreed);
        }
        self.send_delete(session, None);
        self.forget_record(session);
        if let Some(record) = self.store.get_mut(session) {
            record.forget_id();
        }
    }

    /// Persists an established session.
    pub(crate) fn persist(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session).filter(|record| record.is_established()) else { return };
        record.persistence.due = None;
        if let Some(value) = written(record).filter(|_| self.config.keeps) {
            self.out.push_back(Output::Persist { name: name(&record.key), value: Some(value) });
        }
    }

    /// Persists a session after a short delay, together with further changes.
    pub(crate) fn persist_soon(&mut self, session: SessionRef) {
        let due = self.now.after(GATHERING);
        let Some(record) = self.store.get_mut(session).filter(|_| self.config.keeps) else { return };
        if record.persistence.due.is_none() {
            record.persistence.due = Some(due);
            self.timers.arm(due, Timer::Persist(session));
        }
    }

    pub(crate) fn on_persist_timer(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let is_due = record.persistence.due.is_some_and(|due| due <= now);
        // The read found nothing newer.
        if !record.state.in_handshake() && std::mem::take(&mut record.persistence.asked) {
            self.on_read_again(session, None);
        }
        if is_due {
            self.persist(session);
        }
    }

    /// Reads what another tab has stored for the session. Returns whether to wait for it.
    pub(crate) fn read_again(&mut self, session: SessionRef) -> bool {
        let until = self.now.after(PATIENCE);
        let Some(record) = self.store.get_mut(session).filter(|_| self.config.keeps) else { return false };
        if !record.is_established() || record.sse.is_some() {
            return false;
        }
        record.persistence.asked = true;
        let name = name(&record.key);
        self.timers.arm(until, Timer::Persist(session));
        self.out.push_back(Output::Restore { session, name });
        true
    }

    /// The same before a session expires, once. Returns whether the expiry depends on the result.
    pub(crate) fn reads_before_end(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        if std::mem::take(&mut record.persistence.ending) {
            return false;
        }
        record.persistence.ending = true;
        self.read_again(session)
    }

    fn on_read_again(&mut self, session: SessionRef, stored: Option<Stored<J>>) {
        let Some(record) = self.store.get_mut(session).filter(|record| record.is_established()) else { return };
        if let Some(stored) = stored {
            let same = record.agreed.as_ref().is_some_and(|agreed| agreed.id == stored.agreed.id);
            if !same && stored.created_at > record.created_at {
                return self.follow(session, stored);
            }
            if same {
                record.last_used_at = record.last_used_at.max(stored.last_used_at);
                record.listen.move_cursor(stored.cursor);
            }
        }
        self.open_at_once(session);
        if self.store.get(session).is_some_and(|record| record.persistence.ending) {
            self.on_expiry(session);
        }
        if let Some(record) = self.store.get_mut(session) {
            record.persistence.ending = false;
        }
    }

    /// Another tab has a newer session: the current one counts as lost and the other is resumed.
    fn follow(&mut self, session: SessionRef, stored: Stored<J>) {
        self.enter(session, SessionState::Recovering(None));
        self.drop_generation(session);
        self.interrupt_calls(session, "another tab replaced the session");
        if let Some(record) = self.store.get_mut(session) {
            record.loss.get_or_insert(Loss { code: ErrorCode::SessionTerminated, at: self.now });
        }
        self.resume_stored(session, stored);
    }

    /// The session is over: removes its record, so that it cannot be restored.
    pub(crate) fn forget_record(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.persistence = Persistence { lost: record.id().cloned(), ..Persistence::default() };
        let key = std::rc::Rc::clone(&record.key);
        self.forget_key(&key);
    }

    pub(crate) fn forget_key(&mut self, key: &Key) {
        if self.config.keeps {
            self.out.push_back(Output::Persist { name: name(key), value: None });
        }
    }
}
