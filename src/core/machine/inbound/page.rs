//! Notifications of the page: network state, visibility, unload, and messages that another tab received.

use crate::core::api::{CallId, Error, Failure, FailureKind, Key, PageNotification, SessionRef, State};
use crate::core::kit::table::Table;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc::{self, Head};
use crate::core::state::call::Stage;
use crate::core::state::page::Wait;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Handles a notification for one session or for all.
    pub(crate) fn on_page_notification(&mut self, notification: PageNotification<J>, of: Option<Key>) {
        match notification {
            PageNotification::Offline => self.page.offline = true,
            PageNotification::LooksOffline => self.page.looks_offline = true,
            PageNotification::Online | PageNotification::LooksOnline => {
                self.come_online(matches!(notification, PageNotification::Online))
            }
            // A notification for all applies to future sessions too.
            PageNotification::Park if of.is_none() => self.page.parks = true,
            PageNotification::Unpark if of.is_none() => self.page.parks = false,
            PageNotification::Share(shared) => self.share_turns(shared),
            PageNotification::Slots(ref origin, slots) => self.on_slots(origin, Some(slots), None),
            PageNotification::Crowded(ref origin, crowded) => self.on_slots(origin, None, Some(crowded)),
            _ => {}
        }
        let sessions = match of {
            None => self.store.references(),
            Some(key) => self.store.of_key(&key.user, &key.server),
        };
        for session in sessions {
            match &notification {
                PageNotification::Offline
                | PageNotification::Online
                | PageNotification::LooksOffline
                | PageNotification::LooksOnline
                | PageNotification::Share(_)
                | PageNotification::Slots(..)
                | PageNotification::Crowded(..) => {}
                PageNotification::Park => self.park(session),
                PageNotification::Unpark => self.unpark(session),
                PageNotification::Retire => self.retire_session(session),
                PageNotification::Save => self.persist(session),
                PageNotification::StorageChanged => drop(self.read_again(session)),
                PageNotification::Received(message) => self.on_relayed(session, message.clone()),
            }
        }
    }

    /// Whether this session waits for the network.
    pub(crate) fn is_cut_off(&self, session: SessionRef) -> bool {
        let waits = self.page.looks_offline && self.page.tried.get(session) == Some(&Wait::Waits);
        self.page.offline || waits
    }

    /// A failed exchange while the host is offline: nothing was sent, so the call waits for the network without
    /// spending an attempt. Returns whether it does.
    pub(crate) fn is_cut_off_by(&mut self, session: SessionRef, call: Option<CallId>, failure: &Failure<J>) -> bool {
        if !self.page.looks_offline || failure.kind != FailureKind::Unsent {
            return false;
        }
        self.page.tried.insert(session, Wait::Waits);
        let record = call.and_then(|call| self.calls.get(call));
        record.is_some_and(|record| !record.is_machines())
    }

    /// A response proves that the network works, whatever `navigator.onLine` says.
    pub(crate) fn note_reached(&mut self, session: SessionRef) {
        if self.page.tried.remove(session).is_some() {
            self.open_at_once(session);
            self.pump(session);
        }
    }

    /// A call needs the session. If only a hint says offline, it makes one attempt.
    pub(crate) fn try_network(&mut self, session: SessionRef) {
        let Some(wait) = self.page.tried.get_mut(session) else { return };
        *wait = Wait::TriesAgain;
        if self.handshake_mut(session).is_some_and(|handshake| std::mem::take(&mut handshake.offline)) {
            self.attempt(session);
        }
    }

    /// Bounds the wait of a handshake for the network by `initTimeout`. Returns whether it has to wait.
    pub(crate) fn waits_for_network(&mut self, session: SessionRef) -> bool {
        if !self.is_cut_off(session) {
            return false;
        }
        let Some(record) = self.store.get_mut(session) else { return false };
        let until = self.now.after(record.server.init_timeout);
        let Some(handshake) = record.state.handshake_mut() else { return false };
        handshake.next_attempt = Some(until);
        let waited = std::mem::replace(&mut handshake.offline, true);
        self.timers.arm(until, Timer::Handshake(session));
        if waited {
            self.report_offline(session);
        }
        true
    }

    /// Callers of `connect` have no deadline of their own. Calls on an established session have one.
    fn report_offline(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        let error = record.for_caller(Error::new(ErrorCode::NetworkError, "the host is offline"));
        if record.generation == 0 {
            return self.fail_handshake(session, error);
        }
        let waiting = std::mem::take(&mut record.connecting);
        for call in waiting {
            self.reject(call, error.clone());
        }
    }

    /// The network is back: backoff drawn while offline is skipped. Notifications of the application override the
    /// browser's hints.
    fn come_online(&mut self, is_certain: bool) {
        let looked_offline = std::mem::take(&mut self.page.looks_offline);
        let was_offline = is_certain && std::mem::take(&mut self.page.offline);
        self.page.tried = Table::default();
        if self.page.offline || !(was_offline || looked_offline) {
            return;
        }
        let now = self.now;
        for call in self.calls.keys_where(&|_| true) {
            if let Some(Stage::BackoffToSend(until) | Stage::BackoffToResume(until)) =
                self.calls.get_mut(call).map(|record| &mut record.stage)
            {
                *until = now;
                self.on_backoff_over(call);
            }
        }
        for session in self.store.references() {
            let Some(record) = self.store.get_mut(session) else { continue };
            let is_degraded = record.state == State::Degraded;
            let sends_canary = record.outage.is_some() && (record.is_wanted() || record.state == State::Ready);
            match record.state.handshake_mut() {
                // A `Retry-After` of the server still applies.
                Some(handshake) if handshake.offline || handshake.is_backing_off() => {
                    handshake.offline = false;
                    self.attempt(session);
                }
                None if is_degraded => self.recover_again(session),
                // Skips backoff drawn while offline. After the last attempt only a call starts another.
                None if sends_canary => self.send_canary(session),
                _ => {}
            }
            self.open_at_once(session);
            self.pump(session);
        }
        self.look_at_all_turns();
    }

    /// A message that another tab received on the GET stream of the shared session.
    fn on_relayed(&mut self, session: SessionRef, message: J) {
        if self.store.get(session).is_none_or(|record| record.state != State::Ready) {
            return;
        }
        match jsonrpc::head(&message) {
            Head::Request { id, method } => self.on_server_request(session, None, None, id, method, message),
            Head::Notification { method } => self.on_notification(session, None, method, message),
            _ => {}
        }
    }
}
