//! A scripted response to one request: steps, each with a delay after the one before.

use mcp_tether::core::headers::Media;
use mcp_tether::core::{Body, ExchangeId, Failure, FailureKind, Input, ResponseHead, StreamBlock, StreamData};
use serde_json::{Value, json};

/// One thing that arrives on an exchange.
#[derive(Clone, Debug)]
pub enum Step {
    Head(ResponseHead),
    /// A JSON body, sent verbatim.
    Json(Value),
    /// A JSON-RPC result with the request's id.
    Result(Value),
    /// A JSON-RPC error with the request's id.
    Error(i32, String),
    /// A batch of these messages and a response with the request's id and these members.
    #[allow(dead_code, reason = "the simulation's servers send no batches with an error status")]
    Batch(Vec<Value>, Value),
    Text(String),
    Empty,
    /// A stream event: its id, `retry:` and data.
    Event(Option<String>, Option<u64>, Data),
    /// The first event of HTTP+SSE.
    Endpoint(String),
    Comment,
    End,
    Fail(FailureKind),
}

/// The data of a stream event.
#[derive(Clone, Debug)]
pub enum Data {
    None,
    Json(Value),
    /// A JSON-RPC result with the request's id.
    Result(Value),
    /// A JSON-RPC error with the request's id.
    #[allow(dead_code, reason = "the simulation's servers stream no errors")]
    Error(Value),
    Text(String),
}

impl Step {
    /// The machine's input for this step, on an exchange whose request had this JSON-RPC id.
    pub fn into_input(self, exchange: ExchangeId, id: &Value) -> Input<Value> {
        let result = |result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
        let failure = |error: Value| json!({"jsonrpc": "2.0", "id": id, "error": error});
        match self {
            Self::Head(head) => Input::Opened { exchange, head },
            Self::Json(body) => Input::Body { exchange, body: Body::Json(body) },
            Self::Result(value) => Input::Body { exchange, body: Body::Json(result(value)) },
            Self::Error(code, message) => {
                let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}});
                Input::Body { exchange, body: Body::Json(error) }
            }
            Self::Batch(mut messages, mut response) => {
                response["jsonrpc"] = json!("2.0");
                response["id"] = id.clone();
                messages.push(response);
                Input::Body { exchange, body: Body::Json(Value::Array(messages)) }
            }
            Self::Text(text) => Input::Body { exchange, body: Body::Text(text) },
            Self::Empty => Input::Body { exchange, body: Body::Empty },
            Self::Event(id, retry, data) => {
                let data = match data {
                    Data::None => StreamData::Empty,
                    Data::Json(value) => StreamData::Json(value),
                    Data::Result(value) => StreamData::Json(result(value)),
                    Data::Error(error) => StreamData::Json(failure(error)),
                    Data::Text(text) => StreamData::Text(text),
                };
                Input::Block { exchange, block: StreamBlock { event: None, id, retry, data } }
            }
            Self::Endpoint(url) => {
                let (event, data) = (Some(String::from("endpoint")), StreamData::Text(url));
                Input::Block { exchange, block: StreamBlock { event, id: None, retry: None, data } }
            }
            Self::Comment => Input::Alive { exchange },
            Self::End => Input::Ended { exchange },
            Self::Fail(kind) => Input::Failed {
                exchange,
                failure: Failure { kind, message: String::from("the host's words"), cause: None },
            },
        }
    }
}

/// The whole response to one request.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub steps: Vec<(u64, Step)>,
}

impl Reply {
    /// Delays all of it by `delay` milliseconds.
    pub fn after(mut self, delay: u64) -> Self {
        if let Some((before, _)) = self.steps.first_mut() {
            *before += delay;
        }
        self
    }

    /// Whether it is a stream that stays open.
    #[allow(dead_code, reason = "only the simulation's servers answer on another stream")]
    pub fn is_open_stream(&self) -> bool {
        let ends = |step: &Step| matches!(step, Step::End | Step::Fail(_));
        let is_stream = |step: &Step| matches!(step, Step::Head(head) if head.media == Media::EventStream);
        self.steps.iter().any(|(_, step)| is_stream(step)) && !self.steps.iter().any(|(_, step)| ends(step))
    }

    /// Adds a step with this delay after the one before.
    pub fn then(mut self, delay: u64, step: Step) -> Self {
        self.steps.push((delay, step));
        self
    }

    pub fn head(mut self, change: impl Fn(&mut ResponseHead)) -> Self {
        for (_, step) in &mut self.steps {
            if let Step::Head(head) = step {
                change(head);
            }
        }
        self
    }

    pub fn retry_after(self, value: &str) -> Self {
        self.head(|head| head.retry_after = Some(value.into()))
    }

    /// An event with an id and a message.
    pub fn event(self, delay: u64, id: &str, message: Value) -> Self {
        self.then(delay, Step::Event(Some(id.into()), None, Data::Json(message)))
    }

    /// An event with an id and no data: the priming event of many servers.
    pub fn priming(self, delay: u64, id: &str, retry: Option<u64>) -> Self {
        self.then(delay, Step::Event(Some(id.into()), retry, Data::None))
    }

    /// The result of the request, on its stream.
    pub fn streamed(self, delay: u64, result: Value) -> Self {
        self.then(delay, Step::Event(None, None, Data::Result(result)))
    }

    pub fn end(self, delay: u64) -> Self {
        self.then(delay, Step::End)
    }

    pub fn cut(self, delay: u64) -> Self {
        self.then(delay, Step::Fail(FailureKind::Broken))
    }
}

fn status(status: u16, media: Media) -> Reply {
    Reply::default().then(1, Step::Head(ResponseHead { status, media, ..ResponseHead::default() }))
}

/// No response at all.
pub fn silence() -> Reply {
    Reply::default()
}

/// 200 with the result of the request.
pub fn result(value: Value) -> Reply {
    status(200, Media::Json).then(0, Step::Result(value))
}

/// 200 with a JSON-RPC error.
pub fn rpc_error(code: i32, message: &str) -> Reply {
    status(200, Media::Json).then(0, Step::Error(code, message.into()))
}

/// A status and a text.
pub fn http(code: u16, text: &str) -> Reply {
    let body = if text.is_empty() { Step::Empty } else { Step::Text(text.into()) };
    status(code, Media::Other).then(0, body)
}

/// A status and a JSON-RPC error that names no request.
pub fn http_rpc(code: u16, rpc: i32, message: &str) -> Reply {
    http_json(code, json!({"jsonrpc": "2.0", "id": null, "error": {"code": rpc, "message": message}}))
}

/// A status and a JSON-RPC error with the request's id.
pub fn http_answer(code: u16, rpc: i32, message: &str) -> Reply {
    status(code, Media::Json).then(0, Step::Error(rpc, message.into()))
}

/// A status and any JSON.
pub fn http_json(code: u16, body: Value) -> Reply {
    status(code, Media::Json).then(0, Step::Json(body))
}

/// A redirect; without a target if the host hides it.
pub fn redirect(status_code: u16, location: Option<&str>) -> Reply {
    let location = location.map(String::from);
    status(status_code, Media::Other).head(|head| head.location.clone_from(&location)).then(0, Step::Empty)
}

/// 200 and an event stream.
pub fn stream() -> Reply {
    status(200, Media::EventStream)
}

/// The exchange fails before any response.
pub fn fails(kind: FailureKind) -> Reply {
    Reply::default().then(1, Step::Fail(kind))
}

/// The connection is reset before any response.
pub fn reset() -> Reply {
    fails(FailureKind::Broken)
}

/// The connection is refused.
pub fn refused() -> Reply {
    fails(FailureKind::Unsent)
}
