//! What a request says of itself in its headers and in the `_meta` of its body.

use crate::core::Json;

/// The headers that decide, as they came.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// `Mcp-Session-Id`.
    pub session: Option<String>,
    /// `MCP-Protocol-Version`.
    pub version: Option<String>,
    /// `Mcp-Method`.
    pub method: Option<String>,
    /// `Mcp-Name`.
    pub name: Option<String>,
    /// `Accept`.
    pub accept: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// Whether a page sent it: official clients leave out headers there.
    pub from_page: bool,
}

/// The revision that a request claims to speak: 2026-07-28 and later write it into every one.
pub(super) fn claim<J: Json>(message: &J) -> Option<J> {
    message.get("params")?.get("_meta")?.get("io.modelcontextprotocol/protocolVersion")
}
