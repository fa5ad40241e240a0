//! The revisions of the protocol, each written here and nowhere else.

/// The protocol versions that we speak, newest first. 2024-11-05 is accepted in an answer: servers that name it over
/// Streamable HTTP behave like 2025-03-26.
pub(crate) const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// The revision that has no sessions.
pub(crate) const MODERN: &str = "2026-07-28";

/// The one revision that has batches (they came with it and went with the next).
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const BATCHES: &str = "2025-03-26";

/// The first revision in which every request names its version in a header (2025-06-18 basic/transports, "Protocol Version
/// Header").
pub(crate) const VERSION_HEADER: &str = "2025-06-18";
