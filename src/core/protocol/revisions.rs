//! The revisions of the protocol, each written here and nowhere else.

/// The protocol versions that we speak, newest first. 2024-11-05 is accepted in an answer: servers that name it over
/// Streamable HTTP behave like 2025-03-26.
pub(crate) const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// The revision that has no sessions.
pub(crate) const MODERN: &str = "2026-07-28";
