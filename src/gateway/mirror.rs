//! The headers of a 2026-07-28 request that repeat its body: held against it, and added where a page left them out.

use super::head::Head;
use super::refusal::Refusal;
use crate::core::Json;
use crate::core::protocol::mirror::{encoded, parameter_headers};

/// Whether the headers say what the body says. `claimed` is the version in its `_meta`.
///
/// # Errors
/// What is malformed, missing or different (2026-07-28 streamable-http: MUST be refused with 400).
pub(super) fn check<J: Json>(head: &Head, message: &J, claimed: &J) -> Result<(), Refusal> {
    let Some(claimed) = claimed.as_str() else { return Err(Refusal::Meta) };
    if head.version.as_ref() != Some(&claimed) {
        return Err(Refusal::HeaderMismatch);
    }
    // A response is nothing that a client of this revision sends.
    let Some(method) = message.get_str("method") else { return Err(Refusal::Message) };
    agrees(head, head.method.as_ref(), Some(&method))?;
    let named = named(message, &method);
    let name = head.name.as_deref().map(decoded).transpose()?;
    // Other methods have no name; a header that says so all the same is not ours to judge.
    if named.is_some() { agrees(head, name.as_ref(), named.as_ref()) } else { Ok(()) }
}

/// The headers that a page left out: the official client sends them everywhere else, but not all of them there. `tool` is
/// what a call calls, if it wants arguments mirrored; `given` knows those that the page did send.
pub fn missing<J: Json>(
    head: &Head,
    message: &J,
    tool: Option<&J>,
    given: impl Fn(&str) -> bool,
) -> Vec<(String, String)> {
    let mut added: Vec<(String, String)> = Vec::new();
    let method = message.get_str("method").unwrap_or_default();
    if let (None, Some(name)) = (&head.name, named(message, &method)) {
        added.push(("mcp-name".into(), encoded(&name)));
    }
    if head.method.is_none() {
        added.push(("mcp-method".into(), method));
    }
    if let Some(tool) = tool {
        let arguments = message.get("params").and_then(|params| params.get("arguments"));
        for (name, value) in parameter_headers(tool, arguments.as_ref()) {
            if !given(&name) {
                added.push((name.to_ascii_lowercase(), String::from(&*value)));
            }
        }
    }
    added
}

fn agrees(head: &Head, given: Option<&String>, meant: Option<&String>) -> Result<(), Refusal> {
    let added = given.is_none() && head.from_page;
    if added || given == meant { Ok(()) } else { Err(Refusal::HeaderMismatch) }
}

/// What `Mcp-Name` has to say of a request (2026-07-28 streamable-http; for tasks SEP-2663).
fn named<J: Json>(message: &J, method: &str) -> Option<String> {
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
        _ => return None,
    };
    message.get("params")?.get_str(member)
}

/// The value of a header as text: what does not fit into one is in Base64 between marks.
fn decoded(value: &str) -> Result<String, Refusal> {
    let Some(inner) = value.strip_prefix(OPENING).and_then(|rest| rest.strip_suffix(CLOSING)) else {
        return Ok(value.into());
    };
    base64_decoded(inner).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(Refusal::HeaderMismatch)
}

fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_usize, 0);
    if !text.len().is_multiple_of(4) {
        return None;
    }
    for digit in text.trim_end_matches('=').bytes() {
        bits = bits << 6 | ALPHABET.iter().position(|other| *other == digit)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 255) as u8);
        }
    }
    Some(bytes)
}

const OPENING: &str = "=?base64?";
const CLOSING: &str = "?=";

/// RFC 4648 §4.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::core::protocol::revisions::MODERN;
    use proptest::prelude::*;
    use serde_json::json;

    fn call(name: &str) -> serde_json::Value {
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": name } })
    }

    fn head(method: Option<&str>, name: Option<&str>, from_page: bool) -> Head {
        let text = |value: Option<&str>| value.map(str::to_owned);
        Head { version: Some(MODERN.into()), method: text(method), name: text(name), from_page, ..Head::default() }
    }

    #[test]
    fn headers_repeat_the_body_or_are_refused() {
        for (head, name, expected) in [
            (head(Some("tools/call"), Some("echo"), false), "echo", Ok(())),
            (head(Some("tools/call"), Some("=?base64?w6ljaG8=?="), false), "écho", Ok(())),
            (head(Some("tools/call"), Some("=?base64?!?="), false), "écho", Err(Refusal::HeaderMismatch)),
            (head(Some("tools/call"), Some("other"), false), "echo", Err(Refusal::HeaderMismatch)),
            (head(Some("tools/list"), Some("echo"), false), "echo", Err(Refusal::HeaderMismatch)),
            (head(Some("tools/call"), None, false), "echo", Err(Refusal::HeaderMismatch)),
            (head(None, Some("echo"), false), "echo", Err(Refusal::HeaderMismatch)),
            // A page's client leaves them out; the front adds them.
            (head(None, None, true), "echo", Ok(())),
            (head(None, Some("other"), true), "echo", Err(Refusal::HeaderMismatch)),
        ] {
            assert_eq!(check(&head, &call(name), &json!(MODERN)), expected, "{head:?}");
        }
        assert_eq!(check(&head(None, None, true), &call("echo"), &json!(7)), Err(Refusal::Meta));
    }

    #[test]
    fn what_a_page_left_out_is_added() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let none = |_: &str| false;
        let added = missing(&head(None, None, true), &call("écho"), None, none);
        assert_eq!(added, pairs(&[("mcp-name", "=?base64?w6ljaG8=?="), ("mcp-method", "tools/call")]));
        let full = head(Some("tools/call"), Some("echo"), true);
        assert_eq!(missing(&full, &call("echo"), None, none), []);
        let mut called = call("echo");
        called["params"]["arguments"] = json!({ "region": "eu", "size": 7, "other": "x" });
        let annotated = |name: &str, kind: &str| json!({ "type": kind, "x-mcp-header": name });
        let properties = json!({ "region": annotated("Region", "string"), "size": annotated("Size", "integer") });
        let tool = json!({ "name": "echo", "inputSchema": { "type": "object", "properties": properties } });
        let added = missing(&full, &called, Some(&tool), |name| name == "Mcp-Param-Size");
        assert_eq!(added, pairs(&[("mcp-param-region", "eu")]));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in "\\PC{0,20}|[ =?a-z0-9/]{0,20}|=\\?base64\\?[a-z]{0,3}\\?=") {
            let header = encoded(&text);
            prop_assert!(header.bytes().all(|byte| byte == b'\t' || (0x20..0x7F).contains(&byte)));
            prop_assert_eq!(header.trim(), &header);
            prop_assert_eq!(decoded(&header), Ok(text));
        }
    }
}
