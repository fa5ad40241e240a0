//! Every order of a few events on one session with three calls in flight, up to a depth: random runs would find these
//late. ! ! The server answers nothing by itself. Each event is one move of the server, of a caller or of the clock;
//after the last ! move the server answers everything left, and the invariants of the random runs must hold.

use crate::reply::{self, Reply, Step};
use crate::world::{Network, Sent, World, configured};
use mcp_tether::core::{CallId, ConnectOptions, RequestOptions, SessionRef, Target};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// How many moves are tried in every order.
pub const DEPTH: u32 = 5;

/// One move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The server loses all sessions; later requests are answered accordingly.
    Loss,
    /// The oldest pending request is answered correctly.
    AnswerOldest,
    /// The newest pending request is answered correctly.
    AnswerNewest,
    /// The oldest pending request is executed, and its connection is reset.
    Cut,
    /// The oldest call is cancelled by its caller.
    Cancel,
    /// The clock advances to the next deadline.
    Timeout,
    /// The session is terminated.
    Terminate,
    /// Another call is made.
    Call,
}

pub const MOVES: [Move; 8] = [
    Move::Loss,
    Move::AnswerOldest,
    Move::AnswerNewest,
    Move::Cut,
    Move::Cancel,
    Move::Timeout,
    Move::Terminate,
    Move::Call,
];

/// A server that answers only on demand.
#[derive(Default)]
struct Held {
    pending: Vec<Sent>,
    alive: BTreeSet<String>,
    retired: BTreeSet<String>,
    executed: BTreeMap<u64, u32>,
    over: BTreeSet<u64>,
    issued: u32,
}

impl Network for Held {
    fn answer(&mut self, sent: &Sent) -> Reply {
        if sent.method() == "initialize" {
            self.retired.append(&mut self.alive.clone());
        }
        let retired = sent.session().is_some_and(|id| self.retired.contains(id));
        assert!(!retired, "an id was sent after another handshake had begun");
        let mark = sent.param("arguments")["mark"].as_u64();
        assert!(mark.is_none_or(|mark| !self.over.contains(&mark)), "a call was sent after it had ended");
        self.pending.push(sent.clone());
        reply::silence()
    }

    fn settled(&mut self, call: CallId) {
        self.over.insert(call.0);
    }
}

impl Held {
    fn truth(&mut self, sent: &Sent) -> Reply {
        if sent.method() == "initialize" {
            self.issued += 1;
            let id = format!("session-{}", self.issued);
            self.alive.insert(id.clone());
            let answer = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
            return reply::result(answer).head(|head| head.session_id = Some(id.clone()));
        }
        if !sent.session().is_some_and(|id| self.alive.contains(id)) {
            return reply::http_rpc(404, -32001, "Session not found");
        }
        match sent.method() {
            "GET" => reply::http(405, ""),
            "DELETE" => {
                self.alive.remove(sent.session().unwrap_or_default());
                reply::http(200, "")
            }
            "tools/list" => reply::result(json!({"tools": [
                {"name": "read", "annotations": {"readOnlyHint": true}}, {"name": "order"},
            ]})),
            _ if sent.is_request() => {
                self.execute(sent);
                reply::result(json!({}))
            }
            _ => reply::http(202, ""),
        }
    }

    fn execute(&mut self, sent: &Sent) {
        if let Some(mark) = sent.param("arguments")["mark"].as_u64() {
            *self.executed.entry(mark).or_default() += 1;
        }
    }
}

struct Game {
    world: World<Held>,
    session: SessionRef,
    orders: BTreeSet<u64>,
    terminated: bool,
}

/// Plays these moves, and then whatever is left.
pub fn play(moves: &[Move], diary: bool) {
    let mut game = Game::new(diary);
    for step in moves {
        game.world.note(|| format!("{step:?}"));
        game.make(*step);
    }
    game.world.note(|| String::from("the server answers whatever is left"));
    game.finish();
}

impl Game {
    fn new(diary: bool) -> Self {
        let server = json!({
            "url": "https://one.test/mcp", "timeout": 3000, "headers": {"x-user": "{{USER_ID}}"},
            "sessionConfig": {"retryDelay": 100, "retryAttempts": 2},
        });
        let config = configured(&json!({"mcpServers": {"one": server}}), &json!({}));
        let mut world = World::new(config, Held::default(), 5);
        world.diary = diary.then(String::new);
        let call = world.begin_connect("ann", "one", ConnectOptions::default());
        let mut game = Self { world, session: SessionRef(0), orders: BTreeSet::new(), terminated: false };
        while game.world.waiting.contains(&call) {
            game.make(Move::AnswerOldest);
        }
        game.session = game.world.connected[&call].1;
        game.call("order");
        game.call("read");
        game.call("order");
        game
    }

    fn call(&mut self, tool: &str) {
        let mark = self.world.next_number();
        if tool == "order" {
            self.orders.insert(mark);
        }
        let params = json!({"name": tool, "arguments": {"mark": mark}});
        self.world.request(self.session, "tools/call", params, RequestOptions::default());
    }

    /// Takes a pending request that is still open.
    fn take(&mut self, newest: bool) -> Option<Sent> {
        let world = &mut self.world;
        let open: Vec<Sent> =
            world.network.pending.iter().filter(|sent| world.is_open(sent.exchange)).cloned().collect();
        let taken = if newest { open.last() } else { open.first() }.cloned()?;
        world.network.pending.retain(|sent| sent.exchange != taken.exchange);
        Some(taken)
    }

    fn reply(&mut self, sent: &Sent, reply: Reply) {
        for (_, step) in reply.steps {
            self.world.push(sent.exchange, step);
        }
    }

    fn make(&mut self, step: Move) {
        match step {
            Move::Loss => self.world.network.alive.clear(),
            Move::AnswerOldest | Move::AnswerNewest => {
                if let Some(sent) = self.take(step == Move::AnswerNewest) {
                    let reply = self.world.network.truth(&sent);
                    self.reply(&sent, reply);
                }
            }
            Move::Cut => {
                if let Some(sent) = self.take(false) {
                    let _lost = self.world.network.truth(&sent);
                    self.world.push(sent.exchange, Step::Fail(mcp_tether::core::FailureKind::Broken));
                }
            }
            Move::Cancel => {
                if let Some(call) = self.world.waiting.first().copied() {
                    self.world.cancel(call);
                }
            }
            Move::Timeout => {
                let next = self.world.next_wake().map_or(0, |at| at.saturating_sub(self.world.now));
                self.world.run_for(next.min(60_000));
            }
            Move::Terminate => {
                self.terminated = true;
                self.world.terminate(Target::Session(self.session));
            }
            Move::Call => self.call("order"),
        }
        self.check();
    }

    fn check(&self) {
        for (mark, times) in &self.world.network.executed {
            let most = if self.orders.contains(mark) { 1 } else { 2 };
            assert!(*times <= most, "call {mark} was executed {times} times");
        }
    }

    fn finish(&mut self) {
        self.answer_all();
        self.check();
        if !self.terminated {
            self.works_again();
        }
        self.world.close(false);
        assert!(self.world.waiting.is_empty());
        assert_eq!(self.world.next_wake(), None);
    }

    fn answer_all(&mut self) {
        let end = self.world.now + 120_000;
        while !self.world.waiting.is_empty() {
            assert!(self.world.now < end, "a call is never settled");
            match self.take(false) {
                Some(sent) => {
                    let reply = self.world.network.truth(&sent);
                    self.reply(&sent, reply);
                }
                None => self.make(Move::Timeout),
            }
        }
    }

    /// Two sessions lost at once end in an error that says so; the call after that works, or the one after it.
    fn works_again(&mut self) {
        for _ in 0..3 {
            let call = self.world.request(self.session, "ping", json!(null), RequestOptions::default());
            self.answer_all();
            if self.world.outcome(call).is_ok() {
                return;
            }
        }
        panic!("the session never works again");
    }
}
