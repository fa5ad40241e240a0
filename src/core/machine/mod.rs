//! What acts: everything that happens goes through the methods here, by the direction of the data.

pub(crate) mod inbound;
pub(crate) mod lifecycle;
pub(crate) mod outbound;
