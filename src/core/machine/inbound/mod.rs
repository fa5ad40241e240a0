//! What comes in: responses, refusals, requests of servers, news of the page, deadlines.

pub(crate) mod deadlines;
pub(crate) mod outcome;
pub(crate) mod page;
pub(crate) mod refusals;
pub(crate) mod responses;
pub(crate) mod server_requests;
pub(crate) mod sleep;
