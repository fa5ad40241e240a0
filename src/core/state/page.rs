//! What a page has said last.

use crate::core::api::SessionRef;
use crate::core::kit::table::Table;

/// What a page has said last.
#[derive(Default)]
pub(crate) struct Page {
    /// The application has said that there is no network.
    pub(crate) offline: bool,
    /// The browser has. VPNs and bridges mislead it, so it has to be tried.
    pub(crate) looks_offline: bool,
    /// Meanwhile: the sessions that have tried and failed, and whether they wait now or try again.
    pub(crate) tried: Table<SessionRef, Wait>,
    /// New sessions begin without a stream.
    pub(crate) parks: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    Waits,
    TriesAgain,
}
