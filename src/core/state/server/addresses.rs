//! Redirect targets of servers.

use crate::core::kit::table::Named;

/// The redirect targets found so far, by server name, or the configured URL after a target failed.
pub(crate) type Addresses = Named<String>;
