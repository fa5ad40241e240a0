//! A model HTTP+SSE server (2024-11-05): a stream that names an endpoint, and answers that arrive on the stream.

use super::reply::{Data, Reply, Step, http, stream};
use super::world::{Network, Sent};
use mcp_tether::core::ExchangeId;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};

/// One server, whose streams are at `https://db.test/sse`.
pub struct SseServer {
    /// The data of the endpoint event, with `{id}` for the session's id; `None`: it is never sent.
    pub endpoint: Option<String>,
    /// The delay of the endpoint event, in milliseconds.
    pub endpoint_after: u64,
    pub version: String,
    /// The reply to a POST to the stream's own URL.
    pub no_post: Reply,
    /// The reply to a POST to an endpoint whose stream is gone.
    pub lost: Reply,
    /// Requests of these methods are accepted and not answered.
    pub mute: Vec<String>,
    /// The open streams, by session.
    pub streams: BTreeMap<String, ExchangeId>,
    /// How often each tool was executed.
    pub executed: BTreeMap<String, u32>,
    /// What was set in which session.
    pub set: Vec<(String, String)>,
    issued: u32,
    once: BTreeMap<String, VecDeque<Reply>>,
    elsewhere: Vec<(ExchangeId, u64, Step)>,
}

impl SseServer {
    pub fn new() -> Self {
        Self {
            endpoint: Some("/messages?sessionId={id}".into()),
            endpoint_after: 1,
            version: "2024-11-05".into(),
            no_post: http(404, "Cannot POST /sse"),
            lost: http(404, "Session not found"),
            mute: Vec::new(),
            streams: BTreeMap::new(),
            executed: BTreeMap::new(),
            set: Vec::new(),
            issued: 0,
            once: BTreeMap::new(),
            elsewhere: Vec::new(),
        }
    }

    /// Scripts one reply for each of the next requests of this method. The server does nothing else for them.
    pub fn next(&mut self, method: &str, replies: impl IntoIterator<Item = Reply>) {
        self.once.entry(method.into()).or_default().extend(replies);
    }

    pub fn executed(&self, tool: &str) -> u32 {
        self.executed.get(tool).copied().unwrap_or(0)
    }

    fn begin(&mut self, sent: &Sent) -> Reply {
        self.issued += 1;
        let id = format!("secret-{:08}", self.issued);
        self.streams.insert(id.clone(), sent.exchange);
        match &self.endpoint {
            Some(endpoint) => stream().then(self.endpoint_after, Step::Endpoint(endpoint.replace("{id}", &id))),
            None => stream(),
        }
    }

    fn serve(&mut self, sent: &Sent, id: &str, on: ExchangeId) {
        let params = sent.body.as_ref().map(|body| body["params"].clone()).unwrap_or_default();
        let result = match sent.method() {
            "initialize" => json!({
                "protocolVersion": self.version, "capabilities": {}, "serverInfo": {"name": "old", "version": "1"},
            }),
            "tools/list" => json!({"tools": [
                {"name": "read", "annotations": {"readOnlyHint": true}}, {"name": "order"},
            ]}),
            "tools/call" => {
                let tool = params["name"].as_str().unwrap_or_default().to_owned();
                *self.executed.entry(tool.clone()).or_default() += 1;
                json!({"content": [{"type": "text", "text": tool}]})
            }
            method @ ("logging/setLevel" | "resources/subscribe") => {
                self.set.push((id.into(), method.into()));
                json!({})
            }
            _ => json!({}),
        };
        if sent.is_request() && !self.mute.iter().any(|method| method == sent.method()) {
            let message = json!({"jsonrpc": "2.0", "id": sent.id(), "result": result});
            self.elsewhere.push((on, 3, Step::Event(None, None, Data::Json(message))));
        }
    }
}

impl Network for SseServer {
    fn answer(&mut self, sent: &Sent) -> Reply {
        let url = sent.url.to_ascii_lowercase().replace(":443/", "/");
        assert!(url.starts_with("https://db.test/"), "nothing goes to another origin: {}", sent.url);
        assert_eq!(sent.session(), None, "this transport has no session id");
        if let Some(reply) = self.once.get_mut(sent.method()).and_then(VecDeque::pop_front) {
            return reply;
        }
        match (sent.verb, sent.url.split_once("?sessionId=")) {
            ("GET", None) => self.begin(sent),
            ("POST", None) => self.no_post.clone(),
            ("POST", Some((_, id))) => match self.streams.get(id).copied() {
                Some(stream) => {
                    self.serve(sent, id, stream);
                    http(202, "Accepted")
                }
                None => self.lost.clone(),
            },
            _ => panic!("{} {}", sent.verb, sent.url),
        }
    }

    fn elsewhere(&mut self) -> Vec<(ExchangeId, u64, Step)> {
        std::mem::take(&mut self.elsewhere)
    }
}
