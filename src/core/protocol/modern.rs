//! The meaning of messages and statuses in 2026-07-28.

use crate::core::protocol::json::Json;
use crate::core::protocol::revisions::MODERN;

/// The kind of a result (2026-07-28 basic: `resultType`).
pub(crate) enum ResultKind {
    /// The final result.
    Complete,
    /// The server requests input first.
    InputRequired,
    /// An unknown kind: it MUST be treated as invalid.
    Unknown,
}

/// The kind of a result. Older servers omit it: the result is then complete.
pub(crate) fn result_kind<J: Json>(result: &J) -> ResultKind {
    match result.get("resultType").map(|kind| kind.as_str()) {
        // `task` is only sent to clients that declare the extension.
        None => ResultKind::Complete,
        Some(kind) => match kind.as_deref() {
            Some("complete" | "task") => ResultKind::Complete,
            Some("input_required") => ResultKind::InputRequired,
            _ => ResultKind::Unknown,
        },
    }
}

/// Converts a `DiscoverResult` into an `InitializeResult`, the form that the rest of the client reads.
pub(crate) fn as_initialize_result<J: Json>(discovered: &J) -> J {
    let result = discovered.shallow_copy().with("protocolVersion", J::string(MODERN));
    let meta = discovered.get("_meta");
    match meta.and_then(|meta| meta.get("io.modelcontextprotocol/serverInfo")) {
        Some(info) => result.with("serverInfo", info),
        None => result,
    }
}

/// Whether a status without a JSON-RPC error means that the server no longer speaks 2026-07-28.
pub(crate) const fn has_no_route(status: u16) -> bool {
    matches!(status, 404 | 405)
}

/// The first message of a subscription's stream.
pub(crate) const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";
