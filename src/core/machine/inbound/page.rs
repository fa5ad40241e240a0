//! What a page knows and the machine does not: that it is offline, hidden or about to go, and what another tab has heard.

use crate::core::api::{CallId, Error, Failure, FailureKind, Key, News, SessionRef, State};
use crate::core::kit::table::Table;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc::{self, Head};
use crate::core::state::call::Stage;
use crate::core::state::page::Wait;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// The page says something, of one session or of all.
    pub(crate) fn on_news(&mut self, news: News<J>, of: Option<Key>) {
        match news {
            News::Offline => self.page.offline = true,
            News::LooksOffline => self.page.looks_offline = true,
            News::Online | News::LooksOnline => self.come_online(matches!(news, News::Online)),
            // Whatever is said of all holds for those to come.
            News::Park if of.is_none() => self.page.parks = true,
            News::Unpark if of.is_none() => self.page.parks = false,
            News::Share(shared) => self.share_turns(shared),
            News::Slots(ref origin, slots) => self.on_slots(origin, Some(slots), None),
            News::Crowded(ref origin, crowded) => self.on_slots(origin, None, Some(crowded)),
            _ => {}
        }
        let sessions = match of {
            None => self.store.references(),
            Some(key) => self.store.find(&key).map_or_else(Vec::new, |found| vec![found]),
        };
        for session in sessions {
            match &news {
                News::Offline
                | News::Online
                | News::LooksOffline
                | News::LooksOnline
                | News::Share(_)
                | News::Slots(..)
                | News::Crowded(..) => {}
                News::Park => self.park(session),
                News::Unpark => self.unpark(session),
                News::Retire => self.retire_session(session),
                News::Save => self.persist(session),
                News::Look => drop(self.read_again(session)),
                News::Hear(message) => self.hear(session, message.clone()),
            }
        }
    }

    /// Whether this session waits for the network.
    pub(crate) fn is_cut_off(&self, session: SessionRef) -> bool {
        let waits = self.page.looks_offline && self.page.tried.get(session) == Some(&Wait::Waits);
        self.page.offline || waits
    }

    /// An exchange failed. Returns whether its call waits for the network because of that: nothing was sent, so it is the
    /// first attempt that waits, and no attempt was spent.
    pub(crate) fn is_cut_off_by(&mut self, session: SessionRef, call: Option<CallId>, failure: &Failure<J>) -> bool {
        if !self.page.looks_offline || failure.kind != FailureKind::Unsent {
            return false;
        }
        self.page.tried.insert(session, Wait::Waits);
        let record = call.and_then(|call| self.calls.get(call));
        record.is_some_and(|record| !record.is_machines())
    }

    /// A server answered, whatever the browser says.
    pub(crate) fn note_reached(&mut self, session: SessionRef) {
        if self.page.tried.remove(session).is_some() {
            self.open_at_once(session);
            self.pump(session);
        }
    }

    /// The session is wanted: where only a hint makes it wait, it tries once more.
    pub(crate) fn try_network(&mut self, session: SessionRef) {
        let Some(wait) = self.page.tried.get_mut(session) else { return };
        *wait = Wait::TriesAgain;
        let handshake = self.store.get_mut(session).and_then(|record| record.handshake.as_mut());
        if handshake.is_some_and(|handshake| std::mem::take(&mut handshake.offline)) {
            self.attempt(session);
        }
    }

    /// A handshake waits for the network as long as it may take. Returns whether it has to.
    pub(crate) fn waits_for_network(&mut self, session: SessionRef) -> bool {
        if !self.is_cut_off(session) {
            return false;
        }
        let Some(record) = self.store.get_mut(session) else { return false };
        let until = self.now.after(record.server.init_timeout);
        let Some(handshake) = record.handshake.as_mut() else { return false };
        handshake.next_attempt = Some(until);
        let waited = std::mem::replace(&mut handshake.offline, true);
        self.timers.arm(until, Timer::Handshake(session));
        if waited {
            self.report_offline(session);
        }
        true
    }

    /// Who connects has no deadline but that of the handshake. Calls on a session that lived have their own.
    fn report_offline(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        let error = record.told(Error::new(ErrorCode::NetworkError, "the host is offline"));
        if record.generation == 0 {
            return self.give_up(session, error);
        }
        let waiting = std::mem::take(&mut record.connecting);
        for call in waiting {
            self.reject(call, error.clone());
        }
    }

    /// There is a network again: nobody waits out a delay that was drawn without one.
    /// The application's word beats the browser's.
    fn come_online(&mut self, is_certain: bool) {
        let looked_offline = std::mem::take(&mut self.page.looks_offline);
        let was_offline = is_certain && std::mem::take(&mut self.page.offline);
        self.page.tried = Table::default();
        if self.page.offline || !(was_offline || looked_offline) {
            return;
        }
        let now = self.now;
        for call in self.calls.keys_where(|_| true) {
            if let Some(Stage::RestingToSend(until) | Stage::RestingToResume(until)) =
                self.calls.get_mut(call).map(|record| &mut record.stage)
            {
                *until = now;
                self.on_rested(call);
            }
        }
        for session in self.store.references() {
            let Some(record) = self.store.get_mut(session) else { continue };
            let is_wanted = record.is_wanted();
            match &mut record.handshake {
                // A server's own request to come later still holds.
                Some(handshake) if handshake.offline || handshake.rests_of_itself() => {
                    handshake.offline = false;
                    self.attempt(session);
                }
                None if record.state == State::Degraded => self.recover_again(session),
                // Nobody waits out a backoff that was drawn without a network; what is spent waits for a call.
                None if record.outage.is_some() && (is_wanted || record.state == State::Ready) => {
                    self.send_canary(session);
                }
                _ => {}
            }
            self.open_at_once(session);
            self.pump(session);
        }
        self.look_at_all_turns();
    }

    /// Another tab has heard this on the stream of the session that both share.
    fn hear(&mut self, session: SessionRef, message: J) {
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
