//! One run: callers act at random moments, and the invariants must hold whatever happens.

mod checks;
mod ends;
mod faults;

use crate::chaos::{Chaos, Class, Era};
use crate::reply::{Data, Step};
use crate::world::{World, configured};
use mcp_tether::core::config::Connections;
use mcp_tether::core::{CallId, ConnectOptions, PageNotification, RequestOptions, Rng, SessionRef};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const USERS: [&str; 3] = ["ann", "bob", "eve"];
const SERVERS: [&str; 2] = ["one", "two"];
/// Between two outages of a run about outages: longer than any backoff, so that every session has recovered.
const BETWEEN_OUTAGES: u64 = 90_000;
/// The timeout of a call in such a run, in which it has to outlast an outage.
const LONG: u64 = 30 * 60_000;
/// The time limit for a provider that never settles, which is not counted against calls.
const AUTH_TIMEOUT: u64 = 5 * 60_000 + GRACE;
/// A sleep gives calls whose deadline passed during it some extra time.
const GRACE: u64 = 2_000;
/// A connect makes a few attempts, each with a timeout, and may get a `Retry-After` of five minutes.
const CONNECT_CAP: u64 = 25 * 60_000;
/// How long after the last fault everything must work: the longest pause of a breaker and of a canary, twice.
const HEALING: u64 = 20 * 60_000;

struct Made {
    at: u64,
    deadline: Option<u64>,
    what: What,
    /// Whether it is a tool call, which the servers count.
    is_marked: bool,
}

/// The kind of a call, which determines the permitted outcomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Connect,
    /// A request that may be executed twice.
    Safe,
    /// A tool that may be executed once.
    Order,
    Notification,
    End,
}

struct Run {
    world: World<Chaos>,
    rng: Rng,
    sessions: BTreeMap<(usize, usize), SessionRef>,
    made: BTreeMap<CallId, Made>,
    /// Time spent asleep, by which deadlines may be late.
    slept: u64,
    /// Whether discovery is on, so that servers may change their revision.
    asks: bool,
    /// How often a safe call may be retried.
    attempts: u32,
    /// The number of events examined.
    checked: usize,
    /// Tool calls on the wire, by (user, server).
    on_wire: BTreeMap<(String, String), BTreeSet<u64>>,
    class: Class,
    /// How long each server may be out of reach without any call failing.
    patience: Vec<u64>,
    /// When the last of those outages ends.
    away_until: u64,
    /// Whether a user's tokens come from a provider.
    has_auth: bool,
    /// Users and servers with an outage that was emitted and has not ended.
    in_outage: BTreeSet<(String, String)>,
    /// The JSON-RPC id of each session's ping in flight.
    pings: BTreeMap<(String, String), u64>,
    /// Users and servers without a session because a browser hid the middle of a handshake, which is final on a server
    /// whose CORS headers are insufficient.
    hidden_handshakes: BTreeSet<(String, String)>,
    /// The number of outages emitted.
    outages: u64,
}

/// Runs one seed; records a trace if it is going to be printed.
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

/// The situations that occurred in a run, to see that none is left out.
pub type Tally = BTreeMap<String, u64>;

impl Run {
    fn new(seed: u64, diary: bool) -> Self {
        let mut rng = Rng::seeded(seed);
        let class = Class::of(seed);
        let is_outages = class == Class::Outages;
        let any_replay = ["refused", "safe", "never"][rng.up_to(5).min(2) as usize];
        let replay = if class == Class::Everything { any_replay } else { "refused" };
        let protocol = ["auto", "auto", "legacy"][rng.up_to(2) as usize];
        let mut chaos = Chaos::new(seed, &SERVERS);
        let attempts = if class == Class::Everything { rng.up_to(4) } else { 2 + rng.up_to(4) };
        let server = |name: &str, rng: &mut Rng| {
            let is_known = chaos.is_sse(name) && rng.up_to(1) == 0;
            let any_timeout = [20_000, 100_000, 3_600_000][rng.up_to(2) as usize];
            let timeout = if class == Class::Everything { any_timeout } else { 24 * 3_600_000 };
            json!({
                "protocolVersion": protocol,
                "type": if is_known { "sse" } else { "http" },
                "url": format!("https://{name}.test/mcp"),
                "headers": {"x-user": "{{USER_ID}}"},
                "timeout": if class == Class::Everything { 1000 + rng.up_to(20_000) } else { LONG },
                "initTimeout": if class == Class::Everything { 1000 } else { 8000 } + rng.up_to(10_000),
                "sessionConfig": {
                    "timeout": timeout,
                    "retryAttempts": attempts,
                    "retryDelay": if class == Class::Everything { rng.up_to(2000) } else { 100 + rng.up_to(2000) },
                    "replay": replay,
                    "lostWhen": [{"status": 419}, {"message": "this conversation is over"}],
                },
            })
        };
        let mut servers = json!({"one": server("one", &mut rng), "two": server("two", &mut rng)});
        if rng.up_to(3) == 0 && class == Class::Everything {
            servers["two"]["sessionConfig"]["maxAge"] = json!(20_000 + rng.up_to(100_000));
        }
        if rng.up_to(3) == 0 {
            servers["one"]["sessionConfig"]["keepAlive"] = json!(10_000 + rng.up_to(100_000));
        }
        let max_queued = if class == Class::Everything { rng.up_to(20) } else { 2_000 };
        let mut options = json!({"limits": {"maxInFlight": 1 + rng.up_to(8), "maxQueued": max_queued}});
        if rng.up_to(2) == 0 {
            options["storage"] = json!({});
        }
        if seed.is_multiple_of(4) {
            options["limits"]["maxStreamsPerOrigin"] = json!(1);
        }
        let patience = SERVERS.iter().map(|name| patience(&servers[name]["sessionConfig"])).collect();
        let mut config = configured(&json!({"mcpServers": servers}), &options);
        config.connections = [Connections::Unlimited, Connections::Page, Connections::Worker][(seed % 3) as usize];
        if protocol == "legacy" {
            SERVERS.iter().for_each(|name| chaos.change_era(name, Era::Legacy));
        }
        let mut world = World::new(config, chaos, seed);
        world.diary = diary.then(String::new);
        world.storage.hangs = !is_outages && rng.up_to(9) == 0;
        let has_auth = class == Class::Everything && rng.up_to(3) == 0;
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
            class,
            patience,
            away_until: 0,
            has_auth,
            in_outage: BTreeSet::new(),
            pings: BTreeMap::new(),
            hidden_handshakes: BTreeSet::new(),
            outages: 0,
        }
    }

    fn make(&mut self, call: CallId, what: What, limit: Option<u64>) {
        let at = self.world.now;
        let late = self.slept + if self.has_auth { AUTH_TIMEOUT } else { 0 };
        self.made.insert(call, Made { at, what, is_marked: false, deadline: limit.map(|limit| at + limit + late) });
    }

    fn operate(&mut self) {
        // Most events concern one session, so that its faults meet each other.
        let user = self.rng.up_to(5).saturating_sub(3) as usize;
        let server = self.rng.up_to(3).saturating_sub(2) as usize;
        let any = self.rng.up_to(40);
        match any {
            // Runs about one fault have no other faults.
            13 | 15..=17 | 21..=32 if self.class != Class::Everything => {
                if self.class == Class::Outages {
                    self.short_outage();
                }
            }
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
            23 => self.stop_midway(user, server),
            24..=26 => self.outage(server),
            27..=28 => self.spell(server),
            29 => self.offline(user, server),
            30 => self.page(PageNotification::Online, user, server),
            31 => self.page(PageNotification::Retire, user, server),
            32 => self.page(PageNotification::Save, user, server),
            33 => self.cancel(),
            34..=37 => self.call(user, server),
            38..=39 => self.burst(user, server),
            _ => {
                let notification =
                    if self.rng.up_to(1) == 0 { PageNotification::Park } else { PageNotification::Unpark };
                self.page(notification, user, server);
            }
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
                let user = USERS.iter().position(|name| *name == info.user_id).expect("a known user");
                let server = SERVERS.iter().position(|name| *name == info.server_name).expect("a known server");
                self.sessions.insert((user, server), session);
            }
        }
        self.sessions.get(&(user, server)).copied()
    }

    fn connect(&mut self, user: usize, server: usize) {
        let options = ConnectOptions { has_auth: self.has_auth && user == 0, ..ConnectOptions::default() };
        let call = self.world.begin_connect(USERS[user], SERVERS[server], options);
        self.make(call, What::Connect, Some(CONNECT_CAP));
    }

    fn call(&mut self, user: usize, server: usize) {
        let Some(session) = self.session(user, server) else { return self.connect(user, server) };
        let (timeout, total) = if self.class == Class::Everything {
            let timeout = 100 + self.rng.up_to(30_000);
            (timeout, timeout + self.rng.up_to(20_000))
        } else {
            (LONG, LONG)
        };
        let tool = ["read", "set", "order", "order"][self.rng.up_to(3) as usize];
        let options = RequestOptions {
            timeout: Some(timeout),
            max_total_timeout: Some(total),
            reset_on_progress: self.rng.up_to(1) == 0,
            ..RequestOptions::default()
        };
        // The world gives this number to the next call.
        let mark = self.world.next_number();
        if tool == "order" {
            self.world.network.unsafe_marks.insert(mark);
        }
        let params = json!({"name": tool, "arguments": {"mark": mark}});
        let call = self.world.request(session, "tools/call", params, options);
        assert_eq!(call.0, mark);
        self.make(call, if tool == "order" { What::Order } else { What::Safe }, Some(total));
        self.made.entry(call).and_modify(|made| made.is_marked = true);
    }

    fn burst(&mut self, user: usize, server: usize) {
        for _ in 0..self.rng.up_to(20) {
            self.call(user, server);
        }
    }

    fn notify(&mut self, user: usize, server: usize) {
        let Some(session) = self.session(user, server) else { return };
        let call = self.world.notify(session, "notifications/x");
        let most = if self.class == Class::Everything { 60_000 } else { LONG };
        self.make(call, What::Notification, Some(most));
    }

    fn set(&mut self, user: usize, server: usize) {
        let Some(session) = self.session(user, server) else { return };
        let (method, params) = match self.rng.up_to(3) {
            0 => ("logging/setLevel", json!({"level": "debug"})),
            1 => ("resources/subscribe", json!({"uri": "file:///a"})),
            2 => ("resources/unsubscribe", json!({"uri": "file:///a"})),
            _ => ("tools/list", Value::Null),
        };
        let most = if self.class == Class::Everything { 60_000 } else { LONG };
        let timeout = Some(most).filter(|_| self.class != Class::Everything);
        let options = RequestOptions { timeout, max_total_timeout: Some(most), ..RequestOptions::default() };
        let call = self.world.request(session, method, params, options);
        self.make(call, What::Safe, Some(most));
    }

    fn cancel(&mut self) {
        let waiting: Vec<CallId> = self.world.waiting.iter().copied().collect();
        if !waiting.is_empty() {
            let call = waiting[self.rng.up_to(waiting.len() as u64 - 1) as usize];
            self.world.cancel(call);
        }
    }

    /// A server sends a message on one of its streams, a GET stream or a call's.
    fn push(&mut self) {
        let open = self.world.open_streams();
        if open.is_empty() {
            return;
        }
        let get = open[self.rng.up_to(open.len() as u64 - 1) as usize];
        let id = self.world.session_of(get).unwrap_or_default();
        let number = self.rng.next_u64() % 100_000;
        let message = |method: &str| json!({"jsonrpc": "2.0", "method": method});
        // If only GETs fail, what a server kept of a call is found again.
        let is_stream = self.world.open_gets().contains(&get) && !self.world.newest.contains_key(&get);
        let cursor = Some(format!("{id}+p{number}")).filter(|_| is_stream || self.class != Class::Gets);
        let event = |message: Value| Step::Event(cursor.clone(), None, Data::Json(message));
        let may_end = match self.class {
            Class::Everything => true,
            Class::Outages => false,
            Class::Gets => self.world.open_gets().contains(&get),
        };
        let step = match self.rng.up_to(7) {
            0..=1 if !may_end => Step::Comment,
            0 => Step::End,
            1 => Step::Fail(mcp_tether::core::FailureKind::Broken),
            2 => Step::Comment,
            3 => event(message("notifications/tools/list_changed")),
            4 => event(json!({"jsonrpc": "2.0", "id": number, "method": "roots/list"})),
            5 => event(json!({"jsonrpc": "2.0", "id": number, "method": "ping"})),
            // An answer to no request, or to another user's.
            6 => event(json!({"jsonrpc": "2.0", "id": 900_000 + number, "result": {"stolen": true}})),
            _ => event(message("notifications/message")),
        };
        if matches!(step, Step::End | Step::Fail(_)) {
            self.world.network.close_stream(get);
        }
        self.world.push(get, step);
    }

    fn answer(&mut self) {
        if let Some((ticket, ..)) = self.world.asked.pop() {
            self.world.answer_server(ticket, Ok(json!({})));
        }
    }
}

/// How long a server may at least be out of reach until the last canary: each backoff is at least half of its maximum.
fn patience(session: &Value) -> u64 {
    let number = |name: &str| session[name].as_u64().expect("a number");
    let delays = (0..number("retryAttempts")).map(|attempt| (number("retryDelay") << attempt).min(30_000).div_ceil(2));
    delays.sum::<u64>().max(1)
}
