//! The parts of a request that classify it: headers, and the `_meta` of its body.

use crate::core::Json;

/// The headers that decide, unparsed.
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
    /// Whether a page sent it: in pages, official clients omit headers.
    pub from_page: bool,
}

/// The revision that a request claims in its body; required since 2026-07-28.
pub(super) fn claim<J: Json>(message: &J) -> Option<J> {
    message.get("params")?.get("_meta")?.get("io.modelcontextprotocol/protocolVersion")
}
