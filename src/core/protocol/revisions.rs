//! Protocol revisions, each defined only here.

/// The supported session-based revisions, newest first. 2024-11-05 is accepted in a response: servers that name it over
/// Streamable HTTP behave like 2025-03-26.
pub(crate) const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// The revision without sessions.
pub(crate) const MODERN: &str = "2026-07-28";

/// The supported revision of this name.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    if name == MODERN { Some(MODERN) } else { session_based(name) }
}

/// The supported session-based revision of this name.
pub(crate) fn session_based(name: &str) -> Option<&'static str> {
    VERSIONS.into_iter().find(|version| *version == name)
}

/// The only revision with batches (2025-03-26 introduced them, 2025-06-18 removed them).
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub(crate) const BATCHES: &str = "2025-03-26";

/// The first revision whose requests carry the version header (2025-06-18 basic/transports, "Protocol Version Header").
pub(crate) const VERSION_HEADER: &str = "2025-06-18";
