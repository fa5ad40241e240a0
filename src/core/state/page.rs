//! The latest notifications of the page.

use crate::core::api::SessionRef;
use crate::core::kit::table::Table;

/// The latest notifications of the page.
#[derive(Default)]
pub(crate) struct Page {
    /// The application reported that there is no network.
    pub(crate) offline: bool,
    /// The browser reported it. VPNs and network bridges cause false reports, so sessions still make one attempt.
    pub(crate) looks_offline: bool,
    /// Sessions that made this attempt and failed, and whether they wait or try again.
    pub(crate) tried: Table<SessionRef, Wait>,
    /// Whether new sessions start without a stream.
    pub(crate) parks: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    Waits,
    TriesAgain,
}
