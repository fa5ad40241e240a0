//! The headers of a 2026-07-28 request that repeat its body: compared with it, and added if a page omitted them.

use super::head::Head;
use super::refusal::Refusal;
use crate::core::Json;
use crate::core::protocol::mirror::{encoded, parameter_headers};

/// Whether the headers match the body. `claimed` is the version in its `_meta`.
///
/// # Errors
/// Malformed, missing or different headers (2026-07-28 streamable-http: MUST be refused with 400).
pub(super) fn check<J: Json>(head: &Head, message: &J, claimed: &J) -> Result<(), Refusal> {
    let Some(claimed) = claimed.as_str() else { return Err(Refusal::Meta) };
    if head.version.as_ref() != Some(&claimed) {
        return Err(Refusal::HeaderMismatch);
    }
    // Clients of this revision send no responses.
    let Some(method) = message.get_str("method") else { return Err(Refusal::Message) };
    agrees(head, head.method.as_ref(), Some(&method))?;
    let named = named(message, &method);
    let name = head.name.as_deref().map(decoded).transpose()?;
    // Other methods have no name, so their header is not checked.
    if named.is_some() { agrees(head, name.as_ref(), named.as_ref()) } else { Ok(()) }
}

/// The headers that a page omitted: in pages, the official client does not send all of them. `tool` is the called tool
/// if it has annotations; `given` reports whether the page sent a header.
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

fn agrees(head: &Head, given: Option<&String>, expected: Option<&String>) -> Result<(), Refusal> {
    let added = given.is_none() && head.from_page;
    if added || given == expected { Ok(()) } else { Err(Refusal::HeaderMismatch) }
}

/// The expected value of `Mcp-Name` (2026-07-28 streamable-http; for tasks SEP-2663).
fn named<J: Json>(message: &J, method: &str) -> Option<String> {
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
        _ => return None,
    };
    message.get("params")?.get_str(member)
}

/// Decodes a header value, which may be base64 between markers.
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
            // Clients in pages omit them; the gateway adds them.
            (head(None, None, true), "echo", Ok(())),
            (head(None, Some("other"), true), "echo", Err(Refusal::HeaderMismatch)),
        ] {
            assert_eq!(check(&head, &call(name), &json!(MODERN)), expected, "{head:?}");
        }
        assert_eq!(check(&head(None, None, true), &call("echo"), &json!(7)), Err(Refusal::Meta));
    }

    #[test]
    fn headers_omitted_by_a_page_are_added() {
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
        fn encoded_values_are_decoded(text in "\\PC{0,20}|[ =?a-z0-9/]{0,20}|=\\?base64\\?[a-z]{0,3}\\?=") {
            let header = encoded(&text);
            prop_assert!(header.bytes().all(|byte| byte == b'\t' || (0x20..0x7F).contains(&byte)));
            prop_assert_eq!(header.trim(), &header);
            prop_assert_eq!(decoded(&header), Ok(text));
        }
    }
}
