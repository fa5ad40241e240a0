//! Why `fetch` or a stream failed, out of whatever value it was rejected with.

use super::js;
use crate::core::text::{mentions, pieces, split_once};
use crate::core::{Failure, FailureKind};
use wasm_bindgen::JsValue;

/// Reads a rejection. `offline`: the host said so before anything was sent and says so still, and the server is another
/// machine.
pub(super) fn of(reason: &JsValue, offline: bool) -> Failure {
    let cause = js::member(reason, "cause").unwrap_or(JsValue::UNDEFINED);
    let message = message(reason, &cause);
    let kind = match () {
        () if offline || is_unsent(reason, &cause, &message) => FailureKind::Unsent,
        () if OPAQUE_WORDS.iter().any(|words| mentions(&message, words)) => FailureKind::Unreachable,
        () => FailureKind::Broken,
    };
    Failure { kind, message }
}

/// A failure of our own finding.
pub(super) fn new(kind: FailureKind, message: &str) -> Failure {
    Failure { kind, message: message.into() }
}

/// Where the host says whether it has a network at all: pages and their workers do.
pub(super) struct Onlineness(Option<JsValue>);

impl Onlineness {
    pub(super) fn new() -> Self {
        let navigator = js::global("navigator");
        Self(navigator.filter(|navigator| js::member(navigator, "onLine").is_some()))
    }

    /// Whether the host says that it has none. Hosts that do not say are online.
    pub(super) fn is_offline(&self) -> bool {
        let online = self.0.as_ref().and_then(|navigator| js::member(navigator, "onLine"));
        online.is_some_and(|online| online.as_bool() == Some(false))
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
    let by_code = |value| code(value).is_some_and(|code| UNSENT_CODES.contains(&code.as_str()));
    by_code(cause) || by_code(reason) || UNSENT_WORDS.iter().any(|words| mentions(message, words))
}

fn code(value: &JsValue) -> Option<String> {
    js::member(value, "code")?.as_string()
}

/// At most [`MAX_MESSAGE`] characters, and of every URL only scheme and host: paths and queries can hold keys.
fn bounded(text: &str) -> String {
    let (mut short, mut read) = (String::new(), 0);
    for word in pieces(text, ENDS) {
        push_word(&mut short, word);
        // What ended the word was no part of a URL.
        read += word.len() + 1;
        short.push_str(text.get(read - 1..read).unwrap_or_default());
    }
    if let Some((end, _)) = short.char_indices().nth(MAX_MESSAGE) {
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
const UNSENT_CODES: [&str; 6] =
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ConnectionRefused", "FailedToOpenSocket"];

/// What Deno's and workerd's own errors say in the same cases, and Node's of a port that the Fetch standard forbids.
/// Browsers never tell.
const UNSENT_WORDS: [&str; 5] =
    ["connection refused", "client error (connect)", "dns error", "dns lookup failed", "bad port"];

/// What workerd says of a closed port, of a connection that was reset, and of a name that was not found: only a second
/// request tells them apart.
const OPAQUE_WORDS: [&str; 2] = ["network connection lost", "internal error; reference"];

/// What ends a word, and a URL in it.
const ENDS: &[u8] = b" \n)\"',";

/// Characters of a message that are kept.
const MAX_MESSAGE: usize = 200;
