//! State of servers, shared by their sessions.

pub(crate) mod addresses;
pub(crate) mod discovery;
pub(crate) mod lanes;
pub(crate) mod turns;
