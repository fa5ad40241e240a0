//! Writes the headers of a request: credentials, session id and revision, media types. Their names are in
//! `protocol::headers`; those that mirror the body of a 2026-07-28 request in `machine::outbound::modern`.

use crate::core::protocol::headers::{self, HeaderList};
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::{Agreed, Session};

/// Adds the headers of a request with `method` in a session of which the generation `agreed` is meant, if any.
pub(super) fn request_headers<J>(
    headers: &mut HeaderList,
    session: &Session<J>,
    kind: ExchangeKind,
    method: &str,
    agreed: Option<&Agreed<J>>,
) {
    // It follows redirects to other origins, so it carries no credentials.
    if matches!(kind, ExchangeKind::Address(_)) {
        return headers::add(headers, headers::ACCEPT, "application/json");
    }
    session.credentials.add_to(headers);
    if let Some(agreed) = agreed {
        agreed.add_headers(headers);
    }
    match method {
        // 2025-11-25 basic/transports: a POST accepts both JSON and event streams, a GET only streams.
        "POST" => {
            headers::add(headers, headers::ACCEPT, "application/json, text/event-stream");
            headers::add(headers, headers::CONTENT_TYPE, "application/json");
        }
        "GET" => headers::add(headers, headers::ACCEPT, "text/event-stream"),
        _ => {}
    }
}
