//! JSON-RPC 2.0 envelopes: builders for sent messages, and a partial parser for received ones.

use crate::core::kit::text::{self, decimal};
use crate::core::protocol::json::Json;

/// The kind of a received message, without its payload.
pub(crate) enum Head<J> {
    /// A request of the server; the id is echoed unchanged.
    Request { id: J, method: String },
    /// A notification of the server.
    Notification { method: String },
    /// A response with a result. The id is one of our numbers, or `None`.
    Result { id: Option<u64>, result: J },
    /// A response with an error.
    Error { id: Option<u64>, error: J },
    /// Anything else.
    Malformed,
}

/// Reads the kind of one message.
pub(crate) fn head<J: Json>(message: &J) -> Head<J> {
    if let Some(result) = message.get("result") {
        return Head::Result { id: own_id(message), result };
    }
    if let Some(error) = message.get("error") {
        return Head::Error { id: own_id(message), error };
    }
    match (message.get_str("method"), message.get("id")) {
        (Some(method), Some(id)) => Head::Request { id, method },
        (Some(method), None) => Head::Notification { method },
        (None, _) => Head::Malformed,
    }
}

/// The response in a batch.
pub(crate) fn response<J: Json>(message: J) -> J {
    let batch = message.as_array().unwrap_or_default();
    batch.into_iter().find(|message| message.get("method").is_none()).unwrap_or(message)
}

/// A request of the client. `progress_token` is added to the caller's `_meta`.
pub(crate) fn request<J: Json>(id: u64, method: &str, params: Option<&J>, progress_token: Option<u64>) -> J {
    let mut message = envelope::<J>().with("id", number(id)).with("method", J::string(method));
    let params = match progress_token {
        Some(token) => Some(with_progress_token(params, token)),
        None => params.cloned(),
    };
    if let Some(params) = params {
        message.set("params", params);
    }
    message
}

/// A notification of the client.
pub(crate) fn notification<J: Json>(method: &str, params: Option<&J>) -> J {
    let message = envelope::<J>().with("method", J::string(method));
    match params {
        Some(params) => message.with("params", params.clone()),
        None => message,
    }
}

/// The client's response to a server request.
pub(crate) fn result<J: Json>(id: J, result: J) -> J {
    envelope::<J>().with("id", id).with("result", result)
}

/// The client's error response to a server request.
pub(crate) fn error<J: Json>(id: J, error: RpcError<J>) -> J {
    let RpcError { code, message, data } = error;
    let mut error = J::object().with("code", J::number(f64::from(code))).with("message", J::string(&message));
    if let Some(data) = data {
        error.set("data", data);
    }
    envelope::<J>().with("id", id).with("error", error)
}

/// An integer as JSON.
#[allow(clippy::cast_precision_loss, reason = "ids are counted up from 1 and stay far below 2⁵³")]
pub(crate) fn number<J: Json>(integer: u64) -> J {
    J::number(integer as f64)
}

/// A request id or progress token of ours in a received message; `None` for a value that the client cannot have sent.
///
/// JSON-RPC 2.0 §5 requires the id unchanged, but gateways in Go, Lua and Python echo 2 as "2", and every official SDK
/// accepts that. Only the exact decimal text counts: "02" and "2.0" are rejected.
pub(crate) fn as_own_number<J: Json>(value: &J) -> Option<u64> {
    let Some(echoed) = value.as_str() else { return value.as_whole() };
    text::number(echoed.as_bytes()).filter(|number| decimal(*number) == echoed)
}

fn envelope<J: Json>() -> J {
    J::object().with("jsonrpc", J::string("2.0"))
}

fn own_id<J: Json>(message: &J) -> Option<u64> {
    as_own_number(&message.get("id")?)
}

fn with_progress_token<J: Json>(params: Option<&J>, token: u64) -> J {
    let copy = params.map_or_else(J::object, Json::shallow_copy);
    let meta = copy.get("_meta").map_or_else(J::object, |meta| meta.shallow_copy());
    copy.with("_meta", meta.with("progressToken", number(token)))
}

/// A JSON-RPC error sent by the client.
#[derive(Clone, Debug)]
pub struct RpcError<J> {
    /// The code, such as −32601.
    pub code: i32,
    /// One sentence.
    pub message: String,
    /// Additional data.
    pub data: Option<J>,
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_keeps_the_callers_meta() {
        let params = json!({"name": "x", "_meta": {"trace": "t"}});
        let sent = request(7, "tools/call", Some(&params), Some(7));
        assert_eq!(sent["params"]["_meta"], json!({"trace": "t", "progressToken": 7}));
        assert_eq!(params["_meta"], json!({"trace": "t"}), "the caller's object is not touched");
    }

    #[test]
    fn ids_that_were_never_sent_match_no_request() {
        for id in [json!(-1), json!(1.5), json!(null), json!(1e300), json!([7]), json!({"id": 7}), json!(true)] {
            assert!(matches!(head(&json!({"id": id, "result": {}})), Head::Result { id: None, .. }), "{id}");
        }
        assert!(matches!(head(&json!({"id": 7, "result": {}})), Head::Result { id: Some(7), .. }));
    }

    #[test]
    fn an_id_may_be_echoed_as_its_exact_decimal_text() {
        for (text, number) in [("7", 7), ("0", 0), ("2147483647", 2_147_483_647)] {
            let answer = json!({"id": text, "result": {}});
            assert!(matches!(head(&answer), Head::Result { id: Some(id), .. } if id == number), "{text}");
            let error = json!({"id": text, "error": {"code": 1, "message": "no"}});
            assert!(matches!(head(&error), Head::Error { id: Some(id), .. } if id == number), "{text}");
        }
        for text in
            ["", "07", "7.0", " 7", "7 ", "+7", "-7", "7e0", "0x7", "\"7\"", "٧", "99999999999999999999999", "id-7"]
        {
            assert!(matches!(head(&json!({"id": text, "result": {}})), Head::Result { id: None, .. }), "{text}");
        }
    }

    #[test]
    fn heads_of_odd_messages_are_malformed() {
        for message in [json!(1), json!([]), json!({}), json!({"id": 1}), json!({"method": 5})] {
            assert!(matches!(head(&message), Head::Malformed));
        }
    }
}
