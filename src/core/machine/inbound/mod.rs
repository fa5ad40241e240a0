//! Inbound data: responses, error responses, server requests, page notifications, deadlines.

mod deadlines;
mod ends;
mod error_responses;
mod messages;
pub(crate) mod outcome;
mod page;
pub(crate) mod responses;
mod results;
mod server_requests;
mod sleep;
