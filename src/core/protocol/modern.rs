//! What messages and statuses of 2026-07-28 say.

use crate::core::protocol::json::Json;
use crate::core::protocol::revisions::MODERN;

/// What a result says of itself (2026-07-28 basic: `resultType`).
pub(crate) enum ResultKind {
    /// It is the result.
    Complete,
    /// The server wants something first.
    InputRequired,
    /// Something that we do not know: it MUST be treated as invalid.
    Unknown,
}

/// What kind of result this is. Older servers do not say: then it is complete.
pub(crate) fn result_kind<J: Json>(result: &J) -> ResultKind {
    match result.get("resultType").map(|kind| kind.as_str()) {
        // `task` comes only to those who declared the extension.
        None => ResultKind::Complete,
        Some(kind) => match kind.as_deref() {
            Some("complete" | "task") => ResultKind::Complete,
            Some("input_required") => ResultKind::InputRequired,
            _ => ResultKind::Unknown,
        },
    }
}

/// A `DiscoverResult` in the form in which the server's description was always read.
pub(crate) fn as_initialize_result<J: Json>(discovered: &J) -> J {
    let result = discovered.shallow_copy().with("protocolVersion", J::string(MODERN));
    let meta = discovered.get("_meta");
    match meta.and_then(|meta| meta.get("io.modelcontextprotocol/serverInfo")) {
        Some(info) => result.with("serverInfo", info),
        None => result,
    }
}

/// Whether a status that comes without a JSON-RPC error says that there is no server of 2026-07-28 any more.
pub(crate) const fn has_no_route(status: u16) -> bool {
    matches!(status, 404 | 405)
}

/// The first message of the stream.
pub(crate) const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";
