//! Credentials: a 401 asks the session's auth provider once, and keeps the session.

use super::calls::Purpose;
use super::error::Error;
use super::io::{CallId, Output, SessionRef};
use super::json::Json;
use super::manager::Manager;
use super::refusal::Refusal;
use super::text::concat;
use std::rc::Rc;

impl<J: Json> Manager<J> {
    /// 401 to a call: refused unread. The provider is asked once; a second 401 is the caller's to see. Returns whether it is.
    pub(super) fn refused_credentials(&mut self, call: CallId, refusal: Refusal<'_, J>, error: Error<J>) -> bool {
        let Some((session, purpose)) = self.calls.get(call).map(|record| (record.session, record.purpose)) else {
            return false;
        };
        let Some(record) = self.store.get_mut(session) else { return false };
        // What a recovery puts back is not worth the wait: everybody else waits for the recovery.
        if !record.has_auth || purpose == Purpose::Restore {
            self.settle(call, Err(error));
            return purpose != Purpose::Restore;
        }
        // Another token is there already, or on its way; and a handshake asks for one by itself.
        let is_late = refusal.token != record.token;
        if is_late || record.awaiting_token || record.handshake.is_some() {
            self.requeue(call);
            return false;
        }
        if record.challenged {
            self.settle(call, Err(error));
            return true;
        }
        record.challenged = true;
        record.awaiting_token = true;
        self.out.push_back(Output::NeedToken { session, challenge: refusal.challenge });
        self.requeue(call);
        false
    }

    /// The provider has answered. Without a token the request goes as it is, and the server's answer stands.
    pub(super) fn on_token(&mut self, session: SessionRef, token: Option<&str>) {
        let Some(record) = self.store.get_mut(session) else { return };
        if !std::mem::take(&mut record.awaiting_token) {
            return;
        }
        let usable = token.filter(|token| super::headers::validate("authorization", token).is_ok());
        // 2026-07-28 server/utilities/caching: what is private belongs to the credentials that it was asked with.
        record.cache.clear();
        record.token = usable.map(|token| Rc::from(concat(&["Bearer ", token])));
        if record.handshake.is_some() { self.attempt(session) } else { self.pump(session) }
    }
}
