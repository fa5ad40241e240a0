//! How long a call is waited for: its deadline, the progress that moves it, and the caller who gives up.

use crate::core::api::{CallId, Error, Output, SessionRef, State};
use crate::core::kit::text::{concat, decimal};
use crate::core::kit::time::{Instant, earlier};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc;
use crate::core::state::call::{Purpose, Stage};
use crate::core::state::session::Session;
use crate::core::state::session::answers::Effort;
use crate::core::state::session::liveness::Pong;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// The caller gave up.
    pub(crate) fn cancel(&mut self, call: CallId, reason: Option<&str>) {
        if !self.calls.contains(call) {
            return self.cancel_connect(call);
        }
        self.notify_cancelled(call, reason.unwrap_or("cancelled by the caller"));
        self.settle(call, Err(Error::new(ErrorCode::Cancelled, "the call was cancelled by its caller")));
    }

    /// Tells the server that nobody waits any more. Closing the connection would not say so (2025-11-25 basic/transports:
    /// a disconnect SHOULD NOT be read as cancellation), and `initialize` MUST NOT be cancelled (basic/utilities/cancellation).
    fn notify_cancelled(&mut self, call: CallId, reason: &str) {
        let Some(record) = self.calls.get(call) else { return };
        let sent = matches!(record.stage, Stage::Sent(_) | Stage::Accepted | Stage::RestingToResume(_));
        let owner = self.store.get(record.session);
        let is_current =
            owner.is_some_and(|owner| owner.state == State::Ready && owner.generation == record.generation);
        // 2026-07-28 basic/patterns/cancellation: there the end of the stream says it all.
        let is_modern = owner.is_some_and(Session::is_modern);
        if !sent || !is_current || is_modern || record.is_handshake() || record.is_notification() {
            return;
        }
        let params =
            J::object().with("requestId", jsonrpc::number(record.request_id)).with("reason", J::string(reason));
        let session = record.session;
        let body = jsonrpc::notification("notifications/cancelled", Some(&params));
        self.post(session, body, Effort::Once, None);
    }

    /// The wait for an answer, or for progress, is over.
    pub(crate) fn on_deadline(&mut self, call: CallId) {
        let Some(record) = self.calls.get(call) else { return };
        if record.deadline > self.now {
            return;
        }
        if self.grace_until > self.now {
            return self.move_deadline(call, self.grace_until);
        }
        // A ping has no caller, and nothing to cancel at the server.
        if record.pings() {
            let error = Error::new(ErrorCode::RequestTimeout, "no answer to a ping in time");
            return self.end_ping(call, Pong::Silent, error);
        }
        // The request is over, and the client's own user is what is waited for (2026-07-28 basic/patterns/mrtr).
        let is_last = record.last_deadline.is_some_and(|last| last <= self.now);
        if !is_last && self.waits_for_token(call) {
            return self.hold_deadline(call);
        }
        let Some(record) = self.calls.get(call) else { return };
        // The request is over, and the client's own user is what is waited for (2026-07-28 basic/patterns/mrtr).
        if matches!(record.stage, Stage::Asking) && record.reset_on_progress && !is_last {
            return self.renew_deadline(call);
        }
        // It was answered, or its outcome is unknown: more time would only have told what to make of that.
        if let Some(error) = record.undecided() {
            return self.settle(call, Err(error));
        }
        let (session, was_sent) = (record.session, !record.is_unsent());
        let waited = self.now.since(record.started);
        self.notify_cancelled(call, "timed out");
        let sentence = if was_sent {
            "no answer within the deadline"
        } else {
            "the deadline passed before the request could be sent"
        };
        let mut error =
            Error::new(ErrorCode::RequestTimeout, sentence).seen(concat(&["waited ", &decimal(waited), " ms"]));
        error.retryable = !was_sent;
        // While its own client is being asked, a server is not silent.
        let is_users = self
            .calls
            .get(call)
            .is_some_and(|record| record.purpose == Purpose::User && !matches!(record.stage, Stage::Asking));
        self.settle(call, Err(error));
        if was_sent && is_users {
            self.on_silence(session);
        }
    }

    /// Progress of a running call: it lives, so its wait starts anew.
    /// A server may report on the calls of its own session alone.
    pub(crate) fn on_progress(&mut self, session: SessionRef, request: u64, progress: J) {
        let Some(call) = self.by_request.get(request).copied() else { return };
        if self.calls.get(call).is_some_and(|record| record.session == session) {
            self.renew_deadline(call);
            self.out.push_back(Output::Progress { call, progress });
        }
    }

    /// The server works on the call: its wait starts anew, unless its caller does not want that.
    pub(crate) fn renew_deadline(&mut self, call: CallId) {
        let Some(record) = self.calls.get(call).filter(|record| record.reset_on_progress) else { return };
        let deadline = earlier(self.now.after(record.timeout), record.last_deadline);
        self.move_deadline(call, deadline);
    }

    /// Whether a call waits for the user's consent, in the form of a token, and not for the server.
    fn waits_for_token(&self, call: CallId) -> bool {
        self.calls.get(call).is_some_and(|record| {
            matches!(record.stage, Stage::Queued(_))
                && self.store.get(record.session).is_some_and(|owner| owner.credentials.is_asking())
        })
    }

    /// The deadline of a call that waits for a token stands still, all but that of `maxTotalTimeout`. What was left of it
    /// when the wait began is kept for when it ends.
    fn hold_deadline(&mut self, call: CallId) {
        let now = self.now;
        let Some(record) = self.calls.get_mut(call) else { return };
        let Some(owner) = self.store.get(record.session) else { return };
        let since = owner.credentials.asked_at().unwrap_or_default();
        let left = record.deadline.since(since.max(record.started));
        record.left.get_or_insert(left);
        let to = earlier(now.after(owner.server.auth_timeout), record.last_deadline);
        self.move_deadline(call, to);
    }

    /// The wait for a token that began `since` is over.
    pub(crate) fn resume_deadlines(&mut self, session: SessionRef, since: Instant) {
        let now = self.now;
        for call in
            self.calls.keys_where(|record| record.session == session && matches!(record.stage, Stage::Queued(_)))
        {
            let Some(record) = self.calls.get_mut(call) else { continue };
            let left = record.left.take().unwrap_or_else(|| record.deadline.since(since.max(record.started)));
            let to = earlier(now.after(left), record.last_deadline);
            self.move_deadline(call, to);
        }
    }

    fn move_deadline(&mut self, call: CallId, to: Instant) {
        let Some(record) = self.calls.get_mut(call) else { return };
        let before = std::mem::replace(&mut record.deadline, to);
        self.timers.disarm(before, Timer::Deadline(call));
        self.timers.arm(to, Timer::Deadline(call));
    }
}
