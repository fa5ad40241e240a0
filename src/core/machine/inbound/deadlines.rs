//! Timeouts of calls: deadlines, progress that extends them, and cancellation by the caller.

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
    /// Cancels a call or a `connect` for its caller.
    pub(crate) fn cancel(&mut self, call: CallId, reason: Option<&str>) {
        if !self.calls.contains(call) {
            return self.cancel_connect(call);
        }
        self.notify_cancelled(call, reason.unwrap_or("cancelled by the caller"));
        self.settle(call, Err(Error::new(ErrorCode::Cancelled, "the call was cancelled by its caller")));
    }

    /// Sends `notifications/cancelled`. Closing the connection does not cancel (2025-11-25 basic/transports: a
    /// disconnect SHOULD NOT be read as cancellation), and `initialize` MUST NOT be cancelled
    /// (basic/utilities/cancellation).
    fn notify_cancelled(&mut self, call: CallId, reason: &str) {
        let Some(record) = self.calls.get(call) else { return };
        let sent = matches!(record.stage, Stage::Sent(_) | Stage::Accepted | Stage::BackoffToResume(_));
        let owner = self.store.get(record.session);
        let is_current =
            owner.is_some_and(|owner| owner.state == State::Ready && owner.generation == record.generation);
        // 2026-07-28 basic/patterns/cancellation: closing the stream cancels the request.
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

    /// The deadline of a call passed.
    pub(crate) fn on_deadline(&mut self, call: CallId) {
        let Some(record) = self.calls.get(call) else { return };
        if record.deadline > self.now {
            return;
        }
        if self.grace_until > self.now {
            return self.move_deadline(call, self.grace_until);
        }
        // A ping has no caller, and cancelling it would save the server no work.
        if record.pings() {
            let error = Error::new(ErrorCode::RequestTimeout, "no answer in time");
            return self.end_ping(call, Pong::Silent, error);
        }
        let is_last = record.last_deadline.is_some_and(|last| last <= self.now);
        if !is_last && self.waits_for_token(call) {
            return self.suspend_deadline(call);
        }
        let Some(record) = self.calls.get(call) else { return };
        // The request was answered with a round that the user completes; the server is not silent (2026-07-28
        // basic/patterns/mrtr).
        if matches!(record.stage, Stage::Asking) && record.reset_on_progress && !is_last {
            return self.renew_deadline(call);
        }
        // The call has an answer or a known error and only the decision about a retry is pending. That error says more
        // than a timeout.
        if let Some(error) = record.undecided() {
            return self.settle(call, Err(error));
        }
        self.time_out(call);
    }

    fn time_out(&mut self, call: CallId) {
        let Some(record) = self.calls.get(call) else { return };
        let (session, was_sent) = (record.session, !record.is_unsent());
        let waited = self.now.since(record.started);
        // During a round the client's own user is slow, not the server.
        let is_servers = was_sent && record.purpose == Purpose::User && !matches!(record.stage, Stage::Asking);
        self.notify_cancelled(call, "timed out");
        let sentence = if was_sent {
            "no answer within the deadline"
        } else {
            "the deadline passed before the request could be sent"
        };
        let mut error =
            Error::new(ErrorCode::RequestTimeout, sentence).seen(concat(&["waited ", &decimal(waited), " ms"]));
        error.retryable = !was_sent;
        self.settle(call, Err(error));
        if is_servers {
            self.on_silence(session);
        }
    }

    /// Extends the deadline of a running call. A server may report progress only for calls of its own session.
    pub(crate) fn on_progress(&mut self, session: SessionRef, request: u64, progress: J) {
        let Some(call) = self.by_request.get(request).copied() else { return };
        if self.calls.get(call).is_some_and(|record| record.session == session) {
            self.renew_deadline(call);
            self.out.push_back(Output::Progress { call, progress });
        }
    }

    /// Restarts the timeout of a call that shows progress, unless its caller opted out.
    pub(crate) fn renew_deadline(&mut self, call: CallId) {
        let Some(record) = self.calls.get(call).filter(|record| record.reset_on_progress) else { return };
        let deadline = earlier(self.now.after(record.timeout), record.last_deadline);
        self.move_deadline(call, deadline);
    }

    /// Whether a call is blocked by the auth provider, for example by a consent screen, rather than by the server.
    fn waits_for_token(&self, call: CallId) -> bool {
        self.calls.get(call).is_some_and(|record| {
            matches!(record.stage, Stage::Queued(_))
                && self.store.get(record.session).is_some_and(|owner| owner.credentials.is_asking())
        })
    }

    /// Suspends the deadline of a call during the wait for a token, except that of `maxTotalTimeout`. The remaining
    /// time is restored afterwards.
    fn suspend_deadline(&mut self, call: CallId) {
        let now = self.now;
        let Some(record) = self.calls.get_mut(call) else { return };
        let Some(owner) = self.store.get(record.session) else { return };
        let since = owner.credentials.asked_at().unwrap_or_default();
        let left = record.deadline.since(since.max(record.started));
        record.left.get_or_insert(left);
        let to = earlier(now.after(owner.server.auth_timeout), record.last_deadline);
        self.move_deadline(call, to);
    }

    /// Restores deadlines that were suspended `since` a token was requested.
    pub(crate) fn resume_deadlines(&mut self, session: SessionRef, since: Instant) {
        let now = self.now;
        for call in
            self.calls.keys_where(&|record| record.session == session && matches!(record.stage, Stage::Queued(_)))
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
