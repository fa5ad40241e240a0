//! What a page knows and the machine does not: that it is offline, hidden or about to go, and what another tab has heard.

use super::calls::Stage;
use super::config::is_this_machine;
use super::error::{Error, ErrorCode};
use super::io::{News, SessionRef};
use super::json::Json;
use super::jsonrpc::{self, Head};
use super::manager::Manager;
use super::session::State;
use super::store::Key;
use super::timers::Timer;

/// What a page has said last.
#[derive(Default)]
pub(super) struct Page {
    offline: bool,
    /// New sessions begin without a stream.
    pub(super) parks: bool,
}

impl<J: Json> Manager<J> {
    /// The page says something, of one session or of all.
    pub(super) fn on_news(&mut self, news: News<J>, of: Option<Key>) {
        match news {
            News::Offline => self.page.offline = true,
            News::Online => self.come_online(),
            // Whatever is said of all holds for those to come.
            News::Park if of.is_none() => self.page.parks = true,
            News::Unpark if of.is_none() => self.page.parks = false,
            News::Share(shared) => self.share_turns(shared),
            News::Slots(ref origin, slots) => self.on_slots(origin, Some(slots), None),
            News::Crowded(ref origin, crowded) => self.on_slots(origin, None, Some(crowded)),
            _ => {}
        }
        let sessions = of.map_or_else(|| self.store.references(), |key| self.store.find(&key).into_iter().collect());
        for session in sessions {
            match &news {
                News::Offline | News::Online | News::Share(_) | News::Slots(..) | News::Crowded(..) => {}
                News::Park => self.park(session),
                News::Unpark => self.unpark(session),
                News::Retire => self.retire_session(session),
                News::Save => self.keep(session),
                News::Look => drop(self.look_again(session)),
                News::Hear(message) => self.hear(session, message.clone()),
            }
        }
    }

    /// Whether nothing gets to this session's server: the host is offline, and the server is another machine.
    pub(super) fn is_cut_off(&self, session: SessionRef) -> bool {
        self.page.offline && self.store.get(session).is_some_and(|record| !is_this_machine(&record.url))
    }

    /// A handshake waits for the network as long as it may take. Returns whether it has to.
    pub(super) fn waits_for_network(&mut self, session: SessionRef) -> bool {
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
            self.tell_offline(session);
        }
        true
    }

    /// Who connects has no deadline but that of the handshake. Calls on a session that lived have their own.
    fn tell_offline(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        let error = record.told(Error::new(ErrorCode::NetworkError, "the host is offline"));
        if record.generation == 0 {
            return self.give_up(session, error);
        }
        let waiting = std::mem::take(&mut record.connecting);
        waiting.into_iter().for_each(|call| self.reject(call, error.clone()));
    }

    /// There is a network again: nobody waits out a delay that was drawn without one.
    fn come_online(&mut self) {
        if !std::mem::take(&mut self.page.offline) {
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
