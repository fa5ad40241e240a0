//! The records that the machine keeps, each the owner of its fields.

pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod timers;
