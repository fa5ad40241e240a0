//! One run: what callers do at random moments, and what must hold whatever happens.

use crate::chaos::{Chaos, Era};
use crate::reply::{Data, Step};
use crate::world::{World, configured};
use mcp_tether::core::config::Connections;
use mcp_tether::core::{CallId, ConnectOptions, Event, EventKind, RequestOptions, Rng, SessionRef, State, Target};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const USERS: [&str; 3] = ["ann", "bob", "eve"];
const SERVERS: [&str; 2] = ["one", "two"];
/// A sleep gives calls whose deadline passed in it a moment more.
const GRACE: u64 = 2_000;
/// A connection is tried a few times, each with a timeout, and may be told to wait for five minutes.
const CONNECT_CAP: u64 = 25 * 60_000;
/// How long after the last fault everything must work: the longest pause of a breaker and of a probe, twice.
const HEALING: u64 = 20 * 60_000;

struct Made {
    at: u64,
    deadline: Option<u64>,
}

struct Run {
    world: World<Chaos>,
    rng: Rng,
    sessions: BTreeMap<(usize, usize), SessionRef>,
    made: BTreeMap<CallId, Made>,
    /// Time that was slept over, which deadlines may be late by.
    slept: u64,
    /// Whether servers are asked for their era, so that they may have another one.
    asks: bool,
    /// As often may a safe call be sent again.
    attempts: u32,
    /// So many events have been looked at.
    checked: usize,
    /// Tool calls on the wire, by (user, server).
    on_wire: BTreeMap<(String, String), BTreeSet<u64>>,
}

/// Runs one seed; with a diary where it is going to be read.
pub fn run(seed: u64, diary: bool) -> Tally {
    let mut run = Run::new(seed, diary);
    for _ in 0..15 + run.rng.up_to(45) {
        run.operate();
        run.check();
    }
    run.heal();
    run.close();
    run.tally()
}

/// What a run has come across, to see that nothing is left out.
pub type Tally = BTreeMap<String, u64>;

impl Run {
    fn new(seed: u64, diary: bool) -> Self {
        let mut rng = Rng::seeded(seed);
        let replay = ["refused", "safe", "never"][rng.up_to(5).min(2) as usize];
        let protocol = ["auto", "auto", "legacy"][rng.up_to(2) as usize];
        let mut chaos = Chaos::new(seed, &SERVERS);
        let attempts = rng.up_to(4);
        let server = |name: &str, rng: &mut Rng| {
            let is_known = chaos.is_sse(name) && rng.up_to(1) == 0;
            json!({
                "protocolVersion": protocol,
                "type": if is_known { "sse" } else { "http" },
                "url": format!("https://{name}.test/mcp"),
                "headers": {"x-user": "{{USER_ID}}"},
                "timeout": 1000 + rng.up_to(20_000),
                "initTimeout": 1000 + rng.up_to(10_000),
                "sessionConfig": {
                    "timeout": ([20_000, 100_000, 3_600_000][rng.up_to(2) as usize]),
                    "retryAttempts": attempts,
                    "retryDelay": rng.up_to(2000),
                    "replay": replay,
                },
            })
        };
        let mut servers = json!({"one": server("one", &mut rng), "two": server("two", &mut rng)});
        if rng.up_to(3) == 0 {
            servers["two"]["sessionConfig"]["maxAge"] = json!(20_000 + rng.up_to(100_000));
        }
        let mut limits = json!({"limits": {"maxInFlight": 1 + rng.up_to(8), "maxQueued": rng.up_to(20)}});
        if seed.is_multiple_of(4) {
            limits["limits"]["maxStreamsPerOrigin"] = json!(1);
        }
        let mut config = configured(&json!({"mcpServers": servers}), &limits);
        config.connections = [Connections::Unlimited, Connections::Page, Connections::Worker][(seed % 3) as usize];
        if protocol == "legacy" {
            SERVERS.iter().for_each(|name| chaos.change_era(name, Era::Legacy));
        }
        let mut world = World::new(config, chaos, seed);
        world.diary = diary.then(String::new);
        Self {
            world,
            rng,
            sessions: BTreeMap::new(),
            made: BTreeMap::new(),
            slept: 0,
            asks: protocol == "auto",
            attempts: attempts as u32,
            checked: 0,
            on_wire: BTreeMap::new(),
        }
    }

    fn make(&mut self, call: CallId, limit: Option<u64>) {
        let at = self.world.now;
        self.made.insert(call, Made { at, deadline: limit.map(|limit| at + limit + self.slept) });
    }

    fn operate(&mut self) {
        // Most happens to one session: faults of one session are to meet each other.
        let user = self.rng.up_to(5).saturating_sub(3) as usize;
        let server = self.rng.up_to(3).saturating_sub(2) as usize;
        match self.rng.up_to(24) {
            0..=1 => self.connect(user, server),
            2..=8 => self.call(user, server),
            9..=10 => self.burst(user, server),
            11 => self.notify(user, server),
            12 => self.cancel(),
            13 => self.terminate(user, server),
            14 => self.set(user, server),
            15 => self.world.network.lose_one(),
            16 => self.restart(server),
            17 => self.world.network.tools_version += 1,
            18..=19 => self.push(),
            20 => self.answer(),
            21 => self.sleep(),
            22 if self.asks => {
                let era = [Era::Legacy, Era::Modern, Era::Both][self.rng.up_to(2) as usize];
                self.world.network.change_era(SERVERS[server], era);
            }
            _ => {}
        }
        let pause = match self.rng.up_to(9) {
            0 => self.rng.up_to(60_000),
            1..=2 => self.rng.up_to(3000),
            3..=7 => self.rng.up_to(50),
            _ => 0,
        };
        self.world.run_for(pause);
    }

    fn session(&mut self, user: usize, server: usize) -> Option<SessionRef> {
        for (_, session) in std::mem::take(&mut self.world.connected).into_values() {
            if let Some(info) = self.world.machine.session(session) {
                let user = USERS.iter().position(|name| *name == info.user_id).expect("a user of ours");
                let server = SERVERS.iter().position(|name| *name == info.server_name).expect("a server of ours");
                self.sessions.insert((user, server), session);
            }
        }
        self.sessions.get(&(user, server)).copied()
    }

    fn connect(&mut self, user: usize, server: usize) {
        let call = self.world.begin_connect(USERS[user], SERVERS[server], ConnectOptions::default());
        self.make(call, Some(CONNECT_CAP));
    }

    fn call(&mut self, user: usize, server: usize) {
        let Some(session) = self.session(user, server) else { return self.connect(user, server) };
        let timeout = 100 + self.rng.up_to(30_000);
        let total = timeout + self.rng.up_to(20_000);
        let tool = ["read", "set", "order", "order"][self.rng.up_to(3) as usize];
        let options = RequestOptions {
            timeout: Some(timeout),
            max_total_timeout: Some(total),
            reset_on_progress: self.rng.up_to(1) == 0,
            ..RequestOptions::default()
        };
        // The world numbers this call next.
        let mark = self.world.next_number();
        if tool == "order" {
            self.world.network.unsafe_marks.insert(mark);
        }
        let params = json!({"name": tool, "arguments": {"mark": mark}});
        let call = self.world.request(session, "tools/call", params, options);
        assert_eq!(call.0, mark);
        self.make(call, Some(total));
    }

    fn burst(&mut self, user: usize, server: usize) {
        for _ in 0..self.rng.up_to(20) {
            self.call(user, server);
        }
    }

    fn notify(&mut self, user: usize, server: usize) {
        let Some(session) = self.session(user, server) else { return };
        let call = self.world.notify(session, "notifications/x");
        self.make(call, Some(60_000));
    }

    fn set(&mut self, user: usize, server: usize) {
        let Some(session) = self.session(user, server) else { return };
        let (method, params) = match self.rng.up_to(3) {
            0 => ("logging/setLevel", json!({"level": "debug"})),
            1 => ("resources/subscribe", json!({"uri": "file:///a"})),
            2 => ("resources/unsubscribe", json!({"uri": "file:///a"})),
            _ => ("tools/list", Value::Null),
        };
        let options = RequestOptions { max_total_timeout: Some(60_000), ..RequestOptions::default() };
        let call = self.world.request(session, method, params, options);
        self.make(call, Some(60_000));
    }

    fn cancel(&mut self) {
        let waiting: Vec<CallId> = self.world.waiting.iter().copied().collect();
        if !waiting.is_empty() {
            let call = waiting[self.rng.up_to(waiting.len() as u64 - 1) as usize];
            self.world.cancel(call);
        }
    }

    fn terminate(&mut self, user: usize, server: usize) {
        let target = match (self.rng.up_to(3), self.session(user, server)) {
            (0, _) => Target::User(USERS[user].into()),
            (1, Some(session)) => Target::Session(session),
            _ => Target::Key(USERS[user].into(), SERVERS[server].into()),
        };
        let call = self.world.terminate(target);
        self.make(call, Some(5_000));
    }

    fn restart(&mut self, server: usize) {
        let until = self.world.now + [0, 100, 10_000, 120_000][self.rng.up_to(3) as usize];
        for stream in self.world.network.restart(SERVERS[server], until) {
            self.world.push(stream, Step::Fail(mcp_tether::core::FailureKind::Broken));
        }
    }

    /// A server says something on one of its streams, whether they are listened to or answer a call.
    fn push(&mut self) {
        let open = self.world.open_streams();
        if open.is_empty() {
            return;
        }
        let get = open[self.rng.up_to(open.len() as u64 - 1) as usize];
        let id = self.world.session_of(get).unwrap_or_default();
        let number = self.rng.next_u64() % 100_000;
        let message = |method: &str| json!({"jsonrpc": "2.0", "method": method});
        let event = |message: Value| Step::Event(Some(format!("{id}+p{number}")), None, Data::Json(message));
        let step = match self.rng.up_to(7) {
            0 => Step::End,
            1 => Step::Fail(mcp_tether::core::FailureKind::Broken),
            2 => Step::Comment,
            3 => event(message("notifications/tools/list_changed")),
            4 => event(json!({"jsonrpc": "2.0", "id": number, "method": "roots/list"})),
            5 => event(json!({"jsonrpc": "2.0", "id": number, "method": "ping"})),
            // An answer that nobody asked for, or that is somebody else's.
            6 => event(json!({"jsonrpc": "2.0", "id": 900_000 + number, "result": {"stolen": true}})),
            _ => event(message("notifications/message")),
        };
        self.world.push(get, step);
    }

    fn answer(&mut self) {
        if let Some((ticket, ..)) = self.world.asked.pop() {
            self.world.answer_server(ticket, Ok(json!({})));
        }
    }

    fn sleep(&mut self) {
        let span = [1000, 10_000, 100_000, 1_000_000, 10_000_000][self.rng.up_to(4) as usize];
        self.slept += span + GRACE;
        for made in self.made.values_mut() {
            made.deadline = made.deadline.map(|deadline| deadline + span + GRACE);
        }
        self.world.sleep(span);
    }

    /// What holds at every moment.
    fn check(&mut self) {
        self.check_expiries();
        self.check_losses();
        for (call, made) in &self.made {
            let end = self.world.settled.get(call).map_or(self.world.now, |(at, _)| *at);
            let late = self.world.waiting.contains(call) || self.world.settled.contains_key(call);
            let deadline = made.deadline.unwrap_or(u64::MAX);
            assert!(!late || end <= deadline, "call {} is late: made at {}, now {}", call.0, made.at, self.world.now);
        }
        for (mark, times) in &self.world.network.executed {
            let most = if self.world.network.unsafe_marks.contains(mark) { 1 } else { 1 + self.attempts };
            assert!(*times <= most, "call {mark} was carried out {times} times");
        }
        self.check_stats();
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

    /// No session is given up that its server still knows, whatever comes late on behalf of an older one.
    fn check_losses(&mut self) {
        let events = &self.world.events;
        for (at, event) in events.iter().enumerate().skip(self.checked) {
            let by_server = matches!(event.detail.code, Some("session_terminated" | "session_invalid"))
                && event.detail.evidence.as_ref().is_some_and(|evidence| evidence.starts_with("HTTP"));
            if event.kind != EventKind::SessionError || !by_server {
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
        assert_eq!(metrics["expired"], count(EventKind::SessionExpired));
    }

    /// The faults stop: within a bounded time everything works again.
    fn heal(&mut self) {
        self.world.network.calm_down();
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
        // A session that expires at this very moment may still be saying goodbye.
        let end = self.world.now + 30_000;
        self.world.run_until("nobody to wait and nothing to be on the wire", |world| world.machine.is_idle());
        assert!(self.world.now <= end);
        for ((user, server, minute), (handshakes, gets)) in &self.world.network.load {
            assert!(*handshakes <= 45, "{handshakes} handshakes of {user} with {server} in minute {minute}");
            assert!(*gets <= 300, "{gets} GETs of {user} to {server} in minute {minute}");
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

    fn tally(&self) -> Tally {
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
        for event in &self.world.events {
            let code = event.detail.code.unwrap_or_default();
            add(format!("event {} {code}", event.kind.as_str()));
            let evidence = event.detail.evidence.as_deref().unwrap_or_default();
            if event.kind == EventKind::SessionError && evidence.contains("-32022") {
                add(String::from("event the era has changed"));
            }
        }
        tally
    }

    fn close(&mut self) {
        let terminate = self.rng.up_to(1) == 0;
        let call = self.world.close(terminate);
        self.world.run_for(5000);
        assert!(self.world.settled.contains_key(&call), "closing takes five seconds at most");
        assert!(self.world.waiting.is_empty(), "nobody waits any more");
        assert_eq!(self.world.next_wake(), None, "no timer is left");
        let sent = self.world.sent.len();
        for user in USERS {
            self.world.begin_connect(user, "one", ConnectOptions::default());
        }
        self.world.run_for(100_000);
        assert_eq!(self.world.sent.len(), sent, "silence");
        assert_eq!(self.world.machine.stats().total_sessions, 0);
    }
}
