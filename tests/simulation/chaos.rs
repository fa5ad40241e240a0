//! A model MCP server with every fault of the verdict table. It records the truth: which ids it issued to which user,
//! and how often it executed each call. What a server must never see is asserted on arrival.

mod faults;
mod reach;
mod serve;
mod watch;

use crate::reply::{Reply, Step, http, http_json};
use crate::world::{Network, Sent};
use mcp_tether::core::{CallId, ExchangeId, Rng, SessionRef};
use reach::Span;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The faults of a run, which determine what has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// All faults.
    Everything,
    /// Servers are out of reach for a while, shorter than the attempts last, and nothing else fails.
    Outages,
    /// GETs are refused and streams of calls are cut, and every POST is answered.
    Gets,
}

impl Class {
    /// The class of a seed. Each of the test's four threads gets some of each.
    pub fn of(seed: u64) -> Self {
        match seed % 10 {
            3 => Self::Outages,
            8 => Self::Gets,
            _ => Self::Everything,
        }
    }
}

/// The owner of an id, and whether it is valid.
struct Issued {
    user: String,
    server: String,
    alive: bool,
    /// The client has begun another handshake: the id must not be seen again.
    retired: bool,
    /// It was used for more than checking its validity.
    used: bool,
    /// How often it was refused after all faults had stopped.
    told: u32,
    /// A result of it has arrived.
    worked: bool,
    /// Its owner has terminated it: only DELETEs may carry it.
    ended: bool,
}

impl Issued {
    fn new(user: &str, server: &str) -> Self {
        Self {
            user: user.into(),
            server: server.into(),
            alive: true,
            retired: false,
            used: false,
            told: 0,
            worked: false,
            ended: false,
        }
    }
}

/// The revisions of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// The revisions that begin with `initialize`.
    Legacy,
    /// 2026-07-28 only.
    Modern,
    Both,
}

const MODERN: &str = "2026-07-28";

/// The properties of a server for the whole run.
struct Manners {
    stateful: bool,
    get: u64,
    lost: u64,
    streams: bool,
    /// Uses HTTP+SSE of 2024-11-05.
    sse: bool,
    /// Redirects to the address with a slash at its end.
    moved: bool,
}

/// The requests of one session in one minute.
#[derive(Default)]
pub struct Load {
    pub handshakes: u64,
    pub gets: u64,
    pub pings: u64,
    /// All other requests.
    pub rest: u64,
}

/// All servers of a run.
pub struct Chaos {
    rng: Rng,
    manners: BTreeMap<String, Manners>,
    eras: BTreeMap<String, Era>,
    issued: BTreeMap<String, Issued>,
    /// How often each marked call was executed.
    pub executed: BTreeMap<u64, u32>,
    pub unsafe_marks: BTreeSet<u64>,
    over: BTreeSet<u64>,
    /// The streams of HTTP+SSE, by session.
    sse_streams: BTreeMap<String, ExchangeId>,
    elsewhere: Vec<(ExchangeId, u64, Step)>,
    /// Results to be fetched by a resume, by cursor.
    buffered: BTreeMap<String, Value>,
    class: Class,
    /// When each server is out of reach, and in which way.
    away: Vec<Span>,
    /// When each server, or one session, gives odd answers.
    odd: Vec<Span>,
    /// Whether either has occurred.
    was_odd: bool,
    /// Calls whose handlers returned something that resembles a lost session, with the session.
    doubtful: BTreeMap<u64, String>,
    /// Calls that met an outage in which the request may have been executed.
    pub thrown: BTreeSet<u64>,
    /// The situations that occurred in the run, one entry for each time.
    pub seen: Vec<&'static str>,
    /// Whether answers were hidden.
    pub hid: bool,
    /// Calls that required another round.
    pub rounds: BTreeSet<u64>,
    /// Calls whose streams were cut.
    pub cut: BTreeSet<u64>,
    /// The newest GET of each session that has an open stream.
    gets: BTreeMap<String, ExchangeId>,
    pub tools_version: u64,
    /// The percentage of requests that fail.
    pub faults: u64,
    pub calm: bool,
    /// The number of `initialize` requests of each (user, server).
    pub handshakes: BTreeMap<(String, String), u32>,
    /// Requests by (user, server) and minute.
    pub load: BTreeMap<(String, String, u64), Load>,
    count: u64,
}

impl Chaos {
    pub fn new(seed: u64, names: &[&str]) -> Self {
        let mut rng = Rng::seeded(seed ^ 0xC4A0_5000);
        let class = Class::of(seed);
        let manners = names.iter().map(|name| {
            let any_get = rng.up_to(50);
            let manners = Manners {
                stateful: rng.up_to(9) > 0,
                get: match class {
                    Class::Everything => any_get,
                    Class::Outages => [0, 19][rng.up_to(1) as usize],
                    Class::Gets => 4 + rng.up_to(46),
                },
                lost: rng.up_to(24),
                streams: rng.up_to(1) == 0,
                sse: rng.up_to(4) == 0 && class != Class::Gets,
                moved: seed % 5 == 1,
            };
            ((*name).to_owned(), manners)
        });
        let manners = manners.collect();
        let era = |rng: &mut Rng| [Era::Legacy, Era::Legacy, Era::Modern, Era::Both][rng.up_to(3) as usize];
        let eras = names.iter().map(|name| ((*name).to_owned(), era(&mut rng))).collect();
        let faults = if class == Class::Everything { [0, 5, 20, 50][rng.up_to(3) as usize] } else { 0 };
        Self {
            rng,
            manners,
            eras,
            issued: BTreeMap::new(),
            executed: BTreeMap::new(),
            unsafe_marks: BTreeSet::new(),
            over: BTreeSet::new(),
            sse_streams: BTreeMap::new(),
            elsewhere: Vec::new(),
            buffered: BTreeMap::new(),
            class,
            away: Vec::new(),
            odd: Vec::new(),
            was_odd: false,
            seen: Vec::new(),
            rounds: BTreeSet::new(),
            hid: false,
            doubtful: BTreeMap::new(),
            thrown: BTreeSet::new(),
            cut: BTreeSet::new(),
            gets: BTreeMap::new(),
            tools_version: 0,
            faults,
            calm: false,
            handshakes: BTreeMap::new(),
            load: BTreeMap::new(),
            count: 0,
        }
    }

    /// Whether a server uses HTTP+SSE.
    pub fn is_sse(&self, server: &str) -> bool {
        self.manners[server].sse
    }

    /// A server loses all sessions, and may be down for a while. Returns the streams that end with it.
    pub fn restart(&mut self, server: &str, until: u64) -> Vec<ExchangeId> {
        self.was_odd = true;
        self.away.push(Span::restart(server, until));
        let gone = self.issued.iter_mut().filter(|(_, issued)| issued.server == server);
        let gone = gone.map(|(id, issued)| {
            issued.alive = false;
            id
        });
        gone.filter_map(|id| self.sse_streams.get(id).copied()).collect()
    }

    /// A server is replaced by one of another revision, which keeps the sessions if it can.
    pub fn change_era(&mut self, server: &str, era: Era) {
        self.eras.insert(server.to_owned(), era);
        if era == Era::Modern {
            self.issued.values_mut().filter(|issued| issued.server == server).for_each(|issued| issued.alive = false);
        }
    }

    /// A server loses one session.
    pub fn lose_one(&mut self) {
        let alive: Vec<String> =
            self.issued.iter().filter(|(_, issued)| issued.alive).map(|(id, _)| id.clone()).collect();
        if let Some(id) = self.pick(&alive) {
            self.issued.get_mut(&id).expect("the session was issued").alive = false;
        }
    }

    /// Whether the session whose id has this prefix is still valid.
    pub fn is_alive(&self, short: &str) -> bool {
        let start = short.trim_end_matches('.');
        self.issued.iter().any(|(id, issued)| id.starts_with(start) && issued.alive)
    }

    /// All sessions of (user, server), and handshakes in flight, are terminated by their owner.
    pub fn end(&mut self, user: &str, server: &str) {
        let of = |issued: &&mut Issued| issued.user == user && issued.server == server;
        self.issued.values_mut().filter(of).for_each(|issued| issued.ended = true);
    }

    /// Whether this text contains the id of a terminated session.
    pub fn names_ended(&self, text: &str) -> bool {
        self.issued.iter().any(|(id, issued)| issued.ended && text.contains(id.as_str()))
    }

    /// A stream ends, so a server sends no more answers on it.
    pub fn close_stream(&mut self, exchange: ExchangeId) {
        self.gets.retain(|_, get| *get != exchange);
    }

    /// Stops all faults.
    pub fn calm_down(&mut self) {
        self.calm = true;
        self.away.clear();
    }

    /// Whether faults may occur.
    fn is_wild(&self) -> bool {
        !self.calm && self.class == Class::Everything
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { from.get(self.rng.up_to(from.len() as u64 - 1) as usize).cloned() }
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.rng.up_to(99) < percent
    }

    fn latency(&mut self) -> u64 {
        match self.rng.up_to(9) {
            0 if self.is_wild() => self.rng.up_to(20_000),
            1 => self.rng.up_to(500),
            _ => self.rng.up_to(20),
        }
    }
}

fn is_modern(sent: &Sent) -> bool {
    sent.header("mcp-protocol-version") == Some(MODERN)
}

fn refused_version(supported: &str) -> Reply {
    let data = json!({"supported": [supported], "requested": "?"});
    let error = json!({"code": -32022, "message": "Unsupported protocol version", "data": data});
    http_json(400, json!({"jsonrpc": "2.0", "id": null, "error": error}))
}

/// The mark of a tool call, which identifies it across retries.
fn mark(sent: &Sent) -> Option<u64> {
    sent.param("arguments")["mark"].as_u64()
}

/// The session of a request: named in its header, or in its endpoint.
fn session(sent: &Sent) -> Option<&str> {
    sent.session().or_else(|| Some(sent.url.split_once("?sessionId=")?.1))
}

fn handshake(server: &str) -> Value {
    json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": server, "version": "1"}})
}

impl Network for Chaos {
    fn answer(&mut self, sent: &Sent) -> Reply {
        let server = sent.url.trim_start_matches("https://").split('.').next().unwrap_or_default().to_owned();
        let user = sent.header("x-user").expect("every request names its user").to_owned();
        self.check(sent, &user, &server);
        if self.manners[&server].moved && !self.is_sse(&server) && sent.url.ends_with("/mcp") {
            self.seen.push("a redirect");
            return crate::reply::redirect(308, Some("/mcp/"));
        }
        self.note_load(sent, &user, &server);
        let latency = self.latency();
        let reply = if let Some(reply) = self.out_of_reach(sent, &server) {
            reply
        } else if let Some(reply) = self.answer_oddly(sent, &server) {
            reply
        } else if !self.calm && self.chance(self.faults) {
            self.unexecuted(sent)
        } else if self.is_sse(&server) {
            self.serve_sse(sent, &user, &server)
        } else if is_modern(sent) && self.eras[&server] == Era::Legacy {
            self.misunderstood(&server)
        } else if is_modern(sent) {
            self.serve_modern(sent, &server)
        } else if self.eras[&server] == Era::Modern {
            if sent.verb == "POST" { refused_version(MODERN) } else { http(405, "") }
        } else if sent.verb == "GET" && sent.session().is_none() {
            http(if self.chance(50) { 405 } else { 400 }, "")
        } else if sent.method() == "initialize" {
            self.initialize(&user, &server)
        } else if self.manners[&server].stateful && !sent.session().is_some_and(|id| self.issued[id].alive) {
            self.lost(sent, &server)
        } else {
            self.serve(sent, &server)
        };
        if let ("GET", Some(id), true) = (sent.verb, sent.session(), reply.is_open_stream()) {
            self.gets.insert(id.to_owned(), sent.exchange);
        }
        reply.after(latency)
    }

    fn elsewhere(&mut self) -> Vec<(ExchangeId, u64, Step)> {
        std::mem::take(&mut self.elsewhere)
    }

    fn settled(&mut self, call: CallId) {
        self.over.insert(call.0);
    }

    fn arrived(&mut self, sent: &Sent) {
        if let Some(issued) = sent.session().and_then(|id| self.issued.get_mut(id)) {
            issued.worked = true;
        }
    }

    fn token(&mut self, _session: SessionRef) -> Option<(u64, Option<String>)> {
        let number = self.rng.next_u64() % 1000;
        let token = Some(format!("token-{number}"));
        match self.rng.up_to(7) {
            _ if self.calm => Some((1, token)),
            0 => Some((self.rng.up_to(20_000), token)),
            1 => Some((self.rng.up_to(100), None)),
            // The provider never settles.
            2 => None,
            _ => Some((self.rng.up_to(100), token)),
        }
    }
}
