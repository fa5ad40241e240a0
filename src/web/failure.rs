//! Why `fetch` or a stream failed, out of whatever value it was rejected with.

use super::js;
use super::json::JsJson;
use crate::core::text::{mentions, pieces, split_once};
use crate::core::{Failure, FailureKind};
use js_sys::Array;
use std::cell::Cell;
use wasm_bindgen::prelude::*;

/// Reads a rejection.
pub(super) fn of(reason: &JsValue) -> Failure<JsJson> {
    let cause = js::member(reason, "cause").unwrap_or(JsValue::UNDEFINED);
    let message = message(reason, &cause);
    let kind = if is_unsent(reason, &cause, &message) { FailureKind::Unsent } else { FailureKind::Broken };
    Failure { kind, message, cause: Some(JsJson(reason.clone())) }
}

/// The same before any response. workerd has the same words for a connection that was refused and for one that was cut: the
/// server may have read the request, but it is probably out of reach, which the canary request finds out.
pub(super) fn before_response(failure: Failure<JsJson>) -> Failure<JsJson> {
    let is_lost =
        failure.kind == FailureKind::Broken && OPAQUE_WORDS.iter().any(|words| mentions(&failure.message, words));
    Failure { kind: if is_lost { FailureKind::Unreachable } else { failure.kind }, ..failure }
}

/// A failure of our own finding.
pub(super) fn new(kind: FailureKind, message: &str) -> Failure<JsJson> {
    Failure { kind, message: message.into(), cause: None }
}

/// Whether what `fetch` threw is a failure of the network: a `TypeError` (Fetch standard, "fetch method"), a
/// `NetworkError`, an end by a signal that is not ours, or what carries the code or the words of a connection.
///
/// A mistake here is a request that is not repeated although it might have been, so words are enough. Who gives up waiting
/// (`AbortSignal.timeout`, an aborted controller) has met a server that is silent: that is the network as well.
pub(super) fn is_of_network(reason: &JsValue, message: &str) -> bool {
    let name = js::member(reason, "name").and_then(|name| name.as_string()).unwrap_or_default();
    let by_code = |value: &JsValue| code(value).is_some_and(|code| is_of_system(&code));
    NETWORK_NAMES.contains(&name.as_str())
        || by_code(reason)
        || js::member(reason, "cause").is_some_and(|cause| by_code(&cause))
        || NETWORK_WORDS.iter().any(|words| mentions(message, words))
}

/// Whether this is a code of the operating system (`ECONNRESET`), or of undici. A library's own have more words: `ERR_JWT_EXPIRED`.
fn is_of_system(code: &str) -> bool {
    let is_errno = code.starts_with('E') && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_errno || code.starts_with("UND_ERR_") || UNSENT_CODES.contains(&code)
}

/// Where the host says whether it has a network at all: pages and their workers do. It is a hint, which VPNs and bridges
/// mislead.
pub(super) struct Onlineness {
    navigator: Option<JsValue>,
    /// Something got through although the host said that it is offline.
    misled: Cell<bool>,
}

impl Onlineness {
    pub(super) fn new() -> Self {
        let navigator = js::global("navigator");
        let navigator = navigator.filter(|navigator| js::member(navigator, "onLine").is_some());
        Self { navigator, misled: Cell::new(false) }
    }

    /// Whether the host says that it has none, and nothing contradicts it. Hosts that do not say are online.
    pub(super) fn is_offline(&self) -> bool {
        let online = self.navigator.as_ref().and_then(|navigator| js::member(navigator, "onLine"));
        let offline = online.is_some_and(|online| online.as_bool() == Some(false));
        // What it says next time is another hint.
        self.misled.set(self.misled.get() && offline);
        offline && !self.misled.get()
    }

    /// The host is online, whatever it says itself.
    pub(super) fn contradict(&self) {
        self.misled.set(true);
    }
}

/// The words of an error or of anything else that was thrown, bounded, and without what may be secret in them.
pub(super) fn words(thrown: &JsValue) -> String {
    let own = thrown.as_string().or_else(|| js::member(thrown, "message")?.as_string());
    bounded(&own.unwrap_or_default())
}

fn message(reason: &JsValue, cause: &JsValue) -> String {
    let mut message = words(reason);
    // Node says "fetch failed" and keeps what failed in the cause.
    let detail = words(cause);
    if !detail.is_empty() && detail != message {
        message.push_str(": ");
        message.push_str(&detail);
    }
    if let Some(code) = code(cause).or_else(|| code(reason))
        && !mentions(&message, &code)
    {
        message.push_str(" (");
        message.push_str(&code);
        message.push(')');
    }
    if message.is_empty() {
        message.push_str("fetch failed without saying why");
    }
    // Hosts quote the header that they refuse, and its value may be a token.
    if mentions(&message, "header") && !mentions(&message, "timeout") {
        return "the host refused the headers of the request or of the response".into();
    }
    bounded(&message)
}

/// Whether the connection provably never came to be. An injected `fetch` that tries again on its own must not pass on
/// the reason of its last try alone.
fn is_unsent(reason: &JsValue, cause: &JsValue, message: &str) -> bool {
    never_connected(cause) || never_connected(reason) || UNSENT_WORDS.iter().any(|words| mentions(message, words))
}

fn never_connected(error: &JsValue) -> bool {
    // A name with several addresses: Node tries them one after the other (RFC 8305) and reports each.
    if let Some(errors) = js::member(error, "errors").filter(Array::is_array) {
        let errors = errors.unchecked_into::<Array>();
        return errors.length() > 0 && errors.iter().all(|error| failed_to_connect(&error));
    }
    failed_to_connect(error)
}

fn failed_to_connect(error: &JsValue) -> bool {
    let syscall = js::member(error, "syscall").and_then(|syscall| syscall.as_string());
    match syscall.as_deref() {
        Some("connect" | "getaddrinfo") => true,
        // The network may go while a connection is in use, and the codes are the same.
        Some("read" | "write") => false,
        _ => code(error).is_some_and(|code| UNSENT_CODES.contains(&code.as_str())),
    }
}

fn code(value: &JsValue) -> Option<String> {
    js::member(value, "code")?.as_string()
}

/// At most [`MAX_MESSAGE`] bytes, and of every URL only scheme and host: paths and queries can hold keys.
fn bounded(text: &str) -> String {
    let (mut short, mut read) = (String::new(), 0);
    for word in pieces(text, ENDS) {
        push_word(&mut short, word);
        // What ended the word was no part of a URL.
        read += word.len() + 1;
        short.push_str(text.get(read - 1..read).unwrap_or_default());
    }
    if short.len() > MAX_MESSAGE {
        let mut end = MAX_MESSAGE;
        while !short.is_char_boundary(end) {
            end -= 1;
        }
        short.truncate(end);
    }
    short
}

fn push_word(text: &mut String, word: &str) {
    let Some((scheme, rest)) = split_once(word, "://") else {
        return text.push_str(word);
    };
    let authority = pieces(rest, b"/?#").first().copied().unwrap_or_default();
    let host = pieces(authority, b"@").last().copied().unwrap_or_default();
    text.push_str(scheme);
    text.push_str("://");
    text.push_str(host);
}

/// What Node's, Bun's and Deno's Node layer call a connection that was refused or never made, and a name not found.
const UNSENT_CODES: [&str; 10] = [
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ENETDOWN",
    "EADDRNOTAVAIL",
    "UND_ERR_CONNECT_TIMEOUT",
    "ConnectionRefused",
    "FailedToOpenSocket",
];

/// What the errors of Deno, workerd and Bun say in the same cases, and Node's of a port that the Fetch standard forbids and
/// of a TLS handshake that was cut, which is before the request. Browsers never tell.
const UNSENT_WORDS: [&str; 7] = [
    "connection refused",
    "client error (connect)",
    "dns error",
    "dns lookup failed",
    "unable to connect",
    "bad port",
    "before secure tls connection",
];

/// Names of errors that `fetch` itself throws.
const NETWORK_NAMES: [&str; 5] = ["TypeError", "NetworkError", "AbortError", "TimeoutError", "AggregateError"];

/// What the errors of workerd and of Bun say, which are plain `Error`s, and those of libraries that look like `fetch`.
const NETWORK_WORDS: [&str; 5] = ["network", "connect", "socket", "internal error", "premature close"];

/// What workerd says of a closed port, of a connection that was reset, and of a name that was not found: only a second
/// request tells them apart.
const OPAQUE_WORDS: [&str; 2] = ["network connection lost", "internal error; reference"];

/// What ends a word, and a URL in it.
const ENDS: &[u8] = b" \n)\"',";

/// Characters of a message that are kept.
const MAX_MESSAGE: usize = 200;
