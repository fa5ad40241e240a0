//! Settling calls.

use crate::core::api::{CallId, Detail, Error, EventKind, Output};
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::call::{Call, Ended, Purpose, Stage};
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Settles a call, exactly once. The consequences follow after the input or the timer, in [`Self::follow_ends`].
    pub(crate) fn settle(&mut self, call: CallId, outcome: Result<Option<J>, Error<J>>) {
        let Some(record) = self.remove_call(call, &outcome) else { return };
        let outcome = if record.is_machines() {
            outcome
        } else {
            self.deliver(call, &record, outcome);
            Ok(None)
        };
        let Call { session, purpose, .. } = record;
        self.ended.push(Ended { session, purpose, outcome });
    }

    /// Drops one of the machine's own calls. Its outcome has no consequences.
    pub(crate) fn drop_call(&mut self, call: CallId, error: Error<J>) {
        self.remove_call(call, &Err(error));
    }

    fn remove_call(&mut self, call: CallId, outcome: &Result<Option<J>, Error<J>>) -> Option<Call<J>> {
        let record = self.calls.remove(call)?;
        self.timers.disarm(record.deadline, Timer::Deadline(call));
        self.by_request.remove(record.request_id);
        match record.stage {
            Stage::Sent(exchange) if outcome.is_ok() => self.read_trailing(exchange),
            Stage::Sent(exchange) => self.abort(exchange),
            Stage::BackoffToSend(at) | Stage::BackoffToReplay(at, _) | Stage::BackoffToResume(at) => {
                self.timers.disarm(at, Timer::Backoff(call))
            }
            Stage::Asking => self.stop_asking(call),
            _ => {}
        }
        if let Some(owner) = self.store.get_mut(record.session) {
            owner.active.remove(call);
            owner.queue.remove(call);
            // Most sessions have no call most of the time.
            owner.active.shrink();
            owner.queue.shrink();
            owner.pace.note_over(call, outcome.is_ok());
        }
        self.report_settled(&record, outcome);
        Some(record)
    }

    /// Handles the consequences of settled calls: continues with the outcomes of the machine's own calls and sends the
    /// next ones.
    pub(crate) fn follow_ends(&mut self) {
        while let Some(Ended { session, purpose, outcome }) = self.ended.pop() {
            match purpose {
                Purpose::User | Purpose::Notification => {}
                Purpose::Discovery => self.on_discovered(session, outcome),
                Purpose::Handshake => self.on_handshake_answered(session, outcome),
                Purpose::Restore => self.on_restored(session),
                Purpose::Tools => self.on_tools_answered(session, outcome),
                Purpose::Ping => self.on_pinged(session, outcome.err()),
            }
            self.pump(session);
            self.expire_if_aged(session);
        }
    }

    fn deliver(&mut self, call: CallId, record: &Call<J>, outcome: Result<Option<J>, Error<J>>) {
        let outcome = match (outcome, self.store.get(record.session)) {
            (Err(error), Some(owner)) => Err(owner.for_caller(error)),
            (outcome, _) => outcome,
        };
        match &outcome {
            Ok(_) => self.metrics.succeeded += 1,
            Err(error) => {
                self.metrics.failed += 1;
                self.metrics.outcome_unknown += u64::from(error.code == ErrorCode::OutcomeUnknown);
            }
        }
        self.out.push_back(Output::Settle { call, outcome });
    }

    fn report_settled(&mut self, record: &Call<J>, outcome: &Result<Option<J>, Error<J>>) {
        if !self.emits_events {
            return;
        }
        let detail = Detail::new()
            .method(record.method.clone())
            .request_id(Some(record.request_id).filter(|id| *id != 0))
            .outcome(outcome.as_ref().map_or_else(|error| error.code.as_str(), |_| "result"))
            .evidence(outcome.as_ref().err().and_then(|error| error.evidence.clone()))
            .duration_ms(self.now.since(record.started));
        self.event(record.session, EventKind::RequestSettled, detail);
    }
}
