//! Where servers are reached that redirect.

use crate::core::kit::table::Named;

/// The addresses that were learnt, by the names of servers; the configured ones where they did not last.
pub(crate) type Addresses = Named<String>;
