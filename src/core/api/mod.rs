//! What crosses the border of the machine.

pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod io;
pub(crate) mod metrics;
