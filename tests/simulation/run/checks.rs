//! Invariants of every run.

use super::{Run, SERVERS, USERS, What};
use crate::chaos::Class;
use mcp_tether::core::{ErrorCode, Event, EventKind, State};
use std::collections::BTreeMap;

impl Run {
    /// Invariants at every moment.
    pub(super) fn check(&mut self) {
        self.check_expiries();
        self.check_outages();
        self.check_pings();
        self.check_promises();
        self.check_losses();
        for (call, made) in &self.made {
            let end = self.world.settled.get(call).map_or(self.world.now, |(at, _)| *at);
            let late = self.world.waiting.contains(call) || self.world.settled.contains_key(call);
            let deadline = made.deadline.unwrap_or(u64::MAX);
            assert!(!late || end <= deadline, "call {} is late: made at {}, now {}", call.0, made.at, self.world.now);
        }
        for (mark, times) in &self.world.network.executed {
            let most = if self.world.network.unsafe_marks.contains(mark) { 1 } else { 1 + self.attempts };
            assert!(*times <= most, "call {mark} was executed {times} times");
        }
        self.check_stats();
        for record in self.world.storage.entries.values() {
            let is_ended = self.world.network.names_ended(&record.to_string());
            assert!(!is_ended, "a terminated session is stored: {record}");
        }
        let goes_on = self.world.next_wake().is_some() || self.world.expects_something();
        assert!(self.world.waiting.is_empty() || goes_on, "no pending event for waiting calls");
    }

    /// An outage is emitted once, and ends before the next.
    fn check_outages(&mut self) {
        for event in &self.world.events[self.checked..] {
            let key = (event.user_id.clone(), event.server_name.clone());
            match event.kind {
                EventKind::OutageStarted => {
                    self.outages += 1;
                    assert!(self.in_outage.insert(key), "an outage began within an outage");
                }
                EventKind::OutageEnded => assert!(self.in_outage.remove(&key), "an outage ended that never began"),
                EventKind::SessionTerminated => drop(self.in_outage.remove(&key)),
                // Only canaries are sent, and handshakes if the session was lost before.
                EventKind::RequestSent if self.in_outage.contains(&key) => {
                    let method = event.detail.method.as_deref().unwrap_or_default();
                    let is_canary = matches!(method, "ping" | "initialize" | "server/discover");
                    assert!(is_canary, "{method} was sent in an outage of {key:?}");
                }
                _ => {}
            }
        }
    }

    /// One ping of a session is in flight at a time, whatever has asked for it: a canary, a suspicion, the keep-alive.
    fn check_pings(&mut self) {
        for event in &self.world.events[self.checked..] {
            if event.detail.method.as_deref() != Some("ping") {
                continue;
            }
            let key = (event.user_id.clone(), event.server_name.clone());
            match event.kind {
                EventKind::RequestSent => {
                    let before = self.pings.insert(key, event.detail.request_id.unwrap_or_default());
                    assert!(before.is_none() || before == event.detail.replaces, "a ping was sent beside another");
                }
                EventKind::RequestSettled => drop(self.pings.remove(&key)),
                _ => {}
            }
        }
    }

    /// Invariants of runs about one fault.
    fn check_promises(&mut self) {
        let network = &self.world.network;
        for (call, made) in &self.made {
            let has_result = matches!(self.world.settled.get(call), Some((_, Ok(_))));
            // A server that changes its revision during a call may leave discovery as the last request.
            let has_run = network.executed.contains_key(&call.0) || network.rounds.contains(&call.0);
            let is_tool = made.is_marked && has_result;
            assert!(!is_tool || has_run, "call {} has a result and was never carried out", call.0);
        }
        // A session whose server is out of reach for a while, or refuses its GETs, is kept.
        for event in self.world.events.iter().skip(self.checked).filter(|_| self.class != Class::Everything) {
            let key = (event.user_id.clone(), event.server_name.clone());
            if event.kind == EventKind::RecoveryFailed && event.detail.code == Some("cors_blocked") {
                self.hidden_handshakes.insert(key);
                continue;
            }
            let is_loss = event.kind == EventKind::RecoveryStarted
                && !network.is_sse(&event.server_name)
                && !self.hidden_handshakes.contains(&key);
            assert!(!is_loss, "the session of {} with {} was given up", event.user_id, event.server_name);
        }
        match self.class {
            Class::Everything => {}
            Class::Outages => self.check_survival(),
            Class::Gets => {
                for ((user, server), count) in &self.world.network.handshakes {
                    assert!(*count <= 1, "{count} handshakes of {user} with {server}, whose POSTs were all answered");
                }
                self.check_survival();
            }
        }
    }

    /// No safe call fails, and no unsafe one unless it was sent in the outage.
    fn check_survival(&self) {
        for (call, made) in &self.made {
            let Some((_, Err(error))) = self.world.settled.get(call) else { continue };
            let network = &self.world.network;
            let may_have_run = network.thrown.contains(&call.0) || network.cut.contains(&call.0);
            let is_honest = error.code == ErrorCode::OutcomeUnknown
                && (made.what == What::Order && may_have_run || made.what == What::Notification);
            // A page that has never read an answer of a server cannot distinguish an outage from missing headers.
            let is_hidden = made.what == What::Connect
                && network.hid
                && matches!(error.code, ErrorCode::CorsBlocked | ErrorCode::CircuitOpen | ErrorCode::HttpError);
            // Of 2026-07-28: unsubscribing takes away the acknowledgement that a subscribing call waits for.
            let is_unsubscribed = error.code == ErrorCode::RequestTimeout
                || error.to_string().contains("no notifications for this resource");
            let is_unsubscribed = is_unsubscribed && made.what == What::Safe && !made.is_marked;
            let is_ok = is_honest || is_unsubscribed || is_hidden || error.code == ErrorCode::Cancelled;
            assert!(is_ok, "call {} failed, made at {}: {error} {:?}", call.0, made.at, error.evidence);
        }
    }

    /// No session expires with a tool call on the wire.
    fn check_expiries(&mut self) {
        for event in &self.world.events[self.checked..] {
            let on_wire = self.on_wire.entry((event.user_id.clone(), event.server_name.clone())).or_default();
            let (id, detail) = (event.detail.request_id.unwrap_or_default(), &event.detail);
            match event.kind {
                EventKind::RequestSent if detail.method.as_deref() == Some("tools/call") => {
                    on_wire.remove(&detail.replaces.unwrap_or_default());
                    on_wire.insert(id);
                }
                EventKind::RequestSettled => drop(on_wire.remove(&id)),
                EventKind::SessionExpired => assert!(on_wire.is_empty(), "{on_wire:?} were on the wire at an expiry"),
                _ => {}
            }
        }
    }

    /// No session that its server still has is given up because of late messages about an older one.
    fn check_losses(&mut self) {
        let events = &self.world.events;
        for (at, event) in events.iter().enumerate().skip(self.checked) {
            let evidence = event.detail.evidence.as_deref().unwrap_or_default();
            // Only odd answers and outages make the client try a new session. Which of the two it keeps also depends on
            // slow answers and on sleeps of the host.
            let by_trial =
                evidence.starts_with("requests with the old id still fail") && !self.world.network.has_been_odd();
            let by_server = matches!(event.detail.code, Some("session_terminated" | "session_invalid"))
                && event.detail.evidence.as_ref().is_some_and(|evidence| evidence.starts_with("HTTP"));
            if event.kind != EventKind::SessionError || !(by_server || by_trial && self.world.network.faults == 0) {
                continue;
            }
            let same = |other: &&Event| {
                other.kind == EventKind::SessionCreated
                    && (&other.user_id, &other.server_name) == (&event.user_id, &event.server_name)
            };
            let lost = events[..at].iter().rev().find(same).and_then(|created| created.detail.session_id.as_deref());
            let alive = lost.is_some_and(|id| self.world.network.is_alive(id));
            assert!(!alive, "{lost:?} was given up, and its server knows it: {:?}", event.detail.evidence);
        }
        self.checked = events.len();
    }

    fn check_stats(&self) {
        let keys = USERS.iter().flat_map(|user| SERVERS.iter().map(move |server| (user, server)));
        let infos: Vec<_> = keys.filter_map(|(user, server)| self.world.machine.info(user, server)).collect();
        let stats = self.world.machine.stats();
        let users = USERS.iter().filter(|user| infos.iter().any(|info| info.user_id == **user)).count();
        let in_use = |state| matches!(state, State::Ready | State::Recovering | State::Outage);
        let active = infos.iter().filter(|info| in_use(info.state)).count();
        assert_eq!((stats.total_users, stats.total_sessions, stats.active_sessions), (users, infos.len(), active));
        let metrics: BTreeMap<&str, u64> = self.world.machine.metrics().into_iter().collect();
        let count = |kind: EventKind| self.world.events.iter().filter(|event| event.kind == kind).count() as u64;
        assert_eq!(metrics["created"], count(EventKind::SessionCreated));
        assert_eq!(metrics["recovered"], count(EventKind::RecoverySucceeded));
        assert_eq!(metrics["recoveryFailed"], count(EventKind::RecoveryFailed));
        assert_eq!(metrics["outages"], self.outages);
        assert_eq!(metrics["expired"], count(EventKind::SessionExpired));
    }
}
