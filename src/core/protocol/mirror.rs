//! Tool arguments that are mirrored into `Mcp-Param-*` headers, and the encoding of header values (2026-07-28
//! basic/transports/streamable-http, "Custom Headers from Tool Parameters").

use crate::core::kit::text::{all, concat, mentions};
use crate::core::protocol::headers::{self, HeaderList};
use crate::core::protocol::json::Json;
use crate::core::protocol::verdict::integer;

/// The annotation in a property's schema that names its header.
const ANNOTATION: &str = "x-mcp-header";

/// The maximum depth of a schema: far above real schemas, and low enough for the stack.
const DEEPEST: usize = 64;

/// The maximum number of mirrored arguments: servers accept about a hundred headers in total, and each name is compared
/// with all others.
const MOST: usize = 64;

/// ±(2⁵³ − 1): larger integers are not exact in every language.
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// One mirrored argument.
struct Mirrored {
    /// The path of its value within the arguments.
    path: Vec<String>,
    /// The header name without `Mcp-Param-`.
    name: String,
}

/// The headers for a call of `tool` with these arguments.
pub(crate) fn parameter_headers<J: Json>(tool: &J, arguments: Option<&J>) -> HeaderList {
    let mut headers = HeaderList::new();
    for Mirrored { path, name } in annotations(tool).unwrap_or_default() {
        let value =
            arguments.and_then(|arguments| path.iter().try_fold(arguments.clone(), |value, member| value.get(member)));
        if let Some(value) = value.and_then(|value| text_of(&value)) {
            headers::add(&mut headers, concat(&["Mcp-Param-", &name]), encoded(&value));
        }
    }
    headers
}

/// Whether a tool has annotations, which then must be validated.
pub(crate) fn is_annotated<J: Json>(tool: &J) -> bool {
    tool.get("inputSchema").is_some_and(|schema| mentions(&schema.to_text(), ANNOTATION))
}

/// Whether all annotations of a tool are valid; a client MUST NOT offer a tool otherwise.
pub(crate) fn is_valid<J: Json>(tool: &J) -> bool {
    annotations(tool).is_some()
}

/// Encodes a header value: unchanged if safe, otherwise in base64 between markers. A value that looks encoded itself is
/// encoded too, and so is an empty one, because intermediaries drop empty headers.
pub(crate) fn encoded(value: &str) -> String {
    let plain = all(value, |byte| byte == b'\t' || (0x20..=0x7E).contains(&byte));
    let trimmed = value.trim_ascii().len() == value.len();
    let marked = value.starts_with(BEGIN) && value.ends_with(END);
    if plain && trimmed && !marked && !value.is_empty() {
        return value.to_owned();
    }
    concat(&[BEGIN, &base64(value.as_bytes()), END])
}

const BEGIN: &str = "=?base64?";

const END: &str = "?=";

/// The text of a mirrored value: a string, an integer or a boolean; other values are not mirrored.
fn text_of<J: Json>(value: &J) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text);
    }
    if let Some(boolean) = value.as_bool() {
        return Some(String::from(if boolean { "true" } else { "false" }));
    }
    value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= LARGEST).map(integer)
}

/// All annotations in a tool's input schema; `None` if any of them is misplaced or malformed.
fn annotations<J: Json>(tool: &J) -> Option<Vec<Mirrored>> {
    let mut found = Vec::new();
    if let Some(schema) = tool.get("inputSchema") {
        walk(&schema, &mut Vec::new(), true, &mut found, 0)?;
    }
    Some(found)
}

/// Visits a schema. `path` locates the described value; `is_plain` is set while the path leads through `properties`
/// alone, the only place where annotations are allowed.
fn walk<J: Json>(
    schema: &J,
    path: &mut Vec<String>,
    is_plain: bool,
    found: &mut Vec<Mirrored>,
    depth: usize,
) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    if let Some(items) = schema.as_array() {
        for item in &items {
            walk(item, path, false, found, depth + 1)?;
        }
        return Some(());
    }
    for key in schema.keys().unwrap_or_default() {
        let Some(value) = schema.get(&key) else {
            // A `null` annotation is malformed.
            if key == ANNOTATION { return None } else { continue }
        };
        match key.as_str() {
            ANNOTATION => {
                if !is_plain || path.is_empty() {
                    return None;
                }
                found.push(mirrored(schema, &value, path, found)?);
            }
            "properties" => {
                for name in value.keys().unwrap_or_default() {
                    let Some(property) = value.get(&name) else { continue };
                    path.push(name);
                    walk(&property, path, is_plain, found, depth + 1)?;
                    path.pop();
                }
            }
            // These contain values, not schemas.
            "const" | "default" | "enum" | "examples" => {}
            _ => walk(&value, path, false, found, depth + 1)?,
        }
    }
    Some(())
}

/// One annotation, valid if its name is a unique token and its type is primitive.
fn mirrored<J: Json>(schema: &J, name: &J, path: &[String], found: &[Mirrored]) -> Option<Mirrored> {
    let name = name.as_str().filter(|name| headers::is_token(name) && found.len() < MOST)?;
    let kind = schema.get_str("type")?;
    let fits = matches!(kind.as_str(), "string" | "integer" | "boolean");
    let is_new = !found.iter().any(|other| other.name.eq_ignore_ascii_case(&name));
    (fits && is_new).then(|| Mirrored { path: path.to_vec(), name })
}

/// RFC 4648 §4, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = ALPHABET.get((group >> (18 - 6 * at) & 63) as usize).copied().unwrap_or_default();
            text.push(if at > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn tool(properties: Value) -> Value {
        json!({"name": "t", "inputSchema": {"type": "object", "properties": properties}})
    }

    fn sent(tool: &Value, arguments: Value) -> Vec<(String, String)> {
        let headers = parameter_headers(tool, Some(&arguments));
        let mut pairs: Vec<_> =
            headers.into_iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn arguments_are_mirrored_wherever_they_are() {
        let tool = tool(json!({
            "region": {"type": "string", "x-mcp-header": "Region"},
            "size": {"type": "object", "properties": {"width": {"type": "integer", "x-mcp-header": "Width"}}},
            "deep": {"type": "boolean", "x-mcp-header": "Deep"},
            "plain": {"type": "string"},
        }));
        let headers = sent(&tool, json!({"region": "eu", "size": {"width": -42}, "deep": false, "plain": "x"}));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            headers,
            [pair("Mcp-Param-Deep", "false"), pair("Mcp-Param-Region", "eu"), pair("Mcp-Param-Width", "-42")]
        );
        assert_eq!(sent(&tool, json!({"region": null, "size": 3, "deep": "yes"})), [pair("Mcp-Param-Deep", "yes")]);
        assert_eq!(sent(&tool, json!({"size": {"width": 1.5}})), []);
    }

    #[test]
    fn values_that_headers_cannot_carry_are_encoded() {
        for (value, header) in [
            ("a b\tc", "a b\tc"),
            ("", "=?base64??="),
            (" a", "=?base64?IGE=?="),
            ("é", "=?base64?w6k=?="),
            ("a\r\nb", "=?base64?YQ0KYg==?="),
            ("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="),
            ("=?base64?x", "=?base64?x"),
        ] {
            assert_eq!(encoded(value), header, "{value}");
        }
        assert_eq!(base64(b"abc"), "YWJj");
    }

    #[test]
    fn too_many_annotations_invalidate_the_tool() {
        let of = |count: usize| {
            let named = |at| (format!("p{at}"), json!({"type": "string", "x-mcp-header": format!("H{at}")}));
            tool(Value::Object((0..count).map(named).collect()))
        };
        assert!(is_valid(&of(MOST)));
        assert!(!is_valid(&of(MOST + 1)));
    }

    #[test]
    fn malformed_annotations_invalidate_the_tool() {
        let string = |name: Value| json!({"type": "string", "x-mcp-header": name});
        assert!(is_valid(&tool(json!({"a": string(json!("A")), "b": string(json!("B"))}))));
        assert!(is_valid(&tool(json!({"x-mcp-header": {"type": "object"}}))), "a parameter of that name");
        assert!(is_valid(&tool(json!({"a": {"type": "object", "default": {"x-mcp-header": 1}}}))), "a value");
        assert!(is_valid(&json!({"name": "bare"})));
        for name in [json!(""), json!("a b"), json!("a:b"), json!("é"), json!("a\n"), json!(1), json!({}), json!(null)]
        {
            assert!(!is_valid(&tool(json!({"a": string(name.clone())}))), "{name}");
        }
        for kind in ["number", "object", "array", "null"] {
            assert!(!is_valid(&tool(json!({"a": {"type": kind, "x-mcp-header": "A"}}))), "{kind}");
        }
        assert!(!is_valid(&tool(json!({"a": string(json!("A")), "b": string(json!("a"))}))), "the same name twice");
        assert!(
            !is_valid(&tool(json!({"a": {"type": "array", "items": string(json!("A"))}}))),
            "no way through properties"
        );
        assert!(!is_valid(&tool(json!({"a": {"oneOf": [string(json!("A"))]}}))));
        assert!(!is_valid(&json!({"inputSchema": {"x-mcp-header": "A", "type": "string"}})), "the root");
        let deep =
            (0..200).fold(string(json!("A")), |schema, _| json!({"type": "object", "properties": {"a": schema}}));
        assert!(!is_valid(&json!({"inputSchema": deep})));
    }
}
