//! A model MCP server that obeys the specification unless a test scripts otherwise. It counts what it executes.

use super::reply::{Data, Reply, Step, http, http_json, http_rpc, result, stream};
use super::world::{Network, Sent};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One server.
pub struct Server {
    /// Whether it issues session ids.
    pub stateful: bool,
    pub version: String,
    /// Whether it speaks 2026-07-28.
    pub modern: bool,
    /// Whether it speaks the revisions that begin with `initialize`.
    pub legacy: bool,
    /// Further members of its answers to `server/discover`.
    pub description: Value,
    /// Whether it answers GET with a stream that stays open.
    pub listens: bool,
    pub tools: Value,
    /// Its answer to an unknown id.
    pub lost: Reply,
    /// Its answer to everything while it is out of reach.
    pub down: Option<Reply>,
    /// Its answer to a ping without a session, if that differs from the answer to an unknown id.
    pub bare: Option<Reply>,
    /// Delays of these methods, in milliseconds.
    pub slow: BTreeMap<String, u64>,
    /// The live sessions.
    pub sessions: BTreeSet<String>,
    /// How often each tool was executed.
    pub executed: BTreeMap<String, u32>,
    pub log_levels: Vec<(String, Value)>,
    pub subscriptions: Vec<(String, Value)>,
    name: String,
    issued: u32,
    /// Tools that are executed and then answered like this.
    runs: BTreeMap<String, Reply>,
    once: BTreeMap<String, VecDeque<Reply>>,
    always: BTreeMap<String, Reply>,
}

impl Server {
    fn new(name: &str) -> Self {
        Self {
            stateful: true,
            version: "2025-11-25".into(),
            modern: false,
            legacy: true,
            description: json!({"capabilities": {"tools": {}}}),
            listens: false,
            tools: json!([
                {"name": "read", "annotations": {"readOnlyHint": true}},
                {"name": "set", "annotations": {"idempotentHint": true}},
                {"name": "order"},
            ]),
            lost: http_rpc(404, -32001, "Session not found"),
            down: None,
            bare: None,
            slow: BTreeMap::new(),
            sessions: BTreeSet::new(),
            executed: BTreeMap::new(),
            log_levels: Vec::new(),
            subscriptions: Vec::new(),
            name: name.into(),
            issued: 0,
            runs: BTreeMap::new(),
            once: BTreeMap::new(),
            always: BTreeMap::new(),
        }
    }

    /// Forgets all sessions, as after a restart.
    pub fn forget(&mut self) {
        self.sessions.clear();
    }

    /// Scripts one reply for each of the next requests of this method. The server does nothing else for them.
    pub fn next(&mut self, method: &str, replies: impl IntoIterator<Item = Reply>) {
        self.once.entry(method.into()).or_default().extend(replies);
    }

    /// Scripts the reply to all requests of this method.
    pub fn always(&mut self, method: &str, reply: Reply) {
        self.always.insert(method.into(), reply);
    }

    /// This tool is executed, which is counted, and then answered like this.
    pub fn runs_then(&mut self, tool: &str, reply: Reply) {
        self.runs.insert(tool.into(), reply);
    }

    /// Removes all scripted replies.
    pub fn behave(&mut self) {
        self.once.clear();
        self.always.clear();
        self.runs.clear();
    }

    pub fn executed(&self, tool: &str) -> u32 {
        self.executed.get(tool).copied().unwrap_or(0)
    }

    fn answer(&mut self, sent: &Sent) -> Reply {
        let slow = self.slow.get(sent.method()).copied().unwrap_or(0);
        self.reply(sent).after(slow)
    }

    fn reply(&mut self, sent: &Sent) -> Reply {
        if let Some(reply) = &self.down {
            return reply.clone();
        }
        if let (Some(reply), "ping", None) = (&self.bare, sent.method(), sent.session()) {
            return reply.clone();
        }
        let scripted = self.once.get_mut(sent.method()).and_then(VecDeque::pop_front);
        if let Some(reply) = scripted.or_else(|| self.always.get(sent.method()).cloned()) {
            return reply;
        }
        if self.modern && sent.header("mcp-protocol-version") == Some(MODERN) {
            return self.serve_modern(sent);
        }
        if !self.legacy {
            return unsupported(&[MODERN]);
        }
        if sent.method() == "initialize" {
            return self.initialize();
        }
        let known = sent.session().is_some_and(|id| self.sessions.contains(id));
        if self.stateful && !known {
            return self.lost.clone();
        }
        self.serve(sent)
    }

    fn initialize(&mut self) -> Reply {
        let reply = result(json!({
            "protocolVersion": self.version,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": self.name, "version": "1"},
        }));
        if !self.stateful {
            return reply;
        }
        self.issued += 1;
        let id = format!("{:08}-{}-secret", self.issued, self.name);
        self.sessions.insert(id.clone());
        reply.head(|head| head.session_id = Some(id.clone()))
    }

    fn serve_modern(&mut self, sent: &Sent) -> Reply {
        match sent.method() {
            "server/discover" => {
                let mut described = self.description.clone();
                described["resultType"] = json!("complete");
                described["supportedVersions"] = json!([MODERN]);
                described["_meta"] = json!({"io.modelcontextprotocol/serverInfo": {"name": self.name, "version": "2"}});
                result(described)
            }
            "subscriptions/listen" => {
                let granted = json!({"notifications": sent.param("notifications")});
                let message =
                    json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": granted});
                stream().then(1, Step::Event(None, None, Data::Json(message)))
            }
            _ => self.serve(sent),
        }
    }

    fn serve(&mut self, sent: &Sent) -> Reply {
        let session = sent.session().unwrap_or_default().to_owned();
        let params = sent.body.as_ref().map(|body| body["params"].clone()).unwrap_or_default();
        match sent.method() {
            "GET" if self.listens => stream(),
            "GET" => http(405, "Method not allowed"),
            "DELETE" => {
                self.sessions.remove(&session);
                http(200, "")
            }
            "tools/list" => result(json!({"tools": self.tools})),
            "tools/call" => {
                let tool = params["name"].as_str().unwrap_or_default().to_owned();
                *self.executed.entry(tool.clone()).or_default() += 1;
                if let Some(reply) = self.runs.get(&tool) {
                    return reply.clone();
                }
                result(json!({"content": [{"type": "text", "text": tool}]}))
            }
            "logging/setLevel" => {
                self.log_levels.push((session, params["level"].clone()));
                result(json!({}))
            }
            "resources/subscribe" => {
                self.subscriptions.push((session, params["uri"].clone()));
                result(json!({}))
            }
            _ if sent.is_request() => result(json!({})),
            _ => http(202, ""),
        }
    }
}

/// The revision without sessions.
pub const MODERN: &str = "2026-07-28";

/// A 2026-07-28 server's refusal of a version.
pub fn unsupported(versions: &[&str]) -> Reply {
    let data = json!({"supported": versions, "requested": "?"});
    let error = json!({"code": -32022, "message": "Unsupported protocol version", "data": data});
    http_json(400, json!({"jsonrpc": "2.0", "id": null, "error": error}))
}

/// All servers, by the name that is the first label of their host.
pub struct Servers(pub BTreeMap<String, Server>);

impl Servers {
    pub fn new(names: &[&str]) -> Self {
        Self(names.iter().map(|name| ((*name).into(), Server::new(name))).collect())
    }
}

impl Network for Servers {
    fn answer(&mut self, sent: &Sent) -> Reply {
        let name = sent.url.trim_start_matches("https://").split('.').next().unwrap_or_default();
        self.0.get_mut(name).expect("a server with this name").answer(sent)
    }
}
