//! Classifies requests by protocol era: the start of a session, a message of one, or a request of 2026-07-28, which has
//! no sessions.

use super::head::{Head, claim};
use super::mirror;
use super::refusal::Refusal;
use crate::core::Json;
use crate::core::protocol::revisions::{BATCHES, MODERN, VERSIONS, session_based};

/// The class of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// `initialize`, which opens a session.
    Initialize,
    /// A message of a session, up to 2025-11-25.
    Session,
    /// A request of 2026-07-28, independent of any session.
    Modern,
}

impl Era {
    /// The name in the Worker's JavaScript.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Session => "session",
            Self::Modern => "modern",
        }
    }
}

/// Classifies a POST.
///
/// # Errors
/// The refusal of a request that is valid in no era.
pub fn of_post<J: Json>(head: &Head, message: &J) -> Result<Era, Refusal> {
    if let Some(batch) = message.as_array() {
        return of_batch(head, &batch);
    }
    // Each access to a message is a call into JavaScript, so the method is read once.
    let method = message.get_str("method");
    if !is_message(message, method.is_some()) {
        return Err(Refusal::Message);
    }
    let is_initialize = method.as_deref() == Some("initialize");
    // The body decides: a client may omit a header, but not the version in the body (2026-07-28 basic/versioning).
    if let Some(claimed) = claim(message) {
        return mirror::check(head, message, &claimed).map(|()| Era::Modern);
    }
    if is_modern(head) {
        // The body does not confirm the header.
        return Err(if is_initialize { Refusal::HeaderMismatch } else { Refusal::Meta });
    }
    if is_initialize && message.get("id").is_some() {
        // Some clients still send the id of the replaced session; it is ignored.
        return Ok(Era::Initialize);
    }
    of_session(head)
}

/// Classifies a GET or a DELETE.
///
/// # Errors
/// The refusal of a request that is valid in no era.
pub fn of_other(head: &Head) -> Result<Era, Refusal> {
    // 2026-07-28 streamable-http: POST is the only method.
    if is_modern(head) && head.session.is_none() { Err(Refusal::Method) } else { of_session(head) }
}

/// Whether a POST accepts both response types and declares JSON; whether a GET accepts an event stream.
///
/// # Errors
/// The refusal.
pub fn check_media(head: &Head, method: &str) -> Result<(), Refusal> {
    let accepts = |media: &str| head.accept.as_ref().is_none_or(|accept| accepts(accept, media));
    match method {
        "POST" if !accepts("application/json") || !accepts("text/event-stream") => Err(Refusal::Accept),
        "POST" if !is_json(head.content_type.as_deref()) => Err(Refusal::MediaType),
        "GET" if !accepts("text/event-stream") => Err(Refusal::Accept),
        _ => Ok(()),
    }
}

/// Whether the headers of a POST allow it to be a message of the session that they name. [`of_post`] decides by the
/// body; this suffices to forward the request to the session unread.
pub fn names_session(head: &Head) -> bool {
    head.session.is_some() && head.method.is_none() && !is_modern(head)
}

/// Whether a request may pass in the session that it names, which negotiated revision `agreed`; `message` is the body
/// of a POST. A request of another era is returned as that.
///
/// # Errors
/// The refusal.
pub fn in_session<J: Json>(head: &Head, message: Option<&J>, agreed: &str) -> Result<Era, Refusal> {
    let era = message.map_or(Ok(Era::Session), |message| of_post(head, message))?;
    if era != Era::Session {
        return Ok(era);
    }
    // 2025-06-18 basic/transports, "Protocol Version Header": an invalid or unsupported version is a 400, an absent one
    // is allowed.
    if head.version.as_ref().is_some_and(|version| !VERSIONS.contains(&version.as_str())) {
        return Err(Refusal::Version);
    }
    if message.is_some_and(|message| message.as_array().is_some()) && agreed != BATCHES {
        return Err(Refusal::Batch);
    }
    Ok(Era::Session)
}

fn of_session(head: &Head) -> Result<Era, Refusal> {
    head.session.as_ref().map(|_| Era::Session).ok_or(Refusal::SessionRequired)
}

fn of_batch<J: Json>(head: &Head, batch: &[J]) -> Result<Era, Refusal> {
    // 2025-03-26 basic/lifecycle: `initialize` MUST NOT be part of a batch. 2026-07-28 has no batches.
    let is_invalid = |message: &J| {
        let method = message.get_str("method");
        !is_message(message, method.is_some()) || claim(message).is_some() || method.as_deref() == Some("initialize")
    };
    if batch.is_empty() || batch.len() > MAX_BATCH || batch.iter().any(is_invalid) {
        return Err(Refusal::Message);
    }
    of_session(head)
}

/// Whether the header names a revision without sessions. Dates sort as text.
fn is_modern(head: &Head) -> bool {
    head.version.as_deref().is_some_and(|version| version >= MODERN && version.starts_with("20"))
}

/// Whether this is a JSON-RPC request, notification or response; `has_method`: its `method` is a string.
fn is_message<J: Json>(message: &J, has_method: bool) -> bool {
    let id = message.get("id");
    let has_error = message.get("error").is_some_and(|error| error.is_object());
    // JSON-RPC 2.0 §5: one of them, never both.
    let has_answer = message.get("result").is_some() != has_error;
    message.is_object()
        && message.get_str("jsonrpc").as_deref() == Some("2.0")
        && id.as_ref().map_or_else(|| !has_null_id(message), |id| id.as_f64().is_some() || id.as_str().is_some())
        && if has_method { !has_answer && !has_error && has_plain_params(message) } else { has_answer && id.is_some() }
}

/// Whether the params are an object, or absent: MCP has none by position. Some clients write `null`.
fn has_plain_params<J: Json>(message: &J) -> bool {
    message.get("params").is_none_or(|params| params.is_object() && params.as_array().is_none())
}

/// Whether the id is `null`: neither a request nor a notification (2025-11-25 basic, "Requests": MUST NOT).
fn has_null_id<J: Json>(message: &J) -> bool {
    message.keys().is_some_and(|keys| keys.iter().any(|key| key == "id"))
}

/// The revision of a session whose client asks for this one: the same if it is supported, otherwise the newest (2025-11-25
/// basic/lifecycle, "Version Negotiation").
pub fn negotiated(asked: &str) -> &'static str {
    session_based(asked).unwrap_or(VERSIONS[0])
}

fn accepts(accept: &str, media: &str) -> bool {
    let family = media.split('/').next().unwrap_or_default();
    accept.split(',').any(|range| {
        let range = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        range == media || range == "*/*" || range.strip_suffix("/*") == Some(family)
    })
}

fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// The maximum size of a batch; clients can send several.
const MAX_BATCH: usize = 100;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn head(session: &str, version: &str) -> Head {
        let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        Head { session: text(session), version: text(version), ..Head::default() }
    }

    fn request(method: &str, params: Value) -> Value {
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
    }

    fn modern(version: &str) -> Value {
        json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": version } })
    }

    #[test]
    fn a_post_is_classified_by_its_body() {
        let mut announced = head("", MODERN);
        announced.method = Some("tools/list".into());
        for (head, body, expected) in [
            (head("", ""), request("initialize", json!({})), Ok(Era::Initialize)),
            (head("S", "2025-11-25"), request("initialize", json!({})), Ok(Era::Initialize)),
            (head("S", ""), request("tools/list", Value::Null), Ok(Era::Session)),
            (head("S", "1999-01-01"), request("tools/list", json!({})), Ok(Era::Session)),
            (head("S", ""), json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }), Ok(Era::Session)),
            (head("S", ""), json!({ "jsonrpc": "2.0", "id": "a", "result": {} }), Ok(Era::Session)),
            (head("", ""), request("tools/list", json!({})), Err(Refusal::SessionRequired)),
            (head("", "2025-11-25"), request("tools/list", json!({})), Err(Refusal::SessionRequired)),
            (announced.clone(), request("tools/list", modern(MODERN)), Ok(Era::Modern)),
            (announced, request("tools/list", modern("2027-01-01")), Err(Refusal::HeaderMismatch)),
            (head("S", ""), request("tools/list", modern(MODERN)), Err(Refusal::HeaderMismatch)),
            (head("", MODERN), request("tools/list", json!({})), Err(Refusal::Meta)),
            (head("S", MODERN), request("initialize", json!({})), Err(Refusal::HeaderMismatch)),
        ] {
            assert_eq!(of_post(&head, &body), expected, "{head:?} {body}");
        }
    }

    #[test]
    fn invalid_messages_are_refused() {
        for body in [
            json!(null),
            json!(1),
            json!("initialize"),
            json!({}),
            json!({ "id": 1, "method": "ping" }),
            json!({ "jsonrpc": "1.0", "id": 1, "method": "ping" }),
            json!({ "jsonrpc": "2.0", "id": {}, "method": "ping" }),
            json!({ "jsonrpc": "2.0", "id": null, "method": "ping" }),
            json!([{ "jsonrpc": "2.0", "id": null, "method": "ping" }]),
            json!({ "jsonrpc": "2.0", "id": 1 }),
            json!({ "jsonrpc": "2.0", "result": {} }),
            json!({ "jsonrpc": "2.0", "id": 1, "error": "no" }),
            json!({ "jsonrpc": "2.0", "id": 1, "result": {}, "error": {} }),
            json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "result": {}, "error": {} }),
            json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": [] }),
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized", "params": "no" }),
            json!([]),
            json!([1]),
            json!([request("initialize", json!({}))]),
            json!([request("ping", modern(MODERN))]),
        ] {
            assert_eq!(of_post(&head("S", ""), &body), Err(Refusal::Message), "{body}");
        }
        let batch = json!([request("ping", json!({})), request("ping", json!({}))]);
        assert_eq!(of_post(&head("S", ""), &batch), Ok(Era::Session));
        assert_eq!(of_post(&head("", ""), &batch), Err(Refusal::SessionRequired));
    }

    #[test]
    fn a_get_or_delete_belongs_to_a_session() {
        assert_eq!(of_other(&head("S", "")), Ok(Era::Session));
        assert_eq!(of_other(&head("", "")), Err(Refusal::SessionRequired));
        assert_eq!(of_other(&head("", MODERN)), Err(Refusal::Method));
    }

    #[test]
    fn in_a_session_the_version_and_batches_are_checked() {
        let ping = request("ping", json!({}));
        let batch = json!([ping]);
        for (version, message, agreed, expected) in [
            ("", None, "2025-11-25", Ok(Era::Session)),
            ("", Some(&ping), "2025-11-25", Ok(Era::Session)),
            ("2025-03-26", None, "2025-11-25", Ok(Era::Session)),
            ("2026-07-28", None, "2025-11-25", Err(Refusal::Version)),
            ("nonsense", Some(&ping), "2025-11-25", Err(Refusal::Version)),
            ("", Some(&batch), "2025-03-26", Ok(Era::Session)),
            ("", Some(&batch), "2025-06-18", Err(Refusal::Batch)),
            ("", Some(&json!({})), "2025-11-25", Err(Refusal::Message)),
            ("", Some(&request("initialize", json!({}))), "2025-11-25", Ok(Era::Initialize)),
            ("", Some(&request("ping", modern(MODERN))), "2025-11-25", Err(Refusal::HeaderMismatch)),
        ] {
            assert_eq!(in_session(&head("S", version), message, agreed), expected, "{version} {agreed} {message:?}");
        }
    }

    #[test]
    fn an_unknown_revision_is_answered_with_the_newest() {
        for (asked, expected) in
            [("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25"), (MODERN, "2025-11-25"), ("", "2025-11-25")]
        {
            assert_eq!(negotiated(asked), expected, "{asked}");
        }
    }

    #[test]
    fn headers_that_name_a_session() {
        let mut announced = head("S", "");
        announced.method = Some("ping".into());
        for (head, expected) in [
            (head("S", ""), true),
            (head("S", "2025-06-18"), true),
            (head("S", "nonsense"), true),
            (head("", "2025-06-18"), false),
            (head("S", MODERN), false),
            (announced, false),
        ] {
            assert_eq!(names_session(&head), expected, "{head:?}");
        }
    }

    #[test]
    fn media_types() {
        let both = "application/json, text/event-stream";
        for (method, accept, content_type, expected) in [
            ("POST", Some(both), "application/json", Ok(())),
            ("POST", Some("*/*"), "Application/JSON; charset=utf-8", Ok(())),
            ("POST", None, "application/json", Ok(())),
            ("POST", Some("text/*;q=0.9, application/*"), "application/json", Ok(())),
            ("POST", Some("application/json"), "application/json", Err(Refusal::Accept)),
            ("POST", Some("text/event-stream"), "application/json", Err(Refusal::Accept)),
            ("POST", Some(both), "text/plain", Err(Refusal::MediaType)),
            ("POST", Some(both), "", Err(Refusal::MediaType)),
            ("GET", Some("text/event-stream"), "", Ok(())),
            ("GET", Some("application/json"), "", Err(Refusal::Accept)),
            ("DELETE", Some("application/json"), "", Ok(())),
        ] {
            let head = Head {
                accept: accept.map(Into::into),
                content_type: (!content_type.is_empty()).then(|| content_type.into()),
                ..Head::default()
            };
            assert_eq!(check_media(&head, method), expected, "{method} {accept:?} {content_type}");
        }
    }
}
