//! The eight log lines that are part of the public contract: programs and people search for them, so they are the same
//! byte for byte in every version. `[MCP][server] ` stands before each, and an id is cut
//! (`protocol::session_id::SessionId::short`). Other lines may change, and are where they are written.

use crate::core::api::Level;
use crate::core::kit::text::concat;
use crate::core::protocol::error_code::ErrorCode;

/// A line that ends with a cut session id, as far as the id.
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) text: &'static str,
}

pub(super) const USING_EXISTING: Line = Line { level: Level::Debug, text: "Using existing session ID: " };

pub(super) const EXTRACTED: Line = Line { level: Level::Debug, text: "Session extracted: " };

pub(super) const CREATED: Line = Line { level: Level::Info, text: "Session created: " };

/// Debug.
pub(super) const TERMINATION_SENT: &str = "Session termination request sent";

/// The whole line, as far as the cut session id that follows. It is kept while its DELETE is open, and may outlive its
/// session. Info.
pub(super) fn terminated(server: &str) -> String {
    concat(&["[MCP][", server, "] Session terminated: "])
}

/// A warning if a recovery follows or the session goes on, otherwise info.
pub(super) fn session_error(code: ErrorCode) -> String {
    concat(&["Session error: ", code.as_str(), " - ", code.session_sentence()])
}

/// Info.
pub(super) fn recovery_started(code: ErrorCode) -> String {
    concat(&["Starting session recovery for error: ", code.as_str()])
}

/// Info.
pub(super) const RECOVERED: &str = "Session recovery successful";
