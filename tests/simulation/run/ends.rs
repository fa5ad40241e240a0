//! The end of a run: the faults stop, everything works again, and the manager is closed.

use super::{HEALING, Run, SERVERS, Tally, USERS};
use mcp_tether::core::{ConnectOptions, EventKind, Input, PageNotification, RequestOptions, State};
use serde_json::json;

impl Run {
    /// The faults stop: within a bounded time everything works again.
    pub(super) fn heal(&mut self) {
        self.world.network.calm_down();
        self.world.input(Input::Page { notification: PageNotification::Online, of: None });
        self.world.input(Input::Page { notification: PageNotification::Unpark, of: None });
        self.world.note(|| String::from("--- the faults stop ---"));
        self.world.run_until("everything to settle", |world| world.waiting.is_empty());
        self.check();
        let from = self.world.now;
        for (user, name) in USERS.iter().enumerate() {
            for (server, _) in SERVERS.iter().enumerate() {
                self.heal_one(user, server, from + HEALING);
                self.world.note(|| format!("--- {name} works ---"));
            }
        }
        self.world.run_for(30_000);
        // A ping from before that failed late may have begun another outage, which only a call ends.
        for (user, server) in (0..USERS.len()).flat_map(|user| (0..SERVERS.len()).map(move |server| (user, server))) {
            let info = self.world.machine.info(USERS[user], SERVERS[server]);
            if info.is_some_and(|info| info.state == State::Outage) {
                self.heal_one(user, server, self.world.now + HEALING);
            }
        }
        // A session that expires right now may still be sending its DELETE.
        let end = self.world.now + 30_000;
        self.world.run_until("no waiting call and no open exchange", |world| world.machine.is_idle());
        assert!(self.world.now <= end);
        for (user, server) in USERS.iter().flat_map(|user| SERVERS.map(|server| (user, server))) {
            let info = self.world.machine.info(user, server);
            let is_settled = info
                .as_ref()
                .is_none_or(|info| matches!(info.state, State::Ready | State::Expired) && info.in_flight == 0);
            assert!(is_settled, "{user} and {server} are left as {:?}", info.map(|info| info.state));
        }
        self.check_load();
    }

    /// Bounds on the request rate. A ping has a call that asks for it, or is one of a few canaries and suspicions.
    fn check_load(&self) {
        for ((user, server, minute), load) in &self.world.network.load {
            let of = format!("of {user} with {server} in minute {minute}");
            assert!(load.handshakes <= 45, "{} handshakes {of}", load.handshakes);
            assert!(load.gets <= 300, "{} GETs {of}", load.gets);
            let before = self.world.network.load.get(&(user.clone(), server.clone(), minute.wrapping_sub(1)));
            let calls = load.rest + before.map_or(0, |load| load.rest);
            assert!(load.pings <= 30 + calls, "{} pings and {calls} other requests {of}", load.pings);
        }
    }

    fn heal_one(&mut self, user: usize, server: usize, end: u64) {
        loop {
            assert!(self.world.now < end, "{} cannot use {} in time", USERS[user], SERVERS[server]);
            let call = self.world.begin_connect(USERS[user], SERVERS[server], ConnectOptions::default());
            self.world.run_until("the connection", |world| !world.waiting.contains(&call));
            if let Some((_, session)) = self.world.connected.get(&call) {
                let session = *session;
                let call =
                    self.world.request(session, "tools/call", json!({"name": "read"}), RequestOptions::default());
                self.world.run_until("the call", |world| !world.waiting.contains(&call));
                if self.world.outcome(call).is_ok() {
                    return;
                }
            }
            self.world.run_for(5000);
        }
    }

    pub(super) fn tally(&self) -> Tally {
        let mut tally: Tally =
            self.world.machine.metrics().into_iter().map(|(name, count)| (format!("metric {name}"), count)).collect();
        let mut add = |name: String| *tally.entry(name).or_default() += 1;
        for (_, outcome) in self.world.settled.values() {
            add(format!("outcome {}", outcome.as_ref().err().map_or("result", |error| error.code.as_str())));
        }
        for sent in &self.world.sent {
            add(format!("sent {}", sent.method()));
            if !sent.param("requestState").is_null() {
                add(String::from("sent another round"));
            }
        }
        self.world.network.seen.iter().for_each(|name| add(format!("model {name}")));
        for line in self.world.lines() {
            let known = [
                "may be lost; trying a new handshake",
                "is kept; the new one was deleted",
                "The new handshake failed, so the session",
            ];
            known.into_iter().filter(|known| line.contains(known)).for_each(|known| add(format!("line {known}")));
        }
        for event in &self.world.events {
            let code = event.detail.code.unwrap_or_default();
            add(format!("event {} {code}", event.kind.as_str()));
            let evidence = event.detail.evidence.as_deref().unwrap_or_default();
            for (name, words) in
                [("replaced after a trial", "requests with the old id still fail"), ("hidden", "the browser hides")]
            {
                if event.kind == EventKind::SessionError && evidence.starts_with(words) {
                    add(format!("lost: {name}"));
                }
            }
            if event.kind == EventKind::SessionError && evidence.contains("-32022") {
                add(String::from("event the era has changed"));
            }
        }
        tally
    }

    pub(super) fn close(&mut self) {
        let terminate = self.rng.up_to(1) == 0;
        if self.rng.up_to(1) == 0 {
            self.close_midway();
        }
        let call = self.world.close(terminate);
        if terminate {
            USERS.iter().for_each(|user| SERVERS.iter().for_each(|server| self.world.network.end(user, server)));
        }
        self.world.run_for(5000);
        assert!(self.world.settled.contains_key(&call), "closing takes five seconds at most");
        assert!(self.world.waiting.is_empty(), "no call is waiting");
        assert_eq!(self.world.next_wake(), None, "no timer is left");
        let sent = self.world.sent.len();
        for user in USERS {
            self.world.begin_connect(user, "one", ConnectOptions::default());
        }
        self.world.run_for(100_000);
        assert_eq!(self.world.sent.len(), sent, "silence");
        assert_eq!(self.world.machine.stats().total_sessions, 0);
        let mut records = self.world.storage.entries.values();
        assert!(!terminate || records.all(|record| !self.world.network.names_ended(&record.to_string())));
    }

    /// Leaves sessions in intermediate states, to be closed there.
    fn close_midway(&mut self) {
        self.world.network.calm = false;
        for server in 0..SERVERS.len() {
            match self.rng.up_to(3) {
                0 => self.world.network.lose_one(),
                1 => self.outage(server),
                2 => self.spell(server),
                _ => {}
            }
            self.connect(server, server);
            self.burst(0, server);
            let pause = self.rng.up_to(5) * self.rng.up_to(1_000);
            self.world.run_for(pause);
        }
    }
}
