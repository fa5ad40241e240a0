//! The machine's records. Each owns its fields.

pub(crate) mod asked;
pub(crate) mod call;
pub(crate) mod closing;
pub(crate) mod error_response;
pub(crate) mod exchange;
pub(crate) mod page;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod stored;
pub(crate) mod stream;
pub(crate) mod timers;
