//! Inbound data: responses, refusals, server requests, page notifications, deadlines.

mod deadlines;
mod ends;
mod messages;
pub(crate) mod outcome;
mod page;
mod refusals;
pub(crate) mod responses;
mod results;
mod server_requests;
mod sleep;
